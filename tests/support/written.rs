use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::libc::{self, c_long};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::process::{Finished, PATIENCE, Process};
use super::sockeye::sockeye;

/// What `sockeye code` writes.
pub(crate) fn code(arguments: &[&str]) -> String {
    let finished = Process::start(sockeye(&[&["code"], arguments].concat())).finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    String::from_utf8(finished.stdout).expect("it is text")
}

/// How a client of Python that sends ends by itself: a second after the last that it has heard.
const GIVES_UP: &str = "client.settimeout(1)";

/// A client's text that waits as long as a test does, for what a busy machine may take more than a second for. Somebody has
/// to end it then: see [`Written::once_it_told`].
pub(crate) fn patient(text: &str) -> String {
    assert!(text.contains(GIVES_UP), "it doesn't give up:\n{text}");
    text.replace(GIVES_UP, &format!("client.settimeout({})", PATIENCE.as_secs()))
}

/// Does again, a few times, what has to be answered within the second that a tool's line waits, which a busy machine may
/// miss. `attempt` returns what it heard where that is not all.
#[track_caller]
pub(crate) fn within_the_wait(mut attempt: impl FnMut() -> Result<(), String>) {
    let mut missed = Vec::new();
    while let Err(heard) = attempt() {
        missed.push(heard);
        assert!(missed.len() < 5, "unanswered each time: {missed:#?}");
    }
}

/// A program that is running, with its text for messages of failure.
pub(crate) struct Written {
    pub(crate) process: Process,
    pub(crate) text: String,
    /// What the program has started, which may outlive it.
    group: Group,
}

/// A process group, killed when it is dropped.
struct Group(Pid);

/// The calls that a program waits in for others, by number.
const WAITING: &[c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_read,
    libc::SYS_wait4,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
];

impl Group {
    /// Whether each of its processes is in a call that waits, or has ended; see proc_pid_syscall(5).
    fn waits(&self) -> bool {
        let read = |id: &str, name: &str| std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default();
        let is_one = |id: &&String| {
            // Behind the program's name, which may hold anything: its state, its parent, its group.
            let stat = read(id, "stat");
            let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
            behind.split_whitespace().nth(2).is_some_and(|group| group == self.0.to_string())
        };
        let entries = std::fs::read_dir("/proc").expect("the system's processes");
        let ids: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        ids.iter().filter(is_one).all(|id| {
            let call = read(id, "syscall");
            let number = call.split_whitespace().next();
            number.is_none_or(|number| number.parse().is_ok_and(|number| WAITING.contains(&number)))
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // All of them may have ended by themselves.
        killpg(self.0, Signal::SIGKILL).ok();
    }
}

impl Written {
    pub(crate) fn python(arguments: &[&str]) -> Self {
        Self::python_of(code(arguments))
    }

    /// As [`Self::python`], for a client that is ended by [`Self::once_it_told`].
    pub(crate) fn patient_python(arguments: &[&str]) -> Self {
        Self::python_of(patient(&code(arguments)))
    }

    pub(crate) fn python_of(text: String) -> Self {
        // A shell may have run the tests in its background, where SIGINT is ignored; Python takes that over.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", "python3", "-c", &text]).env("PYTHONIOENCODING", "utf-8");
        Self::start(command, text)
    }

    pub(crate) fn shell(tool: &str, arguments: &[&str]) -> Self {
        let text = code(&[&["--as", tool], arguments].concat());
        let mut command = Command::new("sh");
        command.args(["-c", &text]);
        Self::start(command, text)
    }

    pub(crate) fn start(mut command: Command, text: String) -> Self {
        command.stdin(Stdio::piped());
        Self::start_with_own_input(command, text)
    }

    /// As [`Self::start`], with the standard input that the command has.
    pub(crate) fn start_with_own_input(mut command: Command, text: String) -> Self {
        command.process_group(0);
        let process = Process::start_with_own_input(command);
        let id = i32::try_from(process.id()).expect("ids are ints");
        Self { process, text, group: Group(Pid::from_raw(id)) }
    }

    /// Waits until a server of Python has said where it listens; returns all that it said.
    pub(crate) fn listening(&mut self) -> String {
        self.process.read_until("that it listens", |bytes| bytes.ends_with(b"\n"));
        String::from_utf8_lossy(&self.process.stdout).into_owned()
    }

    /// The port in what a Python server over IP says.
    pub(crate) fn port(&mut self) -> u16 {
        let told = self.listening();
        let digits = told.split(", ").nth(1).unwrap_or_default().chars().take_while(char::is_ascii_digit);
        digits.collect::<String>().parse().unwrap_or_else(|_| panic!("no port in {told}"))
    }

    /// Waits until it listens, and puts the port that it says in the place of `PORT`.
    pub(crate) fn reached_at(&mut self, there: &str) -> String {
        if there.contains("PORT") {
            return there.replace("PORT", &self.port().to_string());
        }
        self.listening();
        there.to_owned()
    }

    pub(crate) fn has_told(&mut self, text: &str) {
        self.process.read_until(text, |bytes| String::from_utf8_lossy(bytes).contains(text));
    }

    /// Waits until it has told this, ends it the way a person does, and returns all that it told.
    pub(crate) fn once_it_told(mut self, text: &str) -> String {
        self.has_told(text);
        String::from_utf8_lossy(&self.interrupt().stdout).into_owned()
    }

    /// Ends it the way a person does, once it waits: Python sleeps through a signal that comes after it has looked for one
    /// and before its call waits. The whole group is told: strace(1) keeps signals from itself.
    pub(crate) fn interrupt(self) -> Finished {
        let deadline = Instant::now() + PATIENCE;
        while !self.group.waits() {
            assert!(Instant::now() < deadline, "it never waits: {}", self.text);
            std::thread::yield_now();
        }
        killpg(self.group.0, Signal::SIGINT).expect("the group is there until it is waited for");
        self.finish()
    }

    /// Tells a line's tools to end, and waits until they have: what they listened on is free again.
    pub(crate) fn end(self) {
        killpg(self.group.0, Signal::SIGTERM).expect("the group is there until it is waited for");
        self.process.finish();
    }

    pub(crate) fn finish(self) -> Finished {
        let Self { process, text, group } = self;
        let finished = process.finish();
        assert_eq!(finished.code, Some(0), "{text}\n{}", finished.stderr);
        drop(group);
        finished
    }
}
