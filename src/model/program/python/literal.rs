//! Literals that evaluate to exactly the text or the bytes that they are made from.

use std::path::Path;

/// Where a line of a long literal is broken, in characters.
const WIDTH: usize = 80;

/// A `str`: printable characters as they are, the rest escaped.
pub(super) fn text(text: &str) -> String {
    format!("\"{}\"", escaped(text).concat())
}

/// An expression for `bytes`: `b"…"` where it is ASCII or no text, `"…".encode()` for other text.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let literal = Literal::of(bytes);
    format!("{}\"{}\"{}", literal.prefix, literal.pieces.concat(), literal.suffix)
}

/// An expression for a path, with the module `os`: Python has them as text, in which bytes that are none are surrogates.
pub(super) fn path(path: &Path) -> String {
    match path.to_str() {
        Some(path) => text(path),
        None => format!("os.fsdecode({})", bytes(path.as_os_str().as_encoded_bytes())),
    }
}

/// The lines of `NAME = …`, one where it is short.
pub(super) fn assignment(name: &str, value: &[u8]) -> Vec<String> {
    let whole = format!("{name} = {}", bytes(value));
    if whole.chars().count() <= WIDTH {
        return vec![whole];
    }
    let Literal { prefix, pieces, suffix } = Literal::of(value);
    let mut lines = vec![format!("{name} = (")];
    let mut rest = pieces.iter().peekable();
    while rest.peek().is_some() {
        let mut line = format!("    {prefix}\"");
        let mut width = 0;
        while let Some(piece) = rest.next_if(|piece| width + piece.chars().count() <= WIDTH) {
            width += piece.chars().count();
            line.push_str(piece);
            if piece == "\\n" {
                break;
            }
        }
        line.push('"');
        lines.push(line);
    }
    lines.push(format!("){suffix}"));
    lines
}

struct Literal {
    prefix: &'static str,
    /// One for each character or byte: between any two the literal may be broken.
    pieces: Vec<String>,
    suffix: &'static str,
}

impl Literal {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().any(|c| !c.is_ascii() && is_printable(c)) => {
                Self { prefix: "", pieces: escaped(text), suffix: ".encode()" }
            }
            _ => Self { prefix: "b", pieces: bytes.iter().map(|byte| of_byte(*byte)).collect(), suffix: "" },
        }
    }
}

fn escaped(text: &str) -> Vec<String> {
    text.chars()
        .map(|c| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => of_byte(byte),
            _ if is_printable(c) => c.to_string(),
            _ if u32::from(c) <= 0xFFFF => format!("\\u{:04x}", u32::from(c)),
            _ => format!("\\U{:08x}", u32::from(c)),
        })
        .collect()
}

/// The same in `str` and `bytes` for ASCII; above it in `bytes` only.
fn of_byte(byte: u8) -> String {
    match byte {
        b'\\' => "\\\\".to_owned(),
        b'"' => "\\\"".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

/// As `repr` in Python sees it, or stricter: no control, format, or combining character, which would hide or move others.
fn is_printable(c: char) -> bool {
    c.escape_debug().count() == 1
}
