//! `import`: a capture as a journal.

use std::path::PathBuf;

use super::args::ImportArguments;
use super::console::Ending;
use super::export::{tell, under_signals};
use super::report::Form;
use crate::engine::Engine;
use crate::i18n;

/// What to make of what.
#[derive(Debug)]
pub(super) struct ImportTask {
    capture: PathBuf,
    journal: PathBuf,
}

impl From<ImportArguments> for ImportTask {
    fn from(ImportArguments { capture, journal }: ImportArguments) -> Self {
        Self { capture, journal }
    }
}

/// Makes the journal, and says to standard error what is in it. A signal that ends the program leaves none.
pub(super) fn run(task: &ImportTask, form: Form) -> Ending {
    let language = form.language();
    let imported = under_signals(|cancelled| Engine::import_capture(&task.capture, &task.journal, &cancelled));
    tell(form, imported, |imported| (i18n::imported(language, &imported), i18n::imported_details(language, &imported)))
}
