use std::collections::{BTreeSet, VecDeque};

use super::browser_form::BrowserForm;
use super::draft::Draft;
use super::endpoint_form::EndpointForm;
use super::port_wait::PortWait;
use super::receive_form::ReceiveForm;
use super::socket_view::SocketView;
use super::transfers::Transfers;
use super::udp_form::UdpForm;
use crate::codec::compose::{self, ComposeError, Format, LineEnding};
use crate::codec::encoding::Encoding;
use crate::model::{
    Cause, Endpoint, Event, Hint, ListenSpec, Notice, Protocol, ReceiveMode, Recipients, Respond, Role, ServerTab,
    SessionId, SocketId,
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

/// To whom "Send" sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecipientChoice {
    #[default]
    All,
    /// Those that are ticked.
    Chosen,
    One(SessionId),
    /// The addresses that are typed.
    Addresses,
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
    /// What the tab takes with all of "More" and a few rows below it, in points, as last drawn; 0 while that is closed.
    pub full_height: f32,
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
            receive: ReceiveForm::new(&settings.receive, &settings.folder),
            stay_half_open: settings.stay_half_open,
            wait_for_address: false,
            port_wait: None,
            draft: Draft::from_settings(&settings.composer),
            state: ServerState::Idle,
            more_open: settings.more_open,
            full_height: 0.0,
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
        let receive = if browser.is_some() { ReceiveMode::Show } else { self.receive.mode(self.form.protocol)? };
        Some(ListenSpec {
            respond: self.respond().ok()?,
            receive,
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

    /// The sessions that "Send" reaches now; `None` when there is nobody.
    #[must_use]
    pub fn recipients(&self) -> Option<Recipients> {
        match self.recipients {
            RecipientChoice::All => (!self.open.is_empty()).then_some(Recipients::All),
            RecipientChoice::Chosen => {
                (!self.chosen.is_empty()).then(|| Recipients::Sessions(self.chosen.iter().copied().collect()))
            }
            RecipientChoice::Addresses => self.udp.addresses(&self.form)?.ok().map(Recipients::Addresses),
            RecipientChoice::One(session) => self.open.contains(&session).then(|| Recipients::Sessions(vec![session])),
        }
    }

    /// Ticks or unticks a session; the first tick turns the choice to the ticked ones, the last untick back to all.
    pub fn toggle_chosen(&mut self, session: SessionId) {
        if !self.chosen.remove(&session) {
            self.chosen.insert(session);
            self.recipients = RecipientChoice::Chosen;
        } else if self.chosen.is_empty() && self.recipients == RecipientChoice::Chosen {
            self.recipients = RecipientChoice::All;
        }
    }

    /// To be called after the addresses to send to were changed: what is typed there is meant.
    pub fn addresses_changed(&mut self) {
        if self.udp.addresses(&self.form).is_some() {
            self.recipients = RecipientChoice::Addresses;
        } else if self.recipients == RecipientChoice::Addresses {
            self.recipients = RecipientChoice::All;
        }
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
            Event::TransferStarted(info) if self.has(info.session) => self.transfers.started(info.clone()),
            Event::TransferProgress { .. } | Event::TransferEnded { .. } => {
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
            && let Some(Hint::PortInTimeWait { sockets, .. }) = &mut failure.hint
        {
            let mut left = std::mem::take(sockets).into_vec();
            left.retain_mut(|socket| {
                socket.seconds = socket.seconds.saturating_sub(passed);
                socket.seconds > 0
            });
            *sockets = left.into();
        }
    }

    fn noticed(&mut self, notice: &Notice) {
        if matches!(notice, Notice::WaitingForAddress { .. }) && self.state == ServerState::Starting {
            self.state = ServerState::Waiting;
        }
        if let Notice::Dropped { datagrams } = notice {
            self.dropped = *datagrams;
        } else if matches!(notice, Notice::Answered(_) | Notice::WebSocketClosed { .. }) {
            // A browser makes many: they are in the journal.
        } else if !matches!(self.message, Some(Message::Failed(_))) {
            self.message = Some(Message::Noticed(notice.clone()));
        }
    }

    fn has(&self, session: SessionId) -> bool {
        self.open.contains(&session) || self.closed.contains(&session)
    }

    fn session_closed(&mut self, session: SessionId, sessions: &mut Sessions) {
        if !self.open.remove(&session) {
            return;
        }
        self.chosen.remove(&session);
        if self.recipients == RecipientChoice::Chosen && self.chosen.is_empty()
            || self.recipients == RecipientChoice::One(session)
        {
            self.recipients = RecipientChoice::All;
        }
        self.closed.push_back(session);
        while self.closed.len() > CLOSED_MAX {
            if let Some(forgotten) = self.closed.pop_front() {
                sessions.forget(forgotten);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::codec::decode::Decoder;
    use crate::model::{CloseReason, Failure, Operation, Peer, Role, SessionInfo};

    struct Tab {
        tab: ServerTabState,
        sessions: Sessions,
    }

    impl Tab {
        fn with_sessions(count: u64) -> Self {
            let tab = ServerTabState::new(SocketId(7), &ServerTab::default());
            let mut this = Self { tab, sessions: Sessions::default() };
            for id in 1..=count {
                let peer = Peer::Ip(([127, 0, 0, 1], 50_000).into());
                let info = SessionInfo {
                    id: SessionId(id),
                    socket: SocketId(7),
                    role: Role::Server,
                    protocol: Protocol::Tcp,
                    decoder: Decoder::Text,
                    local: peer.clone(),
                    peer,
                    process: None,
                    since_wall_ns: 0,
                };
                this.event(&Event::Opened { info, traffic: Arc::default() });
            }
            this
        }

        fn event(&mut self, event: &Event) {
            self.sessions.on_event(event);
            self.tab.on_event(event, &mut self.sessions);
        }

        fn close(&mut self, id: u64) {
            self.event(&Event::Closed { socket: SocketId(7), session: SessionId(id), reason: CloseReason::Eof });
        }
    }

    #[test]
    fn what_is_chosen_under_more_is_asked_for_and_kept() {
        let mut settings = ServerTab {
            stay_half_open: true,
            receive: "raw".to_owned(),
            page: "hi".to_owned(),
            site: "/site".to_owned(),
            more_open: true,
            ..ServerTab::default()
        };
        let tab = ServerTabState::new(SocketId(7), &settings);
        assert_eq!(tab.to_settings(Encoding::Utf8), settings);
        assert_eq!(tab.spec(), None, "a folder is missing");

        settings.folder = "/in".to_owned();
        let spec = ServerTabState::new(SocketId(7), &settings).spec().unwrap();
        assert!(spec.stay_half_open && spec.receive == ReceiveMode::Raw { into: "/in".into() });

        settings.browser = "folder".to_owned();
        let spec = ServerTabState::new(SocketId(7), &settings).spec().unwrap();
        assert_eq!(spec.browser, Some(crate::model::BrowserContent::Folder("/site".into())));
        assert_eq!(spec.receive, ReceiveMode::Show);

        settings.protocol = "udp".to_owned();
        let spec = ServerTabState::new(SocketId(7), &settings).spec().unwrap();
        assert_eq!((spec.browser, spec.receive), (None, ReceiveMode::Show));
    }

    #[test]
    fn ticks_decide_who_gets_the_message() {
        let mut tab = Tab::with_sessions(3);
        assert_eq!(tab.tab.recipients(), Some(Recipients::All));
        tab.tab.toggle_chosen(SessionId(3));
        tab.tab.toggle_chosen(SessionId(1));
        assert_eq!(tab.tab.recipients(), Some(Recipients::Sessions(vec![SessionId(1), SessionId(3)])));
        tab.close(3);
        assert_eq!(tab.tab.recipients(), Some(Recipients::Sessions(vec![SessionId(1)])));
        tab.tab.toggle_chosen(SessionId(1));
        assert_eq!(tab.tab.recipients(), Some(Recipients::All));
    }

    #[test]
    fn with_nobody_there_nobody_gets_it() {
        let mut tab = Tab::with_sessions(1);
        tab.tab.recipients = RecipientChoice::One(SessionId(1));
        assert_eq!(tab.tab.recipients(), Some(Recipients::Sessions(vec![SessionId(1)])));
        tab.close(1);
        assert_eq!(tab.tab.recipients(), None);
    }

    #[test]
    fn closed_sessions_are_forgotten_in_the_end() {
        let mut tab = Tab::with_sessions(100);
        for id in 1..=100 {
            tab.close(id);
        }
        assert_eq!((tab.tab.closed.len(), tab.sessions.by_id.len()), (CLOSED_MAX, CLOSED_MAX));
    }

    #[test]
    fn a_failure_is_not_covered_by_a_notice_and_a_start_that_fails_is_over() {
        let mut tab = Tab::with_sessions(0);
        tab.tab.state = ServerState::Starting;
        let failure = Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse);
        let socket = Some(SocketId(7));
        tab.event(&Event::Failed { socket, session: None, failure: failure.clone() });
        tab.event(&Event::Noticed { socket, session: None, notice: Notice::AcceptingPaused });
        assert_eq!(tab.tab.state, ServerState::Idle);
        assert_eq!(tab.tab.message, Some(Message::Failed(failure)));
    }

    #[test]
    fn what_concerns_another_tab_changes_nothing() {
        let mut tab = Tab::with_sessions(1);
        tab.event(&Event::StoppedListening { socket: SocketId(8) });
        tab.event(&Event::Closed { socket: SocketId(8), session: SessionId(9), reason: CloseReason::Eof });
        assert_eq!(tab.tab.open.len(), 1);
    }
}
