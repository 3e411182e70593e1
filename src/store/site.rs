//! What is served to browsers: one file, or what lies in one folder and nowhere else.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};

use super::advice::file_failure;
use super::source::Source;
use crate::model::{BrowserContent, Failure, FolderEntry, FolderList, Operation};

/// The most entries that are listed: a page of more is of no use to anybody.
const LIST_MAX: usize = 10_000;

/// The way to a folder: no right to read it is needed to pass through.
const PASS: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// A file, never by a link; a FIFO isn't waited for and a terminal doesn't become this process's.
const READ: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

/// A folder if there is one at the path, else a file.
#[must_use]
pub fn content_at(path: PathBuf) -> BrowserContent {
    if path.is_dir() { BrowserContent::Folder(path) } else { BrowserContent::File(path) }
}

/// What names lead to.
#[derive(Debug)]
pub enum Found {
    File(Source),
    Folder,
    Missing,
    /// A link, a device, a pipe, or what rights protect.
    Refused,
}

/// A chosen file, or a chosen folder by its descriptor: should its path come to mean another one, that is not served.
#[derive(Debug)]
pub struct Site {
    root: Root,
    path: PathBuf,
}

#[derive(Debug)]
enum Root {
    /// Opened anew for each request, so that an edited file shows.
    File,
    Folder(OwnedFd),
}

impl Site {
    /// `None` for a page, which is no file. The chosen path itself may be a link: that is the user's choice.
    ///
    /// # Errors
    /// The file or folder is missing, is the other of the two, or can't be read.
    pub fn open(content: &BrowserContent) -> Result<Option<Self>, Failure> {
        let (root, path) = match content {
            BrowserContent::Page(_) => return Ok(None),
            BrowserContent::File(path) => {
                Source::open(path)?;
                (Root::File, path)
            }
            BrowserContent::Folder(path) => {
                let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                let folder = open(path, flags, Mode::empty())
                    .map_err(|errno| file_failure(Operation::OpenFile, path.display(), &errno.into()))?;
                (Root::Folder(folder), path)
            }
        };
        Ok(Some(Self { root, path: path.clone() }))
    }

    /// What these names lead to, one after the other from the chosen folder; with none, the chosen file or folder itself.
    ///
    /// # Errors
    /// What is the system's trouble and not the request's: out of descriptors, a failing disk.
    pub fn find(&self, names: &[Vec<u8>]) -> Result<Found, Failure> {
        let Root::Folder(root) = &self.root else { return Source::open(&self.path).map(Found::File) };
        let Some((last, before)) = names.split_last() else { return Ok(Found::Folder) };
        let result = (|| {
            let way = pass(root, before)?;
            let folder = way.as_ref().unwrap_or(root);
            is_name(last)?;
            match kind(&stat(folder.as_fd(), last)?) {
                SFlag::S_IFDIR => return Ok(None),
                // Not even opened: with a device, opening may do something.
                SFlag::S_IFREG => {}
                _ => return Err(Errno::ELOOP),
            }
            openat(folder, OsStr::from_bytes(last), READ, Mode::empty()).map(Some)
        })();
        let path = || names.iter().fold(self.path.clone(), |path, name| path.join(OsStr::from_bytes(name)));
        match result {
            // What took the file's place between the two calls is found out here.
            Ok(Some(file)) => Ok(Source::of_file(File::from(file), &path()).map_or(Found::Refused, Found::File)),
            Ok(None) => Ok(Found::Folder),
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG | Errno::EINVAL) => Ok(Found::Missing),
            Err(Errno::ELOOP | Errno::EACCES | Errno::EPERM | Errno::ENXIO) => Ok(Found::Refused),
            Err(errno) => Err(file_failure(Operation::OpenFile, path().display(), &errno.into())),
        }
    }

    /// The files and folders in a folder, in no order; links and what else there is are left out.
    ///
    /// # Errors
    /// It can't be read.
    pub fn list(&self, names: &[Vec<u8>]) -> Result<FolderList, Failure> {
        let Root::Folder(root) = &self.root else { return Ok(FolderList::default()) };
        let listed = (|| {
            let way = pass(root, names)?;
            list(way.as_ref().unwrap_or(root))
        })();
        listed.map_err(|errno| {
            let path: &Path = &names.iter().fold(self.path.clone(), |path, name| path.join(OsStr::from_bytes(name)));
            file_failure(Operation::ReadFile, path.display(), &io::Error::from(errno))
        })
    }
}

/// The folder that the names lead to; `None` where there are none.
fn pass(root: &OwnedFd, names: &[Vec<u8>]) -> nix::Result<Option<OwnedFd>> {
    names.iter().try_fold(None, |folder: Option<OwnedFd>, name| {
        is_name(name)?;
        openat(folder.as_ref().unwrap_or(root), OsStr::from_bytes(name), PASS, Mode::empty()).map(Some)
    })
}

/// Whoever asks has looked at this already: should that ever fail, nothing is let out here.
fn is_name(name: &[u8]) -> nix::Result<()> {
    let is_name = !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/');
    if is_name { Ok(()) } else { Err(Errno::ENOENT) }
}

