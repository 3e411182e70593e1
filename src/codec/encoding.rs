//! Text encodings.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    #[default]
    Utf8,
    Gbk,
    Gb18030,
    Big5,
    Utf16Le,
    Utf16Be,
    Latin1,
}

/// Bytes as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    pub text: String,
    /// Bytes at the end that begin a character which is not complete yet; they are not in `text`.
    pub pending: usize,
    /// Whether U+FFFD stands for bytes that are no character.
    pub malformed: bool,
}

impl Encoding {
    pub const ALL: [Self; 7] =
        [Self::Utf8, Self::Gbk, Self::Gb18030, Self::Big5, Self::Utf16Le, Self::Utf16Be, Self::Latin1];

    /// As menus and settings write it.
    #[must_use]
    pub fn label(self) -> &'static str {
        todo!()
    }

    #[must_use]
    pub fn from_label(_label: &str) -> Option<Self> {
        todo!()
    }

    /// # Errors
    /// The first character that the encoding lacks, with its byte range.
    pub fn encode(self, _text: &str) -> Result<Vec<u8>, (std::ops::Range<usize>, char)> {
        todo!()
    }

    /// Decodes one piece of a stream. `context` is what crossed just before (the more, the better, 64 bytes are
    /// plenty), `offset` the position of `bytes` in the stream. A character that began in the context is shown whole,
    /// with the piece that completes it.
    #[must_use]
    pub fn decode_piece(self, _context: &[u8], _offset: u64, _bytes: &[u8]) -> Decoded {
        todo!()
    }
}
