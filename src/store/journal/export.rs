//! Saving a journal, or the part of it that a filter lets through, to a file of the user's.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::Serialize;

use super::columns::{self, Extent, StoredRow, direction_code};
use super::connection::failure;
use super::describe::describe;
use super::matcher::{Candidate, Matcher};
use super::reader::read_context;
use crate::codec::encoding::Encoding;
use crate::codec::visible::visible;
use crate::model::{Cause, Direction, Failure, Operation, RowBody, ShownAs};
use crate::store::advice::file_failure;
use crate::store::replacement::Replacement;

/// Rows read in one transaction: a longer one would keep the writer's log from being copied into the file.
const ROWS_A_BATCH: i64 = 1024;

/// See [`super::JournalReader::save`].
pub(super) fn save(
    connection: &Connection,
    journal: &Path,
    path: &Path,
    matcher: &Matcher,
    shown_as: &ShownAs,
    cancelled: &AtomicBool,
) -> Result<u64, Failure> {
    let write_failed = |error: &io::Error| file_failure(Operation::WriteFile, path.display(), error);
    let copy =
        Replacement::create(path).map_err(|error| file_failure(Operation::CreateFile, path.display(), &error))?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let rows = if extension.eq_ignore_ascii_case("sqlite") {
        vacuum_into(connection, copy.temporary_path()).map_err(|error| failure(Operation::WriteFile, path, &error))?
    } else {
        let json = extension.eq_ignore_ascii_case("jsonl");
        let read_failed = |error: rusqlite::Error| failure(Operation::ReadFile, journal, &error);
        let mut out = BufWriter::with_capacity(1 << 20, copy.file());
        let mut rows = 0;
        for_each(connection, journal, matcher, |first, stored| {
            check(cancelled, path)?;
            rows += 1;
            let written = if json {
                write_json(&mut out, stored)
            } else {
                let encoding = shown_as.encoding(stored.row.socket, stored.row.session);
                let context = read_context(connection, first, stored).map_err(read_failed)?;
                write_text(&mut out, stored, encoding, &context)
            };
            written.map_err(|error| write_failed(&error))
        })?;
        out.flush().map_err(|error| write_failed(&error))?;
        drop(out);
        rows
    };
    check(cancelled, path)?;
    copy.commit().map_err(|error| file_failure(Operation::FinishFile, path.display(), &error))?;
    Ok(rows)
}

fn check(cancelled: &AtomicBool, path: &Path) -> Result<(), Failure> {
    if cancelled.load(Ordering::Acquire) {
        return Err(Failure::new(Operation::WriteFile, path.display(), Cause::Cancelled));
    }
    Ok(())
}

/// A compact copy as of now, see `sqlite.org/lang_vacuum.html`; the target is an empty file.
fn vacuum_into(connection: &Connection, target: &Path) -> rusqlite::Result<u64> {
    // Bound as the bytes it is made of: a path need not be UTF-8.
    let target = target.as_os_str().as_encoded_bytes();
    let target = [ToSqlOutput::Borrowed(ValueRef::Text(target))];
    connection.execute("VACUUM INTO ?1", target.clone())?;
    let rows = Extent::read(connection)?.map_or(0, Extent::count);
    connection.execute("ATTACH ?1 AS copy", target)?;
    let removed = remove_cleared(connection);
    connection.execute_batch("DETACH copy")?;
    removed.map(|()| rows)
}

/// Rows that were cleared and are still in the file are nothing to hand on.
fn remove_cleared(connection: &Connection) -> rusqlite::Result<()> {
    let removed =
        connection.execute("DELETE FROM copy.rows WHERE number <= (SELECT last_cleared FROM copy.meta)", ())?;
    if removed > 0 { connection.execute_batch("VACUUM copy") } else { Ok(()) }
}

