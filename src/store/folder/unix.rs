//! A folder by its descriptor: openat(2) and its like, so that no part of a path is looked up twice.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, renameat};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};
use nix::sys::statvfs::fstatvfs;
use nix::unistd::{AccessFlags, UnlinkatFlags, faccessat, fsync, geteuid, linkat, unlinkat};

use super::Status;

#[derive(Debug)]
pub(in crate::store) struct Folder {
    descriptor: OwnedFd,
}

impl Status {
    #[allow(clippy::useless_conversion, reason = "other systems count in 32 bits")]
    fn of(status: &FileStat) -> io::Result<Self> {
        if SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(Self {
            inode: status.st_ino,
            size: u64::try_from(status.st_size).unwrap_or(0),
            modified: (status.st_mtime.into(), status.st_mtime_nsec.into()),
            changed: (status.st_ctime.into(), status.st_ctime_nsec.into()),
        })
    }
}

const FOLDER_FLAGS: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// `O_EXCL` also keeps `O_CREAT` from following a dangling link: open(2).
const NEW_FILE_FLAGS: OFlag =
    OFlag::O_RDWR.union(OFlag::O_CREAT).union(OFlag::O_EXCL).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// For what this user left earlier: never through a link, never waiting for the writer of a FIFO.
const OLD_FILE_FLAGS: OFlag =
    OFlag::O_RDWR.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

impl Folder {
    pub(in crate::store) fn open(path: &Path) -> io::Result<Self> {
        let descriptor = open(path, FOLDER_FLAGS, Mode::empty())?;
        faccessat(&descriptor, ".", AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS)?;
        Ok(Self { descriptor })
    }

    pub(in crate::store) fn create_new(&self, name: &str) -> io::Result<File> {
        let file = openat(&self.descriptor, name, NEW_FILE_FLAGS, Mode::S_IRUSR | Mode::S_IWUSR)?;
        Ok(File::from(file))
    }

    /// Opens a file that an earlier run of this program made: one that only this user can write to and that has no other
    /// name, so that nobody placed it there for it to be written to.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` where something else has the name.
    pub(in crate::store) fn open_own(&self, name: &str) -> io::Result<File> {
        let file = match openat(&self.descriptor, name, OLD_FILE_FLAGS, Mode::empty()) {
            Err(Errno::ENOENT) => return Err(io::ErrorKind::NotFound.into()),
            Err(Errno::ELOOP | Errno::EISDIR | Errno::ENXIO | Errno::EACCES) => {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            file => File::from(file?),
        };
        let status = fstat(&file)?;
        let kind = SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT;
        let is_open_to_others = Mode::from_bits_truncate(status.st_mode).intersects(Mode::S_IWGRP | Mode::S_IWOTH);
        let is_own = status.st_uid == geteuid().as_raw() && status.st_nlink == 1 && !is_open_to_others;
        if kind == SFlag::S_IFREG && is_own { Ok(file) } else { Err(io::ErrorKind::AlreadyExists.into()) }
    }

    /// Opens a folder in it; never through a link.
    ///
    /// # Errors
    /// `NotFound`; `NotADirectory` where something else has the name.
    pub(in crate::store) fn enter(&self, name: &str) -> io::Result<Self> {
        let flags = FOLDER_FLAGS | OFlag::O_NOFOLLOW;
        match openat(&self.descriptor, name, flags, Mode::empty()) {
            Err(Errno::ELOOP | Errno::ENOTDIR) => Err(io::ErrorKind::NotADirectory.into()),
            descriptor => Ok(Self { descriptor: descriptor? }),
        }
    }

    /// As [`Self::enter`]; one that nothing has the name of is made, and is on the disk then.
    pub(in crate::store) fn make_and_enter(&self, name: &str) -> io::Result<Self> {
        match mkdirat(&self.descriptor, name, Mode::S_IRWXU) {
            // Its files are on the disk only if their way there is: the next that needs it is to see to that again.
            Ok(()) => self.sync().inspect_err(|_| {
                if let Err(error) = unlinkat(&self.descriptor, name, UnlinkatFlags::RemoveDir) {
                    tracing::debug!(%error, name, "an empty folder stays behind");
                }
            })?,
            Err(Errno::EEXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.enter(name)
    }

    /// Removes a file.
    pub(in crate::store) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.descriptor, name, UnlinkatFlags::NoRemoveDir)?)
    }

    /// Waits until the names in it are on the disk, fsync(2). File systems that can't say so are believed.
    pub(in crate::store) fn sync(&self) -> io::Result<()> {
        match fsync(&self.descriptor) {
            Err(Errno::EINVAL | Errno::EROFS) => Ok(()),
            synced => Ok(synced?),
        }
    }

