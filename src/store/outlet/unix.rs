//! Pipes and character devices, and whatever standard output is, written to without ever waiting for long.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc::PIPE_BUF;
use nix::poll::{PollFd, PollFlags, poll};

/// Milliseconds after which the flag is looked at again.
const LOOK: u8 = 50;

/// Where `/dev/stdout` leads (proc(5)).
const STANDARD_OUTPUT: [&str; 2] = ["/proc/self/fd/1", "/dev/fd/1"];

/// Links in a row, as for the kernel: path_resolution(7).
const LINKS_MAX: usize = 40;

#[derive(Debug)]
pub(in crate::store) struct Outlet {
    file: File,
    cancelled: Arc<AtomicBool>,
}

impl Outlet {
    /// Opens a FIFO, once somebody reads from it (fifo(7)), or a character device; or standard output, whatever it is:
    /// so `/dev/stdout` goes on where it stands, be it a file or a socket. `None` where there is something else, or
    /// nothing.
    ///
    /// # Errors
    /// What the system says; anything once the flag is set.
    pub(in crate::store) fn at(path: &Path, cancelled: &Arc<AtomicBool>) -> io::Result<Option<Self>> {
        let Ok(metadata) = fs::metadata(path) else { return Ok(None) };
        let kind = metadata.file_type();
        let file = if names_standard_output(path) {
            File::from(io::stdout().as_fd().try_clone_to_owned()?)
        } else if kind.is_fifo() || kind.is_char_device() {
            open(path, kind.is_fifo(), cancelled)?
        } else {
            return Ok(None);
        };
        Ok(Some(Self { file, cancelled: Arc::clone(cancelled) }))
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Of so many bytes, those that don't wait for room to be said to be there have it: pipe(7). Standard output is
        // not made non-blocking, as others may have it too.
        let piece = &bytes[..bytes.len().min(PIPE_BUF)];
        loop {
            if !wait(&mut [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)], &self.cancelled)? {
                continue;
            }
            match self.file.write(piece) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// By its name and not by its file: what standard output is redirected to is a file like any other under its own name.
fn names_standard_output(path: &Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        if STANDARD_OUTPUT.iter().any(|name| path == Path::new(name)) {
            return true;
        }
        let Ok(next) = fs::read_link(&path) else { return false };
        // An absolute one takes the place of the whole.
        path = path.parent().unwrap_or_else(|| Path::new("")).join(next);
    }
    false
}

fn open(path: &Path, is_fifo: bool, cancelled: &AtomicBool) -> io::Result<File> {
    loop {
        let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
        match OpenOptions::new().write(true).custom_flags(flags).open(path) {
            // Nobody reads from it, and nothing tells when somebody does.
            Err(error) if is_fifo && error.raw_os_error() == Some(Errno::ENXIO as i32) => {
                wait(&mut [], cancelled)?;
            }
            opened => return opened,
        }
    }
}

/// Waits for one of them, for [`LOOK`] at most; whether it is ready.
fn wait(files: &mut [PollFd<'_>], cancelled: &AtomicBool) -> io::Result<bool> {
    if cancelled.load(Ordering::Acquire) {
        return Err(io::Error::other("cancelled"));
    }
    match poll(files, LOOK) {
        Err(Errno::EINTR) => Ok(false),
        ready => Ok(ready? > 0),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Duration;

    use nix::sys::stat::Mode;

    use super::*;

    fn fifo() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
        (folder, path)
    }

    #[test]
    fn a_reader_that_nobody_waits_for_gets_all() {
        let (_folder, path) = fifo();
        let reader = {
            let path = path.clone();
            std::thread::spawn(move || fs::read(path).unwrap())
        };
        let mut outlet = Outlet::at(&path, &Arc::default()).unwrap().unwrap();
        let bytes: Vec<u8> = (0..1_000_003_u32).map(|at| (at % 251) as u8).collect();
        outlet.write_all(&bytes).unwrap();
        drop(outlet);
        assert!(reader.join().unwrap() == bytes);
    }

    #[test]
    fn nobody_who_does_not_read_is_waited_for_for_ever() {
        const PATIENCE: Duration = Duration::from_secs(20);
        let (_folder, path) = fifo();
        let cancelled = Arc::new(AtomicBool::new(false));
        let (written, outcome) = crossbeam_channel::bounded(1);
        let (opened, reader) = crossbeam_channel::bounded(1);
        let of_writer = (path.clone(), Arc::clone(&cancelled));
        std::thread::spawn(move || {
            let outlet = Outlet::at(&of_writer.0, &of_writer.1);
            written.send(outlet.and_then(|outlet| outlet.unwrap().write_all(&vec![7; 8 << 20])))
        });
        let of_reader = path.clone();
        std::thread::spawn(move || {
            let mut reader = File::open(of_reader).unwrap();
            reader.read_exact(&mut [0; 100]).unwrap();
            opened.send(reader)
        });
        // More than the pipe holds is still to come, and never read.
        let _reader = reader.recv_timeout(PATIENCE).unwrap();
        cancelled.store(true, Ordering::Release);
        assert!(outcome.recv_timeout(PATIENCE).unwrap().is_err());

        let (opened, outlet) = crossbeam_channel::bounded(1);
        let (_folder, path) = fifo();
        std::thread::spawn(move || opened.send(Outlet::at(&path, &cancelled).is_err()));
        assert!(outlet.recv_timeout(PATIENCE).unwrap(), "nor is one who never comes");
    }

    #[test]
    fn devices_are_no_files() {
        let mut outlet = Outlet::at(Path::new("/dev/full"), &Arc::default()).unwrap().unwrap();
        assert_eq!(outlet.write(b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
        let folder = tempfile::tempdir().unwrap();
        assert!(Outlet::at(folder.path(), &Arc::default()).unwrap().is_none());
        assert!(Outlet::at(&folder.path().join("missing"), &Arc::default()).unwrap().is_none());
    }
}
