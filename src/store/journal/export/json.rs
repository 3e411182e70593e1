use std::io::{self, Write};

use serde::Serialize;

use crate::model::{Life, RowBody};
use crate::store::journal::columns::StoredRow;

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
    body: Body<'row>,
    stream_offset: u64,
    bytes: u64,
    /// Of `bytes`, those that are missing at the end of `hex`.
    #[serde(skip_serializing_if = "is_zero")]
    not_kept: u64,
    hex: String,
    /// Of a row that is marked, empty where nothing was written beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'row str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'row> {
    AsItIs(&'row RowBody),
    /// Without the peer, which stands before it in the words that all of a session's rows have for it.
    OfPeer(serde_json::Value),
}

impl<'row> Body<'row> {
    fn new(body: &'row RowBody) -> serde_json::Result<Self> {
        let RowBody::Life(Life::Accepted { .. } | Life::Connected { .. } | Life::Opened { .. }) = body else {
            return Ok(Self::AsItIs(body));
        };
        let mut fields = serde_json::to_value(body)?;
        if let Some(fields) = fields.as_object_mut() {
            fields.remove("peer");
        }
        Ok(Self::OfPeer(fields))
    }
}

pub(super) fn write_json(out: &mut dyn Write, stored: &StoredRow) -> io::Result<()> {
    let row = &stored.row;
    let json = JsonRow {
        number: stored.number,
        wall_ns: row.stamp.wall_ns,
        mono_ns: row.stamp.mono_ns,
        kernel_ns: row.stamp.kernel_ns,
        socket: row.socket.0,
        session: row.session.map(|session| session.0),
        peer: &row.peer,
        body: Body::new(&row.body)?,
        stream_offset: row.stream_offset,
        bytes: stored.len,
        not_kept: stored.cut(),
        hex: unbroken_hex(&row.payload),
        note: stored.note.as_deref(),
    };
    serde_json::to_writer(&mut *out, &json)?;
    out.write_all(b"\n")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

pub(super) fn unbroken_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
