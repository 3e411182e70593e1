//! Socket options: set, answered by the kernel, refused with words, changed while a socket is in use.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;

use sockeye::model::{
    Cause, CloseReason, Command, Direction, Endpoint, Event, Hint, Life, Operation, OptionAnswer, OptionValue,
    Recipients, RowBody, SessionId, SocketId, SocketOption, SocketOptions, SocketState,
};

use crate::harness::{DEADLINE, Harness, port};
use crate::support::{in_own_network, kernel_has, mptcp_count, require};

impl Harness {
    pub(crate) fn answers(&mut self, socket: SocketId, session: Option<SessionId>) -> Vec<OptionAnswer> {
        self.wait("what the kernel answers", |event| match event {
            Event::OptionsAnswered { socket: of, session: on, answers } if *of == socket && *on == session => {
                Some(answers.clone())
            }
            _ => None,
        })
    }
}

/// `name=value` as asked for, and the value that the kernel answers with.
pub(crate) type Case = (&'static str, &'static str);

/// What every kind of socket over IP answers.
const IP: [Case; 8] = [
    ("reuseport=1", "1"),
    ("device=lo", "lo"),
    // Not 64K: twice that is what the system gives TCP by itself (tcp_rmem).
    ("rcvbuf=32K", "65536"),
    ("rcvbuf=1", "2304"),
    ("sndbuf=65536", "131072"),
    ("ttl=9", "9"),
    ("priority=5", "5"),
    ("dscp=46", "184"),
];

/// What listeners and clients of TCP answer beside these.
const TCP: [Case; 11] = [
    ("nodelay=0", "0"),
    ("quickack=0", "0"),
    ("keepalive=1", "1"),
    ("keepidle=77", "77"),
    ("keepintvl=7", "7"),
    ("keepcnt=3", "3"),
    ("usertimeout=5000", "5000"),
    ("linger=0", "0"),
    ("congestion=reno", "reno"),
    ("proto=mptcp", "mptcp"),
    // The two lowest bits are the kernel's, for congestion notification.
    ("tos=255", "252"),
];

#[test]
fn datagrams_have_more_room_than_the_system_gives_by_itself() {
    let by_itself = socket2::Socket::from(UdpSocket::bind("127.0.0.1:0").unwrap()).recv_buffer_size().unwrap();
    let mut h = Harness::new();
    let (socket, _) = h.listen("udp://127.0.0.1:0");
    let state = h.inspect(socket, None);
    let room = state.options.iter().find(|(option, _)| *option == SocketOption::ReceiveBuffer);
    let Some((_, OptionValue::Number(room))) = room else { panic!("{room:?}") };
    assert!(*room as usize > by_itself, "{room} of {by_itself}");
}

pub(crate) fn check(query: &str, answers: &[OptionAnswer], expected: &str) {
    assert_eq!(answers.len(), 1, "{query}");
    let answer = answers[0].answer.as_ref().map(ToString::to_string);
    assert_eq!(answer.as_deref(), Some(expected), "{query}");
    let asked = format!("{}={}", answers[0].option.name(), answers[0].asked);
    let read_back = asked.parse::<SocketOptions>();
    assert_eq!(read_back, query.parse::<SocketOptions>(), "{query}");
}

/// Whether a socket that nobody asked anything of has another value: else the answer would show nothing. Where the system's
/// own choice is the one asked for, it says so.
pub(crate) fn is_unlike(untouched: &SocketState, (query, expected): &Case) -> bool {
    let options: SocketOptions = query.parse().unwrap();
    let (option, _) = options.iter().next().unwrap();
    let value = untouched.options.iter().find(|(of, _)| *of == option).map(|(_, value)| value.to_string());
    let is_unlike = value.as_deref() != Some(*expected);
    if option == SocketOption::Congestion {
        return kernel_has(is_unlike, "congestion control of its own choice but reno");
    }
    assert!(is_unlike, "{query} is what a socket has anyway");
    true
}

/// Listens with each option; a query may be one that this machine's kernel was built without.
fn listeners_answer(h: &mut Harness, endpoint: &str, cases: &[Case]) {
    let (socket, _) = h.listen(endpoint);
    let untouched = h.inspect(socket, None);
    h.engine.send(Command::StopListening { socket });
    h.stopped(socket);
    for (query, expected) in cases.iter().filter(|(query, _)| kernel_takes(query)) {
        if !is_unlike(&untouched, &(*query, *expected)) {
            continue;
        }
        let (socket, _) = h.listen(&format!("{endpoint}?{query}"));
        check(query, &h.answers(socket, None), expected);
        h.engine.send(Command::StopListening { socket });
    }
}

