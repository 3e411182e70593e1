use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::codec::compose::Format;
use crate::codec::decode::Decoder;
use crate::i18n::Language;
use crate::model::{
    Cause, CloseReason, ContextId, EtherType, Failure, HardwareAddress, HostPort, InterfaceName, LinkAddress, Peer,
    Purpose, SessionInfo, SocketOption, SocketOptions, Traffic, UnixName, VsockAddress,
};

const SOCKET: SocketId = SocketId(1);

fn read(line: &str) -> Order {
    Order::read(line, Format::Text).expect("no mistake").expect("a command")
}

fn mistake(line: &str) -> Mistake {
    Order::read(line, Format::Text).expect_err(line)
}

fn named(text: &str) -> PeerName {
    PeerName::Address(text.to_owned())
}

fn opened(id: u64, protocol: Protocol, peer: Peer) -> Event {
    let info = SessionInfo {
        id: SessionId(id),
        socket: SOCKET,
        role: Role::Server,
        purpose: Purpose::Talk,
        protocol,
        decoder: Decoder::default(),
        local: peer.clone(),
        peer,
        process: None,
        since_wall_ns: 0,
    };
    Event::Opened { info, traffic: Arc::new(Traffic::default()) }
}

fn address(text: &str) -> Peer {
    Peer::Ip(text.parse().expect("an address"))
}

fn over(endpoint: &str, role: Role, is_connected: bool, peers: &[&str]) -> Commands {
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    let mut commands = Commands::new(SOCKET, role, &endpoint, is_connected);
    for (id, peer) in (1..).zip(peers) {
        commands.observe(&opened(id, endpoint.protocol(), address(peer)));
    }
    commands
}

/// What a listener makes of a line.
fn done(commands: &Commands, line: &str) -> Result<Vec<Command>, Problem> {
    match Order::read(line, Format::Text).and_then(|order| commands.act(order.expect("a command"), &Recipients::All)) {
        Ok(Act::Engine(commands)) => Ok(commands),
        Ok(other) => panic!("{line}: {other:?}"),
        Err(mistake) => Err(mistake.problem),
    }
}

fn message(to: Recipients, bytes: &[u8]) -> Result<Vec<Command>, Problem> {
    Ok(vec![Command::Send { socket: SOCKET, to, bytes: bytes.to_vec() }])
}

fn to_sessions(ids: &[u64]) -> Recipients {
    Recipients::Sessions(ids.iter().copied().map(SessionId).collect())
}

#[test]
fn each_command_is_read() {
    let session = PeerName::Session(SessionId(2));
    assert_eq!(read("send 你好 "), Order::Send("你好 ".into()));
    assert_eq!(read("  send  two blanks\t"), Order::Send(b" two blanks\t".to_vec()));
    assert_eq!(read("send"), Order::Send(Vec::new()));
    assert_eq!(read("send-hex e4 bd 0xA0"), Order::Send(vec![0xe4, 0xbd, 0xa0]));
    assert_eq!(read("to #2 hi"), Order::To(session.clone(), b"hi".to_vec()));
    assert_eq!(read("to\t tcp://[::1]:80  hi"), Order::To(named("tcp://[::1]:80"), b" hi".to_vec()));
    assert_eq!(read("to \"unix:/a b\\u00e9\" hi"), Order::To(named("unix:/a bé"), b"hi".to_vec()));
    assert_eq!(read("to-hex 2 00ff"), Order::To(session.clone(), vec![0, 255]));
    let path = PathBuf::from("a b.bin");
    assert_eq!(read("send-file \"a b.bin\""), Order::SendFile { path, to: None });
    let path = PathBuf::from("a.bin");
    assert_eq!(read("send-file a.bin to 2 "), Order::SendFile { path, to: Some(session.clone()) });
    let groups = vec!["239.1.2.3@lo".parse().unwrap(), "232.1.1.1@lo/10.0.0.5".parse().unwrap()];
    assert_eq!(read("join 239.1.2.3@lo,232.1.1.1@lo/10.0.0.5"), Order::Join(groups.clone()));
    assert_eq!(read("leave 239.1.2.3@lo,232.1.1.1@lo/10.0.0.5"), Order::Leave(groups));
    let options: SocketOptions = "ttl=9&nodelay=0".parse().unwrap();
    assert_eq!(read("set nodelay=0&ttl=9"), Order::Set { options: options.clone(), of: None });
    assert_eq!(read("set nodelay=0&ttl=9 of #2"), Order::Set { options, of: Some(session.clone()) });
    assert_eq!(read("finish"), Order::Finish(None));
    assert_eq!(read("finish #2"), Order::Finish(Some(session)));
    // Within a word, a quotation mark is a part of it.
    assert_eq!(read("disconnect #1\""), Order::Disconnect(named("#1\"")));
    assert_eq!(read("disconnect 127.0.0.1:80"), Order::Disconnect(named("127.0.0.1:80")));
    assert_eq!((read("help"), read("quit  ")), (Order::Help, Order::Quit));
    assert_eq!(Order::read(" \t", Format::Text), Ok(None));
    for verb in Verb::ALL {
        assert_eq!(Verb::named(verb.word()), Some(verb));
    }
}

