//! What a row's bytes are taken for: as the user said, as its socket has them, or as they look.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::Sessions;
use crate::codec::decode::Decoder;
use crate::codec::decode::recognize::Circumstances;
use crate::model::{PageRow, Peer, SessionId, SocketId};

impl Sessions {
    /// Has the bytes of a session, or of what a socket did without one, read as `decoder`; `None` has them looked at again.
    pub fn decode_as(&mut self, socket: SocketId, session: Option<SessionId>, decoder: Option<Decoder>) {
        match decoder {
            Some(decoder) => _ = self.decoded_as.insert((socket, session), decoder),
            None => _ = self.decoded_as.remove(&(socket, session)),
        }
    }

    /// What the user said that this row's bytes are.
    #[must_use]
    pub fn decoded_as(&self, row: &PageRow) -> Option<Decoder> {
        self.decoded_as.get(&(row.socket, row.session)).copied()
    }

    /// Where this row's bytes crossed. Of a session that is gone only its peer is known.
    #[must_use]
    pub fn circumstances(&self, row: &PageRow) -> Circumstances {
        let info = row.session.and_then(|session| self.by_id.get(&session)).map(|session| &session.info);
        let port = |peer: &Peer| match peer {
            Peer::Ip(address) => Some(address.port()),
            Peer::Scoped(place) => Some(place.port),
            Peer::Unix(_) | Peer::Host(_) | Peer::Can(_) | Peer::Vsock(_) | Peer::Link(_) => None,
        };
        let of_peer = info.map_or_else(|| port_of(&row.peer), |info| port(&info.peer));
        Circumstances {
            ports: [info.and_then(|info| port(&info.local)), of_peer],
            is_stream: info.map(|info| info.protocol.is_stream()),
        }
    }
}

/// Of a peer as its row names it, where that is an address of IP: names of other kinds may end in a number as well.
fn port_of(peer: &str) -> Option<u16> {
    let (host, port) = peer.rsplit_once(':')?;
    let is_address = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // An interface's name may stand for the scope (RFC 4007, section 11.2).
        Some(host) => host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => host.parse::<Ipv4Addr>().is_ok(),
    };
    port.parse().ok().filter(|_| is_address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_ip_has_a_port() {
        for peer in ["127.0.0.1:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53", "[fe80::1%2]:53"] {
            assert_eq!(port_of(peer), Some(53), "{peer}");
        }
        for peer in ["/run/dns:53", "@dns:53", "2:53", "fe80::53", "127.0.0.1:65536", "127.0.0.1", "can0", ""] {
            assert_eq!(port_of(peer), None, "{peer}");
        }
    }
}