fn list(folder: &OwnedFd) -> nix::Result<FolderList> {
    let mut list = FolderList::default();
    // A descriptor of its own: the position of a duplicate would be shared.
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    for entry in Dir::openat(folder, ".", flags, Mode::empty())? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        if list.entries.len() == LIST_MAX {
            list.is_cut = true;
            break;
        }
        // One that vanished meanwhile is none.
        let Ok(stat) = stat(folder.as_fd(), name) else { continue };
        let (is_folder, size) = match kind(&stat) {
            SFlag::S_IFDIR => (true, 0),
            SFlag::S_IFREG => (false, u64::try_from(stat.st_size).unwrap_or(0)),
            _ => continue,
        };
        list.entries.push(FolderEntry { name: name.to_vec(), is_folder, size });
    }
    Ok(list)
}

fn stat(folder: BorrowedFd<'_>, name: &[u8]) -> nix::Result<FileStat> {
    fstatat(folder, OsStr::from_bytes(name), AtFlags::AT_SYMLINK_NOFOLLOW)
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::model::Cause;

    fn names(path: &str) -> Vec<Vec<u8>> {
        path.split('/').filter(|name| !name.is_empty()).map(|name| name.as_bytes().to_vec()).collect()
    }

    /// A folder `site` beside a secret, with ways out of it.
    fn place() -> (TempDir, Site) {
        let place = tempfile::tempdir().unwrap();
        let site = place.path().join("site");
        fs::create_dir_all(site.join("sub")).unwrap();
        fs::write(place.path().join("secret"), "secret").unwrap();
        fs::write(site.join("sub/a.txt"), "hello").unwrap();
        symlink("../secret", site.join("link")).unwrap();
        symlink("..", site.join("out")).unwrap();
        symlink("sub", site.join("inner")).unwrap();
        nix::unistd::mkfifo(&site.join("fifo"), Mode::S_IRWXU).unwrap();
        let site = Site::open(&BrowserContent::Folder(site)).unwrap().unwrap();
        (place, site)
    }

    fn content(found: Found) -> String {
        let Found::File(mut source) = found else { return format!("{found:?}") };
        let mut buffer = vec![0; 100];
        let read = source.read(&mut buffer).unwrap();
        String::from_utf8(buffer[..read].to_vec()).unwrap()
    }

    #[test]
    fn files_are_found_and_links_are_not_followed() {
        let (place, site) = place();
        assert_eq!(content(site.find(&[b"../secret".to_vec()]).unwrap()), "Missing");
        for (path, expected) in [
            ("sub/a.txt", "hello"),
            ("sub", "Folder"),
            ("", "Folder"),
            ("none", "Missing"),
            ("sub/a.txt/x", "Missing"),
            ("link", "Refused"),
            ("out", "Refused"),
            ("out/secret", "Missing"),
            ("inner/a.txt", "Missing"),
            ("fifo", "Refused"),
            ("..", "Missing"),
            ("../secret", "Missing"),
            ("sub/../../secret", "Missing"),
        ] {
            assert_eq!(content(site.find(&names(path)).unwrap()), expected, "{path}");
        }
        assert_eq!(content(site.find(&[vec![b'x'; 300]]).unwrap()), "Missing");
        let list = site.list(&[]).unwrap();
        let sub = FolderEntry { name: b"sub".to_vec(), is_folder: true, size: 0 };
        assert_eq!(list, FolderList { entries: vec![sub], is_cut: false });
        assert_eq!(site.list(&names("sub")).unwrap().entries[0].size, 5);
        assert!(site.list(&names("out")).is_err());

        // The folder stays the one that was chosen.
        fs::rename(place.path().join("site"), place.path().join("moved")).unwrap();
        fs::create_dir(place.path().join("site")).unwrap();
        assert_eq!(content(site.find(&names("sub/a.txt")).unwrap()), "hello");
    }

    #[test]
    fn a_chosen_file_is_the_whole_site() {
        let (place, _) = place();
        let path = place.path().join("secret");
        let site = Site::open(&BrowserContent::File(path.clone())).unwrap().unwrap();
        fs::write(&path, "edited").unwrap();
        assert_eq!(content(site.find(&[]).unwrap()), "edited");
        assert_eq!(site.list(&[]).unwrap(), FolderList::default());
    }

    #[test]
    fn what_can_not_be_served_is_told_at_once() {
        let (place, _) = place();
        let cause = |content| Site::open(&content).unwrap_err().cause;
        assert_eq!(cause(BrowserContent::Folder(place.path().join("none"))), Cause::NotFound);
        assert_eq!(cause(BrowserContent::Folder(place.path().join("secret"))), Cause::NotADirectory);
        assert_eq!(cause(BrowserContent::File(place.path().to_owned())), Cause::IsDirectory);
        assert!(Site::open(&BrowserContent::Page(String::new())).unwrap().is_none());
        let at = |name| content_at(place.path().join(name));
        assert!(matches!((at("site"), at("secret")), (BrowserContent::Folder(_), BrowserContent::File(_))));
    }

    #[test]
    fn a_list_has_an_end() {
        let place = tempfile::tempdir().unwrap();
        for number in 0..=LIST_MAX {
            fs::write(place.path().join(number.to_string()), "").unwrap();
        }
        let site = Site::open(&BrowserContent::Folder(place.path().to_owned())).unwrap().unwrap();
        let list = site.list(&[]).unwrap();
        assert_eq!((list.entries.len(), list.is_cut), (LIST_MAX, true));
    }

    proptest! {
        #[test]
        fn no_names_lead_out(path in "(sub|out|link|inner|fifo|secret|etc|passwd|a.txt|\\.\\.|\\.|/){0,8}") {
            let (_place, site) = place();
            let found = content(site.find(&names(&path)).unwrap());
            prop_assert!(["hello", "Folder", "Missing", "Refused"].contains(&found.as_str()), "{}", found);
        }
    }
}
