//! Messages to addresses, whether their peers have been heard or not.

use ::core::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use super::core::Core;
use super::peers::Peers;
use super::socket_control::SocketControl;
use crate::model::{Cause, Failure, Hint, HostPort, Operation, Peer};
use crate::net;

/// Sends the message to each address, over a UDP socket that is not connected. A full buffer is waited for until the
/// deadline. What fails is told, address by address, and doesn't keep the message from the others.
pub(super) fn send(
    core: &Arc<Core>,
    control: &SocketControl,
    addresses: &[HostPort],
    bytes: &Arc<[u8]>,
    deadline: Instant,
) {
    let Some(peers) = control.peers() else {
        return core.fail(control.id, None, no_peers(core, control));
    };
    for address in addresses {
        match address_for(&peers, address) {
            Ok(to) => {
                // None is opened any more where the socket closes, which is told by itself.
                if let Some(session) = peers.addressed(core, &to) {
                    session.send(core, bytes, Instant::now() < deadline);
                }
            }
            Err(cause) => core.fail(control.id, None, Failure::new(Operation::Send, address, cause)),
        }
    }
}

/// Why a socket has nobody else to send to: it is connected, or no datagram socket, or not open.
fn no_peers(core: &Core, control: &SocketControl) -> Failure {
    let Some(session) = core.sessions_of(control.id).into_iter().next() else {
        return Failure::new(Operation::Send, "", Cause::NoSuchSession);
    };
    if session.info.protocol == crate::model::Protocol::Udp {
        Failure::new(Operation::Send, &session.peer, Cause::ConnectedToOne).with_hint(Hint::DontConnect)
    } else {
        Failure::new(Operation::Send, &session.peer, Cause::NotUdp)
    }
}

/// The address in the family that the socket speaks.
fn address_for(peers: &Peers, address: &HostPort) -> Result<Peer, Cause> {
    if !peers.is_udp() {
        return Err(Cause::NotUdp);
    }
    let found = net::literal(address).ok_or(Cause::NotANumericAddress)?;
    match (found.ip(), peers.is_v6()) {
        (IpAddr::V4(ip), true) => Ok(Peer::Ip(SocketAddr::new(ip.to_ipv6_mapped().into(), found.port()))),
        (IpAddr::V6(_), false) => Err(Cause::OtherFamily),
        _ => Ok(Peer::Ip(found)),
    }
}
