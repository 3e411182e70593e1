use std::net::{TcpListener, TcpStream};

use super::*;
use crate::model::{Endpoint, Peer, SocketOptions};
use crate::net::LocalAddress;

/// A listener whose queue is full drops SYNs: a connection to it stays under way.
struct Deaf {
    socket: Socket,
    _queued: Vec<TcpStream>,
}

impl Deaf {
    fn new() -> Self {
        let socket = Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut queued = Vec::new();
        loop {
            match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                Ok(stream) => queued.push(stream),
                // There is room for one: a busy machine takes its time.
                Err(_) if queued.is_empty() => {}
                Err(_) => break,
            }
        }
        Self { socket, _queued: queued }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap().as_socket().unwrap()
    }

    /// Sockets of this machine that wait to be let in: `SYN_SENT` is 2 in proc(5)'s table.
    fn knocking(&self) -> usize {
        let port = format!(":{:04X}", self.address().port());
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields[2].ends_with(&port) && fields[3] == "02")
            .count()
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that refuses, and the socket that keeps it from others: bound, it doesn't listen.
fn refusing() -> (Socket, SocketAddr) {
    let socket = Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// Far beyond what a race here takes.
const MUCH_TIME: Duration = Duration::from_secs(20);

fn race_for(
    time: Duration,
    candidates: &[SocketAddr],
    local: LocalAddress,
    wake: &Wake,
    on_attempt: impl FnMut(SocketAddr),
) -> ConnectEnd {
    let attempt = Attempt {
        endpoint: &Endpoint::Tcp(candidates[0].into()),
        candidates,
        local,
        connected: true,
        options: &SocketOptions::default(),
        deadline: Instant::now() + time,
        wake,
    };
    connect_first(&attempt, on_attempt)
}

/// How a race with much time ended, and what was tried.
fn race(candidates: &[SocketAddr], mut on_attempt: impl FnMut(SocketAddr)) -> (ConnectEnd, Vec<SocketAddr>) {
    let mut attempts = Vec::new();
    let wake = Wake::new().unwrap();
    let end = race_for(MUCH_TIME, candidates, LocalAddress::default(), &wake, |address| {
        on_attempt(address);
        attempts.push(address);
    });
    (end, attempts)
}

fn failure(end: ConnectEnd) -> Failure {
    match end {
        ConnectEnd::Failed(failure) => failure,
        end => panic!("{end:?}"),
    }
}

#[test]
fn the_second_overtakes_a_first_that_hangs_and_the_first_is_closed() {
    let deaf = Deaf::new();
    let (_listener, live) = listener();
    let mut begun = Vec::new();
    let (end, attempts) = race(&[deaf.address(), live], |address| {
        begun.push(Instant::now());
        assert_eq!(deaf.knocking(), usize::from(address == live), "the first is under way when the second starts");
    });
    let ConnectEnd::Stream(stream) = end else { panic!("{end:?}") };
    assert_eq!(stream.peer(), Peer::Ip(live));
    assert_eq!(attempts, [deaf.address(), live]);
    assert!(begun[1] - begun[0] >= HEAD_START, "{:?}", begun[1] - begun[0]);
    assert_eq!(deaf.knocking(), 0, "the loser is closed");
}

#[test]
fn one_that_refuses_is_passed_over_beside_one_that_hangs_too() {
    let deaf = Deaf::new();
    let (_listener, live) = listener();
    let (_kept, refused) = refusing();
    let never_came = || {
        let (end, attempts) = race(&[refused, live, deaf.address()], |_| {});
        assert!(matches!(&end, ConnectEnd::Stream(stream) if stream.peer() == Peer::Ip(live)), "{end:?}");
        assert_eq!(attempts[..2], [refused, live]);
        attempts.len() == 2
    };
    // A busy machine may take longer than a head start for what is through at once.
    assert!((0..5).any(|_| never_came()), "the third's turn came each time");
    let (end, attempts) = race(&[deaf.address(), refused, live], |_| {});
    assert!(matches!(&end, ConnectEnd::Stream(stream) if stream.peer() == Peer::Ip(live)), "{end:?}");
    assert_eq!(attempts, [deaf.address(), refused, live]);
    assert_eq!(deaf.knocking(), 0);
}

#[test]
fn the_deadline_ends_all_that_are_under_way() {
    let both = [Deaf::new(), Deaf::new()];
    let candidates = both.each_ref().map(Deaf::address);
    let mut attempts = Vec::new();
    let begun = Instant::now();
    let wake = Wake::new().unwrap();
    let end = race_for(HEAD_START * 8, &candidates, LocalAddress::default(), &wake, |address| attempts.push(address));
    let failure = failure(end);
    assert_eq!((failure.cause, failure.subject), (Cause::TimedOut, subject(candidates[0])));
    assert!(begun.elapsed() >= HEAD_START * 8);
    assert_eq!(attempts, candidates);
    assert_eq!(both.each_ref().map(Deaf::knocking), [0, 0]);
}

#[test]
fn where_all_refuse_the_first_refusal_is_told() {
    let kept = [refusing(), refusing(), refusing()];
    let candidates = kept.each_ref().map(|(_, address)| *address);
    let (end, attempts) = race(&candidates, |_| {});
    let failure = failure(end);
    assert_eq!((failure.operation, failure.cause), (Operation::Connect, Cause::Refused));
    assert_eq!(failure.subject, subject(candidates[0]));
    assert_eq!(attempts, candidates);
}

#[test]
fn a_wake_ends_all_that_are_under_way() {
    let deaf = Deaf::new();
    let wake = Wake::new().unwrap();
    let mut attempts = 0;
    let end = race_for(MUCH_TIME, &[deaf.address(), deaf.address()], LocalAddress::default(), &wake, |_| {
        attempts += 1;
        if attempts == 2 {
            wake.wake();
        }
    });
    assert!(matches!(end, ConnectEnd::Woken), "{end:?}");
    assert_eq!((attempts, deaf.knocking()), (2, 0));
}

#[test]
fn a_socket_that_would_meet_itself_is_refused_and_leaves_the_port() {
    let nobody = listener().1;
    let wake = Wake::new().unwrap();
    for ip in [None, Some(nobody.ip())] {
        let local = LocalAddress { ip, scope: 0, port: Some(nobody.port()) };
        let end = race_for(MUCH_TIME, &[nobody], local, &wake, |_| {});
        let failure = failure(end);
        assert_eq!((failure.operation, failure.cause), (Operation::Connect, Cause::SelfConnect));
        assert_eq!(failure.subject, subject(nobody));
        // Without SO_REUSEADDR, which std's listeners set: what waits in TIME_WAIT would be in the way.
        let server = Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        server.bind(&nobody.into()).expect("nothing holds the port");
    }
}
