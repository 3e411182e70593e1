//! Rows as columns of the table, and back.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ffi};

use super::marks::Marks;
use super::matcher::Candidate;
use super::visit::Columns;
use crate::model::{Call, Cause, Direction, Failure, Operation, PageRow, Row, RowBody, SessionId, SocketId, Stamp};

/// All columns, in the order that [`Insert`] and [`read`] count on.
macro_rules! columns {
    () => {
        "number, wall_ns, mono_ns, kernel_ns, socket, session, peer, kind, direction, call, truncated, body, \
         stream_offset, previous, len"
    };
}

pub(super) const INSERT: &str = concat!(
    "INSERT INTO rows (",
    columns!(),
    ", payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
);

/// One row with the first [`PageRow::PREVIEW_MAX`] bytes of its payload.
pub(super) const SELECT_PREVIEW: &str =
    concat!("SELECT ", columns!(), ", substr(payload, 1, 512) FROM rows WHERE number = ?1");

const _: () = assert!(PageRow::PREVIEW_MAX == 512);

/// At most `?3` whole rows with numbers from `?1` to `?2`.
pub(super) const SELECT_RANGE: &str =
    concat!("SELECT ", columns!(), ", payload FROM rows WHERE number BETWEEN ?1 AND ?2 ORDER BY number LIMIT ?3");

/// What [`RowRef::read`] looks at, in the places of [`SELECT_RANGE`].
pub(super) const ROW_REF: &str = "number, wall_ns, NULL, kernel_ns, socket, session, peer, kind, direction, call, \
                                  truncated, body, stream_offset, NULL, len, payload";

/// The values of column `kind`.
pub(super) mod kind {
    pub(in crate::store::journal) const DATA: i64 = 0;
    pub(in crate::store::journal) const LIFE: i64 = 1;
    pub(in crate::store::journal) const FILE: i64 = 2;
    pub(in crate::store::journal) const FAILED: i64 = 3;
    pub(in crate::store::journal) const NOTICE: i64 = 4;
}

fn kind_of(body: &RowBody) -> i64 {
    match body {
        RowBody::Data { .. } => kind::DATA,
        RowBody::Life(_) => kind::LIFE,
        RowBody::File { .. } => kind::FILE,
        RowBody::Failed { .. } => kind::FAILED,
        RowBody::Notice { .. } => kind::NOTICE,
    }
}

/// The value of column `direction`.
pub(super) fn direction_code(direction: Option<Direction>) -> i64 {
    match direction {
        None => 0,
        Some(Direction::In) => 1,
        Some(Direction::Out) => 2,
    }
}

fn direction_of(body: &RowBody) -> Option<Direction> {
    match body {
        RowBody::Data { direction, .. } | RowBody::File { direction, .. } => Some(*direction),
        RowBody::Life(_) | RowBody::Failed { .. } | RowBody::Notice { .. } => None,
    }
}

fn call_code(call: Call) -> i64 {
    match call {
        Call::Recv => 1,
        Call::Send => 2,
        Call::RecvFrom => 3,
        Call::SendTo => 4,
        Call::RecvMsg => 5,
        Call::SendMsg => 6,
    }
}

fn call_from_code(code: i64) -> Option<Call> {
    use Call::{Recv, RecvFrom, RecvMsg, Send, SendMsg, SendTo};
    [Recv, Send, RecvFrom, SendTo, RecvMsg, SendMsg].into_iter().find(|call| call_code(*call) == code)
}

