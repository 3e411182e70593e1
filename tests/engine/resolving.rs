//! Names that take long to be looked up.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use sockeye::model::{Cause, Command, Event, Operation, SocketId};

use crate::harness::{DEADLINE, Harness};
use crate::support::{in_own_network, put_over, within_a_second};

/// A name server that hears each question and says nothing, for a test in a network of its own.
pub(crate) fn silent_name_server() -> UdpSocket {
    let server = UdpSocket::bind("127.0.0.1:53").expect("the network is the test's own");
    server.set_read_timeout(Some(DEADLINE)).expect("a time-out");
    let resolver = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(resolver.path(), "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n").expect("room for it");
    put_over(resolver.path(), "/etc/resolv.conf");
    server
}

#[test]
fn a_look_up_ends_by_the_time_out_of_connecting_or_a_cancel() {
    in_own_network("resolving::a_look_up_ends_by_the_time_out_of_connecting_or_a_cancel", || {
        let name_server = silent_name_server();
        let mut h = Harness::new();
        let disconnected = |h: &mut Harness, client: SocketId| {
            h.wait("the end", |event| {
                matches!(event, Event::Disconnected { socket } if *socket == client).then_some(())
            });
        };
        let client = h.begin_connect("tcp://first.test:9", |spec| spec.timeout = Duration::from_millis(50));
        let failure = h.failed();
        assert_eq!((failure.operation, failure.cause), (Operation::Resolve, Cause::TimedOut));
        assert_eq!(failure.subject, "first.test");
        disconnected(&mut h, client);

        within_a_second(|| {
            let client = h.begin_connect("tcp://second.test:9", |spec| spec.timeout = DEADLINE);
            let mut question = [0; 512];
            // What was asked for the first comes before.
            while !question.windows(6).any(|part| part == b"second") {
                name_server.recv(&mut question).expect("a question");
            }
            let asked = Instant::now();
            h.engine.send(Command::Disconnect { socket: client });
            disconnected(&mut h, client);
            asked.elapsed()
        });
        assert!(h.take(|event| matches!(event, Event::Failed { .. })).is_none(), "who cancels is told of no failure");
    });
}
