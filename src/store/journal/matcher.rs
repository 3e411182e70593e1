//! Deciding whether a row passes a filter, on the columns as they lie in the file.

use memchr::memmem;
use regex::bytes::Regex;

use super::clock::Clock;
use super::columns::{direction_code, kind};
use super::needle::Needle;
use crate::codec::encoding::Encoding;
use crate::model::{BytePattern, Comparison, Condition, Filter, RowBody};

/// What a filter looks at. What it doesn't look at need not be there, see [`Matcher::reads`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidate<'row> {
    pub(super) number: u64,
    pub(super) wall_ns: i64,
    pub(super) kind: i64,
    pub(super) socket: i64,
    pub(super) session: Option<i64>,
    pub(super) direction: i64,
    pub(super) peer: &'row [u8],
    /// JSON, empty for data.
    pub(super) body: &'row [u8],
    pub(super) len: u64,
    pub(super) payload: &'row [u8],
    pub(super) is_marked: bool,
}

/// What of a row a filter may look at beside its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Time,
    Kind,
    Socket,
    Session,
    Direction,
    Peer,
    Body,
    Len,
    Payload,
    /// Of another table.
    Mark,
}

/// A filter, prepared.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    socket: Option<i64>,
    session: Option<i64>,
    direction: Option<i64>,
    condition: Option<Prepared>,
}

/// A condition, what takes the least time first.
#[derive(Clone, Debug)]
enum Prepared {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Direction(i64),
    Error,
    Marked,
    Session(i64),
    Len(Comparison),
    Row(Comparison),
    Since(Clock),
    Until(Clock),
    Peer(memmem::Finder<'static>),
    PeerIs(Vec<u8>),
    PeerLike(Regex),
    Bytes {
        pattern: BytePattern,
        at: usize,
        anchor: memmem::Finder<'static>,
    },
    Text(TextCondition),
    Regex(Regex),
    /// What can't be: an expression that was taken once is taken again.
    Never,
}

/// Any of its needles will do.
#[derive(Clone, Debug)]
struct TextCondition {
    in_payload: Vec<Needle>,
    /// In UTF-8, for what the row says of itself.
    in_row: Option<Needle>,
}

impl Matcher {
    pub(super) fn new(filter: &Filter, encodings: &[Encoding]) -> Self {
        Self {
            socket: filter.socket.map(|socket| socket.0.cast_signed()),
            session: filter.session.map(|session| session.0.cast_signed()),
            direction: filter.direction.map(|direction| direction_code(Some(direction))),
            condition: filter.condition.as_ref().map(|condition| Prepared::new(condition, encodings)),
        }
    }

    /// Whether it has to be fetched at all.
    pub(super) fn reads(&self, column: Column) -> bool {
        self.condition.as_ref().is_some_and(|condition| condition.reads(column))
            || match column {
                Column::Socket => self.socket.is_some(),
                Column::Session => self.session.is_some(),
                Column::Direction => self.direction.is_some(),
                _ => false,
            }
    }

    pub(super) fn matches(&self, row: &Candidate<'_>) -> bool {
        self.socket.is_none_or(|socket| socket == row.socket)
            && self.session.is_none_or(|session| Some(session) == row.session)
            && self.direction.is_none_or(|direction| direction == row.direction)
            && self.condition.as_ref().is_none_or(|condition| condition.holds(row))
    }
}

impl Prepared {
    fn new(condition: &Condition, encodings: &[Encoding]) -> Self {
        let each = |conditions: &[Condition]| {
            let mut each: Vec<_> = conditions.iter().map(|condition| Self::new(condition, encodings)).collect();
            each.sort_by_key(Self::cost);
            each
        };
        match condition {
            Condition::All(conditions) => Self::All(each(conditions)),
            Condition::Any(conditions) => Self::Any(each(conditions)),
            Condition::Not(condition) => Self::Not(Box::new(Self::new(condition, encodings))),
            Condition::Direction(direction) => Self::Direction(direction_code(Some(*direction))),
            Condition::Error => Self::Error,
            Condition::Marked => Self::Marked,
            Condition::Session(session) => Self::Session(session.0.cast_signed()),
            Condition::Len(comparison) => Self::Len(*comparison),
            Condition::Row(comparison) => Self::Row(*comparison),
            Condition::Since(moment) => Self::Since(Clock::new(moment)),
            Condition::Until(moment) => Self::Until(Clock::new(moment)),
            Condition::Peer(peer) => Self::Peer(memmem::Finder::new(peer).into_owned()),
            Condition::PeerIs(peer) => Self::PeerIs(peer.clone().into_bytes()),
            Condition::PeerLike(peer) => like(peer).map_or(Self::Never, Self::PeerLike),
            Condition::Bytes(pattern) => {
                let (at, anchor) = pattern.anchor();
                Self::Bytes { pattern: pattern.clone(), at, anchor: memmem::Finder::new(&anchor).into_owned() }
            }
            Condition::Text(text) => Self::Text(TextCondition {
                in_payload: Needle::in_each(text, encodings),
                in_row: Needle::new(text, Encoding::Utf8),
            }),
            Condition::Regex(pattern) => Regex::new(pattern).map_or(Self::Never, Self::Regex),
        }
    }

