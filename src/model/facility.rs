//! What a system may lack, or a user the right to.

use core::net::Ipv6Addr;

use super::device::ContextId;
use super::ip_protocol::{IpProtocol, IpVersion};
use super::protocol::Protocol;
use super::session::Role;

/// A kind of socket, as far as it decides whether one can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facility {
    pub role: Role,
    pub protocol: Protocol,
    /// The protocol above IP, where another one than the transport's own is asked for.
    pub carried: Option<IpProtocol>,
    /// Of the address, where it is a literal.
    pub version: Option<IpVersion>,
    /// The address, where it is one of IPv6.
    pub ipv6: Option<Ipv6Addr>,
    /// The machine that vsock is to bind or to connect to.
    pub machine: Option<ContextId>,
    /// The port that TCP, UDP or vsock is to listen at, where one is asked for.
    pub port: Option<u32>,
}

impl Facility {
    /// The same at a port that the system chooses.
    #[must_use]
    pub fn of_any_port(self) -> Self {
        Self { port: None, ..self }
    }

    /// Whether it is worth asking about: every system has the others, and every user the right.
    #[must_use]
    pub fn may_be_missing(&self) -> bool {
        self.protocol.kernel_module().is_some()
            || self.protocol == Protocol::Raw
            || self.carried.is_some()
            || self.ipv6.is_some()
            || self.port.is_some()
    }
}