/// A frame of CAN is written in a line as after `--send`.
#[test]
fn messages_are_written_as_the_transport_has_them() {
    let frame = "123#DEADBEEF".parse::<crate::codec::can::Frame>().unwrap().to_bytes();
    assert_eq!(Order::read("send 123#DEADBEEF", Format::CanFrame), Ok(Some(Order::Send(frame))));
    let mistake = Order::read("send 123", Format::CanFrame).unwrap_err();
    assert!(matches!(mistake.problem, Problem::Message(_)), "{mistake:?}");
}

#[test]
fn a_mistake_names_the_word() {
    for (line, word, reason) in [
        ("sned x", "sned", "no such command"),
        ("SEND x", "SEND", "no such command"),
        ("to", "to", "to PEER TEXT"),
        ("disconnect", "disconnect", "disconnect PEER"),
        ("send-file", "send-file", "send-file PATH [to PEER]"),
        ("send-file a b", "b", "send-file PATH [to PEER]"),
        ("send-file a to", "send-file", "send-file PATH [to PEER]"),
        ("send-file a \"to\" 2", "to", "send-file PATH [to PEER]"),
        ("finish 1 2", "2", "finish [PEER]"),
        ("quit now", "now", "written quit"),
        ("join", "join", "join GROUP"),
        ("join 10.0.0.1", "10.0.0.1", "no group"),
        ("set", "set", "set OPTION=VALUE [of PEER]"),
        ("set &", "&", "set OPTION=VALUE"),
        ("set ttl=9 #2", "#2", "set OPTION=VALUE [of PEER]"),
        ("set ttl=9 of", "set", "set OPTION=VALUE [of PEER]"),
        ("set ttl=9 of 2 3", "3", "set OPTION=VALUE [of PEER]"),
        ("set ttl=300 of #2", "ttl=300", "1 to 255"),
        ("set nosuch=1", "nosuch=1", "nosuch"),
        ("set ttl=x", "ttl=x", "1 to 255"),
        ("set tos=1&dscp=1", "tos=1&dscp=1", "dscp=1"),
        ("send-hex 0g", "g", "hex digit"),
        ("to \"a", "\"a", "quotation mark"),
        ("to \"a\"b hi", "\"a\"b hi", "quotation mark"),
    ] {
        let mistake = mistake(line);
        assert_eq!(mistake.word, word, "{line}");
        assert!(mistake.reason(Language::English).contains(reason), "{line}: {mistake:?}");
    }
    assert_eq!(mistake(&"x".repeat(1000)).word.chars().count(), Mistake::SHOWN + 1);
}

