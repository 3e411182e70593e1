//! Errors that name operation and address, say why, and what to do.

use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};
use sockeye::engine::Engine;
use sockeye::model::{Cause, Event, Hint, Operation, ReceiveMode, Target};

use crate::harness::Harness;
use crate::support::{in_own_network, put_over, without_names};

#[test]
fn a_port_in_use_names_who_holds_it() {
    let mut h = Harness::new();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", holder.local_addr().unwrap());
    let server = h.engine.new_socket();
    h.listen_as(server, &endpoint, |_| {});
    let failure = h.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::Bind, Cause::AddressInUse));
    assert_eq!(failure.subject, endpoint);
    let Some(Hint::PortHeldBy { owner }) = failure.hint else { panic!("{:?}", failure.hint) };
    assert_eq!(owner.pid, std::process::id());
    h.stopped(server);
}

#[test]
fn nobody_listens_there() {
    let mut h = Harness::new();
    // It is bound, so that nobody else gets its port, and does not listen.
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bound.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let closed = bound.local_addr().unwrap().as_socket().unwrap();
    let client = h.begin_connect(&format!("tcp://{closed}"), |_| {});
    let failure = h.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::Connect, Cause::Refused));
    assert_eq!((failure.subject, failure.hint), (format!("tcp://{closed}"), Some(Hint::StartTheServer)));
    h.wait("the end", |event| matches!(event, Event::Disconnected { socket } if *socket == client).then_some(()));
}

#[test]
fn no_such_host() {
    in_own_network("trouble::no_such_host", || {
        without_names();
        let mut h = Harness::new();
        h.begin_connect("tcp://nosuch.invalid:9000", |_| {});
        let failure = h.failed();
        assert_eq!((failure.operation, failure.cause), (Operation::Resolve, Cause::NoSuchHost));
        assert_eq!((failure.subject.as_str(), failure.hint), ("nosuch.invalid", Some(Hint::CheckTheName)));
    });
}

/// A name server that nobody is at: what it would have said is not known.
#[test]
fn no_name_server_is_not_no_such_host() {
    in_own_network("trouble::no_name_server_is_not_no_such_host", || {
        let [resolver, ways] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        std::fs::write(resolver.path(), "nameserver 127.0.0.1\noptions attempts:1\n").unwrap();
        put_over(resolver.path(), "/etc/resolv.conf");
        // Not by another process, which is in the network outside.
        std::fs::write(ways.path(), "hosts: files dns\n").unwrap();
        put_over(ways.path(), "/etc/nsswitch.conf");
        let mut h = Harness::new();
        h.begin_connect("tcp://who-knows.test:9000", |_| {});
        let failure = h.failed();
        assert_eq!((failure.operation, failure.subject.as_str()), (Operation::Resolve, "who-knows.test"));
        assert_eq!((&failure.cause, &failure.hint), (&Cause::NoNameServer, &Some(Hint::CheckTheNameServers)));
        let target: Target = "tcp://who-knows.test:9000".parse().unwrap();
        let failure = Engine::sockets_in_time_wait(&target).unwrap_err();
        assert_eq!((failure.operation, failure.cause), (Operation::Resolve, Cause::NoNameServer));
        // Nobody is asked for this one.
        h.begin_connect("tcp://no..such:9000", |_| {});
        assert_eq!(h.failed().cause, Cause::NoSuchHost);
    });
}

#[test]
fn an_address_of_another_machine_can_not_be_bound() {
    let mut h = Harness::new();
    // TEST-NET-1 (RFC 5737): no machine has it.
    let server = h.engine.new_socket();
    h.listen_as(server, "tcp://192.0.2.1:9000", |_| {});
    let failure = h.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::Bind, Cause::AddressNotAvailable));
    assert_eq!(failure.hint, Some(Hint::CheckTheAddress));
}

#[test]
fn a_folder_that_is_a_file_is_told_before_anybody_connects() {
    let mut h = Harness::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let server = h.engine.new_socket();
    let receive = ReceiveMode::Raw { into: file.path().to_owned() };
    h.listen_as(server, "tcp://127.0.0.1:0", |spec| spec.receive = receive.clone());
    let failure = h.failed();
    assert_eq!((failure.cause, failure.subject), (Cause::NotADirectory, file.path().display().to_string()));
    h.stopped(server);
    h.begin_connect("tcp://127.0.0.1:9", |spec| spec.receive = receive);
    assert_eq!(h.failed().cause, Cause::NotADirectory);
}

#[test]
fn datagrams_carry_no_files() {
    let mut h = Harness::new();
    let folder = tempfile::tempdir().unwrap();
    let server = h.engine.new_socket();
    let into = folder.path().to_owned();
    h.listen_as(server, "udp://127.0.0.1:0", |spec| spec.receive = ReceiveMode::Raw { into });
    assert_eq!(h.failed().cause, Cause::NotAStream);
    h.stopped(server);
    let (client, _) = h.connect_with("udp://127.0.0.1:9", |_| {});
    let command = sockeye::model::Command::SendFiles {
        socket: client,
        to: sockeye::model::Recipients::All,
        paths: vec![folder.path().join("x")],
        mode: sockeye::model::SendMode::Raw,
    };
    h.engine.send(command);
    assert_eq!(h.failed().cause, Cause::NotAStream);
}
