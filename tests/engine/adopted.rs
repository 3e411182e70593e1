//! Descriptors that somebody else opened: read for what they are, used, and never closed.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use socket2::{Domain, Socket, Type};
use sockeye::codec::decode::Decoder;
use sockeye::engine::Engine;
use sockeye::i18n::{self, Language};
use sockeye::model::{
    Cause, CloseReason, Command, DescriptorKind, Direction, Event, Failure, Filter, Hint, Notice, Operation,
    OptionValue, Protocol, Recipients, RowBody, SocketOption,
};

use crate::groups::{card, say};
use crate::harness::{DEADLINE, Harness, port, until};
use crate::support::{in_own_network, kernel_has, require};

/// As if it had been there when the program started.
fn inherited(descriptor: impl AsFd) -> String {
    fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    format!("fd://{}", descriptor.as_fd().as_raw_fd())
}

fn adopted(h: &mut Harness) -> (String, String) {
    h.wait("the notice", |event| match event {
        Event::Noticed { notice: Notice::Adopted { descriptor, endpoint }, .. } => {
            Some((descriptor.clone(), endpoint.clone()))
        }
        _ => None,
    })
}

fn refusal(h: &mut Harness, endpoint: &str, listen: bool) -> Failure {
    if listen {
        let socket = h.engine.new_socket();
        h.listen_as(socket, endpoint, |_| {});
    } else {
        h.begin_connect(endpoint, |_| {});
    }
    let failure = h.failed();
    assert_eq!((failure.operation, failure.subject.as_str()), (Operation::Adopt, endpoint));
    failure
}

#[test]
fn a_listener_is_served_and_outlives_its_use() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let descriptor = inherited(&listener);
    let mut h = Harness::new();
    // Twice: the first use must not have closed it.
    for _ in 0..2 {
        let (server, told) = h.listen(&descriptor);
        assert_eq!(told.to_string(), format!("tcp://{address}"));
        assert_eq!(adopted(&mut h), (descriptor.clone(), told.to_string()));
        let mut peer = TcpStream::connect(address).unwrap();
        peer.set_read_timeout(Some(DEADLINE)).unwrap();
        let info = h.opened(server);
        assert_eq!((info.protocol, info.peer.to_string()), (Protocol::Tcp, peer.local_addr().unwrap().to_string()));
        peer.write_all(b"ping").unwrap();
        assert_eq!(h.bytes(info.id, Direction::In, 4), b"ping");
        h.engine.send(Command::StopListening { socket: server });
        h.stopped(server);
    }
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "it listens still");
}

#[test]
fn messages_cross_a_seqpacket_socket_that_was_passed() {
    let folder = tempfile::tempdir().unwrap();
    let at = socket2::SockAddr::unix(folder.path().join("s.sock")).unwrap();
    let [passed, peer] = [(); 2].map(|()| Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap());
    passed.bind(&at).unwrap();
    let mut h = Harness::new();
    let (server, _) = h.listen(&inherited(&passed));
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    peer.connect(&at).unwrap();
    for message in ["one", "another"] {
        assert_eq!(peer.send(message.as_bytes()).unwrap(), message.len());
    }
    let session = h.opened(server).id;
    assert_eq!(h.bytes(session, Direction::In, 10), b"oneanother");
    h.send(server, b"back");
    let mut answer = [0; 16];
    assert_eq!((&peer).read(&mut answer).unwrap(), 4);
    assert_eq!(&answer[..4], b"back");
}

#[test]
fn each_family_and_type_is_read_from_the_descriptor() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let udp = UdpSocket::bind("[::1]:0").or_else(|_| UdpSocket::bind("127.0.0.1:0")).unwrap();
    let stream = UnixListener::bind(path("stream")).unwrap();
    let datagram = UnixDatagram::bind(path("dgram")).unwrap();
    // Bound, and not listening yet.
    let seqpacket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    seqpacket.bind(&socket2::SockAddr::unix(path("seq")).unwrap()).unwrap();
    let mut h = Harness::new();
    for (descriptor, expected) in [
        (inherited(&udp), format!("udp://{}", udp.local_addr().unwrap())),
        (inherited(&stream), format!("unix:{}", path("stream").display())),
        (inherited(&datagram), format!("unix-dgram:{}", path("dgram").display())),
        (inherited(&seqpacket), format!("unix-seqpacket:{}", path("seq").display())),
    ] {
        let (server, told) = h.listen(&descriptor);
        assert_eq!(told.to_string(), expected);
        h.engine.send(Command::StopListening { socket: server });
        h.stopped(server);
    }
    assert!(path("stream").exists() && path("dgram").exists(), "the files are those of whoever bound them");
    assert!(seqpacket.is_listener().unwrap());
}