#[test]
fn one_peer_is_found_by_its_number_or_as_it_is_told() {
    let commands = over("tcp://127.0.0.1:9000", Role::Server, false, &["127.0.0.1:5001", "[fe80::1%2]:5002"]);
    for name in ["1", "#1", "127.0.0.1:5001", "tcp://127.0.0.1:5001", "\"tcp://127.0.0.1:5001\""] {
        assert_eq!(done(&commands, &format!("to {name} hi")), message(to_sessions(&[1]), b"hi"), "{name}");
    }
    assert_eq!(done(&commands, "to tcp://[fe80::1%2]:5002 hi"), message(to_sessions(&[2]), b"hi"));
    assert_eq!(done(&commands, "disconnect #2"), Ok(vec![Command::Close { session: SessionId(2) }]));
    assert_eq!(done(&commands, "finish #2"), Ok(vec![Command::FinishSending { session: SessionId(2) }]));
    assert_eq!(done(&commands, "finish").map(|all| all.len()), Ok(2));
    assert_eq!(done(&commands, "send hi"), message(Recipients::All, b"hi"));
    assert_eq!(done(&commands, "to #3 hi"), Err(Problem::NoSuchSession));
    // A name that nobody has is no address: TCP sends to those who are connected.
    for name in ["127.0.0.1:5003", "udp://127.0.0.1:5001", "\"1\"", "99999999999999999999"] {
        assert_eq!(done(&commands, &format!("to {name} hi")), Err(Problem::NoSuchPeer), "{name}");
    }
}

#[test]
fn who_has_gone_is_not_found_and_namesakes_are_told_apart() {
    let endpoint: Endpoint = "unix:/x".parse().unwrap();
    let mut commands = Commands::new(SOCKET, Role::Server, &endpoint, false);
    assert_eq!(done(&commands, "send hi"), Err(Problem::Nobody));
    assert_eq!(done(&commands, "finish"), Err(Problem::Nobody));
    assert_eq!(done(&commands, "send-file a"), Err(Problem::Nobody));
    for id in [3, 4] {
        commands.observe(&opened(id, Protocol::UnixStream, Peer::Unix(UnixName::Unnamed)));
    }
    assert_eq!(done(&commands, "to unix: hi"), Err(Problem::Several(SessionId(3))));
    commands.observe(&Event::Closed { socket: SOCKET, session: SessionId(3), reason: CloseReason::Eof });
    assert_eq!(done(&commands, "to unix: hi"), message(to_sessions(&[4]), b"hi"));
    assert_eq!(done(&commands, "to 3 hi"), Err(Problem::NoSuchSession));
}

#[test]
fn over_udp_any_address_is_sent_to() {
    let server = over("udp://0.0.0.0:9000", Role::Server, false, &["127.0.0.1:5001"]);
    let to =
        |all: &[(&str, u16)]| Recipients::Addresses(all.iter().map(|(h, port)| HostPort::new(*h, *port)).collect());
    assert_eq!(done(&server, "to 127.0.0.1:5001 hi"), message(to_sessions(&[1]), b"hi"));
    assert_eq!(done(&server, "to udp://127.0.0.1:5002"), message(to(&[("127.0.0.1", 5002)]), b""));
    let both = to(&[("localhost", 9000), ("::1", 7)]);
    assert_eq!(done(&server, "to localhost,[::1]:7 hi"), message(both, b"hi"));
    assert!(matches!(done(&server, "to 127.0.0.1:0 hi"), Err(Problem::Endpoint(EndpointError::PortZero))));
    assert_eq!(done(&server, "to , hi"), Err(Problem::NoSuchPeer));
    assert_eq!(done(&server, "to #2 hi"), Err(Problem::NoSuchSession));
    let connected = over("udp://127.0.0.1:9000", Role::Client, true, &["127.0.0.1:9000"]);
    assert_eq!(done(&connected, "to 127.0.0.1:5002 hi"), Err(Problem::ConnectedToOne));
    let unconnected = over("udp://127.0.0.1:9000", Role::Client, false, &["127.0.0.1:9000"]);
    assert_eq!(done(&unconnected, "to 127.0.0.2 hi"), message(to(&[("127.0.0.2", 9000)]), b"hi"));
}

