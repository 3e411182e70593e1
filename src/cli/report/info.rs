//! The live state of a socket as JSON.

use std::time::Duration;

use serde::Serialize;

use crate::model::{SocketState, TcpInfo};

/// One look. Spans are microseconds; what the kernel doesn't say is `null`, what the kind of socket hasn't is left out.
#[derive(Serialize)]
pub(super) struct Info {
    /// RFC 9293, section 3.3.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(flatten)]
    connection: Option<Connection>,
    #[serde(flatten)]
    accept_queue: Option<AcceptQueue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unacknowledged: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsent: Option<u32>,
    #[serde(flatten)]
    memory: Option<Memory>,
}

#[derive(Serialize)]
struct Connection {
    rtt_us: Option<u64>,
    rtt_variance_us: Option<u64>,
    min_rtt_us: Option<u64>,
    retransmit_timeout_us: u64,
    retransmits: u32,
    lost: u32,
    in_flight: u32,
    congestion_window: u32,
    send_mss: u32,
    path_mtu: u32,
    bytes_acknowledged: Option<u64>,
    bytes_received: Option<u64>,
    bytes_sent: Option<u64>,
    delivery_rate: Option<u64>,
}

#[derive(Serialize)]
struct AcceptQueue {
    accept_queue: u32,
    accept_queue_max: u32,
}

#[derive(Serialize)]
struct Memory {
    receive_memory: u32,
    receive_memory_max: u32,
    send_memory: u32,
    send_memory_max: u32,
    dropped: u32,
}

impl From<&SocketState> for Info {
    fn from(state: &SocketState) -> Self {
        Self {
            state: state.tcp.map(|tcp| tcp.state.name()),
            // A listener's structure has the same fields, which say nothing there.
            connection: state.tcp.filter(|_| state.accept_queue.is_none()).as_ref().map(Connection::from),
            accept_queue: state
                .accept_queue
                .map(|queue| AcceptQueue { accept_queue: queue.waiting, accept_queue_max: queue.max }),
            unread: state.unread,
            unacknowledged: state.unacknowledged,
            unsent: state.unsent,
            memory: state.memory.map(|memory| Memory {
                receive_memory: memory.receive,
                receive_memory_max: memory.receive_max,
                send_memory: memory.send,
                send_memory_max: memory.send_max,
                dropped: memory.dropped,
            }),
        }
    }
}

impl From<&TcpInfo> for Connection {
    fn from(tcp: &TcpInfo) -> Self {
        Self {
            rtt_us: tcp.rtt.map(micros),
            rtt_variance_us: tcp.rtt_variance.map(micros),
            min_rtt_us: tcp.min_rtt.map(micros),
            retransmit_timeout_us: micros(tcp.retransmit_timeout),
            retransmits: tcp.retransmits,
            lost: tcp.lost,
            in_flight: tcp.in_flight,
            congestion_window: tcp.congestion_window,
            send_mss: tcp.send_mss,
            path_mtu: tcp.path_mtu,
            bytes_acknowledged: tcp.bytes_acknowledged,
            bytes_received: tcp.bytes_received,
            bytes_sent: tcp.bytes_sent,
            delivery_rate: tcp.delivery_rate,
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
