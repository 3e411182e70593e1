//! What the kernel keeps for a reader that is late, and what becomes of it.
//!
//! The reader is held up by its own automatic reply, which is longer than what fits on the way to a peer that doesn't read.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::socket::{setsockopt, sockopt};
use sockeye::model::{
    Cause, CloseReason, Command, Direction, Endpoint, Event, Filter, PageRow, Respond, RowBody, SessionId, SocketId,
    SocketState, TcpState,
};

use crate::harness::{Harness, noise, port};

/// Longer than the buffers of both ends.
const REPLY: usize = 16 << 20;

struct HeldUp<Peer> {
    h: Harness,
    server: SocketId,
    session: SessionId,
    peer: Peer,
}

impl HeldUp<TcpStream> {
    fn over_tcp(options: &str) -> Self {
        Self::over(&format!("tcp://127.0.0.1:0{options}"), |endpoint| {
            let peer = TcpStream::connect(("127.0.0.1", port(endpoint))).unwrap();
            peer.set_nodelay(true).unwrap();
            peer
        })
    }
}

impl<Peer: Read + Write> HeldUp<Peer> {
    fn over(endpoint: &str, connect: impl FnOnce(&Endpoint) -> Peer) -> Self {
        let mut h = Harness::new();
        let reply = Respond::Reply(noise(REPLY));
        let (server, endpoint) = h.listen_with(endpoint, |spec| spec.respond = reply);
        let mut peer = connect(&endpoint);
        let session = h.opened(server).id;
        peer.write_all(b"?").unwrap();
        h.bytes(session, Direction::In, 1);
        // What it reads from now on would be seen here.
        h.inspect_until(server, Some(session), |state| state.unsent.or(state.unacknowledged) != Some(0));
        Self { h, server, session, peer }
    }

    /// Sends what is not read yet.
    fn send(&mut self, bytes: &[u8]) {
        let before = self.h.inspect(self.server, Some(self.session)).unread.unwrap();
        self.peer.write_all(bytes).unwrap();
        let after = Some(before + u32::try_from(bytes.len()).unwrap());
        self.h.inspect_until(self.server, Some(self.session), |state| state.unread == after);
    }

    /// Reads the reply, so that the reader goes on.
    fn let_go(&mut self) {
        self.peer.read_exact(&mut vec![0; REPLY]).unwrap();
    }

    /// The rows of what came after the question.
    fn received(&mut self, bytes: u64) -> Vec<PageRow> {
        let filter = Filter { session: Some(self.session), direction: Some(Direction::In), ..Filter::default() };
        let data = |rows: &[PageRow]| -> Vec<PageRow> {
            rows.iter().filter(|row| matches!(row.body, RowBody::Data { .. })).skip(1).cloned().collect()
        };
        let all = self.h.rows(&filter, |rows| data(rows).iter().map(|row| row.len).sum::<u64>() >= bytes);
        data(&all)
    }
}

fn wall_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

#[test]
fn a_late_row_has_the_kernels_time() {
    const LATE_NS: i64 = 250_000_000;
    let mut held = HeldUp::over_tcp("");
    held.send(b"late");
    let there = wall_ns();
    // Time is what is measured here; nothing is waited for.
    while wall_ns() < there + LATE_NS {
        std::thread::park_timeout(Duration::from_millis(10));
    }
    held.let_go();
    let rows = held.received(4);
    let [row] = rows.as_slice() else { panic!("{rows:#?}") };
    let kernel = row.stamp.kernel_ns.unwrap();
    assert!(kernel <= there && row.stamp.wall_ns >= there + LATE_NS, "{row:#?}");
}

#[test]
fn many_sends_may_be_one_row() {
    let mut held = HeldUp::over_tcp("");
    for _ in 0..10 {
        held.send(b"ab");
    }
    held.let_go();
    let rows = held.received(20);
    assert_eq!(rows.iter().map(|row| row.len).collect::<Vec<_>>(), [20], "as the one call returned them");
}

