//! From asking for a long journal until its first rows are there.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use sockeye::engine::{Engine, EngineConfig, JournalPlace};
use sockeye::model::{Command, Event, Filter, PageRequest};

use super::long::Long;
use super::support::report::{Report, table};
use super::support::{Measured, Trouble, median};

const RUNS: usize = 5;
/// As many as a window shows.
pub(crate) const ROWS: usize = 50;
const TO_REACH: Duration = Duration::from_millis(300);
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn measure(long: &Long, report: &mut Report) -> Measured<()> {
    let journal = long.journal()?;
    let folder = tempfile::Builder::new().prefix("sockeye-bench-").tempdir()?;
    let on_disk = folder.path().join("long.sqlite");
    // A file in memory can't be made to leave it.
    std::fs::copy(journal, &on_disk)?;
    File::open(&on_disk)?.sync_all()?;
    let warm = (0..RUNS).map(|_| open(journal)).collect::<Measured<Vec<_>>>()?;
    let cold = (0..RUNS).map(|_| forget(&on_disk).and_then(|()| open(&on_disk))).collect::<Measured<Vec<_>>>()?;
    println!("a journal of {}, from asking for it until {ROWS} of its last rows are there; {RUNS} runs", long.name());
    let row = |what: &str, times: &[Duration]| {
        let worst = times.iter().max().copied().unwrap_or_default();
        [what.to_owned(), format!("{:.1?}", median(times).unwrap_or_default()), format!("{worst:.1?}")]
    };
    table(["", "median", "slowest"], &[row("in memory", &warm), row("on disk, none of it in memory", &cold)]);
    let slowest = warm.iter().chain(&cold).max().copied().unwrap_or_default();
    report.verdict("opening, first rows", format!("{slowest:.1?}"), "≤ 300 ms", slowest <= TO_REACH);
    Ok(())
}

/// The system forgets what it has of the file.
fn forget(path: &Path) -> Measured<()> {
    Ok(posix_fadvise(File::open(path)?.as_fd(), 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?)
}

fn open(journal: &Path) -> Measured<Duration> {
    let reading = Reading::start()?;
    let begun = Instant::now();
    reading.open(journal)?;
    reading.ask(&Filter::default(), true);
    let page = reading.until("the first rows", |event| match event {
        Event::Page(page) => Some(page),
        _ => None,
    })?;
    if page.rows.len() == ROWS { Ok(begun.elapsed()) } else { Err(Trouble("rows are missing".to_owned())) }
}

/// An engine that is asked for pages.
pub(crate) struct Reading {
    engine: Engine,
}

impl Reading {
    pub(crate) fn start() -> Measured<Self> {
        let config = EngineConfig {
            journal: JournalPlace::Temporary,
            wake: std::sync::Arc::new(|| ()),
            payload_events: false,
            last_look: false,
            settings: None,
            sent_logs: None,
            past_transfers: None,
            leftovers: None,
        };
        let engine = Engine::start(config).map_err(|failure| Trouble(failure.to_string()))?;
        Ok(Self { engine })
    }

    pub(crate) fn open(&self, journal: &Path) -> Measured<()> {
        self.engine.send(Command::OpenJournal { path: journal.to_owned() });
        self.until("the journal", |event| matches!(event, Event::JournalOpened { .. }).then_some(()))
    }

    /// For the first rows that the filter lets through, or the last.
    pub(crate) fn ask(&self, filter: &Filter, from_end: bool) {
        let request = PageRequest { filter: filter.clone(), first: 0, count: ROWS, from_end };
        self.engine.send(Command::ReadPage(request));
    }

    /// Waits for an event that `find` takes.
    pub(crate) fn until<T>(&self, what: &str, mut find: impl FnMut(Event) -> Option<T>) -> Measured<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.engine.acknowledge_wake();
            let event = self.engine.events().recv_deadline(deadline);
            let event = event.map_err(|_| Trouble(format!("{what}: not within {PATIENCE:?}")))?;
            if let Event::Failed { failure, .. } | Event::JournalNotOpened { failure, .. } = &event {
                return Err(Trouble(failure.to_string()));
            }
            if let Some(found) = find(event) {
                return Ok(found);
            }
        }
    }
}
