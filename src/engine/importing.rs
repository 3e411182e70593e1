//! Captures on their way into a journal.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread::{self, Builder};

use crossbeam_channel::{Receiver, bounded};

use crate::model::{Cause, Failure, Imported, Operation, Row};
use crate::proto::capture::Importer;
use crate::store::capture::{CaptureEnd, read_capture};
use crate::store::journal::WholeJournal;

/// Bytes and rows that make a transaction.
const TRANSACTION_BYTES: usize = 8 << 20;
const TRANSACTION_ROWS: usize = 8_192;
/// Transactions that may wait to be written while the capture is read on.
const WAITING: usize = 2;

/// Makes a journal of a capture, where there is none yet. Before it is whole nobody sees it, and on failure nothing of it
/// stays. One thread reads the capture and another writes the journal: each has as much to do.
///
/// # Errors
/// The capture can't be read or is damaged, the journal can't be written or is there, or it was cancelled.
pub(super) fn import(capture: &Path, journal: &Path, cancelled: &AtomicBool) -> Result<Imported, Failure> {
    let written = WholeJournal::create(journal)?;
    thread::scope(|scope| {
        let (rows, queue) = bounded(WAITING);
        let writer = Builder::new()
            .name("import-write".to_owned())
            .spawn_scoped(scope, move || write(written, &queue))
            .map_err(|error| Failure::no_thread("import-write", &error))?;
        // Whoever doesn't take them any more says why.
        let send = |some: Vec<Row>| rows.send(some).map_err(|_| gone(journal));
        let mut importer = Importer::default();
        let read = read_capture(capture, cancelled, |packet| {
            importer.handle(packet);
            if importer.bytes() < TRANSACTION_BYTES && importer.rows() < TRANSACTION_ROWS {
                return Ok(());
            }
            send(importer.take_rows())
        })
        .and_then(|end| {
            let imported = importer.finish();
            send(importer.take_rows())?;
            Ok(Imported { cut: end == CaptureEnd::Cut, ..imported })
        });
        drop(rows);
        let written = writer.join().unwrap_or_else(|_| Err(gone(journal)))?;
        let imported = read?;
        written.finish()?;
        Ok(imported)
    })
}

fn write(mut journal: WholeJournal, queue: &Receiver<Vec<Row>>) -> Result<WholeJournal, Failure> {
    queue.iter().try_for_each(|rows| journal.append(&rows))?;
    Ok(journal)
}

fn gone(journal: &Path) -> Failure {
    Failure::new(Operation::WriteJournal, journal.display(), Cause::BrokenPipe)
}
