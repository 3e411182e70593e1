//! What stands behind a descriptor that a peer sent, or that the program was started with.

use std::fs::{self, FileType};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::FileTypeExt;

use crate::model::{DescriptorKind, ReceivedDescriptor};

/// What a descriptor is and where it leads, as `/proc/self/fd` has it. Opens nothing and reads nothing of it.
#[must_use]
pub fn describe(descriptor: BorrowedFd<'_>) -> ReceivedDescriptor {
    describe_number(descriptor.as_raw_fd())
}

/// As [`describe`], of a descriptor that is nobody's here; one that isn't open has no target.
#[must_use]
pub fn describe_number(descriptor: RawFd) -> ReceivedDescriptor {
    let link = format!("/proc/self/fd/{descriptor}");
    let target = fs::read_link(&link).map(|target| target.to_string_lossy().into_owned()).unwrap_or_default();
    // Links are followed: this is fstat(2) by another name.
    let kind = fs::metadata(&link).map_or(DescriptorKind::Other, |metadata| kind(metadata.file_type(), &target));
    ReceivedDescriptor { kind, target }
}

/// The descriptors that are open, this call's own among them; none where the system doesn't say.
#[must_use]
pub fn open_numbers() -> Vec<RawFd> {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn kind(kind: FileType, target: &str) -> DescriptorKind {
    if kind.is_socket() {
        DescriptorKind::Socket
    } else if kind.is_fifo() {
        DescriptorKind::Pipe
    } else if kind.is_dir() {
        DescriptorKind::Folder
    // What isatty(3) would ask the device itself.
    } else if kind.is_char_device() && is_terminal(target) {
        DescriptorKind::Terminal
    } else if kind.is_char_device() || kind.is_block_device() {
        DescriptorKind::Device
    // The kernel's own have no type of their own, or that of a file, and a name in place of a path.
    } else if kind.is_file() && !target.starts_with("anon_inode:") {
        DescriptorKind::File
    } else {
        DescriptorKind::Other
    }
}

/// By its name, pty(7), tty(4), ttys(4) and console(4).
fn is_terminal(target: &str) -> bool {
    target.starts_with("/dev/pts/") || target.starts_with("/dev/tty") || target == "/dev/console"
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn kinds_are_told_apart_and_files_have_their_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let file = File::create(&path).unwrap();
        let expected = ReceivedDescriptor { kind: DescriptorKind::File, target: path.display().to_string() };
        assert_eq!(describe(file.as_fd()), expected);

        let (pipe, _writer) = std::io::pipe().unwrap();
        let (socket, _other) = std::os::unix::net::UnixDatagram::pair().unwrap();
        let opened = |path| File::open(path).unwrap();
        for (found, kind, start) in [
            (describe(pipe.as_fd()), DescriptorKind::Pipe, "pipe:["),
            (describe(socket.as_fd()), DescriptorKind::Socket, "socket:["),
            (describe(opened(folder.path()).as_fd()), DescriptorKind::Folder, "/"),
            (describe(opened(std::path::Path::new("/dev/null")).as_fd()), DescriptorKind::Device, "/dev/null"),
        ] {
            assert_eq!(found.kind, kind, "{found:?}");
            assert!(found.target.starts_with(start), "{found:?}");
        }
    }
}
