//! The text form of can-utils: `123#DEADBEEF`, `12345678#11.22.33`, `7DF#R`, `7DF#R4`, `123##1DEADBEEF`.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::{Body, EXTENDED_ID_MAX, Frame, Id, STANDARD_ID_MAX};

/// A mistake in a frame's text, with the bytes of the text that it is in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem:?} at {at:?}")]
pub struct FrameTextError {
    pub at: Range<usize>,
    pub problem: FrameTextProblem,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameTextProblem {
    /// No `#` between identifier and data.
    NoHash,
    /// 3 hex digits up to 7FF, or 8 up to 1FFFFFFF (20000000 and a class for an error frame).
    BadId,
    NotHex,
    /// A hex digit is missing its partner.
    HalfByte,
    TooLong {
        max: usize,
    },
    /// After `##` stands one digit of flags, 0 to 7.
    BadFlags,
    /// After `R` stands a length from 0 to 8 or nothing.
    BadRemoteLength,
}

/// BRS and ESI, and the flag that newer programs write for what the second `#` says (CANFD_FDF).
const KNOWN_FLAGS: u32 = 7;

impl FromStr for Frame {
    type Err = FrameTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let start = text.len() - text.trim_start().len();
        let trimmed = text.trim();
        let end = start + trimmed.len();
        let fail = |at: Range<usize>, problem| FrameTextError { at, problem };
        let hash = trimmed.find('#').ok_or_else(|| fail(start..end, FrameTextProblem::NoHash))?;
        let id = read_id(&trimmed[..hash]).ok_or_else(|| fail(start..start + hash.max(1), FrameTextProblem::BadId))?;
        let at = start + hash + 1;
        let rest = &trimmed[hash + 1..];
        let body = if let Some(rest) = rest.strip_prefix('#') {
            let mut chars = rest.chars();
            let flags = chars.next().and_then(|digit| digit.to_digit(16));
            let flags = flags.ok_or_else(|| fail(at..end, FrameTextProblem::BadFlags))?;
            if flags > KNOWN_FLAGS {
                return Err(fail(at + 1..at + 2, FrameTextProblem::BadFlags));
            }
            let data = read_data(chars.as_str(), at + 2, 64)?;
            Body::Fd { data, bit_rate_switch: flags & 1 != 0, error_state: flags & 2 != 0 }
        } else if let Some(len) = rest.strip_prefix(['R', 'r']) {
            let len = match len {
                "" => 0,
                len => len
                    .parse()
                    .ok()
                    .filter(|len| *len <= 8)
                    .ok_or_else(|| fail(at..end, FrameTextProblem::BadRemoteLength))?,
            };
            Body::Remote { len }
        } else {
            Body::Data(read_data(rest, at, 8)?)
        };
        Ok(Self { id, body })
    }
}

pub(super) fn read_id(text: &str) -> Option<Id> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let id = u32::from_str_radix(text, 16).ok()?;
    match text.len() {
        3 if id <= STANDARD_ID_MAX => u16::try_from(id).ok().map(Id::Standard),
        8 if id <= EXTENDED_ID_MAX => Some(Id::Extended(id)),
        8 if id & !EXTENDED_ID_MAX == super::ERROR => Some(Id::Error(id & EXTENDED_ID_MAX)),
        _ => None,
    }
}

