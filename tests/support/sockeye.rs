use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;

use super::process::{Finished, Process};

/// The program under test, run with `--json`, event by event.
pub(crate) struct Sockeye {
    process: Process,
    /// Bytes of standard output that were parsed.
    parsed: usize,
    /// Every event so far.
    pub(crate) events: Vec<Value>,
    /// Those that [`Self::expect`] has gone past.
    seen: usize,
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) events: Vec<Value>,
    pub(crate) stderr: String,
}

/// The program under test as a command, in English wherever it runs.
pub(crate) fn sockeye(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(arguments).env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE");
    command
}

/// Runs it to its end with `--json` and standard input closed.
pub(crate) fn run(arguments: &[&str]) -> Run {
    Sockeye::start(arguments).finish()
}

/// Runs `connect` until the answer has come, however long a busy peer takes for it, and ends it then. A peer that
/// closes ends it too.
pub(crate) fn ask(arguments: &[&str], answer: &[u8]) -> Run {
    let mut sockeye = Sockeye::start(&[arguments, &["--wait", "20000"]].concat());
    sockeye.hears(answer);
    sockeye.signal(Signal::SIGINT);
    sockeye.finish()
}

impl Sockeye {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = sockeye(arguments);
        command.arg("--json");
        Self::watch(command)
    }

    /// Watches a command that ends up as the program under test with `--json`.
    pub(crate) fn watch(command: Command) -> Self {
        Self::of(Process::start(command))
    }

    /// As [`Self::watch`], with the standard input that the command has.
    pub(crate) fn watch_with_own_input(command: Command) -> Self {
        Self::of(Process::start_with_own_input(command))
    }

    fn of(process: Process) -> Self {
        Self { process, parsed: 0, events: Vec::new(), seen: 0 }
    }

    /// Starts listening on an endpoint with port 0, or any other; returns it with what it was bound to.
    pub(crate) fn listen(arguments: &[&str]) -> (Self, String) {
        let mut sockeye = Self::start(arguments);
        let endpoint = sockeye.listening();
        (sockeye, endpoint)
    }

    /// The endpoint of the first line, which has to be `listening`.
    pub(crate) fn listening(&mut self) -> String {
        let first = self.next();
        if first["event"] != "listening" {
            self.process.fail("the first line is not `listening`");
        }
        first["endpoint"].as_str().expect("an endpoint is a text").to_owned()
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> Value {
        while self.events.len() == self.seen {
            let parsed = self.parsed;
            self.process.read_until("the next event", |bytes| bytes[parsed..].contains(&b'\n'));
            self.parse();
        }
        self.seen += 1;
        self.events[self.seen - 1].clone()
    }

    /// The next event of that name; others before it are passed over.
    pub(crate) fn expect(&mut self, event: &str) -> Value {
        self.expect_where(event, |value| value["event"] == event)
    }

    /// The next event that fits.
    pub(crate) fn expect_where(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + self.process.patience;
        loop {
            let value = self.next();
            if fits(&value) {
                return value;
            }
            if Instant::now() > deadline {
                self.process.fail(&format!("no {what}"));
            }
        }
    }

    /// Waits until what was received ends with this; false if the run ends before, or tells of an error: over UDP it
    /// goes on when nobody listens there.
    pub(crate) fn hears(&mut self, answer: &[u8]) -> bool {
        loop {
            self.parse();
            if self.events.iter().any(|event| event["event"] == "error") {
                return false;
            }
            let received = received(&self.events);
            if !received.is_empty() && received.concat().ends_with(answer) {
                return true;
            }
            if !self.process.read_more() {
                return false;
            }
        }
    }

    /// As long as this it is waited for what takes its peer a while.
    pub(crate) fn wait_as_long_as(&mut self, patience: Duration) {
        self.process.patience = patience;
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.process.write(bytes);
    }

    pub(crate) fn close_input(&mut self) {
        self.process.close_input();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Waits for the end.
    pub(crate) fn finish(self) -> Run {
        let Self { process, parsed, mut events, .. } = self;
        let Finished { code, stdout, stderr } = process.finish();
        events.extend(parse(&stdout[parsed..]));
        Run { code, events, stderr }
    }

    /// Ends it the way a person does, and waits.
    pub(crate) fn interrupt(self) -> Run {
        self.signal(Signal::SIGINT);
        self.finish()
    }

    /// As [`Self::interrupt`], where the command is a group of its own: strace(1) keeps signals from itself.
    pub(crate) fn interrupt_group(self) -> Run {
        let group = Pid::from_raw(i32::try_from(self.id()).expect("ids are ints"));
        killpg(group, Signal::SIGINT).expect("the group is there until it is waited for");
        self.finish()
    }

    fn parse(&mut self) {
        let rest = &self.process.stdout[self.parsed..];
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.events.extend(parse(&rest[..whole]));
        self.parsed += whole;
    }
}

fn parse(lines: &[u8]) -> Vec<Value> {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            serde_json::from_slice(line)
                .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(line)))
        })
        .collect()
}

/// The bytes of each `received`.
fn received(events: &[Value]) -> Vec<Vec<u8>> {
    let hex = events.iter().filter(|event| event["event"] == "received").map(|event| event["hex"].as_str());
    hex.map(|text| {
        let text = text.expect("hex is a text");
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hex digits")).collect()
    })
    .collect()
}

impl Run {
    /// All events of that name.
    pub(crate) fn all(&self, event: &str) -> Vec<&Value> {
        self.events.iter().filter(|value| value["event"] == event).collect()
    }

    /// The only event of that name.
    pub(crate) fn one(&self, event: &str) -> &Value {
        let all = self.all(event);
        assert_eq!(all.len(), 1, "{event} in {:#?}\n{}", self.events, self.stderr);
        all[0]
    }

    /// The summary, which has to be the last line.
    pub(crate) fn summary(&self) -> &Value {
        let last = self.events.last().unwrap_or_else(|| panic!("nothing was told\n{}", self.stderr));
        assert_eq!(last["event"], "summary", "{:#?}\n{}", self.events, self.stderr);
        last
    }

    /// What was received, put together.
    pub(crate) fn received(&self) -> Vec<u8> {
        received(&self.events).concat()
    }

    /// Fails the test unless the exit status is this one.
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{:#?}\n{}", self.events, self.stderr);
        self
    }
    /// The only error, with the exit status and the operation that failed.
    #[track_caller]
    pub(crate) fn expect_error(&self, code: i32, operation: &str) -> &Value {
        self.expect_code(code);
        let error = self.one("error");
        assert_eq!(error["operation"], operation, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
        error
    }
}