#[test]
fn what_the_socket_can_not_do_is_a_mistake() {
    let tcp = over("tcp://127.0.0.1:9000", Role::Server, false, &["127.0.0.1:5001"]);
    let udp = over("udp://127.0.0.1:9000", Role::Server, false, &["127.0.0.1:5001"]);
    let not_udp = Problem::Group(GroupError::NotUdp);
    assert_eq!(done(&tcp, "join 239.1.2.3"), Err(not_udp.clone()));
    assert_eq!(done(&tcp, "leave 239.1.2.3"), Err(not_udp));
    assert_eq!(done(&tcp, "send"), Err(Problem::NothingToSend));
    assert_eq!(done(&udp, "send"), message(Recipients::All, b""));
    assert_eq!(done(&udp, "finish #1"), Err(Problem::NoHalves));
    assert_eq!(done(&udp, "send-file a"), Err(Problem::NotAStream));
    assert_eq!(done(&tcp, "set reuseaddr=1"), Err(Problem::NotLive));
    assert!(matches!(done(&udp, "set nodelay=1"), Err(Problem::Endpoint(_))));
    assert_eq!(done(&tcp, "set reuseaddr=1 of #1"), Err(Problem::NotLive));
    assert!(matches!(done(&tcp, "set broadcast=1 of #1"), Err(Problem::Endpoint(_))));
    assert_eq!(done(&tcp, "set ttl=9 of #2"), Err(Problem::NoSuchSession));
    assert_eq!(done(&tcp, "set ttl=9 of 127.0.0.1:5009"), Err(Problem::NoSuchPeer));
    assert_eq!(done(&udp, "set ttl=9 of #1"), Err(Problem::OneSocketForAll));
    let set = |commands: &Commands| done(commands, "set ttl=9");
    let expected = |session| {
        let value = OptionValue::Number(9);
        Ok(vec![Command::SetOption { socket: SOCKET, session, option: SocketOption::TimeToLive, value }])
    };
    assert_eq!(set(&tcp), expected(None), "the listener's own, and its connections'");
    for name in ["#1", "127.0.0.1:5001"] {
        assert_eq!(done(&tcp, &format!("set ttl=9 of {name}")), expected(Some(SessionId(1))), "{name}");
    }
    let client = over("tcp://127.0.0.1:9000", Role::Client, true, &["127.0.0.1:9000"]);
    assert_eq!(set(&client), expected(Some(SessionId(1))));
    assert!(matches!(done(&client, "set backlog=1"), Err(Problem::Endpoint(_))));
}

#[test]
fn a_refusal_of_what_only_a_line_asks_for_is_a_failure() {
    let mut commands = over("udp://0.0.0.0:9000", Role::Server, false, &[]);
    let refused =
        |operation| Event::Failed { socket: None, session: None, failure: Failure::new(operation, "", Cause::NotUdp) };
    commands.observe(&refused(Operation::Receive));
    assert!(!commands.failed());
    commands.observe(&refused(Operation::Leave));
    assert!(commands.failed());
}

#[test]
fn what_waits_is_counted_for_each_recipient() {
    let send = |to| in_flight(&Command::Send { socket: SOCKET, to, bytes: vec![0; 5] });
    assert_eq!((send(to_sessions(&[1, 2])), send(Recipients::All)), (10, 0));
    assert_eq!(send(Recipients::Addresses(vec![HostPort::new("a", 1)])), 5);
    assert_eq!(in_flight(&Command::ListInterfaces), 0);
}

#[test]
fn lines_are_counted_and_bounded() {
    let mut lines = Lines::default();
    assert!(lines.take(b"se").is_empty());
    let taken = lines.take(b"nd x\r\n\nto");
    let texts: Vec<_> = taken.iter().map(|line| (line.number, line.text.as_deref())).collect();
    assert_eq!(texts, [(1, Ok("send x")), (2, Ok(""))]);
    assert_eq!(lines.finish(), Some(Line { number: 3, text: Ok("to".to_owned()) }));
    assert_eq!(lines.finish(), None);

    let mut all = vec![b'x'; Lines::MOST];
    all.extend(b"\nquit");
    assert!(lines.take(&all)[0].text.is_ok());
    all.insert(0, b'x');
    let taken = Lines::default().take(&all);
    assert!(matches!(&taken[0].text, Err(Mistake { problem: Problem::TooLong, .. })), "{:?}", taken[0].number);
    let wrong = Lines::default().take(b"a\xff\nquit\n");
    let Err(Mistake { word, problem: Problem::NotUtf8 }) = &wrong[0].text else { panic!("{wrong:?}") };
    assert_eq!((word.as_str(), wrong[1].text.as_deref()), ("a\u{fffd}", Ok("quit")), "the next line is read");
}

