//! What a user can ask of a row.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::BytePattern;
use crate::model::ids::SessionId;
use crate::model::row::Direction;

/// Holds for a row, or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Direction(Direction),
    /// A failure or a notice.
    Error,
    /// Marked by the user.
    Marked,
    Session(SessionId),
    /// Contained in the peer's text.
    Peer(String),
    /// The whole peer's text.
    PeerIs(String),
    /// The whole peer's text: `*` stands for any text, `?` for any character.
    PeerLike(String),
    /// Bytes in the payload.
    Len(Comparison),
    /// The row's number.
    Row(Comparison),
    /// At this time or later.
    Since(Moment),
    /// Before this time.
    Until(Moment),
    /// Contained, letter case of ASCII ignored: in the payload, in UTF-8 or an encoding that a session is shown in, or
    /// in the row's own text.
    Text(String),
    /// Contained in the payload.
    Bytes(BytePattern),
    /// Matches in the payload as it is, or in the row's own text: what the crate `regex` takes for bytes.
    Regex(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub operator: Operator,
    pub value: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Less,
    AtMost,
    Equal,
    NotEqual,
    AtLeast,
    Greater,
}

/// A time as people name it.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// Of each day, by the clocks of the zone.
    Daily { time: Time, zone: TimeZone },
    /// Nanoseconds since 1970.
    At(i64),
}

impl Condition {
    /// Whether nothing passes but rows of a session that is named: who asks so wants no other choice of sessions.
    #[must_use]
    pub fn chooses_session(&self) -> bool {
        match self {
            Self::Session(_) => true,
            Self::All(each) => each.iter().any(Self::chooses_session),
            Self::Any(each) => !each.is_empty() && each.iter().all(Self::chooses_session),
            _ => false,
        }
    }
}

impl Comparison {
    #[must_use]
    pub fn holds(self, value: u64) -> bool {
        match self.operator {
            Operator::Less => value < self.value,
            Operator::AtMost => value <= self.value,
            Operator::Equal => value == self.value,
            Operator::NotEqual => value != self.value,
            Operator::AtLeast => value >= self.value,
            Operator::Greater => value > self.value,
        }
    }
}

impl Operator {
    /// As it is written, those that begin like another before it.
    pub(super) const WRITTEN: [(&'static str, Self); 7] = [
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("!=", Self::NotEqual),
        ("==", Self::Equal),
        (">", Self::Greater),
        ("<", Self::Less),
        ("=", Self::Equal),
    ];
}
