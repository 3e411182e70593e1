//! What became of datagrams that were sent: the answers of routers and hosts that could not deliver one, each with the
//! address that it was for. See IP_RECVERR in ip(7) and IPV6_RECVERR in ipv6(7).

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use crate::model::Peer;

/// A datagram that did not arrive.
#[derive(Debug)]
pub struct Undelivered {
    /// To whom it was sent, as the socket was given it: a v4-mapped address stays one. `None` where the system doesn't say.
    pub to: Option<Peer>,
    pub error: io::Error,
}

/// Has the kernel keep such answers for the socket; false where it has none of that. Without it a socket that is not
/// connected never hears of them.
pub(super) fn ask_for(socket: &Socket, is_v6: bool) -> bool {
    // An IPv6 socket may speak to IPv4 peers as well.
    let v4 = setsockopt(socket, sockopt::Ipv4RecvErr, &true);
    let v6 = if is_v6 { setsockopt(socket, sockopt::Ipv6RecvErr, &true) } else { Ok(()) };
    if let Err(error) = v4.and(v6) {
        tracing::debug!(%error, "no IP_RECVERR");
        return false;
    }
    true
}

/// The next of these answers; `None` when there is no other. Doesn't block.
///
/// # Errors
/// Of recvmsg(2).
pub(super) fn take(socket: BorrowedFd<'_>) -> io::Result<Option<Undelivered>> {
    loop {
        // Beside the answer comes what comes with datagrams. Where room lacks, nothing could be read.
        let mut control = nix::cmsg_space!(
            libc::sock_extended_err,
            libc::sockaddr_in6,
            TimeSpec,
            libc::in_pktinfo,
            libc::in6_pktinfo
        );
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message = match recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut [], Some(&mut control), flags) {
            Ok(message) => message,
            Err(Errno::EAGAIN) => return Ok(None),
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let answer = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(answer, _) | ControlMessageOwned::Ipv6RecvErr(answer, _) => Some(answer),
            _ => None,
        });
        let Some(answer) = answer else { continue };
        // What this machine itself refused, the send call has returned already.
        if answer.ee_origin == libc::SO_EE_ORIGIN_LOCAL {
            continue;
        }
        let errno = i32::try_from(answer.ee_errno).unwrap_or_default();
        return Ok(Some(Undelivered {
            to: message.address.as_ref().and_then(sender_of).map(Peer::Ip),
            error: io::Error::from_raw_os_error(errno),
        }));
    }
}

fn sender_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddr::V4((*v4).into()));
    }
    storage.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into()))
}
