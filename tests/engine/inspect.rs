//! The live state of sockets: TCP_INFO, queues, drops.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::libc;
use nix::unistd::Uid;
use socket2::{SockFilter, SockRef};
use sockeye::model::{Command, Event, Respond, SessionId, SocketId, SocketState, TcpState};

use crate::harness::{DEADLINE, Harness, noise, port};
use crate::options::has_mptcp;
use crate::support::require;

impl Harness {
    pub(crate) fn inspect(&mut self, socket: SocketId, session: Option<SessionId>) -> Arc<SocketState> {
        self.engine.send(Command::Inspect { socket, session });
        self.wait("the state of a socket", |event| match event {
            Event::Inspected { socket: of, session: on, state } if *of == socket && *on == session => {
                Some(Arc::clone(state))
            }
            _ => None,
        })
    }

    /// Looks again and again until `enough`.
    pub(crate) fn inspect_until(
        &mut self,
        socket: SocketId,
        session: Option<SessionId>,
        enough: impl FnMut(&SocketState) -> bool,
    ) -> Arc<SocketState> {
        self.inspect_within(DEADLINE, socket, session, enough)
    }

    fn inspect_within(
        &mut self,
        patience: Duration,
        socket: SocketId,
        session: Option<SessionId>,
        mut enough: impl FnMut(&SocketState) -> bool,
    ) -> Arc<SocketState> {
        let deadline = Instant::now() + patience;
        loop {
            let state = self.inspect(socket, session);
            if enough(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "it never came to that: {state:#?}");
        }
    }
}

fn tcp_state(state: &SocketState) -> Option<TcpState> {
    state.tcp.map(|tcp| tcp.state)
}

#[test]
fn a_connection_tells_what_was_acknowledged_and_its_states() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.stay_half_open = true);
    assert_eq!(tcp_state(&h.inspect(server, None)), Some(TcpState::Listen));
    let (client, info) = h.connect_with(&endpoint.to_string(), |spec| spec.stay_half_open = true);
    let accepted = h.opened(server).id;
    let (here, there) = (Some(info.id), Some(accepted));

    let before = h.inspect(client, here).tcp.unwrap();
    assert_eq!((before.state, before.bytes_acknowledged), (TcpState::Established, Some(0)));
    h.send(client, &noise(100_000));
    let all = |state: &SocketState| state.tcp.is_some_and(|tcp| tcp.bytes_acknowledged == Some(100_000));
    let after = h.inspect_until(client, here, all);
    assert_eq!((after.unacknowledged, after.unsent), (Some(0), Some(0)));
    let tcp = after.tcp.unwrap();
    assert!(tcp.rtt.is_some() && tcp.rtt_variance.is_some(), "{tcp:?}");
    assert!(tcp.bytes_sent >= Some(100_000) && tcp.congestion_window > 0 && tcp.send_mss > 0, "{tcp:?}");
    let received = h.inspect(server, there).tcp.unwrap();
    assert_eq!((received.bytes_received, received.bytes_sent), (Some(100_000), Some(0)));

    h.engine.send(Command::FinishSending { session: info.id });
    h.inspect_until(client, here, |state| tcp_state(state) == Some(TcpState::FinWait2));
    h.inspect_until(server, there, |state| tcp_state(state) == Some(TcpState::CloseWait));
    let tcp = h.inspect(client, here).tcp.unwrap();
    assert_eq!(tcp.bytes_acknowledged, Some(100_000), "the FIN is no payload");
}

