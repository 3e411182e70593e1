use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::codec::dump::hex_dump;
use crate::codec::encoding::Encoding;
use crate::codec::visible::visible;
use crate::model::{Direction, RowBody};
use crate::store::journal::columns::StoredRow;
use crate::store::journal::describe::describe;

/// `context` is what crossed just before, for a character that began there. The words are those of `.jsonl` in every
/// language of the window: such a file is searched by programs as well as by people.
pub(super) fn write_text(
    out: &mut dyn Write,
    stored: &StoredRow,
    encoding: Encoding,
    context: &[u8],
) -> io::Result<()> {
    let row = &stored.row;
    write!(out, "#{}  {}", stored.number, local_time(row.stamp.wall_ns))?;
    if let Some(kernel_ns) = row.stamp.kernel_ns {
        write!(out, "  kernel {}", local_time(kernel_ns))?;
    }
    write!(out, "  mono {}.{:09}", row.stamp.mono_ns / 1_000_000_000, row.stamp.mono_ns % 1_000_000_000)?;
    if let Some(session) = row.session {
        write!(out, "  session {session}")?;
    }
    if !row.peer.is_empty() {
        // No name that a peer chose can end the line, or reorder it.
        write!(out, "  {}", visible(&row.peer))?;
    }
    if let RowBody::Data { direction, .. } = &row.body {
        write!(out, "  {}  {} B", direction_word(*direction), stored.len)?;
    }
    writeln!(out, "  {}", visible(&describe(&row.body)))?;
    if let Some(note) = &stored.note {
        writeln!(out, "marked  {}", visible(note))?;
    }
    if !row.payload.is_empty() {
        let text = encoding.decode_piece(context, row.stream_offset, &row.payload).text;
        writeln!(out, "{}  {}", encoding.name(), visible(&text))?;
        writeln!(out, "{}", hex_dump(&row.payload).trim_end_matches('\n'))?;
    }
    if stored.cut() > 0 {
        writeln!(out, "{} B more were not kept", stored.cut())?;
    }
    writeln!(out)
}

/// A row's bytes below a line that says whether they came in (`I`) or went out (`O`) and when, as `text2pcap -D -t` reads
/// it, and one that says the rest. Rows without bytes have no place there.
pub(super) fn write_hex(out: &mut dyn Write, stored: &StoredRow) -> io::Result<bool> {
    let row = &stored.row;
    let RowBody::Data { direction, .. } = &row.body else { return Ok(false) };
    if row.payload.is_empty() {
        return Ok(false);
    }
    write!(out, "# {}  {}", stored.number, visible(&describe(&row.body)))?;
    if stored.cut() > 0 {
        write!(out, "  {} of {} B", row.payload.len(), stored.len)?;
    }
    if let Some(session) = row.session {
        write!(out, "  session {session}")?;
    }
    // Ended by a name, the comment would be taken for bytes.
    writeln!(out, "  {}", visible(&row.peer))?;
    let letter = match direction {
        Direction::In => 'I',
        Direction::Out => 'O',
    };
    let time = zoned(row.stamp.kernel_ns.unwrap_or(row.stamp.wall_ns), "%Y-%m-%d %H:%M:%S%.9f");
    writeln!(out, "{letter} {time}")?;
    writeln!(out, "{}\n", hex_dump(&row.payload).trim_end_matches('\n'))?;
    Ok(true)
}

pub(super) fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

/// By this machine's clock and zone, to the microsecond.
fn local_time(wall_ns: i64) -> String {
    zoned(wall_ns, "%Y-%m-%d %H:%M:%S%.6f%:z")
}

fn zoned(wall_ns: i64, form: &str) -> String {
    match Timestamp::from_nanosecond(i128::from(wall_ns)) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime(form).to_string(),
        Err(_) => format!("{wall_ns} ns"),
    }
}
