//! `export`: a journal as a file for another program.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::tz::TimeZone;

use super::args::ExportArguments;
use super::console::Ending;
use super::report::{Fact, Form};
use super::request::{self, UsageError};
use super::signals;
use crate::engine::Engine;
use crate::i18n::{self, Language};
use crate::model::{Cause, Failure, Filter, Operation, SaveFormat, SaveRequest};

/// What to write where.
#[derive(Debug)]
pub(super) struct ExportTask {
    journal: PathBuf,
    request: SaveRequest,
}

/// # Errors
/// The filter can't be read.
pub(super) fn read(arguments: ExportArguments, language: Language) -> Result<ExportTask, UsageError> {
    let filter = read_filter(arguments.filter, language)?;
    let asked = &arguments.format;
    let formats = [
        (asked.pcapng, SaveFormat::Pcapng),
        (asked.hex, SaveFormat::Hex),
        (asked.csv, SaveFormat::Csv),
        (asked.json, SaveFormat::JsonLines),
    ];
    let format = formats.into_iter().find_map(|(asked, format)| asked.then_some(format)).unwrap_or_default();
    let request = SaveRequest { format, filter, ..SaveRequest::new(arguments.out) };
    Ok(ExportTask { journal: arguments.journal, request })
}

/// What `--filter` asks for.
///
/// # Errors
/// The filter can't be read.
pub(super) fn read_filter(words: Option<String>, language: Language) -> Result<Filter, UsageError> {
    let words = words.unwrap_or_default();
    Filter::parse(&words, &TimeZone::system()).map_err(|error| UsageError {
        argument: Some("--filter"),
        problem: request::quoted(language, &words, &i18n::filter_error(language, &error)),
    })
}

/// Writes the copy, and to standard error what became of it. A signal that ends the program leaves what was there.
pub(super) fn run(task: &ExportTask, form: Form) -> Ending {
    let ExportTask { journal, request } = task;
    let language = form.language();
    let exported = under_signals(|cancelled| Engine::export_journal(journal, request, cancelled));
    if matches!(exported, Err(Failure { cause: Cause::BrokenPipe, .. })) {
        // Whoever read it has seen enough, as with `| head`.
        return Ending::Done;
    }
    tell(form, exported, |saved| (i18n::saved(language, &saved, &request.path), i18n::saved_details(language, &saved)))
}

/// Does work that a signal cancels.
pub(super) fn under_signals<T>(work: impl FnOnce(Arc<AtomicBool>) -> Result<T, Failure>) -> Result<T, Failure> {
    signals::flag().map_err(|error| Failure::io(Operation::StartThread, "", &error)).and_then(work)
}

/// Says to standard error, on a line or two, what became of it.
pub(super) fn tell<T>(
    form: Form,
    done: Result<T, Failure>,
    words: impl FnOnce(T) -> (String, Option<String>),
) -> Ending {
    // A closed standard error leaves the exit status to tell.
    match done {
        Ok(done) => {
            let (words, details) = words(done);
            for line in std::iter::once(words).chain(details) {
                writeln!(io::stderr(), "{line}").ok();
            }
            Ending::Done
        }
        Err(failure) => {
            let mut report = form.report();
            report.tell(&Fact::Failed { failure: &failure, endpoint: None }).and_then(|()| report.flush()).ok();
            Ending::Failed
        }
    }
}
