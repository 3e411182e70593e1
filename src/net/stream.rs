//! A connected stream, TCP or Unix.

use std::io::{self, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use super::address::peer_of;
use super::inspect::OpenSocket;
use crate::model::{Peer, Protocol, Role, UnixName};

/// How long one send call may block before it returns [`io::ErrorKind::WouldBlock`], so that a sender whose peer doesn't
/// read notices that it should stop.
const SEND_SLICE: Duration = Duration::from_millis(100);

/// What one receive call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedPiece {
    /// Bytes in the buffer; 0 is the end: the peer has finished sending.
    pub len: usize,
    /// Wall-clock nanoseconds at which the kernel received the last of these bytes.
    pub kernel_ns: Option<i64>,
}

/// Blocking calls on one connection; shared between a thread that receives and one that sends.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    /// Whether the family stamps what arrives. Without a control buffer the kernel also drops descriptors that a Unix
    /// peer sends along (SCM_RIGHTS), which would otherwise pile up in this process.
    is_stamped: bool,
    /// Whom connect(2) was called for, where getpeername(2) may not know it yet.
    connected_to: Option<Peer>,
}

impl Stream {
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_write_timeout(Some(SEND_SLICE))?;
        let is_stamped = !socket.local_addr()?.is_unix();
        Ok(Self { socket, is_stamped, connected_to: None })
    }

    /// As [`Self::new`], for a client's socket.
    pub(super) fn to_peer(socket: Socket, peer: &Peer) -> io::Result<Self> {
        let mut stream = Self::new(socket)?;
        stream.connected_to = Some(peer.canonical());
        Ok(stream)
    }

    /// One recvmsg(2). Blocks until something came, the peer finished, or [`Self::interrupt`].
    ///
    /// # Errors
    /// What the call returned; `ConnectionReset` when the peer reset, `WouldBlock` after [`Self::set_receive_wait`].
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<ReceivedPiece> {
        let mut control = nix::cmsg_space!(TimeSpec);
        loop {
            let mut slices = [IoSliceMut::new(buffer)];
            let control = self.is_stamped.then_some(control.as_mut_slice());
            match recvmsg::<()>(self.socket.as_raw_fd(), &mut slices, control, MsgFlags::empty()) {
                Ok(message) => {
                    let kernel_ns = message.cmsgs().ok().and_then(|mut all| all.find_map(|one| receive_time(&one)));
                    return Ok(ReceivedPiece { len: message.bytes, kernel_ns });
                }
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// From now on a receive call for which nothing comes returns `WouldBlock` after this time (`SO_RCVTIMEO`, socket(7)).
    ///
    /// # Errors
    /// Of setsockopt(2).
    pub fn set_receive_wait(&self, wait: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(wait))
    }

    /// One send(2), which may take less than all.
    ///
    /// # Errors
    /// `WouldBlock` when the system took nothing for a tenth of a second: try again unless it's time to stop.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        retry_interrupted(|| self.socket.send(bytes))
    }

    /// shutdown(SHUT_WR): the peer reads to the end of what was sent and then gets an end of file. Receiving goes on.
    ///
    /// # Errors
    /// `NotConnected` when the peer has reset.
    pub fn finish_sending(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }

    /// shutdown(SHUT_RD): ends blocked and later receive calls once they have returned what is already there. Sending goes
    /// on, and a TCP peer doesn't notice; a Unix peer's sends fail from now on.
    pub fn interrupt(&self) {
        // It fails when the peer has reset, and then no call blocks.
        if let Err(error) = self.socket.shutdown(Shutdown::Read) {
            tracing::debug!(%error, "shutdown");
        }
    }

    /// Makes the close that follows send a reset and drop what was not sent yet (SO_LINGER 0, socket(7)). Unix sockets
    /// know no reset: their peer reads an ordinary end.
    ///
    /// # Errors
    /// Of setsockopt(2).
    pub fn reset_on_close(&self) -> io::Result<()> {
        self.socket.set_linger(Some(Duration::ZERO))
    }

    /// To be asked about, as a socket of this side and transport.
    #[must_use]
    pub fn inspect(&self, role: Role, protocol: Protocol) -> OpenSocket<'_> {
        OpenSocket { socket: self.socket.as_fd(), role, protocol }
    }

    #[must_use]
    pub fn local(&self) -> Peer {
        self.socket.local_addr().map_or(Peer::Unix(UnixName::Unnamed), |address| peer_of(&address))
    }

    #[must_use]
    pub fn peer(&self) -> Peer {
        match (self.socket.peer_addr(), &self.connected_to) {
            (Ok(address), _) => peer_of(&address),
            (Err(_), Some(peer)) => peer.clone(),
            (Err(_), None) => Peer::Unix(UnixName::Unnamed),
        }
    }
}

impl Drop for Stream {
    /// A close that lingers (SO_LINGER, socket(7)) blocks for as long as it was told. On Linux what the peer has not
    /// acknowledged by then is sent all the same, so the wait would only keep a thread from ending.
    fn drop(&mut self) {
        if self.socket.linger().is_ok_and(|linger| linger.is_some_and(|time| !time.is_zero()))
            && let Err(error) = self.socket.set_linger(None)
        {
            tracing::debug!(%error, "linger");
        }
    }
}

fn retry_interrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

pub(super) fn receive_time(control: &ControlMessageOwned) -> Option<i64> {
    match control {
        #[cfg(target_os = "linux")]
        ControlMessageOwned::ScmTimestampns(time) => {
            Some(time.tv_sec().wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec()))
        }
        _ => None,
    }
}
