//! What carries a file, and how each tool is told to.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use super::support::child::Running;
use super::support::machine::{listens, poll};
use super::support::{Measured, SOCKEYE, Trouble};

/// As a Python program reads a file that it is sent: into one buffer, until the end.
const PYTHON_READS: &str = "\
import socket, sys
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
connection, _ = listener.accept()
buffer = memoryview(bytearray(1 << 20))
with open(sys.argv[2], 'wb', buffering=0) as file:
    while length := connection.recv_into(buffer):
        file.write(buffer[:length])
";

const PYTHON_SENDS: &str = "\
import socket, sys
with open(sys.argv[2], 'rb') as file, socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as connection:
    connection.sendfile(file)
";

/// A pair of commands that carries one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Raw,
    Verified,
    Socat,
    Nc,
    Ncat,
    Python,
}

impl Tool {
    pub(crate) const ALL: [Self; 6] = [Self::Raw, Self::Verified, Self::Socat, Self::Nc, Self::Ncat, Self::Python];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Raw => "sockeye, raw",
            Self::Verified => "sockeye, verified",
            Self::Socat => "socat -b 1048576",
            Self::Nc => "nc (OpenBSD)",
            Self::Ncat => "ncat",
            Self::Python => "Python's sendfile, a read loop",
        }
    }

    /// What has to be on the path.
    pub(crate) fn program(self) -> Option<&'static str> {
        match self {
            Self::Raw | Self::Verified => None,
            Self::Socat => Some("socat"),
            // By its own name: `nc` may be the traditional netcat, which knows no -N.
            Self::Nc => Some("nc.openbsd"),
            Self::Ncat => Some("ncat"),
            Self::Python => Some("python3"),
        }
    }

    /// Starts the receiving end; returns once it listens.
    pub(crate) fn receive(self, into: &Path) -> Measured<(Running, u16)> {
        let port = free_port()?;
        let file = into.join("received.bin");
        let number = port.to_string();
        let running = match self {
            Self::Raw => {
                return Running::listening("receive", &["--into", text(into)?, "--protocol", "raw", "--once"]);
            }
            Self::Verified => return Running::listening("receive", &["--into", text(into)?, "--once"]),
            Self::Socat => {
                let from = format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr");
                let to = format!("CREATE:{}", text(&file)?);
                Running::start("socat", &["-u", "-b", "1048576", &from, &to], None, None)?
            }
            Self::Ncat => Running::start("ncat", &["-l", "--recv-only", "127.0.0.1", &number], None, Some(&file))?,
            Self::Nc => Running::start("nc.openbsd", &["-l", "-N", "127.0.0.1", &number], None, Some(&file))?,
            Self::Python => Running::start("python3", &["-c", PYTHON_READS, &number, text(&file)?], None, None)?,
        };
        until_listening(port)?;
        Ok((running, port))
    }

    pub(crate) fn send(self, source: &Path, port: u16) -> Measured<Running> {
        let number = port.to_string();
        match self {
            Self::Raw | Self::Verified => {
                let endpoint = format!("tcp://127.0.0.1:{port}");
                let protocol = if self == Self::Raw { "raw" } else { "verified" };
                Running::start(SOCKEYE, &["send-file", &endpoint, text(source)?, "--protocol", protocol], None, None)
            }
            Self::Socat => {
                let from = format!("OPEN:{},rdonly", text(source)?);
                let to = format!("TCP:127.0.0.1:{port}");
                Running::start("socat", &["-u", "-b", "1048576", &from, &to], None, None)
            }
            Self::Nc => Running::start("nc.openbsd", &["-N", "127.0.0.1", &number], Some(source), None),
            Self::Ncat => Running::start("ncat", &["--send-only", "127.0.0.1", &number], Some(source), None),
            Self::Python => Running::start("python3", &["-c", PYTHON_SENDS, &number, text(source)?], None, None),
        }
    }
}

/// Waits until somebody listens on the port.
pub(crate) fn until_listening(port: u16) -> Measured<()> {
    poll("the receiver listens", Duration::from_millis(2), Duration::from_secs(5), || listens(port).then_some(()))
}

/// A port that was free a moment ago, for the tools that can't tell which one they got.
pub(crate) fn free_port() -> Measured<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

pub(crate) fn text(path: &Path) -> Measured<&str> {
    path.to_str().ok_or_else(|| Trouble(format!("not Unicode: {}", path.display())))
}