    /// The order in which it is worth asking.
    fn cost(&self) -> u8 {
        match self {
            Self::Direction(_)
            | Self::Error
            | Self::Marked
            | Self::Session(_)
            | Self::Len(_)
            | Self::Row(_)
            | Self::Never => 0,
            Self::Since(_) | Self::Until(_) | Self::Peer(_) | Self::PeerIs(_) => 1,
            Self::PeerLike(_) | Self::Bytes { .. } => 2,
            Self::Text(_) => 3,
            Self::Regex(_) => 4,
            Self::All(each) | Self::Any(each) => each.iter().map(Self::cost).max().unwrap_or(0),
            Self::Not(inner) => inner.cost(),
        }
    }

    fn reads(&self, column: Column) -> bool {
        match self {
            Self::All(each) | Self::Any(each) => each.iter().any(|condition| condition.reads(column)),
            Self::Not(inner) => inner.reads(column),
            Self::Direction(_) => column == Column::Direction,
            Self::Error => matches!(column, Column::Kind | Column::Body),
            Self::Session(_) => column == Column::Session,
            Self::Len(_) => column == Column::Len,
            Self::Marked => column == Column::Mark,
            Self::Row(_) | Self::Never => false,
            Self::Since(_) | Self::Until(_) => column == Column::Time,
            Self::Peer(_) | Self::PeerIs(_) | Self::PeerLike(_) => column == Column::Peer,
            Self::Bytes { .. } => column == Column::Payload,
            Self::Text(_) | Self::Regex(_) => matches!(column, Column::Peer | Column::Body | Column::Payload),
        }
    }

