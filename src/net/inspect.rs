//! What the kernel says of an open socket.

use std::os::fd::BorrowedFd;

use nix::libc;

use super::sys::{self, QueueRequest};
use super::{options, tcp_info};
use crate::model::{Protocol, Role, SocketMemory, SocketOption, SocketState};

/// One look at a socket: some dozen system calls, none of which blocks.
pub(super) fn state(socket: BorrowedFd<'_>, role: Role, protocol: Protocol) -> SocketState {
    let queue = |request| sys::queue(socket, request).ok();
    let of_transport =
        SocketOption::ALL.into_iter().filter(|option| option.applies_to(protocol) && option.is_for(role));
    let tcp = tcp_info::read(socket);
    SocketState {
        options: of_transport.filter_map(|option| Some((option, options::get(socket, role, option)?))).collect(),
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
        send: word(2)?,
        send_max: word(3)?,
        dropped: word(8)?,
    })
}
