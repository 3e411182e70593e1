use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long anything may take before a test gives up: a bound for a broken program, not a measure of a good one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A program under watch. Dropping it kills it, by its id.
pub(crate) struct Process {
    what: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<Vec<u8>>,
    /// Everything from standard output so far.
    pub(crate) stdout: Vec<u8>,
    errors: Receiver<Vec<u8>>,
    pub(crate) stderr: Vec<u8>,
    /// [`PATIENCE`], unless a test knows that more is needed.
    pub(crate) patience: Duration,
}

/// What is left of a program.
#[derive(Debug)]
pub(crate) struct Finished {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped());
        Self::start_with_own_input(command)
    }

    /// As [`Self::start`], with the standard input that the command has.
    pub(crate) fn start_with_own_input(mut command: Command) -> Self {
        let what = format!("{command:?}");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{what}: {error}"));
        // It may hold the other end of what a test waits to be closed.
        drop(command);
        let output = pump(child.stdout.take().expect("it is piped"));
        let errors = pump(child.stderr.take().expect("it is piped"));
        let input = child.stdin.take();
        Self { what, child, input, output, stdout: Vec::new(), errors, stderr: Vec::new(), patience: PATIENCE }
    }

    /// Starts a program with arguments.
    pub(crate) fn run(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments);
        Self::start(command)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to standard input; a program that has closed it is an error of the test.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("standard input is open");
        input.write_all(bytes).and_then(|()| input.flush()).unwrap_or_else(|error| panic!("{}: {error}", self.what));
    }

    /// Writes from a thread of its own and closes then, for more than pipes hold.
    pub(crate) fn write_all_and_close(&mut self, bytes: Vec<u8>) -> JoinHandle<()> {
        let mut input = self.input.take().expect("standard input is open");
        std::thread::spawn(move || {
            // A program that ended early shows in what it answered.
            input.write_all(&bytes).ok();
        })
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Reads standard output until `enough` says so.
    pub(crate) fn read_until(&mut self, what: &str, enough: impl Fn(&[u8]) -> bool) {
        let deadline = Instant::now() + self.patience;
        while !enough(&self.stdout) {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.stdout.extend(bytes),
                Err(end) => self.fail(&format!("{end} before {what}")),
            }
        }
    }

    /// Reads some more of standard output; false once it is closed.
    pub(crate) fn read_more(&mut self) -> bool {
        match self.output.recv_timeout(self.patience) {
            Ok(bytes) => self.stdout.extend(bytes),
            Err(RecvTimeoutError::Timeout) => self.fail("nothing more came"),
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    /// Reads standard error until the end of a line that contains `text`; returns all of it.
    pub(crate) fn read_errors_until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + self.patience;
        loop {
            let so_far = String::from_utf8_lossy(&self.stderr).into_owned();
            if so_far.split_inclusive('\n').any(|line| line.contains(text) && line.ends_with('\n')) {
                return so_far;
            }
            match self.errors.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.stderr.extend(bytes),
                Err(end) => self.fail(&format!("{end} before {text:?}")),
            }
        }
    }

    /// What has come on standard error; waits for nothing.
    pub(crate) fn errors_so_far(&mut self) -> String {
        self.stderr.extend(self.errors.try_iter().flatten());
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.child.id()).expect("ids are ints"));
        kill(id, signal).expect("the process is there until it is waited for");
    }

    /// Waits for the end, which closed output announces, and for what was still to be read.
    pub(crate) fn finish(mut self) -> Finished {
        self.input = None;
        let deadline = Instant::now() + self.patience;
        if !drain(&self.output, &mut self.stdout, deadline) || !drain(&self.errors, &mut self.stderr, deadline) {
            self.fail("still running");
        }
        let code = self.child.wait().expect("it can be waited for").code();
        let stdout = std::mem::take(&mut self.stdout);
        Finished { code, stdout, stderr: String::from_utf8_lossy(&self.stderr).into_owned() }
    }

    /// Kills it without a chance to tidy up.
    pub(crate) fn kill(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("it can be killed");
    }

    /// Fails the test with all that is known.
    pub(crate) fn fail(&mut self, problem: &str) -> ! {
        self.child.kill().ok();
        drain(&self.errors, &mut self.stderr, Instant::now() + Duration::from_secs(1));
        let tail = &self.stdout[self.stdout.len().saturating_sub(2000)..];
        panic!(
            "{}: {problem}\nstandard output: {}\nstandard error: {}",
            self.what,
            String::from_utf8_lossy(tail),
            String::from_utf8_lossy(&self.stderr)
        );
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads a pipe on a thread of its own, so that no program waits for a test that looks elsewhere.
fn pump(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(len @ 1..) = pipe.read(&mut buffer) {
            if sender.send(buffer[..len].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Collects until the pipe is closed; false when the deadline comes first.
fn drain(pipe: &Receiver<Vec<u8>>, into: &mut Vec<u8>, deadline: Instant) -> bool {
    loop {
        match pipe.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(bytes) => into.extend(bytes),
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => return true,
        }
    }
}