    /// Sees to it that a file of `size` bytes, `from` of which are there, can be written to its end, by taking the room for
    /// more than a little of it where the file system can (fallocate(2)).
    ///
    /// # Errors
    /// `StorageFull`, `QuotaExceeded`, `FileTooLarge`.
    pub(in crate::store) fn make_room(&self, file: &File, from: u64, size: u64) -> io::Result<()> {
        let (own_limit, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
        if size > own_limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let volume = fstatvfs(&self.descriptor)?;
        #[allow(clippy::useless_conversion, reason = "other systems count in 32 bits")]
        let room = u64::from(volume.blocks_available()).saturating_mul(u64::from(volume.fragment_size()));
        if size.saturating_sub(from) > room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        reserve(file, from, size)
    }

    /// Everything in it, hidden files too.
    pub(in crate::store) fn names(&self) -> io::Result<Vec<OsString>> {
        // A descriptor of its own: the position of a duplicate would be shared between threads.
        let entries = Dir::openat(&self.descriptor, ".", FOLDER_FLAGS, Mode::empty())?;
        entries.into_iter().map(|entry| Ok(OsString::from_vec(entry?.file_name().to_bytes().to_vec()))).collect()
    }

    /// Whether the name still means this file.
    pub(in crate::store) fn is_same(&self, name: &str, file: &File) -> io::Result<bool> {
        let (named, opened) = (fstatat(&self.descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW)?, fstat(file)?);
        Ok((named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino))
    }

    /// What the system knows of the regular file with that name; never through a link.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` where something else has the name.
    pub(in crate::store) fn status(&self, name: &str) -> io::Result<Status> {
        Status::of(&fstatat(&self.descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW)?)
    }

    /// The same of one that is open.
    pub(in crate::store) fn status_of(file: &File) -> io::Result<Status> {
        Status::of(&fstat(file)?)
    }

    /// Renames, never replacing: `AlreadyExists` if the new name is taken, be it by a dangling link.
    pub(in crate::store) fn move_to_new(&self, from: &str, to: &str) -> io::Result<()> {
        match self.rename_without_replacing(from, to) {
            Err(error) if is_unsupported(error) => {}
            renamed => return Ok(renamed?),
        }
        match self.move_by_link(from, to) {
            Err(error) if is_unsupported(error) => Ok(self.move_by_placeholder(from, to)?),
            linked => Ok(linked?),
        }
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn rename_without_replacing(&self, from: &str, to: &str) -> nix::Result<()> {
        use nix::fcntl::{RenameFlags, renameat2};
        renameat2(&self.descriptor, from, &self.descriptor, to, RenameFlags::RENAME_NOREPLACE)
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    fn rename_without_replacing(&self, _from: &str, _to: &str) -> nix::Result<()> {
        Err(Errno::ENOSYS)
    }

    /// For systems and file systems without `RENAME_NOREPLACE`: link(2) does not replace either.
    fn move_by_link(&self, from: &str, to: &str) -> nix::Result<()> {
        linkat(&self.descriptor, from, &self.descriptor, to, AtFlags::empty())?;
        unlinkat(&self.descriptor, from, UnlinkatFlags::NoRemoveDir)
    }

    /// For file systems without links too, FAT on some systems: takes the name with an empty file and replaces that.
    fn move_by_placeholder(&self, from: &str, to: &str) -> nix::Result<()> {
        drop(openat(&self.descriptor, to, NEW_FILE_FLAGS, Mode::S_IRUSR | Mode::S_IWUSR)?);
        renameat(&self.descriptor, from, &self.descriptor, to).inspect_err(|_| {
            // The next attempt would find the name taken, by nobody.
            if let Err(error) = unlinkat(&self.descriptor, to, UnlinkatFlags::NoRemoveDir) {
                tracing::debug!(%error, to, "an empty file stays behind");
            }
        })
    }
}

/// What is written in one go takes its room with that: reserving it costs a small file more than its bytes do.
#[cfg(target_os = "linux")]
const RESERVED_MIN: u64 = 64 << 10;

/// The file keeps its length: what was reserved shows as soon as it is written, and goes with the next truncation.
#[cfg(target_os = "linux")]
fn reserve(file: &File, from: u64, size: u64) -> io::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};
    use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
    // Memory has no order that reserving could save, and takes as long for it as for writing.
    if size.saturating_sub(from) <= RESERVED_MIN || fstatfs(file)?.filesystem_type() == TMPFS_MAGIC {
        return Ok(());
    }
    let too_large = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let (from, len) = (i64::try_from(from).map_err(too_large)?, i64::try_from(size - from).map_err(too_large)?);
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, from, len) {
        Err(error) if is_unsupported(error) => Ok(()),
        reserved => Ok(reserved?),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_file: &File, _from: u64, _size: u64) -> io::Result<()> {
    Ok(())
}

/// What kernels and file systems answer to a call that they do not have: rename(2), link(2).
fn is_unsupported(error: Errno) -> bool {
    matches!(error, Errno::ENOSYS | Errno::EINVAL | Errno::EOPNOTSUPP | Errno::EPERM)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> io::ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn only_what_this_user_made_is_opened_again() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let folder = Folder::open(place.path()).unwrap();
        assert_eq!(kind(folder.open_own("file")), io::ErrorKind::NotFound);
        drop(folder.create_new("file").unwrap());
        folder.open_own("file").unwrap();

        symlink("file", at("link")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), Mode::S_IRWXU).unwrap();
        fs::write(at("open"), "").unwrap();
        fs::set_permissions(at("open"), std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
        for name in ["link", "folder", "fifo", "open"] {
            assert_eq!(kind(folder.open_own(name)), io::ErrorKind::AlreadyExists, "{name}");
        }
        fs::hard_link(at("file"), at("second name")).unwrap();
        assert_eq!(kind(folder.open_own("file")), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn folders_are_made_and_entered_never_through_a_link() {
        let place = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        drop(folder.make_and_enter("new").unwrap().create_new("a").unwrap());
        drop(folder.make_and_enter("new").unwrap().create_new("b").unwrap());
        assert_eq!(fs::read_dir(place.path().join("new")).unwrap().count(), 2);
        symlink(outside.path(), place.path().join("link")).unwrap();
        fs::write(place.path().join("file"), "").unwrap();
        for name in ["link", "file"] {
            assert_eq!(kind(folder.make_and_enter(name)), io::ErrorKind::NotADirectory, "{name}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_is_on_the_disk_once_it_is_made() {
        let place = tempfile::tempdir().unwrap();
        // In which names can be made and nothing can be written to the disk: open(2).
        let descriptor = open(place.path(), FOLDER_FLAGS | OFlag::O_PATH, Mode::empty()).unwrap();
        let folder = Folder { descriptor };
        assert_eq!(folder.make_and_enter("new").unwrap_err().raw_os_error(), Some(Errno::EBADF as i32));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "else the next would take it to be on the disk");
        fs::create_dir(place.path().join("new")).unwrap();
        folder.make_and_enter("new").expect("nothing to be written: it was there");
    }

    /// Whether the program reserves room there.
    #[cfg(target_os = "linux")]
    fn can_reserve(file: &File) -> bool {
        use nix::fcntl::{FallocateFlags, fallocate};
        use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
        fstatfs(file).unwrap().filesystem_type() != TMPFS_MAGIC
            && fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, 1).is_ok()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn room_is_taken_before_and_given_back() {
        use std::os::unix::fs::MetadataExt;
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let file = folder.create_new("file").unwrap();
        folder.make_room(&file, 0, 1 << 20).unwrap();
        let metadata = file.metadata().unwrap();
        assert_eq!(metadata.len(), 0);
        if can_reserve(&file) {
            assert!(metadata.blocks() * 512 >= 1 << 20, "{} blocks", metadata.blocks());
        } else {
            eprintln!("skipped: the file system of temporary files reserves no room");
        }
        file.set_len(0).unwrap();
        assert_eq!(file.metadata().unwrap().blocks(), 0);
        assert_eq!(kind(folder.make_room(&file, 0, 1 << 60)), io::ErrorKind::StorageFull);
    }

    type Move = fn(&Folder, &str, &str) -> nix::Result<()>;

    #[test]
    fn no_way_of_moving_replaces_anything() {
        let ways: [Move; 3] = [Folder::rename_without_replacing, Folder::move_by_link, Folder::move_by_placeholder];
        for way in ways {
            let place = tempfile::tempdir().unwrap();
            let at = |name: &str| place.path().join(name);
            let folder = Folder::open(place.path()).unwrap();
            fs::write(at("new"), "new").unwrap();
            fs::write(at("old"), "old").unwrap();
            symlink("nowhere", at("link")).unwrap();

            assert_eq!(way(&folder, "new", "old"), Err(Errno::EEXIST));
            assert_eq!(way(&folder, "new", "link"), Err(Errno::EEXIST));
            assert_eq!(fs::read(at("old")).unwrap(), b"old");
            assert!(!at("nowhere").exists());

            way(&folder, "new", "free").unwrap();
            assert_eq!(fs::read(at("free")).unwrap(), b"new");
            assert!(!at("new").exists());

            assert_eq!(way(&folder, "gone", "name"), Err(Errno::ENOENT));
            assert!(!at("name").exists(), "a name that nothing got stays free");
        }
    }
}