#[test]
fn a_round_trip_is_told_alone_of_what_measures_it() {
    let mut h = Harness::new();
    let mut round_trip = |endpoint: &str| {
        let (_, endpoint) = h.listen(endpoint);
        let (socket, info) = h.connect_with(&endpoint.to_string(), |_| {});
        h.engine.send(Command::InspectRoundTrip { socket, session: info.id });
        let rtt = h.wait("the round-trip time", |event| match event {
            Event::RoundTripInspected { socket: of, session, rtt } => {
                assert_eq!((*of, *session), (socket, info.id));
                Some(*rtt)
            }
            Event::Inspected { .. } => panic!("all was looked at"),
            _ => None,
        });
        (rtt, h.inspect(socket, Some(info.id)).tcp.and_then(|tcp| tcp.rtt))
    };
    // Of a handshake; nothing crosses between the two looks.
    let (alone, with_the_rest) = round_trip("tcp://127.0.0.1:0");
    assert!(alone.is_some() && alone == with_the_rest, "{alone:?} {with_the_rest:?}");
    assert_eq!(round_trip("udp://127.0.0.1:0"), (None, None));
}

/// By the peer's system: its program has read nothing yet.
#[test]
fn what_the_peer_has_not_read_is_acknowledged_all_the_same() {
    let (mut h, listener) = (Harness::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (client, info) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
    let (mut peer, _) = listener.accept().unwrap();
    let message = noise(10_000);
    h.send(client, &message);
    let acknowledged = |state: &SocketState| state.tcp.is_some_and(|tcp| tcp.bytes_acknowledged == Some(10_000));
    h.inspect_until(client, Some(info.id), acknowledged);
    let mut read = vec![0; message.len()];
    peer.read_exact(&mut read).unwrap();
    assert_eq!(read, message);
}

/// As many datagrams as no reader could keep up with; by their true size they take 77 MB.
#[test]
fn a_large_receive_buffer_loses_nothing() {
    const DATAGRAMS: u64 = 100_000;
    if !require(Uid::effective().is_root(), "root") {
        return;
    }
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://127.0.0.1:0?rcvbuf=64M");
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.connect(("127.0.0.1", port(&endpoint))).unwrap();
    for number in 0..DATAGRAMS {
        assert_eq!(sender.send(&[number as u8; 64]).unwrap(), 64);
    }
    let traffic = h.wait("the sender's session", |event| match event {
        Event::Opened { traffic, .. } => Some(Arc::clone(traffic)),
        _ => None,
    });
    // Each is a row of the journal.
    let patience = Duration::from_secs(60);
    let state = h.inspect_within(patience, server, None, |_| traffic.received() == 64 * DATAGRAMS);
    assert_eq!(state.memory.map(|memory| memory.dropped), Some(0));
}

#[test]
fn what_a_peer_leaves_unread_is_seen_in_the_queues() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.respond = Respond::Echo);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server).id;
    // It never reads what comes back, so that the echo is stuck and in the end reads no more either.
    peer.set_nonblocking(true).unwrap();
    let chunk = noise(64 << 10);
    h.inspect_until(server, Some(session), |state| {
        while peer.write(&chunk).is_ok() {}
        // The kernel is asked for one after the other: before all stands still, they are not of one moment.
        let is_stuck = state.unread > Some(0) && state.unsent > Some(0) && state.unacknowledged >= state.unsent;
        is_stuck && state.memory.is_some_and(|memory| memory.receive > 0 && memory.send > 0)
    });
}

#[test]
fn the_end_of_a_peer_is_no_unread_byte_over_several_paths_either() {
    if !has_mptcp() {
        return;
    }
    for query in ["", "?proto=mptcp"] {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen_with(&format!("tcp://127.0.0.1:0{query}"), |spec| spec.stay_half_open = true);
        let (client, info) = h.connect_with(&format!("{endpoint}{query}"), |spec| spec.stay_half_open = true);
        let accepted = h.opened(server).id;
        h.send(client, b"all of it");
        h.engine.send(Command::FinishSending { session: info.id });
        h.wait("the peer's end", |event| {
            matches!(event, Event::PeerFinished { session } if *session == accepted).then_some(())
        });
        assert_eq!(h.inspect(server, Some(accepted)).unread, Some(0), "{query}");
    }
}

