//! A datagram socket.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::libc;
use nix::poll::PollFlags;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use super::address::{link_sender_of, peer_of, sender_of, system_address};
use super::error_queue::{self, Undelivered};
use super::inspect::{OpenSocket, memory};
use super::interfaces::interfaces;
use super::reach::Reach;
use super::socket_kind::SocketKind;
use super::stream::receive_time;
use super::unix_message::{self, Rights};
use super::wake::{Ready, Wake};
use crate::model::{IpProtocol, LinkAddress, Peer, PeerProcess, Protocol, Role};

/// What one receive call returned.
#[derive(Debug)]
pub struct ReceivedDatagram {
    /// Bytes in the buffer; 0 is an empty datagram and no end.
    pub len: usize,
    /// As it is to be answered: a v4-mapped address stays one. `None` for a sender without an address; a Unix sender
    /// without a name is [`crate::model::UnixName::Unnamed`].
    pub from: Option<Peer>,
    /// It was longer than the buffer (MSG_TRUNC).
    pub truncated: bool,
    pub kernel_ns: Option<i64>,
    /// SO_RXQ_OVFL: what the kernel dropped at this socket before this datagram; absent while nothing was.
    pub dropped: Option<u32>,
    /// Who sent it, over a Unix socket.
    pub process: Option<PeerProcess>,
    /// What a Unix peer sent along.
    pub rights: Rights,
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
    fn name(&self, storage: Option<&SockaddrStorage>) -> Option<Peer> {
        match self {
            Self::Ip => storage.and_then(sender_of).map(Peer::Ip),
            Self::Host => storage.and_then(sender_of).map(Peer::Host),
            Self::Link { own, .. } => storage.and_then(|storage| link_sender_of(storage, own)).map(Peer::Link),
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

    /// One recvmsg(2) that doesn't block; `None` when nothing waits.
    ///
    /// # Errors
    /// `ConnectionRefused` where a peer's port is closed: an answer to an earlier send, not an end.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<ReceivedDatagram>> {
        let result =
            if let Naming::Unix = self.naming { self.receive_unix(buffer) } else { self.receive_other(buffer) };
        match result {
            Ok(received) => Ok(Some(received)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn receive_other(&self, buffer: &mut [u8]) -> io::Result<ReceivedDatagram> {
        let mut control = nix::cmsg_space!(TimeSpec, u32);
        let mut slices = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut control),
            MsgFlags::MSG_DONTWAIT,
        )?;
        let mut received = ReceivedDatagram {
            len: message.bytes,
            from: self.naming.name(message.address.as_ref()),
            truncated: message.flags.contains(MsgFlags::MSG_TRUNC),
            kernel_ns: None,
            dropped: None,
            process: None,
            rights: Rights::default(),
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
        Ok(received)
    }

    fn receive_unix(&self, buffer: &mut [u8]) -> io::Result<ReceivedDatagram> {
        let message = unix_message::receive(self.socket.as_fd(), buffer, libc::MSG_DONTWAIT)?;
        Ok(ReceivedDatagram {
            len: message.len,
            from: Some(message.from),
            truncated: message.truncated,
            kernel_ns: message.kernel_ns,
            dropped: None,
            process: message.process,
            rights: message.rights,
        })
    }

    /// Sends one datagram: to the connected peer, or to `to`. With `wait` it waits a tenth of a second at most for room.
    ///
    /// # Errors
    /// `WouldBlock` when no room came; message too long; an address of the other family; `ConnectionRefused`, over Unix
    /// for this datagram and elsewhere for an earlier one: this one was not sent.
    pub fn send(&self, bytes: &[u8], to: Option<&Peer>, wait: bool) -> io::Result<usize> {
        let flags = if wait { 0 } else { libc::MSG_DONTWAIT };
        let attempt = || match (to, &self.naming) {
            (Some(peer), Naming::Ip | Naming::Host | Naming::Unix | Naming::Link { .. })
            | (None, Naming::Link { to: Some(peer), .. }) => {
                self.socket.send_to_with_flags(bytes, &system_address(peer)?, flags)
            }
            _ => self.socket.send_with_flags(bytes, flags),
        };
        match attempt() {
            // It may be about an earlier datagram, which the error queue has: then this one was not tried yet.
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

/// Whether a socket bound to `own` is where this address leads.
fn reaches(own: IpAddr, to: SocketAddr) -> bool {
    // Only a machine's own address can be bound.
    own == to.ip() || own.is_unspecified() && UdpSocket::bind(with_port(to, 0)).is_ok()
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}
