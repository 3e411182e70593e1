//! The system calls that no crate offers. All of the program's `unsafe` is here.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

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

/// The address of a CAN interface, `struct sockaddr_can` of linux/can.h.
#[cfg(target_os = "linux")]
pub(super) fn can_address(interface: i32) -> socket2::SockAddr {
    let mut storage = socket2::SockAddrStorage::zeroed();
    // SAFETY: the storage has room and alignment for every address that the system has, all of its bytes are initialised,
    // and the length is the size of what was written.
    #[allow(unsafe_code)]
    unsafe {
        let address = storage.view_as::<libc::sockaddr_can>();
        address.can_family = libc::AF_CAN as libc::sa_family_t;
        address.can_ifindex = interface;
        socket2::SockAddr::new(storage, size_of::<libc::sockaddr_can>() as libc::socklen_t)
    }
}

/// Lets a raw CAN socket carry CAN FD frames beside the classic ones (CAN_RAW_FD_FRAMES).
///
/// # Errors
/// Of setsockopt(2).
#[cfg(target_os = "linux")]
pub(super) fn set_can_fd(socket: &socket2::Socket) -> std::io::Result<()> {
    set_option(socket.as_fd(), libc::SOL_CAN_RAW, libc::CAN_RAW_FD_FRAMES, &c_int::from(true).to_ne_bytes())
}
