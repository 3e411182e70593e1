//! The files of a capture: one for each kind of packets, since those who read captures refuse several in one.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;

use super::flows::{Flows, Standing};
use super::{Export, NextBatch};
use crate::codec::capture::{LinkType, pcapng};
use crate::model::{Failure, Operation, Saved};
use crate::store::advice::file_failure;
use crate::store::destination::Destination;
use crate::store::replacement::{Replacement, remove};

/// Bytes that are handed to the system at once.
const PIECE: usize = 1 << 20;

/// How many names are tried for a file beside the one that was asked for.
const NAMES: u32 = 1000;

/// Who writes, as the files say.
const PROGRAM: &str = concat!("Sockeye ", env!("CARGO_PKG_VERSION"));

/// What the files say of themselves.
const COMMENT: &str = "Made of a journal of socket calls: headers are synthesised, none of them was on a wire. A packet \
                       stands for a call, whose row its comment names; what two sockets of the same journal said to each \
                       other is there from both sides. What came in has the time at which the kernel received it, where \
                       it told; what went out and what became of a connection, the time after the call. So an answer \
                       may bear an earlier time than what it answers. No handshake is later than what follows it.";

/// The kinds of packets, in the order in which one of them gets the name that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ethernet, with IP or whatever else a link carries.
    Link,
    Unix,
    Can,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Link, Self::Unix, Self::Can];

    fn link_type(self) -> LinkType {
        match self {
            Self::Link => LinkType::ETHERNET,
            Self::Unix => LinkType::UPPER_PDU,
            Self::Can => LinkType::CAN,
        }
    }

    /// What stands in the name of a file beside the one that was asked for.
    fn word(self) -> &'static str {
        match self {
            Self::Link => "ip",
            Self::Unix => "unix",
            Self::Can => "can",
        }
    }
}

/// Beside a pipe or a device nothing can be put: what comes out of it is of one kind, the others are counted.
pub(super) fn save(export: &Export<'_>, rows: NextBatch<'_>) -> Result<Saved, Failure> {
    // Whether it can be written to at all shows at once.
    let mut files = match export.destination()? {
        Destination::File(file) => {
            let mut files = Files::new(export, Room::Folder);
            files.files[Kind::Link as usize] = Some(CaptureFile::new(Some(Destination::File(file))));
            files
        }
        outlet @ Destination::Outlet(_) => {
            let mut kinds = Files::new(export, Room::Nowhere);
            let mut all = export.batches()?;
            write_rows(export, &mut || all.next_batch(), &mut kinds)?;
            let mut files = Files::new(export, Room::One);
            files.files[kinds.first() as usize] = Some(CaptureFile::new(Some(outlet)));
            files
        }
    };
    let saved = write_rows(export, rows, &mut files)?;
    files.finish(saved)
}

fn write_rows(export: &Export<'_>, next_batch: NextBatch<'_>, files: &mut Files<'_>) -> Result<Saved, Failure> {
    let mut flows = Flows::default();
    let mut saved = Saved::default();
    while let Some(batch) = next_batch()? {
        export.check()?;
        for (matches, row) in batch.iter() {
            let standing = flows.take(&row, matches, files).map_err(|error| export.write_failed(&error))?;
            match (standing, std::mem::take(&mut files.had_no_room)) {
                (Standing::Written, false) => saved.rows += 1,
                (Standing::Written, true) => saved.of_another_kind += 1,
                (Standing::LeftOut, _) => saved.left_out += 1,
                (Standing::Unseen, _) => {}
            }
        }
    }
    flows.finish(files).map_err(|error| export.write_failed(&error))?;
    Ok(saved)
}

/// Where files of further kinds can be.
#[derive(Clone, Copy, Debug)]
enum Room {
    /// Beside the one that was asked for.
    Folder,
    /// There is one, and no other can be.
    One,
    /// None is written: it is asked of which kinds they would be.
    Nowhere,
}

/// The files that packets go to.
pub(super) struct Files<'a> {
    export: &'a Export<'a>,
    files: [Option<CaptureFile>; 3],
    room: Room,
    /// A packet was not written since this was last looked at, for it is of another kind than the one that there is.
    had_no_room: bool,
}

struct CaptureFile {
    /// `None` with [`Room::Nowhere`].
    to: Option<Destination>,
    waiting: Vec<u8>,
    /// Numbers of the interfaces, one for each listener or client.
    interfaces: HashMap<u64, u32>,
    /// Of the packet before, which most often is that of the next one too.
    latest: Option<(u64, u32)>,
}

impl<'a> Files<'a> {
    fn new(export: &'a Export<'a>, room: Room) -> Self {
        Self { export, files: [None, None, None], room, had_no_room: false }
    }

    /// A packet that carries these bytes, and so many more that nobody kept.
    ///
    /// # Errors
    /// The file can't be made, or written.
    pub(super) fn write(
        &mut self,
        kind: Kind,
        socket: u64,
        head: pcapng::PacketHead<'_>,
        headers: &[u8],
        (carried, missing): (&[u8], usize),
    ) -> io::Result<()> {
        let Some(file) = self.file(kind)? else {
            self.had_no_room = true;
            return Ok(());
        };
        let interface = file.interface(kind, socket);
        let head = pcapng::PacketHead { interface, ..head };
        pcapng::packet_in_part(&mut file.waiting, &head, headers, carried, missing);
        if file.waiting.len() >= PIECE { file.flush() } else { Ok(()) }
    }