/// Hex digits in pairs, dots between them allowed; `start` is where the text begins in the whole.
fn read_data(text: &str, start: usize, max: usize) -> Result<Vec<u8>, FrameTextError> {
    let mut data = Vec::new();
    let mut high: Option<(usize, u32)> = None;
    for (at, c) in text.char_indices() {
        let here = start + at..start + at + c.len_utf8();
        if c == '.' && high.is_none() {
            continue;
        }
        let digit = c.to_digit(16).ok_or(FrameTextError { at: here.clone(), problem: FrameTextProblem::NotHex })?;
        match high.take() {
            None => high = Some((here.start, digit)),
            Some((_, high)) if data.len() < max => data.push(u8::try_from(high << 4 | digit).unwrap_or_default()),
            Some((from, _)) => {
                return Err(FrameTextError { at: from..here.end, problem: FrameTextProblem::TooLong { max } });
            }
        }
    }
    match high {
        None => Ok(data),
        Some((at, _)) => Err(FrameTextError { at: at..at + 1, problem: FrameTextProblem::HalfByte }),
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Id::Standard(id) => write!(f, "{id:03X}#")?,
            Id::Extended(id) => write!(f, "{id:08X}#")?,
            Id::Error(class) => write!(f, "{:08X}#", super::ERROR | class)?,
        }
        let data = match &self.body {
            Body::Data(data) => data,
            Body::Remote { len: 0 } => return f.write_str("R"),
            Body::Remote { len } => return write!(f, "R{len}"),
            Body::Fd { data, bit_rate_switch, error_state } => {
                write!(f, "#{:X}", u8::from(*bit_rate_switch) | u8::from(*error_state) << 1)?;
                data
            }
        };
        data.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_as_people_write_them() {
        for (text, meant) in [
            ("123#DEADBEEF", "123#DEADBEEF"),
            (" 7ff#de.ad.be.ef ", "7FF#DEADBEEF"),
            ("1F334455#1122334455667788", "1F334455#1122334455667788"),
            ("123#", "123#"),
            ("5A1#R", "5A1#R"),
            ("5A1#r8", "5A1#R8"),
            ("123##1", "123##1"),
            ("123##311.22", "123##31122"),
            ("123##5AA", "123##1AA"),
            ("20000004#0000000000000000", "20000004#0000000000000000"),
        ] {
            assert_eq!(text.parse::<Frame>().map(|frame| frame.to_string()).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        use FrameTextProblem as Problem;
        for (text, at, problem) in [
            ("", 0..0, Problem::NoHash),
            ("123", 0..3, Problem::NoHash),
            ("#11", 0..1, Problem::BadId),
            ("800#11", 0..3, Problem::BadId),
            ("12#11", 0..2, Problem::BadId),
            ("+12#11", 0..3, Problem::BadId),
            ("123#1", 4..5, Problem::HalfByte),
            ("123#1.1", 5..6, Problem::NotHex),
            ("123#xy", 4..5, Problem::NotHex),
            ("123#112233445566778899", 20..22, Problem::TooLong { max: 8 }),
            ("123##", 4..5, Problem::BadFlags),
            ("123##x11", 4..8, Problem::BadFlags),
            ("123##8AA", 5..6, Problem::BadFlags),
            ("123##FAA", 5..6, Problem::BadFlags),
            ("123#R9", 4..6, Problem::BadRemoteLength),
        ] {
            assert_eq!(text.parse::<Frame>(), Err(FrameTextError { at, problem }), "{text}");
        }
    }

    pub(in crate::codec::can) fn frames() -> impl Strategy<Value = Frame> {
        let id = prop_oneof![
            (0..=STANDARD_ID_MAX).prop_map(|id| Id::Standard(id as u16)),
            (0..=EXTENDED_ID_MAX).prop_map(Id::Extended),
            (0..=EXTENDED_ID_MAX).prop_map(Id::Error),
        ];
        let body = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..=8).prop_map(Body::Data),
            (0u8..=8).prop_map(|len| Body::Remote { len }),
            (prop::collection::vec(any::<u8>(), 0..=64), any::<bool>(), any::<bool>())
                .prop_map(|(data, bit_rate_switch, error_state)| Body::Fd { data, bit_rate_switch, error_state }),
        ];
        (id, body).prop_map(|(id, body)| Frame { id, body })
    }

    proptest! {
        #[test]
        fn every_frame_reads_back(frame in frames()) {
            prop_assert_eq!(frame.to_string().parse(), Ok(frame));
        }

        #[test]
        fn any_text_is_read_or_refused_in_place(text in prop_oneof![".{0,20}", "[0-9a-fR#.]{0,24}"]) {
            if let Err(error) = text.parse::<Frame>() {
                prop_assert!(text.get(error.at).is_some());
            }
        }
    }
}