fn clients_answer(h: &mut Harness, endpoint: &Endpoint, cases: &[Case]) {
    let (socket, session) = h.connect(endpoint);
    let untouched = h.inspect(socket, Some(session.id));
    h.engine.send(Command::Disconnect { socket });
    for (query, expected) in cases.iter().filter(|(query, _)| kernel_takes(query)) {
        if !is_unlike(&untouched, &(*query, *expected)) {
            continue;
        }
        let (socket, session) = h.connect_with(&format!("{endpoint}?{query}"), |_| {});
        check(query, &h.answers(socket, Some(session.id)), expected);
        h.engine.send(Command::Disconnect { socket });
    }
}

fn kernel_takes(query: &str) -> bool {
    match query {
        "proto=mptcp" => has_mptcp(),
        "proto=udplite" => kernel_has(Path::new("/proc/net/udplite").exists(), "UDP-Lite"),
        _ => true,
    }
}

/// The README claims it, so that it is a matter of `CI=true` too.
pub(crate) fn has_mptcp() -> bool {
    let on = fs::read_to_string("/proc/sys/net/mptcp/enabled").is_ok_and(|on| on.trim() == "1");
    require(on, "MPTCP in this kernel (net.mptcp.enabled)")
}

#[test]
fn tcp_listeners_are_answered_for_each_option() {
    let mut h = Harness::new();
    for endpoint in ["tcp://127.0.0.1:0", "tcp://[::1]:0"] {
        listeners_answer(&mut h, endpoint, &IP);
        listeners_answer(&mut h, endpoint, &TCP);
        // This program sets it by itself, as for `nodelay`.
        listeners_answer(&mut h, endpoint, &[("reuseaddr=0", "0")]);
    }
    listeners_answer(&mut h, "tcp://127.0.0.1:0", &[("maxseg=900", "900"), ("fastopen=5", "5"), ("backlog=7", "7")]);
    let most = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let (socket, _) = h.listen("tcp://127.0.0.1:0?backlog=1000000");
    check("backlog=1000000", &h.answers(socket, None), most.trim());
}

#[test]
fn tcp_clients_are_answered_for_each_option() {
    let mut h = Harness::new();
    for endpoint in ["tcp://127.0.0.1:0", "tcp://[::1]:0"] {
        let (_, endpoint) = h.listen(endpoint);
        clients_answer(&mut h, &endpoint, &IP);
        clients_answer(&mut h, &endpoint, &TCP);
        clients_answer(&mut h, &endpoint, &[("reuseaddr=1", "1"), ("fastopen=5", "1")]);
        // What is left for payload beside the time stamps in each segment.
        clients_answer(&mut h, &endpoint, &[("maxseg=900", "888")]);
    }
}

/// It takes CAP_NET_ADMIN.
#[test]
fn a_mark_is_answered_by_every_transport_over_ip() {
    in_own_network("options::a_mark_is_answered_by_every_transport_over_ip", || {
        let mut h = Harness::new();
        for endpoint in ["tcp://127.0.0.1:0", "tcp://[::1]:0", "udp://127.0.0.1:0", "udp://[::1]:0"] {
            listeners_answer(&mut h, endpoint, &[("mark=7", "7")]);
            let (_, endpoint) = h.listen(endpoint);
            clients_answer(&mut h, &endpoint, &[("mark=7", "7")]);
        }
    });
}

/// Linux has no call that tells it, so nothing is made up.
#[test]
fn how_many_may_wait_at_a_unix_listener_is_told_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    for scheme in ["unix", "unix-seqpacket"] {
        let (server, _) = h.listen(&format!("{scheme}:{}?backlog=7", folder.path().join(scheme).display()));
        let answers = h.answers(server, None);
        assert_eq!(answers.len(), 1);
        assert_eq!((answers[0].option, &answers[0].answer), (SocketOption::Backlog, &None), "{scheme}");
    }
}