    fn file(&mut self, kind: Kind) -> io::Result<Option<&mut CaptureFile>> {
        let place = &mut self.files[kind as usize];
        if place.is_none() {
            let to = match self.room {
                Room::Folder => Some(Destination::File(Replacement::create(self.export.path)?)),
                Room::One => return Ok(None),
                Room::Nowhere => None,
            };
            *place = Some(CaptureFile::new(to));
        }
        Ok(place.as_mut())
    }

    /// The first kind that there are packets of, else that there is a file for.
    fn first(&self) -> Kind {
        let has_packets = |file: &CaptureFile| !file.interfaces.is_empty();
        let find = |fits: &dyn Fn(&CaptureFile) -> bool| {
            Kind::ALL.into_iter().find(|kind| self.files[*kind as usize].as_ref().is_some_and(fits))
        };
        find(&has_packets).or_else(|| find(&|_| true)).unwrap_or(Kind::Link)
    }

    /// The first kind that there are packets of gets the name that was asked for, the others one like it. The one that
    /// replaces something comes last: where another one can't be had, none is there.
    fn finish(mut self, mut saved: Saved) -> Result<Saved, Failure> {
        let export = self.export;
        let failed = |error: io::Error| file_failure(Operation::FinishFile, export.path.display(), &error);
        let first = self.first();
        // Of links there is one in any folder, of the others with the first packet.
        if first != Kind::Link {
            self.files[Kind::Link as usize] = None;
        }
        let mut files = Vec::new();
        for kind in Kind::ALL {
            let Some(mut file) = self.files[kind as usize].take() else { continue };
            if file.interfaces.is_empty() {
                // Readers take a file without an interface for damaged.
                file.interface(kind, 0);
            }
            file.flush().map_err(|error| export.write_failed(&error))?;
            files.push((kind, file));
        }
        export.check()?;
        let mut beside = Beside::default();
        let mut asked_for = None;
        for (kind, file) in files {
            match file.to {
                Some(Destination::File(mut file)) if kind != first => {
                    beside.0.push(self.put_beside(kind, &mut file).map_err(failed)?);
                }
                to => asked_for = to,
            }
        }
        asked_for.map_or(Ok(()), |copy| export.commit(copy))?;
        saved.beside = beside.keep();
        Ok(saved)
    }

    /// Nobody was asked for this name: what has it already stays.
    fn put_beside(&self, kind: Kind, file: &mut Replacement) -> io::Result<PathBuf> {
        let path = self.export.path;
        for number in 1..=NAMES {
            let mut name = path.file_stem().unwrap_or_default().to_owned();
            name.push(".");
            name.push(kind.word());
            if number > 1 {
                name.push(format!("-{number}"));
            }
            if let Some(extension) = path.extension() {
                name.push(".");
                name.push(extension);
            }
            match file.commit_beside(&name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                done => return done,
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// Files beside the one that was asked for. Dropping it without [`Beside::keep`] removes them.
#[derive(Debug, Default)]
struct Beside(Vec<PathBuf>);

impl Beside {
    fn keep(mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.iter().for_each(|path| remove(path));
    }
}

impl CaptureFile {
    fn new(to: Option<Destination>) -> Self {
        let mut waiting = Vec::with_capacity(PIECE + (PIECE >> 3));
        pcapng::section(&mut waiting, PROGRAM, COMMENT);
        Self { to, waiting, interfaces: HashMap::new(), latest: None }
    }

    fn interface(&mut self, kind: Kind, socket: u64) -> u32 {
        if let Some((_, number)) = self.latest.filter(|(latest, _)| *latest == socket) {
            return number;
        }
        let next = self.interfaces.len() as u32;
        let waiting = &mut self.waiting;
        let number = *self.interfaces.entry(socket).or_insert_with(|| {
            pcapng::interface(waiting, kind.link_type(), &format!("socket {socket}"));
            next
        });
        self.latest = Some((socket, number));
        number
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.to.as_mut().map_or(Ok(()), |to| to.write_all(&self.waiting));
        self.waiting.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use rusqlite::Connection;

    use super::*;
    use crate::codec::capture::Way;
    use crate::model::{Cause, Filter};
    use crate::store::journal::matcher::Matcher;

    #[test]
    fn nothing_is_put_beside_a_capture_that_could_not_be_put_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcapng");
        let export = Export {
            connection: &Connection::open_in_memory().unwrap(),
            journal: &folder.path().join("journal.sqlite"),
            path: &path,
            matcher: &Matcher::new(&Filter::default(), &[]),
            replaces: true,
            cancelled: &Arc::default(),
        };
        let mut files = Files::new(&export, Room::Folder);
        for kind in Kind::ALL {
            let head = pcapng::PacketHead { interface: 0, time_ns: 0, way: Way::In, comment: "" };
            files.write(kind, 1, head, b"head", (b"", 0)).unwrap();
        }
        fs::create_dir(&path).unwrap();
        let failure = files.finish(Saved::default()).unwrap_err();
        assert_eq!((failure.operation, failure.cause), (Operation::FinishFile, Cause::IsDirectory));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["a.pcapng"]);
    }
}
