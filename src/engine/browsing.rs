//! A browser's connection: what `proto` decides is done on the thread that receives.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::core::Core;
use super::session::{PeerEnd, Session};
use super::socket_control::SocketControl;
use super::speech::Speech;
use super::stream_writer;
use crate::codec::websocket::{self, Opcode};
use crate::model::{BrowserContent, CloseReason, Event, Failure, FolderList, Respond};
use crate::net::Stream;
use crate::proto::browser::{Conversation, Hosts, Moment, Opened, Step};
use crate::store::site::{Found, Site};
use crate::store::source::Source;

/// Bytes of a file that are read and sent at a time; each is a row of the journal.
const PIECE: usize = 64 << 10;

/// The shortest time that a receive call is given: with none it would wait for ever.
const SHORTEST: Duration = Duration::from_millis(1);

/// What a browser is shown, and under which names.
#[derive(Debug)]
pub(super) struct Answering {
    pub(super) content: BrowserContent,
    pub(super) hosts: Hosts,
}

pub(super) struct Browsing<'a> {
    session: &'a Arc<Session>,
    core: &'a Arc<Core>,
    control: &'a SocketControl,
    stream: &'a Stream,
    conversation: Conversation,
    /// `None` for a page, which is no file.
    site: Option<Site>,
    /// The file that was opened last.
    source: Option<Source>,
    /// Whether a receive call returns by itself after a time.
    is_timed: bool,
    /// The connection is of no more use: nothing more is done with it.
    is_over: bool,
}

/// The connection ends: why has been told.
struct Over;

impl<'a> Browsing<'a> {
    /// # Errors
    /// What is to be shown can't be opened any more.
    pub(super) fn begin(
        answering: &Answering,
        session: &'a Arc<Session>,
        core: &'a Arc<Core>,
        control: &'a SocketControl,
        stream: &'a Stream,
    ) -> Result<Self, Failure> {
        let Answering { content, hosts } = answering;
        let site = Site::open(content)?;
        let conversation = Conversation::new(content, hosts.clone());
        let mut browsing =
            Self { session, core, control, stream, conversation, site, source: None, is_timed: false, is_over: false };
        browsing.run();
        Ok(browsing)
    }

    /// Lets the next receive call wait as long as the peer may take, no longer.
    pub(super) fn set_wait(&mut self) {
        let until = self.conversation.poll_timeout();
        if until.is_none() && !self.is_timed {
            return;
        }
        let wait = until.map(|until| until.saturating_duration_since(Instant::now()).max(SHORTEST));
        match self.stream.set_receive_wait(wait) {
            Ok(()) => self.is_timed = wait.is_some(),
            Err(error) => tracing::debug!(%error, "a slow peer is waited for"),
        }
    }