/// [`INSERT`] with what is bound to it, which `SQLite` keeps from one row to the next: most columns of a row are those of
/// the row before, and to bind one takes longer than to see that.
pub(super) struct Insert<'a, 'rows> {
    statement: CachedStatement<'a>,
    /// `None` for what is not worth keeping, or isn't known.
    bound: [Option<ValueRef<'rows>>; 16],
}

impl<'a, 'rows> Insert<'a, 'rows> {
    /// # Errors
    /// What `SQLite` says of the statement.
    pub(super) fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self { statement: connection.prepare_cached(INSERT)?, bound: [None; 16] })
    }

    /// Inserts a row. Without a number `SQLite` gives it the one after the highest, which takes it less time than to make
    /// sure that a given one is free.
    ///
    /// # Errors
    /// A write error.
    pub(super) fn insert(
        &mut self,
        number: Option<u64>,
        previous: Option<u64>,
        row: &'rows Row,
        snap_length: Option<u32>,
    ) -> rusqlite::Result<()> {
        let integer = ValueRef::Integer;
        let or_null = |value: Option<i64>| value.map_or(ValueRef::Null, ValueRef::Integer);
        self.bind(1, or_null(number.map(u64::cast_signed)))?;
        self.bind(2, integer(row.stamp.wall_ns))?;
        self.bind(3, integer(row.stamp.mono_ns.cast_signed()))?;
        self.bind(4, or_null(row.stamp.kernel_ns))?;
        self.bind(5, integer(row.socket.0.cast_signed()))?;
        self.bind(6, or_null(row.session.map(|session| session.0.cast_signed())))?;
        self.bind(7, ValueRef::Text(row.peer.as_bytes()))?;
        self.bind(8, integer(kind_of(&row.body)))?;
        self.bind(9, integer(direction_code(direction_of(&row.body))))?;
        if let RowBody::Data { call, truncated, .. } = &row.body {
            self.bind(10, integer(call_code(*call)))?;
            self.bind(11, integer((*truncated).into()))?;
            self.bind(12, ValueRef::Null)?;
        } else {
            self.bind(10, ValueRef::Null)?;
            self.bind(11, integer(0))?;
            self.bound[11] = None;
            self.statement.raw_bind_parameter(12, to_json(&row.body)?)?;
        }
        self.bind(13, integer(row.stream_offset.cast_signed()))?;
        self.bind(14, or_null(previous.map(u64::cast_signed)))?;
        self.bind(15, integer(row.payload.len() as u64 as i64))?;
        let kept = snap_length.map_or(row.payload.len(), |most| row.payload.len().min(most as usize));
        self.statement.raw_bind_parameter(16, &row.payload[..kept])?;
        self.statement.raw_execute().map(drop)
    }

    fn bind(&mut self, place: usize, value: ValueRef<'rows>) -> rusqlite::Result<()> {
        if self.bound[place - 1] == Some(value) {
            return Ok(());
        }
        self.statement.raw_bind_parameter(place, ToSqlOutput::Borrowed(value))?;
        self.bound[place - 1] = Some(value);
        Ok(())
    }
}

fn to_json(body: &RowBody) -> rusqlite::Result<String> {
    serde_json::to_string(body).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A row's columns as they lie in the file, for those that read millions of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowRef<'row> {
    pub(super) number: u64,
    pub(super) wall_ns: i64,
    pub(super) kernel_ns: Option<i64>,
    pub(super) socket: u64,
    pub(super) session: Option<u64>,
    pub(super) peer: &'row [u8],
    /// As [`kind`] has it.
    pub(super) kind: i64,
    pub(super) direction: Option<Direction>,
    pub(super) call: Option<Call>,
    pub(super) truncated: bool,
    /// JSON, empty for data.
    pub(super) body: &'row [u8],
    pub(super) stream_offset: u64,
    /// Of the whole payload.
    pub(super) len: u64,
    /// Shorter where a snap length cut it.
    pub(super) payload: &'row [u8],
}

impl<'row> RowRef<'row> {
    /// Reads a row of [`SELECT_RANGE`] or [`ROW_REF`]. What can't be right in a damaged file reads as 0, empty or none.
    pub(super) fn read(columns: &'row impl Columns) -> rusqlite::Result<Self> {
        let kind = signed(columns, 7)?.unwrap_or(-1);
        Ok(Self {
            number: unsigned(columns, 0)?.unwrap_or(0),
            wall_ns: signed(columns, 1)?.unwrap_or(0),
            kernel_ns: signed(columns, 3)?,
            socket: unsigned(columns, 4)?.unwrap_or(0),
            session: unsigned(columns, 5)?,
            peer: bytes(columns, 6)?,
            kind,
            direction: direction(columns)?,
            call: signed(columns, 9)?.and_then(call_from_code),
            truncated: signed(columns, 10)?.unwrap_or(0) != 0,
            body: if kind == kind::DATA { &[] } else { bytes(columns, 11)? },
            stream_offset: unsigned(columns, 12)?.unwrap_or(0),
            len: unsigned(columns, 14)?.unwrap_or(0),
            payload: bytes(columns, 15)?,
        })
    }

    /// Bytes at its end that a snap length cut.
    pub(super) fn cut(&self) -> u64 {
        self.len.saturating_sub(self.payload.len() as u64)
    }

    /// What a filter looks at.
    pub(super) fn candidate(&self, marks: &Marks) -> Candidate<'row> {
        Candidate {
            number: self.number,
            wall_ns: self.wall_ns,
            kind: self.kind,
            socket: self.socket.cast_signed(),
            session: self.session.map(u64::cast_signed),
            direction: direction_code(self.direction),
            peer: self.peer,
            body: self.body,
            len: self.len,
            payload: self.payload,
            is_marked: marks.contains(self.number),
        }
    }
}

fn stamp(columns: &rusqlite::Row<'_>) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        wall_ns: signed(columns, 1)?.unwrap_or(0),
        mono_ns: unsigned(columns, 2)?.unwrap_or(0),
        kernel_ns: signed(columns, 3)?,
    })
}

fn direction(columns: &impl Columns) -> rusqlite::Result<Option<Direction>> {
    Ok(signed(columns, 8)?.and_then(direction_of_code))
}

