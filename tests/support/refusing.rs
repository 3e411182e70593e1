use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Socket, Type};

/// A TCP address that refuses: it is bound, so that nobody else gets its port, and does not listen.
pub(crate) fn refusing_tcp() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
    (socket, address)
}

/// A UDP address that refuses: it is bound, so that nobody else gets its port, and connected, so that it takes nothing from
/// anybody but itself.
pub(crate) fn refusing_udp() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address");
    socket.connect(address).expect("its own address");
    (socket, address)
}
