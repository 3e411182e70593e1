//! `statistics`: what crossed in a journal, counted.

use std::io::{self, Write};
use std::path::PathBuf;

use super::args::StatisticsArguments;
use super::console::Ending;
use super::export::{read_filter, under_signals};
use super::machine;
use super::report::{Fact, Form};
use super::request::UsageError;
use crate::engine::Engine;
use crate::i18n::Language;
use crate::model::StatisticsRequest;
use crate::tr;

/// What to count.
#[derive(Debug)]
pub(super) struct StatisticsTask {
    journal: PathBuf,
    request: StatisticsRequest,
}

/// # Errors
/// The filter can't be read.
pub(super) fn read(arguments: StatisticsArguments, language: Language) -> Result<StatisticsTask, UsageError> {
    let filter = read_filter(arguments.filter, language)?;
    Ok(StatisticsTask { journal: arguments.journal, request: StatisticsRequest { filter, session: None } })
}

/// Writes the totals of each session, then what is known of all. A signal ends it before anything is written.
pub(super) fn run(task: &StatisticsTask, form: Form) -> Ending {
    let counted = under_signals(|cancelled| Engine::count_messages(&task.journal, task.request.clone(), &cancelled));
    match counted {
        Ok(statistics) => {
            if statistics.sessions().len() == 0 && form == Form::Human {
                // Standard output has the totals, which are nought.
                writeln!(io::stderr(), "{}", tr!(form.language(), "statistics.nothing")).ok();
            }
            let facts = statistics.sessions().map(Fact::SessionTotals).chain([Fact::Statistics(&statistics)]);
            machine::tell(form, facts, Ending::Done)
        }
        Err(failure) => machine::fail(form, &failure),
    }
}
