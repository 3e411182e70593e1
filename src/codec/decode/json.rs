//! JSON (RFC 8259), one text or several behind each other, member by member. Numbers and strings stand as they came: no
//! digit is rounded.

use std::cell::RefCell;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Decoded;

/// Members and elements that are listed; more are told as more.
const VALUES_MAX: usize = 200;
/// Objects and arrays within each other that are opened; what is deeper stands as it came.
const DEPTH_MAX: usize = 8;
/// Characters of a value that are shown.
const TEXT_MAX: usize = 400;
const SUMMARY_MAX: usize = 160;

/// The texts at the beginning of `head`. A text that is cut shows what is whole of it.
pub(super) fn decode(head: &[u8], len: u64) -> Option<Decoded> {
    let text = readable(head)?;
    // Else every number and every quoted word would be one.
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let listing = RefCell::new(Listing::default());
    let mut texts = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut last = None;
    let mut count = 0;
    while let Some(Ok(value)) = texts.next() {
        count += 1;
        let place = if count == 1 { String::new() } else { format!("{count}: ") };
        list(value.get(), &place, DEPTH_MAX, &listing).ok()?;
        last = Some(value.get());
    }
    let rest = &text[texts.byte_offset().min(text.len())..];
    let rest = rest.trim_start();
    if !rest.is_empty() {
        // Whether it goes on after the cut can be known only of what is right up to it.
        if !serde_json::from_str::<&RawValue>(rest).is_err_and(|error| error.is_eof()) {
            return None;
        }
        let place = if count == 0 { String::new() } else { format!("{}: ", count + 1) };
        match closed(rest) {
            Some(closed) => list(&closed, &place, DEPTH_MAX, &listing).ok()?,
            None if count == 0 => return None,
            None => {}
        }
    }
    let Listing { mut fields, more } = listing.into_inner();
    if more > 0 {
        fields.push(("more", format!("{more} values")));
    }
    if !rest.is_empty() || (head.len() as u64) < len {
        fields.push(("cut", "the text goes on beyond these bytes".to_owned()));
    }
    let summary = match (count, last) {
        (1, Some(text)) if rest.is_empty() => shortened(text, SUMMARY_MAX),
        (0, _) => shortened(rest, SUMMARY_MAX),
        _ => format!("{count} texts"),
    };
    Some(Decoded { summary, fields })
}

/// The text up to a character that is cut in two; `None` where there are other bytes in it than text.
fn readable(head: &[u8]) -> Option<&str> {
    match str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => str::from_utf8(&head[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

/// A text that is cut, without what is not whole of it, and closed; `None` where nothing is known to be whole.
fn closed(cut: &str) -> Option<String> {
    let mut closers = Vec::new();
    let (mut is_quoted, mut is_escaped, mut whole) = (false, false, None);
    for (at, byte) in cut.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'{' | b'[' => {
                closers.push(if byte == b'{' { '}' } else { ']' });
                // Empty so far; of more use once something before it is whole.
                whole = whole.map(|_| at + 1);
            }
            b'}' | b']' => {
                closers.pop();
                whole = Some(at + 1);
            }
            b',' => whole = Some(at),
            _ => {}
        }
    }
    let closers: String = closers.into_iter().rev().collect();
    Some(format!("{}{closers}", &cut[..whole?]))
}

#[derive(Default)]
struct Listing {
    fields: Vec<(&'static str, String)>,
    /// Values that were not listed.
    more: usize,
}

impl Listing {
    fn add(&mut self, place: &str, value: &str) {
        if self.fields.len() == VALUES_MAX {
            self.more += 1;
        } else {
            let place = if place.is_empty() { "(all)" } else { place };
            self.fields.push(("value", format!("{place} = {}", shortened(value, TEXT_MAX))));
        }
    }
}

/// Lists what is in a text, each with its JSON pointer (RFC 6901).
fn list(text: &str, place: &str, depth: usize, listing: &RefCell<Listing>) -> serde_json::Result<()> {
    let first = text.trim_start().chars().next();
    let is_empty = || text.trim_start().get(1..).is_some_and(|rest| rest.trim_start().starts_with(['}', ']']));
    if depth == 0 || !matches!(first, Some('{' | '[')) || is_empty() {
        let value: &RawValue = serde_json::from_str(text)?;
        listing.borrow_mut().add(place, value.get());
        return Ok(());
    }
    serde_json::Deserializer::from_str(text).deserialize_any(Container { place, depth, listing })
}

struct Container<'a> {
    place: &'a str,
    depth: usize,
    listing: &'a RefCell<Listing>,
}

impl Container<'_> {
    fn inner(&self, step: &str, value: &RawValue) -> serde_json::Result<()> {
        let mut listing = self.listing.borrow_mut();
        if listing.fields.len() == VALUES_MAX {
            listing.more += 1;
            return Ok(());
        }
        drop(listing);
        list(value.get(), &format!("{}/{}", self.place, step), self.depth - 1, self.listing)
    }
}

