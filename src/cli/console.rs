//! One run: the engine, what it tells, and what ends it.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never, select};

use super::open_sockets::OpenSockets;
use super::report::{Fact, Form, Report};
use super::request::KeptJournal;
use super::signals::{Signalled, Signals};
use super::standard_input::Chunk;
use super::tally::Tally;
use crate::engine::{Engine, EngineConfig, JournalPlace};
use crate::i18n::Language;
use crate::model::{Command, Event, Failure, Operation, Protocol, Removals, Retention};
use crate::tr;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    Failed,
}

impl Ending {
    pub(super) fn failed_if(failed: bool) -> Self {
        if failed { Self::Failed } else { Self::Done }
    }
}

/// What a loop has to react to.
#[derive(Debug)]
pub(super) enum Turn {
    /// Already told; here to act on.
    Event(Event),
    Input(Chunk),
    Deadline,
    /// A signal came, or nobody can read the output any more: end in order. Comes once.
    Interrupted,
}

pub(super) struct Console {
    engine: Engine,
    events: Receiver<Event>,
    signals: Signalled,
    /// The sockets that are looked at when somebody asks; `None` where nobody can.
    open: Option<OpenSockets>,
    /// Where the journal has a limit.
    removals: Option<Arc<Removals>>,
    report: Box<dyn Report>,
    tally: Tally,
    output_error: Option<io::Error>,
    interrupted: bool,
}

impl Console {
    /// How long ending in order may take before the run ends without it.
    pub(super) const GRACE: Duration = Duration::from_millis(900);

    /// Starts the engine; tells it where that fails.
    ///
    /// # Errors
    /// The run can't begin; it has been told why.
    pub(super) fn open(
        form: Form,
        journal: Option<KeptJournal>,
        protocol: Protocol,
        payload_events: bool,
        info: bool,
    ) -> Result<Self, Ending> {
        let mut report = form.report();
        let tally = Tally::new(protocol);
        let (journal, retention) = match journal {
            Some(KeptJournal { path, retention }) => (JournalPlace::File(path), retention),
            None => (JournalPlace::Nowhere, Retention::default()),
        };
        let config = EngineConfig {
            payload_events,
            last_look: info,
            sent_logs: Engine::sent_logs_path(),
            ..EngineConfig::new(journal)
        };
        // Caught before anything is bound or written, so that a signal never finds a run half open.
        let started = Signals::catch(info)
            .map_err(|error| Failure::io(Operation::StartThread, "", &error))
            .and_then(|signals| Ok((signals, Engine::start(config)?)));
        match started {
            Ok((signals, engine)) => {
                engine.send(Command::Retain(retention));
                Ok(Self {
                    events: engine.events().clone(),
                    signals: signals.forward(&engine),
                    removals: retention.disk.map(|_| Arc::clone(engine.removals())),
                    engine,
                    open: info.then(OpenSockets::default),
                    report,
                    tally,
                    output_error: None,
                    interrupted: false,
                })
            }
            Err(failure) => {
                // The exit status tells where the words can't.
                tally.tell_failure(&failure, &mut *report).and_then(|()| report.flush()).ok();
                Err(Ending::Failed)
            }
        }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Waits for what comes next, until `deadline` where there is one.
    pub(super) fn next(&mut self, deadline: Option<Instant>) -> Turn {
        self.next_with_input(None, deadline)
    }

    /// The same, with standard input to wait for.
    pub(super) fn next_with_input(&mut self, input: Option<&Receiver<Chunk>>, deadline: Option<Instant>) -> Turn {
        if self.events.is_empty() {
            let flushed = self.report.flush();
            self.note_output(flushed);
        }
        if self.output_error.is_some() && !self.interrupted {
            self.interrupted = true;
            return Turn::Interrupted;
        }
        let no_input = never();
        let input = input.unwrap_or(&no_input);
        let (no_signal, no_look) = (never(), never());
        let end = if self.interrupted { &no_signal } else { &self.signals.end };
        let timeout = deadline.map_or(never(), crossbeam_channel::at);
        let mut look = &self.signals.look;
        let turn = loop {
            select! {
                recv(self.events) -> event => break event.map_or(Turn::Deadline, Turn::Event),
                recv(input) -> chunk => break chunk.map_or(Turn::Input(Chunk::End), Turn::Input),
                recv(end) -> _ => break Turn::Interrupted,
                recv(timeout) -> _ => break Turn::Deadline,
                recv(look) -> asked => match asked {
                    Ok(()) => self.open.iter().for_each(|open| open.look(&self.engine)),
                    // Nobody catches signals any more.
                    Err(_) => look = &no_look,
                },
            }
        };
        match &turn {
            Turn::Event(event) => self.observe(event),
            Turn::Interrupted => self.interrupted = true,
            Turn::Input(_) | Turn::Deadline => {}
        }
        turn
    }

    /// Tells a failure that no event carries.
    pub(super) fn tell_failure(&mut self, failure: &Failure) {
        if self.output_error.is_none() {
            let told = self.tally.tell_failure(failure, &mut *self.report);
            self.note_output(told);
        }
    }

    /// Tells what no event carries.
    pub(super) fn tell(&mut self, fact: &Fact<'_>) {
        if self.output_error.is_none() {
            let told = self.report.tell(fact);
            self.note_output(told);
        }
    }

    /// Stops the engine, tells what it still had to say, and the summary.
    pub(super) fn close(self, ending: Ending) -> Ending {
        let Self { engine, removals, mut report, mut tally, mut output_error, .. } = self;
        let rest = engine.stop();
        let removed = removals.map(|removals| removals.rows());
        if output_error.is_none() {
            let told = rest
                .iter()
                .try_for_each(|event| tally.observe(event, &mut *report))
                .and_then(|()| tally.finish(removed, &mut *report))
                .and_then(|()| report.flush());
            output_error = told.err();
        }
        match output_error {
            // Whoever read the output has seen enough, as with `| head`.
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let words = tr!(Language::from_system(), "cli.output_failed", error = error);
                writeln!(io::stderr(), "{words}").ok();
                Ending::Failed
            }
            _ => Ending::failed_if(ending == Ending::Failed || tally.file_failed() || tally.lacks_rows()),
        }
    }

    fn observe(&mut self, event: &Event) {
        if let Some(open) = &mut self.open {
            open.observe(event);
        }
        if self.output_error.is_none() {
            let told = self.tally.observe(event, &mut *self.report);
            self.note_output(told);
        }
    }

    fn note_output(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.output_error.get_or_insert(error);
        }
    }
}
