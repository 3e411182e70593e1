//! The sockets over IP that `/proc/net` lists, and which of them stand in each other's way.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::fs;
use std::path::Path;

/// States as in include/net/tcp_states.h. A datagram socket that is merely bound is "closed".
pub(super) const ESTABLISHED: u8 = 0x01;
pub(super) const FIN_WAIT_1: u8 = 0x04;
pub(super) const FIN_WAIT_2: u8 = 0x05;
pub(super) const TIME_WAIT: u8 = 0x06;
pub(super) const CLOSED: u8 = 0x07;
pub(super) const LAST_ACK: u8 = 0x09;
pub(super) const LISTEN: u8 = 0x0a;
pub(super) const CLOSING: u8 = 0x0b;

/// The timer of what is left of a connection when nobody has it any more, as `proc_net_tcp(5)` numbers it: when it goes off,
/// the kernel lets go of both addresses.
const LETS_GO: &str = "03";

/// One line of such a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedSocket {
    /// Of the table's family: an IPv6 socket that speaks IPv4 has a mapped address (RFC 4291, section 2.5.5.2).
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) state: u8,
    /// Until the kernel lets go of it, in hundredths of a second (USER_HZ), where only time decides that.
    pub(super) ticks: Option<u64>,
    /// 0 where no process has it any more.
    pub(super) inode: u64,
}

/// The sockets in these tables, such as `tcp` and `tcp6`; none where `/proc` doesn't tell.
pub(super) fn read(proc: &Path, tables: &[&str]) -> Vec<ListedSocket> {
    let texts = tables.iter().filter_map(|table| fs::read_to_string(proc.join("net").join(table)).ok());
    texts.flat_map(|text| text.lines().filter_map(listed_socket).collect::<Vec<_>>()).collect()
}

/// Fields as in `proc_net_tcp(5)`: number, local address, remote address, state, queues, timer, retransmits, user,
/// time-out, inode. The lines of the head are none.
pub(super) fn listed_socket(line: &str) -> Option<ListedSocket> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (timer, ticks) = fields.get(5)?.split_once(':')?;
    let ticks = u64::from_str_radix(ticks, 16).ok()?;
    Some(ListedSocket {
        local: address(fields.get(1)?)?,
        peer: address(fields.get(2)?)?,
        state: u8::from_str_radix(fields.get(3)?, 16).ok()?,
        ticks: (timer == LETS_GO).then_some(ticks),
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// `0100007F:2328`: words of 32 bits in the machine's byte order, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    match address.len() {
        8 => Some((Ipv4Addr::from(word(0)?), port).into()),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(words.iter().flatten()).for_each(|(to, from)| *to = *from);
            Some((Ipv6Addr::from(bytes), port).into())
        }
        _ => None,
    }
}

/// Where a socket is to be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub address: SocketAddr,
    /// IPV6_V6ONLY, ipv6(7): [::] is then not every IPv4 address as well.
    pub v6_only: bool,
}

/// Whether one socket is in another's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    No,
    Yes,
    /// The other is bound to [::], and no table tells whether that is for IPv6 alone.
    UnlessV6Only,
}

impl Place {
    /// As bind(2) compares addresses: equal ones, and a wildcard with all of its family. [::] is a wildcard of IPv4 too.
    pub(super) fn overlap(&self, other: SocketAddr) -> Overlap {
        if self.address.port() != other.port() {
            return Overlap::No;
        }
        let (ours, theirs) = (self.address.ip(), other.ip());
        let overlaps = match (ours.to_canonical(), theirs.to_canonical()) {
            (IpAddr::V4(_), IpAddr::V6(_)) if theirs.is_unspecified() => return Overlap::UnlessV6Only,
            (IpAddr::V4(_), IpAddr::V6(_)) => false,
            (IpAddr::V6(_), IpAddr::V4(_)) => ours.is_unspecified() && !self.v6_only,
            (ours, theirs) => ours == theirs || ours.is_unspecified() || theirs.is_unspecified(),
        };
        if overlaps { Overlap::Yes } else { Overlap::No }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A line for a socket as the kernel writes it.
    pub(crate) fn line(local: &str, peer: &str, state: u8, ticks: u64, inode: u64) -> String {
        let place = |text: &str| {
            let address: SocketAddr = text.parse().unwrap();
            let bytes = match address.ip() {
                IpAddr::V4(ip) => ip.octets().to_vec(),
                IpAddr::V6(ip) => ip.octets().to_vec(),
            };
            let words = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes(word.try_into().unwrap()));
            let words: String = words.map(|word| format!("{word:08X}")).collect();
            format!("{words}:{:04X}", address.port())
        };
        let (local, peer) = (place(local), place(peer));
        format!(
            "   0: {local} {peer} {state:02X} 00000000:00000000 03:{ticks:08X} 00000000     0        0 {inode} 3 0\n"
        )
    }