#[test]
fn a_connection_is_conversed_over_and_ends_for_the_peer_too() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut h = Harness::new();
    let (client, info) = h.connect_with(&inherited(&ours), |_| {});
    assert_eq!(info.protocol, Protocol::UnixStream);
    assert_eq!(adopted(&mut h).1, "unix:");
    h.send(client, b"ping");
    let mut heard = [0; 4];
    theirs.read_exact(&mut heard).unwrap();
    theirs.write_all(b"pong").unwrap();
    assert_eq!(h.bytes(info.id, Direction::In, 4), b"pong");
    h.engine.send(Command::Disconnect { socket: client });
    assert_eq!(h.closed(info.id), CloseReason::Local);
    assert_eq!(theirs.read(&mut heard).unwrap(), 0, "although the descriptor itself is open");
    assert!(fcntl(&ours, FcntlArg::F_GETFD).is_ok());

    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let (client, info) = h.connect_with(&inherited(&ours), |spec| spec.connected = false);
    assert_eq!(info.protocol, Protocol::UnixDatagram);
    h.send(client, b"ping");
    assert_eq!(theirs.recv(&mut heard).unwrap(), 4);
    theirs.send(b"").unwrap();
    theirs.send(b"pong").unwrap();
    assert_eq!(h.bytes(info.id, Direction::In, 4), b"pong");
}

#[test]
fn a_descriptor_in_the_wrong_role_is_refused_with_advice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let bound = UdpSocket::bind("127.0.0.1:0").unwrap();
    let fresh = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let mut h = Harness::new();
    for (descriptor, listen, cause, hint) in [
        (inherited(&listener), false, Cause::SocketListens, Some(Hint::ListenInstead)),
        (inherited(&bound), false, Cause::NotConnected, Some(Hint::ListenInstead)),
        (inherited(&connection), true, Cause::SocketIsConnected, Some(Hint::ConnectInstead)),
        (inherited(&fresh), true, Cause::SocketNotBound, Some(Hint::BindTheDescriptor)),
        (inherited(&fresh), false, Cause::NotConnected, Some(Hint::ConnectTheDescriptor)),
    ] {
        let failure = refusal(&mut h, &descriptor, listen);
        assert_eq!((failure.cause, failure.hint), (cause, hint), "{descriptor} {listen}");
    }
    let mut accepted = listener.accept().unwrap().0;
    (&connection).write_all(b"unhurt").unwrap();
    let mut heard = [0; 6];
    accepted.read_exact(&mut heard).unwrap();
}

#[test]
fn what_is_no_socket_is_refused_and_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, "mine").unwrap();
    let mut file = std::fs::File::open(&path).unwrap();
    let mut h = Harness::new();
    for listen in [true, false] {
        let failure = refusal(&mut h, &inherited(&file), listen);
        let is = Hint::DescriptorIs { found: DescriptorKind::File, target: path.display().to_string().into() };
        assert_eq!((failure.cause, failure.hint), (Cause::DescriptorNotASocket, Some(is)));
    }
    let mut content = String::new();
    file.read_to_string(&mut content).unwrap();
    assert_eq!(content, "mine", "not closed, and not read either");
}

#[test]
fn what_is_not_open_or_the_programs_own_is_refused() {
    let own = UdpSocket::bind("127.0.0.1:0").unwrap();
    let packets = Socket::new(Domain::UNIX, Type::RAW, None).unwrap();
    let mut h = Harness::new();
    let failure = refusal(&mut h, "fd://2147483647", true);
    assert_eq!((failure.cause, failure.hint), (Cause::DescriptorNotOpen, Some(Hint::PassTheDescriptor)));
    // Whatever this program opens is closed on exec; what it inherited can't be.
    let failure = refusal(&mut h, &format!("fd://{}", own.as_raw_fd()), true);
    assert_eq!(failure.cause, Cause::DescriptorIsOwn);
    let failure = refusal(&mut h, "fd://web", true);
    let none_passed = Some(Hint::PassedDescriptors { names: Vec::new() });
    assert_eq!((failure.cause, failure.hint), (Cause::NoSuchDescriptorName, none_passed));
    // Linux makes a datagram socket of it (unix(7)).
    assert_eq!(refusal(&mut h, &inherited(&packets), true).cause, Cause::SocketNotBound);
}

