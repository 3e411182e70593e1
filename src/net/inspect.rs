//! What the kernel says of an open socket.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{SockAddr, SockRef};

use super::address::{peer_of, without_port};
use super::resolve::as_shown;
use super::sys::{self, QueueRequest};
use super::{multicast, options, tcp_info};
use crate::model::{
    Cause, Failure, IpProtocol, MulticastGroup, Operation, OptionAnswer, OptionValue, Peer, Protocol, Role,
    SocketMemory, SocketOption, SocketOptions, SocketState,
};

/// A socket that is open while this is there, to be asked about. None of its calls blocks.
#[derive(Clone, Copy, Debug)]
pub struct OpenSocket<'a> {
    pub(super) socket: BorrowedFd<'a>,
    pub(super) role: Role,
    pub(super) protocol: Protocol,
}

impl OpenSocket<'_> {
    /// One look at it, of some dozen system calls.
    #[must_use]
    pub fn state(&self) -> SocketState {
        let Self { socket, role, protocol } = *self;
        let queue = |request| sys::queue(socket, request).ok();
        let has = |option: &SocketOption| option.applies_to(protocol) && option.is_for(role);
        let tcp = tcp_info::read(socket, role);
        SocketState {
            options: SocketOption::ALL
                .into_iter()
                .filter(has)
                .filter_map(|option| Some((option, options::get(socket, role, option)?)))
                .collect(),
            accept_queue: tcp_info::accept_queue(socket),
            // Of datagrams it would be the length of the next one alone.
            unread: if protocol.is_stream() { self.unread() } else { None },
            // Other families count memory there, which `memory` has.
            unacknowledged: tcp.and_then(|_| queue(QueueRequest::Outgoing)),
            unsent: tcp.and_then(|_| queue(QueueRequest::Unsent)),
            tcp,
            memory: memory(socket),
        }
    }

    /// The smoothed round-trip time, by one system call; `None` where none was measured, and for what isn't TCP.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        tcp_info::read(self.socket, self.role)?.rtt
    }

    /// SIOCINQ. MPTCP counts its peer's end (DATA_FIN, RFC 8684) as one byte, which TCP doesn't.
    fn unread(&self) -> Option<u32> {
        let unread = || sys::queue(self.socket, QueueRequest::Unread).ok();
        if self.ip_protocol() != Some(IpProtocol::MPTCP) {
            return unread();
        }
        let had_ended = self.has_peer_ended();
        let bytes = unread()?;
        match (had_ended, self.has_peer_ended()) {
            (false, false) => Some(bytes),
            // It came meanwhile, and may have been counted.
            (false, true) => unread().map(|bytes| bytes.saturating_sub(1)),
            (true, _) => Some(bytes.saturating_sub(1)),
        }
    }

    /// Whether nothing more will arrive. The states of TCP_INFO are those of one path, which stays open when the peer ends.
    fn has_peer_ended(&self) -> bool {
        let mut watched = [PollFd::new(self.socket, PollFlags::from_bits_retain(libc::POLLRDHUP))];
        // nix has no name for this event, and then says none at all.
        let has_ended = |events: Option<PollFlags>| events.is_none_or(|events| events.contains(PollFlags::POLLHUP));
        poll(&mut watched, PollTimeout::ZERO).is_ok() && has_ended(watched[0].revents())
    }

    /// The protocol above IP that it is of.
    #[must_use]
    pub fn ip_protocol(&self) -> Option<IpProtocol> {
        match options::get(self.socket, self.role, SocketOption::IpProtocol) {
            Some(OptionValue::Protocol(protocol)) => Some(protocol),
            _ => None,
        }
    }

    /// What an error of it is about: its peer as endpoints are written, or its own address where it has no peer or one
    /// without a name; `None` where it has no name either (unix(7)).
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        let socket = SockRef::from(&self.socket);
        let shown = |address: SockAddr| match as_shown(peer_of(&address)) {
            place if self.protocol == Protocol::Raw => without_port(place).to_string(),
            place => place.to_string(),
        };
        let places = [socket.peer_addr(), socket.local_addr()].into_iter().flatten().map(shown);
        let named = places.filter(|place| !place.is_empty()).map(|place| self.protocol.with_scheme(&place));
        named.into_iter().next()
    }

    /// What the kernel made of the options that were asked for.
    #[must_use]
    pub fn answers(&self, options: &SocketOptions) -> Vec<OptionAnswer> {
        options::answers(self.socket, self.role, options)
    }

    /// Sets an option and asks the kernel what it made of it.
    ///
    /// # Errors
    /// The kernel refuses; the failure names the option and its value.
    pub fn change(&self, option: SocketOption, value: &OptionValue) -> Result<OptionAnswer, Failure> {
        let subject = self.endpoint().unwrap_or_else(|| self.protocol.with_scheme(""));
        options::change(self.socket, self.role, option, value, &subject)
    }

    /// Has a datagram socket hear a multicast group, see [`multicast::join`].
    ///
    /// # Errors
    /// Why it doesn't.
    pub fn join(&self, group: &MulticastGroup) -> Result<(), Failure> {
        self.check_udp(Operation::Join, group)?;
        multicast::join(self.socket, group)
    }

    /// Undoes [`Self::join`].
    ///
    /// # Errors
    /// The socket had not joined it so.
    pub fn leave(&self, group: &MulticastGroup) -> Result<(), Failure> {
        self.check_udp(Operation::Leave, group)?;
        multicast::leave(self.socket, group)
    }

    /// Where it is bound; `None` where the system doesn't say.
    #[must_use]
    pub fn local(&self) -> Option<Peer> {
        SockRef::from(&self.socket).local_addr().ok().map(|address| peer_of(&address))
    }

    fn check_udp(&self, operation: Operation, group: &MulticastGroup) -> Result<(), Failure> {
        let is_udp = self.protocol == Protocol::Udp;
        if is_udp { Ok(()) } else { Err(Failure::new(operation, group, Cause::NotUdp)) }
    }
}

/// SO_MEMINFO; `None` where the system doesn't say.
pub(super) fn memory(socket: BorrowedFd<'_>) -> Option<SocketMemory> {
    /// The words up to `SK_MEMINFO_DROPS`.
    const WORDS: usize = 9;
    let mut bytes = [0; WORDS * 4];
    let length = sys::get_option(socket, libc::SOL_SOCKET, libc::SO_MEMINFO, &mut bytes).ok()?;
    let word = |index: usize| bytes[..length].get(index * 4..index * 4 + 4)?.try_into().ok().map(u32::from_ne_bytes);
    Some(SocketMemory {
        receive: word(0)?,
        receive_max: word(1)?,
        // Streams queue, datagrams are allocated one by one.
        send: word(2)?.max(word(5)?),
        send_max: word(3)?,
        dropped: word(8)?,
    })
}
