//! Who holds a port, as far as `/proc` tells.

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

    proptest! {
        #[test]
        fn any_line_is_survived(line in "\\PC{0,80}", port: u16) {
            let _ = socket_inode(&line, port, &["0A"]);
        }
    }
}