/// A socket of the system's, opened and nothing else.
fn opened(family: i32, kind: i32, protocol: i32) -> std::io::Result<Socket> {
    Socket::new(Domain::from(family), Type::from(kind), Some(socket2::Protocol::from(protocol)))
}

fn at(address: [u8; 4], port: u16) -> socket2::SockAddr {
    SocketAddr::from((address, port)).into()
}

/// A raw IPv4 socket of a protocol for experiments, which takes a network where nobody else makes any.
fn raw(address: [u8; 4]) -> Socket {
    let socket = opened(libc::AF_INET, libc::SOCK_RAW, 253).unwrap();
    socket.bind(&at(address, 0)).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

/// What follows the header of the next packet.
fn heard_raw(socket: &Socket) -> Vec<u8> {
    let mut packet = [0; 64];
    let len = (&*socket).read(&mut packet).unwrap();
    packet[20..len].to_vec()
}

#[test]
fn a_raw_socket_hears_each_host_and_answers_it() {
    in_own_network("adopted::a_raw_socket_hears_each_host_and_answers_it", || {
        let [ours, theirs] = [12, 13].map(|host| raw([127, 0, 0, host]));
        let mut h = Harness::new();
        let descriptor = inherited(&ours);
        let (server, told) = h.listen(&descriptor);
        assert_eq!(told.to_string(), "raw://127.0.0.12?proto=253");
        assert_eq!(adopted(&mut h), (descriptor, told.to_string()));
        theirs.send_to(b"ping", &at([127, 0, 0, 12], 0)).unwrap();
        let info = h.opened(server);
        assert_eq!((info.protocol, info.peer.to_string()), (Protocol::Raw, "127.0.0.13".to_owned()));
        assert_eq!(info.decoder, Decoder::Ipv4 { protocol: 253 });
        assert_eq!(h.bytes(info.id, Direction::In, 24)[20..], *b"ping", "with the header, raw(7)");
        h.send(server, b"pong");
        assert_eq!(heard_raw(&theirs), b"pong");
        // One that nobody bound hears all that comes.
        let fresh = opened(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP).unwrap();
        assert_eq!(h.listen(&inherited(&fresh)).1.to_string(), "raw://0.0.0.0?proto=icmp");
    });
}

#[test]
fn a_connected_raw_socket_is_conversed_over() {
    in_own_network("adopted::a_connected_raw_socket_is_conversed_over", || {
        let [ours, theirs] = [14, 15].map(|host| raw([127, 0, 0, host]));
        // getpeername(2) has an answer where a port was given, which means nothing otherwise.
        ours.connect(&at([127, 0, 0, 15], 253)).unwrap();
        let mut h = Harness::new();
        let failure = refusal(&mut h, &inherited(&ours), true);
        assert_eq!((failure.cause, failure.hint), (Cause::SocketIsConnected, Some(Hint::ConnectInstead)));
        let (client, info) = h.connect_with(&inherited(&ours), |_| {});
        assert_eq!(info.peer.to_string(), "127.0.0.15");
        h.send(client, b"ping");
        assert_eq!(heard_raw(&theirs), b"ping");
        theirs.send_to(b"pong", &at([127, 0, 0, 14], 0)).unwrap();
        assert_eq!(h.bytes(info.id, Direction::In, 24)[20..], *b"pong");
    });
}

#[test]
fn a_raw_socket_of_ipv6_says_which_protocol_it_has() {
    let socket = opened(libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_ICMPV6);
    if !require(socket.is_ok(), "the right to open raw sockets (CAP_NET_RAW), and IPv6") {
        return;
    }
    let (socket, mut h) = (socket.unwrap(), Harness::with(|config| config.payload_events = true));
    let to: socket2::SockAddr = "[::1]:0".parse::<SocketAddr>().unwrap().into();
    socket.bind(&to).unwrap();
    let (server, told) = h.listen(&inherited(&socket));
    assert_eq!(told.to_string(), "raw://[::1]?proto=ipv6-icmp");
    // An echo request to itself: both it and the kernel's reply come by.
    socket.send_to(&[128, 0, 0, 0, 0, 7, 0, 1, b'h', b'i'], &to).unwrap();
    let info = h.opened(server);
    assert_eq!((info.decoder, info.peer.to_string()), (Decoder::IcmpV6, "::1".to_owned()));
    // Other pings of this machine come by too.
    for kind in [128, 129] {
        h.wait("an echo", |event| match event {
            Event::Received { bytes, .. } => (bytes[0] == kind && bytes.ends_with(b"\x07\0\x01hi")).then_some(()),
            _ => None,
        });
    }
}

#[test]
fn datagrams_of_another_protocol_are_conversed_over() {
    const UDP_LITE: i32 = 136;
    let both = [(); 2].map(|()| opened(libc::AF_INET, libc::SOCK_DGRAM, UDP_LITE));
    let [Ok(ours), Ok(theirs)] = both else {
        kernel_has(false, "UDP-Lite");
        return;
    };
    for socket in [&ours, &theirs] {
        socket.bind(&at([127, 0, 0, 1], 0)).unwrap();
    }
    theirs.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut h = Harness::new();
    let (server, told) = h.listen(&inherited(&ours));
    assert_eq!(told.protocol(), Protocol::Udp);
    theirs.send_to(b"light", &ours.local_addr().unwrap()).unwrap();
    let info = h.opened(server);
    assert_eq!(h.bytes(info.id, Direction::In, 5), b"light");
    h.send(server, b"back");
    let mut heard = [0; 8];
    assert_eq!((&theirs).read(&mut heard).unwrap(), 4);
}

#[test]
fn a_socket_of_an_unknown_kind_is_refused_with_what_it_is() {
    let mut h = Harness::new();
    for (family, kind, protocol, words) in [
        (libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE, "AF_NETLINK, SOCK_RAW, protocol 0"),
        (libc::AF_PACKET, libc::SOCK_RAW, 0, "AF_PACKET, SOCK_RAW, protocol 0"),
        (libc::AF_VSOCK, libc::SOCK_SEQPACKET, 0, "AF_VSOCK, SOCK_SEQPACKET, protocol 0"),
    ] {
        let Ok(socket) = opened(family, kind, protocol) else {
            kernel_has(false, words);
            continue;
        };
        let told = i18n::failure(Language::English, &refusal(&mut h, &inherited(&socket), true));
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn options_are_set_on_what_the_descriptor_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut h = Harness::new();
    let (server, _) = h.listen(&format!("{}?nodelay=0&keepidle=77&backlog=7&maxseg=900", inherited(&listener)));
    let told = h.wait("what the kernel answers", |event| match event {
        Event::OptionsAnswered { answers, .. } => Some(answers.clone()),
        _ => None,
    });
    let told: Vec<_> = told.iter().map(|one| one.answer.as_ref().map(ToString::to_string)).collect();
    assert_eq!(told.into_iter().flatten().collect::<Vec<_>>(), ["7", "0", "77", "900"]);
    let _peer = TcpStream::connect(address).unwrap();
    let session = h.opened(server).id;
    let state = h.inspect(server, Some(session));
    let idle =
        state.options.iter().find(|(option, _)| *option == SocketOption::KeepIdle).map(|(_, value)| value.to_string());
    assert_eq!(idle.as_deref(), Some("77"), "a connection has what its listener was given");
}

/// Whoever made it shares it, and its options with it.
#[test]
fn what_nobody_asks_for_stays_as_it_was() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut h = Harness::new();
    for before in [false, true] {
        let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        connection.set_nodelay(before).unwrap();
        let (client, info) = h.connect_with(&inherited(&connection), |_| {});
        let state = h.inspect(client, Some(info.id));
        let told = state.options.iter().find(|(option, _)| *option == SocketOption::NoDelay);
        assert_eq!(told.map(|(_, value)| value), Some(&OptionValue::Switch(before)));
        assert_eq!(connection.nodelay().unwrap(), before);
    }
}

#[test]
fn options_that_the_descriptor_has_none_of_or_too_late_are_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let bound = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut h = Harness::new();
    for (socket, listen, query, words) in [
        (inherited(&bound), true, "nodelay=1", "no such option"),
        (inherited(&bound), true, "backlog=1", "no such option"),
        (inherited(&listener), true, "broadcast=1", "no such option"),
        (inherited(&connection), false, "backlog=1", "no such option"),
        (inherited(&connection), false, "maxseg=900", "only before"),
        (inherited(&connection), false, "fastopen=1", "only before"),
    ] {
        let endpoint = format!("{socket}?{query}");
        if listen {
            let socket = h.engine.new_socket();
            h.listen_as(socket, &endpoint, |_| {});
        } else {
            h.begin_connect(&endpoint, |_| {});
        }
        let failure = h.failed();
        assert_eq!((failure.operation, failure.subject.as_str()), (Operation::SetOption, endpoint.as_str()));
        let told = i18n::failure(Language::English, &failure);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_socket_that_was_passed_joins_groups() {
    in_own_network("adopted::a_socket_that_was_passed_joins_groups", || {
        card("d0", "10.9.0.1/24");
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        let mut h = Harness::new();
        let (server, endpoint) = h.listen(&format!("{}?join=239.1.1.1@d0&mloop=1", inherited(&socket)));
        say(Ipv4Addr::new(10, 9, 0, 1), ("239.1.1.1", port(&endpoint)), b"to the group");
        let info = h.opened(server);
        assert_eq!(h.bytes(info.id, Direction::In, 12), b"to the group");
        let is_told = |row: &RowBody| matches!(row, RowBody::Life(sockeye::model::Life::Joined { .. }));
        h.rows(&Filter::default(), |rows| rows.iter().any(|row| is_told(&row.body)));
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut h = Harness::new();
    let server = h.engine.new_socket();
    h.listen_as(server, &format!("{}?join=239.1.1.1", inherited(&listener)), |_| {});
    let failure = h.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::Join, Cause::NotUdp));
    h.stopped(server);
}

/// In a process of its own, which is started with the socket and a browser that lists what it gets.
#[test]
fn a_browser_gets_nothing_of_what_was_passed() {
    const LIST: &str = "SOCKEYE_TEST_LIST";
    if let Some(list) = std::env::var_os(LIST) {
        Engine::keep_inherited();
        let mut h = Harness::new();
        let (socket, _) = h.listen("fd://3");
        h.engine.send(Command::OpenInBrowser { socket, url: "http://127.0.0.1/".to_owned() });
        return until("the browser", || std::path::Path::new(&list).exists());
    }
    let folder = tempfile::tempdir().unwrap();
    let [browser, list] = ["browser", "list"].map(|name| folder.path().join(name));
    let script = format!("#!/bin/sh\nls -l /proc/$$/fd > \"${LIST}.new\"\nmv \"${LIST}.new\" \"${LIST}\"\n");
    std::fs::write(&browser, script).unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o700)).unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", "exec \"$@\" 3<&0", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "adopted::a_browser_gets_nothing_of_what_was_passed", "--nocapture"])
        .env(LIST, &list)
        .env("BROWSER", &browser)
        .stdin(OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap()))
        .output()
        .unwrap();
    let [told, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success() && told.contains("1 passed"), "{told}\n{errors}");
    let list = std::fs::read_to_string(list).unwrap();
    assert!(list.contains("/dev/null") && !list.contains("socket:"), "{list}");
}

/// As every unconnected socket of the program's own does.
#[test]
fn a_socket_that_was_passed_hears_where_nobody_listens() {
    in_own_network("adopted::a_socket_that_was_passed_hears_where_nobody_listens", || {
        for any in ["127.0.0.1:0", "[::]:0"] {
            let bound = UdpSocket::bind(any).unwrap();
            let mut h = Harness::new();
            let (server, _) = h.listen(&inherited(&bound));
            let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let to = Recipients::Addresses(vec![closed.into()]);
            h.engine.send(Command::Send { socket: server, to, bytes: b"anybody?".to_vec() });
            let failure = h.failed();
            assert_eq!((failure.operation, failure.subject), (Operation::Receive, closed.to_string()), "{any}");
            assert_eq!((failure.cause, failure.hint), (Cause::Refused, Some(Hint::StartTheServer)));
        }
    });
}

#[test]
fn files_need_a_stream_also_from_a_descriptor() {
    let bound = UdpSocket::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    let server = h.engine.new_socket();
    h.listen_as(server, &inherited(&bound), |spec| {
        spec.receive = sockeye::model::ReceiveMode::Raw { into: folder.path().to_owned() };
    });
    assert_eq!(h.failed().cause, Cause::NotAStream);
}
