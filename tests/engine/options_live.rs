//! What a listener is given while it has connections.

use std::net::{TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sockeye::model::{Cause, Command, Event, OptionValue, SessionId, SocketId, SocketOption, SocketState, TcpState};

use crate::harness::{Harness, port};

fn set(h: &Harness, socket: SocketId, session: Option<SessionId>, option: SocketOption, value: &OptionValue) {
    h.engine.send(Command::SetOption { socket, session, option, value: value.clone() });
}

fn value_of(state: &SocketState, option: SocketOption) -> Option<&OptionValue> {
    state.options.iter().find(|(of, _)| *of == option).map(|(_, value)| value)
}

/// Each with what is asked for and what the kernel answers.
fn cases() -> Vec<(SocketOption, OptionValue, OptionValue)> {
    let same = |option, value: OptionValue| (option, value.clone(), value);
    let (on, off) = (OptionValue::Switch(true), OptionValue::Switch(false));
    let number = OptionValue::Number;
    vec![
        same(SocketOption::NoDelay, off.clone()),
        same(SocketOption::QuickAck, off),
        same(SocketOption::KeepAlive, on),
        same(SocketOption::KeepIdle, number(77)),
        same(SocketOption::KeepInterval, number(7)),
        same(SocketOption::KeepCount, number(3)),
        same(SocketOption::UserTimeout, number(5_000)),
        same(SocketOption::Linger, number(5)),
        same(SocketOption::Congestion, OptionValue::Text("reno".to_owned())),
        (SocketOption::ReceiveBuffer, number(32_768), number(65_536)),
        (SocketOption::SendBuffer, number(65_536), number(131_072)),
        same(SocketOption::TimeToLive, number(9)),
        same(SocketOption::TypeOfService, number(184)),
        same(SocketOption::Priority, number(5)),
    ]
}

#[test]
fn what_a_listener_is_given_reaches_its_open_connections() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let pairs: Vec<_> = (0..3)
        .map(|_| {
            let (client, info) = h.connect(&endpoint);
            (h.opened(server).id, client, info.id)
        })
        .collect();
    for (option, asked, answer) in cases() {
        let of_clients: Vec<_> = pairs.iter().map(|pair| h.inspect(pair.1, Some(pair.2))).collect();
        set(&h, server, None, option, &asked);
        let sessions = [None].into_iter().chain(pairs.iter().map(|pair| Some(pair.0)));
        for session in sessions {
            let told = h.answers(server, session);
            assert_eq!(told.len(), 1, "{option:?}");
            assert_eq!((told[0].option, &told[0].asked, told[0].answer.as_ref()), (option, &asked, Some(&answer)));
            assert_eq!(value_of(&h.inspect(server, session), option), Some(&answer), "{option:?} of {session:?}");
        }
        for (pair, before) in pairs.iter().zip(of_clients) {
            let now = h.inspect(pair.1, Some(pair.2));
            assert_eq!(value_of(&now, option), value_of(&before, option), "{option:?} of the other end");
        }
        let _late = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
        let late = h.opened(server).id;
        assert_eq!(value_of(&h.inspect(server, Some(late)), option), Some(&answer), "{option:?} of a later one");
        h.engine.send(Command::Close { session: late });
        h.closed(late);
    }
    assert!(h.take(|event| matches!(event, Event::Failed { .. })).is_none());
}

#[test]
fn one_connection_can_be_given_what_the_others_are_not() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let peers: Vec<_> = (0..2).map(|_| TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap()).collect();
    let [one, other] = [h.opened(server).id, h.opened(server).id];
    let (option, value) = (SocketOption::TimeToLive, OptionValue::Number(9));
    let before = h.inspect(server, Some(one));
    set(&h, server, Some(one), option, &value);
    h.answers(server, Some(one));
    assert_eq!(value_of(&h.inspect(server, Some(one)), option), Some(&value));
    for session in [None, Some(other)] {
        assert_eq!(value_of(&h.inspect(server, session), option), value_of(&before, option), "{session:?}");
    }
    drop(peers);
}

