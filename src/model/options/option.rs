//! The options that can be set.

use super::OptionError;
use super::service_class;
use super::value::{OptionKind, OptionValue, Unit};
use crate::model::{Delivery, Protocol, Role};

/// An option of a socket, by the name that socket(7), ip(7), ipv6(7) or tcp(7) has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SocketOption {
    /// The protocol of socket(2), beside the family's usual one: MPTCP for TCP, UDP-Lite for UDP.
    IpProtocol,
    /// SO_REUSEADDR. Unset means on for stream listeners (a restart meets TIME_WAIT) and off for datagrams (a second
    /// socket would take the traffic silently).
    ReuseAddress,
    /// SO_REUSEPORT: several sockets of one user on one port, among which the kernel shares out what comes.
    ReusePort,
    /// IPV6_V6ONLY; off, an IPv6 socket takes IPv4 peers too. Unset means what `net.ipv6.bindv6only` says.
    V6Only,
    /// SO_BINDTODEVICE.
    Device,
    /// Length of the accept queue, listen(2); unset means 4096, capped by `net.core.somaxconn`.
    Backlog,
    /// TCP_FASTOPEN: for a listener, requests that may wait with data before their handshake is over; for a client
    /// anything but 0 turns TCP_FASTOPEN_CONNECT on.
    FastOpen,
    /// TCP_NODELAY. Unset means on: a tester that delays small writes would show times that are not the peer's. An inherited
    /// socket keeps what it has: it is shared with whoever made it.
    NoDelay,
    /// TCP_QUICKACK; the kernel changes it by itself as the connection goes on.
    QuickAck,
    /// SO_KEEPALIVE.
    KeepAlive,
    /// TCP_KEEPIDLE: quiet seconds before the first probe.
    KeepIdle,
    /// TCP_KEEPINTVL: seconds between probes.
    KeepInterval,
    /// TCP_KEEPCNT: unanswered probes after which the connection is dropped.
    KeepCount,
    /// TCP_USER_TIMEOUT: milliseconds for which sent data may stay unacknowledged; 0 leaves it to the system.
    UserTimeout,
    /// SO_LINGER: seconds; 0 makes every close a reset. Off is the system's default.
    Linger,
    /// TCP_CONGESTION: one of `net.ipv4.tcp_available_congestion_control`.
    Congestion,
    /// TCP_MAXSEG: the kernel takes 88 (TCP_MIN_MSS) to 32767 (MAX_TCP_WINDOW), include/net/tcp.h.
    MaxSegment,
    /// SO_BROADCAST.
    Broadcast,
    /// SO_RCVBUF; the kernel doubles it for its own bookkeeping and caps it at `net.core.rmem_max`.
    ReceiveBuffer,
    /// SO_SNDBUF, with the same doubling and `net.core.wmem_max`.
    SendBuffer,
    /// IP_TTL and IPV6_UNICAST_HOPS, whichever the socket's family has.
    TimeToLive,
    /// IP_TOS and IPV6_TCLASS: the whole byte. A query may say `dscp=`, which is its upper six bits.
    TypeOfService,
    /// SO_PRIORITY; more than 6 needs CAP_NET_ADMIN.
    Priority,
    /// SO_MARK; needs CAP_NET_ADMIN or CAP_NET_RAW.
    Mark,
    /// IP_MULTICAST_TTL and IPV6_MULTICAST_HOPS: routers that a datagram to a group may pass; the system's default is 1.
    MulticastTtl,
    /// IP_MULTICAST_LOOP and IPV6_MULTICAST_LOOP: whether this machine hears what it sends to groups; on by default.
    MulticastLoop,
    /// IP_MULTICAST_IF and IPV6_MULTICAST_IF: the interface, by name or IPv4 address, that datagrams to groups leave by.
    MulticastInterface,
    /// Bytes asked for in one receive call, 1 to 1048576; unset means 64 KiB (a full datagram for UDP).
    ReceiveSize,
}

/// The sockets that have an option.
#[derive(Clone, Copy)]
enum Scope {
    Any,
    /// TCP and UDP.
    Ported,
    /// Whatever sends packets over IP.
    Ip,
    Tcp,
    /// UDP and raw IP.
    Packets,
    /// Whatever listens for connections.
    Listeners,
}

/// All that is fixed for an option.
struct Traits {
    name: &'static str,
    constant: &'static str,
    kind: OptionKind,
    scope: Scope,
    /// Whether setting it on a socket that is in use has an effect.
    live: bool,
}

const LIVE: bool = true;
const FIXED: bool = false;

/// The system takes an `int` for sizes.
const INT_MAX: u32 = i32::MAX as u32;
/// The most bytes that one receive call may ask for.
const RECEIVE_SIZE_MAX: u32 = 1 << 20;
/// IFNAMSIZ and TCP_CA_NAME_MAX, less the closing NUL.
const NAME_MAX: usize = 15;

