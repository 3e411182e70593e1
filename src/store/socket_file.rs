//! The files that Unix sockets leave behind.

use std::fs;
use std::io;
use std::path::Path;

use crate::model::{Cause, Failure, Hint, Operation};
use crate::store::advice::file_failure;
use crate::store::identity::FileIdentity;

/// Whether the file at this path, links not followed (lstat(2)), is a socket; `None` where there is nothing, or nothing
/// that this user may look at.
#[must_use]
pub fn is_socket(path: &Path) -> Option<bool> {
    fs::symlink_metadata(path).ok().map(|metadata| is_socket_type(metadata.file_type()))
}

#[cfg(unix)]
fn is_socket_type(kind: fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&kind)
}

/// Elsewhere the type can't be told, and what can't be told is not removed.
#[cfg(not(unix))]
fn is_socket_type(_kind: fs::FileType) -> bool {
    false
}

/// Why nothing can be bound at a path that is taken; `None` where a socket is there, or nothing that can be looked at.
#[must_use]
pub fn in_the_way(path: &Path) -> Option<Cause> {
    let found = fs::symlink_metadata(path).ok()?;
    match found.is_dir() {
        true => Some(Cause::IsDirectory),
        false => (!is_socket_type(found.file_type())).then_some(Cause::NotASocket),
    }
}

/// Why a path refuses whoever connects to it, links followed as connect(2) does; `None` where nothing can be looked at.
#[must_use]
pub fn refusing(path: &Path) -> Option<Cause> {
    let found = fs::metadata(path).ok()?;
    Some(match is_socket_type(found.file_type()) {
        true => Cause::StaleSocket,
        false if found.is_dir() => Cause::IsDirectory,
        false => Cause::NoSocketThere,
    })
}

/// Removes a socket's file so that the name can be bound again. Whether somebody still listens behind it is for the
/// caller to find out first.
///
/// # Errors
/// [`Cause::NotASocket`] for anything else, which is left alone; [`Cause::NotFound`]; what the system says.
pub fn remove_socket(path: &Path) -> Result<(), Failure> {
    match is_socket(path) {
        Some(true) => fs::remove_file(path).map_err(|error| file_failure(Operation::Bind, path.display(), &error)),
        Some(false) => {
            Err(Failure::new(Operation::Bind, path.display(), Cause::NotASocket).with_hint(Hint::RemoveTheFile))
        }
        None => Err(file_failure(Operation::Bind, path.display(), &io::ErrorKind::NotFound.into())),
    }
}

/// Removes the file that this program's own listener made; one that is gone, or another one in its place, is not its
/// business.
///
/// # Errors
/// What the system says.
pub fn remove_own(path: &Path, identity: FileIdentity) -> Result<(), Failure> {
    if FileIdentity::of(path) == Some(identity) { remove_socket(path) } else { Ok(()) }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::sys::stat::{Mode, SFlag, mknod};

    use super::*;

    #[test]
    fn only_sockets_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        mknod(&socket, SFlag::S_IFSOCK, Mode::S_IRWXU, 0).unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "mine").unwrap();
        let link = folder.path().join("l");
        symlink(&socket, &link).unwrap();

        assert_eq!(is_socket(&socket), Some(true));
        assert_eq!(is_socket(&file), Some(false));
        assert_eq!(is_socket(&link), Some(false));
        assert_eq!(is_socket(&folder.path().join("none")), None);
        for (path, way, refused) in [
            (&socket, None, Some(Cause::StaleSocket)),
            (&file, Some(Cause::NotASocket), Some(Cause::NoSocketThere)),
            // connect(2) follows it, bind(2) doesn't.
            (&link, Some(Cause::NotASocket), Some(Cause::StaleSocket)),
            (&folder.path().to_owned(), Some(Cause::IsDirectory), Some(Cause::IsDirectory)),
            (&folder.path().join("none"), None, None),
        ] {
            assert_eq!((in_the_way(path), refusing(path)), (way, refused), "{}", path.display());
        }

        assert_eq!(remove_socket(&file).unwrap_err().cause, Cause::NotASocket);
        assert_eq!(remove_socket(&link).unwrap_err().cause, Cause::NotASocket);
        assert!(socket.exists() && file.exists());
        remove_socket(&socket).unwrap();
        assert!(!socket.exists());
        assert_eq!(remove_socket(&socket).unwrap_err().cause, Cause::NotFound);
    }
}
