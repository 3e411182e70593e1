//! Descriptors that the program inherits, and those that a peer sends along.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;

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
    /// What the descriptor says it is.
    pub endpoint: Endpoint,
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