fn peers() -> impl Strategy<Value = (Protocol, Peer)> {
    let name = "[a-z]{1,8}".prop_map(|name| InterfaceName::new(&name).expect("an interface's name"));
    let unix = prop_oneof![
        "\\PC{1,20}|[a-z \t\n\"\\\\#0-9/]{1,20}".prop_map(|path| UnixName::Path(path.into())),
        prop::collection::vec(any::<u8>(), 1..20).prop_map(UnixName::Abstract),
        Just(UnixName::Unnamed),
    ];
    let kinds = prop::sample::select(vec![Protocol::UnixStream, Protocol::UnixDatagram, Protocol::UnixSeqpacket]);
    prop_oneof![
        any::<std::net::SocketAddr>().prop_map(|address| (Protocol::Tcp, Peer::Ip(address))),
        any::<std::net::SocketAddr>().prop_map(|address| (Protocol::Udp, Peer::Ip(address))),
        any::<std::net::IpAddr>().prop_map(|address| (Protocol::Raw, Peer::Host((address, 0).into()))),
        (name.clone(), any::<u16>()).prop_map(|(name, port)| (
            Protocol::Udp,
            Peer::Scoped(HostPort::new(format!("fe80::1%{}", name.name()), port))
        )),
        (kinds, unix).prop_map(|(protocol, name)| (protocol, Peer::Unix(name))),
        name.clone().prop_map(|name| (Protocol::Can, Peer::Can(name))),
        any::<(u32, u32)>()
            .prop_map(|(cid, port)| { (Protocol::Vsock, Peer::Vsock(VsockAddress { cid: ContextId(cid), port })) }),
        (name, any::<[u8; 6]>(), any::<u16>()).prop_map(|(interface, bytes, number)| {
            let hardware = Some(HardwareAddress(bytes));
            (Protocol::Packet, Peer::Link(LinkAddress { hardware, interface, ether_type: EtherType(number) }))
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_told_as_a_peer_is_read_as_this_peer((protocol, peer) in peers()) {
        let told = protocol.with_scheme(&peer.to_string());
        let mut roster = Roster::default();
        roster.observe(&opened(7, protocol, peer.clone()));
        let quoted = serde_json::Value::from(told.as_str()).to_string();
        let mut names = vec![quoted, named(&told).to_string()];
        // In a line of words, white space ends it.
        if !told.contains([' ', '\t', '\n', '\r']) {
            names.push(told);
        }
        for name in names {
            let Ok(Some(Order::Disconnect(name))) = Order::read(&format!("disconnect {name}"), Format::Text) else {
                return Err(TestCaseError::fail(name));
            };
            prop_assert_eq!(roster.find(&name), Ok(SessionId(7)), "{}", name);
        }
    }

    #[test]
    fn no_line_breaks_the_reader(
        verb in "(send|send-hex|to|to-hex|send-file|join|leave|set|finish|disconnect|help|quit)?[ \t]?",
        rest in prop_oneof![r#"[\PC \t"\\]{0,30}"#, r#""[a-z #0-9]{0,8}"( [a-z]{0,8})?"#],
        format in prop::sample::select(vec![Format::Text, Format::CanFrame, Format::CanBroadcast]),
    ) {
        match Order::read(&format!("{verb}{rest}"), format) {
            Err(mistake) => {
                prop_assert!(!mistake.reason(Language::English).is_empty());
                prop_assert!(!mistake.reason(Language::Chinese).is_empty());
            }
            Ok(Some(Order::Disconnect(name) | Order::To(name, _))) => {
                let again = Order::read(&format!("disconnect {name}"), format);
                prop_assert_eq!(again, Ok(Some(Order::Disconnect(name))), "a name is written as it is read");
            }
            Ok(_) => {}
        }
    }

    #[test]
    fn lines_are_the_same_however_they_come(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..60),
        at in 0usize..60,
    ) {
        let mut whole = Lines::default();
        let mut expected = whole.take(&bytes);
        expected.extend(whole.finish());
        let (first, second) = bytes.split_at(at.min(bytes.len()));
        let mut parts = Lines::default();
        let mut lines = parts.take(first);
        lines.extend(parts.take(second));
        lines.extend(parts.finish());
        prop_assert_eq!(lines, expected);
    }
}
