use std::io::{self, Write};

use super::json::unbroken_hex;
use super::text::direction_word;
use crate::model::RowBody;
use crate::store::journal::columns::StoredRow;
use crate::store::journal::describe::describe;

/// The first line. Times are nanoseconds, as in the journal's schema.
pub(super) const HEAD: &str =
    "number,wall_ns,mono_ns,kernel_ns,socket,session,peer,direction,what,stream_offset,bytes,hex,marked,note\r\n";

/// One record of a table (RFC 4180).
pub(super) fn write_csv(out: &mut dyn Write, stored: &StoredRow) -> io::Result<()> {
    let row = &stored.row;
    let number = |number: Option<i128>| number.map(|number| number.to_string()).unwrap_or_default();
    let direction = match &row.body {
        RowBody::Data { direction, .. } | RowBody::File { direction, .. } => direction_word(*direction),
        RowBody::Life(_) | RowBody::Failed { .. } | RowBody::Notice { .. } => "",
    };
    write!(out, "{},{},{},", stored.number, row.stamp.wall_ns, row.stamp.mono_ns)?;
    write!(out, "{},{},", number(row.stamp.kernel_ns.map(Into::into)), row.socket.0)?;
    write!(out, "{},", number(row.session.map(|session| session.0.into())))?;
    write!(out, "{},{direction},{},", field(&row.peer), field(&describe(&row.body)))?;
    write!(out, "{},{},{},", row.stream_offset, stored.len, unbroken_hex(&row.payload))?;
    match &stored.note {
        Some(note) => write!(out, "1,{}\r\n", field(note)),
        None => write!(out, "0,\r\n"),
    }
}

/// A text in quotes where it has to be, and behind an apostrophe where spreadsheets would calculate it: the name of a Unix
/// socket is its peer's choice. Programs that read the table find all other texts as they are.
fn field(text: &str) -> String {
    let apostrophe = if is_formula(text) { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{apostrophe}{text}")
    }
}

/// `@` begins every abstract name, and a formula only where it calls something or asks another program.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '\t', '\r']) || text.starts_with('@') && text.contains(['(', '|', '!'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_record_is_quoted() {
        assert_eq!(field("127.0.0.1:9000"), "127.0.0.1:9000");
        assert_eq!(field("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
    }

    #[test]
    fn a_name_is_no_formula() {
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("@SUM(1,1)"), "\"'@SUM(1,1)\"");
        for harmless in ["@/tmp/.X11-unix/X0", "/run/=1", "[::1]:9000", ""] {
            assert_eq!(field(harmless), harmless);
        }
    }
}
