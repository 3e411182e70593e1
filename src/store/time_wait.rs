//! Connections that are over and whose port the kernel still keeps, as far as `/proc` tells.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use crate::model::WaitingSocket;

/// As many as anybody reads; a busy port can have thousands.
const SHOWN_MAX: usize = 64;

/// The state in `/proc/net/tcp`, include/net/tcp_states.h.
const TIME_WAIT: &str = "06";

/// The unit of timers in `/proc/net/tcp` (USER_HZ).
const TICKS_PER_SECOND: u64 = 100;

/// The sockets in TIME_WAIT whose local port this is, at most 64 of them; none where `/proc` doesn't tell.
#[must_use]
pub fn find(port: u16) -> Vec<WaitingSocket> {
    find_in(Path::new("/proc"), port)
}

fn find_in(proc: &Path, port: u16) -> Vec<WaitingSocket> {
    let mut found: Vec<WaitingSocket> =
        tables(proc).flat_map(|table| of_lines(&table, |line| waiting_socket(line, port))).collect();
    found.truncate(SHOWN_MAX);
    found
}

/// How many ports of a range have a socket in TIME_WAIT; 0 where `/proc` doesn't tell.
#[must_use]
pub fn ports_in(range: &RangeInclusive<u16>) -> usize {
    ports_waiting(Path::new("/proc"), range)
}

fn ports_waiting(proc: &Path, range: &RangeInclusive<u16>) -> usize {
    let port = |line: &str| waiting(line, range).map(|(local, _)| local.port());
    tables(proc).flat_map(|table| of_lines(&table, port)).collect::<BTreeSet<_>>().len()
}

fn tables(proc: &Path) -> impl Iterator<Item = String> {
    ["net/tcp", "net/tcp6"].into_iter().filter_map(|table| fs::read_to_string(proc.join(table)).ok())
}

fn of_lines<T>(table: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
    table.lines().filter_map(read).collect()
}

/// The local address and all fields in a line of `/proc/net/tcp`, if the socket waits and has such a local port. Fields
/// as in `proc_net_tcp(5)`: number, local address, remote address, state, queues, timer, ….
fn waiting<'a>(line: &'a str, ports: &RangeInclusive<u16>) -> Option<(SocketAddr, Vec<&'a str>)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if *fields.get(3)? != TIME_WAIT {
        return None;
    }
    let local = address(fields.get(1)?)?;
    ports.contains(&local.port()).then_some((local, fields))
}

fn waiting_socket(line: &str, port: u16) -> Option<WaitingSocket> {
    let (local, fields) = waiting(line, &(port..=port))?;
    let (_, ticks) = fields.get(5)?.split_once(':')?;
    let ticks = u64::from_str_radix(ticks, 16).ok()?;
    Some(WaitingSocket {
        local: local.to_string(),
        peer: address(fields.get(2)?)?.to_string(),
        seconds: u32::try_from(ticks.div_ceil(TICKS_PER_SECOND)).ok()?,
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
            Some((Ipv6Addr::from(bytes).to_canonical(), port).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn sockets_that_wait_at_the_port_are_found() {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        let v4 = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:2328 0200007F:C0DE 06 00000000:00000000 03:0000173F 00000000     0        0 0 3 0
   2: 0100007F:2329 0200007F:C0DF 06 00000000:00000000 03:0000173F 00000000     0        0 0 3 0
";
        let v6 = "   0: 00000000000000000000000001000000:2328 00000000000000000000000001000000:C0E0 06 \
                  00000000:00000000 03:00000064 00000000     0        0 0 3 0\n";
        fs::write(proc.path().join("net/tcp"), v4).unwrap();
        fs::write(proc.path().join("net/tcp6"), v6).unwrap();
        let socket = |local: &str, peer: &str, seconds| WaitingSocket {
            local: local.to_owned(),
            peer: peer.to_owned(),
            seconds,
        };
        let expected = [socket("127.0.0.1:9000", "127.0.0.2:49374", 60), socket("[::1]:9000", "[::1]:49376", 1)];
        assert_eq!(find_in(proc.path(), 9000), expected);
        assert_eq!(find_in(&proc.path().join("none"), 9000), []);
        for (range, count) in [(9000..=9001, 2), (9001..=9001, 1), (9000..=9000, 1), (9002..=65_535, 0)] {
            assert_eq!(ports_waiting(proc.path(), &range), count, "a port counts once: {range:?}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_survived(
            line in prop_oneof!["\\PC{0,80}", "[0-9]: [0-9A-F]{8}:[0-9A-F]{4} [0-9A-F]{32}:[0-9A-F]{4} 06 0:0 0:[0-9A-F]{0,20}"],
        ) {
            let _ = waiting_socket(&line, 1);
        }
    }
}
