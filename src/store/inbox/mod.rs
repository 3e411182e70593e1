//! Where received files go: into one folder, never outside it, never over another file, never through a link.

mod arrivals;
mod finishing;
mod incoming;
mod names;
mod numbers;
mod partial;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use self::arrivals::Arrivals;
pub use self::arrivals::Arrived;
pub use self::finishing::finish_all;
pub use self::incoming::Incoming;
use self::names::Names;
use self::numbers::numbers;
pub use self::partial::{Partial, Sent};
use crate::codec::file_name::SafeName;
use crate::model::{Failure, Operation};
use crate::store::advice::{advise, file_failure};
use crate::store::folder::Folder;

/// Why a file doesn't have its name, and where what came of it lies.
#[derive(Debug)]
pub struct Unfinished {
    pub failure: Failure,
    pub path: PathBuf,
}

/// Where a file lies.
pub type Finished = Result<PathBuf, Box<Unfinished>>;

/// A folder that was chosen to receive into, open: should its path come to mean another folder, files still go into
/// this one.
#[derive(Clone, Debug)]
pub struct Inbox {
    folder: Arc<Folder>,
    path: Arc<Path>,
    names: Arc<Mutex<Names>>,
    arrivals: Option<Arc<Arrivals>>,
}

impl Inbox {
    /// # Errors
    /// The folder is missing, is not a folder, or can't be written into; each with a hint.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let path = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let folder =
            Folder::open(&path).map_err(|error| file_failure(Operation::CreateFile, path.display(), &error))?;
        Ok(Self::of_folder(folder, path))
    }

    fn of_folder(folder: Folder, path: PathBuf) -> Self {
        Self { folder: Arc::new(folder), path: Arc::from(path), names: Arc::default(), arrivals: None }
    }

    /// A folder in this one, which is made if need be. Where a file or a link has the name, or anything has one that differs
    /// only in letter case or in Unicode's form, `name (2)` and so on.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub fn enter(&self, name: &SafeName) -> Result<Self, Failure> {
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        let mut names = self.names.lock();
        for number in numbers() {
            let name = if number == 1 { name.clone() } else { name.numbered(number) };
            let entered = match self.folder.enter(name.as_str()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => match names.refresh(&self.folder) {
                    Ok(()) if names.has(name.as_str()) => continue,
                    Ok(()) => self.folder.make_and_enter(name.as_str()),
                    Err(error) => Err(error),
                },
                entered => entered,
            };
            match entered {
                Ok(folder) => {
                    names.add(name.as_str());
                    let entered = Self::of_folder(folder, self.path_of(name.as_str()));
                    return Ok(Self { arrivals: self.arrivals.clone(), ..entered });
                }
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => taken = error,
                Err(error) => return Err(self.failure(Operation::CreateFile, name.as_str(), &error)),
            }
        }
        Err(self.failure(Operation::CreateFile, name.as_str(), &taken))
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates an empty file to write to, `<name>.incomplete` or, where that is taken, `<name> (2).incomplete` and so
    /// on, with a number by chance in the end, which only this user can read. The name is taken as it is: one component, made safe by its type.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub fn create(&self, name: &SafeName) -> Result<Incoming, Failure> {
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for number in numbers() {
            let temporary = incomplete_name(name.as_str(), number);
            match self.folder.create_new(&temporary) {
                Ok(file) => return Ok(Incoming::new(self.clone(), file, name.clone(), temporary)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(self.failure(Operation::CreateFile, &temporary, &error)),
            }
        }
        Err(self.failure(Operation::CreateFile, name.as_str(), &taken))
    }

    fn failure(&self, operation: Operation, name: &str, error: &io::Error) -> Failure {
        advise(Failure::io(operation, self.path_of(name).display(), error))
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// The longest name that common file systems take, in bytes.
const NAME_MAX: usize = 255;

/// A name that says that the file is not all there. Long names lose their end, never the label.
fn incomplete_name(name: &str, number: u32) -> String {
    let label = if number == 1 { ".incomplete".to_owned() } else { format!(" ({number}).incomplete") };
    let kept = &name[..name.floor_char_boundary(NAME_MAX - label.len())];
    format!("{kept}{label}")
}

#[cfg(test)]
mod tests;
