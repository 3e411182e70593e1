//! Captures on their way into a journal.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::model::{Failure, Imported};
use crate::proto::capture::Importer;
use crate::store::capture::{CaptureEnd, read_capture};
use crate::store::journal::WholeJournal;

/// Bytes and rows that make a transaction.
const TRANSACTION_BYTES: usize = 8 << 20;
const TRANSACTION_ROWS: usize = 65_536;

/// Makes a journal of a capture, where there is none yet. Before it is whole nobody sees it, and on failure nothing of it stays.
///
/// # Errors
/// The capture can't be read or is damaged, the journal can't be written or is there, or it was cancelled.
pub(super) fn import(capture: &Path, journal: &Path, cancelled: &AtomicBool) -> Result<Imported, Failure> {
    let mut journal = WholeJournal::create(journal)?;
    let mut importer = Importer::default();
    let end = read_capture(capture, cancelled, |packet| {
        importer.handle(packet);
        if importer.bytes() < TRANSACTION_BYTES && importer.rows() < TRANSACTION_ROWS {
            return Ok(());
        }
        journal.append(&importer.take_rows())
    })?;
    let imported = importer.finish();
    journal.append(&importer.take_rows())?;
    journal.finish()?;
    Ok(Imported { cut: end == CaptureEnd::Cut, ..imported })
}
