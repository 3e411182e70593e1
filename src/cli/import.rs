//! `import`: a capture as a journal.

use std::path::PathBuf;

use super::args::ImportArguments;
use super::console::Ending;
use super::export::{tell, under_signals};
use super::report::Form;
use crate::engine::Engine;
use crate::i18n;
use crate::model::{SaveFormat, SaveRequest};

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

/// Makes the journal, and says to standard error what is in it: of a capture, or of another journal, which is copied
/// even while it is recorded. A signal that ends the program leaves none.
pub(super) fn run(task: &ImportTask, form: Form) -> Ending {
    let language = form.language();
    if Engine::may_be_journal(&task.capture) {
        let request =
            SaveRequest { format: SaveFormat::Sqlite, replaces: false, ..SaveRequest::new(task.journal.clone()) };
        let copied = under_signals(|cancelled| Engine::export_journal(&task.capture, &request, cancelled));
        return tell(form, copied, |saved| (i18n::saved(language, &saved, &request.path), None));
    }
    let imported = under_signals(|cancelled| Engine::import_capture(&task.capture, &task.journal, &cancelled));
    tell(form, imported, |imported| (i18n::imported(language, &imported), i18n::imported_details(language, &imported)))
}
