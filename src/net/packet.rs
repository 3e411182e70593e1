//! Frames of one protocol on one link, without their headers, see packet(7). They take CAP_NET_RAW.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::libc;
use socket2::{Domain, Socket, Type};

use super::address::{peer_of, system_address};
use super::datagram::{DatagramSocket, Naming};
use super::transport::{Attempt, ConnectEnd};
use super::{options, sys};
use crate::model::{Endpoint, Failure, HardwareAddress, LinkAddress, Operation, Peer, Protocol, Role, SocketOptions};

/// A socket for the frames of an interface. A hardware address, where one is asked for, has to be the interface's own.
pub(super) fn bind(address: &LinkAddress, options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    let (socket, own) = bound(address, Role::Server, options)?;
    let over = || match address.hardware {
        Some(_) if address.hardware != own.hardware => Err(Errno::EADDRNOTAVAIL.into()),
        _ => over(socket, own, None),
    };
    over().map_err(|error| fail(address, Operation::Bind, &error))
}

/// A client's socket. A link has no connections: each frame names whom it is for, everybody where nobody is asked for.
pub(super) fn open(address: &LinkAddress, attempt: &Attempt<'_>) -> ConnectEnd {
    let hardware = address.hardware.unwrap_or(HardwareAddress::BROADCAST);
    let peer = Peer::Link(LinkAddress { hardware: Some(hardware), ..address.clone() });
    let opened = bound(address, Role::Client, attempt.options).and_then(|(socket, own)| {
        over(socket, own, Some(peer.clone())).map_err(|error| fail(address, Operation::Open, &error))
    });
    opened.map_or_else(ConnectEnd::Failed, |socket| ConnectEnd::Datagrams(socket, peer))
}

/// Whether a socket can be opened.
pub(super) fn probe() -> io::Result<()> {
    open_socket().map(drop)
}

/// The seam for a bound socket; `to` is whom it sends to where nobody is named.
pub(super) fn over(socket: Socket, own: LinkAddress, to: Option<Peer>) -> io::Result<DatagramSocket> {
    // What this machine sends there is no answer to it, and an echo would hear its own.
    sys::set_option(socket.as_fd(), libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1_u32.to_ne_bytes())?;
    DatagramSocket::new(socket, Protocol::Packet, Naming::Link { own, to })
}

/// Of no protocol yet, so that nothing of other interfaces is heard before it is bound.
fn open_socket() -> io::Result<Socket> {
    Socket::new(Domain::PACKET, Type::DGRAM, None)
}

/// The socket, with the address that the interface has.
fn bound(address: &LinkAddress, role: Role, options: &SocketOptions) -> Result<(Socket, LinkAddress), Failure> {
    let socket = open_socket().map_err(|error| fail(address, Operation::Open, &error))?;
    options::apply(&socket, role, options, &Endpoint::Packet(address.clone()))?;
    options::ask_for_drops(&socket);
    let bind = || {
        // Of the address, only interface and protocol count.
        let any = LinkAddress { hardware: Some(HardwareAddress::BROADCAST), ..address.clone() };
        socket.bind(&system_address(&Peer::Link(any))?)?;
        match peer_of(&socket.local_addr()?) {
            Peer::Link(own) => Ok(own),
            _ => Err(Errno::ENODEV.into()),
        }
    };
    let own = bind().map_err(|error| fail(address, Operation::Bind, &error))?;
    Ok((socket, own))
}

fn fail(address: &LinkAddress, operation: Operation, error: &io::Error) -> Failure {
    Failure::io(operation, Endpoint::Packet(address.clone()), error)
}
