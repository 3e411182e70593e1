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
