//! RDS sockets, reliable datagrams between hosts, see rds(7).

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use socket2::{Domain, Socket, Type};

use super::datagram::{DatagramSocket, Naming};
use super::options;
use super::transport::{Attempt, ConnectEnd, first_that_works};
use crate::model::{Endpoint, Failure, Operation, Peer, Protocol, Role, SocketOptions};

/// Binds to the first of the candidates that can be bound.
pub(super) fn bind(candidates: &[SocketAddr], options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    first_that_works(candidates, Operation::Bind, |address| {
        let socket = bound(address, address, Role::Server, options)?;
        over(socket).map_err(fail(Operation::Bind, address))
    })
}

/// A client's socket. RDS has no default address to send from, so the one that routes to the peer is bound. Connected, it
/// has a peer to send to, and hears others all the same.
pub(super) fn open(attempt: &Attempt<'_>) -> ConnectEnd {
    let opened = first_that_works(attempt.candidates, Operation::Connect, |peer| {
        let local = match attempt.local.beside(peer).filter(|_| attempt.local.ip.is_some()) {
            Some(local) => local,
            None => {
                let ip = source_for(peer).map_err(fail(Operation::Bind, peer))?;
                SocketAddr::new(ip, attempt.local.port.unwrap_or(0))
            }
        };
        let socket = bound(local, peer, Role::Client, attempt.options)?;
        if attempt.connected {
            socket.connect(&peer.into()).map_err(fail(Operation::Connect, peer))?;
        }
        Ok((over(socket).map_err(fail(Operation::Connect, peer))?, Peer::Ip(peer)))
    });
    opened.map_or_else(ConnectEnd::Failed, |(socket, peer)| ConnectEnd::Datagrams(socket, peer))
}

/// Whether a socket can be opened.
pub(super) fn probe() -> io::Result<()> {
    open_socket().map(drop)
}

/// Of type SEQPACKET, and yet without connections: rds(7).
fn open_socket() -> io::Result<Socket> {
    Socket::new(Domain::from(nix::libc::AF_RDS), Type::SEQPACKET, None)
}

/// The address that the system would send from. Connecting a datagram socket looks the route up and sends nothing.
fn source_for(peer: SocketAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = if peer.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(peer)?;
    Ok(socket.local_addr()?.ip())
}

fn bound(local: SocketAddr, subject: SocketAddr, role: Role, options: &SocketOptions) -> Result<Socket, Failure> {
    let socket = open_socket().map_err(fail(Operation::Open, subject))?;
    options::apply(&socket, role, options, &Endpoint::Rds(subject.into()))?;
    socket.bind(&local.into()).map_err(fail(Operation::Bind, local))?;
    Ok(socket)
}

/// The seam for any socket whose datagrams have addresses of IP.
fn over(socket: Socket) -> io::Result<DatagramSocket> {
    DatagramSocket::new(socket, Protocol::Rds, Naming::Ip)
}

fn fail(operation: Operation, address: SocketAddr) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::io(operation, Endpoint::Rds(address.into()), &error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;
    use crate::net::Wake;

    const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    /// UDP's datagrams have the same addresses.
    fn bound_without_rds() -> DatagramSocket {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        socket.bind(&ANY.into()).unwrap();
        over(socket).unwrap()
    }

    #[test]
    fn datagrams_cross_whole_and_each_can_be_answered() {
        let [ours, theirs] = [bound_without_rds(), bound_without_rds()];
        let [our_name, their_name] = [&ours, &theirs].map(|socket| socket.local().unwrap());
        assert!(matches!((&our_name, &their_name), (Peer::Ip(_), Peer::Ip(_))), "with ports");
        let wake = Wake::new().unwrap();
        for text in [&b"question"[..], b"", b"another"] {
            ours.send(text, Some(&their_name), true).unwrap();
            assert!(theirs.wait(&wake).unwrap());
            let (bytes, from) = theirs.next();
            assert_eq!((bytes.as_slice(), from.as_ref()), (text, Some(&our_name)));
            theirs.send(b"answer", from.as_ref(), true).unwrap();
            assert!(ours.wait(&wake).unwrap());
            let (bytes, from) = ours.next();
            assert_eq!((bytes.as_slice(), from.as_ref()), (&b"answer"[..], Some(&their_name)));
        }
        assert_eq!(ours.protocol(), Protocol::Rds);
    }

    #[test]
    fn a_client_sends_from_the_address_that_routes_to_its_peer() {
        assert_eq!(source_for(ANY).unwrap(), ANY.ip());
        // The whole network is this machine.
        let other: SocketAddr = ([127, 0, 0, 77], 9).into();
        assert!(source_for(other).unwrap().is_loopback());
    }

    #[test]
    fn a_kernel_without_it_says_so() {
        let opened = bind(&[ANY], &SocketOptions::default());
        match probe() {
            Ok(()) => assert_eq!(opened.unwrap().protocol(), Protocol::Rds),
            Err(_) => {
                let failure = opened.unwrap_err();
                assert_eq!((failure.operation, failure.cause), (Operation::Open, Cause::AddressFamilyMissing));
                assert_eq!(failure.subject, "rds://127.0.0.1:0");
            }
        }
    }
}
