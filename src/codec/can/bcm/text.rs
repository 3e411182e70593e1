//! The text that people write a message in: `TX_SETUP ival2=100ms 123#DEADBEEF`.
//!
//! The opcode comes first, then in any order what it is about: `flags=SETTIMER|STARTTIMER`, `count=10`, `ival1=10ms`,
//! `ival2=500us`, `id=123`, and frames as [`Frame`] reads them. What is not said is zero, except for what can be meant by
//! it only: the identifier is that of the first frame, intervals are to be used at once, and CAN FD frames are told apart
//! by themselves.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use super::{FD_FRAMES, FLAGS, FRAMES_MAX, Message, Opcode, SET_TIMER, START_TIMER};
use crate::codec::can::{Body, Frame, FrameTextProblem, text};

/// A mistake in a message's text, with the bytes of the text that it is in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem:?} at {at:?}")]
pub struct MessageTextError {
    pub at: Range<usize>,
    pub problem: MessageTextProblem,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageTextProblem {
    /// The first word is no [`Opcode`].
    NoOpcode,
    /// Neither a frame nor one of the settings.
    UnknownWord,
    /// A setting is there already.
    Twice,
    /// Names of linux/can/bcm.h or numbers (`0x0801`), with `|` between them.
    BadFlags,
    /// A number of 32 bits.
    BadCount,
    /// A whole number with `us`, `ms` or `s` after it.
    BadInterval,
    /// As in a frame, or a word of 32 bits with its flags, `0x80000123`.
    BadId,
    /// There is no frame to take the identifier from.
    NoId,
    Frame(FrameTextProblem),
    /// A CAN FD frame among others, or another one among these.
    MixedFrames,
    /// The kernel takes [`FRAMES_MAX`] at most.
    TooManyFrames,
}

/// What the words say.
#[derive(Default)]
struct Read {
    flags: Option<u32>,
    count: Option<u32>,
    first_interval: Option<Duration>,
    second_interval: Option<Duration>,
    id: Option<u32>,
    /// With the place of each.
    frames: Vec<(Range<usize>, Frame)>,
}

impl FromStr for Message {
    type Err = MessageTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |at: Range<usize>, problem| MessageTextError { at, problem };
        let mut words = words(text);
        let (start, first) = words.next().ok_or_else(|| fail(0..0, MessageTextProblem::NoOpcode))?;
        let place = start..start + first.len();
        let opcode = Opcode::from_name(first).ok_or_else(|| fail(place.clone(), MessageTextProblem::NoOpcode))?;
        let mut read = Read::default();
        for (start, word) in words {
            read.take(start, word)?;
        }
        let Read { flags, count, first_interval, second_interval, id, frames } = read;
        let id = id.or_else(|| frames.first().map(|(_, frame)| frame.id_word()));
        let id = id.ok_or_else(|| fail(place, MessageTextProblem::NoId))?;
        let timed = first_interval.is_some() || second_interval.is_some();
        let mut flags = flags.unwrap_or(if timed { SET_TIMER | START_TIMER } else { 0 });
        if frames.first().is_some_and(|(_, frame)| is_fd(frame)) {
            flags |= FD_FRAMES;
        }
        if let Some((at, _)) = frames.iter().find(|(_, frame)| is_fd(frame) != (flags & FD_FRAMES != 0)) {
            return Err(fail(at.clone(), MessageTextProblem::MixedFrames));
        }
        if let Some((at, _)) = frames.get(FRAMES_MAX) {
            return Err(fail(at.clone(), MessageTextProblem::TooManyFrames));
        }
        Ok(Self {
            opcode,
            flags,
            count: count.unwrap_or(0),
            first_interval: first_interval.unwrap_or_default(),
            second_interval: second_interval.unwrap_or_default(),
            id,
            frames: frames.into_iter().map(|(_, frame)| frame).collect(),
        })
    }
}

