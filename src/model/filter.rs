//! What of the journal is shown.

mod condition;
mod parser;
mod pattern;

pub use condition::{Comparison, Condition, Moment, Operator};
pub use pattern::BytePattern;

use jiff::tz::TimeZone;

use super::ids::{SessionId, SocketId};
use super::row::Direction;

/// Conditions that must all hold; the default lets every row through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only rows of this listener or client.
    pub socket: Option<SocketId>,
    pub session: Option<SessionId>,
    pub direction: Option<Direction>,
    /// What the user wrote.
    pub condition: Option<Condition>,
}

/// Why a filter text can't be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct FilterError {
    /// The byte range in the text, never empty.
    pub at: std::ops::Range<usize>,
    pub problem: FilterProblem,
}

/// What is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterProblem {
    #[error("hex digits expected")]
    BadHex,
    #[error("a closing quote is missing")]
    OpenQuote,
    #[error("a session's number expected")]
    BadSession,
    #[error("a number expected")]
    BadNumber,
    #[error("a time expected")]
    BadTime,
    #[error("no regular expression: {0}")]
    BadRegex(String),
    /// After `not`, `and` or `or`, or in parentheses.
    #[error("a condition expected")]
    NoCondition,
    #[error("a closing parenthesis is missing")]
    OpenParenthesis,
    #[error("nothing was opened that this closes")]
    CloseParenthesis,
    #[error("more than {max} conditions in each other", max = Filter::DEPTH_MAX)]
    TooDeep,
}

impl Filter {
    /// So many parentheses and `not` may be open at a place.
    pub const DEPTH_MAX: usize = 64;

    /// Whether every row passes, so that nothing has to be scanned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads conditions separated by spaces, which must all hold; `and` may stand between them, `or` binds less, `not`
    /// or `!` more, and parentheses most. A condition is one of
    ///
    /// - `in`, `out`: bytes of that direction; `error`: failures and notices, but for routine ones
    ///   ([`super::Notice::is_routine`]);
    /// - `is:marked`: marked by the user;
    /// - `session:3`;
    /// - `peer:127.0.0.1`: contained in the peer; with `*` (any text) or `?` (any character), all of it;
    ///   `peer=127.0.0.1:9000`: all of it, character for character;
    /// - `len>100`, `row<=7`: bytes of the payload, the row's number; also `>=`, `<`, `=`, `!=`;
    /// - `text:你好`: contained in the payload or in the row's own text; any other word is the same without `text:`;
    /// - `hex:e4bd??a0`: bytes of the payload, `?` standing for any digit;
    /// - `/GET|POST/i`: a regular expression without spaces (`\s`), over the payload as it is and the row's own text; `i`
    ///   ignores case, `s` has `.` take line feeds;
    /// - `since:10:21`, `until:10:21:30.5`: from that time of the day on or before it, in `zone`;
    ///   `since:2026-11-23T10:21`: of one day, as what goes on over midnight has to be written.
    ///
    /// Double quotes around a word, or around what follows a colon, take its special meaning away and may have spaces
    /// between them; `\"` and `\\` stand for the characters themselves there.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, FilterError> {
        Ok(Self { condition: parser::parse(text, zone)?, ..Self::default() })
    }

    /// What must be contained, for those who have it as a text.
    #[must_use]
    pub fn containing(text: &str) -> Self {
        let condition = (!text.is_empty()).then(|| Condition::Text(text.to_owned()));
        Self { condition, ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
