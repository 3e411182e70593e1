use std::time::Duration;

use super::draft::Draft;
use super::endpoint_form::EndpointForm;
use super::heights::Heights;
use super::receive_form::ReceiveForm;
use super::socket_view::SocketView;
use super::transfers::Transfers;
use super::udp_form::UdpForm;
use crate::codec::encoding::Encoding;
use crate::model::{
    AddressForm, Cause, ClientTab, CloseReason, ConnectSpec, Event, Hint, Notice, Purpose, Recipients, Role, SessionId,
    SocketId,
};
use crate::ui::view::{SessionView, Sessions};
use crate::ui::widgets::message_line::Message;

/// After a lost connection, with automatic reconnecting.
const RECONNECT_AFTER: Duration = Duration::from_secs(2);

/// Time-outs that can be chosen, in milliseconds.
const TIMEOUT_RANGE: std::ops::RangeInclusive<u32> = 100..=600_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientState {
    #[default]
    Idle,
    /// `attempt` is the address being tried, empty while the name is being resolved.
    Connecting {
        attempt: String,
    },
    Open(SessionId),
    /// Another attempt will follow by itself.
    Waiting(Duration),
    Disconnecting,
}

/// A client's tab.
#[derive(Debug)]
pub struct ClientTabState {
    pub socket: SocketId,
    pub form: EndpointForm,
    pub local_host: String,
    pub local_port: String,
    /// Milliseconds, as typed.
    pub timeout: String,
    pub reconnect: bool,
    pub connected: bool,
    pub receive: ReceiveForm,
    /// Whether a stream stays open for sending once its peer has finished.
    pub stay_half_open: bool,
    pub draft: Draft,
    pub state: ClientState,
    pub more_open: bool,
    pub heights: Heights,
    /// The latest session, which may be closed, and why.
    pub last: Option<(SessionId, Option<CloseReason>)>,
    /// How many addresses the host's name has.
    pub candidates: usize,
    /// Groups, and addresses to send to.
    pub udp: UdpForm,
    /// Sessions of others who answered a socket that is not connected, in the order in which they came.
    pub answering: Vec<SessionId>,
    pub transfers: Transfers,
    pub message: Option<Message>,
    /// Datagrams that the kernel is known to have dropped.
    pub dropped: u64,
    pub view: SocketView,
}

impl ClientTabState {
    #[must_use]
    pub fn new(socket: SocketId, settings: &ClientTab) -> Self {
        Self {
            socket,
            form: EndpointForm::new(&settings.protocol, &settings.address, &settings.port, &settings.options)
                .for_role(Role::Client),
            local_host: settings.local_host.clone(),
            local_port: settings.local_port.clone(),
            timeout: settings.timeout_ms.to_string(),
            reconnect: settings.reconnect,
            connected: settings.connected,
            receive: ReceiveForm::new(
                &settings.receive,
                &settings.folder,
                (settings.ask_first, &settings.largest_file, &settings.most_files),
            ),
            stay_half_open: settings.stay_half_open,
            draft: Draft::from_settings(&settings.composer),
            state: ClientState::Idle,
            more_open: settings.more_open,
            heights: Heights::default(),
            last: None,
            candidates: 0,
            udp: UdpForm::default(),
            answering: Vec::new(),
            transfers: Transfers::default(),
            message: None,
            dropped: 0,
            view: SocketView::default(),
        }
    }

