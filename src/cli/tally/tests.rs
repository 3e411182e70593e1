use super::*;
use crate::codec::decode::Decoder;
use std::path::PathBuf;

use crate::model::{
    Endpoint, HostPort, OptionAnswer, OptionValue, Purpose, Role, SendMode, SessionInfo, SocketOption, TransferInfo,
};

/// Keeps the facts' debug texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Report for Told {
    fn tell(&mut self, fact: &Fact<'_>) -> io::Result<()> {
        self.0.push(format!("{fact:?}"));
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const SOCKET: SocketId = SocketId(1);
const SESSION: SessionId = SessionId(1);
const TRANSFER: TransferId = TransferId(1);

fn opened(traffic: &Arc<Traffic>) -> Event {
    let info = SessionInfo {
        id: SESSION,
        socket: SOCKET,
        role: Role::Client,
        purpose: Purpose::Talk,
        protocol: Protocol::Tcp,
        decoder: Decoder::Text,
        peer: Peer::Ip(([127, 0, 0, 1], 9000).into()),
        local: Peer::Ip(([127, 0, 0, 1], 50_000).into()),
        process: None,
        since_wall_ns: 0,
    };
    Event::Opened { info, traffic: Arc::clone(traffic) }
}

fn started(direction: Direction) -> Event {
    let name = "a.bin".to_owned();
    Event::TransferStarted(TransferInfo {
        id: TRANSFER,
        socket: SOCKET,
        session: SESSION,
        peer: "127.0.0.1:9000".to_owned(),
        direction,
        mode: SendMode::Raw,
        name,
        path: PathBuf::from("a.bin"),
        size: None,
    })
}

fn ended(outcome: Outcome) -> Event {
    let end = TransferEnd {
        outcome,
        path: PathBuf::from("a.bin"),
        size: 3,
        hash: None,
        failure: None,
        head: None,
        ended_ns: 0,
    };
    Event::TransferEnded { transfer: TRANSFER, end }
}

fn closed(reason: CloseReason) -> Event {
    Event::Closed { socket: SOCKET, session: SESSION, reason }
}

fn noticed(notice: Notice) -> Event {
    Event::Noticed { socket: Some(SOCKET), session: None, notice }
}

fn observed(tally: &mut Tally, events: &[Event]) -> Vec<String> {
    let mut told = Told::default();
    for event in events {
        tally.observe(event, &mut told).expect("nothing is written");
    }
    told.0
}

#[test]
fn an_option_of_a_connection_that_has_just_closed_is_not_told_of_its_listener() {
    let answer = OptionAnswer {
        option: SocketOption::TimeToLive,
        asked: OptionValue::Number(9),
        answer: Some(OptionValue::Number(9)),
    };
    let answered = Event::OptionsAnswered { socket: SOCKET, session: Some(SESSION), answers: vec![answer] };
    let endpoint = Endpoint::Tcp(HostPort { host: "127.0.0.1".to_owned(), port: 9000 });
    for listens in [true, false] {
        let mut tally = Tally::new(Protocol::Tcp);
        if listens {
            observed(&mut tally, &[Event::Listening { socket: SOCKET, endpoint: endpoint.clone() }]);
        }
        let events = [opened(&Arc::default()), closed(CloseReason::Eof), answered.clone()];
        let told = observed(&mut tally, &events).pop().expect("it is told");
        assert_eq!((told.contains("Option"), told.contains("session: Some")), (true, listens), "{told}");
    }
}

#[test]
fn totals_include_open_and_closed_sessions() {
    let mut tally = Tally::new(Protocol::Udp);
    let (first, second) = (Arc::new(Traffic::default()), Arc::new(Traffic::default()));
    observed(&mut tally, &[opened(&first)]);
    first.add_received(10);
    first.add_received(0);
    observed(&mut tally, &[closed(CloseReason::Eof), opened(&second)]);
    second.add_received(5);
    let summary = tally.summary();
    assert_eq!((summary.received, summary.received_bytes), (3, 15));
}

#[test]
fn the_kernels_count_is_a_total_not_an_increment() {
    let mut tally = Tally::new(Protocol::Udp);
    let dropped = |datagrams| noticed(Notice::Dropped { datagrams });
    observed(&mut tally, &[dropped(5), dropped(12), noticed(Notice::Truncated { kept: 8 })]);
    let known = if cfg!(target_os = "linux") { Some(12) } else { None };
    assert_eq!((tally.summary().dropped, tally.summary().truncated), (known, 1));
}

#[test]
fn notices_wait_for_the_line_that_says_where() {
    let mut tally = Tally::new(Protocol::UnixStream);
    let endpoint = Endpoint::Tcp(HostPort::new("127.0.0.1", 9));
    let events = [noticed(Notice::StaleSocketRemoved), Event::Listening { socket: SOCKET, endpoint }];
    let told = observed(&mut tally, &events);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("Listening") && told[1].starts_with("Noticed"), "{told:?}");
}

