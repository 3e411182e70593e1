//! The options that can be set.

use super::OptionError;
use super::value::{OptionKind, OptionValue, Unit};
use crate::model::{Delivery, Protocol};

/// An option of a socket, by the name that socket(7), ip(7), ipv6(7) or tcp(7) has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SocketOption {
    /// SO_REUSEADDR. Unset means on for stream listeners (a restart meets TIME_WAIT) and off for datagrams (a second
    /// socket would take the traffic silently).
    ReuseAddress,
    /// TCP_NODELAY. Unset means on: a tester that delays small writes would show times that are not the peer's.
    NoDelay,
    /// SO_KEEPALIVE.
    KeepAlive,
    /// SO_BROADCAST.
    Broadcast,
    /// SO_RCVBUF; the kernel doubles it for its own bookkeeping and caps it at `net.core.rmem_max`.
    ReceiveBuffer,
    /// SO_SNDBUF, with the same doubling and `net.core.wmem_max`.
    SendBuffer,
    /// Length of the accept queue, listen(2); unset means 4096, capped by `net.core.somaxconn`.
    Backlog,
    /// Bytes asked for in one receive call, 1 to 1048576; unset means 64 KiB (a full datagram for UDP).
    ReceiveSize,
}

/// The system takes an `int` for sizes.
const INT_MAX: u32 = i32::MAX as u32;
/// The most bytes that one receive call may ask for.
const RECEIVE_SIZE_MAX: u32 = 1 << 20;

impl SocketOption {
    /// In the order that forms list them.
    pub const ALL: [Self; 8] = [
        Self::ReuseAddress,
        Self::NoDelay,
        Self::KeepAlive,
        Self::Broadcast,
        Self::ReceiveBuffer,
        Self::SendBuffer,
        Self::Backlog,
        Self::ReceiveSize,
    ];

    /// The name in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReuseAddress => "reuseaddr",
            Self::NoDelay => "nodelay",
            Self::KeepAlive => "keepalive",
            Self::Broadcast => "broadcast",
            Self::ReceiveBuffer => "rcvbuf",
            Self::SendBuffer => "sndbuf",
            Self::Backlog => "backlog",
            Self::ReceiveSize => "recvsize",
        }
    }

    /// The name in manuals and programs.
    #[must_use]
    pub const fn constant(self) -> &'static str {
        match self {
            Self::ReuseAddress => "SO_REUSEADDR",
            Self::NoDelay => "TCP_NODELAY",
            Self::KeepAlive => "SO_KEEPALIVE",
            Self::Broadcast => "SO_BROADCAST",
            Self::ReceiveBuffer => "SO_RCVBUF",
            Self::SendBuffer => "SO_SNDBUF",
            Self::Backlog => "listen(2)",
            Self::ReceiveSize => "recv(2)",
        }
    }

    #[must_use]
    pub const fn kind(self) -> OptionKind {
        match self {
            Self::ReuseAddress | Self::NoDelay | Self::KeepAlive | Self::Broadcast => OptionKind::Switch,
            Self::ReceiveBuffer | Self::SendBuffer => OptionKind::Number { min: 1, max: INT_MAX, unit: Unit::Bytes },
            Self::Backlog => OptionKind::Number { min: 1, max: INT_MAX, unit: Unit::None },
            Self::ReceiveSize => OptionKind::Number { min: 1, max: RECEIVE_SIZE_MAX, unit: Unit::Bytes },
        }
    }

    /// Whether sockets of this transport have it.
    #[must_use]
    pub fn applies_to(self, protocol: Protocol) -> bool {
        match self {
            Self::NoDelay | Self::KeepAlive => protocol == Protocol::Tcp,
            Self::Broadcast => protocol == Protocol::Udp,
            Self::Backlog => protocol.delivery() != Delivery::Datagrams,
            Self::ReuseAddress | Self::ReceiveBuffer | Self::SendBuffer | Self::ReceiveSize => true,
        }
    }

    /// The option and the value that a query's `name=value` stands for.
    pub(super) fn read(name: &str, value: &str) -> Result<(Self, OptionValue), OptionError> {
        let option = Self::ALL
            .into_iter()
            .find(|option| option.name() == name)
            .ok_or_else(|| OptionError::Unknown(name.to_owned()))?;
        let bad = || OptionError::BadValue { name: option.name(), value: value.to_owned() };
        Ok((option, option.kind().read(value).ok_or_else(bad)?))
    }
}