    fn holds(&self, row: &Candidate<'_>) -> bool {
        match self {
            Self::All(each) => each.iter().all(|condition| condition.holds(row)),
            Self::Any(each) => each.iter().any(|condition| condition.holds(row)),
            Self::Not(condition) => !condition.holds(row),
            Self::Direction(direction) => *direction == row.direction,
            Self::Error => row.kind == kind::FAILED || (row.kind == kind::NOTICE && !is_routine(row.body)),
            Self::Marked => row.is_marked,
            Self::Session(session) => Some(*session) == row.session,
            Self::Len(comparison) => comparison.holds(row.len),
            Self::Row(comparison) => comparison.holds(row.number),
            Self::Since(clock) => clock.has_reached(row.wall_ns),
            Self::Until(clock) => !clock.has_reached(row.wall_ns),
            Self::Peer(peer) => peer.find(row.peer).is_some(),
            Self::PeerIs(peer) => peer == row.peer,
            Self::PeerLike(peer) => peer.is_match(row.peer),
            Self::Bytes { pattern, at, anchor } => contains(row.payload, pattern, *at, anchor),
            Self::Text(condition) => condition.holds(row),
            Self::Regex(regex) => regex.is_match(row.payload) || says(row, &mut |words: &[u8]| regex.is_match(words)),
            Self::Never => false,
        }
    }
}

impl TextCondition {
    fn holds(&self, row: &Candidate<'_>) -> bool {
        self.in_payload.iter().any(|needle| needle.is_in(row.payload))
            || self.in_row.as_ref().is_some_and(|needle| says(row, &mut |words: &[u8]| needle.is_in(words)))
    }
}

/// Whether a notice tells what was to be expected. One that can't be read may tell anything.
fn is_routine(body: &[u8]) -> bool {
    matches!(serde_json::from_slice(body), Ok(RowBody::Notice { notice }) if notice.is_routine())
}

/// Whether `holds` is true of the peer, or of anything in the body.
fn says(row: &Candidate<'_>, holds: &mut impl FnMut(&[u8]) -> bool) -> bool {
    holds(row.peer)
        || (!row.body.is_empty() && serde_json::from_slice(row.body).is_ok_and(|body| is_in_values(&body, holds)))
}

/// In the values, not in the keys: those are the file's words, not the row's.
fn is_in_values(json: &serde_json::Value, holds: &mut impl FnMut(&[u8]) -> bool) -> bool {
    match json {
        serde_json::Value::Object(fields) => fields.values().any(|value| is_in_values(value, holds)),
        serde_json::Value::Array(values) => values.iter().any(|value| is_in_values(value, holds)),
        serde_json::Value::String(text) => holds(text.as_bytes()),
        serde_json::Value::Number(number) => holds(number.to_string().as_bytes()),
        serde_json::Value::Null | serde_json::Value::Bool(_) => false,
    }
}

/// Everything but `*` and `?` stands for itself. `None` for what is too long to be prepared.
fn like(peer: &str) -> Option<Regex> {
    let pattern = regex::escape(peer).replace("\\*", ".*").replace("\\?", ".");
    Regex::new(&format!("(?s)\\A{pattern}\\z")).ok()
}

fn contains(payload: &[u8], pattern: &BytePattern, at: usize, anchor: &memmem::Finder<'_>) -> bool {
    if anchor.needle().is_empty() {
        return (0..payload.len()).any(|start| pattern.begins(&payload[start..]));
    }
    let Some(rest) = payload.get(at..) else { return false };
    let mut from = 0;
    // Occurrences that overlap count as well.
    while let Some(found) = anchor.find(&rest[from..]) {
        if pattern.begins(&payload[from + found..]) {
            return true;
        }
        from += found + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::{Direction, Exchange, Notice, SessionId, SocketId};

    /// 2026-07-31, 10:21:00.5 in UTC.
    const MORNING: i64 = 1_785_493_260_500_000_000;

    const ROW: Candidate<'_> = Candidate {
        number: 7,
        wall_ns: MORNING,
        kind: kind::DATA,
        socket: 1,
        session: Some(2),
        direction: 1,
        peer: b"127.0.0.1:9000",
        body: b"",
        len: 7,
        payload: b"Hello\x00\xff",
        is_marked: true,
    };

    fn passes(filter: &Filter, row: &Candidate<'_>) -> bool {
        Matcher::new(filter, &[]).matches(row)
    }

    fn holds(text: &str, row: &Candidate<'_>) -> bool {
        passes(&Filter::parse(text, &TimeZone::UTC).unwrap(), row)
    }

    #[test]
    fn what_is_shown_alone_can_refuse() {
        let base = Filter {
            socket: Some(SocketId(1)),
            session: Some(SessionId(2)),
            direction: Some(Direction::In),
            ..Filter::containing("hello")
        };
        assert!(passes(&base, &ROW));
        let refusing = [
            Filter { socket: Some(SocketId(2)), ..base.clone() },
            Filter { session: Some(SessionId(1)), ..base.clone() },
            Filter { direction: Some(Direction::Out), ..base.clone() },
            Filter { condition: Filter::containing("world").condition, ..base },
        ];
        for filter in refusing {
            assert!(!passes(&filter, &ROW), "{filter:?}");
        }
    }

    #[test]
    fn each_condition_holds_or_not() {
        for (yes, no) in [
            ("in", "out"),
            ("not error", "error"),
            ("is:marked", "not is:marked"),
            ("session:2", "session:3"),
            ("len=7", "len>7"),
            ("len<=7", "len<7"),
            ("len!=8", "len!=7"),
            ("row>=7", "row<7"),
            ("peer:0.0.1:", "peer:10.0"),
            ("peer:127.*:9000", "peer:127.*:900"),
            ("peer=127.0.0.1:9000", "peer=127.0.0.1:900"),
            ("peer:127.0.?.1:*", "peer:0.0.?.1:*"),
            ("hello", "hallo"),
            ("9000", "9001"),
            ("hex:00ff", "hex:ff00"),
            ("hex:6c6c??00", "hex:6c6c??01"),
            ("hex:?c6f", "hex:?d6f"),
            ("hex:????????", "hex:????????????????"),
            ("/l{2}o/", "/l{3}/"),
            ("/(?-u)\\xff$/", "/^ello/"),
            ("/HELLO/i", "/HELLO/"),
            ("/^127\\./", "/^128\\./"),
            ("hello 9000", "hello world"),
            ("world or hello", "world or out"),
            ("not (world or out)", "not (world or in)"),
            ("since:10:21", "since:10:22"),
            ("since:10:21:00.5", "since:10:21:00.6"),
            ("until:10:21:00.6", "until:10:21:00.5"),
            ("since:2026-07-31T10:21", "since:2026-07-31T10:22"),
            ("until:2026-08-01", "until:2026-07-31"),
        ] {
            assert!(holds(yes, &ROW), "{yes}");
            assert!(!holds(no, &ROW), "{no}");
        }
    }

    #[test]
    fn what_nothing_looks_at_is_not_fetched() {
        use Column::{Body, Direction as Way, Kind, Len, Payload, Peer, Session, Socket, Time};
        let columns = [Time, Kind, Socket, Session, Way, Peer, Body, Len, Payload];
        let cases: [(&str, &[Column]); 8] = [
            ("in len>3 or peer:a*", &[Way, Peer, Len]),
            ("not (in or hello)", &[Way, Peer, Body, Payload]),
            ("/a/", &[Peer, Body, Payload]),
            ("hex:??", &[Payload]),
            ("error row>7", &[Kind, Body]),
            ("session:2", &[Session]),
            ("since:10:21 until:10:22", &[Time]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            let matcher = Matcher::new(&Filter::parse(text, &TimeZone::UTC).unwrap(), &[]);
            let read: Vec<Column> = columns.into_iter().filter(|column| matcher.reads(*column)).collect();
            assert_eq!(read, expected, "{text}");
        }
        let shown_alone = Filter { socket: Some(SocketId(1)), session: Some(SessionId(2)), ..Filter::default() };
        let matcher = Matcher::new(&Filter { direction: Some(Direction::In), ..shown_alone }, &[]);
        assert_eq!(columns.map(|column| matcher.reads(column)), columns.map(|c| [Socket, Session, Way].contains(&c)));
    }

    #[test]
    fn bytes_that_overlap_are_found() {
        let row = Candidate { payload: &[1, 1, 1, 2], len: 4, ..ROW };
        assert!(holds("hex:??010102", &row), "the second of two");
        assert!(holds("hex:01??02", &row));
        assert!(!holds("hex:02??", &row), "it is cut");
    }

    #[test]
    fn text_is_found_in_values_of_the_body_but_not_in_keys() {
        let row = Candidate {
            kind: kind::LIFE,
            body: br#"{"kind":"life","life":"listening","endpoint":"tcp://x"}"#,
            payload: b"",
            len: 0,
            ..ROW
        };
        assert!(holds("TCP://", &row) && holds("/^tcp:../", &row));
        assert!(!holds("endpoint", &row) && !holds("/endpoint/", &row));
    }

    #[test]
    fn failures_and_notices_that_are_not_routine_are_errors() {
        assert!(holds("error", &Candidate { kind: kind::FAILED, ..ROW }));
        assert!(!holds("error", &Candidate { kind: kind::LIFE, ..ROW }));
        let answered = |status| {
            let (method, target) = ("GET".to_owned(), "/".to_owned());
            Notice::Answered(Exchange { method, target, status, bytes: 0 })
        };
        for (notice, is_error) in [
            (Notice::PeerLeftUnread, true),
            (answered(404), true),
            (answered(200), false),
            (Notice::OffersRefused, false),
        ] {
            let body = serde_json::to_vec(&RowBody::Notice { notice }).unwrap();
            let row = Candidate { kind: kind::NOTICE, body: &body, ..ROW };
            assert_eq!(holds("error", &row), is_error, "{row:?}");
        }
        assert!(holds("error", &Candidate { kind: kind::NOTICE, body: b"{}", ..ROW }), "of a version to come");
    }
}