impl Read {
    /// One word, which begins at byte `start`.
    fn take(&mut self, start: usize, word: &str) -> Result<(), MessageTextError> {
        let end = start + word.len();
        let fail = |problem| MessageTextError { at: start..end, problem };
        let Some((name, value)) = word.split_once('=') else {
            if !word.contains('#') {
                return Err(fail(MessageTextProblem::UnknownWord));
            }
            let frame = word.parse().map_err(|error: text::FrameTextError| MessageTextError {
                at: start + error.at.start..start + error.at.end,
                problem: MessageTextProblem::Frame(error.problem),
            })?;
            self.frames.push((start..end, frame));
            return Ok(());
        };
        let is_new = match name.to_ascii_lowercase().as_str() {
            "flags" => {
                let flags = read_flags(value).ok_or_else(|| fail(MessageTextProblem::BadFlags))?;
                self.flags.replace(flags).is_none()
            }
            "count" => {
                let count = read_number(value).ok_or_else(|| fail(MessageTextProblem::BadCount))?;
                self.count.replace(count).is_none()
            }
            name @ ("ival1" | "ival2") => {
                let interval = read_interval(value).ok_or_else(|| fail(MessageTextProblem::BadInterval))?;
                let place = if name == "ival1" { &mut self.first_interval } else { &mut self.second_interval };
                place.replace(interval).is_none()
            }
            "id" => {
                let id = read_id(value).ok_or_else(|| fail(MessageTextProblem::BadId))?;
                self.id.replace(id).is_none()
            }
            _ => return Err(fail(MessageTextProblem::UnknownWord)),
        };
        if is_new { Ok(()) } else { Err(fail(MessageTextProblem::Twice)) }
    }
}

/// The words of a text, each with the byte that it begins at.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    text.split_inclusive(char::is_whitespace).filter_map(move |piece| {
        let start = end;
        end += piece.len();
        let word = piece.trim_end();
        (!word.is_empty()).then_some((start, word))
    })
}

fn is_fd(frame: &Frame) -> bool {
    matches!(frame.body, Body::Fd { .. })
}

fn read_flags(text: &str) -> Option<u32> {
    text.split('|').try_fold(0, |flags, word| {
        let named = FLAGS.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(word));
        Some(flags | named.map_or_else(|| read_number(word), |(bit, _)| Some(bit))?)
    })
}

/// Decimal, or hex after `0x`.
fn read_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

fn read_id(text: &str) -> Option<u32> {
    if text.starts_with("0x") || text.starts_with("0X") {
        return read_number(text);
    }
    Some(Frame { id: text::read_id(text)?, body: Body::Data(Vec::new()) }.id_word())
}

/// Units of an interval, each with its microseconds; of two signs that look the same, people have either.
const UNITS: [(&str, u128); 5] = [("us", 1), ("µs", 1), ("μs", 1), ("ms", 1000), ("s", MICROS)];
const MICROS: u128 = 1_000_000;

fn read_interval(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let micros = digits.parse::<u128>().ok()?.checked_mul(size)?;
    // The kernel's seconds have a sign.
    let seconds = i64::try_from(micros / MICROS).ok()?.cast_unsigned();
    Some(Duration::new(seconds, u32::try_from(micros % MICROS).ok()? * 1000))
}

fn write_interval(f: &mut fmt::Formatter<'_>, name: &str, interval: Duration) -> fmt::Result {
    let micros = interval.as_micros();
    match () {
        () if micros == 0 => Ok(()),
        () if micros.is_multiple_of(MICROS) => write!(f, " {name}={}s", micros / MICROS),
        () if micros.is_multiple_of(1000) => write!(f, " {name}={}ms", micros / 1000),
        () => write!(f, " {name}={micros}us"),
    }
}

/// What is read as this message again.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.opcode.name())?;
        let timed = self.first_interval.as_micros() > 0 || self.second_interval.as_micros() > 0;
        let usual = if timed { SET_TIMER | START_TIMER } else { 0 };
        let flags = if self.frames.is_empty() { self.flags } else { self.flags & !FD_FRAMES };
        if flags != usual {
            write!(f, " flags={}", flag_names(flags))?;
        }
        if self.count != 0 {
            write!(f, " count={}", self.count)?;
        }
        write_interval(f, "ival1", self.first_interval)?;
        write_interval(f, "ival2", self.second_interval)?;
        if self.frames.first().is_none_or(|frame| frame.id_word() != self.id) {
            let id = super::super::id_of(self.id);
            let plain = Frame { id, body: Body::Data(Vec::new()) };
            if plain.id_word() == self.id {
                let text = plain.to_string();
                write!(f, " id={}", text.trim_end_matches('#'))?;
            } else {
                write!(f, " id={:#010x}", self.id)?;
            }
        }
        self.frames.iter().try_for_each(|frame| write!(f, " {frame}"))
    }
}

