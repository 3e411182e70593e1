//! The thread that receives on one connection, and concludes it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::select;

use super::browsing::Browsing;
use super::core::Core;
use super::rights;
use super::send_queue::Outgoing;
use super::session::{PeerEnd, Session};
use super::socket_control::SocketControl;
use super::stop::GRACE;
use super::stream_writer;
use super::transfer::{Admittance, FirstBytes, Held, Receiving};
use crate::model::{
    Admission, Call, CloseReason, Delivery, Direction, Event, Failure, Life, Notice, Operation, Purpose, ReceiveMode,
    Respond, Role, Row, RowBody, SocketOption, Stamp,
};
use crate::net::{ReceivedPiece, Stream};
use crate::proto::transfer::First;

/// Bytes asked for in one call unless the options say otherwise.
const RECEIVE_SIZE: usize = 64 << 10;
/// The same for messages, which are as long as the sender's buffer allows.
const MESSAGE_RECEIVE_SIZE: usize = 1 << 20;
/// The same for files, where fewer calls are faster.
const FILE_RECEIVE_SIZE: usize = 1 << 20;
/// How long one call waits for more of a file before its stall is told. Shorter than the time between two reports, so that
/// none is left out.
const FILE_WAIT: Duration = Duration::from_millis(500);
/// What arrived before a stop is recorded still, but a flood doesn't keep the stop waiting.
const READS_AFTER_STOP: usize = 16;
/// More than this after a stop is no last message but a peer that goes on sending.
const MESSAGE_AFTER_STOP: usize = 16 << 10;

/// Receives until the stream ends, then closes it. Blocks for the session's whole life.
pub(super) fn run(session: &Arc<Session>, core: &Arc<Core>, control: &SocketControl, stream: Arc<Stream>) {
    let connected = Instant::now();
    let (mode, admission) = control.receive.read().clone();
    let mode = if session.browser.is_some() { ReceiveMode::Show } else { mode };
    let admittance = Admittance::new(session, control, admission);
    let receiving = match (session.info.purpose, mode.folder()) {
        (Purpose::SendsFiles, _) => Ok(None),
        (Purpose::ReceivesFiles, Some(folder)) => Receiving::call(folder, session, core, &stream, admittance).map(Some),
        _ => Receiving::begin(&mode, session, core, &stream, admittance),
    };
    let begun = receiving.and_then(|receiving| {
        let browser = session.browser.as_ref();
        let browsing = browser.map(|browser| Browsing::begin(browser, session, core, control, &stream)).transpose()?;
        Ok((receiving, browsing))
    });
    let reason = match begun {
        Ok((receiving, browsing)) => {
            // Any of those that connect may want to send verified files, or to have some.
            let may_carry_files = session.info.role == Role::Server
                && session.info.protocol.is_stream()
                && receiving.is_none()
                && browsing.is_none();
            let first = may_carry_files.then(FirstBytes::default);
            let stream = &*stream;
            let is_timed = false;
            Receiver {
                session,
                core,
                control,
                stream,
                connected,
                mode,
                admission,
                first,
                receiving,
                is_timed,
                browsing,
            }
            .run()
        }
        // The folder or file can't be used: nothing is taken, and the peer learns it by the reset.
        Err(failure) => {
            core.fail(session.info.socket, Some(session), failure);
            session.cut(CloseReason::Error);
            CloseReason::Error
        }
    };
    session.request_stop(reason);
    session.join_writer();
    let reason = session.stop.reason().unwrap_or(reason);
    if (reason == CloseReason::LocalReset || session.is_cut())
        && let Err(error) = stream.reset_on_close()
    {
        core.fail(session.info.socket, Some(session), Failure::io(Operation::SetOption, &session.peer, &error));
    }
    drop(stream);
    session.conclude(core, reason);
}

struct Receiver<'a> {
    session: &'a Arc<Session>,
    core: &'a Arc<Core>,
    control: &'a SocketControl,
    stream: &'a Stream,
    connected: Instant,
    mode: ReceiveMode,
    admission: Admission,
    /// Until they show what the connection is.
    first: Option<FirstBytes>,
    receiving: Option<Receiving<'a>>,
    /// Whether a receive call returns by itself after a while, for a file's sake.
    is_timed: bool,
    browsing: Option<Browsing<'a>>,
}

