//! What a session's rows were on their way over, as far as the journal tells.

use core::net::{IpAddr, SocketAddr};

use crate::codec::capture::connection::End;
use crate::codec::capture::frame::Route;
use crate::model::{Call, Endpoint, EtherType, HardwareAddress, HostPort, LinkAddress, Protocol};

/// A conversation as packets.
#[derive(Clone, Debug)]
pub(super) enum Flow {
    Tcp(Stream),
    /// From here to there.
    Udp(Route),
    Raw(Route),
    Link {
        /// This side's card; zeros where it has no such address.
        own: [u8; 6],
        peer: [u8; 6],
        ether_type: EtherType,
    },
    Unix {
        /// What stands beside each packet.
        text: String,
        /// Without borders between messages.
        is_stream: bool,
    },
    Can,
    /// Nothing that a capture has a place for, or nobody knows what.
    Other,
}

/// A session over TCP.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// From here to there.
    pub(super) route: Route,
    /// This side.
    pub(super) end: End,
    /// The handshake, until it is written.
    pub(super) opening: Option<Opening>,
    /// Something of it was written: its end is then, too.
    pub(super) shown: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) row: u64,
    /// The listener or client that it came to.
    pub(super) socket: u64,
    pub(super) from: End,
}

impl Stream {
    fn new(route: Route) -> Self {
        Self { route, end: End::A, opening: None, shown: false }.of_end()
    }

    /// Both sides of a connection call the same end the first one.
    fn of_end(mut self) -> Self {
        self.end = if self.route.source() <= self.route.destination() { End::A } else { End::B };
        self
    }

    /// The addresses, the same from both sides.
    pub(super) fn pair(&self) -> (SocketAddr, SocketAddr) {
        let route = if self.end == End::A { self.route } else { self.route.back() };
        (route.source(), route.destination())
    }
}

impl Flow {
    /// Of a session whose beginning is in the journal; both places have their scheme, or are empty.
    pub(super) fn between(session: u64, local: &str, peer: &str) -> Self {
        let scheme = |place: &str| place.split_once(':').and_then(|(scheme, _)| Protocol::from_scheme(scheme));
        let Some(protocol) = scheme(local).or_else(|| scheme(peer)) else { return Self::Other };
        let ip_route = || {
            let [local, peer] = [local, peer].map(|place| ip_place(protocol, place));
            Route::new(local?, peer?)
        };
        let flow = match protocol {
            Protocol::Tcp => ip_route().map(Stream::new).map(Self::Tcp),
            Protocol::Udp => ip_route().map(Self::Udp),
            Protocol::Raw => ip_route().map(Self::Raw),
            Protocol::Packet => link(local, peer),
            Protocol::UnixStream | Protocol::UnixDatagram | Protocol::UnixSeqpacket => {
                let name = [peer, local].into_iter().find(|place| !place.is_empty()).unwrap_or_default();
                let is_stream = protocol == Protocol::UnixStream;
                Some(Self::Unix { text: format!("session {session} {name}"), is_stream })
            }
            Protocol::Can => Some(Self::Can),
            Protocol::Vsock | Protocol::CanBroadcast | Protocol::Rds | Protocol::Descriptor => None,
        };
        flow.unwrap_or(Self::Other)
    }

    /// Of a session whose beginning was cleared, by what its rows say: the local address is unknown.
    pub(super) fn guessed(session: u64, peer: &str, call: Call) -> Self {
        if peer.is_empty() || peer.starts_with(['/', '@']) {
            let is_stream = matches!(call, Call::Recv | Call::Send);
            return Self::Unix { text: format!("session {session} {peer}"), is_stream };
        }
        let route = HostPort::of_numbers(peer).and_then(|peer| Route::new(SocketAddr::new(unspecified(peer), 0), peer));
        match (route, call) {
            (Some(route), Call::Recv | Call::Send) => Self::Tcp(Stream::new(route)),
            (Some(route), Call::RecvFrom | Call::SendTo) => Self::Udp(route),
            (Some(_), Call::RecvMsg | Call::SendMsg) | (None, _) => Self::Other,
        }
    }
}

fn unspecified(peer: SocketAddr) -> IpAddr {
    match peer {
        SocketAddr::V4(_) => IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(core::net::Ipv6Addr::UNSPECIFIED),
    }
}

/// An address as rows write it: with a port, or for a raw socket without.
fn ip_place(protocol: Protocol, place: &str) -> Option<SocketAddr> {
    if protocol == Protocol::Raw {
        let host = place.strip_prefix(protocol.scheme())?.strip_prefix(protocol.separator())?;
        let host = host.trim_start_matches('[').split([']', '?']).next()?;
        return Some(SocketAddr::new(HostPort::new(host, 0).literal()?, 0));
    }
    match place.parse().ok()? {
        Endpoint::Tcp(address) | Endpoint::Udp(address) => Some(SocketAddr::new(address.literal()?, address.port)),
        _ => None,
    }
}

fn link(local: &str, peer: &str) -> Option<Flow> {
    /// Smaller numbers are lengths, or the kernel's own.
    const ETHER_TYPE_MIN: u16 = 0x600;
    let [own, peer] = [local, peer].map(|place| match place.parse() {
        Ok(Endpoint::Packet(address)) => Some(address),
        _ => None,
    });
    let peer = peer?;
    let card = |address: Option<&LinkAddress>| {
        address.and_then(|address| address.hardware).map_or([0; 6], |HardwareAddress(bytes)| bytes)
    };
    let ether_type = Some(peer.ether_type).filter(|ether_type| ether_type.0 >= ETHER_TYPE_MIN)?;
    Some(Flow::Link { own: card(own.as_ref()), peer: card(Some(&peer)), ether_type })
}
