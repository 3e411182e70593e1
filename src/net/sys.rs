//! The system calls that no crate offers, and taking over descriptors. All of the program's `unsafe` is here.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::libc;
use socket2::{SockAddr, SockAddrStorage, Socket};

/// Datagrams that the kernel has dropped at this socket since it was opened, also those that no later datagram reports:
/// word 8 of SO_MEMINFO, see `SK_MEMINFO_DROPS` in linux/sock_diag.h. `None` where the system doesn't say.
#[cfg(target_os = "linux")]
pub(super) fn dropped(socket: BorrowedFd<'_>) -> Option<u32> {
    const DROPS: usize = 8;
    let mut words = [0u32; DROPS + 1];
    let mut length = size_of_val(&words) as libc::socklen_t;
    // SAFETY: `words` is writable for `length` bytes and the kernel writes no more than `length` says.
    #[allow(unsafe_code)]
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            words.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    (result == 0 && length as usize == size_of_val(&words)).then_some(words[DROPS])
}

#[cfg(not(target_os = "linux"))]
pub(super) fn dropped(_socket: BorrowedFd<'_>) -> Option<u32> {
    None
}

/// What [`receive_message`] returned.
pub(super) struct RawMessage {
    pub(super) len: usize,
    pub(super) flags: libc::c_int,
    /// Bytes of the control buffer that were filled.
    pub(super) control_len: usize,
    pub(super) from: SockAddr,
}

/// recvmsg(2) with the length of what the kernel wrote into the control buffer, which no crate gives together with the
/// sender's address.
///
/// # Errors
/// What the call returned.
pub(super) fn receive_message(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    control: &mut [u8],
    flags: libc::c_int,
) -> io::Result<RawMessage> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let receive = |name: *mut SockAddrStorage, name_len: *mut libc::socklen_t| {
        // SAFETY: a header of zeros is an empty one. `name`, `part` and `control` are writable for the lengths beside
        // them, and outlive the call.
        #[allow(unsafe_code)]
        unsafe {
            let mut header: libc::msghdr = std::mem::zeroed();
            header.msg_name = name.cast();
            header.msg_namelen = *name_len;
            header.msg_iov = &raw mut part;
            header.msg_iovlen = 1;
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = control.len() as _;
            let len = libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags);
            *name_len = header.msg_namelen;
            let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
            Ok((len, header.msg_flags, header.msg_controllen as usize))
        }
    };
    // SAFETY: the kernel wrote an address of the length that it says, or none and a length of 0 over zeros.
    #[allow(unsafe_code)]
    let ((len, flags, control_len), from) = unsafe { SockAddr::try_init(receive)? };
    Ok(RawMessage { len, flags, control_len, from })
}

/// Takes over descriptors that a receive call has just opened, so that they are closed when they are dropped.
pub(super) fn own_received(descriptors: Vec<RawFd>) -> Vec<OwnedFd> {
    // SAFETY: the kernel opened them for this call (SCM_RIGHTS), so nobody else owns them.
    #[allow(unsafe_code)]
    descriptors.into_iter().map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) }).collect()
}

/// Whether a descriptor closes at execve(2). One that was inherited doesn't; those that this program opens do.
///
/// # Errors
/// `EBADF`: no such descriptor is open.
pub(super) fn closes_on_exec(descriptor: RawFd) -> io::Result<bool> {
    // SAFETY: the call reads a flag and takes any number.
    #[allow(unsafe_code)]
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
    if flags < 0 { Err(io::Error::last_os_error()) } else { Ok(flags & libc::FD_CLOEXEC != 0) }
}

/// A second descriptor for what stands behind this one, which stays open and untouched (F_DUPFD_CLOEXEC, fcntl(2)).
///
/// # Errors
/// `EBADF`: no such descriptor is open; out of descriptors.
pub(super) fn duplicate(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the call takes any number, and what it returns is new and owned by nobody else.
    #[allow(unsafe_code)]
    unsafe {
        match libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 3) {
            new if new >= 0 => Ok(OwnedFd::from_raw_fd(new)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The address of a CAN interface, `struct sockaddr_can` of linux/can.h.
#[cfg(target_os = "linux")]
pub(super) fn can_address(interface: i32) -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: the storage has room and alignment for every address that the system has, all of its bytes are initialised,
    // and the length is the size of what was written.
    #[allow(unsafe_code)]
    unsafe {
        let address = storage.view_as::<libc::sockaddr_can>();
        address.can_family = libc::AF_CAN as libc::sa_family_t;
        address.can_ifindex = interface;
        SockAddr::new(storage, size_of::<libc::sockaddr_can>() as libc::socklen_t)
    }
}

/// Lets a raw CAN socket carry CAN FD frames beside the classic ones (CAN_RAW_FD_FRAMES).
///
/// # Errors
/// Of setsockopt(2).
#[cfg(target_os = "linux")]
pub(super) fn set_can_fd(socket: &Socket) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the kernel reads as many bytes of `on` as the length says.
    #[allow(unsafe_code)]
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_CAN_RAW,
            libc::CAN_RAW_FD_FRAMES,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