/// The names of the flags that are set, what has none as a number, with `|` between them; `0` for none.
fn flag_names(flags: u32) -> String {
    let known = FLAGS.into_iter().filter(|(bit, _)| flags & bit != 0);
    let mut names: Vec<_> = known.map(|(_, name)| name.to_owned()).collect();
    let unknown = FLAGS.into_iter().fold(flags, |left, (bit, _)| left & !bit);
    if unknown != 0 {
        names.push(format!("{unknown:#x}"));
    }
    if names.is_empty() { "0".to_owned() } else { names.join("|") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::can::bcm::RX_FILTER_ID;

    fn read(text: &str) -> Message {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn messages_as_people_write_them() {
        let cyclic = read("tx_setup count=3 ival1=1500ms ival2=2s 123#DEADBEEF");
        assert_eq!(
            cyclic,
            Message {
                opcode: Opcode::TxSetup,
                flags: SET_TIMER | START_TIMER,
                count: 3,
                first_interval: Duration::from_millis(1500),
                second_interval: Duration::from_secs(2),
                id: 0x123,
                frames: vec!["123#DEADBEEF".parse().unwrap()],
            }
        );
        let filter = read("RX_SETUP flags=RX_FILTER_ID id=12345678");
        assert_eq!((filter.flags, filter.id, filter.frames.len()), (RX_FILTER_ID, 0x9234_5678, 0));
        // The frames say themselves that they are CAN FD's.
        assert_eq!(read("TX_SEND 123##1AABB").flags, FD_FRAMES);
        assert_eq!(read("TX_SETUP ival2=100us flags=0 123#R").flags, 0);
        assert_eq!(read("RX_SETUP ival1=7µs id=0xC0000123").id, 0xC000_0123);
        assert_eq!(read("TX_DELETE id=7DF").id, 0x7DF);
        assert_eq!(read("TX_SETUP flags=settimer|0x1000 id=7FF 123#11 124#22").flags, 0x1001);
    }

    #[test]
    fn messages_are_written_as_short_as_they_are_read() {
        for text in [
            "TX_SETUP count=3 ival1=1500ms ival2=2s 123#DEADBEEF",
            "RX_SETUP flags=RX_FILTER_ID id=12345678",
            "RX_SETUP flags=SETTIMER|CAN_FD_FRAME|0x1000 ival1=7us id=0xc0000123",
            "TX_SEND 123##1AABB",
            "TX_SETUP flags=0 ival2=100us 123#R",
            "TX_SETUP flags=TX_CP_CAN_ID id=7FF 123#11 124#22",
            "TX_DELETE id=000",
        ] {
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        use MessageTextProblem as Problem;
        let frame = |problem| Problem::Frame(problem);
        for (text, at, problem) in [
            ("", 0..0, Problem::NoOpcode),
            (" 123#11", 1..7, Problem::NoOpcode),
            ("TX_SETUP soon 123#11", 9..13, Problem::UnknownWord),
            ("TX_SETUP often=1 123#11", 9..16, Problem::UnknownWord),
            ("TX_SETUP count=1 count=2 123#11", 17..24, Problem::Twice),
            ("TX_SETUP flags=OFTEN 123#11", 9..20, Problem::BadFlags),
            ("TX_SETUP flags= 123#11", 9..15, Problem::BadFlags),
            ("TX_SETUP count=4294967296 123#11", 9..25, Problem::BadCount),
            ("TX_SETUP count=+1 123#11", 9..17, Problem::BadCount),
            ("TX_SETUP ival1=10 123#11", 9..17, Problem::BadInterval),
            ("TX_SETUP ival1=1.5ms 123#11", 9..20, Problem::BadInterval),
            ("TX_SETUP ival1=9223372036854775808s 123#11", 9..35, Problem::BadInterval),
            ("TX_SETUP ival1=ms 123#11", 9..17, Problem::BadInterval),
            ("TX_DELETE id=800", 10..16, Problem::BadId),
            ("TX_DELETE id=0x", 10..15, Problem::BadId),
            ("TX_DELETE", 0..9, Problem::NoId),
            ("TX_SEND  123#1", 13..14, frame(FrameTextProblem::HalfByte)),
            ("TX_SEND 800#11", 8..11, frame(FrameTextProblem::BadId)),
            ("TX_SETUP 123#11 123##1AA", 16..24, Problem::MixedFrames),
            ("TX_SETUP 123##1AA 123#11", 18..24, Problem::MixedFrames),
            ("TX_SETUP flags=CAN_FD_FRAME 123#11", 28..34, Problem::MixedFrames),
        ] {
            assert_eq!(text.parse::<Message>(), Err(MessageTextError { at, problem }), "{text}");
        }
        let many = format!("TX_SETUP{}", " 123#".repeat(FRAMES_MAX + 1));
        let error = many.parse::<Message>().unwrap_err();
        assert_eq!((error.at, error.problem), (many.len() - 4..many.len(), Problem::TooManyFrames));
        assert!(many[..many.len() - 5].parse::<Message>().is_ok());
    }

    fn messages() -> impl Strategy<Value = Message> {
        let id = || prop_oneof![0..0x800u32, any::<u32>(), any::<u32>().prop_map(|id| id & 0x9fff_ffff)];
        let interval = || {
            let seconds = prop_oneof![Just(0), 0..100u64, Just(i64::MAX.cast_unsigned())];
            let micros = prop_oneof![Just(0), 0..1_000_000u32, (0..1000u32).prop_map(|millis| millis * 1000)];
            (seconds, micros).prop_map(|(seconds, micros)| Duration::new(seconds, micros * 1000))
        };
        let frame = (id(), prop::collection::vec(any::<u8>(), 0..=8), any::<bool>());
        let frames = (prop::collection::vec(frame, 0..4), any::<bool>()).prop_map(|(frames, fd)| {
            let frame = |(id, data, flag): (u32, Vec<u8>, bool)| {
                let body = match (fd, flag) {
                    (true, _) => Body::Fd { data, bit_rate_switch: flag, error_state: !flag },
                    (false, true) => Body::Remote { len: u8::try_from(data.len()).unwrap_or(0) },
                    (false, false) => Body::Data(data),
                };
                Frame { id: crate::codec::can::id_of(id), body }
            };
            frames.into_iter().map(frame).collect::<Vec<_>>()
        });
        let head = (prop::sample::select(Opcode::ALL.to_vec()), any::<u32>(), any::<u32>(), id(), any::<bool>());
        (head, interval(), interval(), frames).prop_map(|(head, first_interval, second_interval, frames)| {
            let (opcode, flags, count, id, few) = head;
            let flags = if few { flags & 0x803 } else { flags };
            let flags = match frames.first() {
                Some(frame) if is_fd(frame) => flags | FD_FRAMES,
                Some(_) => flags & !FD_FRAMES,
                None => flags,
            };
            Message { opcode, flags, count, first_interval, second_interval, id, frames }
        })
    }

    proptest! {
        #[test]
        fn a_message_s_text_and_its_bytes_are_the_same_message(message in messages()) {
            let text = message.to_string();
            prop_assert_eq!(text.parse::<Message>(), Ok(message.clone()), "{}", text);
            prop_assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message), "{}", text);
        }

        #[test]
        fn any_text_is_read_or_refused_in_its_place(
            text in "(TX_SETUP|rx_delete|TX)( (flags|count|ival1|id)=[0-9a-zA-Z_|µ]{0,9}| 123#{1,2}[0-9A-FR]{0,6}|\\PC{0,5}){0,5}",
        ) {
            match text.parse::<Message>() {
                Ok(message) => prop_assert_eq!(message.to_string().parse(), Ok(message)),
                Err(error) => prop_assert!(!text.get(error.at.clone()).unwrap_or_default().is_empty(), "{:?}", error),
            }
        }
    }
}
