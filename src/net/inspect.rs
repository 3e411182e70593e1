//! What the kernel says of an open socket.

use std::os::fd::BorrowedFd;

use nix::libc;
use socket2::SockRef;

use super::address::peer_of;
use super::sys::{self, QueueRequest};
use super::{options, tcp_info};
use crate::model::{
    Failure, OptionAnswer, OptionValue, Protocol, Role, SocketMemory, SocketOption, SocketOptions, SocketState,
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
        let tcp = tcp_info::read(socket);
        SocketState {
            options: SocketOption::ALL
                .into_iter()
                .filter(has)
                .filter_map(|option| Some((option, options::get(socket, role, option)?)))
                .collect(),
            accept_queue: tcp_info::accept_queue(socket),
            // Of datagrams it would be the length of the next one alone.
            unread: if protocol.is_stream() { queue(QueueRequest::Unread) } else { None },
            // Other families count memory there, which `memory` has.
            unacknowledged: tcp.and_then(|_| queue(QueueRequest::Outgoing)),
            unsent: tcp.and_then(|_| queue(QueueRequest::Unsent)),
            tcp,
            memory: memory(socket),
        }
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
        let socket = SockRef::from(&self.socket);
        let address = socket.peer_addr().or_else(|_| socket.local_addr()).map(|address| peer_of(&address).to_string());
        let scheme = (self.protocol.scheme(), self.protocol.separator());
        let subject = format!("{}{}{}", scheme.0, scheme.1, address.unwrap_or_default());
        options::change(self.socket, self.role, option, value, &subject)
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