impl Receiver<'_> {
    fn run(mut self) -> CloseReason {
        let default = match (&self.mode, self.session.info.protocol.delivery()) {
            (_, Delivery::Messages) => MESSAGE_RECEIVE_SIZE,
            (ReceiveMode::Show | ReceiveMode::Verified { .. }, _) => RECEIVE_SIZE,
            _ => FILE_RECEIVE_SIZE,
        };
        let asked = self.control.options.number(SocketOption::ReceiveSize).map(|size| size as usize);
        if let Some(receiving) = &mut self.receiving {
            if !receiving.greet() {
                self.session.cut(CloseReason::Error);
            } else if receiving.is_under_way() {
                self.is_timed = true;
                self.set_wait(Some(FILE_WAIT));
            }
        }
        // The edges of a buffer are resident before anything is in it: ten thousand connections that say nothing have none.
        // Files and browsers have deadlines of their own.
        if self.receiving.is_none()
            && self.browsing.is_none()
            && let Err(error) = self.stream.wait_for_input()
        {
            tracing::debug!(%error, "poll");
        }
        let mut buffer = Vec::new();
        let mut reads_after_stop = 0;
        // The peer sends faster than is read. Linux offers no more room once receiving is shut down, and a close without
        // unread bytes is no reset: it would be left probing a closed window for a minute.
        let mut bytes_after_stop = 0;
        let end = loop {
            if let Some(browsing) = &mut self.browsing {
                browsing.set_wait();
            }
            let size = asked.unwrap_or(if self.receiving.is_some() { FILE_RECEIVE_SIZE } else { default });
            let most = self.receiving.as_ref().map_or(size, |receiving| receiving.receive_max().min(size));
            if buffer.len() < size {
                buffer.resize(size, 0);
            }
            let result = self.stream.receive(&mut buffer[..most]);
            let stopping = self.session.stop.reason();
            if let Some(reason) = stopping {
                reads_after_stop += 1;
                let is_late = self.session.stop.elapsed().is_some_and(|elapsed| elapsed >= GRACE);
                if is_late || reads_after_stop > READS_AFTER_STOP || reason == CloseReason::LocalReset {
                    break PeerEnd::Unknown;
                }
            }
            match result {
                Ok(ReceivedPiece { is_end: true, .. }) if stopping.is_some() => break PeerEnd::Unknown,
                Ok(ReceivedPiece { is_end: true, .. }) => break PeerEnd::Eof,
                Ok(piece) => {
                    bytes_after_stop += stopping.map_or(0, |_| piece.len);
                    if !self.received(&mut buffer, piece) {
                        self.session.cut(CloseReason::Error);
                        break PeerEnd::Unknown;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break PeerEnd::Reset,
                Err(_) if stopping.is_some() => break PeerEnd::Unknown,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.show_first_bytes();
                    if let Some(receiving) = &mut self.receiving
                        && !receiving.idle()
                    {
                        self.session.cut(CloseReason::Error);
                        break PeerEnd::Unknown;
                    }
                    if let Some(browsing) = &mut self.browsing {
                        browsing.timeout();
                    }
                }
                Err(error) => {
                    let failure = Failure::io(Operation::Receive, &self.session.peer, &error);
                    self.core.fail(self.session.info.socket, Some(self.session), failure);
                    self.session.request_stop(CloseReason::Error);
                    break PeerEnd::Unknown;
                }
            }
        };
        drop(buffer);
        self.show_first_bytes();
        self.session.close_feed();
        if let Some(browsing) = &mut self.browsing {
            browsing.say_goodbye(end);
        }
        if bytes_after_stop > MESSAGE_AFTER_STOP
            && let Err(error) = self.stream.reset_on_close()
        {
            tracing::debug!(%error, "reset on close");
        }
        if let Some(receiving) = self.receiving.take()
            && !receiving.end(end)
            && end != PeerEnd::Reset
        {
            // A sender that reads an ordinary end would take its file for received.
            self.session.cut(CloseReason::Error);
        }
        self.session.set_peer_end(end);
        match end {
            PeerEnd::Eof => self.after_eof(),
            PeerEnd::Reset => CloseReason::Reset,
            PeerEnd::Unknown => self.session.stop.reason().unwrap_or(CloseReason::Error),
        }
    }

    /// False when the file that the bytes belong to takes no more; its end tells why.
    fn received(&mut self, buffer: &mut Vec<u8>, piece: ReceivedPiece) -> bool {
        let (session, core) = (self.session, self.core);
        let (truncated, len) = (piece.truncated, piece.len);
        let stream_offset = session.count_received(len as u64);
        let goes_on = if session.feed(&buffer[..len]) {
            core.outbox.touch();
            true
        } else if self.receiving.is_some() {
            self.hand_to_files(buffer, len)
        } else {
            let stamp = core.clock.stamp(piece.kernel_ns);
            match self.first_bytes(&buffer[..len], stamp, stream_offset) {
                First::Undecided => true,
                First::Speaks => self.answer_files(),
                First::Plain => {
                    self.show(&buffer[..len], stamp, stream_offset, truncated);
                    true
                }
            }
        };
        rights::tell_and_close(core, session, piece.rights);
        goes_on
    }

    /// Whether these belong to what is shown. Those that may begin files are held back.
    fn first_bytes(&mut self, bytes: &[u8], stamp: Stamp, stream_offset: u64) -> First {
        let Some(first) = &mut self.first else { return First::Plain };
        let who = first.with(bytes);
        if who == First::Plain {
            self.show_first_bytes();
            self.first = None;
            return who;
        }
        if first.is_empty() {
            self.set_wait(Some(FILE_WAIT));
        }
        if let Some(first) = &mut self.first {
            first.hold(Held { stamp, stream_offset, bytes: bytes.to_vec() });
        }
        who
    }

    /// What was held back is shown after all.
    fn show_first_bytes(&mut self) {
        if let Some(first) = self.first.take_if(|first| !first.is_empty()) {
            for Held { stamp, stream_offset, bytes } in first.let_go() {
                self.show(&bytes, stamp, stream_offset, false);
            }
            self.set_wait(None);
        }
    }

    /// Somebody has verified files, or wants some.
    fn answer_files(&mut self) -> bool {
        let (session, core) = (self.session, self.core);
        let mut bytes = self.first.take().map(|first| first.all()).unwrap_or_default();
        let admittance = Admittance::new(session, self.control, self.admission);
        match Receiving::answer(self.mode.folder(), self.connected, session, core, self.stream, admittance) {
            Ok(receiving) => {
                self.receiving = Some(receiving);
                let len = bytes.len();
                self.hand_to_files(&mut bytes, len)
            }
            Err(failure) => {
                core.fail(session.info.socket, Some(session), failure);
                false
            }
        }
    }

    fn hand_to_files(&mut self, buffer: &mut Vec<u8>, len: usize) -> bool {
        let Some(receiving) = &mut self.receiving else { return true };
        self.core.outbox.touch();
        let goes_on = receiving.bytes(buffer, len);
        let is_under_way = receiving.is_under_way();
        // A connection on which nothing is on its way costs no wake-ups.
        if std::mem::replace(&mut self.is_timed, is_under_way) != is_under_way {
            self.set_wait(is_under_way.then_some(FILE_WAIT));
        }
        goes_on
    }

    fn set_wait(&self, wait: Option<Duration>) {
        if let Err(error) = self.stream.set_receive_wait(wait) {
            tracing::debug!(%error, "a stall will not show");
        }
    }

    /// Bytes as they came.
    fn show(&mut self, bytes: &[u8], stamp: Stamp, stream_offset: u64, truncated: bool) {
        let (session, core) = (self.session, self.core);
        if truncated {
            core.notice(session.info.socket, Some(session), Notice::Truncated { kept: bytes.len() as u64 });
        }
        let has_borders = session.info.protocol.delivery() == Delivery::Messages;
        if core.recorder.is_on() {
            core.recorder.record(vec![Row {
                stamp,
                socket: session.info.socket,
                session: Some(session.info.id),
                peer: session.peer.clone(),
                body: RowBody::Data {
                    direction: Direction::In,
                    call: if has_borders { Call::RecvMsg } else { Call::Recv },
                    truncated,
                },
                stream_offset,
                payload: bytes.to_vec(),
            }]);
        }
        if core.payload_events {
            let bytes = bytes.to_vec();
            core.outbox.send(Event::Received { session: session.info.id, bytes, truncated });
        } else {
            core.outbox.touch();
        }
        match &mut self.browsing {
            Some(browsing) => browsing.bytes(bytes),
            None => self.respond(bytes),
        }
    }

    /// Answers from this thread: a peer that doesn't read its answers stops being read, and no queue grows.
    fn respond(&self, bytes: &[u8]) {
        if self.session.has_finished_sending() {
            return;
        }
        let reply = match &*self.control.respond.read() {
            Respond::Nothing => return,
            Respond::Echo => None,
            Respond::Reply(reply) => Some(reply.clone()),
        };
        let answer = reply.as_deref().unwrap_or(bytes);
        if let Err(Some(error)) = self.session.write(self.core, self.stream, answer) {
            stream_writer::give_up(self.session, self.core, &error);
        }
    }

    /// The peer has finished sending. What waits is still sent; then, unless the stream is to stay half open, it ends.
    fn after_eof(&self) -> CloseReason {
        let (session, core) = (self.session, self.core);
        core.life(session.info.socket, Some(session), Life::PeerFinished);
        core.outbox.send(Event::PeerFinished { session: session.info.id });
        let stays = self.control.stay_half_open && self.browsing.is_none() && !session.has_finished_sending();
        if !stays && (!session.has_writer() || session.enqueue(core, Outgoing::End).is_err()) {
            return session.stop.reason().unwrap_or(CloseReason::Eof);
        }
        select! {
            recv(session.writer_ended()) -> _ => {}
            recv(session.stop.requested()) -> _ => {}
        }
        session.stop.reason().unwrap_or(CloseReason::Eof)
    }
}