#[test]
fn datagram_sockets_are_answered_for_each_option() {
    let mut h = Harness::new();
    let own = [
        ("reuseaddr=1", "1"),
        ("broadcast=1", "1"),
        ("tos=255", "255"),
        ("mttl=4", "4"),
        ("mloop=0", "0"),
        ("mif=lo", "lo"),
        ("proto=udplite", "udplite"),
    ];
    for endpoint in ["udp://127.0.0.1:0", "udp://[::1]:0"] {
        listeners_answer(&mut h, endpoint, &IP);
        listeners_answer(&mut h, endpoint, &own);
        let (_, endpoint) = h.listen(endpoint);
        clients_answer(&mut h, &endpoint, &IP);
        clients_answer(&mut h, &endpoint, &own);
    }
}

#[test]
fn unix_sockets_are_answered_for_what_they_have() {
    let mut h = Harness::new();
    let cases = [("rcvbuf=64K", "131072"), ("sndbuf=64K", "131072"), ("priority=5", "5")];
    for (index, case) in cases.iter().enumerate() {
        let name = format!("unix:@sockeye-options-{}-{index}", std::process::id());
        listeners_answer(&mut h, &name, &[*case]);
    }
    let (_, endpoint) = h.listen(&format!("unix:@sockeye-options-{}", std::process::id()));
    clients_answer(&mut h, &endpoint, &cases);
}

#[test]
fn a_client_speaks_mptcp_to_a_listener_that_does() {
    if !has_mptcp() {
        return;
    }
    // Where nobody else counts.
    in_own_network("options::a_client_speaks_mptcp_to_a_listener_that_does", || {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0?proto=mptcp");
        let (client, at_client) = h.connect_with(&format!("{endpoint}?proto=262"), |_| {});
        let accepted = h.opened(server).id;
        h.send(client, b"over several paths");
        assert_eq!(h.bytes(accepted, Direction::In, 18), b"over several paths");
        h.send(server, b"and back");
        assert_eq!(h.bytes(at_client.id, Direction::In, 8), b"and back");
        assert_eq!(["MPCapableACKRX", "MPCapableFallbackACK"].map(mptcp_count), [1, 0], "and no TCP instead");
    });
}

#[test]
fn what_a_listener_is_given_its_connections_have() {
    let mut h = Harness::new();
    let query = "nodelay=0&quickack=0&keepalive=1&keepidle=77&ttl=9&congestion=reno&linger=5&rcvbuf=32K";
    let (server, endpoint) = h.listen(&format!("tcp://127.0.0.1:0?{query}"));
    let _peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server).id;
    has_what_its_listener_has(&mut h, server, session);
}

fn has_what_its_listener_has(h: &mut Harness, server: SocketId, session: SessionId) {
    let state = h.inspect(server, Some(session));
    let answers = h.answers(server, None);
    assert!(answers.len() > 2, "{answers:?}");
    for answer in answers {
        let inherited = state.options.iter().find(|(option, _)| *option == answer.option).map(|(_, value)| value);
        // The receive buffer grows by itself where nothing was asked for, and stays where something was.
        assert_eq!(inherited, answer.answer.as_ref(), "{:?}", answer.option);
    }
}

/// What the kernel leaves to whoever accepts.
#[test]
fn what_a_unix_listener_is_given_its_connections_have_too() {
    let mut h = Harness::new();
    for scheme in ["unix", "unix-seqpacket"] {
        let name = format!("{scheme}:@sockeye-inherited-{}", std::process::id());
        let (server, endpoint) = h.listen(&format!("{name}?rcvbuf=32K&sndbuf=64K&priority=5"));
        h.connect(&endpoint);
        let session = h.opened(server).id;
        has_what_its_listener_has(&mut h, server, session);
    }
}

#[test]
fn what_the_kernel_answers_is_a_row() {
    let mut h = Harness::new();
    let (_, _) = h.listen("udp://127.0.0.1:0?rcvbuf=64K");
    let set = |row: &RowBody| matches!(row, RowBody::Life(Life::OptionSet { .. }));
    let rows = h.rows(&Default::default(), |rows| rows.iter().any(|row| set(&row.body)));
    let row = rows.into_iter().find(|row| set(&row.body)).unwrap();
    let expected = Life::OptionSet { option: "rcvbuf".into(), asked: "65536".into(), answer: Some("131072".into()) };
    assert_eq!(row.body, RowBody::Life(expected));
}

