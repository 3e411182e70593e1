//! The system calls that no crate offers. All of the program's `unsafe` is here.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::libc::{self, c_int, socklen_t};

/// getsockopt(2) for options that are longer than a number, or of which there are many. Returns how many bytes of
/// `buffer` the kernel has written: older kernels know shorter structures.
///
/// # Errors
/// Of the call.
pub(super) fn get_option(socket: BorrowedFd<'_>, level: c_int, name: c_int, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = socklen_t::try_from(buffer.len()).unwrap_or(socklen_t::MAX);
    // SAFETY: `buffer` is writable for `length` bytes and the kernel writes no more than `length` says.
    #[allow(unsafe_code)]
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, buffer.as_mut_ptr().cast(), &raw mut length) };
    if result == 0 { Ok(buffer.len().min(length as usize)) } else { Err(io::Error::last_os_error()) }
}

/// setsockopt(2), as [`get_option`].
///
/// # Errors
/// Of the call.
pub(super) fn set_option(socket: BorrowedFd<'_>, level: c_int, name: c_int, value: &[u8]) -> io::Result<()> {
    let length = socklen_t::try_from(value.len()).unwrap_or(socklen_t::MAX);
    // SAFETY: `value` is readable for `length` bytes, and the kernel copies it.
    #[allow(unsafe_code)]
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.as_ptr().cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What a request of ioctl(2) that answers with one number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueueRequest {
    /// SIOCINQ, tcp(7) and unix(7).
    Unread,
    /// SIOCOUTQ.
    Outgoing,
    /// SIOCOUTQNSD, linux/sockios.h.
    Unsent,
}

/// Bytes in a queue of the kernel.
///
/// # Errors
/// `InvalidInput` where the socket has no such queue, such as a listening one.
pub(super) fn queue(socket: BorrowedFd<'_>, request: QueueRequest) -> io::Result<u32> {
    const SIOCOUTQNSD: libc::Ioctl = 0x894B;
    let request = match request {
        QueueRequest::Unread => libc::FIONREAD,
        QueueRequest::Outgoing => libc::TIOCOUTQ,
        QueueRequest::Unsent => SIOCOUTQNSD,
    };
    let mut bytes: c_int = 0;
    // SAFETY: each of these requests writes one `int` where the pointer shows.
    #[allow(unsafe_code)]
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), request, &raw mut bytes) };
    if result == 0 { Ok(u32::try_from(bytes).unwrap_or(0)) } else { Err(io::Error::last_os_error()) }
}