#[test]
fn what_the_listener_is_refused_its_connections_are_not_given() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let peers: Vec<_> = (0..3).map(|_| TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap()).collect();
    let sessions: Vec<_> = peers.iter().map(|_| h.opened(server).id).collect();
    let before = h.inspect(server, Some(sessions[0]));
    set(&h, server, None, SocketOption::Congestion, &OptionValue::Text("nonsense".to_owned()));
    let failure = h.failed();
    assert_eq!((failure.subject, failure.cause), (format!("{endpoint}?congestion=nonsense"), Cause::UnknownName));
    for session in sessions {
        let now = h.inspect(server, Some(session));
        assert_eq!(value_of(&now, SocketOption::Congestion), value_of(&before, SocketOption::Congestion));
    }
    assert!(h.take(|event| matches!(event, Event::Failed { .. })).is_none(), "it is told once");
}

#[test]
fn what_is_no_option_of_connections_is_the_listener_s_alone() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let _peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server).id;
    set(&h, server, None, SocketOption::FastOpen, &OptionValue::Number(5));
    h.answers(server, None);
    h.inspect(server, Some(session));

    // The peers of a datagram socket share it.
    let (datagrams, endpoint) = h.listen("udp://127.0.0.1:0");
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"x", ("127.0.0.1", port(&endpoint))).unwrap();
    let peer = h.opened(datagrams).id;
    set(&h, datagrams, None, SocketOption::TimeToLive, &OptionValue::Number(9));
    h.answers(datagrams, None);
    h.inspect(datagrams, Some(peer));
    assert!(h.take(|event| matches!(event, Event::OptionsAnswered { session: Some(_), .. })).is_none());
}

/// Some of them wait to be accepted while the option is changed, and have inherited what it was before.
#[test]
fn connections_that_come_while_an_option_changes_have_it_in_the_end() {
    const CONNECTIONS: usize = 300;
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (going, port) = (Arc::new(AtomicBool::new(false)), port(&endpoint));
    let seen = Arc::clone(&going);
    let connecting = std::thread::spawn(move || {
        (0..CONNECTIONS)
            .map(|_| {
                let peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
                seen.store(true, Ordering::Release);
                peer
            })
            .collect::<Vec<_>>()
    });
    while !going.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    let option = SocketOption::TimeToLive;
    let mut last = 0;
    while !connecting.is_finished() || last < 10 {
        last = 10 + (last + 1) % 200;
        set(&h, server, None, option, &OptionValue::Number(last));
        h.answers(server, None);
    }
    let peers = connecting.join().unwrap();
    for _ in &peers {
        let session = h.opened(server).id;
        let state = h.inspect(server, Some(session));
        assert_eq!(state.tcp.map(|tcp| tcp.state), Some(TcpState::Established));
        assert_eq!(value_of(&state, option), Some(&OptionValue::Number(last)), "{session:?}");
    }
}

#[test]
fn a_change_for_many_connections_is_told_once_for_each_and_the_next_command_is_carried_out() {
    const CONNECTIONS: usize = 400;
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let peers: Vec<_> = (0..CONNECTIONS).map(|_| TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap()).collect();
    let mut sessions: Vec<_> = peers.iter().map(|_| h.opened(server).id).collect();
    let (other, _) = h.listen("udp://127.0.0.1:0");
    set(&h, server, None, SocketOption::KeepAlive, &OptionValue::Switch(true));
    h.inspect(other, None);
    h.answers(server, None);
    let mut told: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            h.wait("an answer", |event| match event {
                Event::OptionsAnswered { socket, session: Some(session), .. } if *socket == server => Some(*session),
                _ => None,
            })
        })
        .collect();
    assert!(told.is_sorted(), "in the order in which they came");
    told.sort_unstable();
    sessions.sort_unstable();
    assert_eq!(told, sessions);
    assert!(h.take(|event| matches!(event, Event::OptionsAnswered { .. })).is_none());
}
