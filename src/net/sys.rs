//! The system calls that no crate offers, and taking over descriptors. All of the program's `unsafe` is here.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::libc::{self, c_int, socklen_t};
use socket2::{SockAddr, SockAddrStorage};

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

/// What [`receive_message`] or [`receive_messages`] returned of one.
#[derive(Debug)]
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

/// Room for several messages, and what [`receive_messages`] returned of them.
#[derive(Debug)]
pub(super) struct MessageRoom {
    /// Of one message's bytes, and of what comes beside them.
    size: usize,
    control_size: usize,
    /// Never touched before the kernel writes there.
    bytes: Vec<u8>,
    control: Vec<u8>,
    messages: Vec<RawMessage>,
}

impl MessageRoom {
    /// At most [`MESSAGES_MAX`] messages.
    pub(super) fn new(messages: usize, size: usize, control_size: usize) -> Self {
        let messages = messages.min(MESSAGES_MAX);
        Self {
            size,
            control_size,
            bytes: vec![0; messages * size],
            control: vec![0; messages * control_size],
            messages: Vec::with_capacity(messages),
        }
    }

    /// How many one call returns at most.
    pub(super) fn capacity(&self) -> usize {
        self.control.len() / self.control_size
    }

    /// Bytes, what came beside them, and the rest, of each message of the last call.
    pub(super) fn received(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8], &RawMessage)> {
        self.messages.iter().enumerate().map(|(number, message)| {
            let bytes = &self.bytes[number * self.size..][..message.len.min(self.size)];
            let control = &self.control[number * self.control_size..][..message.control_len.min(self.control_size)];
            (bytes, control, message)
        })
    }
}

/// Headers that lie on the stack while a call goes on.
const MESSAGES_MAX: usize = 64;

/// recvmmsg(2). The one that the crate of the other calls has leaves a message without room for what comes beside its
/// bytes once one before it had less.
///
/// # Errors
/// What the call returned, before the first message. What comes later is the next call's to say.
pub(super) fn receive_messages(socket: BorrowedFd<'_>, room: &mut MessageRoom, flags: libc::c_int) -> io::Result<()> {
    room.messages.clear();
    let count = room.capacity();
    let mut names: [SockAddrStorage; MESSAGES_MAX] = std::array::from_fn(|_| SockAddrStorage::zeroed());
    let mut parts = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MESSAGES_MAX];
    // SAFETY: a header of zeros is an empty one.
    #[allow(unsafe_code)]
    let mut headers: [libc::mmsghdr; MESSAGES_MAX] = unsafe { std::mem::zeroed() };
    for number in 0..count {
        let part = &mut parts[number];
        part.iov_base = room.bytes[number * room.size..][..room.size].as_mut_ptr().cast();
        part.iov_len = room.size;
        let control = &mut room.control[number * room.control_size..][..room.control_size];
        let header = &mut headers[number].msg_hdr;
        header.msg_name = (&raw mut names[number]).cast();
        header.msg_namelen = size_of::<SockAddrStorage>() as socklen_t;
        header.msg_iov = &raw mut *part;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control.len() as _;
    }
    // SAFETY: `count` headers were filled in above: names, parts, bytes and control are writable for the lengths beside
    // them, apart from each other, and outlive the call.
    #[allow(unsafe_code)]
    let received = unsafe {
        libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as _, flags as _, std::ptr::null_mut())
    };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    for (libc::mmsghdr { msg_hdr, msg_len }, name) in headers.into_iter().zip(names).take(received) {
        // SAFETY: the kernel wrote an address of the length that it says, or none and a length of 0 over zeros.
        #[allow(unsafe_code)]
        let from = unsafe { SockAddr::new(name, msg_hdr.msg_namelen) };
        let (len, flags, control_len) = (msg_len as usize, msg_hdr.msg_flags, msg_hdr.msg_controllen as _);
        room.messages.push(RawMessage { len, flags, control_len, from });
    }
    Ok(())
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

/// Has a descriptor close at execve(2), and stay open until then (FD_CLOEXEC, fcntl(2)).
///
/// # Errors
/// `EBADF`: no such descriptor is open.
pub(super) fn close_on_exec(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: the call changes a flag and takes any number.
    #[allow(unsafe_code)]
    let result = unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What the system says of an error of getaddrinfo(3) (gai_strerror(3)).
pub(super) fn resolver_message(error: c_int) -> String {
    // SAFETY: the call takes any number, and returns a text that stays where it is.
    #[allow(unsafe_code)]
    unsafe { CStr::from_ptr(libc::gai_strerror(error)) }.to_string_lossy().into_owned()
}

/// Device and inode of what stands behind a descriptor (fstat(2)), which together are those of nothing else: a copy of a
/// socket's descriptor has the same.
///
/// # Errors
/// `EBADF`: no such descriptor is open.
pub(super) fn identity(descriptor: RawFd) -> io::Result<(libc::dev_t, libc::ino_t)> {
    // SAFETY: a status of zeros is one; the call takes any number, and writes no more than a status.
    #[allow(unsafe_code)]
    let (result, status) = unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        (libc::fstat(descriptor, &raw mut status), status)
    };
    if result == 0 { Ok((status.st_dev, status.st_ino)) } else { Err(io::Error::last_os_error()) }
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

/// The number of the interface in a CAN address, 0 for none; `None` for an address of another family.
#[cfg(target_os = "linux")]
pub(super) fn can_interface(address: &SockAddr) -> Option<u32> {
    if i32::from(address.family()) != libc::AF_CAN {
        return None;
    }
    // SAFETY: the storage is as long as any address and aligned for each, and all of its bytes are initialised.
    #[allow(unsafe_code)]
    let address = unsafe { &*address.as_ptr().cast::<libc::sockaddr_can>() };
    u32::try_from(address.can_ifindex).ok()
}

/// A hardware address on an interface, `struct sockaddr_ll` of packet(7).
#[cfg(target_os = "linux")]
pub(super) fn link_address(interface: i32, protocol: u16, hardware: [u8; 6]) -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: as in `can_address`.
    #[allow(unsafe_code)]
    unsafe {
        let address = storage.view_as::<libc::sockaddr_ll>();
        address.sll_family = libc::AF_PACKET as libc::sa_family_t;
        address.sll_protocol = protocol.to_be();
        address.sll_ifindex = interface;
        address.sll_halen = 6;
        address.sll_addr[..6].copy_from_slice(&hardware);
        SockAddr::new(storage, size_of::<libc::sockaddr_ll>() as libc::socklen_t)
    }
}

/// The address as that of a link; `None` for one of another family.
#[cfg(target_os = "linux")]
pub(super) fn link(address: &SockAddr) -> Option<libc::sockaddr_ll> {
    // SAFETY: as in `can_interface`.
    #[allow(unsafe_code)]
    (i32::from(address.family()) == libc::AF_PACKET).then(|| unsafe { *address.as_ptr().cast() })
}
