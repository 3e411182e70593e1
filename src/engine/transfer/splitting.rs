//! A plain sender's file stored anew, with the border between name and content elsewhere.

use std::path::Path;

use crate::engine::stop::Stop;
use crate::model::{Cause, Failure, Notice, Operation, StreamHead};
use crate::proto::plain_file::PlainReceiver;
use crate::store::inbox::Inbox;
use crate::store::source::Source;

/// Bytes copied at a time.
const PIECE: usize = 1 << 20;

/// Makes another file of the stream that one at `path` came of. Blocks until it is there, or a stop is requested.
///
/// # Errors
/// The file is gone or is another one by now, or what the system says of either. Nothing of the new one is left then.
pub(in crate::engine) fn split(path: &Path, head: &StreamHead, at: usize, stop: &Stop) -> Result<Notice, Failure> {
    let at = at.min(head.bytes.len());
    let mut source = Source::open(path)?;
    let mut piece = vec![0; PIECE.max(head.bytes.len())];
    let in_file = head.bytes.get(head.name_len..).unwrap_or_default();
    let begin = &mut piece[..in_file.len()];
    let mut read = 0;
    while read < begin.len() {
        match source.read(&mut begin[read..])? {
            0 => break,
            count => read += count,
        }
    }
    if read < in_file.len() || begin != in_file {
        return Err(Failure::new(Operation::ReadFile, path.display(), Cause::SourceChanged));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut incoming = Inbox::open(folder)?.create(&PlainReceiver::name_of(&head.bytes[..at]))?;
    let mut copy = || {
        incoming.write(&head.bytes[at..])?;
        loop {
            match source.read(&mut piece)? {
                0 => return source.check_unchanged(),
                _ if stop.is_requested() => {
                    return Err(Failure::new(Operation::WriteFile, path.display(), Cause::Cancelled));
                }
                count => incoming.write(&piece[..count])?,
            }
        }
    };
    if let Err(failure) = copy() {
        // All of it is in the file that it is made of.
        incoming.discard();
        return Err(failure);
    }
    let size = incoming.written();
    let path = incoming.finish_or_discard()?;
    Ok(Notice::SplitMoved { path: path.display().to_string(), size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CloseReason;

    #[test]
    fn nothing_is_left_of_one_that_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        // Its stream was longer than what is kept of the beginning.
        std::fs::write(&path, b"content and more").unwrap();
        let head = StreamHead { bytes: b"namecontent".to_vec(), name_len: 4 };
        let stop = Stop::new();
        stop.request(CloseReason::Stopped);
        let failure = split(&path, &head, 2, &stop).unwrap_err();
        assert_eq!(failure.cause, Cause::Cancelled);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["name"]);
    }
}