#[test]
fn what_the_kernel_refuses_is_named_with_its_value() {
    let mut h = Harness::new();
    for (endpoint, operation, cause, hint) in [
        (
            "tcp://127.0.0.1:0?congestion=nonsense",
            Operation::SetOption,
            Cause::UnknownName,
            Some(Hint::ListCongestionControls),
        ),
        ("udp://[::1]:0?device=nonsense", Operation::SetOption, Cause::UnknownName, Some(Hint::ListInterfaces)),
        ("tcp://127.0.0.1:0?v6only=1", Operation::SetOption, Cause::NoSuchOption, Some(Hint::V6OnlyNeedsV6)),
        ("tcp://127.0.0.1:0?proto=200", Operation::Open, Cause::ProtocolMissing, Some(Hint::StreamProtocols)),
        ("tcp://127.0.0.1:0?proto=udp", Operation::Open, Cause::ProtocolMissing, Some(Hint::StreamProtocols)),
        ("udp://127.0.0.1:0?proto=tcp", Operation::Open, Cause::ProtocolMissing, Some(Hint::DatagramProtocols)),
    ] {
        let socket = h.engine.new_socket();
        h.listen_as(socket, endpoint, |_| {});
        let failure = h.failed();
        assert_eq!((failure.operation, &failure.cause, failure.hint), (operation, &cause, hint), "{endpoint}");
        assert_eq!(failure.subject, endpoint);
        h.stopped(socket);
        assert!(h.take(|event| matches!(event, Event::Listening { .. })).is_none(), "{endpoint}");
    }
    // No text stands for this one.
    let socket = h.engine.new_socket();
    h.listen_as(socket, "tcp://127.0.0.1:0", |spec| {
        spec.target.options.set(SocketOption::MaxSegment, Some(OptionValue::Number(1)));
    });
    let failure = h.failed();
    assert_eq!((failure.cause, failure.hint), (Cause::InvalidValue, None));
    assert_eq!(failure.subject, "tcp://127.0.0.1:0?maxseg=1");
    let client = h.begin_connect("tcp://127.0.0.1:9?backlog=5", |_| {});
    let failure = h.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::SetOption, Cause::NoSuchOption));
    assert_eq!(failure.subject, "tcp://127.0.0.1:9?backlog=5");
    h.wait("the end of the attempt", |event| {
        matches!(event, Event::Disconnected { socket } if *socket == client).then_some(())
    });
}

/// Where the system's own choice is that such a socket serves IPv6 alone.
#[test]
fn one_socket_serves_both_families_and_shows_v4_peers_as_v4() {
    in_own_network("options::one_socket_serves_both_families_and_shows_v4_peers_as_v4", || {
        fs::write("/proc/sys/net/ipv6/bindv6only", "1").expect("the network is the test's own");
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://[::]:0?v6only=0");
        check("v6only=0", &h.answers(server, None), "0");
        for host in ["127.0.0.1", "::1"] {
            let mut peer = TcpStream::connect((host, port(&endpoint))).unwrap();
            peer.set_read_timeout(Some(DEADLINE)).unwrap();
            let info = h.opened(server);
            assert_eq!(info.peer.to_string(), peer.local_addr().unwrap().to_string());
            peer.write_all(b"question").unwrap();
            assert_eq!(h.bytes(info.id, Direction::In, 8), b"question");
            let to = Recipients::Sessions(vec![info.id]);
            h.engine.send(Command::Send { socket: server, to, bytes: b"answer".to_vec() });
            let mut heard = [0; 6];
            peer.read_exact(&mut heard).unwrap();
            assert_eq!(&heard, b"answer");
        }

        let (server, endpoint) = h.listen_with("udp://[::]:0?v6only=0", |spec| {
            spec.respond = sockeye::model::Respond::Echo;
        });
        let v4 = UdpSocket::bind("127.0.0.1:0").unwrap();
        v4.set_read_timeout(Some(DEADLINE)).unwrap();
        v4.send_to(b"v4", ("127.0.0.1", port(&endpoint))).unwrap();
        let peer = h.opened(server).peer.to_string();
        assert_eq!(peer, v4.local_addr().unwrap().to_string());
        assert_eq!(v4.recv(&mut [0; 9]).unwrap(), 2, "and answers them");
    });
}

#[test]
fn the_kernel_says_that_one_v6_address_is_for_v6_alone() {
    let mut h = Harness::new();
    let (server, _) = h.listen("tcp://[::1]:0?v6only=0");
    check("v6only=0", &h.answers(server, None), "1");
}

