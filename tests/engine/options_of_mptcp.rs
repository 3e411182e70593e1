//! Options of MPTCP: those that each kernel with MPTCP has, and those that some have.

use sockeye::model::{
    Cause, Command, Endpoint, Event, Failure, Operation, OptionAnswer, OptionValue, SocketId, SocketOption,
};

use crate::harness::Harness;
use crate::options::{Case, check, has_mptcp, is_unlike};

/// What the kernel keeps for a socket of any protocol, or passes on to the paths since Linux 5.16 at the latest.
const SURE: [Case; 8] = [
    ("reuseport=1", "1"),
    ("device=lo", "lo"),
    ("rcvbuf=32K", "65536"),
    ("sndbuf=65536", "131072"),
    ("priority=5", "5"),
    ("keepalive=1", "1"),
    ("linger=0", "0"),
    ("congestion=reno", "reno"),
];

/// What a kernel may lack, each with what it answers a listener where it doesn't.
const SOME: [Case; 9] = [
    ("nodelay=0", "0"),
    ("keepidle=77", "77"),
    ("keepintvl=7", "7"),
    ("keepcnt=3", "3"),
    ("maxseg=900", "900"),
    ("tos=184", "184"),
    ("quickack=0", "0"),
    ("usertimeout=5000", "5000"),
    ("ttl=9", "9"),
];

const PLACES: [&str; 2] = ["tcp://127.0.0.1:0?proto=mptcp", "tcp://[::1]:0?proto=mptcp"];

/// What the kernel makes of the option beside `proto`, or why it takes none.
fn answered(h: &mut Harness, socket: SocketId) -> Result<Vec<OptionAnswer>, Failure> {
    h.wait("the options' fate", |event| match event {
        Event::OptionsAnswered { socket: of, answers, .. } if *of == socket => {
            Some(Ok(answers.iter().skip(1).cloned().collect()))
        }
        Event::Failed { socket: Some(of), failure, .. } if *of == socket => Some(Err(failure.clone())),
        _ => None,
    })
}

fn is_refused(failure: &Failure, endpoint: &str) {
    assert_eq!((failure.operation, &failure.cause), (Operation::SetOption, &Cause::NoSuchOptionOfMptcp), "{endpoint}");
    assert_eq!(failure.subject, endpoint);
}

#[test]
fn listeners_and_clients_of_mptcp_are_answered_for_what_the_kernel_has() {
    if !has_mptcp() {
        return;
    }
    let mut h = Harness::new();
    for place in PLACES {
        let (listener, reached): (_, Endpoint) = h.listen(place);
        let untouched = h.inspect(listener, None);
        // This program sets it by itself.
        for (query, expected) in SURE.into_iter().chain([("reuseaddr=0", "0")]) {
            if is_unlike(&untouched, &(query, expected)) {
                let (socket, _) = h.listen(&format!("{place}&{query}"));
                check(query, &answered(&mut h, socket).expect(query), expected);
                h.engine.send(Command::StopListening { socket });
            }
        }
        let (client, own) = h.connect_with(&format!("{reached}?proto=mptcp"), |_| {});
        let untouched = h.inspect(client, Some(own.id));
        for (query, expected) in SURE.into_iter().chain([("reuseaddr=1", "1")]) {
            if is_unlike(&untouched, &(query, expected)) {
                let (socket, _) = h.connect_with(&format!("{reached}?proto=mptcp&{query}"), |_| {});
                check(query, &answered(&mut h, socket).expect(query), expected);
                h.engine.send(Command::Disconnect { socket });
            }
        }
    }
}

#[test]
fn an_option_that_mptcp_lacks_is_named_as_one() {
    if !has_mptcp() {
        return;
    }
    let mut h = Harness::new();
    for place in PLACES {
        let (listener, reached): (_, Endpoint) = h.listen(place);
        let untouched = h.inspect(listener, None);
        for (query, expected) in SOME {
            assert!(is_unlike(&untouched, &(query, expected)));
            let endpoint = format!("{place}&{query}");
            let socket = h.engine.new_socket();
            h.listen_as(socket, &endpoint, |_| {});
            let has_it = match answered(&mut h, socket) {
                Ok(answers) => {
                    check(query, &answers, expected);
                    true
                }
                Err(failure) => {
                    is_refused(&failure, &endpoint);
                    false
                }
            };
            // A client's socket is of the same kind.
            let endpoint = format!("{reached}?proto=mptcp&{query}");
            let socket = h.begin_connect(&endpoint, |_| {});
            match answered(&mut h, socket) {
                Ok(_) => assert!(has_it, "{endpoint}"),
                Err(failure) => {
                    is_refused(&failure, &endpoint);
                    assert!(!has_it, "{endpoint}");
                }
            }
        }
    }
}

#[test]
fn mptcp_is_named_when_an_open_socket_is_refused_an_option() {
    if !has_mptcp() {
        return;
    }
    let mut h = Harness::new();
    let (socket, endpoint) = h.listen(PLACES[0]);
    answered(&mut h, socket).expect("it listens");
    let (option, value) = (SocketOption::TimeToLive, OptionValue::Number(9));
    h.engine.send(Command::SetOption { socket, session: None, option, value });
    // A kernel may have it.
    if let Err(failure) = answered(&mut h, socket) {
        is_refused(&failure, &format!("{endpoint}?proto=mptcp&ttl=9"));
    }
}
