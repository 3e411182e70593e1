//! Receiving on a Unix socket of any type, with what a peer may send beside the bytes.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::libc;

use super::address::peer_of;
use super::ancillary::{self, Ancillary};
use super::sys;
use crate::model::{Peer, PeerProcess};

/// Descriptors that a peer sent along (SCM_RIGHTS). They are open in this process until this is dropped.
#[derive(Debug, Default)]
pub struct Rights {
    pub descriptors: Vec<OwnedFd>,
    /// More came than this process could take (MSG_CTRUNC): beyond its limit of descriptors.
    pub lost: bool,
}

impl Rights {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.descriptors.is_empty() && !self.lost
    }
}

/// What one recvmsg(2) returned.
#[derive(Debug)]
pub(super) struct UnixMessage {
    pub(super) len: usize,
    /// Unnamed for a sender that bound no name, and on connections.
    pub(super) from: Peer,
    /// It was longer than the buffer (MSG_TRUNC).
    pub(super) truncated: bool,
    pub(super) kernel_ns: Option<i64>,
    /// Where SO_PASSCRED asked for it.
    pub(super) process: Option<PeerProcess>,
    pub(super) rights: Rights,
}

/// One recvmsg(2), with these flags beside the one that keeps received descriptors from child processes.
///
/// # Errors
/// What the call returned.
pub(super) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8], flags: libc::c_int) -> io::Result<UnixMessage> {
    let mut control = [0; ancillary::ROOM];
    let received = sys::receive_message(socket, buffer, &mut control, flags | libc::MSG_CMSG_CLOEXEC)?;
    let Ancillary { kernel_ns, process, descriptors, .. } =
        Ancillary::read(control.get(..received.control_len).unwrap_or_default());
    Ok(UnixMessage {
        len: received.len,
        from: peer_of(&received.from),
        truncated: received.flags & libc::MSG_TRUNC != 0,
        kernel_ns,
        process,
        rights: Rights { descriptors: sys::own_received(descriptors), lost: received.flags & libc::MSG_CTRUNC != 0 },
    })
}
