//! Who holds a port, as far as `/proc` tells.

use std::path::Path;

use super::process;
use super::socket_table::{self, CLOSED, ESTABLISHED, LISTEN, ListedSocket, Overlap, Place, TIME_WAIT};
use crate::model::{IpProtocol, PortOwner, Protocol};

/// Whose socket is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Process(PortOwner),
    /// A process of another user, into which this one may not look.
    Unseen,
}

/// Who has a TCP or UDP socket that is in the way of one at this place; a listener before a connection. `None` where
/// nobody has one, and where `/proc` does not tell. Looks through the descriptors of every process, some milliseconds.
/// `carried` is the protocol above IP, where it is not the usual one.
#[must_use]
pub fn find(protocol: Protocol, carried: Option<IpProtocol>, place: Place) -> Option<Holder> {
    find_in(Path::new("/proc"), protocol, carried, place)
}

fn find_in(proc: &Path, protocol: Protocol, carried: Option<IpProtocol>, place: Place) -> Option<Holder> {
    let tables = tables(protocol, carried)?;
    holder(|| in_the_way(proc, &tables, protocol, place), |inode| process::owner_in(proc, inode))
}

/// The owner of the `first` socket. One that is closed between the two looks is nobody's, and no longer in the way.
fn holder(mut first: impl FnMut() -> Option<u64>, owner: impl Fn(u64) -> Option<PortOwner>) -> Option<Holder> {
    /// On a busy port each look may find another connection.
    const LOOKS: usize = 8;
    let mut unseen = None;
    for _ in 0..LOOKS {
        let inode = first()?;
        if let Some(owner) = owner(inode) {
            return Some(Holder::Process(owner));
        }
        if unseen.replace(inode) == Some(inode) {
            break;
        }
    }
    Some(Holder::Unseen)
}

/// The inode of the socket that is in the way, of several the one that is so most surely.
fn in_the_way(proc: &Path, tables: &[&str], protocol: Protocol, place: Place) -> Option<u64> {
    let wanted: fn(u8) -> bool = match protocol {
        // Whoever holds a connection on the port keeps it from a listener, where one of both has SO_REUSEADDR off.
        Protocol::Tcp => |state| state != TIME_WAIT,
        _ => |state| state == CLOSED || state == ESTABLISHED,
    };
    let sockets = socket_table::read(proc, tables);
    // A listener on [::] that is not for IPv6 alone would have the waiting sockets of its connections in the other table.
    let is_v6_only = sockets.iter().any(|socket| {
        socket.state == TIME_WAIT && socket.local.is_ipv4() && place.overlap(socket.local) == Overlap::Yes
    });
    let holds = |socket: &&ListedSocket| {
        socket.inode != 0
            && wanted(socket.state)
            && match place.overlap(socket.local) {
                Overlap::Yes => true,
                Overlap::UnlessV6Only => !is_v6_only,
                Overlap::No => false,
            }
    };
    let mut holding: Vec<&ListedSocket> = sockets.iter().filter(holds).collect();
    holding.sort_by_key(|socket| (place.overlap(socket.local) != Overlap::Yes, socket.state != LISTEN));
    // The first alone: of another one it may be untrue.
    holding.first().map(|socket| socket.inode)
}

/// The tables of the sockets whose ports are of one space; `None` where there are none.
fn tables(protocol: Protocol, carried: Option<IpProtocol>) -> Option<[&'static str; 2]> {
    Some(match (protocol, carried) {
        // MPTCP listens over a TCP socket.
        (Protocol::Tcp, None | Some(IpProtocol::ANY | IpProtocol::TCP | IpProtocol::MPTCP)) => ["tcp", "tcp6"],
        (Protocol::Udp, None | Some(IpProtocol::ANY | IpProtocol::UDP)) => ["udp", "udp6"],
        (Protocol::Udp, Some(IpProtocol::UDP_LITE)) => ["udplite", "udplite6"],
        // The identifier of its pings stands where a port would, icmp(7).
        (Protocol::Udp, Some(IpProtocol::ICMP | IpProtocol::ICMP_V6)) => ["icmp", "icmp6"],
        _ => return None,
    })
}

/// Datagram sockets of `protocol` above IP that get what is sent to this place, or may get it instead of each other:
/// bound to its address, or to all addresses. A socket of both families shares with those of IPv4. The one that asks is
/// among them; 0 where `/proc` does not tell.
#[must_use]
pub fn sharing_datagrams(protocol: Option<IpProtocol>, place: Place) -> u64 {
    sharing_in(Path::new("/proc"), protocol, place)
}

