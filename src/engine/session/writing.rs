//! Sending on a stream, and the rows that it leaves.

use std::io;

use parking_lot::MutexGuard;

use super::Session;
use crate::engine::core::Core;
use crate::model::{Call, Delivery, Direction, Event, Row, RowBody};
use crate::net::Stream;

/// The most that one send call is given: rows of the journal stay of a size that can be shown.
const SEND_MAX: usize = 256 << 10;

impl Session {
    /// Sends a message from this thread, row by row as the system takes it.
    ///
    /// # Errors
    /// `None`: told to stop. Otherwise what the call returned.
    pub(in crate::engine) fn write(&self, core: &Core, stream: &Stream, bytes: &[u8]) -> Result<(), Option<io::Error>> {
        let _gate = self.gate.lock();
        self.write_ungated(core, stream, bytes, |_| {})
    }

    /// As [`Self::write`] for a queued message: what was reserved for it is released as the system takes it, so that what
    /// stays reserved at the end is what was not sent.
    pub(in crate::engine) fn write_queued(
        &self,
        core: &Core,
        stream: &Stream,
        bytes: &[u8],
    ) -> Result<(), Option<io::Error>> {
        let _gate = self.gate.lock();
        self.write_ungated(core, stream, bytes, |taken| self.traffic.release(taken))
    }

    fn write_ungated(
        &self,
        core: &Core,
        stream: &Stream,
        bytes: &[u8],
        on_taken: impl Fn(u64),
    ) -> Result<(), Option<io::Error>> {
        if self.info.protocol.delivery() == Delivery::Messages {
            return self.write_message(core, stream, bytes, on_taken);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.stop.is_urgent() {
                return Err(None);
            }
            match stream.send(&rest[..rest.len().min(SEND_MAX)]) {
                Ok(taken) => {
                    self.sent_slice(core, &rest[..taken]);
                    on_taken(taken as u64);
                    rest = &rest[taken..];
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(Some(error)),
            }
        }
        Ok(())
    }

    /// Keeps others from sending between two calls, for a file's whole length.
    pub(in crate::engine) fn hold_gate(&self) -> MutexGuard<'_, ()> {
        self.gate.lock()
    }

    /// As [`Self::write`], with the gate held by the caller.
    pub(in crate::engine) fn write_holding(
        &self,
        core: &Core,
        stream: &Stream,
        bytes: &[u8],
        _gate: &MutexGuard<'_, ()>,
    ) -> Result<(), Option<io::Error>> {
        self.write_ungated(core, stream, bytes, |_| {})
    }

    /// Sends what is no message and leaves no row: what is said about files has its place in their rows. `goes_on` is told
    /// how many bytes each call took, and after a tenth of a second that it took none; false gives up.
    ///
    /// # Errors
    /// As [`Self::write`]; `None` for what was given up, too.
    pub(in crate::engine) fn write_unrecorded(
        &self,
        stream: &Stream,
        bytes: &[u8],
        mut goes_on: impl FnMut(usize) -> bool,
    ) -> Result<(), Option<io::Error>> {
        let _gate = self.gate.lock();
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.stop.is_urgent() {
                return Err(None);
            }
            let taken = match stream.send(rest) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                sent => sent.map_err(Some)?,
            };
            self.count_sent(taken as u64);
            rest = &rest[taken..];
            if !goes_on(taken) {
                return Err(None);
            }
        }
        Ok(())
    }

    fn sent_slice(&self, core: &Core, taken: &[u8]) {
        let payload = if core.recorder.is_on() { taken.to_vec() } else { Vec::new() };
        self.sent(core, Call::Send, payload, taken.len());
    }

    pub(super) fn sent(&self, core: &Core, call: Call, mut payload: Vec<u8>, len: usize) {
        let stream_offset = self.count_sent(len as u64);
        if core.recorder.is_on() {
            payload.truncate(len);
            core.recorder.record(vec![Row {
                stamp: core.clock.stamp(None),
                socket: self.info.socket,
                session: Some(self.info.id),
                peer: self.peer.clone(),
                body: RowBody::Data { direction: Direction::Out, call, truncated: false },
                stream_offset,
                payload,
            }]);
        }
        if core.payload_events {
            core.outbox.send(Event::Sent { session: self.info.id, bytes: len as u64 });
        } else {
            core.outbox.touch();
        }
    }
}
