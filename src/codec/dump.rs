//! Bytes as text to copy: hex dump, C array, Python bytes.

use super::hex;

const LINE: usize = 16;

/// Where the ASCII column begins, after the offset.
const ASCII: usize = 2 + LINE * 3 + 2;

/// Lines of 16 bytes, laid out as `hexdump -C` does: offset (eight digits, more from 4 GiB on), bytes in two groups of
/// eight, ASCII with a dot for all else. Every line ends with a line feed.
#[must_use]
pub fn hex_dump(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(LINE) * (8 + ASCII + LINE + 3));
    for (index, line) in bytes.chunks(LINE).enumerate() {
        push_line(&mut text, (index * LINE) as u64, line);
        text.push('\n');
    }
    text
}

/// One line of it, without the line feed: up to 16 bytes that begin at `offset`.
#[must_use]
pub fn hex_line(offset: u64, bytes: &[u8]) -> String {
    let mut text = String::new();
    push_line(&mut text, offset, &bytes[..bytes.len().min(LINE)]);
    text
}

fn push_line(text: &mut String, offset: u64, line: &[u8]) {
    push_offset(text, offset);
    let start = text.len();
    for (column, byte) in line.iter().enumerate() {
        text.push_str(if column % 8 == 0 { "  " } else { " " });
        hex::push(text, *byte);
    }
    text.extend(std::iter::repeat_n(' ', start + ASCII - text.len()));
    text.push('|');
    text.extend(line.iter().map(|byte| if is_printable(*byte) { char::from(*byte) } else { '.' }));
    text.push('|');
}

fn push_offset(text: &mut String, offset: u64) {
    let digits = offset.to_be_bytes();
    let leading = digits.iter().take_while(|byte| **byte == 0).count().min(4);
    digits[leading..].iter().for_each(|byte| hex::push(text, *byte));
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// An initialiser for an array of `unsigned char` in C: `{ 0xe4, 0xbd }`, in lines of 16 bytes when there are more.
#[must_use]
pub fn c_array(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "{}".to_owned();
    }
    let between = if bytes.len() > LINE { '\n' } else { ' ' };
    let mut text = String::with_capacity(bytes.len() * 7);
    text.push('{');
    for (index, line) in bytes.chunks(LINE).enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        text.push(between);
        if bytes.len() > LINE {
            text.push_str("    ");
        }
        for (column, byte) in line.iter().enumerate() {
            text.push_str(if column == 0 { "0x" } else { ", 0x" });
            hex::push(&mut text, *byte);
        }
    }
    text.push(between);
    text.push('}');
    text
}

/// A bytes literal of Python: `b'\xe4\xbda'`.
#[must_use]
pub fn python_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 + 3);
    text.push_str("b'");
    for byte in bytes {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'\\' | b'\'' => text.extend(['\\', char::from(*byte)]),
            byte if is_printable(*byte) => text.push(char::from(*byte)),
            byte => {
                text.push_str("\\x");
                hex::push(&mut text, *byte);
            }
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dump_is_laid_out_as_hexdump_does() {
        assert_eq!(
            hex_dump("你好".as_bytes()),
            "00000000  e4 bd a0 e5 a5 bd                                 |......|\n"
        );
        assert_eq!(
            hex_dump(b"0123456789abcdef~\x7f"),
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
             00000010  7e 7f                                             |~.|\n"
        );
        assert_eq!(hex_dump(b""), "");
    }

    #[test]
    fn offsets_grow_past_eight_digits() {
        let offset = |offset| {
            let mut text = String::new();
            push_offset(&mut text, offset);
            text
        };
        assert_eq!(offset(0x10), "00000010");
        assert_eq!(offset(0xffff_fff0), "fffffff0");
        assert_eq!(offset(0x1_0000_0000), "0100000000");
    }

    #[test]
    fn an_array_in_c() {
        assert_eq!(c_array(&[]), "{}");
        assert_eq!(c_array(&[0xe4, 0xbd]), "{ 0xe4, 0xbd }");
        let long = c_array(&[0; 17]);
        assert_eq!(long.lines().count(), 4);
        assert!(long.ends_with(",\n    0x00\n}"), "{long}");
    }

    #[test]
    fn python_reads_its_bytes() {
        let all: Vec<u8> = (0..=255).chain(*b"\\x41'\"\"\"\\").collect();
        let literal = python_bytes(&all);
        let script = "import ast, sys; print(ast.literal_eval(sys.argv[1]).hex(' '))";
        let python = Command::new("python3").args(["-c", script, &literal]).stderr(Stdio::inherit()).output();
        let output = match python {
            Ok(output) => output,
            Err(error) => {
                assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "python3 is missing: {error}");
                // Not by `eprintln!`: the test runner hides what passing tests print with it.
                let _ = writeln!(std::io::stderr(), "skipped: python3 is missing ({error})");
                return;
            }
        };
        assert!(output.status.success(), "python3 refused {literal}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), hex::format(&all));
    }

    proptest! {
        #[test]
        fn every_byte_is_in_every_form(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let dumped: String = hex_dump(&bytes).lines().map(|line| line[8..58].to_owned()).collect();
            prop_assert_eq!(hex::parse(&dumped).unwrap(), &*bytes);
            prop_assert_eq!(hex::parse(c_array(&bytes).trim_matches(['{', '}'])).unwrap(), &*bytes);
        }
    }
}
