//! Captures on their way into a journal.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::model::{Failure, Imported};
use crate::proto::capture::Importer;
use crate::store::capture::{CaptureEnd, read_capture};
use crate::store::journal::JournalWriter;

/// Bytes and rows that make a transaction.
const TRANSACTION_BYTES: usize = 8 << 20;
const TRANSACTION_ROWS: usize = 65_536;

/// Makes a journal of a capture, where there is none yet. On failure nothing of it stays.
///
/// # Errors
/// The capture can't be read or is damaged, the journal can't be written or is there, or it was cancelled.
pub(super) fn import(capture: &Path, journal: &Path, cancelled: &AtomicBool) -> Result<Imported, Failure> {
    let mut writer = JournalWriter::create_whole(journal)?;
    let mut importer = Importer::default();
    let imported = read_capture(capture, cancelled, |packet| {
        importer.handle(packet);
        if importer.bytes() < TRANSACTION_BYTES && importer.rows() < TRANSACTION_ROWS {
            return Ok(());
        }
        writer.append(&importer.take_rows()).map(drop)
    })
    .and_then(|end| {
        let imported = importer.finish();
        writer.append(&importer.take_rows())?;
        writer.finish_whole()?;
        Ok(Imported { cut: end == CaptureEnd::Cut, ..imported })
    });
    if imported.is_err() {
        writer.discard();
    }
    imported
}
