//! TCP_INFO, by the offsets of `struct tcp_info` in linux/tcp.h.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::libc;

use super::sys;
use crate::model::{AcceptQueue, Role, TcpInfo, TcpState};

/// More than any kernel's structure has; it has only ever grown at its end.
const LENGTH_MAX: usize = 512;

/// What the kernel says of a connection, of which this side has the role; `None` for a socket that isn't TCP.
pub(super) fn read(socket: BorrowedFd<'_>, role: Role) -> Option<TcpInfo> {
    with_bytes(socket, |info| parse(info, role))
}

/// How many connections wait for accept(2), and how many may. In a listening socket's structure two fields mean this.
pub(super) fn accept_queue(socket: BorrowedFd<'_>) -> Option<AcceptQueue> {
    with_bytes(socket, |info| {
        let is_listening = parse(info, Role::Server)?.state == TcpState::Listen;
        is_listening.then_some(AcceptQueue { waiting: u32_at(info, UNACKED)?, max: u32_at(info, SACKED)? })
    })
}

fn with_bytes<T>(socket: BorrowedFd<'_>, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let mut bytes = [0; LENGTH_MAX];
    let length = sys::get_option(socket, libc::IPPROTO_TCP, libc::TCP_INFO, &mut bytes).ok()?;
    read(&bytes[..length])
}

const STATE: usize = 0;
const RTO: usize = 8;
const SEND_MSS: usize = 16;
const UNACKED: usize = 24;
const SACKED: usize = 28;
const LOST: usize = 32;
const PATH_MTU: usize = 60;
const RTT: usize = 68;
const RTT_VARIANCE: usize = 72;
const CONGESTION_WINDOW: usize = 80;
const TOTAL_RETRANSMITS: usize = 100;
const BYTES_ACKED: usize = 120;
const BYTES_RECEIVED: usize = 128;
const MIN_RTT: usize = 148;
const DELIVERY_RATE: usize = 160;
const BYTES_SENT: usize = 200;
const BYTES_RETRANSMITTED: usize = 208;

/// Reads as much as the kernel has written; `None` for less than every kernel since 2.6 writes.
fn parse(info: &[u8], role: Role) -> Option<TcpInfo> {
    let measured = |at| u32_at(info, at).filter(|micros| *micros != 0).map(micros);
    let rtt = measured(RTT);
    let sent = u64_at(info, BYTES_SENT);
    // SYN and FIN take a sequence number each, which the kernel counts as acknowledged bytes; the SYN for the side that
    // connected.
    let payload_max = sent.zip(u64_at(info, BYTES_RETRANSMITTED)).map(|(sent, again)| sent.saturating_sub(again));
    let syn = u64::from(role == Role::Client);
    let acknowledged = u64_at(info, BYTES_ACKED).map(|acknowledged| acknowledged.saturating_sub(syn));
    let state = TcpState::from_number(*info.get(STATE)?)?;
    // The peer's FIN likewise. Of one that is closed the structure doesn't say whether that came.
    let has_ended = matches!(state, TcpState::CloseWait | TcpState::LastAck | TcpState::Closing | TcpState::TimeWait);
    let fin = u64::from(has_ended);
    Some(TcpInfo {
        state,
        rtt,
        // The deviation has a start value before anything was measured.
        rtt_variance: rtt.and(u32_at(info, RTT_VARIANCE).map(micros)),
        // All ones until the first measurement.
        min_rtt: u32_at(info, MIN_RTT).filter(|micros| *micros != 0 && *micros != u32::MAX).map(micros),
        retransmit_timeout: micros(u32_at(info, RTO)?),
        retransmits: u32_at(info, TOTAL_RETRANSMITS)?,
        lost: u32_at(info, LOST)?,
        in_flight: u32_at(info, UNACKED)?,
        congestion_window: u32_at(info, CONGESTION_WINDOW)?,
        send_mss: u32_at(info, SEND_MSS)?,
        path_mtu: u32_at(info, PATH_MTU)?,
        bytes_acknowledged: acknowledged.map(|acknowledged| acknowledged.min(payload_max.unwrap_or(u64::MAX))),
        bytes_received: u64_at(info, BYTES_RECEIVED).map(|received| received.saturating_sub(fin)),
        bytes_sent: sent,
        delivery_rate: u64_at(info, DELIVERY_RATE).filter(|rate| *rate != 0),
    })
}

