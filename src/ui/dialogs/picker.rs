//! Who asks for paths: the system's dialogs, or a stand-in for them.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use rfd::{AsyncFileDialog, FileHandle};

/// What is to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Files that exist.
    Files,
    /// One file that exists.
    File,
    /// A folder that exists.
    Folder,
    /// The place of a file to be written.
    NewFile {
        /// A name to begin with.
        name: String,
        /// Kinds of file: words for a person, and the extension without its dot.
        kinds: Vec<(String, &'static str)>,
    },
}

/// Becomes the chosen paths; `None` when nothing was chosen, or nobody could be asked: systems report both alike.
pub type Choice = Pin<Box<dyn Future<Output = Option<Vec<PathBuf>>> + Send>>;

/// Asks a person for paths.
pub trait Picker {
    /// Begins to ask; must not block. Called on the window's thread, where macOS wants dialogs to be made; what is
    /// returned is waited for on another. A dialog belongs to `window`: it stays above it and takes its input meanwhile.
    fn pick(&self, window: Option<&eframe::Frame>, title: &str, wanted: Wanted) -> Choice;
}

/// The system's own dialogs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NativePicker;

impl Picker for NativePicker {
    fn pick(&self, window: Option<&eframe::Frame>, title: &str, wanted: Wanted) -> Choice {
        let mut dialog = AsyncFileDialog::new().set_title(title);
        if let Some(window) = window {
            dialog = dialog.set_parent(window);
        }
        match wanted {
            Wanted::Files => {
                let files = dialog.pick_files();
                Box::pin(async { Some(files.await?.iter().map(path).collect()) })
            }
            Wanted::File => {
                let file = dialog.pick_file();
                Box::pin(async { Some(vec![path(&file.await?)]) })
            }
            Wanted::Folder => {
                let folder = dialog.pick_folder();
                Box::pin(async { Some(vec![path(&folder.await?)]) })
            }
            Wanted::NewFile { name, kinds } => {
                let dialog = kinds.into_iter().fold(dialog.set_file_name(name), |dialog, (words, extension)| {
                    dialog.add_filter(words, &[extension])
                });
                let file = dialog.save_file();
                Box::pin(async { Some(vec![path(&file.await?)]) })
            }
        }
    }
}

fn path(file: &FileHandle) -> PathBuf {
    file.path().to_owned()
}