#[test]
fn v4_and_v6_on_one_port() {
    in_own_network("options::v4_and_v6_on_one_port", || {
        let mut h = Harness::new();
        listeners_answer(&mut h, "tcp://[::]:0", &[("v6only=1", "1")]);
        let (_, v6) = h.listen("tcp://[::]:0?v6only=1");
        let refused = TcpStream::connect(("127.0.0.1", port(&v6))).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        let (v4_server, v4) = h.listen(&format!("tcp://0.0.0.0:{}", port(&v6)));
        let _peer = TcpStream::connect(("127.0.0.1", port(&v4))).unwrap();
        h.opened(v4_server);

        // A socket for both families leaves no room for one of IPv4 alone.
        let (_, both) = h.listen("tcp://[::]:0?v6only=0");
        let late = h.engine.new_socket();
        h.listen_as(late, &format!("tcp://0.0.0.0:{}", port(&both)), |_| {});
        let failure = h.failed();
        assert_eq!((failure.operation, failure.cause), (Operation::Bind, Cause::AddressInUse));

        // Nor does one of IPv4 for a socket for both, where that comes later.
        let (_, v4) = h.listen("tcp://0.0.0.0:0");
        h.listen_as(late, &format!("tcp://[::]:{}?v6only=0", port(&v4)), |_| {});
        let failure = h.failed();
        assert_eq!((failure.operation, &failure.cause), (Operation::Bind, &Cause::AddressInUse));
        assert!(matches!(failure.hint, Some(Hint::PortHeldBy { .. })), "{failure:?}");
        h.listen(&format!("tcp://[::]:{}?v6only=1", port(&v4)));
    });
}

#[test]
fn two_listeners_share_a_port_where_both_say_so() {
    let mut h = Harness::new();
    let (_, first) = h.listen("udp://127.0.0.1:0?reuseport=1");
    let (_, second) = h.listen(&format!("{first}?reuseport=1"));
    assert_eq!(first, second);
    let third = h.engine.new_socket();
    h.listen_as(third, &first.to_string(), |_| {});
    assert_eq!(h.failed().cause, Cause::AddressInUse);
}

#[test]
fn without_lingering_every_close_is_a_reset() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, _) = h.connect_with(&format!("{endpoint}?linger=0"), |_| {});
    let accepted = h.opened(server).id;
    h.engine.send(Command::Disconnect { socket: client });
    assert_eq!(h.closed(accepted), CloseReason::Reset);
}

#[test]
fn a_close_that_lingers_keeps_no_thread_from_ending() {
    let mut h = Harness::new();
    // Its peer reads nothing, so that not all can be acknowledged.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}?linger=60", listener.local_addr().unwrap());
    let (client, info) = h.connect_with(&endpoint, |_| {});
    h.send(client, &vec![b'x'; 32 << 20]);
    h.inspect_until(client, Some(info.id), |state| state.unsent.is_some_and(|unsent| unsent > 0));
    h.engine.send(Command::Disconnect { socket: client });
    h.closed(info.id);
    h.wait("the end of the client", |event| {
        matches!(event, Event::Disconnected { socket } if *socket == client).then_some(())
    });
}

#[test]
fn options_change_while_a_socket_is_in_use() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, info) = h.connect(&endpoint);
    let session = Some(info.id);
    let change = |h: &Harness, option, value| {
        h.engine.send(Command::SetOption { socket: client, session, option, value });
    };
    change(&h, SocketOption::NoDelay, OptionValue::Switch(false));
    check("nodelay=0", &h.answers(client, session), "0");
    change(&h, SocketOption::ReceiveBuffer, OptionValue::Number(32_768));
    check("rcvbuf=32K", &h.answers(client, session), "65536");

    change(&h, SocketOption::Congestion, OptionValue::Text("nonsense".to_owned()));
    let failure = h.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::SetOption, Cause::UnknownName));
    assert_eq!(failure.subject, format!("{endpoint}?congestion=nonsense"));

    // A listener's own socket, and the next connection.
    h.opened(server);
    let (option, value) = (SocketOption::TimeToLive, OptionValue::Number(9));
    h.engine.send(Command::SetOption { socket: server, session: None, option, value: value.clone() });
    check("ttl=9", &h.answers(server, None), "9");
    let _peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let accepted = h.opened(server).id;
    assert!(h.inspect(server, Some(accepted)).options.contains(&(option, value)));
}