fn micros(micros: u32) -> Duration {
    Duration::from_micros(u64::from(micros))
}

fn u32_at(info: &[u8], at: usize) -> Option<u32> {
    info.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_ne_bytes)
}

fn u64_at(info: &[u8], at: usize) -> Option<u64> {
    info.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A structure in which each byte is known.
    fn filled() -> Vec<u8> {
        let mut info = vec![0; 248];
        info[STATE] = 8;
        for (at, value) in [(RTO, 204_000), (RTT, 41), (RTT_VARIANCE, 7), (MIN_RTT, u32::MAX), (TOTAL_RETRANSMITS, 3)] {
            info[at..at + 4].copy_from_slice(&u32::to_ne_bytes(value));
        }
        for (at, value) in [(BYTES_ACKED, 1002), (BYTES_SENT, 1500), (BYTES_RETRANSMITTED, 500), (BYTES_RECEIVED, 9)] {
            info[at..at + 8].copy_from_slice(&u64::to_ne_bytes(value));
        }
        info
    }

    #[test]
    fn what_the_kernel_wrote_is_read() {
        let info = parse(&filled(), Role::Client).unwrap();
        assert_eq!((info.state, info.state.name()), (TcpState::CloseWait, "CLOSE-WAIT"));
        assert_eq!(info.rtt, Some(Duration::from_micros(41)));
        assert_eq!(info.rtt_variance, Some(Duration::from_micros(7)));
        assert_eq!((info.retransmits, info.bytes_sent, info.bytes_received), (3, Some(1500), Some(8)));
        assert_eq!(info.bytes_acknowledged, Some(1000), "without SYN and FIN");
    }

    #[test]
    fn a_syn_is_no_payload_while_more_is_on_its_way_either() {
        let mut info = filled();
        info[BYTES_SENT..BYTES_SENT + 8].copy_from_slice(&u64::to_ne_bytes(9000));
        for (role, acknowledged) in [(Role::Client, 1001), (Role::Server, 1002)] {
            assert_eq!(parse(&info, role).unwrap().bytes_acknowledged, Some(acknowledged));
        }
    }

    #[test]
    fn what_was_not_measured_is_unknown() {
        let mut info = filled();
        info[RTT..RTT + 4].fill(0);
        let info = parse(&info, Role::Client).unwrap();
        assert_eq!((info.rtt, info.rtt_variance, info.min_rtt, info.delivery_rate), (None, None, None, None));
    }

    #[test]
    fn an_older_kernels_shorter_structure_leaves_the_rest_unknown() {
        let filled = filled();
        let whole = parse(&filled, Role::Server).unwrap();
        // Linux 2.6 to 3.14 end after the retransmits, 4.1 after what was acknowledged and received.
        let oldest = parse(&filled[..104], Role::Server).unwrap();
        assert_eq!((oldest.rtt, oldest.retransmits), (whole.rtt, 3));
        assert_eq!((oldest.bytes_acknowledged, oldest.bytes_sent, oldest.delivery_rate), (None, None, None));
        let older = parse(&filled[..136], Role::Server).unwrap();
        assert_eq!((older.bytes_acknowledged, older.bytes_received, older.bytes_sent), (Some(1002), Some(8), None));
        for length in 0..104 {
            assert_eq!(parse(&filled[..length], Role::Server), None, "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(info in prop::collection::vec(any::<u8>(), 0..300)) {
            for role in [Role::Client, Role::Server] {
                if let Some(read) = parse(&info, role) {
                    prop_assert_eq!(TcpState::from_number(info[STATE]), Some(read.state));
                    prop_assert_eq!(Some(read.lost), u32_at(&info, LOST));
                }
            }
        }
    }
}
