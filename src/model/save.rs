//! Copies of a journal in files that other programs read.

use std::path::{Path, PathBuf};

use super::filter::Filter;
use super::shown_as::ShownAs;

/// What a copy of a journal is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SaveFormat {
    /// Each row in words, with its bytes as text and as a hex dump.
    #[default]
    Text,
    /// Bytes as a hex dump and nothing else, which `text2pcap -D` reads too.
    Hex,
    /// A table (RFC 4180), bytes in hex.
    Csv,
    /// One object a line, bytes in hex.
    JsonLines,
    /// A capture (pcapng): what calls moved, as the packets that it could have been.
    Pcapng,
    /// The journal itself, always whole.
    Sqlite,
}

impl SaveFormat {
    /// In the order that menus list them.
    pub const ALL: [Self; 6] = [Self::Text, Self::Hex, Self::Csv, Self::JsonLines, Self::Pcapng, Self::Sqlite];

    /// What file names of the format end with, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Hex => "hex",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Pcapng => "pcapng",
            Self::Sqlite => "sqlite",
        }
    }

    /// The format that a path's extension names; text where it names none.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let named = Self::ALL.into_iter().find(|format| format.extension().eq_ignore_ascii_case(extension));
        named.unwrap_or_default()
    }
}

/// A copy that somebody wants of a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveRequest {
    pub path: PathBuf,
    pub format: SaveFormat,
    /// Whether a file that is at the path already may be replaced.
    pub replaces: bool,
    /// What is written; all of it goes with [`SaveFormat::Sqlite`].
    pub filter: Filter,
    /// How bytes are read where they are written as text.
    pub shown_as: ShownAs,
}

impl SaveRequest {
    /// All rows, in the format that the path's extension names, in place of a file that is there.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let format = SaveFormat::of(&path);
        Self { path, format, replaces: true, filter: Filter::default(), shown_as: ShownAs::default() }
    }
}

/// What became of a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Rows that are in it.
    pub rows: u64,
    /// Rows with bytes that the filter let through and the format has no place for.
    pub left_out: u64,
    /// Rows that would be in a file beside a capture, had it been to a file: beside a pipe or a device there is none.
    pub of_another_kind: u64,
    /// Files beside the one that was asked for: a capture has one kind of packets.
    pub beside: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_names_the_format() {
        for format in SaveFormat::ALL {
            let extension = format.extension();
            assert_eq!(SaveFormat::of(Path::new(&format!("a.b.{}", extension.to_uppercase()))), format);
        }
        for other in ["a", "a.log", ".pcapng", "a.pcapng/b"] {
            assert_eq!(SaveFormat::of(Path::new(other)), SaveFormat::Text, "{other}");
        }
    }
}
