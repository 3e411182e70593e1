//! Programs that are started and never left behind.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Measured, SOCKEYE, Trouble};

/// A started program; dropping it kills it, by its id.
pub(crate) struct Running {
    child: Child,
    what: String,
    /// What is read of its output, so that it never waits for a reader.
    output: Option<JoinHandle<Vec<u8>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    /// Starts `program` with nothing to read. Its output goes to `output`, or nowhere.
    pub(crate) fn start(
        program: &str,
        arguments: &[&str],
        input: Option<&Path>,
        output: Option<&Path>,
    ) -> Measured<Self> {
        let mut command = Command::new(program);
        command.args(arguments);
        command.stdin(input.map_or_else(|| Ok(Stdio::null()), |path| File::open(path).map(Stdio::from))?);
        command.stdout(output.map_or_else(|| Ok(Stdio::null()), |path| File::create(path).map(Stdio::from))?);
        command.stderr(Stdio::null());
        Self::spawn(command)
    }

    /// Starts a prepared command as it is.
    pub(crate) fn spawn(mut command: Command) -> Measured<Self> {
        let what = format!("{command:?}");
        let child = command.spawn().map_err(|error| Trouble(format!("{what}: {error}")))?;
        Ok(Self { child, what, output: None })
    }

    /// Starts a prepared command whose output the caller reads.
    pub(crate) fn with_output(mut command: Command) -> Measured<(Self, ChildStdout)> {
        command.stdout(Stdio::piped());
        let mut running = Self::spawn(command)?;
        let output = running.child.stdout.take();
        Ok((running, output.ok_or_else(|| Trouble("no standard output".to_owned()))?))
    }

    /// Starts Sockeye on a TCP endpoint with port 0; returns it and the port that its first line names.
    pub(crate) fn listening(verb: &str, more: &[&str]) -> Measured<(Self, u16)> {
        Self::listening_at(verb, "tcp://127.0.0.1:0", more)
    }

    /// As [`Self::listening`], on this endpoint.
    pub(crate) fn listening_at(verb: &str, endpoint: &str, more: &[&str]) -> Measured<(Self, u16)> {
        let mut command = Command::new(SOCKEYE);
        command.args([verb, endpoint, "--json"]).args(more);
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        let (mut running, output) = Self::with_output(command)?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let first: serde_json::Value = serde_json::from_str(&line)?;
        let port = first["endpoint"].as_str().and_then(|endpoint| endpoint.rsplit(':').next()?.parse().ok());
        let port = port.ok_or_else(|| Trouble(format!("the first line names no port: {line}")))?;
        running.output = Some(std::thread::spawn(move || {
            let mut rest = Vec::new();
            // What could not be read is missing, and shows by that.
            output.read_to_end(&mut rest).ok();
            rest
        }));
        Ok((running, port))
    }

    /// Where it reads, once, if the command was given a pipe for it.
    pub(crate) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> Measured<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Asks it to end in order.
    pub(crate) fn interrupt(&self) -> Measured<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.id())?), Signal::SIGINT)?)
    }

    /// Waits for the end, which has to be a good one; returns the rest of its output, if that was read.
    pub(crate) fn finish(mut self) -> Measured<Vec<u8>> {
        let status = self.child.wait()?;
        let output = self.output.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        if status.success() { Ok(output) } else { Err(Trouble(format!("{}: {status}", self.what))) }
    }
}
