//! The command line: the same engine without a window.

mod args;
mod code;
mod commands;
mod connect;
mod console;
mod export;
mod help;
mod import;
mod listen;
mod machine;
mod open_sockets;
mod report;
mod request;
mod send_file;
mod signals;
mod standard_input;
mod statistics;
mod tally;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use self::args::Arguments;
pub use self::commands::{Mistake, Order, PeerName, Problem, Verb};
use self::console::{Console, Ending};
use self::report::{Fact, Form};
use self::request::{KeptJournal, Request, Task, UsageError};
use crate::codec::visible::visible;
use crate::engine;
use crate::model::{Protocol, ReceiveMode};

const FAILED: u8 = 1;
const BAD_USAGE: u8 = 2;

/// Carries out a command line, program name first, and returns the exit status: 0 done, 1 the operation failed or a
/// file ended incomplete or refused or the journal lacks rows, 2 bad usage. Blocks until then.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    engine::log_where_asked();
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&arguments, &error),
    };
    let form = Form::new(asks_for_json(&arguments), false);
    match request::read(parsed.verb, form.language()) {
        Ok(request) => match carry_out(request) {
            Ending::Done => ExitCode::SUCCESS,
            Ending::Failed => ExitCode::from(FAILED),
        },
        Err(error) => tell_usage(form, &error),
    }
}

fn carry_out(request: Request) -> Ending {
    let Request { form, journal, info, task } = request;
    match task {
        Task::Code(task) => code::run(&task, form),
        Task::Export(task) => export::run(&task, form),
        Task::Import(task) => import::run(&task, form),
        Task::Statistics(task) => statistics::run(&task, form),
        Task::Interfaces => machine::interfaces(form),
        Task::TimeWait(target) => machine::time_wait(form, &target),
        Task::Listen(task) => {
            let payload_events = task.spec.receive == ReceiveMode::Show && form.shows_payload();
            let protocol = task.spec.target.endpoint.protocol();
            at_console(form, journal, protocol, (payload_events, info), |console| listen::run(console, task))
        }
        Task::Connect(task) => {
            let protocol = task.spec.target.endpoint.protocol();
            // What the system has taken of standard input decides how much more is read.
            at_console(form, journal, protocol, (true, info), |console| connect::run(console, task))
        }
        Task::SendFiles(task) => {
            let protocol = task.target.endpoint.protocol();
            at_console(form, journal, protocol, (false, info), |console| send_file::run(console, task))
        }
    }
}

fn at_console(
    form: Form,
    journal: Option<KeptJournal>,
    protocol: Protocol,
    (payload_events, info): (bool, bool),
    run: impl FnOnce(&mut Console) -> Ending,
) -> Ending {
    match Console::open(form, journal, protocol, payload_events, info) {
        Ok(mut console) => {
            let ending = run(&mut console);
            console.close(ending)
        }
        Err(ending) => ending,
    }
}

/// Whether what is told is to be JSON. To `export`, the word is what a journal is to be written as.
fn asks_for_json(arguments: &[OsString]) -> bool {
    arguments.get(1).is_some_and(|verb| verb != "export") && arguments.iter().any(|argument| argument == "--json")
}

/// What clap could not read, or its help and version, which are no mistakes.
fn refuse(arguments: &[OsString], error: &clap::Error) -> ExitCode {
    if asks_for_json(arguments) && error.use_stderr() {
        let rendered = error.render().to_string();
        // What follows an empty line is advice for a terminal.
        let mistake: Vec<&str> = rendered.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let mistake = mistake.join(" ");
        let problem = mistake.strip_prefix("error: ").unwrap_or(&mistake).to_owned();
        return tell_usage(Form::new(true, false), &UsageError { argument: None, problem });
    }
    // A closed standard error leaves the exit status to tell.
    seen(arguments).filter(|other| other.kind() == error.kind()).as_ref().unwrap_or(error).print().ok();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(BAD_USAGE))
}

/// What clap says to the same arguments without anything that a terminal would obey: it repeats them as they are.
fn seen(arguments: &[OsString]) -> Option<clap::Error> {
    let shown = arguments.iter().map(|argument| visible(&argument.to_string_lossy()));
    Arguments::try_parse_from(shown).err()
}

fn tell_usage(form: Form, error: &UsageError) -> ExitCode {
    let mut report = form.report();
    // A closed output leaves the exit status to tell.
    report.tell(&Fact::Usage(error)).and_then(|()| report.flush()).ok();
    ExitCode::from(BAD_USAGE)
}