#[test]
fn a_sent_file_is_told_when_its_connection_is_over() {
    for (reason, outcome) in [(CloseReason::Eof, "HandedOver"), (CloseReason::Reset, "Incomplete")] {
        let mut tally = Tally::new(Protocol::Tcp);
        let traffic = Arc::new(Traffic::default());
        let before = observed(&mut tally, &[opened(&traffic), started(Direction::Out), ended(Outcome::HandedOver)]);
        assert!(!before.iter().any(|fact| fact.starts_with("File")), "{before:?}");
        let after = observed(&mut tally, &[closed(reason)]);
        assert!(after[0].starts_with("File") && after[0].contains(outcome), "{after:?}");
        assert!(after[1].starts_with("Closed"), "{after:?}");
        assert_eq!(tally.file_failed(), outcome == "Incomplete");
    }
}

#[test]
fn a_received_file_is_told_at_once() {
    let mut tally = Tally::new(Protocol::Tcp);
    let traffic = Arc::new(Traffic::default());
    let told = observed(&mut tally, &[opened(&traffic), started(Direction::In), ended(Outcome::Incomplete)]);
    assert!(told.last().is_some_and(|fact| fact.starts_with("File")), "{told:?}");
    assert!(tally.file_failed());
}

#[test]
fn rows_that_the_journal_lacks_are_not_forgotten() {
    let mut tally = Tally::new(Protocol::Tcp);
    assert!(!tally.lacks_rows());
    observed(&mut tally, &[noticed(Notice::RecordingPaused { missed: 3 })]);
    observed(&mut tally, &[noticed(Notice::RecordingResumed { missed: 3 })]);
    assert!(tally.lacks_rows());
}

#[test]
fn a_subject_gets_the_scheme_that_it_lacks() {
    for (protocol, subject, text) in [
        (Protocol::Tcp, "127.0.0.1:9", "tcp://127.0.0.1:9"),
        (Protocol::Tcp, "tcp://[::1]:9", "tcp://[::1]:9"),
        (Protocol::Udp, "[::1]:9", "udp://[::1]:9"),
        (Protocol::UnixStream, "/run/x.sock", "unix:/run/x.sock"),
        (Protocol::UnixStream, "", "unix:"),
        (Protocol::UnixSeqpacket, "@x", "unix-seqpacket:@x"),
        (Protocol::Descriptor, "fd://3", "fd://3"),
        (Protocol::Raw, "::1", "raw://[::1]"),
        (Protocol::Raw, "raw://[::1]?proto=icmp", "raw://[::1]?proto=icmp"),
    ] {
        assert_eq!(with_scheme(protocol, subject), text);
    }
}

#[test]
fn a_failure_without_an_address_has_no_endpoint() {
    let tally = Tally::new(Protocol::UnixStream);
    let endpoint = |subject: &str| {
        let mut told = Told::default();
        tally.tell_failure(&Failure::new(Operation::Receive, subject, Cause::ConnectionReset), &mut told).unwrap();
        told.0.remove(0).split_once("endpoint: ").unwrap().1.to_owned()
    };
    assert_eq!(endpoint("/run/x.sock"), "Some(\"unix:/run/x.sock\") }");
    assert_eq!(endpoint(""), "None }");
}
