use std::sync::Arc;

use super::*;
use crate::codec::decode::Decoder;
use crate::model::{
    CloseReason, Failure, Operation, Peer, PortOwner, Purpose, Recipients, Role, SessionInfo, TcpState, WaitingSocket,
};

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
                purpose: Purpose::Talk,
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
fn what_was_meant_for_those_who_left_goes_to_nobody() {
    let mut tab = Tab::with_sessions(3);
    tab.tab.recipients = RecipientChoice::One(SessionId(1));
    assert_eq!(tab.tab.recipients(), Some(Recipients::Sessions(vec![SessionId(1)])));
    tab.close(1);
    assert_eq!((tab.tab.recipients(), tab.tab.recipients_left()), (None, true));
    tab.tab.toggle_chosen(SessionId(2));
    assert_eq!(
        (tab.tab.recipients(), tab.tab.recipients_left()),
        (Some(Recipients::Sessions(vec![SessionId(2)])), false)
    );
    tab.close(2);
    assert_eq!((tab.tab.recipients(), tab.tab.recipients_left()), (None, true));
    tab.tab.recipients = RecipientChoice::All;
    assert_eq!((tab.tab.recipients(), tab.tab.recipients_left()), (Some(Recipients::All), false));
    tab.close(3);
    assert_eq!((tab.tab.recipients(), tab.tab.recipients_left()), (None, false));
}

#[test]
fn of_earlier_recipients_those_are_reached_who_are_still_there() {
    let mut tab = Tab::with_sessions(3);
    let to = |ids: &[u64]| Recipients::Sessions(ids.iter().copied().map(SessionId).collect());
    tab.close(1);
    assert_eq!(tab.tab.still_there(to(&[1, 2])), Some(to(&[2])));
    assert_eq!(tab.tab.still_there(to(&[1])), None);
    assert_eq!(tab.tab.still_there(Recipients::All), Some(Recipients::All));
    for id in [2, 3] {
        tab.close(id);
    }
    assert_eq!(tab.tab.still_there(Recipients::All), None);
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
fn a_failure_to_accept_is_over_when_accepting_goes_on() {
    let socket = Some(SocketId(7));
    let resumed = Event::Noticed { socket, session: None, notice: Notice::AcceptingResumed };
    for (operation, is_over) in [(Operation::Accept, true), (Operation::Receive, false)] {
        let mut tab = Tab::with_sessions(0);
        let failure = Failure::new(operation, "tcp://127.0.0.1:9000", Cause::OutOfDescriptors);
        tab.event(&Event::Failed { socket, session: None, failure });
        tab.event(&resumed);
        assert_eq!(tab.tab.message == Some(Message::Noticed(Notice::AcceptingResumed)), is_over);
    }
}

#[test]
fn what_is_waited_for_is_said_once() {
    let mut tab = Tab::with_sessions(0);
    let socket = Some(SocketId(7));
    let state = TcpState::TimeWait;
    let sockets = [WaitingSocket { local: String::new(), peer: String::new(), state, seconds: Some(59) }];
    let mut waits_for = |owner: Option<PortOwner>| {
        tab.tab.state = ServerState::Starting;
        tab.tab.port_wait = Some(PortWait::new(None, &sockets));
        let notice = Notice::WaitingForAddress { owner, seconds: None };
        tab.event(&Event::Noticed { socket, session: None, notice: notice.clone() });
        assert_eq!(tab.tab.state, ServerState::Waiting);
        (tab.tab.message == Some(Message::Noticed(notice)), tab.tab.port_wait.is_some())
    };
    assert_eq!(waits_for(None), (false, true), "the state line counts down");
    let owner = PortOwner { pid: 4242, name: "python3".to_owned() };
    assert_eq!(waits_for(Some(owner)), (true, false), "who holds it is news, and for how long is not known");
    let endpoint = "tcp://127.0.0.1:9000".parse().unwrap();
    tab.event(&Event::Listening { socket: SocketId(7), endpoint });
    assert_eq!(tab.tab.message, None);
}

#[test]
fn what_concerns_another_tab_changes_nothing() {
    let mut tab = Tab::with_sessions(1);
    tab.event(&Event::StoppedListening { socket: SocketId(8) });
    tab.event(&Event::Closed { socket: SocketId(8), session: SessionId(9), reason: CloseReason::Eof });
    assert_eq!(tab.tab.open.len(), 1);
}
