//! Captures on disk: pcap and pcapng.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::codec::capture::reader::{CaptureError, Packet, RECORD_MAX, Read, Reader};
use crate::model::{Cause, Failure, Operation};
use crate::store::advice::file_failure;
use crate::store::journal::is_database;

/// Bytes that are read at once; more than any record has.
const BUFFER: usize = 4 * RECORD_MAX;

/// How a capture ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureEnd {
    Whole,
    /// In the middle of a packet, as when its writer was killed.
    Cut,
}

/// Reads a capture from its first packet to its last. Memory is bounded, whatever the file says of its lengths.
///
/// # Errors
/// What the system says of the file; damage, with its place; [`Cause::Cancelled`] once the flag is set; or the failure of
/// `use_packet`.
pub fn read_capture(
    path: &Path,
    cancelled: &AtomicBool,
    mut use_packet: impl FnMut(&Packet<'_>) -> Result<(), Failure>,
) -> Result<CaptureEnd, Failure> {
    let read_failed = |error: io::Error| file_failure(Operation::ReadFile, path.display(), &error);
    let damaged = |CaptureError { at, problem }: CaptureError| {
        let cause = Cause::CaptureDamaged { at, problem };
        Failure::new(Operation::ReadFile, path.display(), cause)
    };
    let mut file = open(path)?;
    let mut reader = Reader::default();
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    let mut at = 0;
    loop {
        match reader.read(&buffer[at..filled]).map_err(damaged)? {
            Read::Used(used, packet) => {
                if let Some(packet) = packet {
                    use_packet(&packet)?;
                }
                let left = (filled - at) as u64;
                if used <= left {
                    at += used as usize;
                    continue;
                }
                (at, filled) = (0, 0);
                // What nobody looks at need not be read. A seek beyond the end shows as the end.
                file.seek(SeekFrom::Current((used - left).cast_signed())).map_err(read_failed)?;
            }
            Read::More(_) => {
                if cancelled.load(Ordering::Acquire) {
                    return Err(Failure::new(Operation::ReadFile, path.display(), Cause::Cancelled));
                }
                buffer.copy_within(at..filled, 0);
                (at, filled) = (0, filled - at);
                let count = read_some(&mut file, &mut buffer[filled..]).map_err(read_failed)?;
                if count == 0 {
                    let is_whole = filled == 0 && is_at_end(&mut file).map_err(read_failed)?;
                    return Ok(if is_whole { CaptureEnd::Whole } else { CaptureEnd::Cut });
                }
                filled += count;
            }
        }
    }
}

/// Whether a file is a database, as journals are and captures are not. Nobody holds an empty one, which is neither.
#[must_use]
pub fn may_be_journal(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0) && is_database(path)
}

/// Whether a file begins as a capture does. A database, which may be in use in this process, is looked at as one alone.
///
/// # Errors
/// What the system says of the file.
pub fn is_capture(path: &Path) -> Result<bool, Failure> {
    if may_be_journal(path) {
        return Ok(false);
    }
    let mut head = [0; 32];
    let mut file = open(path)?;
    let count =
        read_some(&mut file, &mut head).map_err(|error| file_failure(Operation::ReadFile, path.display(), &error))?;
    Ok(Reader::default().read(&head[..count]).is_ok())
}

fn open(path: &Path) -> Result<File, Failure> {
    let failed = |error: io::Error| file_failure(Operation::OpenFile, path.display(), &error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(Failure::new(Operation::OpenFile, path.display(), Cause::NotARegularFile));
    }
    File::open(path).map_err(failed)
}

/// False where a block that nobody looked at reaches beyond the end.
fn is_at_end(file: &mut File) -> io::Result<bool> {
    Ok(file.stream_position()? <= file.metadata()?.len())
}

fn read_some(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
