//! A long journal, and what is made of it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sockeye::model::{Call, Direction, Life, Row, RowBody, SessionId, SocketId, Stamp};
use sockeye::store::journal::WholeJournal;

use super::support::machine::megabytes;
use super::support::room::{memory_folder, room};
use super::support::{Measured, Trouble};

/// Bytes in a row.
pub(crate) const PAYLOAD: usize = 64;
/// Every so many rows one says [`NEEDLE`].
pub(crate) const NEEDLE_EVERY: u64 = 1000;
pub(crate) const NEEDLE: &str = "needle";
/// Every so many rows one went out.
pub(crate) const OUT_EVERY: u64 = 10;

/// Peers of one listener.
const SESSIONS: u64 = 4;
/// 2026-11-23, in UTC.
const BEGIN_NS: i64 = 1_795_392_000_000_000_000;
/// Between two rows: 100,000 a second.
const STEP_NS: u64 = 10_000;
const ROWS_A_TRANSACTION: u64 = 50_000;
/// What a row takes in the journal, in a capture, and in the journal that is made of the capture.
const ROOM_A_ROW: u64 = 600;

/// Made when it is first asked for; gone when dropped.
pub(crate) struct Long {
    rows: u64,
    folder: OnceCell<tempfile::TempDir>,
    journal: OnceCell<PathBuf>,
}

impl Long {
    pub(crate) fn new(rows: u64) -> Self {
        Self { rows, folder: OnceCell::new(), journal: OnceCell::new() }
    }

    /// Rows with bytes.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// In words.
    pub(crate) fn name(&self) -> String {
        match self.rows {
            10_000_000 => "ten million rows".to_owned(),
            rows => format!("{rows} rows"),
        }
    }

    /// In memory, so that no disk is measured.
    pub(crate) fn folder(&self) -> Measured<&Path> {
        if self.folder.get().is_none() {
            let folder = memory_folder()?;
            let (there, needed) = (room(folder.path()), self.rows * ROOM_A_ROW);
            if there < needed {
                return Err(Trouble(format!("{} of room, and {} are needed", megabytes(there), megabytes(needed))));
            }
            // Nobody else sets it.
            self.folder.set(folder).ok();
        }
        self.folder.get().map(tempfile::TempDir::path).ok_or_else(|| Trouble("no folder".to_owned()))
    }

    pub(crate) fn journal(&self) -> Measured<&Path> {
        if self.journal.get().is_none() {
            let path = self.folder()?.join("long.sqlite");
            make(&path, self.rows)?;
            // As above.
            self.journal.set(path).ok();
        }
        self.journal.get().map(PathBuf::as_path).ok_or_else(|| Trouble("no journal".to_owned()))
    }
}

fn make(path: &Path, rows: u64) -> Measured<()> {
    let begun = Instant::now();
    let mut journal = WholeJournal::create(path).map_err(|failure| Trouble(failure.to_string()))?;
    let mut append = |rows: &[Row]| journal.append(rows).map_err(|failure| Trouble(failure.to_string()));
    append(&beginning())?;
    let mut random = 0x9e37_79b9_7f4a_7c15;
    let mut number = 0;
    while number < rows {
        let next = (number + ROWS_A_TRANSACTION).min(rows);
        let batch: Vec<Row> = (number..next).map(|number| row(number, &mut random)).collect();
        append(&batch)?;
        number = next;
    }
    journal.finish().map_err(|failure| Trouble(failure.to_string()))?;
    let size = std::fs::metadata(path)?.len();
    let took = begun.elapsed();
    println!(
        "made a journal of {rows} rows of {PAYLOAD} bytes, {} in {}, within {took:.1?}: {:.0} rows a second",
        megabytes(size),
        path.parent().unwrap_or(path).display(),
        rows as f64 / took.as_secs_f64()
    );
    Ok(())
}

fn peer(session: u64) -> String {
    format!("127.0.0.1:{}", 50_000 + session)
}

/// One listener, and its peers.
fn beginning() -> Vec<Row> {
    let row = |session: Option<u64>, life| Row {
        stamp: Stamp { wall_ns: BEGIN_NS, mono_ns: 0, kernel_ns: None },
        socket: SocketId(1),
        session: session.map(SessionId),
        peer: session.map(peer).unwrap_or_default(),
        body: RowBody::Life(life),
        stream_offset: 0,
        payload: Vec::new(),
    };
    let local = "udp://127.0.0.1:9000".to_owned();
    let accepted = |session| {
        let peer = format!("udp://{}", peer(session));
        row(Some(session), Life::Accepted { local: local.clone(), peer, process: None })
    };
    let listening = row(None, Life::Listening { endpoint: local.clone() });
    std::iter::once(listening).chain((1..=SESSIONS).map(accepted)).collect()
}

fn row(number: u64, random: &mut u64) -> Row {
    let session = 1 + number % SESSIONS;
    let (direction, call) = match number % OUT_EVERY {
        0 => (Direction::Out, Call::SendTo),
        _ => (Direction::In, Call::RecvFrom),
    };
    let word = if number % NEEDLE_EVERY == 1 { NEEDLE } else { "reading" };
    let mut payload = format!("{word} {number:010} t=21.5 ").into_bytes();
    while payload.len() < PAYLOAD {
        payload.extend(next(random).to_le_bytes());
    }
    payload.truncate(PAYLOAD);
    let mono_ns = (number + 1) * STEP_NS;
    let wall_ns = BEGIN_NS.saturating_add_unsigned(mono_ns);
    let kernel_ns = (direction == Direction::In).then_some(wall_ns - 2_000);
    Row {
        stamp: Stamp { wall_ns, mono_ns, kernel_ns },
        socket: SocketId(1),
        session: Some(SessionId(session)),
        peer: peer(session),
        body: RowBody::Data { direction, call, truncated: false },
        stream_offset: 0,
        payload,
    }
}

/// The same bytes in each run (xorshift).
fn next(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}
