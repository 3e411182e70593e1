//! What the kernel says of a socket at one moment. What it doesn't say is `None`, and never 0.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::options::{OptionValue, SocketOption};

/// A look at one socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketState {
    /// Of the options that its transport has, those that the kernel tells, in the table's order.
    pub options: Vec<(SocketOption, OptionValue)>,
    pub tcp: Option<TcpInfo>,
    /// Connections that wait for accept(2).
    pub accept_queue: Option<AcceptQueue>,
    /// Bytes that have arrived on a stream and that no receive call has taken yet (SIOCINQ).
    pub unread: Option<u32>,
    /// Bytes handed to the system that a TCP peer's system has not acknowledged (SIOCOUTQ).
    pub unacknowledged: Option<u32>,
    /// Of these, bytes that were not even sent yet (SIOCOUTQNSD).
    pub unsent: Option<u32>,
    pub memory: Option<SocketMemory>,
}

/// The memory of a socket's queues, the kernel's own bookkeeping included, in bytes (SO_MEMINFO, linux/sock_diag.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketMemory {
    pub receive: u32,
    pub receive_max: u32,
    pub send: u32,
    pub send_max: u32,
    /// Datagrams (or TCP segments, which come again) dropped at this socket since it was opened.
    pub dropped: u32,
}

/// The queue of a listening TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptQueue {
    pub waiting: u32,
    pub max: u32,
}

/// Of TCP_INFO (tcp(7), linux/tcp.h) what a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    pub state: TcpState,
    /// The smoothed round-trip time; `None` while nothing was measured.
    pub rtt: Option<Duration>,
    /// Its mean deviation.
    pub rtt_variance: Option<Duration>,
    pub min_rtt: Option<Duration>,
    /// How long until the next retransmission, without an acknowledgement.
    pub retransmit_timeout: Duration,
    /// Segments sent again since the connection began.
    pub retransmits: u32,
    /// Segments that count as lost at this moment.
    pub lost: u32,
    /// Segments in flight.
    pub in_flight: u32,
    /// The congestion window, in segments.
    pub congestion_window: u32,
    /// The most payload in one segment that is sent, in bytes.
    pub send_mss: u32,
    pub path_mtu: u32,
    /// Payload bytes that the peer's system has acknowledged; Linux 4.1.
    pub bytes_acknowledged: Option<u64>,
    /// Payload bytes received in order; Linux 4.1. Of a connection that is closed, the peer's FIN may be one of them.
    pub bytes_received: Option<u64>,
    /// Payload bytes sent, retransmitted ones included; Linux 4.19.
    pub bytes_sent: Option<u64>,
    /// Bytes a second at which data reached the peer, lately; Linux 4.9.
    pub delivery_rate: Option<u64>,
}

/// The states of RFC 9293, section 3.3.2, as Linux numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum TcpState {
    Established,
    SynSent,
    SynReceived,
    #[serde(rename = "FIN-WAIT-1")]
    FinWait1,
    #[serde(rename = "FIN-WAIT-2")]
    FinWait2,
    TimeWait,
    Closed,
    CloseWait,
    LastAck,
    Listen,
    Closing,
    /// Linux's own, for a request whose socket is not there yet.
    NewSynReceived,
}

impl TcpState {
    const NUMBERED: [(u8, Self, &'static str); 12] = [
        (1, Self::Established, "ESTABLISHED"),
        (2, Self::SynSent, "SYN-SENT"),
        (3, Self::SynReceived, "SYN-RECEIVED"),
        (4, Self::FinWait1, "FIN-WAIT-1"),
        (5, Self::FinWait2, "FIN-WAIT-2"),
        (6, Self::TimeWait, "TIME-WAIT"),
        (7, Self::Closed, "CLOSED"),
        (8, Self::CloseWait, "CLOSE-WAIT"),
        (9, Self::LastAck, "LAST-ACK"),
        (10, Self::Listen, "LISTEN"),
        (11, Self::Closing, "CLOSING"),
        (12, Self::NewSynReceived, "NEW-SYN-RECEIVED"),
    ];

    /// The state that Linux has this number for.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::NUMBERED.into_iter().find(|(of, ..)| *of == number).map(|(_, state, _)| state)
    }

    /// As the RFC writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NUMBERED.into_iter().find(|(_, state, _)| *state == self).map_or("", |(.., name)| name)
    }
}
