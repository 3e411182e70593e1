//! Text encodings.
//!
//! The Chinese ones are those of the WHATWG Encoding Standard, which is what other programs mean by these names: its GBK
//! reads GB18030's four-byte characters too, but never writes them. A byte order mark is a character (U+FEFF) like any
//! other: an instrument neither adds nor hides one.

use std::ops::Range;

pub use super::stream::StreamDecoder;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    #[default]
    Utf8,
    Gbk,
    Gb18030,
    Big5,
    Utf16Le,
    Utf16Be,
    /// ISO 8859-1, where every byte is the character of the same number; not Windows-1252.
    Latin1,
}

/// Bytes as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    pub text: String,
    /// Bytes at the end that begin a character which is not complete yet; they are not in `text`. At most as many as
    /// the piece has, even if that character began earlier.
    pub pending: usize,
    /// Whether U+FFFD stands for bytes that are no character.
    pub malformed: bool,
}

impl Encoding {
    pub const ALL: [Self; 7] =
        [Self::Utf8, Self::Gbk, Self::Gb18030, Self::Big5, Self::Utf16Le, Self::Utf16Be, Self::Latin1];

    /// As settings and options write it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gbk => "gbk",
            Self::Gb18030 => "gb18030",
            Self::Big5 => "big5",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Latin1 => "latin-1",
        }
    }

    /// As people read it, the same in every language.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gbk => "GBK",
            Self::Gb18030 => "GB18030",
            Self::Big5 => "Big5",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Latin1 => "Latin-1",
        }
    }

    /// The encoding with this [`label`](Self::label), whatever the case of its letters.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.label().eq_ignore_ascii_case(label))
    }

    /// Nothing is replaced: what this returns decodes to exactly `text`.
    ///
    /// # Errors
    /// The first character that the encoding lacks, with its byte range.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, (Range<usize>, char)> {
        let mut bytes = Vec::new();
        self.encode_into(text, &mut bytes)?;
        Ok(bytes)
    }

    /// [`encode`](Self::encode) to the end of `out`, which after an error holds some of the text.
    pub(super) fn encode_into(self, text: &str, out: &mut Vec<u8>) -> Result<(), (Range<usize>, char)> {
        match self {
            Self::Utf8 => out.extend_from_slice(text.as_bytes()),
            Self::Utf16Le => text.encode_utf16().for_each(|unit| out.extend_from_slice(&unit.to_le_bytes())),
            Self::Utf16Be => text.encode_utf16().for_each(|unit| out.extend_from_slice(&unit.to_be_bytes())),
            Self::Latin1 => {
                out.reserve(text.len());
                for (at, character) in text.char_indices() {
                    out.push(u8::try_from(character).map_err(|_| (at..at + character.len_utf8(), character))?);
                }
            }
            Self::Gbk => encode_chinese(encoding_rs::GBK, text, out)?,
            Self::Gb18030 => encode_chinese(encoding_rs::GB18030, text, out)?,
            Self::Big5 => encode_chinese(encoding_rs::BIG5, text, out)?,
        }
        Ok(())
    }

    /// Decodes one piece of a stream. `context` is what crossed just before (the more, the better, 64 bytes are
    /// plenty), `offset` the position of `bytes` in the stream. A character that began in the context is shown whole,
    /// with the piece that completes it.
    ///
    /// UTF-8 and UTF-16 need 3 bytes of context to be right. In the Chinese encodings a byte doesn't tell whether it
    /// begins a character or ends one, except one that is neither a digit nor above 0x80: the context has to hold such a
    /// byte or reach back to the stream's start. Inside a longer run of Chinese characters the start of the context is
    /// taken for the start of a character, and if it is none, the piece reads wrong as far as its next such byte.
    #[must_use]
    pub fn decode_piece(self, context: &[u8], offset: u64, bytes: &[u8]) -> Decoded {
        let (mut decoder, torn) = StreamDecoder::after(self, context, offset);
        // The other half of this code unit is unknown.
        let (text, bytes) = if torn && !bytes.is_empty() { ("\u{fffd}", &bytes[1..]) } else { ("", bytes) };

        let mut decoded = Decoded { text: text.to_owned(), pending: 0, malformed: !text.is_empty() };
        decoded.malformed |= decoder.decode(bytes, &mut decoded.text);
        decoded.pending = decoder.into_pending().min(bytes.len());
        decoded
    }

    /// The end of the context from which decoding can begin, and whether the piece begins with the second half of a
    /// code unit whose first half is not there.
    pub(super) fn resume(self, context: &[u8], offset: u64) -> (&[u8], bool) {
        let len = context.len();
        let start = match self {
            Self::Latin1 => len,
            Self::Utf8 => {
                let nearest = len.saturating_sub(3);
                let lead = context[nearest..].iter().rposition(|byte| byte & 0b1100_0000 != 0b1000_0000);
                lead.map_or(len, |lead| nearest + lead)
            }
            Self::Utf16Le | Self::Utf16Be => {
                let half = usize::from(offset % 2 == 1);
                if len < half {
                    return (&[], true);
                }
                // The unit before may be the first of a surrogate pair.
                len.checked_sub(half + 2).unwrap_or(len - half)
            }
            Self::Gbk | Self::Gb18030 | Self::Big5 => {
                context.iter().rposition(|byte| self.surely_ends(*byte)).map_or(0, |end| end + 1)
            }
        };
        (&context[start..], false)
    }

    /// Whether no character of this Chinese encoding goes on after the byte, whatever stood before it. Two-byte
    /// characters begin with 0x81 to 0xFE; only in GB18030's four-byte ones digits occur, in second and fourth place.
    fn surely_ends(self, byte: u8) -> bool {
        match byte {
            b'0'..=b'9' => self == Self::Big5,
            0x81..=0xfe => false,
            _ => true,
        }
    }

    /// What decodes this encoding; `None` for Latin-1, which the Encoding Standard takes for Windows-1252.
    pub(super) fn standard(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Self::Utf8 => Some(encoding_rs::UTF_8),
            Self::Gbk => Some(encoding_rs::GBK),
            Self::Gb18030 => Some(encoding_rs::GB18030),
            Self::Big5 => Some(encoding_rs::BIG5),
            Self::Utf16Le => Some(encoding_rs::UTF_16LE),
            Self::Utf16Be => Some(encoding_rs::UTF_16BE),
            Self::Latin1 => None,
        }
    }
}