const fn number(min: u32, max: u32, unit: Unit) -> OptionKind {
    OptionKind::Number { min, max, unit, or_off: false }
}

/// With 0 a close is a reset; off, what waits is still sent.
const LINGER: OptionKind = OptionKind::Number { min: 0, max: 65_535, unit: Unit::Seconds, or_off: true };

impl SocketOption {
    /// In the order that forms list them and that they are set in.
    pub const ALL: [Self; 28] = [
        Self::IpProtocol,
        Self::ReuseAddress,
        Self::ReusePort,
        Self::V6Only,
        Self::Device,
        Self::Backlog,
        Self::FastOpen,
        Self::NoDelay,
        Self::QuickAck,
        Self::KeepAlive,
        Self::KeepIdle,
        Self::KeepInterval,
        Self::KeepCount,
        Self::UserTimeout,
        Self::Linger,
        Self::Congestion,
        Self::MaxSegment,
        Self::Broadcast,
        Self::ReceiveBuffer,
        Self::SendBuffer,
        Self::TimeToLive,
        Self::TypeOfService,
        Self::Priority,
        Self::Mark,
        Self::MulticastTtl,
        Self::MulticastLoop,
        Self::MulticastInterface,
        Self::ReceiveSize,
    ];

    const fn traits(self) -> Traits {
        use OptionKind::{Protocol, ServiceClass, Switch, Text};
        use Scope::{Any, Ip, Listeners, Packets, Ported, Tcp};
        use Unit::{Bytes, Milliseconds, Seconds};
        // The ranges are those that hold for every kernel; what else is wrong with a value, the kernel says.
        let (name, constant, kind, scope, live) = match self {
            Self::IpProtocol => ("proto", "socket(2)", Protocol, Ported, FIXED),
            Self::ReuseAddress => ("reuseaddr", "SO_REUSEADDR", Switch, Ported, FIXED),
            Self::ReusePort => ("reuseport", "SO_REUSEPORT", Switch, Ported, FIXED),
            Self::V6Only => ("v6only", "IPV6_V6ONLY", Switch, Ported, FIXED),
            Self::Device => ("device", "SO_BINDTODEVICE", Text { max: NAME_MAX }, Ip, FIXED),
            Self::Backlog => ("backlog", "listen(2)", number(1, INT_MAX, Unit::None), Listeners, FIXED),
            Self::FastOpen => ("fastopen", "TCP_FASTOPEN", number(0, INT_MAX, Unit::None), Tcp, FIXED),
            Self::NoDelay => ("nodelay", "TCP_NODELAY", Switch, Tcp, LIVE),
            Self::QuickAck => ("quickack", "TCP_QUICKACK", Switch, Tcp, LIVE),
            Self::KeepAlive => ("keepalive", "SO_KEEPALIVE", Switch, Tcp, LIVE),
            Self::KeepIdle => ("keepidle", "TCP_KEEPIDLE", number(1, 32_767, Seconds), Tcp, LIVE),
            Self::KeepInterval => ("keepintvl", "TCP_KEEPINTVL", number(1, 32_767, Seconds), Tcp, LIVE),
            Self::KeepCount => ("keepcnt", "TCP_KEEPCNT", number(1, 127, Unit::None), Tcp, LIVE),
            Self::UserTimeout => ("usertimeout", "TCP_USER_TIMEOUT", number(0, INT_MAX, Milliseconds), Tcp, LIVE),
            Self::Linger => ("linger", "SO_LINGER", LINGER, Tcp, LIVE),
            Self::Congestion => ("congestion", "TCP_CONGESTION", Text { max: NAME_MAX }, Tcp, LIVE),
            Self::MaxSegment => ("maxseg", "TCP_MAXSEG", number(88, 32_767, Bytes), Tcp, FIXED),
            Self::Broadcast => ("broadcast", "SO_BROADCAST", Switch, Packets, LIVE),
            Self::ReceiveBuffer => ("rcvbuf", "SO_RCVBUF", number(1, INT_MAX, Bytes), Any, LIVE),
            Self::SendBuffer => ("sndbuf", "SO_SNDBUF", number(1, INT_MAX, Bytes), Any, LIVE),
            Self::TimeToLive => ("ttl", "IP_TTL, IPV6_UNICAST_HOPS", number(1, 255, Unit::None), Ip, LIVE),
            Self::TypeOfService => ("tos", "IP_TOS, IPV6_TCLASS", ServiceClass { bits: 8 }, Ip, LIVE),
            Self::Priority => ("priority", "SO_PRIORITY", number(0, INT_MAX, Unit::None), Any, LIVE),
            Self::Mark => ("mark", "SO_MARK", number(0, u32::MAX, Unit::None), Ip, LIVE),
            Self::MulticastTtl => {
                ("mttl", "IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS", number(0, 255, Unit::None), Packets, LIVE)
            }
            Self::MulticastLoop => ("mloop", "IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP", Switch, Packets, LIVE),
            Self::MulticastInterface => {
                ("mif", "IP_MULTICAST_IF, IPV6_MULTICAST_IF", Text { max: NAME_MAX }, Packets, LIVE)
            }
            Self::ReceiveSize => ("recvsize", "recv(2)", number(1, RECEIVE_SIZE_MAX, Bytes), Any, FIXED),
        };
        Traits { name, constant, kind, scope, live }
    }

