//! Connections that nobody has any more and whose port the kernel still keeps, as far as `/proc` tells.

use core::cmp::Reverse;
use core::net::SocketAddr;
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::Path;

use super::socket_table::{self, CLOSING, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, ListedSocket, Overlap, Place, TIME_WAIT};
use crate::model::{Failure, Operation, TcpState, WaitingSocket};

/// As many as anybody reads; a busy port can have thousands.
const SHOWN_MAX: usize = 64;

/// The unit of timers in `/proc/net/tcp` (USER_HZ).
const TICKS_PER_SECOND: u64 = 100;

/// The sockets of closed connections that are in the way of a listener at this place, at most 64 of them, and how many there
/// are beside these, which the kernel keeps no longer; none where `/proc` doesn't tell. bind(2) makes no difference between
/// those in TIME_WAIT and those whose other side has yet to answer.
#[must_use]
pub fn find(place: Place) -> (Box<[WaitingSocket]>, usize) {
    find_in(Path::new("/proc"), place)
}

fn find_in(proc: &Path, place: Place) -> (Box<[WaitingSocket]>, usize) {
    let mut all: Vec<_> = waiting(proc, place).collect();
    all.sort_by_key(|socket| Reverse(socket.seconds));
    let more = all.len().saturating_sub(SHOWN_MAX);
    all.truncate(SHOWN_MAX);
    (all.into(), more)
}

/// All of them.
///
/// # Errors
/// `/proc` doesn't tell.
pub fn list(place: Place) -> Result<Vec<WaitingSocket>, Failure> {
    list_in(Path::new("/proc"), place)
}

fn list_in(proc: &Path, place: Place) -> Result<Vec<WaitingSocket>, Failure> {
    // A kernel without IPv6 has but this one.
    let table = proc.join("net/tcp");
    File::open(&table).map_err(|error| Failure::io(Operation::ReadFile, table.display(), &error))?;
    Ok(waiting(proc, place).collect())
}

fn waiting(proc: &Path, place: Place) -> impl Iterator<Item = WaitingSocket> {
    let sockets = socket_table::read(proc, &["tcp", "tcp6"]).into_iter();
    // None of them is bound to a wildcard: each had a peer.
    let waiting = sockets.filter(move |socket| is_left_behind(socket) && place.overlap(socket.local) == Overlap::Yes);
    // The table moves while it is read, and then has a socket twice.
    let mut seen = BTreeSet::new();
    let once = waiting.filter(move |socket| seen.insert((socket.local, socket.peer)));
    once.map(|socket| WaitingSocket {
        local: canonical(socket.local),
        peer: canonical(socket.peer),
        state: TcpState::from_number(socket.state).unwrap_or(TcpState::TimeWait),
        seconds: socket.ticks.map(|ticks| u32::try_from(ticks.div_ceil(TICKS_PER_SECOND)).unwrap_or(u32::MAX)),
    })
}

/// Whether this side has closed it, and no process has it any more. One without a process that is still open waits to be
/// accepted, and goes with its listener.
fn is_left_behind(socket: &ListedSocket) -> bool {
    socket.inode == 0 && matches!(socket.state, FIN_WAIT_1 | FIN_WAIT_2 | TIME_WAIT | LAST_ACK | CLOSING)
}

/// How many ports of a range have a socket in TIME_WAIT; 0 where `/proc` doesn't tell.
#[must_use]
pub fn ports_in(range: &RangeInclusive<u16>) -> usize {
    ports_waiting(Path::new("/proc"), range)
}

fn ports_waiting(proc: &Path, range: &RangeInclusive<u16>) -> usize {
    let sockets = socket_table::read(proc, &["tcp", "tcp6"]).into_iter();
    let waiting = sockets.filter(|socket| socket.state == TIME_WAIT && range.contains(&socket.local.port()));
    waiting.map(|socket| socket.local.port()).collect::<BTreeSet<_>>().len()
}

