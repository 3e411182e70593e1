use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::NamedTempFile;

use super::process::PATIENCE;
use super::tools::{require, require_tool};

/// Whether strace is there and may look at other programs.
pub(crate) fn can_lend() -> bool {
    if !require_tool("strace") {
        return false;
    }
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    require(traced.is_ok_and(|output| output.status.success()), "the right to trace programs")
}

/// What a program has called, with what.
pub(crate) struct Calls(NamedTempFile);

impl Calls {
    pub(crate) fn new() -> Self {
        Self(NamedTempFile::new().expect("a file"))
    }

    #[track_caller]
    pub(crate) fn expect(&self, calls: &[&str]) {
        let text = std::fs::read_to_string(self.0.path()).expect("what it called");
        for call in calls {
            assert!(text.contains(call), "no {call}\n{text}");
        }
    }
}

/// A command whose `nth` call of socket(2), in the thread that makes it, returns `lent`, and for which the calls in
/// `granted` succeed without being made. One that runs for ever would outlive its test: strace doesn't end it.
pub(crate) fn lending(lent: Socket, nth: u32, granted: &str, calls: &Calls, command: &Command) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=socket,setsockopt,bind,connect", "-e", "signal=none"]);
    // 0 is where standard input is, and the lent socket in its place.
    strace.args(["-e", &format!("inject=socket:retval=0:when={nth}")]);
    if !granted.is_empty() {
        strace.args(["-e", &format!("inject={granted}:retval=0")]);
    }
    strace.arg("-o").arg(calls.0.path()).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace.stdin(std::os::fd::OwnedFd::from(lent)).process_group(0);
    strace
}

/// Two ends that keep the borders of what is sent, as a bus does.
pub(crate) fn bus() -> [Socket; 2] {
    let (one, other) = Socket::pair(Domain::UNIX, Type::SEQPACKET, None).expect("two sockets");
    other.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    [one, other]
}

/// What comes next, as much of it as a call returns.
pub(crate) fn heard(mut wire: &Socket) -> Vec<u8> {
    let mut buffer = [0; 1024];
    let len = wire.read(&mut buffer).expect("it comes");
    buffer[..len].to_vec()
}

/// A stream that listens, and the name by which [`connected`] reaches it.
pub(crate) fn listening(name: &str) -> (Socket, SockAddr) {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    let name = SockAddr::unix(format!("\0sockeye-lent-{}-{name}", std::process::id())).expect("it fits");
    socket.bind(&name).expect("a name of its own");
    socket.listen(1).expect("it is bound");
    (socket, name)
}

pub(crate) fn connected(name: &SockAddr) -> Socket {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    socket.connect(name).expect("it listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket
}