    /// Takes in what was received and answers it. Blocks while the peer doesn't read its answers.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.conversation.handle_input(bytes);
        self.run();
        // A byte now and then doesn't stop the clock.
        self.timeout();
    }

    /// The time that the peer had may be over.
    pub(super) fn timeout(&mut self) {
        self.conversation.handle_timeout(moment());
        self.run();
    }

    /// A WebSocket that this side leaves is told so.
    pub(super) fn say_goodbye(&mut self, end: PeerEnd) {
        let reason = self.session.stop.reason();
        if end == PeerEnd::Unknown && matches!(reason, Some(CloseReason::Local | CloseReason::Stopped)) {
            // 1001: going away.
            self.conversation.close(1001, "");
            self.run();
        }
    }

    fn run(&mut self) {
        while !self.is_over {
            match self.conversation.poll_step(moment()) {
                Step::Wait => return,
                step => self.is_over = self.carry_out(step).is_err(),
            }
        }
    }

    fn carry_out(&mut self, step: Step) -> Result<(), Over> {
        let (session, core) = (self.session, self.core);
        match step {
            Step::Wait => {}
            Step::Send(bytes) => self.send(&bytes)?,
            Step::Open(names) => {
                let opened = self.open(&names);
                self.conversation.handle_opened(opened, moment());
            }
            Step::List(names) => {
                let list = self.list(&names);
                self.conversation.handle_listed(list, moment());
            }
            Step::Content { from, len } => self.content(from, len)?,
            Step::Tell(notice) => core.notice(session.info.socket, Some(session), notice),
            Step::Upgraded { received } => {
                let sent = session.traffic.sent();
                // First: who hears of it may have something to send.
                session.set_speech(Speech::WebSocket);
                core.outbox.send(Event::Upgraded { session: session.info.id, received, sent });
            }
            Step::Message { is_text, bytes } => self.respond(is_text, &bytes)?,
            Step::Finish => {
                session.set_speech(Speech::Over);
                // A message may be half out.
                let _gate = session.hold_gate();
                // Browsers that have what they wanted reset the connection: nothing has failed by that.
                if let Err(error) = session.try_to_finish_sending(core, self.stream) {
                    tracing::debug!(%error, "the browser was faster");
                }
            }
            Step::End => {
                session.request_stop(CloseReason::Local);
                return Err(Over);
            }
        }
        Ok(())
    }

    fn send(&self, bytes: &[u8]) -> Result<(), Over> {
        // The user did, in the middle of it.
        if self.session.has_finished_sending() {
            self.session.request_stop(CloseReason::Local);
            return Err(Over);
        }
        self.session.write(self.core, self.stream, bytes).map_err(|error| {
            if let Some(error) = error {
                stream_writer::give_up(self.session, self.core, &error);
            }
            Over
        })
    }

    fn open(&mut self, names: &[Vec<u8>]) -> Opened {
        self.source = None;
        let found = self.site.as_ref().map_or(Ok(Found::Missing), |site| site.find(names));
        match found {
            Ok(Found::File(source)) => {
                let size = source.size();
                self.source = Some(source);
                Opened::File(size)
            }
            Ok(Found::Folder) => Opened::Folder,
            Ok(Found::Missing) => Opened::Missing,
            Ok(Found::Refused) => Opened::Refused,
            Err(failure) => {
                self.core.fail(self.session.info.socket, Some(self.session), failure);
                Opened::Refused
            }
        }
    }

    fn list(&self, names: &[Vec<u8>]) -> Option<FolderList> {
        match self.site.as_ref()?.list(names) {
            Ok(list) => Some(list),
            Err(failure) => {
                self.core.fail(self.session.info.socket, Some(self.session), failure);
                None
            }
        }
    }

    /// Sends a part of the file, piece by piece.
    fn content(&mut self, from: u64, len: u64) -> Result<(), Over> {
        let Some(mut source) = self.source.take() else { return Ok(()) };
        let mut left = len;
        let mut buffer = vec![0; usize::try_from(len).unwrap_or(PIECE).min(PIECE)];
        let mut positioned = source.go_to(from);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            match positioned.and_then(|()| source.read(&mut buffer[..most])) {
                Ok(read) => {
                    self.send(&buffer[..read])?;
                    left -= read as u64;
                }
                Err(failure) => {
                    self.core.fail(self.session.info.socket, Some(self.session), failure);
                    // The length was promised: an ordinary end would pass for the whole where nobody counts.
                    self.session.cut(CloseReason::Error);
                    return Err(Over);
                }
            }
            positioned = Ok(());
        }
        Ok(())
    }

    /// Answers a WebSocket message as the listener answers any.
    fn respond(&self, is_text: bool, bytes: &[u8]) -> Result<(), Over> {
        let answer = match &*self.control.respond.read() {
            Respond::Nothing => return Ok(()),
            Respond::Echo => websocket::frame(if is_text { Opcode::Text } else { Opcode::Binary }, bytes),
            Respond::Reply(reply) => websocket::message(reply),
        };
        self.send(&answer)
    }
}

fn moment() -> Moment {
    Moment { now: Instant::now(), wall: SystemTime::now() }
}
