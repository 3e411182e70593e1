//! What a row's bytes are taken for: as the user said, as its socket has them, or as they look.

use super::Sessions;
use crate::codec::decode::Decoder;
use crate::codec::decode::recognize::Circumstances;
use crate::model::{HostPort, PageRow, Peer, SessionId, SocketId};

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
        let of_peer =
            info.map_or_else(|| HostPort::of_numbers(&row.peer).map(|peer| peer.port()), |info| port(&info.peer));
        Circumstances {
            ports: [info.and_then(|info| port(&info.local)), of_peer],
            is_stream: info.map(|info| info.protocol.is_stream()),
        }
    }
}