fn encode_chinese(
    encoding: &'static encoding_rs::Encoding,
    text: &str,
    out: &mut Vec<u8>,
) -> Result<(), (Range<usize>, char)> {
    // The standard writes some private-use characters as bytes that it reads as another character, for text from before
    // GB18030-2022. That would be a silent replacement.
    let changed = text.char_indices().find(|(_, character)| !survives(encoding, *character));
    let kept = &text[..changed.map_or(text.len(), |(at, _)| at)];

    let mut encoder = encoding.new_encoder();
    // Not straight into `out`: the encoder would clear all of its spare room first, at every call.
    let mut buffer = [0; 512];
    let mut at = 0;
    loop {
        let (result, read, written) = encoder.encode_from_utf8_without_replacement(&kept[at..], &mut buffer, true);
        out.extend_from_slice(&buffer[..written]);
        at += read;
        match result {
            encoding_rs::EncoderResult::InputEmpty => break,
            encoding_rs::EncoderResult::OutputFull => {}
            encoding_rs::EncoderResult::Unmappable(character) => {
                return Err((at - character.len_utf8()..at, character));
            }
        }
    }
    match changed {
        Some((at, character)) => Err((at..at + character.len_utf8(), character)),
        None => Ok(()),
    }
}

/// Whether a character that the encoding can write is read back as itself.
fn survives(encoding: &'static encoding_rs::Encoding, character: char) -> bool {
    if !('\u{e000}'..='\u{f8ff}').contains(&character) {
        return true;
    }
    let mut utf8 = [0; 4];
    let text: &str = character.encode_utf8(&mut utf8);
    let (bytes, _, lacking) = encoding.encode(text);
    lacking || encoding.decode_without_bom_handling(&bytes).0 == text
}

#[cfg(test)]
mod tests;
