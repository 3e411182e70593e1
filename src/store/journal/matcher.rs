//! Deciding whether a row passes a filter, on the columns as they lie in the file.

use memchr::memmem;

use super::columns::{direction_code, kind};
use super::needle::Needle;
use crate::codec::encoding::Encoding;
use crate::model::Filter;

/// What a filter looks at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidate<'row> {
    pub(super) kind: i64,
    pub(super) socket: i64,
    pub(super) session: Option<i64>,
    pub(super) direction: i64,
    pub(super) peer: &'row [u8],
    /// JSON, empty for data.
    pub(super) body: &'row [u8],
    pub(super) payload: &'row [u8],
}

/// A filter, prepared.
#[derive(Debug)]
pub(super) struct Matcher {
    socket: Option<i64>,
    session: Option<i64>,
    direction: Option<i64>,
    errors: bool,
    peer: Option<memmem::Finder<'static>>,
    /// One entry a text: any of its needles will do.
    text: Vec<TextCondition>,
    bytes: Vec<memmem::Finder<'static>>,
}

#[derive(Debug)]
struct TextCondition {
    in_payload: Vec<Needle>,
    /// In UTF-8, for what the row says of itself.
    in_row: Option<Needle>,
}

impl Matcher {
    pub(super) fn new(filter: &Filter, encodings: &[Encoding]) -> Self {
        // Nothing is part of everything: an empty text is no condition.
        let text = filter.text.iter().filter(|text| !text.is_empty()).map(|text| TextCondition {
            in_payload: Needle::in_each(text, encodings),
            in_row: Needle::new(text, Encoding::Utf8),
        });
        Self {
            socket: filter.socket.map(|socket| socket.0.cast_signed()),
            session: filter.session.map(|session| session.0.cast_signed()),
            direction: filter.direction.map(|direction| direction_code(Some(direction))),
            errors: filter.errors,
            peer: filter.peer.as_ref().map(|peer| memmem::Finder::new(peer).into_owned()),
            text: text.collect(),
            bytes: filter.bytes.iter().map(|bytes| memmem::Finder::new(bytes).into_owned()).collect(),
        }
    }

    /// Whether payloads have to be fetched at all.
    pub(super) fn reads_payload(&self) -> bool {
        !self.text.is_empty() || !self.bytes.is_empty()
    }

    pub(super) fn matches(&self, row: &Candidate<'_>) -> bool {
        self.socket.is_none_or(|socket| socket == row.socket)
            && self.session.is_none_or(|session| Some(session) == row.session)
            && self.direction.is_none_or(|direction| direction == row.direction)
            && (!self.errors || row.kind == kind::FAILED || row.kind == kind::NOTICE)
            && self.peer.as_ref().is_none_or(|peer| peer.find(row.peer).is_some())
            && self.bytes.iter().all(|bytes| bytes.find(row.payload).is_some())
            && self.text.iter().all(|condition| condition.holds(row))
    }
}

impl TextCondition {
    fn holds(&self, row: &Candidate<'_>) -> bool {
        self.in_payload.iter().any(|needle| needle.is_in(row.payload))
            || self.in_row.as_ref().is_some_and(|needle| {
                needle.is_in(row.peer)
                    || (!row.body.is_empty()
                        && serde_json::from_slice(row.body).is_ok_and(|body| is_in_values(needle, &body)))
            })
    }
}

/// In the values, not in the keys: those are the file's words, not the row's.
fn is_in_values(needle: &Needle, json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(fields) => fields.values().any(|value| is_in_values(needle, value)),
        serde_json::Value::Array(values) => values.iter().any(|value| is_in_values(needle, value)),
        serde_json::Value::String(text) => needle.is_in(text.as_bytes()),
        serde_json::Value::Number(number) => needle.is_in(number.to_string().as_bytes()),
        serde_json::Value::Null | serde_json::Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Direction, SessionId, SocketId};

    const ROW: Candidate<'_> = Candidate {
        kind: kind::DATA,
        socket: 1,
        session: Some(2),
        direction: 1,
        peer: b"127.0.0.1:9000",
        body: b"",
        payload: b"Hello\x00\xff",
    };

    fn passes(filter: &Filter, row: &Candidate<'_>) -> bool {
        Matcher::new(filter, &[]).matches(row)
    }

    #[test]
    fn each_condition_can_refuse() {
        let base = Filter {
            socket: Some(SocketId(1)),
            session: Some(SessionId(2)),
            direction: Some(Direction::In),
            errors: false,
            peer: Some("0.0.1".to_owned()),
            text: vec!["hello".to_owned(), "9000".to_owned()],
            bytes: vec![vec![0, 0xff]],
        };
        assert!(passes(&base, &ROW));
        let refusing = [
            Filter { socket: Some(SocketId(2)), ..base.clone() },
            Filter { session: Some(SessionId(1)), ..base.clone() },
            Filter { direction: Some(Direction::Out), ..base.clone() },
            Filter { errors: true, ..base.clone() },
            Filter { peer: Some("10.0".to_owned()), ..base.clone() },
            Filter { text: vec!["hello".to_owned(), "world".to_owned()], ..base.clone() },
            Filter { bytes: vec![vec![0], vec![1]], ..base },
        ];
        for filter in refusing {
            assert!(!passes(&filter, &ROW), "{filter:?}");
        }
    }

    #[test]
    fn text_is_found_in_values_of_the_body_but_not_in_keys() {
        let row = Candidate {
            kind: kind::LIFE,
            body: br#"{"kind":"life","life":"listening","endpoint":"tcp://x"}"#,
            payload: b"",
            ..ROW
        };
        assert!(passes(&Filter { text: vec!["TCP://".to_owned()], ..Filter::default() }, &row));
        assert!(!passes(&Filter { text: vec!["endpoint".to_owned()], ..Filter::default() }, &row));
    }

    #[test]
    fn failures_and_notices_are_errors() {
        let filter = Filter { errors: true, ..Filter::default() };
        assert!(passes(&filter, &Candidate { kind: kind::FAILED, ..ROW }));
        assert!(passes(&filter, &Candidate { kind: kind::NOTICE, ..ROW }));
        assert!(!passes(&filter, &Candidate { kind: kind::LIFE, ..ROW }));
    }
}
