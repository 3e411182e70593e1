//! Decoding as bytes come in.

use std::fmt;

use super::encoding::Encoding;

/// Decodes a stream that comes in pieces, for whoever sees all of it in order. What is no character becomes U+FFFD;
/// control characters stay as they are.
pub struct StreamDecoder {
    encoding: Encoding,
    /// `None` for Latin-1.
    decoder: Option<encoding_rs::Decoder>,
}

impl StreamDecoder {
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, decoder: encoding.standard().map(encoding_rs::Encoding::new_decoder_without_bom_handling) }
    }

    /// For a stream that goes on at `offset` after `context`, as [`Encoding::decode_piece`] has it. True where the first byte
    /// to come is the second half of a code unit whose first half is not there: it is to be left out.
    #[must_use]
    pub fn after(encoding: Encoding, context: &[u8], offset: u64) -> (Self, bool) {
        let (context, torn) = encoding.resume(context, offset);
        let mut decoder = Self::new(encoding);
        decoder.decode(context, &mut String::new());
        (decoder, torn)
    }

    /// The characters that these bytes complete.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> String {
        let mut text = String::new();
        self.decode(bytes, &mut text);
        text
    }

    /// What stands for an incomplete character at the end: U+FFFD or nothing. Afterwards a new stream can begin.
    #[must_use]
    pub fn finish(&mut self) -> String {
        let ended = std::mem::replace(self, Self::new(self.encoding));
        if ended.into_pending() == 0 { String::new() } else { "\u{fffd}".to_owned() }
    }

    /// Adds the characters that these bytes complete; whether some of them were none.
    pub(super) fn decode(&mut self, mut bytes: &[u8], text: &mut String) -> bool {
        let Some(decoder) = &mut self.decoder else {
            text.push_str(&encoding_rs::mem::decode_latin1(bytes));
            return false;
        };
        let mut malformed = false;
        loop {
            text.reserve(bytes.len() + 16);
            let (result, read, replaced) = decoder.decode_to_string(bytes, text, false);
            malformed |= replaced;
            bytes = &bytes[read..];
            if result == encoding_rs::CoderResult::InputEmpty {
                return malformed;
            }
        }
    }

    /// Bytes at the end that began a character: the decoder calls them malformed once it is told that no more come.
    pub(super) fn into_pending(self) -> usize {
        let Some(mut decoder) = self.decoder else { return 0 };
        let mut text = String::with_capacity(16);
        match decoder.decode_to_string_without_replacement(&[], &mut text, true).0 {
            encoding_rs::DecoderResult::Malformed(len, _) => usize::from(len),
            encoding_rs::DecoderResult::InputEmpty | encoding_rs::DecoderResult::OutputFull => 0,
        }
    }
}

impl fmt::Debug for StreamDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamDecoder").field("encoding", &self.encoding).finish_non_exhaustive()
    }
}
