//! Who holds a port, as far as `/proc` tells.

use core::net::{IpAddr, SocketAddr};
use std::fs;
use std::path::Path;

use super::process;
use crate::model::{PortOwner, Protocol};

/// The process that listens on this TCP port, or has this UDP port bound, on any address. `None` where `/proc` does not
/// tell: on other systems than Linux, for other users' processes without rights, and when nobody holds it any more.
/// Looks through the descriptors of every process, some milliseconds.
#[must_use]
pub fn find(protocol: Protocol, port: u16) -> Option<PortOwner> {
    find_in(Path::new("/proc"), protocol, port)
}

fn find_in(proc: &Path, protocol: Protocol, port: u16) -> Option<PortOwner> {
    // States as in include/net/tcp_states.h: listening, and for datagrams "closed", which is merely bound, or
    // "established", which is connected.
    let (tables, states): (_, &[&str]) = match protocol {
        Protocol::Tcp => (["net/tcp", "net/tcp6"], &["0A"]),
        Protocol::Udp => (["net/udp", "net/udp6"], &["07", "01"]),
        _ => return None,
    };
    let inodes: Vec<u64> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(proc.join(table)).ok())
        .flat_map(|table| table.lines().filter_map(|line| socket_inode(line, port, states)).collect::<Vec<_>>())
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let pid = processes(proc).find(|pid| holds_one_of(&proc.join(format!("{pid}/fd")), &inodes))?;
    Some(PortOwner { pid, name: process::name_in(proc, pid)? })
}

/// UDP sockets that get what is sent to this address, or may get it instead of each other: bound to it, or to all
/// addresses of its family. The one that asks is among them; 0 where `/proc` does not tell.
#[must_use]
pub fn sharing_udp(address: SocketAddr) -> u64 {
    sharing_in(Path::new("/proc"), address)
}

fn sharing_in(proc: &Path, address: SocketAddr) -> u64 {
    let (table, local) = match address.ip() {
        // Word by word as the machine has them, see `proc_net_tcp(5)`.
        IpAddr::V4(ip) => ("net/udp", format!("{:08X}", u32::from_ne_bytes(ip.octets()))),
        IpAddr::V6(ip) => {
            let words = ip.octets();
            let words = words.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
            ("net/udp6", words.map(|word| format!("{word:08X}")).collect())
        }
    };
    let Ok(table) = fs::read_to_string(proc.join(table)) else { return 0 };
    let is_any = |address: &str| address.bytes().all(|digit| digit == b'0');
    let shares = |line: &&str| {
        let place = line.split_ascii_whitespace().nth(1).and_then(|place| place.rsplit_once(':'));
        place.is_some_and(|(other, port)| {
            u16::from_str_radix(port, 16) == Ok(address.port()) && (other == local || is_any(other) || is_any(&local))
        })
    };
    table.lines().filter(shares).count() as u64
}

/// The inode in a line of `/proc/net/tcp` and its like if it has this local port and one of these states. Fields as in
/// `proc_net_tcp(5)`: number, local address, remote address, state, queues, timer, retransmits, user, time-out, inode.
fn socket_inode(line: &str, port: u16, states: &[&str]) -> Option<u64> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (_, local_port) = fields.get(1)?.rsplit_once(':')?;
    if u16::from_str_radix(local_port, 16).ok()? != port || !states.contains(fields.get(3)?) {
        return None;
    }
    fields.get(9)?.parse().ok().filter(|inode| *inode != 0)
}

fn processes(proc: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(proc).ok().into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn holds_one_of(descriptors: &Path, inodes: &[u64]) -> bool {
    fs::read_dir(descriptors).ok().into_iter().flatten().flatten().any(|descriptor| {
        fs::read_link(descriptor.path())
            .ok()
            .and_then(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
            .is_some_and(|inode: u64| inodes.contains(&inode))
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:2329 0100007F:2328 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
";

    /// As much of a `/proc` as is looked at: process 7 holds socket 4711, process 8 socket 4712.
    fn proc() -> tempfile::TempDir {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        fs::write(proc.path().join("net/tcp"), TCP).unwrap();
        for (pid, inode) in [(7, 4711), (8, 4712)] {
            let folder = proc.path().join(pid.to_string());
            fs::create_dir_all(folder.join("fd")).unwrap();
            fs::write(folder.join("comm"), format!("server-{pid}\n")).unwrap();
            symlink("/dev/null", folder.join("fd/0")).unwrap();
            symlink(format!("socket:[{inode}]"), folder.join("fd/3")).unwrap();
        }
        proc
    }

    #[test]
    fn the_listener_is_found_and_nobody_else() {
        let proc = proc();
        let owner = PortOwner { pid: 7, name: "server-7".to_owned() };
        assert_eq!(find_in(proc.path(), Protocol::Tcp, 9000), Some(owner));
        assert_eq!(find_in(proc.path(), Protocol::Tcp, 9001), None, "connected, not listening");
        assert_eq!(find_in(proc.path(), Protocol::Tcp, 9002), None);
        assert_eq!(find_in(proc.path(), Protocol::Udp, 9000), None);
        assert_eq!(find_in(&proc.path().join("none"), Protocol::Tcp, 9000), None);
    }

    #[test]
    fn those_that_share_a_udp_port_are_counted() {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        // 127.0.0.1:9000 twice, any:9000, 127.0.0.2:9000, 127.0.0.1:9001; ::1 and any at 9000.
        let line = |place: &str| format!("  1: {place} 00000000:0000 07 0:0 0:0 0 0 0 1 2 0 0\n");
        let udp =
            ["0100007F:2328", "0100007F:2328", "00000000:2328", "0200007F:2328", "0100007F:2329"].map(line).concat();
        let any = format!("{}:2328", "0".repeat(32));
        let udp6 = ["00000000000000000000000001000000:2328", any.as_str()].map(line).concat();
        fs::write(proc.path().join("net/udp"), udp).unwrap();
        fs::write(proc.path().join("net/udp6"), udp6).unwrap();
        for (address, count) in [
            ("127.0.0.1:9000", 3),
            ("127.0.0.2:9000", 2),
            ("0.0.0.0:9000", 4),
            ("127.0.0.1:9001", 1),
            ("[::1]:9000", 2),
        ] {
            assert_eq!(sharing_in(proc.path(), address.parse().unwrap()), count, "{address}");
        }
        assert_eq!(sharing_in(&proc.path().join("none"), "127.0.0.1:9000".parse().unwrap()), 0);
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in "\\PC{0,80}", port: u16) {
            let _ = socket_inode(&line, port, &["0A"]);
        }
    }
}