fn canonical(address: SocketAddr) -> String {
    SocketAddr::new(address.ip().to_canonical(), address.port()).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::socket_table::{ESTABLISHED, LISTEN, tests::line};
    use super::*;

    #[test]
    fn sockets_that_wait_at_the_place_are_found() {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        let v4 = [
            line("127.0.0.1:9000", "0.0.0.0:0", LISTEN, 0, 4711),
            line("127.0.0.1:9000", "127.0.0.2:49374", TIME_WAIT, 5951, 0),
            line("127.0.0.1:9000", "127.0.0.2:49374", TIME_WAIT, 5951, 0),
            line("127.0.0.1:9001", "127.0.0.2:49375", TIME_WAIT, 5951, 0),
            line("127.0.0.3:9000", "127.0.0.2:49376", TIME_WAIT, 5951, 0),
        ];
        let v6 = [
            line("[::1]:9000", "[::1]:49376", TIME_WAIT, 100, 0),
            line("[::ffff:127.0.0.1]:9000", "[::ffff:127.0.0.1]:49377", TIME_WAIT, 101, 0),
        ];
        fs::write(proc.path().join("net/tcp"), v4.concat()).unwrap();
        fs::write(proc.path().join("net/tcp6"), v6.concat()).unwrap();
        let found = |address: &str, v6_only| {
            let place = Place { address: address.parse().unwrap(), v6_only };
            let (found, _) = find_in(proc.path(), place);
            found.into_iter().map(|socket| (socket.local, socket.peer, socket.seconds.unwrap())).collect::<Vec<_>>()
        };
        let socket = |local: &str, peer: &str, seconds| (local.to_owned(), peer.to_owned(), seconds);
        let first = socket("127.0.0.1:9000", "127.0.0.2:49374", 60);
        let other = socket("127.0.0.3:9000", "127.0.0.2:49376", 60);
        let v6 = socket("[::1]:9000", "[::1]:49376", 1);
        let mapped = socket("127.0.0.1:9000", "127.0.0.1:49377", 2);
        assert_eq!(found("127.0.0.1:9000", false), [first.clone(), mapped.clone()]);
        assert_eq!(found("0.0.0.0:9000", false), [first.clone(), other.clone(), mapped.clone()]);
        assert_eq!(found("[::1]:9000", false), std::slice::from_ref(&v6));
        assert_eq!(found("[::]:9000", true), std::slice::from_ref(&v6));
        assert_eq!(found("[::]:9000", false), [first, other, mapped, v6], "the longest first");
        assert_eq!(found("127.0.0.4:9000", false), []);
        for (range, count) in [(9000..=9001, 2), (9001..=9001, 1), (9000..=9000, 1), (9002..=65_535, 0)] {
            assert_eq!(ports_waiting(proc.path(), &range), count, "a port counts once: {range:?}");
        }
        let place = Place { address: "127.0.0.1:9000".parse().unwrap(), v6_only: false };
        let none = proc.path().join("none");
        assert!(find_in(&none, place).0.is_empty());
        assert_eq!(list_in(&none, place).unwrap_err().operation, Operation::ReadFile, "unknown is not none");
    }

    #[test]
    fn what_the_other_side_has_yet_to_close_is_found_with_its_state() {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        let at = |peer: u16, state, inode| line("127.0.0.1:9000", &format!("127.0.0.2:{peer}"), state, 100, inode);
        let all = [
            at(1, FIN_WAIT_2, 0),
            // It sends its end again and again, until that is acknowledged.
            at(2, FIN_WAIT_1, 0).replace(" 03:", " 01:"),
            at(3, LAST_ACK, 0).replace(" 03:", " 01:"),
            at(4, CLOSING, 0).replace(" 03:", " 01:"),
            // It waits to be accepted.
            at(5, ESTABLISHED, 0),
            // Somebody has it, and has only ended its own half.
            at(6, FIN_WAIT_2, 4711),
        ];
        fs::write(proc.path().join("net/tcp"), all.concat()).unwrap();
        let place = Place { address: "127.0.0.1:9000".parse().unwrap(), v6_only: false };
        let (found, _) = find_in(proc.path(), place);
        let found: Vec<_> = found.iter().map(|socket| (socket.peer.as_str(), socket.state, socket.seconds)).collect();
        let expected = [
            ("127.0.0.2:1", TcpState::FinWait2, Some(1)),
            ("127.0.0.2:2", TcpState::FinWait1, None),
            ("127.0.0.2:3", TcpState::LastAck, None),
            ("127.0.0.2:4", TcpState::Closing, None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_list_has_more_of_them_than_anybody_reads() {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        let all = (1..=100).map(|port| line("127.0.0.1:9000", &format!("127.0.0.2:{port}"), TIME_WAIT, 100 * port, 0));
        fs::write(proc.path().join("net/tcp"), all.collect::<String>()).unwrap();
        let place = Place { address: "127.0.0.1:9000".parse().unwrap(), v6_only: false };
        assert_eq!(list_in(proc.path(), place).unwrap().len(), 100);
        let (found, more) = find_in(proc.path(), place);
        let seconds: Vec<_> = found.iter().map(|socket| socket.seconds.unwrap()).collect();
        assert_eq!((seconds, more), ((37..=100).rev().collect(), 36), "those that are kept longest");
    }
}