    /// The name in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.traits().name
    }

    /// The name in manuals and programs.
    #[must_use]
    pub const fn constant(self) -> &'static str {
        self.traits().constant
    }

    #[must_use]
    pub const fn kind(self) -> OptionKind {
        self.traits().kind
    }

    /// Whether it can be changed on a socket that is in use. The others are looked at once, when it binds or connects.
    #[must_use]
    pub const fn is_live(self) -> bool {
        self.traits().live
    }

    /// Whether each connection that a listener accepted has one of its own, which can be changed while it is open.
    #[must_use]
    pub const fn is_of_connections(self) -> bool {
        let Traits { scope, live, .. } = self.traits();
        live && matches!(scope, Scope::Any | Scope::Ip | Scope::Tcp)
    }

    /// Whether it still counts for a socket that somebody else has bound (a server's) or connected (a client's): others are
    /// looked at by socket(2) and bind(2), or while a connection is made.
    #[must_use]
    pub fn counts_later(self, role: Role) -> bool {
        match self {
            Self::IpProtocol | Self::ReuseAddress | Self::ReusePort | Self::V6Only => false,
            // What a listener accepts has them from it.
            Self::FastOpen | Self::MaxSegment => role == Role::Server,
            _ => true,
        }
    }

    /// Whether sockets of this transport have it. A descriptor may be of any, as long as the option is not too late for it.
    #[must_use]
    pub fn applies_to(self, protocol: Protocol) -> bool {
        if protocol == Protocol::Descriptor {
            return self.counts_later(Role::Server);
        }
        let is_tcp = matches!(protocol, Protocol::Tcp);
        let is_ported = is_tcp || matches!(protocol, Protocol::Udp);
        let is_raw = matches!(protocol, Protocol::Raw);
        match self.traits().scope {
            Scope::Any => true,
            Scope::Ported => is_ported,
            Scope::Ip => is_ported || is_raw,
            Scope::Tcp => is_tcp,
            Scope::Packets => is_ported && !is_tcp || is_raw,
            Scope::Listeners => protocol.delivery() != Delivery::Datagrams,
        }
    }

    /// Whether its value is the name of a network interface.
    #[must_use]
    pub const fn is_interface(self) -> bool {
        matches!(self, Self::Device | Self::MulticastInterface)
    }

    /// Whether sockets of this side have it.
    #[must_use]
    pub fn is_for(self, role: Role) -> bool {
        role == Role::Server || !matches!(self.traits().scope, Scope::Listeners)
    }

    /// The option and the value that a query's `name=value` stands for.
    pub(super) fn read(name: &str, value: &str) -> Result<(Self, OptionValue), OptionError> {
        if name == DSCP {
            let takes = OptionKind::ServiceClass { bits: service_class::BITS };
            let Some(OptionValue::Number(code_point)) = takes.read(value) else {
                return Err(OptionError::BadValue { name: DSCP, value: value.to_owned(), takes });
            };
            return Ok((Self::TypeOfService, OptionValue::Number(code_point << 2)));
        }
        let option = Self::named(name).ok_or_else(|| OptionError::Unknown(name.to_owned()))?;
        let takes = option.kind();
        let bad = || OptionError::BadValue { name: option.name(), value: value.to_owned(), takes };
        Ok((option, takes.read(value).ok_or_else(bad)?))
    }

    /// What a value of this option is called, where it has a name beside its number: a class of service other than the
    /// usual one.
    #[must_use]
    pub fn class_of(self, value: u32) -> Option<&'static str> {
        let code_point = (self == Self::TypeOfService).then_some(value >> 2).filter(|code_point| *code_point != 0)?;
        service_class::name(code_point)
    }

    /// The option that a query's name stands for; some have two.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == DSCP {
            return Some(Self::TypeOfService);
        }
        Self::ALL.into_iter().find(|option| option.name() == name)
    }
}

/// Another name for the upper six bits of [`SocketOption::TypeOfService`].
const DSCP: &str = "dscp";