/// What a value of column `direction` stands for; `None` for none.
pub(super) fn direction_of_code(code: i64) -> Option<Direction> {
    [Direction::In, Direction::Out].into_iter().find(|direction| direction_code(Some(*direction)) == code)
}

/// A row as it stands in the file.
#[derive(Debug, PartialEq)]
pub(super) struct StoredRow {
    pub(super) number: u64,
    pub(super) previous: Option<u64>,
    /// Length of the whole payload.
    pub(super) len: u64,
    /// As [`super::marks::Marks`] has it, for those who look there.
    pub(super) note: Option<String>,
    /// `row.payload` holds what the query asked for.
    pub(super) row: Row,
}

impl StoredRow {
    /// Bytes at its end that a snap length cut, where the query asked for the whole payload.
    pub(super) fn cut(&self) -> u64 {
        self.len.saturating_sub(self.row.payload.len() as u64)
    }
}

/// Reads a row of [`SELECT_PREVIEW`] or [`SELECT_RANGE`]. What can't be right in a damaged file reads as 0, empty or,
/// for the body, as a failure that says so: one bad value must not hide the rest of a page.
pub(super) fn read(columns: &rusqlite::Row<'_>) -> rusqlite::Result<StoredRow> {
    let number = unsigned(columns, 0)?.unwrap_or(0);
    let direction = direction(columns)?;
    let body = if signed(columns, 7)? == Some(kind::DATA) {
        let call = signed(columns, 9)?.and_then(call_from_code);
        match (direction, call) {
            (Some(direction), Some(call)) => {
                Ok(RowBody::Data { direction, call, truncated: signed(columns, 10)?.unwrap_or(0) != 0 })
            }
            _ => Err("neither a direction nor a call".to_owned()),
        }
    } else {
        serde_json::from_slice(bytes(columns, 11)?).map_err(|error| error.to_string())
    };
    let body = body.unwrap_or_else(|message| RowBody::Failed {
        failure: Failure::new(Operation::ReadFile, format_args!("row {number}"), Cause::Other { message, errno: None }),
    });
    let row = Row {
        stamp: stamp(columns)?,
        socket: SocketId(unsigned(columns, 4)?.unwrap_or(0)),
        session: unsigned(columns, 5)?.map(SessionId),
        peer: String::from_utf8_lossy(bytes(columns, 6)?).into_owned(),
        body,
        stream_offset: unsigned(columns, 12)?.unwrap_or(0),
        payload: bytes(columns, 15)?.to_vec(),
    };
    Ok(StoredRow {
        number,
        previous: unsigned(columns, 13)?,
        len: unsigned(columns, 14)?.unwrap_or(0),
        note: None,
        row,
    })
}

/// The integer in a column; `None` if there is none.
pub(super) fn signed(columns: &impl Columns, index: usize) -> rusqlite::Result<Option<i64>> {
    Ok(match columns.value(index)? {
        ValueRef::Integer(value) => Some(value),
        _ => None,
    })
}

pub(super) fn unsigned(columns: &impl Columns, index: usize) -> rusqlite::Result<Option<u64>> {
    Ok(signed(columns, index)?.map(i64::cast_unsigned))
}

/// The bytes of a text or blob; empty if it is neither.
pub(super) fn bytes(columns: &impl Columns, index: usize) -> rusqlite::Result<&[u8]> {
    Ok(match columns.value(index)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        _ => &[],
    })
}

/// The number that those of all rows exceed. Numbers begin at 1; what has another in a damaged file is no row.
macro_rules! last_cleared {
    () => {
        "coalesce((SELECT max(0, CAST(last_cleared AS INTEGER)) FROM meta), 0)"
    };
}
pub(super) use last_cleared;

/// One statement: between two, another connection might clear the journal.
const EXTENT: &str = concat!(
    "SELECT (SELECT min(number) FROM rows WHERE number > ",
    last_cleared!(),
    "), (SELECT max(number) FROM rows WHERE number > ",
    last_cleared!(),
    ")"
);

/// What `SQLite` says of a file in which something can't be as it is.
pub(super) fn damaged() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None)
}

/// First and last number in the journal; `None` when it has no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Extent {
    /// Two look-ups at the ends of the tree, however long the journal is.
    pub(super) fn read(connection: &rusqlite::Connection) -> rusqlite::Result<Option<Self>> {
        let mut statement = connection.prepare_cached(EXTENT)?;
        statement.query_row((), |columns| {
            match (unsigned(columns, 0)?, unsigned(columns, 1)?) {
                (Some(first), Some(last)) if (1..=last).contains(&first) && last <= i64::MAX.cast_unsigned() => {
                    Ok(Some(Self { first, last }))
                }
                (None, None) => Ok(None),
                // A damaged file's tree has its rows in no order.
                _ => Err(damaged()),
            }
        })
    }

    /// Rows, by the schema's invariant that numbers have no gaps.
    pub(super) fn count(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }
}
