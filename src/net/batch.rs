//! Several datagrams out of one receive call.

use std::io;
use std::os::fd::BorrowedFd;

use nix::libc;

use super::ancillary;
use super::sys::{self, MessageRoom};
use super::unix_message::{self, UnixMessage};

/// Room for what one [`super::DatagramSocket::receive`] returns. Memory that no datagram has reached yet is the system's
/// still.
#[derive(Debug)]
pub struct DatagramBatch(pub(super) Room);

#[derive(Debug)]
pub(super) enum Room {
    Many(MessageRoom),
    /// For a Unix socket, whose messages may bring descriptors: there is no room for those of several.
    One(Vec<u8>),
}

/// Datagrams that one call takes at most, and bytes of room for them, unless a single one needs more.
const DATAGRAMS: usize = 64;
const BYTES: usize = 4 << 20;

impl DatagramBatch {
    /// For datagrams of this size at most; longer ones are truncated.
    pub(super) fn new(size: usize, is_unix: bool) -> Self {
        Self(if is_unix {
            Room::One(vec![0; size])
        } else {
            Room::Many(MessageRoom::new((BYTES / size.max(1)).clamp(1, DATAGRAMS), size, ancillary::DATAGRAM_ROOM))
        })
    }
}

#[cfg(test)]
impl DatagramBatch {
    pub(super) fn for_one(size: usize) -> Self {
        Self(Room::Many(MessageRoom::new(1, size, ancillary::DATAGRAM_ROOM)))
    }
}

/// One receive call that doesn't block.
pub(super) enum Received<'a> {
    Many(&'a MessageRoom),
    One(&'a [u8], UnixMessage),
}

impl DatagramBatch {
    /// # Errors
    /// Of recvmmsg(2), and over Unix of recvmsg(2).
    pub(super) fn fill(&mut self, socket: BorrowedFd<'_>) -> io::Result<Received<'_>> {
        match &mut self.0 {
            Room::Many(room) => {
                sys::receive_messages(socket, room, libc::MSG_DONTWAIT)?;
                Ok(Received::Many(room))
            }
            Room::One(buffer) => {
                let message = unix_message::receive(socket, buffer, libc::MSG_DONTWAIT)?;
                Ok(Received::One(&buffer[..message.len], message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};

    use socket2::{Domain, Socket, Type};

    use super::super::datagram::{DatagramSocket, MayWait, Naming};
    use super::super::options::ask_for_receive_times;
    use super::*;
    use crate::model::{Peer, Protocol};

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    /// Bytes, sender, whether they were cut, and whether the kernel's time came along.
    type Heard = (Vec<u8>, Option<Peer>, bool, bool);

    /// What one call returned.
    fn heard(socket: &DatagramSocket, batch: &mut DatagramBatch) -> (MayWait, Vec<Heard>) {
        let mut all = Vec::new();
        let may_wait = socket.receive(batch, &mut |bytes, datagram| {
            all.push((bytes.to_vec(), datagram.from, datagram.truncated, datagram.kernel_ns.is_some()));
        });
        (may_wait.unwrap(), all)
    }

    #[test]
    fn one_call_returns_all_that_wait_each_with_its_sender_and_time() {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        socket.bind(&LOOPBACK.into()).unwrap();
        ask_for_receive_times(&socket);
        let to = socket.local_addr().unwrap();
        let ours = DatagramSocket::new(socket, Protocol::Udp, Naming::Ip).unwrap();
        let senders = [(); 2].map(|()| UdpSocket::bind(LOOPBACK).unwrap());
        let [one, other] = senders.each_ref().map(|sender| Some(Peer::Ip(sender.local_addr().unwrap())));
        let send = |from: usize, bytes: &[u8]| senders[from].send_to(bytes, to.as_socket().unwrap()).unwrap();
        let mut batch = ours.batch(16);
        // A call that had less to say of a datagram leaves room for what there is to say of the next one.
        for _ in 0..2 {
            send(0, b"first");
            send(1, &[7; 17]);
            send(0, b"");
            let expected = [
                (b"first".to_vec(), one.clone(), false, true),
                (vec![7; 16], other.clone(), true, true),
                (Vec::new(), one.clone(), false, true),
            ];
            assert_eq!(heard(&ours, &mut batch), (MayWait::No, expected.to_vec()));
        }
        assert_eq!(heard(&ours, &mut batch), (MayWait::No, Vec::new()));
        for number in 0..=DATAGRAMS {
            send(1, &[number as u8]);
        }
        let (may_wait, all) = heard(&ours, &mut batch);
        assert_eq!((may_wait, all.len()), (MayWait::Yes, DATAGRAMS));
        assert_eq!(heard(&ours, &mut batch).1, [(vec![DATAGRAMS as u8], other, false, true)]);
    }
}