#[test]
fn one_send_may_be_many_rows() {
    let mut held = HeldUp::over_tcp("?recvsize=1024");
    held.send(&noise(5000));
    held.let_go();
    // Each is answered; of the answers nothing is read.
    let rows = held.received(1024);
    assert_eq!(rows[0].len, 1024);
    for _ in 0..4 {
        held.let_go();
    }
    let rows = held.received(5000);
    assert_eq!(rows.iter().map(|row| row.len).collect::<Vec<_>>(), [1024, 1024, 1024, 1024, 904]);
}

#[test]
fn what_is_unread_is_told_over_unix_sockets_too() {
    let name = format!("unix:@sockeye-held-up-{}", std::process::id());
    let mut held = HeldUp::over(&name, |_| {
        use std::os::linux::net::SocketAddrExt;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name["unix:@".len()..]).unwrap();
        UnixStream::connect_addr(&address).unwrap()
    });
    held.send(b"five!");
    assert_eq!(held.h.inspect(held.server, Some(held.session)).unread, Some(5));
    held.let_go();
    assert_eq!(held.received(5)[0].len, 5);
}

#[test]
fn a_disconnect_with_bytes_unread_is_an_end_and_no_reset() {
    let mut held = HeldUp::over_tcp("");
    held.send(&noise(1000));
    held.h.engine.send(Command::Close { session: held.session });
    held.peer.read_to_end(&mut Vec::new()).expect("an end of file");
    assert_eq!(held.h.closed(held.session), CloseReason::Local);
    assert_eq!(held.received(1000).iter().map(|row| row.len).sum::<u64>(), 1000, "what was there is recorded");
}

#[test]
fn a_reset_leaves_what_came_before_it() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0?rcvbuf=4M");
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server).id;
    let bytes = noise(1 << 20);
    peer.write_all(&bytes).unwrap();
    // What is not there yet, a reset drops.
    let all = Some(bytes.len() as u64);
    h.inspect_until(server, Some(session), |state| state.tcp.is_some_and(|tcp| tcp.bytes_received == all));
    let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    setsockopt(&peer, sockopt::Linger, &at_once).unwrap();
    drop(peer);
    assert_eq!(h.closed(session), CloseReason::Reset);
    assert_eq!(h.bytes(session, Direction::In, bytes.len()), bytes);
}

/// Here nothing of it has been read when the reset comes.
#[test]
fn a_reset_leaves_what_nobody_had_read_by_then() {
    let mut held = HeldUp::over_tcp("?rcvbuf=4M");
    let bytes = noise(1 << 20);
    held.send(&bytes);
    let HeldUp { mut h, session, peer, .. } = held;
    let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    setsockopt(&peer, sockopt::Linger, &at_once).unwrap();
    drop(peer);
    assert_eq!(h.closed(session), CloseReason::Reset);
    assert_eq!(h.bytes(session, Direction::In, 1 + bytes.len())[1..], bytes);
}

#[test]
fn the_first_send_to_a_peer_that_has_closed_is_taken_and_the_next_is_not() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.stay_half_open = true);
    let peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server).id;
    drop(peer);
    h.wait("the peer's end", |event| {
        matches!(event, Event::PeerFinished { session: of } if *of == session).then_some(())
    });
    h.send(server, b"into the void");
    let filter = Filter { session: Some(session), direction: Some(Direction::Out), ..Filter::default() };
    assert_eq!(h.rows(&filter, |rows| !rows.is_empty())[0].len, 13, "handed to the system, which is all that is said");
    // The reset that it brought is told, once it is there.
    let is_reset = |state: &SocketState| state.tcp.is_some_and(|tcp| tcp.state == TcpState::Closed);
    h.inspect_until(server, Some(session), is_reset);
    h.send(server, b"again");
    let cause = h.failed().cause;
    assert!(matches!(cause, Cause::BrokenPipe | Cause::ConnectionReset), "{cause:?}");
    assert_eq!(h.rows(&filter, |rows| !rows.is_empty()).len(), 1);
}
