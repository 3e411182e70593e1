//! Descriptors that the program inherits, and those that a peer sends along.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::{AddressForm, Role};

/// Which of the inherited descriptors is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DescriptorName {
    /// From 0; 3 is the first one that a service manager passes.
    Number(i32),
    /// One of LISTEN_FDNAMES, sd_listen_fds_with_names(3).
    Named(String),
}

impl fmt::Display for DescriptorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// A socket that a service manager passed to this program, see sd_listen_fds(3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InheritedSocket {
    pub number: i32,
    /// What LISTEN_FDNAMES calls it, where it calls it anything.
    pub name: Option<String>,
    /// What the descriptor says it is, with its own address or, where it is connected, its peer's.
    pub endpoint: Endpoint,
    pub state: InheritedState,
}

impl InheritedSocket {
    /// Whether it can be used as a server's or as a client's.
    #[must_use]
    pub fn is_for(&self, role: Role) -> bool {
        match self.state {
            InheritedState::Listens => role == Role::Server,
            InheritedState::Connected => role == Role::Client,
            // A bus is heard and spoken to alike.
            InheritedState::Bound => {
                role == Role::Server || self.endpoint.protocol().address_form() == AddressForm::Interface
            }
            InheritedState::Fresh => false,
        }
    }
}

/// How far whoever made a socket has come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InheritedState {
    /// It has an address, and listen(2) was called.
    Listens,
    /// It has a peer.
    Connected,
    /// It has an address and no peer; a stream socket doesn't listen yet.
    Bound,
    /// It has no address.
    Fresh,
}

/// What stands behind a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DescriptorKind {
    File,
    Folder,
    Socket,
    Pipe,
    Terminal,
    Device,
    /// One of the kernel's own, such as an eventfd.
    Other,
}

/// A descriptor that a peer sent along with a message (SCM_RIGHTS, unix(7)). It was closed as soon as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedDescriptor {
    pub kind: DescriptorKind,
    /// As `/proc/self/fd` has it: a path, `socket:[4711]`, `pipe:[4712]`; empty where it doesn't tell.
    pub target: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_is_offered_what_fits_it() {
        for (endpoint, state, server, client) in [
            ("tcp://127.0.0.1:9", InheritedState::Listens, true, false),
            ("tcp://127.0.0.1:9", InheritedState::Connected, false, true),
            ("udp://127.0.0.1:9", InheritedState::Bound, true, false),
            ("can://can0", InheritedState::Bound, true, true),
            ("can-bcm://can0", InheritedState::Bound, true, true),
            ("tcp://0.0.0.0:0", InheritedState::Fresh, false, false),
        ] {
            let socket = InheritedSocket { number: 3, name: None, endpoint: endpoint.parse().unwrap(), state };
            let sides = [Role::Server, Role::Client].map(|role| socket.is_for(role));
            assert_eq!(sides, [server, client], "{endpoint} {state:?}");
        }
    }
}
