//! A datagram socket.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::libc;
use nix::poll::PollFlags;
use socket2::{SockAddr, Socket};

use super::address::{link_sender_of, peer_of, system_address};
use super::ancillary::Ancillary;
use super::batch::{DatagramBatch, Received};
use super::error_queue::{self, Undelivered};
use super::inspect::{OpenSocket, memory};
use super::interfaces::interfaces;
use super::own_address::{self, OwnAddress};
use super::reach::Reach;
use super::socket_kind::SocketKind;
use super::unix_message::{Rights, UnixMessage};
use super::wake::{Ready, Wake};
use crate::model::{IpProtocol, LinkAddress, Peer, PeerProcess, Protocol, Role};

/// What a receive call said of a datagram beside its bytes, of which there may be none.
#[derive(Debug)]
pub struct ReceivedDatagram {
    /// As it is to be answered: a v4-mapped address stays one. `None` for a sender without an address; a Unix sender
    /// without a name is [`crate::model::UnixName::Unnamed`].
    pub from: Option<Peer>,
    /// It was longer than the buffer (MSG_TRUNC).
    pub truncated: bool,
    pub kernel_ns: Option<i64>,
    /// SO_RXQ_OVFL: what the kernel dropped at this socket before this datagram; absent while nothing was.
    pub dropped: Option<u32>,
    /// Where it came to, of a socket that is bound to all addresses.
    pub came_to: Option<OwnAddress>,
    /// Who sent it, over a Unix socket.
    pub process: Option<PeerProcess>,
    /// What a Unix peer sent along.
    pub rights: Rights,
}

/// Whether the kernel may hold more datagrams than a receive call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayWait {
    Yes,
    No,
}

/// How long a send may wait for room: in the socket's buffer, or in the queue of a Unix receiver.
const SEND_WAIT: Duration = Duration::from_millis(100);

/// How the socket names who it converses with.
#[derive(Debug)]
pub(super) enum Naming {
    /// By an IP address and a port.
    Ip,
    /// By an IP address alone.
    Host,
    /// By a path or an abstract name, and not at all where it has none.
    Unix,
    /// By a hardware address, on one interface: whom it sends to where nobody is named.
    Link { own: LinkAddress, to: Option<Peer> },
    /// Not at all: it has but this one to converse with.
    Sole(Peer),
}

impl Naming {
    fn name(&self, from: &SockAddr) -> Option<Peer> {
        match self {
            // As it is to be answered: a v4-mapped address stays one, for the socket is a v6 one.
            Self::Ip => from.as_socket().map(Peer::Ip),
            Self::Host => from.as_socket().map(Peer::Host),
            Self::Link { own, .. } => link_sender_of(from, own).map(Peer::Link),
            Self::Sole(peer) => Some(peer.clone()),
            // It comes with what else a Unix message brings.
            Self::Unix => None,
        }
    }
}

#[derive(Debug)]
pub struct DatagramSocket {
    socket: Socket,
    protocol: Protocol,
    naming: Naming,
    /// Whether the kernel keeps for it what became of what it sent.
    has_error_queue: bool,
}

impl DatagramSocket {
    pub(super) fn new(socket: Socket, protocol: Protocol, naming: Naming) -> io::Result<Self> {
        socket.set_write_timeout(Some(SEND_WAIT))?;
        if let Naming::Unix = naming {
            socket.set_passcred(true)?;
        }
        Ok(Self { socket, protocol, naming, has_error_queue: false })
    }

    /// The same with its error queue looked at, see [`error_queue::ask_for`].
    pub(super) fn with_error_queue(self, has_error_queue: bool) -> Self {
        Self { has_error_queue, ..self }
    }

    /// Whether [`Self::undelivered`] tells of refusals, so that what a send call returns is about what it was to send.
    #[must_use]
    pub fn has_error_queue(&self) -> bool {
        self.has_error_queue
    }

    /// The next datagram that turned out not to arrive; `None` when there is no other. Doesn't block.
    ///
    /// # Errors
    /// Of recvmsg(2).
    pub fn undelivered(&self) -> io::Result<Option<Undelivered>> {
        if self.has_error_queue { error_queue::take(self.socket.as_fd()) } else { Ok(None) }
    }

    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// What a raw socket carries; `None` for any other.
    #[must_use]
    pub fn carried(&self) -> Option<IpProtocol> {
        SocketKind::of(&self.socket).ok()?.carried()
    }

    /// Blocks until a datagram (or an error) is there; false when `wake` went on.
    ///
    /// # Errors
    /// Of poll(2).
    pub fn wait(&self, wake: &Wake) -> io::Result<bool> {
        Ok(wake.wait(self.socket.as_fd(), PollFlags::POLLIN, None)? == Ready::Socket)
    }

    /// Room for what one [`Self::receive`] returns: datagrams of at most `size` bytes.
    #[must_use]
    pub fn batch(&self, size: usize) -> DatagramBatch {
        DatagramBatch::new(size, matches!(self.naming, Naming::Unix))
    }

