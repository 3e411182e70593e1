use std::net::TcpListener;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::tools::kernel_has;

/// Whether this machine has IPv6.
pub(crate) fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

/// Whether the kernel opens such sockets.
pub(crate) fn exists(family: i32, kind: Type, protocol: i32) -> bool {
    Socket::new(Domain::from(family), kind, Some(Protocol::from(protocol))).is_ok()
}

/// Whether this machine reaches itself over vsock, which takes the kernel module vsock_loopback. The test's own sockets
/// find out.
pub(crate) fn has_vsock_loopback() -> bool {
    const ANY: u32 = u32::MAX;
    const LOCAL: u32 = 1;
    let connected = || {
        let [listener, client] = [(); 2].map(|()| Socket::new(Domain::VSOCK, Type::STREAM, None));
        let (listener, client) = (listener?, client?);
        listener.bind(&SockAddr::vsock(ANY, ANY))?;
        listener.listen(1)?;
        let (_, port) = listener.local_addr()?.as_vsock_address().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        client.connect_timeout(&SockAddr::vsock(LOCAL, port), Duration::from_secs(1))
    };
    kernel_has(connected().is_ok(), "loopback of vsock, so nothing crosses")
}
