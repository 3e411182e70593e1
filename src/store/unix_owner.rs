//! Who holds the name of a Unix socket, as far as `/proc` tells.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::identity::FileIdentity;
use super::port_owner::Holder;
use super::process;
use crate::model::UnixName;

/// Who has a socket of this name, one that listens before one that is merely bound. `None` where nobody has one, where
/// several sockets could be it, and where `/proc` does not tell. Looks through the descriptors of every process, some
/// milliseconds.
#[must_use]
pub fn find(name: &UnixName) -> Option<Holder> {
    find_in(Path::new("/proc"), name)
}

fn find_in(proc: &Path, name: &UnixName) -> Option<Holder> {
    let table = fs::read(proc.join("net/unix")).ok()?;
    let sockets = table.split(|byte| *byte == b'\n').filter_map(listed_socket);
    let mut named: Vec<ListedSocket<'_>> = sockets.filter(|socket| socket.is_called(name)).collect();
    named.sort_by_key(|socket| !socket.listens);
    let [first, rest @ ..] = named.as_slice() else { return None };
    // A path that was unlinked and bound anew is the name of both sockets.
    if rest.iter().any(|other| other.listens == first.listens) {
        return None;
    }
    Some(process::owner_in(proc, first.inode).map_or(Holder::Unseen, Holder::Process))
}

/// One line of `/proc/net/unix`, unix(7): a socket that has bound its name itself. Accepted ones have the name of the
/// listener that they came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListedSocket<'a> {
    listens: bool,
    inode: u64,
    name: &'a [u8],
}

/// `__SO_ACCEPTCON` of include/linux/net.h.
const LISTENS: u32 = 0x0001_0000;
/// `SS_UNCONNECTED` of include/uapi/linux/net.h.
const UNCONNECTED: &[u8] = b"01";
/// `SOCK_DGRAM`. One that somebody has connected to is told as connected itself.
const DATAGRAMS: &[u8] = b"0002";

/// Number, references, protocol, flags, type, state, inode, and the name up to the end of the line. The head is none.
fn listed_socket(line: &[u8]) -> Option<ListedSocket<'_>> {
    let mut rest = line;
    let mut field = || {
        let start = rest.iter().position(|byte| *byte != b' ')?;
        let from_start = &rest[start..];
        let end = from_start.iter().position(|byte| *byte == b' ').unwrap_or(from_start.len());
        rest = from_start.get(end + 1..).unwrap_or_default();
        Some(&from_start[..end])
    };
    let [_, _, _, flags, kind, state, inode] = [field()?, field()?, field()?, field()?, field()?, field()?, field()?];
    let flags = u32::from_str_radix(std::str::from_utf8(flags).ok()?, 16).ok()?;
    let inode = std::str::from_utf8(inode).ok()?.parse().ok()?;
    let is_of_use = (state == UNCONNECTED || kind == DATAGRAMS) && !rest.is_empty();
    is_of_use.then_some(ListedSocket { listens: flags & LISTENS != 0, inode, name: rest })
}

impl ListedSocket<'_> {
    fn is_called(&self, name: &UnixName) -> bool {
        match name {
            // NULs within it are shown as `@` too.
            UnixName::Abstract(name) => self.name.strip_prefix(b"@").is_some_and(|shown| {
                shown.len() == name.len()
                    && shown.iter().zip(name).all(|(shown, byte)| shown == if *byte == 0 { &b'@' } else { byte })
            }),
            // As it was bound: by another way to the same file, or from another folder.
            UnixName::Path(path) => {
                let bound = Path::new(OsStr::from_bytes(self.name));
                bound == path || bound.is_absolute() && is_same_file(bound, path)
            }
            UnixName::Unnamed => false,
        }
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    FileIdentity::of(one).is_some_and(|identity| FileIdentity::of(other) == Some(identity))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;
    use crate::model::PortOwner;

    /// As much of a `/proc` as is looked at: process 7 holds socket 4711.
    fn proc(lines: &[&str]) -> tempfile::TempDir {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir_all(proc.path().join("net")).unwrap();
        let head = "Num       RefCount Protocol Flags    Type St Inode Path";
        fs::write(proc.path().join("net/unix"), format!("{head}\n{}\n", lines.join("\n"))).unwrap();
        fs::create_dir_all(proc.path().join("7/fd")).unwrap();
        fs::write(proc.path().join("7/comm"), "server\n").unwrap();
        symlink("socket:[4711]", proc.path().join("7/fd/3")).unwrap();
        proc
    }

    #[test]
    fn who_waits_at_the_name_is_found_and_nobody_else() {
        let server = Some(Holder::Process(PortOwner { pid: 7, name: "server".to_owned() }));
        let listens =
            |inode: u32, name: &str| format!("0000000000000000: 00000002 00000000 00010000 0001 01 {inode:5} {name}");
        let bound = |name: &str| format!("0000000000000000: 00000002 00000000 00000000 0002 03  4711 {name}");
        let accepted = |name: &str| format!("0000000000000000: 00000003 00000000 00000000 0001 03  4712 {name}");
        let path = |path: &str| UnixName::Path(path.into());
        for (lines, name, expected) in [
            (vec![listens(4711, "/run/a b.sock")], path("/run/a b.sock"), server.clone()),
            (vec![accepted("/run/x"), listens(4711, "/run/x")], path("/run/x"), server.clone()),
            (vec![bound("/run/x")], path("/run/x"), server.clone()),
            (vec![bound("/run/y"), listens(4711, "/run/xy")], path("/run/x"), None),
            (vec![accepted("/run/x")], path("/run/x"), None),
            (vec![listens(4799, "/run/x")], path("/run/x"), Some(Holder::Unseen)),
            // Which of the two has the file, the table doesn't say.
            (vec![listens(4711, "/run/x"), listens(4799, "/run/x")], path("/run/x"), None),
            (vec![listens(4711, "@a@b")], UnixName::Abstract(b"a\0b".to_vec()), server.clone()),
            (vec![listens(4711, "@ab")], UnixName::Abstract(b"a".to_vec()), None),
        ] {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let proc = proc(&lines);
            assert_eq!(find_in(proc.path(), &name), expected, "{lines:?}");
        }
        assert_eq!(find_in(Path::new("/nowhere"), &path("/run/x")), None);
    }

    #[test]
    fn a_socket_is_found_by_another_way_to_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        fs::create_dir(&real).unwrap();
        fs::write(real.join("x"), "").unwrap();
        symlink(&real, folder.path().join("link")).unwrap();
        let line = format!("0: 2 0 00010000 0001 01 4711 {}", real.join("x").display());
        let proc = proc(&[&line]);
        assert!(find_in(proc.path(), &UnixName::Path(folder.path().join("link/x"))).is_some());
        assert!(find_in(proc.path(), &UnixName::Path(folder.path().join("link/y"))).is_none());
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in proptest::collection::vec(prop_oneof![Just(b' '), Just(b'0'), any::<u8>()], 0..60)) {
            let _ = listed_socket(&line);
        }
    }
}