    /// One recvmmsg(2), over Unix recvmsg(2), that doesn't block. Calls `take` with each datagram and its bytes, in the
    /// order of arrival; says whether more may wait.
    ///
    /// # Errors
    /// `ConnectionRefused` where a peer's port is closed: an answer to an earlier send, not an end. `take` was not called
    /// then.
    pub fn receive(
        &self,
        batch: &mut DatagramBatch,
        take: &mut dyn FnMut(&[u8], ReceivedDatagram),
    ) -> io::Result<MayWait> {
        let received = match batch.fill(self.socket.as_fd()) {
            Ok(received) => received,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return Ok(MayWait::No);
            }
            Err(error) => return Err(error),
        };
        match received {
            Received::One(bytes, message) => {
                take(bytes, of_unix(message));
                Ok(MayWait::Yes)
            }
            Received::Many(room) => {
                for (bytes, control, message) in room.received() {
                    let beside = Ancillary::read(control);
                    let datagram = ReceivedDatagram {
                        from: self.naming.name(&message.from),
                        truncated: message.flags & libc::MSG_TRUNC != 0,
                        kernel_ns: beside.kernel_ns,
                        dropped: beside.dropped,
                        came_to: beside.came_to,
                        process: None,
                        rights: Rights::default(),
                    };
                    take(bytes, datagram);
                }
                Ok(if room.received().len() < room.capacity() { MayWait::No } else { MayWait::Yes })
            }
        }
    }

    /// The next one, with whom it is of.
    #[cfg(test)]
    pub(crate) fn next(&self) -> (Vec<u8>, Option<Peer>) {
        let mut next = None;
        let mut batch = DatagramBatch::for_one(1024);
        self.receive(&mut batch, &mut |bytes, datagram| next = Some((bytes.to_vec(), datagram.from))).unwrap();
        next.expect("one that waits")
    }

    /// Sends one datagram: to the connected peer, or to `to`. With `wait` it waits a tenth of a second at most for room.
    ///
    /// # Errors
    /// `WouldBlock` when no room came; message too long; an address of the other family; `ConnectionRefused`, over Unix
    /// for this datagram and elsewhere for an earlier one: this one was not sent.
    pub fn send(&self, bytes: &[u8], to: Option<&Peer>, wait: bool) -> io::Result<usize> {
        self.send_from(None, bytes, to, wait)
    }

    /// As [`Self::send`], from this one of the addresses that the socket has; from one that the system chooses, where the
    /// machine has it no more.
    ///
    /// # Errors
    /// Likewise.
    pub fn send_from(
        &self,
        from: Option<OwnAddress>,
        bytes: &[u8],
        to: Option<&Peer>,
        wait: bool,
    ) -> io::Result<usize> {
        let flags = if wait { 0 } else { libc::MSG_DONTWAIT };
        if let (Some(from), Some(Peer::Ip(to))) = (from, to) {
            let attempt = || own_address::send(self.socket.as_fd(), bytes, from, *to, flags);
            match self.again(attempt(), attempt) {
                Err(error) if own_address::may_be_gone(&error) => {}
                result => return result,
            }
        }
        let attempt = || match (to, &self.naming) {
            (Some(peer), Naming::Ip | Naming::Host | Naming::Unix | Naming::Link { .. })
            | (None, Naming::Link { to: Some(peer), .. }) => {
                self.socket.send_to_with_flags(bytes, &system_address(peer)?, flags)
            }
            _ => self.socket.send_with_flags(bytes, flags),
        };
        self.again(attempt(), attempt)
    }

    /// What a second attempt returns, where the first may have failed for an earlier datagram, which the error queue has: then
    /// this one was not tried yet.
    fn again(&self, first: io::Result<usize>, attempt: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
        match first {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock && self.has_error_queue => attempt(),
            result => result,
        }
    }

    /// What the kernel has dropped at this socket so far (SO_MEMINFO); `None` where it doesn't say.
    #[must_use]
    pub fn dropped(&self) -> Option<u32> {
        memory(self.socket.as_fd()).map(|memory| memory.dropped)
    }

    /// Which addresses it can send to.
    #[must_use]
    pub fn reach(&self) -> Reach {
        Reach::of(self.socket.as_fd())
    }

    /// To be asked about, as a socket of this side and transport.
    #[must_use]
    pub fn inspect(&self, role: Role, protocol: Protocol) -> OpenSocket<'_> {
        OpenSocket { socket: self.socket.as_fd(), role, protocol }
    }

    /// Whether what is sent to this peer arrives here again: it is this socket's own address, or the loopback of a link.
    #[must_use]
    pub fn hears_what_it_sends_to(&self, peer: &Peer) -> bool {
        match (self.local(), peer) {
            (Ok(Peer::Ip(own)), Peer::Ip(to)) => own.port() == to.port() && reaches(own.ip(), *to),
            (Ok(Peer::Host(own)), Peer::Host(to)) => reaches(own.ip(), *to),
            (_, Peer::Link(to)) => interfaces().is_ok_and(|interfaces| {
                interfaces.iter().any(|interface| interface.is_loopback && interface.name == to.interface.name())
            }),
            _ => false,
        }
    }

    /// # Errors
    /// getsockname(2) failed.
    pub fn local(&self) -> io::Result<Peer> {
        match &self.naming {
            Naming::Ip | Naming::Unix => Ok(peer_of(&self.socket.local_addr()?)),
            Naming::Host => Ok(match peer_of(&self.socket.local_addr()?) {
                Peer::Ip(address) => Peer::Host(address),
                other => other,
            }),
            Naming::Link { own, .. } => Ok(Peer::Link(own.clone())),
            Naming::Sole(peer) => Ok(peer.clone()),
        }
    }
}

fn of_unix(message: UnixMessage) -> ReceivedDatagram {
    ReceivedDatagram {
        from: Some(message.from),
        truncated: message.truncated,
        kernel_ns: message.kernel_ns,
        dropped: None,
        came_to: None,
        process: message.process,
        rights: message.rights,
    }
}

/// Whether a socket bound to `own` is where this address leads.
fn reaches(own: IpAddr, to: SocketAddr) -> bool {
    // Only a machine's own address can be bound.
    own == to.ip() || own.is_unspecified() && UdpSocket::bind(with_port(to, 0)).is_ok()
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}
