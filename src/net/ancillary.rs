//! What comes beside the bytes of a message or datagram: cmsg(3).
//!
//! Read here and not by the crate that the other families use: that one gives nothing at all once the kernel had to drop
//! some of it (MSG_CTRUNC), and the descriptors that did arrive would stay open for ever.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::RawFd;

use nix::libc;

use super::own_address::OwnAddress;
use crate::model::PeerProcess;

/// The most descriptors that one message carries: SCM_MAX_FD, unix(7).
const DESCRIPTORS_MAX: usize = 253;

/// Room for all that is asked for: descriptors, credentials, a time.
pub(super) const ROOM: usize =
    space(DESCRIPTORS_MAX * size_of::<RawFd>()) + space(size_of::<libc::ucred>()) + space(size_of::<libc::timespec>());

/// Room for what comes with a datagram that is not a Unix one: a time, the number of those that were dropped, and where it
/// came to, which a socket of both families is told twice.
pub(super) const DATAGRAM_ROOM: usize = space(size_of::<libc::timespec>())
    + space(size_of::<u32>())
    + space(size_of::<libc::in_pktinfo>())
    + space(size_of::<libc::in6_pktinfo>());

const WORD: usize = size_of::<usize>();
const HEADER: usize = size_of::<libc::cmsghdr>().next_multiple_of(WORD);

