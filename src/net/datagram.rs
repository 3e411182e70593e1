//! A datagram socket.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use super::address::{peer_of, sender_of, system_address};
use super::inspect::{OpenSocket, memory};
use super::stream::receive_time;
use super::wake::{Ready, Wake};
use crate::model::{Peer, Protocol, Role};

/// What one receive call returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedDatagram {
    /// Bytes in the buffer; 0 is an empty datagram and no end.
    pub len: usize,
    /// As it is to be answered: a v4-mapped address stays one. `None` for a sender without an address.
    pub from: Option<Peer>,
    /// It was longer than the buffer (MSG_TRUNC).
    pub truncated: bool,
    pub kernel_ns: Option<i64>,
    /// SO_RXQ_OVFL: what the kernel dropped at this socket before this datagram; absent while nothing was.
    pub dropped: Option<u32>,
}

/// How long a send may wait for room in the socket's buffer, in milliseconds.
const SEND_WAIT: u8 = 100;

/// How the socket names who it converses with.
#[derive(Debug)]
pub(super) enum Naming {
    /// By an IP address and a port.
    Ip,
    /// By an IP address alone.
    Host,
    /// Not at all: it has but this one to converse with.
    Sole(Peer),
}

impl Naming {
    fn name(&self, storage: Option<&SockaddrStorage>) -> Option<Peer> {
        match self {
            Self::Ip => storage.and_then(sender_of).map(Peer::Ip),
            Self::Host => storage.and_then(sender_of).map(Peer::Host),
            Self::Sole(peer) => Some(peer.clone()),
        }
    }
}

#[derive(Debug)]
pub struct DatagramSocket {
    socket: Socket,
    naming: Naming,
}

impl DatagramSocket {
    pub(super) fn new(socket: Socket, naming: Naming) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket, naming })
    }

    /// Blocks until a datagram (or an error) is there; false when `wake` went on.
    ///
    /// # Errors
    /// Of poll(2).
    pub fn wait(&self, wake: &Wake) -> io::Result<bool> {
        Ok(wake.wait(self.socket.as_fd(), PollFlags::POLLIN, None)? == Ready::Socket)
    }

    /// One recvmsg(2) that doesn't block; `None` when nothing waits.
    ///
    /// # Errors
    /// `ConnectionRefused` on a connected socket whose peer's port is closed: an answer to an earlier send, not an end.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<ReceivedDatagram>> {
        let mut control = nix::cmsg_space!(TimeSpec, u32);
        let mut slices = [IoSliceMut::new(buffer)];
        let message = match recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut control),
            MsgFlags::empty(),
        ) {
            Ok(message) => message,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut received = ReceivedDatagram {
            len: message.bytes,
            from: self.naming.name(message.address.as_ref()),
            truncated: message.flags.contains(MsgFlags::MSG_TRUNC),
            kernel_ns: None,
            dropped: None,
        };
        if let Ok(controls) = message.cmsgs() {
            for control in controls {
                received.kernel_ns = received.kernel_ns.or(receive_time(&control));
                #[cfg(target_os = "linux")]
                if let ControlMessageOwned::RxqOvfl(dropped) = control {
                    received.dropped = Some(dropped);
                }
            }
        }
        Ok(Some(received))
    }

    /// Sends one datagram: to the connected peer, or to `to`. With `wait` it waits a tenth of a second at most for room.
    ///
    /// # Errors
    /// `WouldBlock` when no room came; message too long; `ConnectionRefused` for an earlier datagram: this one was not
    /// sent.
    pub fn send(&self, bytes: &[u8], to: Option<&Peer>, wait: bool) -> io::Result<usize> {
        let attempt = || match (to, &self.naming) {
            (Some(peer), Naming::Ip | Naming::Host) => self.socket.send_to(bytes, &system_address(peer)?),
            _ => self.socket.send(bytes),
        };
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && wait => {
                let mut writable = [PollFd::new(self.socket.as_fd(), PollFlags::POLLOUT)];
                match poll(&mut writable, SEND_WAIT) {
                    Ok(_) | Err(Errno::EINTR) => attempt(),
                    Err(error) => Err(error.into()),
                }
            }
            result => result,
        }
    }

    /// What the kernel has dropped at this socket so far (SO_MEMINFO); `None` where it doesn't say.
    #[must_use]
    pub fn dropped(&self) -> Option<u32> {
        memory(self.socket.as_fd()).map(|memory| memory.dropped)
    }

    /// To be asked about, as a socket of this side and transport.
    #[must_use]
    pub fn inspect(&self, role: Role, protocol: Protocol) -> OpenSocket<'_> {
        OpenSocket { socket: self.socket.as_fd(), role, protocol }
    }

    /// # Errors
    /// getsockname(2) failed.
    pub fn local(&self) -> io::Result<Peer> {
        match &self.naming {
            Naming::Ip => Ok(peer_of(&self.socket.local_addr()?)),
            Naming::Host => Ok(match peer_of(&self.socket.local_addr()?) {
                Peer::Ip(address) => Peer::Host(address),
                other => other,
            }),
            Naming::Sole(peer) => Ok(peer.clone()),
        }
    }
}
