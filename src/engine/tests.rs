//! The way of what no kernel that tests have met can open, over sockets that keep the borders of what is sent all the
//! same: from the socket through a session to the journal, and from there to what a face shows.

use std::time::{Duration, Instant};

use super::*;
use crate::codec::can::Frame;
use crate::codec::can::bcm::{Message, Opcode, SET_TIMER, START_TIMER};
use crate::engine::socket_control::SocketControl;
use crate::model::{
    Admission, CloseReason, Direction, Endpoint, Filter, Page, PageRequest, Peer, ReceiveMode, Respond, SessionInfo,
    Target,
};
use crate::net::DatagramSocket;
use crate::net::Wake;

/// Far beyond what anything here takes; reached only by a fault.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// A client's session on a bus, and the bus's other end.
struct OnBus {
    engine: Engine,
    control: Arc<SocketControl>,
    thread: JoinHandle<()>,
    wire: DatagramSocket,
    info: SessionInfo,
}

impl OnBus {
    fn new(endpoint: &str) -> Self {
        let target: Target = endpoint.parse().unwrap();
        let endpoint = target.endpoint.clone();
        let (Endpoint::Can(interface) | Endpoint::CanBroadcast(interface)) = &endpoint else { panic!("{endpoint}") };
        let peer = Peer::Can(interface.clone());
        let [ours, wire] = net::can_bus(endpoint.protocol(), interface);
        let engine = Engine::start(EngineConfig::new(JournalPlace::Temporary)).unwrap();
        let socket = engine.new_socket();
        let control =
            SocketControl::new(socket, &target, (ReceiveMode::Show, Admission::default()), Respond::Nothing, false)
                .unwrap();
        let control = Arc::new(control);
        let (core, of_thread) = (Arc::clone(&engine.core), Arc::clone(&control));
        let converse = move || datagrams::converse(&core, &of_thread, &endpoint, ours, &peer, peer.clone(), None);
        let thread = spawn("connect-1".to_owned(), converse).unwrap();
        let info = waited(&engine, |event| match event {
            Event::Opened { info, .. } => Some(info),
            _ => None,
        });
        Self { engine, control, thread, wire, info }
    }

    /// What is shown of the rows in one direction, once there are `count` of them.
    fn shown(&self, direction: Direction, count: usize) -> Vec<String> {
        let filter = Filter { session: Some(self.info.id), direction: Some(direction), ..Filter::default() };
        let deadline = Instant::now() + DEADLINE;
        let page: Arc<Page> = loop {
            let request =
                PageRequest { filter: filter.clone(), first: 0, count: PageRequest::COUNT_MAX, from_end: false };
            self.engine.send(Command::ReadPage(request));
            let page = waited(&self.engine, |event| match event {
                Event::Page(page) if page.filter == filter && page.complete => Some(page),
                _ => None,
            });
            if page.rows.len() >= count {
                break page;
            }
            assert!(Instant::now() < deadline, "{:#?}", page.rows);
        };
        let decoded = |row: &crate::model::PageRow| {
            self.engine.send(Command::LoadRow { number: row.number });
            let payload = waited(&self.engine, |event| match event {
                Event::RowLoaded { number, payload } if number == row.number => Some(payload),
                _ => None,
            });
            self.info.decoder.decode(&payload).expect("it is what it should be").summary
        };
        page.rows.iter().map(decoded).collect()
    }

    fn send(&self, bytes: Vec<u8>) {
        self.engine.core.session(self.info.id).unwrap().send(&self.engine.core, &bytes.into(), true);
    }

    /// What came over the wire.
    fn heard(&self) -> Vec<u8> {
        assert!(self.wire.wait(&Wake::new().unwrap()).unwrap());
        self.wire.next().0
    }

    fn end(self) {
        self.control.stop(CloseReason::Local);
        self.thread.join().unwrap();
        let reason = waited(&self.engine, |event| match event {
            Event::Closed { session, reason, .. } if session == self.info.id => Some(reason),
            _ => None,
        });
        assert_eq!(reason, CloseReason::Local);
    }
}

/// What the first event is that `pick` takes; those before it are passed over.
pub(super) fn waited<T>(engine: &Engine, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        engine.acknowledge_wake();
        if let Some(found) = pick(engine.events().recv_deadline(deadline).expect("waited in vain")) {
            return found;
        }
    }
}

#[test]
fn frames_of_a_bus_go_through_a_session_into_the_journal_and_are_read_there() {
    let bus = OnBus::new("can://vcan0");
    assert_eq!((bus.info.peer.to_string(), bus.info.local.to_string()), ("vcan0".to_owned(), "vcan0".to_owned()));
    // The last is an error that a controller reports.
    let incoming = ["123#DEADBEEF", "1F334455#11", "7DF#R4", "123##1112233", "20000004#0000000000000000"];
    for text in incoming {
        bus.wire.send(&text.parse::<Frame>().unwrap().to_bytes(), None, true).unwrap();
    }
    assert_eq!(bus.shown(Direction::In, incoming.len()), incoming);
    for text in ["321#CAFE", "12345678##0AABB"] {
        let frame: Frame = text.parse().unwrap();
        bus.send(frame.to_bytes());
        assert_eq!(Frame::from_bytes(&bus.heard()), Ok(frame));
    }
    assert_eq!(bus.shown(Direction::Out, 2), ["321#CAFE", "12345678##0AABB"]);
    bus.end();
}

#[test]
fn messages_of_the_broadcast_manager_go_the_same_way() {
    let bus = OnBus::new("can-bcm://vcan0");
    let message = |opcode, flags, text: &str| Message {
        opcode,
        flags,
        count: 0,
        first_interval: Duration::ZERO,
        second_interval: Duration::from_millis(100),
        id: 0x123,
        frames: vec![text.parse().unwrap()],
    };
    let setup = message(Opcode::TxSetup, SET_TIMER | START_TIMER, "123#DEADBEEF");
    bus.send(setup.to_bytes());
    assert_eq!(Message::from_bytes(&bus.heard()).as_ref(), Ok(&setup));
    bus.wire.send(&message(Opcode::RxChanged, 0, "123#11").to_bytes(), None, true).unwrap();
    let [sent, received] = [Direction::Out, Direction::In].map(|direction| bus.shown(direction, 1).concat());
    assert!(sent.starts_with("TX_SETUP 123 123#DEADBEEF"), "{sent}");
    assert!(received.starts_with("RX_CHANGED 123 123#11"), "{received}");
    bus.end();
}
