//! Lines for a POSIX shell.

use std::fmt::Write as _;

use super::{Obstacle, Recipe};

/// Bytes that go through a pipe in one piece (PIPE_BUF on Linux, pipe(7)): of a longer message, several datagrams could
/// become.
const PIECE_MAX: usize = 4096;

/// One word of a command line that the shell takes as it stands.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%_+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

/// In single quotes, within which only a single quote means anything.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// `printf` with these bytes.
pub(super) fn printf(bytes: &[u8]) -> String {
    format!("printf {}", quoted(&format(bytes, |_| false)))
}

/// A format of printf(1) for these bytes, without anything that the shell splits or expands: to be used as `$NAME`
/// without quotes.
pub(super) fn unquoted_format(bytes: &[u8]) -> String {
    quoted(&format(bytes, |c| " *?[~".contains(c)))
}

/// Text as it is, where it is printable; the rest, and what `hidden` names, as octal escapes of three digits, which are
/// all that POSIX has.
fn format(bytes: &[u8], hidden: impl Fn(char) -> bool) -> String {
    let mut format = String::with_capacity(bytes.len());
    let octal = |format: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // A String takes everything.
            let _ = write!(format, "\\{byte:03o}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => format.push_str("\\n"),
                '\r' => format.push_str("\\r"),
                '\t' => format.push_str("\\t"),
                '\\' => format.push_str("\\\\"),
                '%' => format.push_str("%%"),
                // At the beginning it would be an option.
                '-' if format.is_empty() => octal(&mut format, b"-"),
                _ if hidden(c) || c != '\'' && c != '"' && c.escape_debug().count() != 1 => {
                    octal(&mut format, c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => format.push(c),
            }
        }
        octal(&mut format, chunk.invalid());
    }
    format
}

/// A path that no tool takes for an option or an abstract name.
pub(super) fn path(path: &str) -> String {
    if path.starts_with(['-', '@']) { format!("./{path}") } else { path.to_owned() }
}

/// What a shell's pipe can hand to a datagram socket.
///
/// # Errors
/// Nothing arrives of no bytes, and more than [`PIECE_MAX`] may arrive in pieces.
pub(super) fn check_datagram(recipe: &Recipe<'_>, bytes: &[u8]) -> Result<(), Obstacle> {
    match bytes.len() {
        _ if recipe.is_stream() => Ok(()),
        0 => Err(Obstacle::EmptyDatagram),
        len if len > PIECE_MAX => Err(Obstacle::TooLong { max: PIECE_MAX }),
        _ => Ok(()),
    }
}
