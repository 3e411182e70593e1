mod recipients;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

pub use recipients::RecipientChoice;

use super::browser_form::BrowserForm;
use super::draft::Draft;
use super::endpoint_form::EndpointForm;
use super::heights::Heights;
use super::port_wait::PortWait;
use super::receive_form::ReceiveForm;
use super::socket_view::{Alone, SocketView};
use super::transfers::Transfers;
use super::udp_form::UdpForm;
use crate::codec::compose::{self, ComposeError, Format, LineEnding};
use crate::codec::encoding::Encoding;
use crate::model::{
    Admission, Cause, Endpoint, Event, Failure, Hint, ListenSpec, Notice, Operation, Protocol, ReceiveMode, Respond,
    Role, ServerTab, SessionId, SocketId,
};
use crate::ui::view::Sessions;
use crate::ui::widgets::message_line::Message;

/// Closed sessions that stay visible.
const CLOSED_MAX: usize = 30;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ServerState {
    #[default]
    Idle,
    Starting,
    /// For an address that is in use, until it is free.
    Waiting,
    Listening(Endpoint),
    Stopping,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RespondKind {
    #[default]
    Nothing,
    Echo,
    Reply,
}

impl RespondKind {
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Echo, Self::Reply];

    /// The word in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Echo => "echo",
            Self::Reply => "reply",
        }
    }
}

/// A listener's tab.
#[derive(Debug)]
pub struct ServerTabState {
    pub socket: SocketId,
    pub form: EndpointForm,
    pub respond: RespondKind,
    /// With escapes.
    pub reply: String,
    pub browser: BrowserForm,
    pub receive: ReceiveForm,
    /// Whether a stream stays open for sending once its peer has finished.
    pub stay_half_open: bool,
    /// Whether the next start waits until its address is free.
    pub wait_for_address: bool,
    /// What the last start failed for, where time cures it.
    pub port_wait: Option<PortWait>,
    pub draft: Draft,
    pub state: ServerState,
    pub more_open: bool,
    pub heights: Heights,
    /// Sessions that are open; their numbers rise, so this is the order in which they came.
    pub open: BTreeSet<SessionId>,
    /// The latest that closed, oldest first.
    pub closed: VecDeque<SessionId>,
    pub recipients: RecipientChoice,
    pub chosen: BTreeSet<SessionId>,
    /// Groups, and addresses to send to.
    pub udp: UdpForm,
    pub transfers: Transfers,
    pub message: Option<Message>,
    /// Datagrams that the kernel is known to have dropped.
    pub dropped: u64,
    pub view: SocketView,
}

impl ServerTabState {
    #[must_use]
    pub fn new(socket: SocketId, settings: &ServerTab) -> Self {
        let respond = RespondKind::ALL.into_iter().find(|kind| kind.name() == settings.respond).unwrap_or_default();
        Self {
            socket,
            form: EndpointForm::new(&settings.protocol, &settings.address, &settings.port, &settings.options)
                .for_role(Role::Server),
            respond,
            reply: settings.reply.clone(),
            browser: BrowserForm::new(&settings.browser, &settings.page, &settings.site),
            receive: ReceiveForm::new(
                &settings.receive,
                &settings.folder,
                (settings.ask_first, &settings.largest_file, &settings.most_files),
            ),
            stay_half_open: settings.stay_half_open,
            wait_for_address: false,
            port_wait: None,
            draft: Draft::from_settings(&settings.composer),
            state: ServerState::Idle,
            more_open: settings.more_open,
            heights: Heights::default(),
            open: BTreeSet::new(),
            closed: VecDeque::new(),
            recipients: RecipientChoice::All,
            chosen: BTreeSet::new(),
            udp: UdpForm::default(),
            transfers: Transfers::default(),
            message: None,
            dropped: 0,
            view: SocketView::default(),
        }
    }

    /// What survives a restart; `shown_as` is how the tab's bytes are shown as text.
    #[must_use]
    pub fn to_settings(&self, shown_as: Encoding) -> ServerTab {
        ServerTab {
            protocol: self.form.protocol.scheme().to_owned(),
            address: self.form.address.clone(),
            port: self.form.port.clone(),
            options: self.form.options.clone(),
            respond: self.respond.name().to_owned(),
            reply: self.reply.clone(),
            browser: self.browser.kind.name().to_owned(),
            page: self.browser.page.clone(),
            site: self.browser.path.clone(),
            receive: self.receive.kind.name().to_owned(),
            folder: self.receive.folder.clone(),
            ask_first: self.receive.ask,
            largest_file: self.receive.largest.clone(),
            most_files: self.receive.most.clone(),
            stay_half_open: self.stay_half_open,
            shown_as: shown_as.label().to_owned(),
            more_open: self.more_open,
            composer: self.draft.to_settings(),
        }
    }

    /// How to listen; `None` while a field is mistaken, which the panel shows.
    #[must_use]
    pub fn spec(&self) -> Option<ListenSpec> {
        let browser = self.browser.content(self.form.protocol).ok()?;
        // What a browser sends is shown: the choice of a folder for files is out of sight, and out of force.
        let (receive, admission) = match browser {
            Some(_) => (ReceiveMode::Show, Admission::default()),
            None => self.receive.intake(self.form.protocol)?,
        };
        Some(ListenSpec {
            respond: self.respond().ok()?,
            receive,
            admission,
            browser,
            stay_half_open: self.stay_half_open,
            wait_for_address: self.wait_for_address,
            ..ListenSpec::new(self.form.target().ok()?)
        })
    }