const fn space(data: usize) -> usize {
    HEADER + data.next_multiple_of(WORD)
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ancillary {
    /// SO_TIMESTAMPNS, in nanoseconds since 1970. Every message has it once it was asked for, and the end of a connection
    /// never has.
    pub(super) kernel_ns: Option<i64>,
    /// SCM_CREDENTIALS.
    pub(super) process: Option<PeerProcess>,
    /// SO_RXQ_OVFL: what was dropped at this socket before; absent while nothing was.
    pub(super) dropped: Option<u32>,
    /// IP_PKTINFO, ip(7), or IPV6_PKTINFO, ipv6(7); `None` where it came to no address of this machine's alone.
    pub(super) came_to: Option<OwnAddress>,
    /// SCM_RIGHTS: numbers that the kernel has just opened in this process, and that the caller now owns.
    pub(super) descriptors: Vec<RawFd>,
}

impl Ancillary {
    /// Reads the part of a control buffer that the kernel filled.
    pub(super) fn read(control: &[u8]) -> Self {
        let mut all = Self::default();
        let mut rest = control;
        while let Some((level, kind, data, after)) = next(rest) {
            rest = after;
            match (level, kind) {
                (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                    all.descriptors.extend(data.as_chunks().0.iter().map(|bytes| RawFd::from_ne_bytes(*bytes)));
                }
                (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => all.process = credentials(data),
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => all.kernel_ns = nanoseconds(data),
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                    all.dropped = data.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => all.came_to = came_to_v4(data),
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => all.came_to = all.came_to.or_else(|| came_to_v6(data)),
                _ => {}
            }
        }
        all
    }
}

/// Level, type and data of the first message, and what follows it.
fn next(control: &[u8]) -> Option<(i32, i32, &[u8], &[u8])> {
    let (length, rest) = control.split_first_chunk()?;
    let (level, rest) = rest.split_first_chunk()?;
    let (kind, _) = rest.split_first_chunk()?;
    let length = usize::from_ne_bytes(*length);
    let data = control.get(HEADER..length)?;
    let after = control.get(length.next_multiple_of(WORD)..).unwrap_or_default();
    Some((i32::from_ne_bytes(*level), i32::from_ne_bytes(*kind), data, after))
}

/// `struct in_pktinfo`: beside where the datagram was sent to, which may be everybody's address, the one to answer it from.
fn came_to_v4(data: &[u8]) -> Option<OwnAddress> {
    let (_interface, rest) = data.split_first_chunk::<4>()?;
    let ip = Ipv4Addr::from(*rest.first_chunk()?);
    (!ip.is_unspecified()).then_some(OwnAddress { ip: ip.into(), interface: 0 })
}

/// `struct in6_pktinfo`. What came by IPv4 has an address of a group or of everybody here, too, and what to answer it from
/// beside it.
fn came_to_v6(data: &[u8]) -> Option<OwnAddress> {
    let (ip, rest) = data.split_first_chunk::<16>()?;
    let ip = Ipv6Addr::from(*ip);
    let is_own = !ip.is_multicast() && !ip.is_unspecified() && ip.to_ipv4_mapped().is_none();
    // Any other address is the machine's, whichever interface has it.
    let interface = if ip.is_unicast_link_local() { u32::from_ne_bytes(*rest.first_chunk()?) } else { 0 };
    is_own.then_some(OwnAddress { ip: IpAddr::V6(ip), interface })
}

/// `struct ucred`; `None` where there was nobody to vouch for.
fn credentials(data: &[u8]) -> Option<PeerProcess> {
    let [pid, uid, gid] = data.as_chunks().0 else { return None };
    process(i32::from_ne_bytes(*pid), u32::from_ne_bytes(*uid), u32::from_ne_bytes(*gid))
}

/// The kernel says process 0 for one that this one can't see, and user −1 where nobody is known.
pub(super) fn process(pid: i32, uid: u32, gid: u32) -> Option<PeerProcess> {
    let pid = u32::try_from(pid).ok().filter(|pid| *pid != 0);
    (uid != u32::MAX).then_some(PeerProcess { pid, uid, gid, name: None })
}

/// `struct timespec`.
fn nanoseconds(data: &[u8]) -> Option<i64> {
    let [seconds, nanoseconds] = data.as_chunks().0 else { return None };
    let [seconds, nanoseconds] = [seconds, nanoseconds].map(|bytes| libc::c_long::from_ne_bytes(*bytes));
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let mut bytes = (HEADER + data.len()).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(space(data.len()), 0);
        bytes
    }

    fn words<const N: usize>(words: [i32; N]) -> Vec<u8> {
        words.into_iter().flat_map(i32::to_ne_bytes).collect()
    }

    #[test]
    fn all_that_came_is_read_in_any_order() {
        let mut control = message(libc::SOL_SOCKET, libc::SCM_RIGHTS, &words([7, 8, 9]));
        control.extend(message(libc::SOL_SOCKET, 9999, &[1]));
        control.extend(message(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &words([4711, 1000, 100])));
        let time: Vec<u8> = [2_i64, 5].into_iter().flat_map(i64::to_ne_bytes).collect();
        control.extend(message(libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, &time));
        control.extend(message(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &words([9])));
        let process = PeerProcess { pid: Some(4711), uid: 1000, gid: 100, name: None };
        let expected = Ancillary {
            kernel_ns: Some(2_000_000_005),
            process: Some(process),
            dropped: Some(9),
            came_to: None,
            descriptors: vec![7, 8, 9],
        };
        assert_eq!(Ancillary::read(&control), expected);
        assert!(control.len() <= ROOM + DATAGRAM_ROOM);
    }

    #[test]
    fn where_a_datagram_came_to_is_where_an_answer_leaves_from() {
        let v4 = |answers: [u8; 4], to: [u8; 4]| {
            let data = [&2_i32.to_ne_bytes()[..], &answers, &to].concat();
            message(libc::IPPROTO_IP, libc::IP_PKTINFO, &data)
        };
        let v6 = |to: &str| {
            let data = [&to.parse::<Ipv6Addr>().unwrap().octets()[..], &3_i32.to_ne_bytes()].concat();
            message(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &data)
        };
        let own = |ip: &str, interface| Some(OwnAddress { ip: ip.parse().unwrap(), interface });
        for (control, expected) in [
            (v4([10, 0, 0, 2], [10, 0, 0, 2]), own("10.0.0.2", 0)),
            // It was for all of the network.
            (v4([10, 0, 0, 2], [10, 0, 0, 255]), own("10.0.0.2", 0)),
            (v4([0; 4], [10, 0, 0, 255]), None),
            (v6("fd00::8"), own("fd00::8", 0)),
            (v6("fe80::8"), own("fe80::8", 3)),
            (v6("ff02::1"), None),
            // A socket of both families is told both.
            ([v6("::ffff:10.0.0.255"), v4([10, 0, 0, 2], [10, 0, 0, 255])].concat(), own("10.0.0.2", 0)),
            ([v4([10, 0, 0, 2], [10, 0, 0, 255]), v6("::ffff:10.0.0.255")].concat(), own("10.0.0.2", 0)),
            (message(libc::IPPROTO_IP, libc::IP_PKTINFO, &[1; 7]), None),
            (message(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &[0xFE; 15]), None),
        ] {
            assert_eq!(Ancillary::read(&control).came_to, expected);
        }
    }

    #[test]
    fn nobody_is_not_user_minus_one() {
        assert_eq!(process(0, u32::MAX, u32::MAX), None);
        assert_eq!(process(0, 65_534, 65_534).unwrap().pid, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            length in prop_oneof![0..200_usize, any::<usize>()],
            control in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut bytes = length.to_ne_bytes().to_vec();
            bytes.extend(control);
            let _ = Ancillary::read(&bytes);
        }
    }
}
