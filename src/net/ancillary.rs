//! What comes beside the bytes of a message on a Unix socket: cmsg(3).
//!
//! Read here and not by the crate that the other families use: that one gives nothing at all once the kernel had to drop
//! some of it (MSG_CTRUNC), and the descriptors that did arrive would stay open for ever.

use std::os::fd::RawFd;

use nix::libc;

use crate::model::PeerProcess;

/// The most descriptors that one message carries: SCM_MAX_FD, unix(7).
const DESCRIPTORS_MAX: usize = 253;

/// Room for all that is asked for: descriptors, credentials, a time.
pub(super) const ROOM: usize =
    space(DESCRIPTORS_MAX * size_of::<RawFd>()) + space(size_of::<libc::ucred>()) + space(size_of::<libc::timespec>());

/// Room for what comes with a datagram that is not a Unix one: a time, and the number of those that were dropped.
pub(super) const DATAGRAM_ROOM: usize = space(size_of::<libc::timespec>()) + space(size_of::<u32>());

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
            descriptors: vec![7, 8, 9],
        };
        assert_eq!(Ancillary::read(&control), expected);
        assert!(control.len() <= ROOM + DATAGRAM_ROOM);
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
