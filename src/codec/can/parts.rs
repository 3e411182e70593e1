use super::{EXTENDED_ID_MAX, Id, STANDARD_ID_MAX, text};

/// A frame's text in the parts that a form has fields for, right or wrong: what is mistaken, [`Frame`](super::Frame) says
/// of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameParts {
    /// Hex digits.
    pub id: String,
    /// 29 bits, 8 digits.
    pub extended: bool,
    pub remote: bool,
    /// Of a remote frame: the bytes that are asked for, in digits; empty for 0.
    pub length: String,
    pub fd: bool,
    pub bit_rate_switch: bool,
    pub error_state: bool,
    /// Hex digits, a space between each two.
    pub data: String,
}

impl FrameParts {
    /// Takes a text apart as far as it goes.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (id, rest) = text.trim().split_once('#').unwrap_or((text.trim(), ""));
        let parts = Self { id: id.to_owned(), extended: id.len() > 3, ..Self::default() };
        if let Some(rest) = rest.strip_prefix('#') {
            let flags = rest.chars().next().and_then(|digit| digit.to_digit(16));
            let data = if flags.is_some() { &rest[1..] } else { rest };
            let flags = flags.unwrap_or_default();
            let (bit_rate_switch, error_state) = (flags & 1 != 0, flags & 2 != 0);
            Self { fd: true, bit_rate_switch, error_state, data: in_pairs(data), ..parts }
        } else if let Some(length) = rest.strip_prefix(['R', 'r']) {
            Self { remote: true, length: length.to_owned(), ..parts }
        } else {
            Self { data: in_pairs(rest), ..parts }
        }
    }

    /// The text; empty where nothing is written yet.
    #[must_use]
    pub fn text(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        let id = self.full_id();
        let data = || digits(&self.data);
        match (self.remote, self.fd) {
            (true, _) => format!("{id}#R{}", self.length.trim()),
            (false, true) => {
                let flags = u8::from(self.bit_rate_switch) | u8::from(self.error_state) << 1;
                format!("{id}##{flags}{}", data())
            }
            (false, false) => format!("{id}#{}", data()),
        }
    }

    /// As text has it: with zeros before it, 3 digits or 8. One that is too large for its kind stays as it is.
    fn full_id(&self) -> String {
        let id = self.id.trim().to_uppercase();
        let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u32::from_str_radix(&id, 16) {
            Ok(number) if is_hex && !self.extended && number <= STANDARD_ID_MAX => format!("{number:03X}"),
            Ok(number) if is_hex && self.extended && number <= EXTENDED_ID_MAX => format!("{number:08X}"),
            _ => id,
        }
    }

    /// Whether its identifier is one, of the kind that is chosen.
    #[must_use]
    pub fn has_id(&self) -> bool {
        text::read_id(&self.full_id()).is_some_and(|id| self.extended != matches!(id, Id::Standard(_)))
    }

    /// Has the choice between 11 bits and 29 follow an identifier that can be of one kind alone.
    pub fn follow_id(&mut self) {
        if let Some(id) = text::read_id(&self.full_id()) {
            self.extended = !matches!(id, Id::Standard(_));
        }
    }
}

fn digits(data: &str) -> String {
    data.chars().filter(|c| !c.is_whitespace() && *c != '.').collect::<String>().to_uppercase()
}

fn in_pairs(data: &str) -> String {
    let digits: Vec<char> = digits(data).chars().collect();
    digits.chunks(2).map(|pair| pair.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Frame;
    use super::super::text::tests::frames;
    use super::*;

    #[test]
    fn parts_make_a_text_that_can_be_sent() {
        let data = || FrameParts { id: "12".to_owned(), data: "de ad.BE".to_owned(), ..FrameParts::default() };
        for (parts, text) in [
            (FrameParts::default(), ""),
            (data(), "012#DEADBE"),
            (FrameParts { extended: true, ..data() }, "00000012#DEADBE"),
            (FrameParts { fd: true, ..data() }, "012##0DEADBE"),
            (FrameParts { fd: true, bit_rate_switch: true, error_state: true, ..data() }, "012##3DEADBE"),
            (FrameParts { remote: true, length: "4".to_owned(), ..data() }, "012#R4"),
            (FrameParts { id: "800".to_owned(), ..data() }, "800#DEADBE"),
            (FrameParts { id: "xy".to_owned(), ..data() }, "XY#DEADBE"),
        ] {
            assert_eq!(parts.text(), text);
            assert_eq!(parts.has_id(), text.parse::<Frame>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_long_identifier_is_an_extended_one() {
        let mut parts = FrameParts { id: "1F334455".to_owned(), ..FrameParts::default() };
        assert!(!parts.has_id());
        parts.follow_id();
        assert!(parts.extended && parts.has_id());
        assert_eq!(parts.text(), "1F334455#");
        // Whatever the rest of the frame is yet.
        let mut unfinished = FrameParts { id: "1F334455".to_owned(), data: "d".to_owned(), ..FrameParts::default() };
        unfinished.follow_id();
        assert!(unfinished.extended);
    }

    proptest! {
        #[test]
        fn any_frame_is_the_same_in_parts(frame in frames()) {
            let text = frame.to_string();
            let parts = FrameParts::read(&text);
            prop_assert_eq!(parts.text(), text);
            prop_assert!(parts.has_id());
        }

        #[test]
        fn any_text_comes_apart(text in prop_oneof![".{0,20}", "[0-9a-fR#. ]{0,24}"]) {
            let parts = FrameParts::read(&text);
            // What can be sent means the same from the form.
            if let Ok(frame) = text.parse::<Frame>() {
                prop_assert_eq!(parts.text().parse(), Ok(frame));
            }
        }
    }
}
