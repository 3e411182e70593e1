//! A conversation written down as a program of its own: Python, or a line for netcat, socat or curl.

mod constant;
mod curl;
mod netcat;
mod python;
mod request;
mod shell;
mod socat;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::address::HostPort;
use super::browser::BrowserContent;
use super::command::Respond;
use super::options::{OptionValue, SocketOption};
use super::protocol::Protocol;
use super::session::Role;
use super::target::Target;
use super::transfer::{Admission, ReceiveMode};

pub use request::BrowserRequest;

/// What the program is to do.
#[derive(Clone, Debug)]
pub struct Recipe<'a> {
    pub role: Role,
    pub target: &'a Target,
    /// As [`super::ConnectSpec::connected`]; for clients.
    pub connected: bool,
    /// Who gets the message over UDP: from a client instead of the target, and its socket is then not connected; from a
    /// server once, instead of a greeting to each peer.
    pub recipients: &'a [HostPort],
    /// The host to bind before connecting; for clients.
    pub local_host: Option<&'a str>,
    /// The port to bind before connecting; for clients.
    pub local_port: Option<u16>,
    /// A client sends it and waits for the answer; a server greets each peer with it. A client without one shows what
    /// comes until the peer closes.
    pub message: Option<&'a [u8]>,
    /// What the message of a client is, where a listener that answers browsers is asked: curl has words of its own for it.
    pub request: Option<&'a BrowserRequest>,
    /// What a server does with what arrives.
    pub respond: &'a Respond,
    /// What a server over a stream shows to browsers.
    pub browser: Option<&'a BrowserContent>,
    /// What is done with a stream's bytes; none are kept of what browsers send. Bytes that are kept are not answered.
    pub receive: &'a ReceiveMode,
    /// Which files are taken, where any are kept.
    pub admission: Admission,
}

impl<'a> Recipe<'a> {
    /// Connects, or listens, and shows what comes.
    #[must_use]
    pub fn new(role: Role, target: &'a Target) -> Self {
        Self {
            role,
            target,
            connected: true,
            recipients: &[],
            local_host: None,
            local_port: None,
            message: None,
            request: None,
            respond: &Respond::Nothing,
            browser: None,
            receive: &ReceiveMode::Show,
            admission: Admission::default(),
        }
    }

    /// The options to set: what is asked for, and what this program sets of itself.
    fn options(&self) -> Vec<(SocketOption, OptionValue)> {
        let is_tcp = self.target.endpoint.protocol() == Protocol::Tcp;
        let binds = self.is_server() || self.local_host.is_some() || self.local_port.is_some();
        // Another protocol may have no such option.
        let has_delay = self.target.options.ip_protocol().is_none_or(|protocol| matches!(protocol.0, 6 | 262));
        let usual = [(SocketOption::ReuseAddress, is_tcp && binds), (SocketOption::NoDelay, is_tcp && has_delay)];
        let usual = usual.into_iter().filter(|(option, on)| *on && self.target.options.get(*option).is_none());
        let usual = usual.map(|(option, _)| (option, OptionValue::Switch(true)));
        usual.chain(self.target.options.iter().map(|(option, value)| (option, value.clone()))).collect()
    }

    /// The answer, where sending it does anything: a connection has no use for one without bytes, unless it is a WebSocket.
    fn reply(&self) -> Option<&'a [u8]> {
        match self.respond {
            _ if self.folder().is_some() => None,
            Respond::Reply(reply) if !(reply.is_empty() && self.has_connection() && self.shown().is_none()) => {
                Some(reply)
            }
            _ => None,
        }
    }

    /// The message, where sending it does anything.
    fn message(&self) -> Option<&'a [u8]> {
        self.message.filter(|message| !(message.is_empty() && self.has_connection()))
    }

    /// What browsers are shown, where the program listens.
    fn shown(&self) -> Option<&'a BrowserContent> {
        self.browser.filter(|_| self.is_server())
    }

    /// The folder of the files that a stream's bytes become, where they are kept.
    fn folder(&self) -> Option<&'a Path> {
        let folder = self.receive.folder().map(PathBuf::as_path);
        folder.filter(|_| self.is_stream() && self.shown().is_none())
    }

    /// Whether a client over datagrams hears its peer alone.
    fn is_connected(&self) -> bool {
        self.connected && self.recipients.is_empty()
    }

    fn is_stream(&self) -> bool {
        self.target.endpoint.protocol().is_stream()
    }

    /// Whether it is known to have one: what a descriptor is, shows when the program runs.
    fn has_connection(&self) -> bool {
        let protocol = self.target.endpoint.protocol();
        let is_stream = self.shown().is_some() || self.folder().is_some();
        protocol.has_connection() && (protocol != Protocol::Descriptor || is_stream)
    }

    fn is_server(&self) -> bool {
        self.role == Role::Server
    }
}

