//! The system calls that no crate offers. All of the program's `unsafe` is here.

/// Datagrams that the kernel has dropped at this socket since it was opened, also those that no later datagram reports:
/// word 8 of SO_MEMINFO, see `SK_MEMINFO_DROPS` in linux/sock_diag.h. `None` where the system doesn't say.
#[cfg(target_os = "linux")]
pub(super) fn dropped(socket: std::os::fd::BorrowedFd<'_>) -> Option<u32> {
    use nix::libc;
    use std::os::fd::AsRawFd;

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
pub(super) fn dropped(_socket: std::os::fd::BorrowedFd<'_>) -> Option<u32> {
    None
}

/// The address of a CAN interface, `struct sockaddr_can` of linux/can.h.
#[cfg(target_os = "linux")]
pub(super) fn can_address(interface: i32) -> socket2::SockAddr {
    use nix::libc;

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
    use nix::libc;
    use std::os::fd::AsRawFd;

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
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
