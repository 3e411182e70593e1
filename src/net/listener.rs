//! A listening socket of any transport with connections.

use std::io;
use std::os::fd::AsFd;

use nix::poll::PollFlags;
use socket2::Socket;

use super::address::peer_of;
use super::inspect::OpenSocket;
use super::stream::Stream;
use super::wake::{Ready, Wake};
use crate::model::{Peer, Protocol, Role};

/// What a wait for a connection brought.
#[derive(Debug)]
pub enum Accepted {
    Stream(Stream, Peer),
    /// The [`Wake`] went on.
    Woken,
    /// The connection was gone before it could be taken; others may wait.
    Vanished,
}

#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    protocol: Protocol,
}

impl Listener {
    pub(super) fn new(socket: Socket, protocol: Protocol) -> io::Result<Self> {
        // A connection may vanish between the wait and accept(2), which then must not block.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, protocol })
    }

    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Where it is bound, port 0 resolved.
    ///
    /// # Errors
    /// getsockname(2) failed.
    pub fn local(&self) -> io::Result<Peer> {
        Ok(peer_of(&self.socket.local_addr()?))
    }

    /// To be asked about.
    #[must_use]
    pub fn inspect(&self, protocol: Protocol) -> OpenSocket<'_> {
        OpenSocket { socket: self.socket.as_fd(), role: Role::Server, protocol }
    }

    /// Blocks until a connection can be taken or `wake` goes on.
    ///
    /// # Errors
    /// Of accept(2); out of descriptors leaves the connection waiting, and the next call fails at once again.
    pub fn accept(&self, wake: &Wake) -> io::Result<Accepted> {
        if wake.wait(self.socket.as_fd(), PollFlags::POLLIN, None)? == Ready::Woken {
            return Ok(Accepted::Woken);
        }
        match self.socket.accept() {
            Ok((socket, address)) => Ok(Accepted::Stream(Stream::new(socket, self.protocol)?, peer_of(&address))),
            // Errors of the connection and not of the listener, accept(2).
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(Accepted::Vanished)
            }
            Err(error) => Err(error),
        }
    }
}
