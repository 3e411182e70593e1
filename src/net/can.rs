//! CAN sockets, raw frames and the broadcast manager; see the kernel's networking/can.rst.

use std::io;

use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};

use super::datagram::{DatagramSocket, Naming};
use super::{options, sys};
use crate::model::{self, CanInterface, Endpoint, Failure, Operation, Peer, Role, SocketOptions};

/// A socket for the frames of one interface, CAN FD's among them where the interface has it.
pub(super) fn bind(interface: &CanInterface, options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    let endpoint = Endpoint::Can(interface.clone());
    let socket = socket(Type::RAW, libc::CAN_RAW, options, &endpoint)?;
    let fail = failure(endpoint);
    sys::set_can_fd(&socket).map_err(|error| fail(Operation::SetOption, &error))?;
    let address = address(interface).map_err(|error| fail(Operation::Bind, &error))?;
    socket.bind(&address).map_err(|error| fail(Operation::Bind, &error))?;
    over(socket, model::Protocol::Can, interface).map_err(|error| fail(Operation::Bind, &error))
}

/// A socket of the broadcast manager for one interface.
pub(super) fn bind_broadcast(interface: &CanInterface, options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    let endpoint = Endpoint::CanBroadcast(interface.clone());
    let socket = socket(Type::DGRAM, libc::CAN_BCM, options, &endpoint)?;
    let fail = failure(endpoint);
    let address = address(interface).map_err(|error| fail(Operation::Connect, &error))?;
    // The broadcast manager is connected to its interface and not bound to it.
    socket.connect(&address).map_err(|error| fail(Operation::Connect, &error))?;
    over(socket, model::Protocol::CanBroadcast, interface).map_err(|error| fail(Operation::Connect, &error))
}

/// Whether a socket for frames can be opened.
pub(super) fn probe() -> io::Result<()> {
    open(Type::RAW, libc::CAN_RAW).map(drop)
}

/// Whether a socket of the broadcast manager can be opened.
pub(super) fn probe_broadcast() -> io::Result<()> {
    open(Type::DGRAM, libc::CAN_BCM).map(drop)
}

fn open(kind: Type, protocol: i32) -> io::Result<Socket> {
    Socket::new(Domain::from(libc::AF_CAN), kind, Some(Protocol::from(protocol)))
}

/// The seam for any socket that carries whole frames.
fn over(socket: Socket, protocol: model::Protocol, interface: &CanInterface) -> io::Result<DatagramSocket> {
    DatagramSocket::new(socket, protocol, Naming::Sole(Peer::Can(interface.clone())))
}

fn socket(kind: Type, protocol: i32, options: &SocketOptions, endpoint: &Endpoint) -> Result<Socket, Failure> {
    let socket = open(kind, protocol).map_err(|error| Failure::io(Operation::Open, endpoint, &error))?;
    // A CAN socket has no side: its options are the same for both.
    options::apply(&socket, Role::Client, options, endpoint)?;
    options::ask_for_drops(&socket);
    Ok(socket)
}

fn address(interface: &CanInterface) -> io::Result<socket2::SockAddr> {
    let index = nix::net::if_::if_nametoindex(interface.name())?;
    Ok(sys::can_address(i32::try_from(index).unwrap_or(i32::MAX)))
}

fn failure(endpoint: Endpoint) -> impl Fn(Operation, &io::Error) -> Failure {
    move |operation, error| Failure::io(operation, &endpoint, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::can::Frame;
    use crate::net::Wake;

    /// Kernels without CAN have sockets all the same that keep the borders of what is sent.
    #[test]
    fn frames_cross_whole_and_are_told_from_each_other() {
        let vcan = CanInterface::new("vcan0").unwrap();
        let (ours, theirs) = Socket::pair(Domain::UNIX, Type::SEQPACKET, None).unwrap();
        let (ours, theirs) = [ours, theirs].map(|socket| over(socket, model::Protocol::Can, &vcan).unwrap()).into();
        let frames = ["123#DEADBEEF", "1F334455#11", "7DF#R4", "123##1112233", "20000004#0000000000000000"];
        let frames = frames.map(|text| text.parse::<Frame>().unwrap());
        let peer = Peer::Can(vcan);
        for frame in &frames {
            let bytes = frame.to_bytes();
            assert_eq!(ours.send(&bytes, Some(&peer), true).unwrap(), bytes.len());
        }
        let wake = Wake::new().unwrap();
        let mut buffer = [0; 128];
        for frame in frames {
            assert!(theirs.wait(&wake).unwrap());
            let received = theirs.receive(&mut buffer).unwrap().unwrap();
            assert_eq!(received.from.as_ref(), Some(&peer));
            assert_eq!(Frame::from_bytes(&buffer[..received.len]), Ok(frame));
        }
        assert_eq!(theirs.local().unwrap(), peer);
    }

    #[test]
    fn an_interface_that_is_not_there_is_named() {
        let vcan = CanInterface::new("no-such-can").unwrap();
        let failure = bind(&vcan, &SocketOptions::default()).unwrap_err();
        assert_eq!(failure.subject, "can://no-such-can");
    }
}
