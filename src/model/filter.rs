//! What of the journal is shown.

use super::ids::{SessionId, SocketId};
use super::row::Direction;

/// Conditions that must all hold; the default lets every row through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only rows of this listener or client.
    pub socket: Option<SocketId>,
    pub session: Option<SessionId>,
    pub direction: Option<Direction>,
    /// Only failures and notices.
    pub errors: bool,
    /// The peer's text contains this.
    pub peer: Option<String>,
    /// Every one of these is contained, letter case of ASCII ignored: in the payload, in UTF-8 or an encoding that a
    /// session is shown in, or in the row's own text.
    pub text: Vec<String>,
    /// The payload contains every one of these.
    pub bytes: Vec<Vec<u8>>,
}

/// Why a filter text can't be right, with the byte range in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("hex digits expected")]
    BadHex { at: std::ops::Range<usize> },
    #[error("a closing quote is missing")]
    OpenQuote { at: std::ops::Range<usize> },
    #[error("a session's number expected")]
    BadSession { at: std::ops::Range<usize> },
}

impl FilterError {
    #[must_use]
    pub fn at(&self) -> std::ops::Range<usize> {
        match self {
            Self::BadHex { at } | Self::OpenQuote { at } | Self::BadSession { at } => at.clone(),
        }
    }
}

impl Filter {
    /// Whether every row passes, so that nothing has to be scanned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads words separated by spaces: `in`, `out`, `error`, `session:3`, `peer:127.0.0.1`, `hex:e4bda0`; any other
    /// word, or anything between double quotes, is text to look for.
    ///
    /// # Errors
    /// The first word that can't be read, with its place.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        for word in words(text)? {
            if word.quoted {
                filter.text.push(word.text.to_owned());
                continue;
            }
            match word.text.split_once(':') {
                Some(("hex", digits)) => {
                    let bytes = crate::codec::hex::parse(digits)
                        .ok()
                        .filter(|bytes| !bytes.is_empty())
                        .ok_or(FilterError::BadHex { at: word.at })?;
                    filter.bytes.push(bytes);
                }
                Some(("peer", peer)) if !peer.is_empty() => filter.peer = Some(peer.to_owned()),
                Some(("session", number)) => {
                    let number = number.parse().map_err(|_| FilterError::BadSession { at: word.at })?;
                    filter.session = Some(SessionId(number));
                }
                _ => match word.text {
                    "in" => filter.direction = Some(Direction::In),
                    "out" => filter.direction = Some(Direction::Out),
                    "error" => filter.errors = true,
                    text => filter.text.push(text.to_owned()),
                },
            }
        }
        Ok(filter)
    }
}

struct Word<'a> {
    text: &'a str,
    quoted: bool,
    at: std::ops::Range<usize>,
}

fn words(text: &str) -> Result<Vec<Word<'_>>, FilterError> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(skip) = text[at..].find(|c: char| !c.is_whitespace()) {
        let start = at + skip;
        if let Some(rest) = text[start..].strip_prefix('"') {
            let len = rest.find('"').ok_or(FilterError::OpenQuote { at: start..text.len() })?;
            at = start + len + 2;
            if len > 0 {
                words.push(Word { text: &rest[..len], quoted: true, at: start..at });
            }
        } else {
            let len = text[start..].find(char::is_whitespace).unwrap_or(text.len() - start);
            at = start + len;
            words.push(Word { text: &text[start..at], quoted: false, at: start..at });
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_conditions_and_all_else_is_text() {
        let filter = Filter::parse("in error session:3 peer:127.0.0.1 hex:E4bd 你好 \"in out\" http://x").unwrap();
        assert_eq!(
            filter,
            Filter {
                socket: None,
                session: Some(SessionId(3)),
                direction: Some(Direction::In),
                errors: true,
                peer: Some("127.0.0.1".to_owned()),
                text: vec!["你好".to_owned(), "in out".to_owned(), "http://x".to_owned()],
                bytes: vec![vec![0xe4, 0xbd]],
            }
        );
        assert!(Filter::parse("  \"\" ").unwrap().is_empty());
    }

    #[test]
    fn mistakes_have_their_place() {
        assert_eq!(Filter::parse("in hex:e4b out"), Err(FilterError::BadHex { at: 3..10 }));
        assert_eq!(Filter::parse("hex:"), Err(FilterError::BadHex { at: 0..4 }));
        assert_eq!(Filter::parse("你 \"好"), Err(FilterError::OpenQuote { at: 4..8 }));
        assert_eq!(Filter::parse("session:x"), Err(FilterError::BadSession { at: 0..9 }));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_its_mistake_has_a_place_in_it(
            text in prop_oneof![".{0,40}", "(in|out|error|session:[0-9x]|hex:[0-9a-g]{0,4}|\"[a-z ]*|你| ){0,8}"],
        ) {
            if let Err(error) = Filter::parse(&text) {
                prop_assert!(text.get(error.at()).is_some_and(|word| !word.is_empty()), "{:?}", error);
            }
        }
    }
}
