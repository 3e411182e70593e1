//! A folder's files and folders, to be sent one by one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::{Cause, Failure, Hint, Operation};
use crate::store::advice::file_failure;

/// What lies in a folder. Names begin with that of the folder and have their parts parted by `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Folder { name: String },
    File { path: PathBuf, name: String },
}

/// Walks through a folder in the order of its names, each folder before what is in it. No link is followed.
#[derive(Debug)]
pub struct Tree {
    /// What is to be looked at, the next one last.
    waiting: Vec<(PathBuf, String)>,
}

/// Whether a folder is there, links followed.
#[must_use]
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

impl Tree {
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        // `.` and `..` have no name of their own.
        let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let name = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { waiting: vec![(folder.to_owned(), name)] }
    }

    /// Whether a folder can be walked through.
    ///
    /// # Errors
    /// Of opendir(3).
    pub fn check(folder: &Path) -> Result<(), Failure> {
        let opened = fs::read_dir(folder).map(drop);
        opened.map_err(|error| file_failure(Operation::OpenFile, folder.display(), &error))
    }

    fn look(&mut self, path: PathBuf, name: String) -> Result<Found, Failure> {
        let failed = |error: &std::io::Error| file_failure(Operation::OpenFile, path.display(), error);
        let is_first = self.waiting.is_empty() && !name.contains('/');
        let metadata = if is_first { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
        let metadata = metadata.map_err(|error| failed(&error))?;
        if metadata.is_file() {
            return Ok(Found::File { path, name });
        }
        if !metadata.is_dir() {
            let failure = Failure::new(Operation::OpenFile, path.display(), Cause::NotARegularFile);
            return Err(failure.with_hint(Hint::ChooseAFile));
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(|error| failed(&error))? {
            names.push(entry.map_err(|error| failed(&error))?.file_name());
        }
        names.sort_unstable();
        self.waiting.extend(names.into_iter().rev().map(|part| {
            let within = format!("{name}/{}", part.to_string_lossy());
            (path.join(part), within.trim_start_matches('/').to_owned())
        }));
        Ok(Found::Folder { name })
    }
}

impl Iterator for Tree {
    type Item = Result<Found, (PathBuf, Failure)>;

    fn next(&mut self) -> Option<Self::Item> {
        let (path, name) = self.waiting.pop()?;
        Some(self.look(path.clone(), name).map_err(|failure| (path, failure)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_comes_before_what_is_in_it_and_no_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("照片");
        for inner in ["empty", "b/c"] {
            fs::create_dir_all(folder.join(inner)).unwrap();
        }
        for file in ["b/c/1.bin", "b/2.bin", "a.txt"] {
            fs::write(folder.join(file), "x").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.path(), folder.join("round and round")).unwrap();
        let found: Vec<_> = Tree::new(&folder)
            .map(|found| match found {
                Ok(Found::Folder { name }) => name + "/",
                Ok(Found::File { path, name }) => {
                    assert!(path.is_file());
                    name
                }
                Err((path, failure)) => format!("{} {:?}", path.file_name().unwrap().display(), failure.cause),
            })
            .collect();
        let mut expected =
            vec!["照片/", "照片/a.txt", "照片/b/", "照片/b/2.bin", "照片/b/c/", "照片/b/c/1.bin", "照片/empty/"];
        if cfg!(unix) {
            expected.push("round and round NotARegularFile");
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn a_folder_that_is_not_there_is_one_failure() {
        let found: Vec<_> = Tree::new(Path::new("/no/such/folder")).collect();
        assert!(matches!(&found[..], [Err((_, Failure { cause: Cause::NotFound, .. }))]), "{found:?}");
    }
}
