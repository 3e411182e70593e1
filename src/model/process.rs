//! The process at the other end.

use serde::{Deserialize, Serialize};

/// Who connected, listened or sent, as the kernel vouches for it (SO_PEERCRED and SCM_CREDENTIALS, unix(7)).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PeerProcess {
    /// `None` for a process that this one can't see, such as one outside of its container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    pub uid: u32,
    pub gid: u32,
    /// The command's short name, where `/proc` tells.
    #[serde(default, rename = "process", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