impl<'de> Visitor<'de> for Container<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Raw)?;
            let step = shortened(&name.replace('~', "~0").replace('/', "~1"), TEXT_MAX);
            self.inner(&step, value).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut at = 0_usize;
        while let Some(value) = elements.next_element_seed(Raw)? {
            self.inner(&at.to_string(), value).map_err(A::Error::custom)?;
            at += 1;
        }
        Ok(())
    }
}

/// A value as it stands in the text.
struct Raw;

impl<'de> DeserializeSeed<'de> for Raw {
    type Value = &'de RawValue;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Option<Vec<String>> {
        let decoded = decode(text.as_bytes(), text.len() as u64)?;
        Some(decoded.fields.into_iter().map(|(name, value)| format!("{name}: {value}")).collect())
    }

    #[test]
    fn members_stand_as_they_came() {
        for (text, expected) in [
            (
                r#"{"a":1.10,"b":{"c":[true,null,"\u4f60"]}}"#,
                &["value: /a = 1.10", "value: /b/c/0 = true", "value: /b/c/1 = null", r#"value: /b/c/2 = "\u4f60""#][..],
            ),
            ("[12345678901234567890123, -0]", &["value: /0 = 12345678901234567890123", "value: /1 = -0"]),
            (r#" {"a/b~c":"你"} "#, &["value: /a~1b~0c = \"你\""]),
            ("{}", &["value: (all) = {}"]),
            (r#"{"a":[ ]}"#, &["value: /a = [ ]"]),
            ("{\"a\":1}\n{\"a\":2}\n", &["value: /a = 1", "value: 2: /a = 2"]),
            (r#"{"a":1,"b":"unfin"#, &["value: /a = 1", "cut: the text goes on beyond these bytes"]),
            (
                r#"{"all":[{"a":"],\"","b":2},{"a":3,"#,
                &[
                    r#"value: /all/0/a = "],\"""#,
                    "value: /all/0/b = 2",
                    "value: /all/1/a = 3",
                    "cut: the text goes on beyond these bytes",
                ],
            ),
        ] {
            assert_eq!(
                values(text).as_deref(),
                Some(&expected.iter().map(|&field| field.to_owned()).collect::<Vec<_>>()[..]),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_json_stays_bytes() {
        for text in
            ["", "12", "\"a\"", "hello", "{", "[", "{hello}", "{\"a\":1}}", "[1,2,]", "{\"a\":1} x", "[section]\nkey=1"]
        {
            assert_eq!(values(text), None, "{text}");
        }
        assert_eq!(decode(b"{\"a\":\"\xff\"}", 9), None);
        // Cut within a character.
        assert!(decode(&"{\"a\":1,\"b\":\"你".as_bytes()[..14], 20).is_some());
    }

    #[test]
    fn however_deep_or_long_it_is_what_is_shown_has_an_end() {
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        let shown = values(&deep).unwrap();
        assert_eq!(shown.len(), 1);
        assert!(shown[0].starts_with("value: /0/0/0/0/0/0/0/0 = [[[") && shown[0].len() < 600, "{shown:?}");
        let long = format!("[{}1]", "1,".repeat(10_000));
        let shown = values(&long).unwrap();
        assert_eq!((shown.len(), shown.last().map(String::as_str)), (VALUES_MAX + 1, Some("more: 9801 values")));
    }
}
