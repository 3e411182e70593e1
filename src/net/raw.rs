//! Raw IPv4 and IPv6 sockets, see raw(7). They take CAP_NET_RAW.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::datagram::{DatagramSocket, Naming};
use super::options;
use super::transport::{Attempt, ConnectEnd, first_that_works};
use crate::model::{
    self, Cause, Endpoint, Failure, Hint, IpProtocol, Operation, Peer, RawAddress, Role, SocketOptions,
};

/// Binds to the first of the candidates that can be bound; every packet of the protocol to that address arrives.
pub(super) fn bind(
    address: &RawAddress,
    candidates: &[SocketAddr],
    options: &SocketOptions,
) -> Result<DatagramSocket, Failure> {
    if address.protocol == IpProtocol::RAW {
        return Err(only_sends(&Endpoint::Raw(address.clone())));
    }
    let fail = failure(address);
    first_that_works(candidates, Operation::Bind, |candidate| {
        let socket = socket(address, Role::Server, candidate, options)?;
        socket.bind(&candidate.into()).map_err(fail(Operation::Bind))?;
        DatagramSocket::new(socket, model::Protocol::Raw, Naming::Host).map_err(fail(Operation::Bind))
    })
}

/// A client's socket; connected, only the peer's packets arrive.
pub(super) fn open(address: &RawAddress, attempt: &Attempt<'_>) -> ConnectEnd {
    let fail = failure(address);
    let opened = first_that_works(attempt.candidates, Operation::Connect, |candidate| {
        let socket = socket(address, Role::Client, candidate, attempt.options)?;
        if let Some(mut local) = attempt.local.beside(candidate) {
            local.set_port(0);
            socket.bind(&local.into()).map_err(fail(Operation::Bind))?;
        }
        if attempt.connected {
            socket.connect(&candidate.into()).map_err(fail(Operation::Connect))?;
        }
        let socket = DatagramSocket::new(socket, model::Protocol::Raw, Naming::Host).map_err(fail(Operation::Open))?;
        Ok((socket, Peer::Host(candidate)))
    });
    opened.map_or_else(ConnectEnd::Failed, |(socket, peer)| ConnectEnd::Datagrams(socket, peer))
}

/// Whether a socket can be opened.
pub(super) fn probe() -> io::Result<()> {
    Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).map(drop)
}

/// A listener of IPPROTO_RAW would wait for ever, raw(7).
pub(super) fn only_sends(subject: &dyn Display) -> Failure {
    Failure::new(Operation::Open, subject, Cause::OnlySends).with_hint(Hint::ChooseAnotherIpProtocol)
}

fn socket(address: &RawAddress, role: Role, candidate: SocketAddr, options: &SocketOptions) -> Result<Socket, Failure> {
    let fail = failure(address);
    let protocol = Protocol::from(i32::from(address.protocol.0));
    let socket =
        Socket::new(Domain::for_address(candidate), Type::RAW, Some(protocol)).map_err(fail(Operation::Open))?;
    options::apply(&socket, role, options, &Endpoint::Raw(address.clone()))?;
    options::ask_for_drops(&socket);
    Ok(socket)
}

fn failure(address: &RawAddress) -> impl Fn(Operation) -> Box<dyn Fn(io::Error) -> Failure> {
    let subject = Endpoint::Raw(address.clone()).to_string();
    move |operation| {
        let subject = subject.clone();
        Box::new(move |error| Failure::io(operation, &subject, &error))
    }
}
