//! Sending what has borders: datagrams, and the messages of a connection that keeps them.

use std::io;

use super::{Link, Session};
use crate::engine::advice;
use crate::engine::core::Core;
use crate::model::{Call, Cause, Failure, Peer, PeerProcess, UnixName};
use crate::net::{DatagramSocket, OwnAddress, Stream};

impl Session {
    /// Whether its peer is a Unix socket without a name, to which nothing can be sent.
    pub(in crate::engine) fn is_unnamed_sender(&self) -> bool {
        matches!(&self.link, Link::Datagram { to: Some(Peer::Unix(UnixName::Unnamed)), .. })
    }

    /// Whether this process, of which the kernel has told with a datagram, was not known to be at the other end.
    pub(in crate::engine) fn learns(&self, process: &PeerProcess) -> bool {
        let ids = Some((process.pid, process.uid, process.gid));
        std::mem::replace(&mut *self.process.lock(), ids) != ids
    }

    /// Has what is sent to the peer leave from the address that it has written to.
    pub(in crate::engine) fn answer_from(&self, own: Option<OwnAddress>) {
        *self.own_address.lock() = own;
    }

    /// In one call, to the peer that each datagram names or to the connected one.
    ///
    /// # Errors
    /// What the call returned: nothing was sent.
    pub(super) fn send_datagram(
        &self,
        core: &Core,
        socket: &DatagramSocket,
        to: Option<&Peer>,
        bytes: &[u8],
        wait: bool,
    ) -> io::Result<()> {
        let from = *self.own_address.lock();
        let sent = match socket.send_from(from, bytes, to, wait) {
            // An answer to an earlier datagram, which the call gives instead of sending this one.
            Err(error) if !self.info.protocol.is_unix() && error.kind() == io::ErrorKind::ConnectionRefused => {
                // Its error queue knows whose it is, and tells by itself.
                if !socket.has_error_queue() {
                    core.fail(self.info.socket, Some(self), self.not_sent(bytes.len(), &error));
                }
                socket.send_from(from, bytes, to, wait)?
            }
            result => result?,
        };
        let call = if to.is_some() { Call::SendTo } else { Call::Send };
        let payload = if core.recorder.is_on() { bytes.to_vec() } else { Vec::new() };
        self.sent(core, call, payload, sent);
        Ok(())
    }

    /// A message of `len` bytes that could not be sent, with what can be done about it.
    pub(super) fn not_sent(&self, len: usize, error: &io::Error) -> Failure {
        let carried = self.with_socket(|socket| socket.ip_protocol()).flatten();
        advice::send_datagram(self.info.protocol, carried, len, &self.peer, error)
    }

    /// In one call or not at all. A message that is too long is told here: the connection goes on.
    ///
    /// # Errors
    /// As [`Session::write`].
    pub(super) fn write_message(
        &self,
        core: &Core,
        stream: &Stream,
        bytes: &[u8],
        on_taken: impl Fn(u64),
    ) -> Result<(), Option<io::Error>> {
        loop {
            if self.stop.is_urgent() {
                return Err(None);
            }
            match stream.send_message(bytes) {
                Ok(taken) => {
                    let payload = if core.recorder.is_on() { bytes.to_vec() } else { Vec::new() };
                    self.sent(core, Call::SendMsg, payload, taken);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) if Cause::from(&error) == Cause::MessageTooLong => {
                    core.fail(self.info.socket, Some(self), self.not_sent(bytes.len(), &error));
                }
                Err(error) => return Err(Some(error)),
            }
            on_taken(bytes.len() as u64);
            return Ok(());
        }
    }
}