    #[test]
    fn lines_are_read_and_heads_are_none() {
        let text = "   1: 0100007F:2328 0200007F:C0DE 06 00000000:00000000 03:0000173F 00000000     0        0 7 3 0";
        if cfg!(target_endian = "little") {
            let socket = ListedSocket {
                local: "127.0.0.1:9000".parse().unwrap(),
                peer: "127.0.0.2:49374".parse().unwrap(),
                state: TIME_WAIT,
                ticks: Some(0x173f),
                inode: 7,
            };
            assert_eq!(listed_socket(text), Some(socket.clone()));
            // That it sends again soon is no end.
            let sends_again = text.replace(" 03:", " 01:").replace(" 06 ", " 04 ");
            assert_eq!(listed_socket(&sends_again), Some(ListedSocket { state: FIN_WAIT_1, ticks: None, ..socket }));
        }
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
        assert_eq!(listed_socket(head), None);
        let read_back = listed_socket(&line("[::1]:9", "[fe80::1]:1", LISTEN, 1, 2)).unwrap();
        assert_eq!((read_back.local, read_back.peer), ("[::1]:9".parse().unwrap(), "[fe80::1]:1".parse().unwrap()));
    }

    /// Each pair tried with bind(2): both can be had at once, or not.
    #[test]
    fn addresses_overlap_as_bind_has_it() {
        use Overlap::{No, UnlessV6Only, Yes};
        for (asked, v6_only, other, expected) in [
            ("127.0.0.1:9", false, "127.0.0.1:9", Yes),
            ("127.0.0.1:9", false, "127.0.0.1:10", No),
            ("127.0.0.1:9", false, "127.0.0.2:9", No),
            ("127.0.0.1:9", false, "0.0.0.0:9", Yes),
            ("0.0.0.0:9", false, "127.0.0.2:9", Yes),
            ("127.0.0.1:9", false, "[::1]:9", No),
            ("127.0.0.1:9", false, "[::ffff:127.0.0.1]:9", Yes),
            ("127.0.0.1:9", false, "[::]:9", UnlessV6Only),
            ("0.0.0.0:9", false, "[::]:9", UnlessV6Only),
            ("[::ffff:127.0.0.1]:9", false, "127.0.0.1:9", Yes),
            ("[::1]:9", false, "127.0.0.1:9", No),
            ("[::1]:9", false, "0.0.0.0:9", No),
            ("[::1]:9", false, "[::]:9", Yes),
            ("[::1]:9", false, "[::2]:9", No),
            ("[::]:9", true, "[::1]:9", Yes),
            ("[::]:9", false, "127.0.0.1:9", Yes),
            ("[::]:9", false, "0.0.0.0:9", Yes),
            ("[::]:9", true, "127.0.0.1:9", No),
            ("[::]:9", true, "[::ffff:127.0.0.1]:9", No),
        ] {
            let place = Place { address: asked.parse().unwrap(), v6_only };
            assert_eq!(place.overlap(other.parse().unwrap()), expected, "{asked} and {other}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_survived(
            line in prop_oneof!["\\PC{0,80}", "[0-9]: [0-9A-F]{8}:[0-9A-F]{4} [0-9A-F]{32}:[0-9A-F]{4} 06 0:0 0:[0-9A-F]{0,20} 0 0 0 [0-9]{0,30}"],
        ) {
            let _ = listed_socket(&line);
        }
    }
}
