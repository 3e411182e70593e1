//! What a person typed, as bytes.

use std::ops::Range;

use super::can::bcm::{Message, MessageTextError, MessageTextProblem};
use super::can::{Frame, FrameTextError, FrameTextProblem};
use super::encoding::Encoding;
use super::{escapes, hex, icmp};

/// How the text of a message is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Every character as itself.
    #[default]
    Text,
    /// Text with [`escapes`].
    Escapes,
    /// [`hex`] digits.
    Hex,
    /// CAN frames as can-utils writes them, [`Frame`](super::can::Frame).
    CanFrame,
    /// Messages of the CAN broadcast manager in words, [`Message`](super::can::bcm::Message).
    CanBroadcast,
    /// The payload of an ICMP echo request, with `id=` and `seq=` before it where they matter.
    Ping(icmp::Version),
}

impl Format {
    /// Those that suit every transport.
    pub const ALL: [Self; 3] = [Self::Text, Self::Escapes, Self::Hex];

    /// Whether the text is characters that an encoding turns into bytes.
    #[must_use]
    pub fn is_encoded(self) -> bool {
        matches!(self, Self::Text | Self::Escapes | Self::Ping(_))
    }

    /// Whether a line ending can follow: frames and pings have their own end.
    #[must_use]
    pub fn takes_line_ending(self) -> bool {
        matches!(self, Self::Text | Self::Escapes | Self::Hex)
    }

    /// As settings and options write it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Escapes => "escapes",
            Self::Hex => "hex",
            Self::CanFrame => "can",
            Self::CanBroadcast => "bcm",
            Self::Ping(_) => "ping",
        }
    }

    /// The format with this [`label`](Self::label), whatever the case of its letters.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.label().eq_ignore_ascii_case(label))
    }
}

/// What is added at the end of a message. Line breaks inside it stay as typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnding {
    #[default]
    None,
    Lf,
    Cr,
    CrLf,
}

impl LineEnding {
    /// The characters that it stands for.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lf => "\n",
            Self::Cr => "\r",
            Self::CrLf => "\r\n",
        }
    }
}

