//! What a person typed, as bytes.

use std::ops::Range;

use super::encoding::Encoding;

/// How the text of a message is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    #[default]
    Text,
    Escapes,
    Hex,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Text, Self::Escapes, Self::Hex];

    #[must_use]
    pub fn label(self) -> &'static str {
        todo!()
    }

    #[must_use]
    pub fn from_label(_label: &str) -> Option<Self> {
        todo!()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnding {
    #[default]
    None,
    Lf,
    Cr,
    CrLf,
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
}

/// # Errors
/// The first mistake.
pub fn compose(
    _text: &str,
    _format: Format,
    _encoding: Encoding,
    _ending: LineEnding,
) -> Result<Vec<u8>, ComposeError> {
    todo!()
}