    /// # Errors
    /// The first mistake in the reply's text.
    pub fn respond(&self) -> Result<Respond, ComposeError> {
        Ok(match self.respond {
            RespondKind::Nothing => Respond::Nothing,
            RespondKind::Echo => Respond::Echo,
            RespondKind::Reply => {
                Respond::Reply(compose::compose(&self.reply, Format::Escapes, self.draft.encoding, LineEnding::None)?)
            }
        })
    }

    /// What is listened with, or would be.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match &self.state {
            ServerState::Listening(endpoint) => endpoint.protocol(),
            _ => self.form.protocol,
        }
    }

    #[must_use]
    pub fn is_listening(&self) -> bool {
        matches!(self.state, ServerState::Listening(_))
    }

    /// Unfolds the options of one connection, in the place of the listener's own.
    pub fn show_options_of(&mut self, session: SessionId) {
        self.more_open = true;
        self.view.options_open = true;
        self.view.alone = Some(Alone::new(session));
    }

    /// Takes in what the engine reports about this tab. `sessions` has heard of it already.
    pub fn on_event(&mut self, event: &Event, sessions: &mut Sessions) {
        self.udp.on_event(self.socket, &mut self.form, event);
        self.view.on_event(event, self.socket, None);
        match event {
            Event::Listening { socket, endpoint } if *socket == self.socket => {
                self.state = ServerState::Listening(endpoint.clone());
                self.port_wait = None;
                if matches!(self.message, Some(Message::Noticed(Notice::WaitingForAddress { .. }))) {
                    self.message = None;
                }
            }
            Event::StoppedListening { socket } if *socket == self.socket => self.state = ServerState::Idle,
            Event::Opened { info, .. } if info.socket == self.socket => {
                self.open.insert(info.id);
            }
            Event::Closed { socket, session, .. } if *socket == self.socket => self.session_closed(*session, sessions),
            Event::TransferStarted(info) if info.socket == self.socket => self.transfers.started(info.clone()),
            Event::TransferAsks { .. }
            | Event::TransferProgress { .. }
            | Event::TransferPaused { .. }
            | Event::TransferEnded { .. } => {
                self.transfers.on_event(event);
            }
            Event::Failed { socket, failure, .. } if *socket == Some(self.socket) => {
                if matches!(self.state, ServerState::Starting | ServerState::Waiting) {
                    self.state = ServerState::Idle;
                }
                self.port_wait = match &failure.hint {
                    // The form was locked until now: what it says is what failed.
                    Some(Hint::PortInTimeWait { sockets, .. }) => {
                        Some(PortWait::new(self.form.target().ok().map(|target| target.endpoint), sockets))
                    }
                    _ => None,
                };
                if failure.cause == Cause::QueueFull || failure.hint == Some(Hint::SentToNobody) {
                    self.draft.refused();
                }
                self.message = Some(Message::Failed(failure.clone()));
            }
            Event::Noticed { socket, notice, .. } if *socket == Some(self.socket) => self.noticed(notice),
            _ => {}
        }
    }

    /// Lets the time pass that a failure to listen told of; `now` is in seconds of the window's clock.
    pub fn count_down(&mut self, now: f64) {
        let Some(passed @ 1..) = self.port_wait.as_mut().map(|wait| wait.pass(now)) else { return };
        if let Some(Message::Failed(failure)) = &mut self.message
            && let Some(Hint::PortInTimeWait { sockets, more, .. }) = &mut failure.hint
        {
            let before = sockets.len();
            let mut left = std::mem::take(sockets).into_vec();
            left.retain_mut(|socket| {
                socket.seconds = socket.seconds.map(|seconds| seconds.saturating_sub(passed));
                socket.seconds != Some(0)
            });
            if left.len() < before {
                // They were kept no longer than those that are gone by now.
                *more = 0;
            }
            *sockets = left.into();
        }
    }

    fn noticed(&mut self, notice: &Notice) {
        if let Notice::WaitingForAddress { owner, .. } = notice {
            if self.state == ServerState::Starting {
                self.state = ServerState::Waiting;
            }
            // The state line says the rest, with the seconds that it may take; nobody knows how long a process will.
            if owner.is_some() {
                self.port_wait = None;
                self.message = Some(Message::Noticed(notice.clone()));
            }
        } else if let Notice::Dropped { datagrams } = notice {
            self.dropped = *datagrams;
        } else if matches!(notice, Notice::Answered(_) | Notice::WebSocketClosed { .. } | Notice::PeerKnown { .. }) {
            // A browser makes many, which are in the journal; a process stands beside its session.
        } else if !matches!(&self.message, Some(Message::Failed(failure)) if !ends(notice, failure)) {
            self.message = Some(Message::Noticed(notice.clone()));
        }
    }

    fn session_closed(&mut self, session: SessionId, sessions: &mut Sessions) {
        let had_left = self.recipients_left();
        if !self.open.remove(&session) {
            return;
        }
        // Whom the user chose stays chosen, even if nobody of them is left: what was meant for one is not for all.
        self.chosen.remove(&session);
        let is_news = self.recipients_left() && !had_left && self.is_listening();
        if is_news && !matches!(self.message, Some(Message::Failed(_))) {
            self.message = Some(Message::RecipientLeft);
        }
        self.closed.push_back(session);
        while self.closed.len() > CLOSED_MAX {
            if let Some(forgotten) = self.closed.pop_front() {
                sessions.forget(forgotten);
            }
        }
    }
}

/// Whether what failed works again.
fn ends(notice: &Notice, failure: &Failure) -> bool {
    *notice == Notice::AcceptingResumed && failure.operation == Operation::Accept
}
