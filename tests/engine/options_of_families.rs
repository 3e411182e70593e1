//! Options of sockets other than TCP's and UDP's: set, and answered by the kernel.

use socket2::{Domain, Socket, Type};
use sockeye::model::{Command, Event};

use crate::harness::Harness;
use crate::options::{Case, check, is_unlike};
use crate::support::{in_own_network, kernel_has};

/// What every kind of socket has.
const ALL: [Case; 3] = [("rcvbuf=64K", "131072"), ("sndbuf=64K", "131072"), ("priority=5", "5")];

/// What raw sockets have beside these.
const RAW: [Case; 9] = [
    ("ttl=9", "9"),
    ("tos=255", "255"),
    ("dscp=46", "184"),
    ("device=lo", "lo"),
    ("mark=7", "7"),
    ("broadcast=1", "1"),
    ("mttl=4", "4"),
    ("mloop=0", "0"),
    ("mif=lo", "lo"),
];

fn with_query(endpoint: &str, query: &str) -> String {
    let mark = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{mark}{query}")
}

fn listeners_answer(h: &mut Harness, endpoint: &str, cases: &[Case]) {
    let (socket, _) = h.listen(endpoint);
    let untouched = h.inspect(socket, None);
    h.engine.send(Command::StopListening { socket });
    h.stopped(socket);
    for (query, expected) in cases.iter().filter(|case| is_unlike(&untouched, case)) {
        let (socket, _) = h.listen(&with_query(endpoint, query));
        check(query, &h.answers(socket, None), expected);
        h.engine.send(Command::StopListening { socket });
        h.stopped(socket);
    }
}

fn clients_answer(h: &mut Harness, endpoint: &str, cases: &[Case]) {
    let (socket, session) = h.connect_with(endpoint, |_| {});
    let untouched = h.inspect(socket, Some(session.id));
    h.engine.send(Command::Disconnect { socket });
    for (query, expected) in cases.iter().filter(|case| is_unlike(&untouched, case)) {
        let (socket, session) = h.connect_with(&with_query(endpoint, query), |_| {});
        check(query, &h.answers(socket, Some(session.id)), expected);
        h.engine.send(Command::Disconnect { socket });
    }
}

#[test]
fn raw_sockets_are_answered_for_each_option() {
    in_own_network("options_of_families::raw_sockets_are_answered_for_each_option", || {
        let mut h = Harness::new();
        for endpoint in ["raw://127.0.0.1?proto=253", "raw://[::1]?proto=253"] {
            for cases in [&ALL[..], &RAW] {
                listeners_answer(&mut h, endpoint, cases);
                clients_answer(&mut h, endpoint, cases);
            }
        }
    });
}

#[test]
fn sockets_of_a_link_are_answered_for_what_they_have() {
    in_own_network("options_of_families::sockets_of_a_link_are_answered_for_what_they_have", || {
        let mut h = Harness::new();
        listeners_answer(&mut h, "packet://lo?proto=0x88b5", &ALL);
        clients_answer(&mut h, "packet://lo?proto=0x88b5", &ALL);
    });
}

#[test]
fn unix_sockets_that_keep_borders_are_answered_for_what_they_have() {
    // In a process of its own: one that another test starts here has for a moment all that is open, names in use included.
    in_own_network("options_of_families::unix_sockets_that_keep_borders_are_answered_for_what_they_have", || {
        let mut h = Harness::new();
        for scheme in ["unix-dgram", "unix-seqpacket"] {
            let name = format!("{scheme}:@sockeye-options-of-families");
            listeners_answer(&mut h, &name, &ALL);
            h.listen(&name);
            clients_answer(&mut h, &name, &ALL);
        }
    });
}

#[test]
fn listeners_of_vsock_are_answered_for_what_they_have() {
    if kernel_has(Socket::new(Domain::VSOCK, Type::STREAM, None).is_ok(), "vsock") {
        listeners_answer(&mut Harness::new(), "vsock://any:0", &ALL);
    }
}

/// `recvsize` is no option of the kernel's: a call asks for so many bytes and the rest of the message is cut.
#[test]
fn one_receive_call_asks_for_as_much_as_it_is_told() {
    const SIZE: usize = 24;
    in_own_network("options_of_families::one_receive_call_asks_for_as_much_as_it_is_told", || {
        let mut h = Harness::with(|config| config.payload_events = true);
        for endpoint in ["raw://127.0.0.1?proto=253", "raw://[::1]?proto=253", "packet://lo?proto=0x88b5"] {
            let (server, _) = h.listen(&with_query(endpoint, &format!("recvsize={SIZE}")));
            let mut other = Harness::new();
            let (client, _) = other.connect_with(endpoint, |_| {});
            other.send(client, &[b'x'; 2 * SIZE]);
            let session = h.opened(server).id;
            let (len, truncated) = h.wait("what is left of it", |event| match event {
                Event::Received { session: of, bytes, truncated } if *of == session => Some((bytes.len(), *truncated)),
                _ => None,
            });
            assert_eq!((len, truncated), (SIZE, true), "{endpoint}");
            h.engine.send(Command::StopListening { socket: server });
        }
    });
}
