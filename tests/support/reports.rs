//! What an engine would report, made up: nothing of it depends on the machine.

#![allow(dead_code, reason = "each test crate uses its own part")]

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sockeye::codec::decode::Decoder;
use sockeye::codec::icmp;
use sockeye::model::{
    Call, CloseReason, Direction, Endpoint, Event, Failure, InterfaceName, Outcome, Page, PageRow, Peer, Progress,
    Protocol, Purpose, Role, RowBody, SendMode, SessionId, SessionInfo, SocketId, Stamp, StreamHead, Traffic,
    TransferEnd, TransferId, TransferInfo, UnixName,
};

/// Tabs get the engine's first numbers, the servers before the clients.
pub(crate) const SERVER: SocketId = SocketId(1);
pub(crate) const CLIENT: SocketId = SocketId(2);
/// 2026-09-21 14:13:20 UTC.
const BEGAN_NS: i64 = 1_790_000_000_000_000_000;

fn at(protocol: Protocol, address: &str) -> Peer {
    match protocol {
        Protocol::Raw => Peer::Host((address.parse::<IpAddr>().expect("an address"), 0).into()),
        Protocol::Can | Protocol::CanBroadcast => Peer::Can(InterfaceName::new(address).expect("an interface")),
        Protocol::Vsock => match endpoint(&format!("vsock://{address}")) {
            Endpoint::Vsock(address) => Peer::Vsock(address),
            other => panic!("{other} is no vsock"),
        },
        _ if protocol.is_unix() && address.is_empty() => Peer::Unix(UnixName::Unnamed),
        _ if protocol.is_unix() => Peer::Unix(UnixName::Path(address.into())),
        _ => Peer::Ip(address.parse::<SocketAddr>().expect("an address")),
    }
}

pub(crate) fn endpoint(text: &str) -> Endpoint {
    text.parse().expect("an endpoint")
}

pub(crate) fn opened(
    id: u64,
    socket: SocketId,
    role: Role,
    protocol: Protocol,
    peer: &str,
    [received, sent]: [u64; 2],
) -> Event {
    let traffic = Traffic::default();
    traffic.add_received(received);
    traffic.add_sent(sent);
    let local = match (protocol, role) {
        (Protocol::Raw, _) => "127.0.0.1",
        (Protocol::Can | Protocol::CanBroadcast, _) => peer,
        (Protocol::Vsock, _) => "2:9000",
        (protocol, _) if protocol.is_unix() => "",
        (_, Role::Server) => "127.0.0.1:9000",
        (_, Role::Client) => "127.0.0.1:51734",
    };
    let info = SessionInfo {
        id: SessionId(id),
        socket,
        role,
        purpose: Purpose::Talk,
        protocol,
        peer: at(protocol, peer),
        local: at(protocol, local),
        since_wall_ns: BEGAN_NS + id as i64 * 1_000_000_000,
        decoder: Decoder::Text,
        process: None,
    };
    Event::Opened { info, traffic: Arc::new(traffic) }
}

pub(crate) fn client_of_server(id: u64, peer: &str, bytes: [u64; 2]) -> Event {
    opened(id, SERVER, Role::Server, Protocol::Tcp, peer, bytes)
}

pub(crate) fn closed(id: u64, reason: CloseReason) -> Event {
    Event::Closed { socket: SERVER, session: SessionId(id), reason }
}

pub(crate) fn listening(text: &str) -> Event {
    Event::Listening { socket: SERVER, endpoint: endpoint(text) }
}

pub(crate) fn file(id: u64, session: u64, direction: Direction, name: &str, size: Option<u64>) -> Event {
    let path = PathBuf::from("/home/ann/inbox").join(name);
    // The tests' clients have the second session.
    let (socket, peer) = if session == 2 { (CLIENT, "127.0.0.1:9000") } else { (SERVER, "127.0.0.1:51734") };
    Event::TransferStarted(TransferInfo {
        id: TransferId(id),
        socket,
        session: SessionId(session),
        peer: peer.to_owned(),
        direction,
        mode: SendMode::Raw,
        name: name.to_owned(),
        path,
        size,
    })
}

pub(crate) fn progress(id: u64, done: u64, size: Option<u64>, rate: u64) -> Event {
    let progress = Progress { done, size, elapsed: Duration::from_secs(3), rate };
    Event::TransferProgress { transfer: TransferId(id), progress }
}

/// A plain sender's file that ended in order, with the first bytes of its stream.
pub(crate) fn plain(id: u64, name: &str, sent: &str) -> Event {
    match ended(id, name, sent.len() as u64, Outcome::Unverified, None) {
        Event::TransferEnded { transfer, end } => {
            let head = StreamHead { bytes: sent.as_bytes().to_vec(), name_len: 0 };
            Event::TransferEnded { transfer, end: TransferEnd { head: Some(Box::new(head)), ..end } }
        }
        other => other,
    }
}

/// A minute and some seconds after the one before.
fn ended_ns(id: u64) -> i64 {
    BEGAN_NS + id as i64 * 67_000_000_000
}

pub(crate) fn verified(id: u64, name: &str, size: u64) -> Event {
    let path = PathBuf::from("/home/ann/inbox").join(name);
    let end = TransferEnd {
        outcome: Outcome::Verified,
        path,
        size,
        hash: Some([0xAB; 32]),
        failure: None,
        head: None,
        ended_ns: ended_ns(id),
    };
    Event::TransferEnded { transfer: TransferId(id), end }
}

pub(crate) fn ended(id: u64, name: &str, size: u64, outcome: Outcome, failure: Option<Failure>) -> Event {
    let path = PathBuf::from("/home/ann/inbox").join(name);
    let end = TransferEnd { outcome, path, size, hash: None, failure, head: None, ended_ns: ended_ns(id) };
    Event::TransferEnded { transfer: TransferId(id), end }
}

/// The same session with bytes of this kind.
pub(crate) fn decoded_as(opened: Event, decoder: Decoder) -> Event {
    match opened {
        Event::Opened { info, traffic } => Event::Opened { info: SessionInfo { decoder, ..info }, traffic },
        other => other,
    }
}

/// A row of what crossed.
pub(crate) fn data(
    number: u64,
    socket: SocketId,
    session: u64,
    direction: Direction,
    stream_offset: u64,
    bytes: &[u8],
) -> PageRow {
    let call = if direction == Direction::In { Call::Recv } else { Call::Send };
    let ns = number * 1_381_204;
    PageRow {
        number,
        stamp: Stamp { wall_ns: BEGAN_NS + ns as i64, mono_ns: ns, kernel_ns: None },
        socket,
        session: Some(SessionId(session)),
        peer: "127.0.0.1".to_owned(),
        body: RowBody::Data { direction, call, truncated: false },
        stream_offset,
        len: bytes.len() as u64,
        preview: bytes.to_vec(),
        context: Vec::new(),
        delta_ns: (number > 1).then_some(1_381_204),
        note: None,
        color: None,
    }
}

/// A journal of these rows and no others.
pub(crate) fn page(rows: Vec<PageRow>) -> Event {
    let (matches, total) = (rows.len() as u64, rows.len() as u64);
    Event::Page(Arc::new(Page { rows, matches, total, complete: true, ..Page::default() }))
}

/// A request as it is sent, and the reply as a raw socket returns it, with its IPv4 header.
pub(crate) fn ping() -> [Vec<u8>; 2] {
    let request = icmp::echo_request(icmp::Version::V4, 7, 1, &[b'a'; 56]);
    let header = [0x45, 0, 0, 84, 0, 1, 0, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
    let reply = [&header[..], &[0], &request[1..]].concat();
    [request, reply]
}