/// What the program is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Program {
    /// Python 3.8 or later, with nothing but its `socket`.
    #[default]
    Python,
    /// OpenBSD's `nc`, and a POSIX shell.
    Netcat,
    /// socat 1.7 or later, and a POSIX shell.
    Socat,
    /// curl with its telnet and its HTTP, and a POSIX shell.
    Curl,
}

/// Why a tool can't do what the recipe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It has no sockets of this transport.
    Transport,
    /// It connects and never listens.
    Listening,
    /// It answers nothing by itself.
    Answering,
    /// It says nothing to a peer before the peer has said something.
    Greeting,
    /// It has no such option, or not for this value.
    Option(SocketOption),
    /// Its answers would come back to it, and be answered in turn.
    OwnAnswers,
    /// It answers no browsers.
    Browsers,
    /// It keeps no files of what it receives, each connection's apart.
    Keeping,
    /// The files are verified ones, which come over this program's own protocol.
    Verified,
    /// It takes files of any size and number.
    Limits,
    /// It joins no multicast groups.
    Groups,
    /// It joins no group for one source alone.
    GroupSource,
    /// It can't find the interface for groups by this address.
    InterfaceByAddress,
    /// Its datagram sockets are connected ones.
    Unconnected,
    /// It sends to one address.
    Recipients,
    /// Its datagram sockets take no name by themselves that could be answered.
    Unnamed,
    /// It sends nothing where there are no bytes to send.
    EmptyDatagram,
    /// Bytes of a message that a program's text has no room for, or that a pipe would cut into several datagrams.
    TooLong { max: usize },
    /// The byte FF has a meaning of its own in telnet (RFC 854), so that it would be sent twice.
    TelnetCommand,
}

impl Program {
    /// Bytes of a message that stand in a program's text; a longer one belongs into a file.
    pub const MESSAGE_MAX: usize = 16 << 10;

    pub const ALL: [Self; 4] = [Self::Python, Self::Netcat, Self::Socat, Self::Curl];

    /// The word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Netcat => "netcat",
            Self::Socat => "socat",
            Self::Curl => "curl",
        }
    }

    /// As its makers write it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Netcat => "netcat",
            Self::Socat => "socat",
            Self::Curl => "curl",
        }
    }

    /// The program's text, its last line ended.
    ///
    /// # Errors
    /// This tool can't do it.
    pub fn write(self, recipe: &Recipe<'_>) -> Result<String, Obstacle> {
        let page = match recipe.browser {
            Some(BrowserContent::Page(text)) => Some(text.as_bytes()),
            _ => None,
        };
        let texts = [recipe.message(), recipe.reply(), page];
        if texts.into_iter().flatten().any(|text| text.len() > Self::MESSAGE_MAX) {
            return Err(Obstacle::TooLong { max: Self::MESSAGE_MAX });
        }
        if recipe.folder().is_some() {
            self.check_keeping(recipe)?;
        }
        match self {
            Self::Python => python::write(recipe),
            Self::Netcat => netcat::write(recipe),
            Self::Socat => socat::write(recipe),
            Self::Curl => curl::write(recipe),
        }
    }

    /// # Errors
    /// The tool doesn't keep files so.
    fn check_keeping(self, recipe: &Recipe<'_>) -> Result<(), Obstacle> {
        let Admission { largest, most, .. } = recipe.admission;
        match recipe.receive {
            _ if self != Self::Python => Err(Obstacle::Keeping),
            ReceiveMode::Auto { .. } | ReceiveMode::Verified { .. } => Err(Obstacle::Verified),
            _ if largest.is_some() || most.is_some() => Err(Obstacle::Limits),
            ReceiveMode::Show | ReceiveMode::Raw { .. } | ReceiveMode::Tutorial { .. } => Ok(()),
        }
    }
}
