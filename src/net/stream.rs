//! One end of a connection: a stream, TCP or Unix, or whole messages in order (SOCK_SEQPACKET).

use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, getsockopt, recvmsg, sockopt};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use super::address::peer_of;
use super::inspect::OpenSocket;
use super::unix_message::{self, Rights};
use super::{ancillary, options};
use crate::model::{Delivery, Peer, PeerProcess, Protocol, Role, UnixName};

/// How long one send call may block before it returns [`io::ErrorKind::WouldBlock`], so that a sender whose peer doesn't
/// read notices that it should stop.
const SEND_SLICE: Duration = Duration::from_millis(100);

/// What one receive call returned.
#[derive(Debug)]
pub struct ReceivedPiece {
    /// Bytes in the buffer.
    pub len: usize,
    /// The peer has finished sending. No bytes without it are an empty message.
    pub is_end: bool,
    /// The message was longer than the buffer (MSG_TRUNC).
    pub truncated: bool,
    /// Wall-clock nanoseconds at which the kernel received the last of these bytes.
    pub kernel_ns: Option<i64>,
    /// What a Unix peer sent along.
    pub rights: Rights,
}

/// Blocking calls on one connection; shared between a thread that receives and one that sends.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    protocol: Protocol,
    /// Whether another process, or another descriptor of this one, may hold the same socket.
    is_shared: bool,
    /// Whom connect(2) was called for, where getpeername(2) may not know it yet.
    connected_to: Option<Peer>,
}

impl Stream {
    pub(super) fn new(socket: Socket, protocol: Protocol) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_write_timeout(Some(SEND_SLICE))?;
        // What a Unix listener has set is not inherited by what it accepts.
        if protocol.is_unix() {
            options::ask_for_receive_times(&socket);
        }
        Ok(Self { socket, protocol, is_shared: false, connected_to: None })
    }

    /// As [`Self::new`], for a client's socket.
    pub(super) fn to_peer(socket: Socket, protocol: Protocol, peer: &Peer) -> io::Result<Self> {
        let mut stream = Self::new(socket, protocol)?;
        stream.connected_to = Some(peer.canonical());
        Ok(stream)
    }

    /// For a socket that somebody else opened and holds as well: closing it here alone would end nothing, so it is shut
    /// down.
    pub(super) fn adopted(socket: Socket, protocol: Protocol) -> io::Result<Self> {
        let mut stream = Self::new(socket, protocol)?;
        stream.is_shared = true;
        Ok(stream)
    }

    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// One recvmsg(2). Blocks until something came, the peer finished, or [`Self::interrupt`].
    ///
    /// # Errors
    /// What the call returned; `ConnectionReset` when the peer reset, `WouldBlock` after [`Self::set_receive_wait`].
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<ReceivedPiece> {
        retry_interrupted(
            || {
                if self.protocol.is_unix() { self.receive_unix(buffer) } else { self.receive_other(buffer) }
            },
        )
    }

    fn receive_other(&self, buffer: &mut [u8]) -> io::Result<ReceivedPiece> {
        let mut control = nix::cmsg_space!(TimeSpec);
        let mut slices = [IoSliceMut::new(buffer)];
        let message = recvmsg::<()>(self.socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
        let kernel_ns = message.cmsgs().ok().and_then(|mut all| all.find_map(|one| receive_time(&one)));
        let len = message.bytes;
        Ok(ReceivedPiece { len, is_end: len == 0, truncated: false, kernel_ns, rights: Rights::default() })
    }

    fn receive_unix(&self, buffer: &mut [u8]) -> io::Result<ReceivedPiece> {
        let message = unix_message::receive(self.socket.as_fd(), buffer, 0)?;
        // An end and an empty message return the same; but only a message has a time.
        let has_borders = self.protocol.delivery() == Delivery::Messages;
        let is_end = message.len == 0 && !(has_borders && message.kernel_ns.is_some());
        let (truncated, kernel_ns) = (message.truncated, message.kernel_ns);
        Ok(ReceivedPiece { len: message.len, is_end, truncated, kernel_ns, rights: message.rights })
    }

    /// Blocks until a receive call would return at once (poll(2)): until something came, the peer finished, an error stands,
    /// or [`Self::interrupt`]. Nothing is taken from the socket, so it needs no buffer meanwhile.
    ///
    /// # Errors
    /// Of poll(2).
    pub fn wait_for_input(&self) -> io::Result<()> {
        let mut watched = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        retry_interrupted(|| Ok(poll(&mut watched, PollTimeout::NONE)?)).map(drop)
    }

    /// From now on a receive call for which nothing comes returns `WouldBlock` after this time (`SO_RCVTIMEO`, socket(7));
    /// with `None` it waits for ever. Zero is refused.
    ///
    /// # Errors
    /// Of setsockopt(2).
    pub fn set_receive_wait(&self, wait: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(wait)
    }

    /// One send(2), which may take less than all of a stream's bytes.
    ///
    /// # Errors
    /// `WouldBlock` when the system took nothing for a tenth of a second: try again unless it's time to stop.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        retry_interrupted(|| self.socket.send(bytes))
    }

    /// One sendmsg(2) of a whole message, which may be empty.
    ///
    /// # Errors
    /// As [`Self::send`]; `EMSGSIZE` for a message that is longer than the send buffer, of which nothing was sent.
    pub fn send_message(&self, bytes: &[u8]) -> io::Result<usize> {
        retry_interrupted(|| self.socket.send_vectored(&[IoSlice::new(bytes)]))
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

    /// The process that connected, or that listened when this side connected (SO_PEERCRED, unix(7)); `None` but over Unix sockets.
    #[must_use]
    pub fn peer_process(&self) -> Option<PeerProcess> {
        if !self.protocol.is_unix() {
            return None;
        }
        let peer = getsockopt(&self.socket, sockopt::PeerCredentials).ok()?;
        ancillary::process(peer.pid(), peer.uid(), peer.gid())
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
        // It fails when the connection is over, which is what is wanted.
        if self.is_shared
            && let Err(error) = self.socket.shutdown(Shutdown::Both)
        {
            tracing::debug!(%error, "shutdown");
        }
    }
}

fn retry_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
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