/// A mistake in a message, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ComposeError {
    /// Byte range of the text.
    pub at: Range<usize>,
    pub problem: ComposeProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeProblem {
    /// `encoding` is its name for people.
    #[error("{encoding} has no {character:?}")]
    NotInEncoding { character: char, encoding: &'static str },
    #[error("{0:?} is no hex digit")]
    NotHex(char),
    #[error("a hex digit is missing its partner")]
    HalfByte,
    #[error("unknown escape \\{0}")]
    UnknownEscape(char),
    #[error("nothing follows the \\")]
    OpenEscape,
    #[error("\\x needs two hex digits")]
    BadHexEscape,
    #[error("{0:?}")]
    Frame(FrameTextProblem),
    #[error("{0:?}")]
    Broadcast(MessageTextProblem),
    #[error("{0} is a number from 0 to 65535")]
    BadPingNumber(&'static str),
}

/// The bytes to send. The line ending is text in the message's encoding, so CR LF in UTF-16 is four bytes; after hex,
/// which has no encoding, it is the plain bytes 0d 0a.
///
/// # Errors
/// The first mistake.
pub fn compose(text: &str, format: Format, encoding: Encoding, ending: LineEnding) -> Result<Vec<u8>, ComposeError> {
    let mut bytes = match format {
        Format::Text => {
            let mut bytes = Vec::with_capacity(text.len() + 4);
            encode_part(text, 0, encoding, &mut bytes)?;
            bytes
        }
        Format::Escapes => escapes::parse(text, encoding)?,
        Format::Hex => hex::parse(text)?,
        // Nothing is no mistake yet: nothing is what there is to send.
        Format::CanFrame | Format::CanBroadcast if text.trim().is_empty() => Vec::new(),
        Format::CanFrame => {
            let in_place =
                |error: FrameTextError| ComposeError { at: error.at, problem: ComposeProblem::Frame(error.problem) };
            text.parse::<Frame>().map_err(in_place)?.to_bytes()
        }
        Format::CanBroadcast => {
            let in_place = |error: MessageTextError| {
                let problem = match error.problem {
                    MessageTextProblem::Frame(problem) => ComposeProblem::Frame(problem),
                    problem => ComposeProblem::Broadcast(problem),
                };
                ComposeError { at: error.at, problem }
            };
            text.parse::<Message>().map_err(in_place)?.to_bytes()
        }
        Format::Ping(version) => ping(text, version, encoding)?,
    };
    match format {
        Format::Text | Format::Escapes => encode_part(ending.text(), text.len(), encoding, &mut bytes)?,
        Format::Hex => bytes.extend_from_slice(ending.text().as_bytes()),
        Format::CanFrame | Format::CanBroadcast | Format::Ping(_) => {}
    }
    Ok(bytes)
}

/// An echo request out of `id=7 seq=1 payload`; what is not said is 1.
fn ping(text: &str, version: icmp::Version, encoding: Encoding) -> Result<Vec<u8>, ComposeError> {
    let mut start = 0;
    let mut numbers = [1, 1];
    for (name, number) in ["id=", "seq="].into_iter().zip(&mut numbers) {
        let Some(digits) = text[start..].strip_prefix(name) else { continue };
        let word = digits.split(' ').next().unwrap_or_default();
        let end = start + name.len() + word.len();
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        *number = is_number
            .then(|| word.parse().ok())
            .flatten()
            .ok_or(ComposeError { at: start..end, problem: ComposeProblem::BadPingNumber(name) })?;
        start = (end + 1).min(text.len());
    }
    let mut payload = Vec::new();
    encode_part(&text[start..], start, encoding, &mut payload)?;
    Ok(icmp::echo_request(version, numbers[0], numbers[1], &payload))
}

/// Encodes a part that begins at byte `start` of what was typed.
pub(super) fn encode_part(part: &str, start: usize, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ComposeError> {
    encoding.encode_into(part, out).map_err(|(at, character)| ComposeError {
        at: start + at.start..start + at.end,
        problem: ComposeProblem::NotInEncoding { character, encoding: encoding.name() },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ending_is_in_the_encoding_except_after_hex() {
        let crlf = |text, format, encoding| compose(text, format, encoding, LineEnding::CrLf).unwrap();
        assert_eq!(crlf("a", Format::Text, Encoding::Utf8), b"a\r\n");
        assert_eq!(crlf("a\nb", Format::Text, Encoding::Gbk), b"a\nb\r\n");
        assert_eq!(crlf("a", Format::Text, Encoding::Utf16Le), b"a\0\r\0\n\0");
        assert_eq!(crlf("\\x41", Format::Escapes, Encoding::Utf16Be), b"A\0\r\0\n");
        assert_eq!(crlf("61", Format::Hex, Encoding::Utf16Le), b"a\r\n");
        assert_eq!(compose("", Format::Text, Encoding::Utf8, LineEnding::Cr).unwrap(), b"\r");
        assert_eq!(compose("", Format::Hex, Encoding::Utf8, LineEnding::Lf).unwrap(), b"\n");
        assert_eq!(compose("", Format::Text, Encoding::Utf16Le, LineEnding::None).unwrap(), b"");
    }

    #[test]
    fn a_mistake_has_its_place_in_what_was_typed() {
        let error = compose("你😀", Format::Text, Encoding::Gbk, LineEnding::None).unwrap_err();
        assert_eq!(error.at, 3..7);
        assert_eq!(error.problem, ComposeProblem::NotInEncoding { character: '😀', encoding: "GBK" });
        let error = compose("\\n你😀", Format::Escapes, Encoding::Gbk, LineEnding::None).unwrap_err();
        assert_eq!(error.at, 5..9);
    }

    #[test]
    fn a_ping_says_its_numbers() {
        let compose = |text| compose(text, Format::Ping(icmp::Version::V4), Encoding::Utf8, LineEnding::CrLf);
        assert_eq!(compose("id=7 seq=2 hello").unwrap(), icmp::echo_request(icmp::Version::V4, 7, 2, b"hello"));
        assert_eq!(compose("seq=65535").unwrap(), icmp::echo_request(icmp::Version::V4, 1, 65535, b""));
        assert_eq!(compose("hello").unwrap(), icmp::echo_request(icmp::Version::V4, 1, 1, b"hello"));
        let error = compose("id=7 seq=x hello").unwrap_err();
        assert_eq!((error.at, error.problem), (5..10, ComposeProblem::BadPingNumber("seq=")));
    }

    #[test]
    fn a_frame_has_no_line_ending() {
        let frame = compose("123#11", Format::CanFrame, Encoding::Utf8, LineEnding::CrLf).unwrap();
        assert_eq!(frame, "123#11".parse::<Frame>().unwrap().to_bytes());
        let error = compose("123#1", Format::CanFrame, Encoding::Utf8, LineEnding::None).unwrap_err();
        assert_eq!((error.at, error.problem), (4..5, ComposeProblem::Frame(FrameTextProblem::HalfByte)));
    }

    #[test]
    fn a_broadcast_manager_s_message_is_written_in_words() {
        let compose = |text| compose(text, Format::CanBroadcast, Encoding::Utf8, LineEnding::CrLf);
        let bytes = compose("TX_SETUP ival2=100ms 123#11").unwrap();
        assert_eq!((bytes.len(), &bytes[56..64]), (72, &"123#11".parse::<Frame>().unwrap().to_bytes()[..8]));
        assert_eq!(compose(" "), Ok(Vec::new()));
        let problem = |text| compose(text).map_err(|error| (error.at, error.problem)).unwrap_err();
        assert_eq!(problem("TX_SEND 123#1"), (12..13, ComposeProblem::Frame(FrameTextProblem::HalfByte)));
        assert_eq!(problem("TX_DELETE"), (0..9, ComposeProblem::Broadcast(MessageTextProblem::NoId)));
    }

    #[test]
    fn labels_are_read_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_label(&format.label().to_uppercase()), Some(format));
        }
        assert_eq!(Format::from_label("binary"), None);
    }

    proptest! {
        #[test]
        fn mistakes_lie_on_characters_of_the_text(
            text in "((id|seq)=[0-9]{0,6} ?)?[0-9a-fxX\\\\rRn#, é你😀]{0,20}",
            format in prop::sample::select(vec![
                Format::Text,
                Format::Escapes,
                Format::Hex,
                Format::CanFrame,
                Format::CanBroadcast,
                Format::Ping(icmp::Version::V6),
            ]),
            encoding in prop::sample::select(&Encoding::ALL[..]),
        ) {
            if let Err(error) = compose(&text, format, encoding, LineEnding::CrLf) {
                prop_assert!(!text.get(error.at.clone()).unwrap_or_default().is_empty(), "{:?}", error);
            }
        }
    }
}
