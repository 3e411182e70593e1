//! Addresses that are no host: network interfaces and virtual machines.

use std::fmt;
use std::str::FromStr;

/// The name of a network interface, such as `can0` or `eth0`: 1 to 15 bytes (IFNAMSIZ less the closing NUL).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InterfaceName(String);

impl InterfaceName {
    /// `None` for what can't be an interface's name: the kernel allows neither `/` nor spaces in one.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = (1..=15).contains(&name.len())
            && !name.contains(|c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control());
        (fits && name != "." && name != "..").then(|| Self(name.to_owned()))
    }

    /// Whichever it is: the socket of a broadcast manager doesn't tell what somebody else has connected it to.
    #[must_use]
    pub fn any() -> Self {
        Self("any".to_owned())
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A machine and a port on it, see vsock(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VsockAddress {
    pub cid: ContextId,
    /// [`Self::ANY_PORT`] asks the system for any free port when binding.
    pub port: u32,
}

impl VsockAddress {
    /// VMADDR_PORT_ANY, written as 0: vsock(7) has no other use for that number.
    pub const ANY_PORT: u32 = u32::MAX;
}

impl fmt::Display for VsockAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = if self.port == Self::ANY_PORT { 0 } else { self.port };
        write!(f, "{}:{port}", self.cid)
    }
}

/// Which machine: a virtual one by its number, or one of the fixed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContextId(pub u32);

impl ContextId {
    /// Every address of this machine, for binding (VMADDR_CID_ANY).
    pub const ANY: Self = Self(u32::MAX);
    /// This machine itself (VMADDR_CID_LOCAL); takes the kernel module vsock_loopback.
    pub const LOCAL: Self = Self(1);
    /// The machine that this one runs on (VMADDR_CID_HOST).
    pub const HOST: Self = Self(2);

    const NAMES: [(&'static str, Self); 3] = [("any", Self::ANY), ("local", Self::LOCAL), ("host", Self::HOST)];
}

/// A text that is neither a name nor a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a machine is any, local, host or a number")]
pub struct UnknownContextId;

impl FromStr for ContextId {
    type Err = UnknownContextId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((_, cid)) = Self::NAMES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(cid);
        }
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten().map(Self).ok_or(UnknownContextId)
    }
}

impl fmt::Display for ContextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.into_iter().find(|(_, cid)| cid == self) {
            Some((name, _)) => f.write_str(name),
            None => self.0.fmt(f),
        }
    }
}
