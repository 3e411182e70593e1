//! A peer's file name, made safe by the strictest platform's rules.
//!
//! The rules are the same on every platform, because a folder may be shared with another one:
//!
//! 1. The name is read as UTF-8, else as GBK (what a Chinese Windows sends), else as UTF-8 with U+FFFD for what is none,
//!    and brought into Unicode's form C, so that names that look alike are alike.
//! 2. Only the last component of a path counts, be it written with `/` or `\`, after a drive letter or a server.
//! 3. `_` takes the place of control characters, of characters that can't be seen or turn the direction of writing, of
//!    U+FFFD and of `< > : " | ? *`. (A colon would name a stream of another file on NTFS.)
//! 4. White space at both ends and dots at the end go: Windows drops them, and `a.txt.` would open `a.txt`.
//! 5. At most [`SafeName::MAX`] bytes remain; the extension is kept.
//! 6. A name that Windows takes for a device (`NUL`, `com1.txt`) and one that begins with a dot gets a `_` in front: the
//!    first would not be a file, the second hidden, and a peer could plant a `.profile`.
//! 7. If nothing remains, it is `unnamed`.

use unicode_normalization::UnicodeNormalization;

use super::encoding::Encoding;
use super::visible::is_hidden;

/// A single path component that is safe on every platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeName {
    name: String,
    sent: String,
    changed: bool,
}

impl SafeName {
    /// The most bytes of UTF-8. File systems take 255; the rest is room for a number and a temporary suffix.
    pub const MAX: usize = 255 - 32;

    /// An extension longer than this, with its dot, is cut as the rest of the name is.
    const EXTENSION_MAX: usize = 32;

    #[must_use]
    pub fn new(raw: &[u8]) -> Self {
        let sent = sender_text(raw).unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned());
        let name = make_safe(&sent);
        let changed = name != sent;
        Self { name, sent, changed }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The peer's own name as text, neither safe nor short.
    #[must_use]
    pub fn as_sent(&self) -> &str {
        &self.sent
    }

    /// Whether it differs from what the peer sent. GBK read as such is no difference.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// `name (2).txt`, never longer than 255 bytes.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let (stem, extension) = split_extension(&self.name);
        Self { name: format!("{stem} ({number}){extension}"), sent: self.sent.clone(), changed: true }
    }
}

/// The text of a name that is wholly UTF-8 or GBK.
#[must_use]
pub fn sender_text(raw: &[u8]) -> Option<String> {
    if let Ok(text) = std::str::from_utf8(raw) {
        return Some(text.to_owned());
    }
    let decoded = Encoding::Gbk.decode_piece(&[], 0, raw);
    (!decoded.malformed && decoded.pending == 0).then_some(decoded.text)
}

fn make_safe(sent: &str) -> String {
    let component = sent.rsplit(['/', '\\']).find(|component| !component.is_empty()).unwrap_or_default();
    let component = match component.as_bytes() {
        [drive, b':', ..] if drive.is_ascii_alphabetic() => &component[2..],
        _ => component,
    };
    let replaced: String = component.nfc().map(|c| if is_forbidden(c) { '_' } else { c }).collect();
    let mut name = cut(trim_end(replaced.trim_start()));
    if name.starts_with('.') || is_device(&name) {
        name.insert(0, '_');
        name = cut(&name);
    }
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

fn is_forbidden(character: char) -> bool {
    is_hidden(character)
        || matches!(character, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | char::REPLACEMENT_CHARACTER)
}

fn trim_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Shortens a name to [`SafeName::MAX`] bytes.
fn cut(name: &str) -> String {
    if name.len() <= SafeName::MAX {
        return name.to_owned();
    }
    let (stem, extension) = split_extension(name);
    let mut shortened = stem[..stem.floor_char_boundary(SafeName::MAX - extension.len())].to_owned();
    shortened.push_str(extension);
    shortened.truncate(trim_end(&shortened).len());
    shortened
}

/// The stem, and the extension with its dot if there is one of reasonable length.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= SafeName::EXTENSION_MAX => name.split_at(dot),
        _ => (name, ""),
    }
}

/// Names that Windows gives to devices, in any folder and with any extension
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>).
fn is_device(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    match base.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$" => true,
        port => port.strip_prefix("COM").or_else(|| port.strip_prefix("LPT")).is_some_and(|number| {
            let mut characters = number.chars();
            matches!((characters.next(), characters.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        }),
    }
}

#[cfg(test)]
mod tests;