/// Calls for every row that matches, was there at the start and was not cleared since, with the first that is there now.
fn for_each(
    connection: &Connection,
    journal: &Path,
    matcher: &Matcher,
    mut use_row: impl FnMut(u64, &StoredRow) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let read_failed = |error: rusqlite::Error| failure(Operation::ReadFile, journal, &error);
    let Some(Extent { first, last }) = Extent::read(connection).map_err(read_failed)? else { return Ok(()) };
    let mut next = first;
    let mut select = connection.prepare_cached(columns::SELECT_RANGE).map_err(read_failed)?;
    loop {
        let _snapshot = connection.unchecked_transaction().map_err(read_failed)?;
        let Some(extent) = Extent::read(connection).map_err(read_failed)? else { return Ok(()) };
        next = next.max(extent.first);
        let mut seen = 0;
        let mut rows = select.query((next.cast_signed(), last.cast_signed(), ROWS_A_BATCH)).map_err(read_failed)?;
        while let Some(row) = rows.next().map_err(read_failed)? {
            let stored = columns::read(row).map_err(read_failed)?;
            seen += 1;
            next = stored.number.saturating_add(1);
            if matcher.matches(&candidate(row, &stored).map_err(read_failed)?) {
                use_row(extent.first, &stored)?;
            }
        }
        if seen < ROWS_A_BATCH {
            return Ok(());
        }
    }
}

fn candidate<'row>(columns: &'row rusqlite::Row<'_>, stored: &'row StoredRow) -> rusqlite::Result<Candidate<'row>> {
    Ok(Candidate {
        kind: columns::signed(columns, 7)?.unwrap_or(-1),
        socket: stored.row.socket.0.cast_signed(),
        session: stored.row.session.map(|session| session.0.cast_signed()),
        direction: columns::signed(columns, 8)?.unwrap_or(direction_code(None)),
        peer: stored.row.peer.as_bytes(),
        body: columns::bytes(columns, 11)?,
        payload: &stored.row.payload,
    })
}

/// One line of a saved `.jsonl`.
#[derive(Serialize)]
struct JsonRow<'row> {
    number: u64,
    wall_ns: i64,
    mono_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel_ns: Option<i64>,
    socket: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<u64>,
    peer: &'row str,
    #[serde(flatten)]
    body: &'row RowBody,
    stream_offset: u64,
    bytes: u64,
    hex: String,
}

fn write_json(out: &mut dyn Write, stored: &StoredRow) -> io::Result<()> {
    let row = &stored.row;
    let json = JsonRow {
        number: stored.number,
        wall_ns: row.stamp.wall_ns,
        mono_ns: row.stamp.mono_ns,
        kernel_ns: row.stamp.kernel_ns,
        socket: row.socket.0,
        session: row.session.map(|session| session.0),
        peer: &row.peer,
        body: &row.body,
        stream_offset: row.stream_offset,
        bytes: stored.len,
        hex: unbroken_hex(&row.payload),
    };
    serde_json::to_writer(&mut *out, &json)?;
    out.write_all(b"\n")
}

fn unbroken_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// `context` is what crossed just before, for a character that began there. The words are those of `.jsonl` in every
/// language of the window: such a file is searched by programs as well as by people.
fn write_text(out: &mut dyn Write, stored: &StoredRow, encoding: Encoding, context: &[u8]) -> io::Result<()> {
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
        write!(out, "  {}", row.peer)?;
    }
    if let RowBody::Data { direction, .. } = &row.body {
        let direction = match direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        write!(out, "  {direction}  {} B", stored.len)?;
    }
    writeln!(out, "  {}", describe(&row.body))?;
    if !row.payload.is_empty() {
        let text = encoding.decode_piece(context, row.stream_offset, &row.payload).text;
        writeln!(out, "{}  {}", encoding.name(), visible(&text))?;
        let dump = crate::codec::dump::hex_dump(&row.payload);
        writeln!(out, "{}", dump.trim_end_matches('\n'))?;
    }
    writeln!(out)
}

/// By this machine's clock and zone, to the microsecond.
fn local_time(wall_ns: i64) -> String {
    match Timestamp::from_nanosecond(i128::from(wall_ns)) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.6f%:z").to_string(),
        Err(_) => format!("{wall_ns} ns"),
    }
}
