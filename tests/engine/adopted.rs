//! Descriptors that somebody else opened: read for what they are, used, and never closed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use socket2::{Domain, Socket, Type};
use sockeye::model::{Cause, CloseReason, Command, Direction, Event, Failure, Hint, Notice, Operation, Protocol};

use crate::harness::{DEADLINE, Harness};

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
        (inherited(&fresh), true, Cause::SocketNotBound, None),
        (inherited(&fresh), false, Cause::NotConnected, None),
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
        assert_eq!(refusal(&mut h, &inherited(&file), listen).cause, Cause::DescriptorNotASocket);
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
    assert_eq!(refusal(&mut h, "fd://web", true).cause, Cause::NoSuchDescriptorName);
    // Linux makes a datagram socket of it (unix(7)).
    assert_eq!(refusal(&mut h, &inherited(&packets), true).cause, Cause::SocketNotBound);
}

#[test]
fn a_socket_of_an_unknown_kind_is_refused() {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    let netlink = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::empty(), None).unwrap();
    let mut h = Harness::new();
    assert_eq!(refusal(&mut h, &inherited(&netlink), true).cause, Cause::UnknownSocketKind);
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