#[test]
fn what_is_lost_is_sent_again_and_counted() {
    let mut h = Harness::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, info) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
    let here = Some(info.id);
    let (mut peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!(h.inspect(client, here).tcp.map(|tcp| tcp.retransmits), Some(0));

    // A filter that keeps nothing of any segment: the peer's system drops them, as if they had been lost on the way.
    let code = u16::try_from(libc::BPF_RET | libc::BPF_K).unwrap();
    SockRef::from(&peer).attach_filter(&[SockFilter::new(code, 0, 0, 0)]).unwrap();
    h.send(client, b"lost at first");
    let sent_again = |state: &SocketState| state.tcp.is_some_and(|tcp| tcp.retransmits > 0);
    let state = h.inspect_until(client, here, sent_again);
    assert_eq!((state.unacknowledged, state.unsent), (Some(13), Some(0)));

    SockRef::from(&peer).detach_filter().unwrap();
    let mut bytes = [0; 13];
    peer.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"lost at first");
    let state = h.inspect_until(client, here, |state| state.unacknowledged == Some(0));
    assert!(sent_again(&state), "the count is of the whole connection: {state:?}");
}

#[test]
fn an_unread_unix_stream_is_seen_too() {
    let mut h = Harness::new();
    let name = format!("sockeye-inspect-{}", std::process::id());
    let (server, _) = h.listen_with(&format!("unix:@{name}"), |spec| spec.respond = Respond::Echo);
    let mut peer = UnixStream::connect_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let session = h.opened(server).id;
    let state = h.inspect(server, Some(session));
    assert_eq!((state.tcp, state.unread, state.unacknowledged), (None, Some(0), None));
    // As over TCP: the echo that nobody reads is stuck, and so is what comes after it.
    peer.set_nonblocking(true).unwrap();
    let chunk = noise(64 << 10);
    let state = h.inspect_until(server, Some(session), |state| {
        while peer.write(&chunk).is_ok() {}
        state.unread > Some(0) && state.memory.is_some_and(|memory| memory.send > 0)
    });
    assert_eq!((state.tcp, state.unacknowledged, state.unsent), (None, None, None));
    assert_eq!(h.inspect(server, None).tcp, None);
}

/// How many do wait is seen where a listener can't accept: `out_of_descriptors_it_waits_and_says_so`.
#[test]
fn a_listener_has_room_for_as_many_as_its_backlog_says() {
    let mut h = Harness::new();
    let (server, _) = h.listen("tcp://127.0.0.1:0?backlog=7");
    assert_eq!(h.inspect(server, None).accept_queue.map(|queue| queue.max), Some(7));
}

#[test]
fn datagrams_that_the_kernel_dropped_are_seen() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://127.0.0.1:0?rcvbuf=1");
    let before = h.inspect(server, None);
    assert_eq!((before.tcp, before.unread), (None, None));
    assert_eq!(before.memory.map(|memory| (memory.dropped, memory.receive_max)), Some((0, 2304)));
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.connect(("127.0.0.1", port(&endpoint))).unwrap();
    let datagram = noise(1400);
    h.inspect_until(server, None, |state| {
        for _ in 0..64 {
            peer.send(&datagram).unwrap();
        }
        state.memory.is_some_and(|memory| memory.dropped > 0)
    });
    let session = h.opened(server).id;
    assert!(h.inspect(server, Some(session)).memory.is_some_and(|memory| memory.dropped > 0), "it is the same socket");
}

#[test]
fn a_socket_that_is_gone_is_not_looked_at() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, info) = h.connect(&endpoint);
    h.opened(server);
    h.engine.send(Command::Disconnect { socket: client });
    h.closed(info.id);
    h.engine.send(Command::Inspect { socket: client, session: Some(info.id) });
    h.engine.send(Command::InspectRoundTrip { socket: client, session: info.id });
    h.engine.send(Command::StopListening { socket: server });
    h.stopped(server);
    h.engine.send(Command::Inspect { socket: server, session: None });
    // A command that is carried out after these, and answered.
    let (other, _) = h.listen("tcp://127.0.0.1:0");
    h.inspect(other, None);
    let looked = |event: &Event| matches!(event, Event::Inspected { .. } | Event::RoundTripInspected { .. });
    assert!(h.take(looked).is_none());
}