    /// What survives a restart; `shown_as` is how the tab's bytes are shown as text.
    #[must_use]
    pub fn to_settings(&self, shown_as: Encoding) -> ClientTab {
        ClientTab {
            protocol: self.form.protocol.scheme().to_owned(),
            address: self.form.address.clone(),
            port: self.form.port.clone(),
            options: self.form.options.clone(),
            local_host: self.local_host.clone(),
            local_port: self.local_port.clone(),
            timeout_ms: self.timeout_ms().unwrap_or(ClientTab::default().timeout_ms),
            reconnect: self.reconnect,
            connected: self.connected,
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

    /// The connect time-out; `None` when what is typed is none.
    #[must_use]
    pub fn timeout_ms(&self) -> Option<u32> {
        self.timeout.trim().parse().ok().filter(|timeout| TIMEOUT_RANGE.contains(timeout))
    }

    /// The local address; where there is none to choose, what was typed for another protocol does not count.
    #[must_use]
    pub fn local_host(&self) -> Option<&str> {
        Some(self.local_host.trim()).filter(|host| !host.is_empty() && self.form.protocol.is_over_ip())
    }

    /// Whether a local port can be chosen.
    #[must_use]
    pub fn has_local_port(&self) -> bool {
        self.form.protocol.address_form() == AddressForm::HostPort
    }

    /// The local port; the outer `None` when what is typed is none, the inner when it is left to the system.
    #[must_use]
    pub fn local_port(&self) -> Option<Option<u16>> {
        let port = self.local_port.trim();
        if port.is_empty() || !self.has_local_port() { Some(None) } else { port.parse().ok().map(Some) }
    }

    /// How to connect; `None` while a field is mistaken, which the panel shows.
    #[must_use]
    pub fn spec(&self) -> Option<ConnectSpec> {
        let (receive, admission) = self.receive.intake(self.form.protocol)?;
        Some(ConnectSpec {
            timeout: Duration::from_millis(u64::from(self.timeout_ms()?)),
            local_host: self.local_host().map(ToOwned::to_owned),
            local_port: self.local_port()?,
            // Datagrams have no connection to lose, and the choice is not on show for them.
            reconnect: (self.reconnect && self.form.protocol.has_connection()).then_some(RECONNECT_AFTER),
            // A connected socket hears its peer alone.
            connected: self.connected && self.udp.addresses(&self.form).is_none(),
            receive,
            admission,
            stay_half_open: self.stay_half_open,
            ..ConnectSpec::new(self.form.target().ok()?)
        })
    }

    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match self.state {
            ClientState::Open(session) => Some(session),
            _ => None,
        }
    }

    /// To whom "Send" sends: to the addresses that are typed, else to the peer. `None` when there is nobody.
    #[must_use]
    pub fn recipients(&self) -> Option<Recipients> {
        let session = self.session()?;
        match self.udp.addresses(&self.form) {
            None => Some(Recipients::Sessions(vec![session])),
            Some(addresses) => addresses.ok().map(Recipients::Addresses),
        }
    }

    /// Takes in what the engine reports about this tab. `sessions` has heard of it already.
    pub fn on_event(&mut self, event: &Event, sessions: &mut Sessions) {
        self.udp.on_event(self.socket, &mut self.form, event);
        self.view.on_event(event, self.socket, self.session());
        match event {
            Event::Resolved { socket, candidates } if *socket == self.socket => self.candidates = candidates.len(),
            // Attempts are raced: one that starts after another has won changes nothing.
            Event::Connecting { socket, attempt }
                if *socket == self.socket
                    && !matches!(self.state, ClientState::Open(_) | ClientState::Disconnecting) =>
            {
                self.state = ClientState::Connecting { attempt: attempt.clone() };
            }
            // They go beside the one that talks, and their files have rows of their own.
            Event::Opened { info, .. } if info.purpose != Purpose::Talk => {}
            Event::Opened { info, .. } if info.socket == self.socket && self.is_open() => self.answering.push(info.id),
            Event::Opened { info, .. } if info.socket == self.socket => {
                for forgotten in self.answering.drain(..) {
                    sessions.forget(forgotten);
                }
                if let Some((forgotten, _)) = self.last.replace((info.id, None)) {
                    sessions.forget(forgotten);
                }
                self.state = ClientState::Open(info.id);
                self.message = None;
            }
            Event::Closed { socket, session, reason } if *socket == self.socket => {
                self.session_closed(*session, *reason, sessions);
            }
            Event::Disconnected { socket } if *socket == self.socket => self.state = ClientState::Idle,
            Event::ReconnectingIn { socket, delay } if *socket == self.socket => {
                self.state = ClientState::Waiting(*delay);
            }
            Event::TransferStarted(info) if info.socket == self.socket => self.transfers.started(info.clone()),
            Event::TransferAsks { .. }
            | Event::TransferProgress { .. }
            | Event::TransferPaused { .. }
            | Event::TransferEnded { .. } => {
                self.transfers.on_event(event);
            }
            Event::Failed { socket, failure, .. } if *socket == Some(self.socket) => {
                if failure.cause == Cause::QueueFull || failure.hint == Some(Hint::SentToNobody) {
                    self.draft.refused();
                }
                self.message = Some(Message::Failed(failure.clone()));
            }
            Event::Noticed { socket, notice, .. } if *socket == Some(self.socket) => self.noticed(notice),
            _ => {}
        }
    }

    fn session_closed(&mut self, session: SessionId, reason: CloseReason, sessions: &mut Sessions) {
        let carried_files = |view: &SessionView| view.info.purpose != Purpose::Talk;
        if sessions.by_id.get(&session).is_some_and(carried_files) {
            sessions.forget(session);
        } else if !self.answering.contains(&session) {
            self.last = Some((session, Some(reason)));
            if self.session() == Some(session) {
                self.state = ClientState::Idle;
            }
        } else if reason == CloseReason::Evicted {
            self.answering.retain(|answering| *answering != session);
            sessions.forget(session);
        }
    }

    /// Whether its own session is open.
    fn is_open(&self) -> bool {
        self.last.is_some_and(|(_, closed)| closed.is_none())
    }

    fn noticed(&mut self, notice: &Notice) {
        if let Notice::Dropped { datagrams } = notice {
            self.dropped = *datagrams;
        } else if matches!(notice, Notice::PeerKnown { .. }) {
            // It stands in the state line.
        } else if !matches!(self.message, Some(Message::Failed(_))) {
            self.message = Some(Message::Noticed(notice.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_address_counts_where_the_form_shows_it() {
        for (protocol, address, host, port) in [
            ("udp", "127.0.0.1", Some("127.0.0.2"), Some(5000)),
            ("raw", "127.0.0.1", Some("127.0.0.2"), None),
            ("unix-dgram", "@peer", None, None),
            ("unix", "/run/x.sock", None, None),
        ] {
            let mut settings =
                ClientTab { protocol: protocol.to_owned(), address: address.to_owned(), ..ClientTab::default() };
            (settings.local_host, settings.local_port) = ("127.0.0.2".to_owned(), "5000".to_owned());
            if protocol == "raw" {
                settings.port = "icmp".to_owned();
            }
            let spec = ClientTabState::new(SocketId(1), &settings).spec().unwrap();
            assert_eq!((spec.local_host.as_deref(), spec.local_port), (host, port), "{protocol}");
            settings.local_port = "no port".to_owned();
            let is_mistaken = ClientTabState::new(SocketId(1), &settings).spec().is_none();
            assert_eq!(is_mistaken, protocol == "udp", "{protocol}");
        }
    }

    #[test]
    fn a_choice_that_is_not_on_show_for_datagrams_does_not_count_for_them() {
        for (protocol, reconnects) in
            [("tcp", true), ("unix", true), ("unix-seqpacket", true), ("unix-dgram", false), ("udp", false)]
        {
            let address = if protocol.starts_with("unix") { "@peer" } else { "127.0.0.1" };
            let (protocol, address) = (protocol.to_owned(), address.to_owned());
            let settings = ClientTab { protocol, address, reconnect: true, ..ClientTab::default() };
            let spec = ClientTabState::new(SocketId(1), &settings).spec().unwrap();
            assert_eq!(spec.reconnect.is_some(), reconnects, "{}", settings.protocol);
        }
    }
}
