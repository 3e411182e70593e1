//! CAN sockets, raw frames and the broadcast manager; see the kernel's networking/can.rst.

use std::io;
use std::os::fd::AsFd;

use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};

use super::datagram::{DatagramSocket, Naming};
use super::{options, sys};
use crate::model::{self, Endpoint, Failure, InterfaceName, Operation, Peer, Role, SocketOptions};

/// A socket for the frames of one interface, CAN FD's among them where the interface has it, and for the errors that its
/// controller reports.
pub(super) fn bind(interface: &InterfaceName, options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    let endpoint = Endpoint::Can(interface.clone());
    let socket = socket(Type::RAW, libc::CAN_RAW, options, &endpoint)?;
    let fail = failure(endpoint);
    take_all(&socket).map_err(|error| fail(Operation::SetOption, &error))?;
    let address = address(interface).map_err(|error| fail(Operation::Bind, &error))?;
    socket.bind(&address).map_err(|error| fail(Operation::Bind, &error))?;
    over(socket, model::Protocol::Can, interface).map_err(|error| fail(Operation::Bind, &error))
}

/// A socket of the broadcast manager for one interface.
pub(super) fn bind_broadcast(interface: &InterfaceName, options: &SocketOptions) -> Result<DatagramSocket, Failure> {
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

/// The seam for any socket that carries whole frames, or whole messages of the broadcast manager.
fn over(socket: Socket, protocol: model::Protocol, interface: &InterfaceName) -> io::Result<DatagramSocket> {
    DatagramSocket::new(socket, protocol, Naming::Sole(Peer::Can(interface.clone())))
}

fn socket(kind: Type, protocol: i32, options: &SocketOptions, endpoint: &Endpoint) -> Result<Socket, Failure> {
    let socket = open(kind, protocol).map_err(|error| Failure::io(Operation::Open, endpoint, &error))?;
    // A CAN socket has no side: its options are the same for both.
    options::apply(&socket, Role::Client, options, endpoint)?;
    options::ask_for_drops(&socket);
    Ok(socket)
}

/// Has a socket for frames receive more than classic ones that carry data: CAN FD's, and error frames of every class.
fn take_all(socket: &Socket) -> io::Result<()> {
    let set = |name, value: u32| sys::set_option(socket.as_fd(), libc::SOL_CAN_RAW, name, &value.to_ne_bytes());
    set(libc::CAN_RAW_FD_FRAMES, 1)?;
    if let Err(error) = set(libc::CAN_RAW_ERR_FILTER, libc::CAN_ERR_MASK) {
        tracing::debug!(%error, "no error frames");
    }
    Ok(())
}

fn address(interface: &InterfaceName) -> io::Result<socket2::SockAddr> {
    let index = nix::net::if_::if_nametoindex(interface.name())?;
    Ok(sys::can_address(i32::try_from(index).unwrap_or(i32::MAX)))
}

fn failure(endpoint: Endpoint) -> impl Fn(Operation, &io::Error) -> Failure {
    move |operation, error| Failure::io(operation, &endpoint, error)
}

/// Both ends of a bus that needs no CAN: other sockets, too, keep the borders of what is sent.
#[cfg(test)]
pub(crate) fn bus(protocol: model::Protocol, interface: &InterfaceName) -> [DatagramSocket; 2] {
    let (one, other) = Socket::pair(Domain::UNIX, Type::SEQPACKET, None).expect("two descriptors");
    [one, other].map(|end| over(end, protocol, interface).expect("a socket"))
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;
    use crate::codec::can::Frame;
    use crate::codec::can::bcm::{Message, Opcode, SET_TIMER, START_TIMER};
    use crate::model::Cause;
    use crate::net::Wake;

    /// Sends all of it from one end, and returns what the other end received, one by one.
    fn crossed(protocol: model::Protocol, sent: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let vcan = InterfaceName::new("vcan0").unwrap();
        let peer = Peer::Can(vcan.clone());
        let [ours, theirs] = bus(protocol, &vcan);
        for bytes in sent {
            assert_eq!(ours.send(bytes, Some(&peer), true).unwrap(), bytes.len());
        }
        let wake = Wake::new().unwrap();
        assert_eq!((theirs.local().unwrap(), theirs.protocol()), (peer.clone(), protocol));
        sent.iter()
            .map(|_| {
                assert!(theirs.wait(&wake).unwrap());
                let (bytes, from) = theirs.next();
                assert_eq!(from.as_ref(), Some(&peer));
                bytes
            })
            .collect()
    }

    #[test]
    fn frames_cross_whole_and_are_told_from_each_other() {
        let frames = ["123#DEADBEEF", "1F334455#11", "7DF#R4", "123##1112233", "20000004#0000000000000000"];
        let frames = frames.map(|text| text.parse::<Frame>().unwrap());
        let received = crossed(model::Protocol::Can, &frames.each_ref().map(Frame::to_bytes));
        let received: Vec<_> = received.iter().map(|bytes| Frame::from_bytes(bytes).unwrap()).collect();
        assert_eq!(received, frames);
    }

    #[test]
    fn messages_of_the_broadcast_manager_cross_whole() {
        let message = |opcode, flags, frames: &[&str]| Message {
            opcode,
            flags,
            count: 0,
            first_interval: std::time::Duration::ZERO,
            second_interval: std::time::Duration::from_millis(100),
            id: 0x123,
            frames: frames.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let messages = [
            message(Opcode::TxSetup, SET_TIMER | START_TIMER, &["123#DEADBEEF", "123#00"]),
            message(Opcode::RxChanged, 0, &["123#11"]),
            message(Opcode::TxDelete, 0, &[]),
        ];
        let received = crossed(model::Protocol::CanBroadcast, &messages.each_ref().map(Message::to_bytes));
        let received: Vec<_> = received.iter().map(|bytes| Message::from_bytes(bytes).unwrap()).collect();
        assert_eq!(received, messages);
    }

    #[test]
    fn an_interface_that_is_not_there_is_named() {
        let none = InterfaceName::new("no-such-can").unwrap();
        // Whatever the kernel has.
        let error = address(&none).unwrap_err();
        assert_eq!(error.raw_os_error().map(Errno::from_raw), Some(Errno::ENODEV));
        let options = SocketOptions::default();
        for (opened, exists, operation, endpoint) in [
            (bind(&none, &options), probe(), Operation::Bind, "can://no-such-can"),
            (bind_broadcast(&none, &options), probe_broadcast(), Operation::Connect, "can-bcm://no-such-can"),
        ] {
            let failure = opened.unwrap_err();
            let missing = (Operation::Open, Cause::AddressFamilyMissing);
            let expected = if exists.is_ok() { (operation, Cause::NoSuchDevice) } else { missing };
            assert_eq!(((failure.operation, failure.cause), failure.subject.as_str()), (expected, endpoint));
        }
    }
}