fn sharing_in(proc: &Path, protocol: Option<IpProtocol>, place: Place) -> u64 {
    let Some(tables) = tables(Protocol::Udp, protocol) else { return 0 };
    let sockets = socket_table::read(proc, &tables);
    sockets.iter().filter(|socket| place.overlap(socket.local) == Overlap::Yes).count() as u64
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::socket_table::tests::line;
    use super::*;

    /// As much of a `/proc` as is looked at: process 7 holds socket 4711, process 8 socket 4712, ….
    fn proc(tables: &[(&str, &[String])]) -> tempfile::TempDir {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        for (table, lines) in tables {
            fs::write(proc.path().join("net").join(table), lines.concat()).unwrap();
        }
        for (pid, inode) in [(7, 4711), (8, 4712), (9, 4713)] {
            let folder = proc.path().join(pid.to_string());
            fs::create_dir_all(folder.join("fd")).unwrap();
            fs::write(folder.join("comm"), format!("server-{pid}\n")).unwrap();
            symlink("/dev/null", folder.join("fd/0")).unwrap();
            symlink(format!("socket:[{inode}]"), folder.join("fd/3")).unwrap();
        }
        proc
    }

    fn at(address: &str) -> Place {
        Place { address: address.parse().unwrap(), v6_only: false }
    }

    fn held_by(pid: u32) -> Option<Holder> {
        Some(Holder::Process(PortOwner { pid, name: format!("server-{pid}") }))
    }

    const NOBODY: &str = "0.0.0.0:0";

    #[test]
    fn the_listener_on_the_address_is_found_and_nobody_else() {
        let tcp = [
            line("127.0.0.2:9000", NOBODY, LISTEN, 0, 4711),
            line("127.0.0.1:9000", "127.0.0.1:5", ESTABLISHED, 0, 4713),
            line("127.0.0.1:9000", NOBODY, LISTEN, 0, 4712),
            line("127.0.0.1:9001", "127.0.0.1:5", ESTABLISHED, 0, 4713),
            line("127.0.0.1:9002", "127.0.0.1:5", TIME_WAIT, 0, 0),
            line("127.0.0.1:9003", NOBODY, LISTEN, 0, 5000),
        ];
        let proc = proc(&[("tcp", &tcp)]);
        let find = |protocol, address: &str| find_in(proc.path(), protocol, None, at(address));
        assert_eq!(find(Protocol::Tcp, "127.0.0.1:9000"), held_by(8));
        assert_eq!(find(Protocol::Tcp, "127.0.0.2:9000"), held_by(7));
        assert_eq!(find(Protocol::Tcp, "127.0.0.3:9000"), None);
        assert_eq!(find(Protocol::Tcp, "127.0.0.1:9001"), held_by(9), "its connection is in the way");
        assert_eq!(find(Protocol::Tcp, "127.0.0.1:9002"), None, "nobody has it any more");
        assert_eq!(find(Protocol::Tcp, "127.0.0.1:9003"), Some(Holder::Unseen));
        assert_eq!(find(Protocol::Udp, "127.0.0.1:9000"), None);
        assert_eq!(find_in(&proc.path().join("none"), Protocol::Tcp, None, at("127.0.0.1:9000")), None);
    }

    #[test]
    fn a_socket_that_is_closed_meanwhile_is_nobodys() {
        let server = PortOwner { pid: 7, name: "server-7".to_owned() };
        for (seen, expected) in
            [(vec![1, 2], Some(Holder::Process(server.clone()))), (vec![1, 1], Some(Holder::Unseen)), (vec![1], None)]
        {
            let mut seen = seen.into_iter();
            let found = holder(|| seen.next(), |inode| (inode == 2).then(|| server.clone()));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn of_the_wildcards_the_one_in_the_way_is_found() {
        let udp = [line("127.0.0.2:9000", NOBODY, CLOSED, 0, 4711)];
        let udp6 = [line("[::1]:9000", "[::]:0", CLOSED, 0, 4712), line("[::]:9001", "[::]:0", CLOSED, 0, 4713)];
        let proc = proc(&[("udp", &udp), ("udp6", &udp6)]);
        let find = |place| find_in(proc.path(), Protocol::Udp, None, place);
        assert_eq!(find(at("127.0.0.1:9000")), None);
        assert_eq!(find(at("0.0.0.0:9000")), held_by(7));
        assert_eq!(find(Place { v6_only: true, ..at("[::]:9000") }), held_by(8));
        assert_eq!(find(at("127.0.0.1:9001")), held_by(9), "it takes IPv4 as well, by default");
    }

    #[test]
    fn a_listener_for_ipv6_alone_is_not_taken_for_one_of_both() {
        let listener = line("[::]:9000", "[::]:0", LISTEN, 0, 4711);
        let waiting = |local, peer| line(local, peer, TIME_WAIT, 100, 0);
        for (tcp, of_both, expected) in [
            (waiting("127.0.0.1:9000", "127.0.0.1:5"), String::new(), None),
            (String::new(), waiting("[::ffff:127.0.0.1]:9000", "[::ffff:127.0.0.1]:5"), held_by(7)),
            (waiting("127.0.0.2:9000", "127.0.0.1:5"), String::new(), held_by(7)),
        ] {
            let proc = proc(&[("tcp", &[tcp]), ("tcp6", &[listener.clone(), of_both])]);
            assert_eq!(find_in(proc.path(), Protocol::Tcp, None, at("127.0.0.1:9000")), expected);
        }
    }

    #[test]
    fn those_that_share_a_udp_port_are_counted() {
        let bound = |local| line(local, if local.starts_with('[') { "[::]:0" } else { NOBODY }, CLOSED, 0, 1);
        let udp = ["127.0.0.1:9000", "127.0.0.1:9000", "0.0.0.0:9000", "127.0.0.2:9000", "127.0.0.1:9001"].map(bound);
        let udp6 = ["[::1]:9000", "[::]:9000"].map(bound);
        let lite = ["127.0.0.1:9000", "127.0.0.1:9001"].map(bound);
        let proc = proc(&[("udp", &udp), ("udp6", &udp6), ("udplite", &lite)]);
        let lite = Some(IpProtocol::UDP_LITE);
        for (protocol, address, v6_only, count) in [
            (None, "127.0.0.1:9000", true, 3),
            (Some(IpProtocol::UDP), "127.0.0.1:9000", true, 3),
            (lite, "127.0.0.1:9000", true, 1),
            (lite, "[::1]:9000", true, 0),
            (None, "127.0.0.2:9000", true, 2),
            (None, "0.0.0.0:9000", true, 4),
            (None, "127.0.0.1:9001", true, 1),
            (None, "[::1]:9000", true, 2),
            (None, "[::1]:9000", false, 2),
            (None, "[::]:9000", true, 2),
            (None, "[::]:9000", false, 6),
            (lite, "[::]:9000", false, 1),
            (Some(IpProtocol::SCTP), "127.0.0.1:9000", true, 0),
        ] {
            let place = Place { address: address.parse().unwrap(), v6_only };
            assert_eq!(sharing_in(proc.path(), protocol, place), count, "{protocol:?} {place:?}");
        }
        assert_eq!(sharing_in(&proc.path().join("none"), None, at("127.0.0.1:9000")), 0);
    }

    #[test]
    fn a_socket_of_another_protocol_is_not_in_the_way() {
        let bound = |inode| [line("127.0.0.1:9000", NOBODY, CLOSED, 0, inode)];
        let proc =
            proc(&[("tcp", &bound(5000)), ("udp", &bound(4711)), ("udplite", &bound(4712)), ("icmp", &bound(4713))]);
        for (protocol, carried, holder) in [
            (Protocol::Udp, None, held_by(7)),
            (Protocol::Udp, Some(IpProtocol::UDP), held_by(7)),
            (Protocol::Udp, Some(IpProtocol::UDP_LITE), held_by(8)),
            (Protocol::Udp, Some(IpProtocol::ICMP), held_by(9)),
            (Protocol::Udp, Some(IpProtocol(200)), None),
            (Protocol::Tcp, Some(IpProtocol::MPTCP), Some(Holder::Unseen)),
            (Protocol::Tcp, Some(IpProtocol::SCTP), None),
            (Protocol::Raw, Some(IpProtocol::UDP), None),
        ] {
            assert_eq!(find_in(proc.path(), protocol, carried, at("127.0.0.1:9000")), holder, "{carried:?}");
        }
    }
}
