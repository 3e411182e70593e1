//! Socket options, set before bind and connect.

use std::io;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::Socket;

use crate::model::{SocketOption, SocketOptions};

/// What every socket gets. Asking the kernel for receive times can fail on exotic families: times are then unknown.
pub(super) fn apply_common(socket: &Socket, options: &SocketOptions) -> io::Result<()> {
    if let Some(size) = options.number(SocketOption::ReceiveBuffer) {
        set_receive_buffer(socket, size)?;
    }
    if let Some(size) = options.number(SocketOption::SendBuffer) {
        socket.set_send_buffer_size(size as usize)?;
    }
    if let Some(on) = options.switch(SocketOption::KeepAlive) {
        socket.set_keepalive(on)?;
    }
    if let Some(on) = options.switch(SocketOption::Broadcast) {
        socket.set_broadcast(on)?;
    }
    ask_for_receive_times(socket);
    Ok(())
}

/// SO_RCVBUFFORCE goes past `net.core.rmem_max` where the rights are there (CAP_NET_ADMIN); SO_RCVBUF otherwise.
fn set_receive_buffer(socket: &Socket, size: u32) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if setsockopt(socket, sockopt::RcvBufForce, &(size as usize)).is_ok() {
        return Ok(());
    }
    socket.set_recv_buffer_size(size as usize)
}

/// SO_TIMESTAMPNS, socket(7).
pub(super) fn ask_for_receive_times(socket: &Socket) {
    #[cfg(target_os = "linux")]
    if let Err(error) = setsockopt(socket, sockopt::ReceiveTimestampns, &true) {
        tracing::debug!(%error, "no SO_TIMESTAMPNS");
    }
}

/// For streams over TCP, before bind or connect; an accepted stream inherits what its listener has set.
pub(super) fn apply_tcp(socket: &Socket, options: &SocketOptions) -> io::Result<()> {
    socket.set_tcp_nodelay(options.switch(SocketOption::NoDelay).unwrap_or(true))
}

/// For datagrams: has the kernel report what it dropped (SO_RXQ_OVFL, socket(7)).
pub(super) fn ask_for_drops(socket: &Socket) {
    #[cfg(target_os = "linux")]
    if let Err(error) = setsockopt(socket, sockopt::RxqOvfl, &1) {
        tracing::debug!(%error, "no SO_RXQ_OVFL");
    }
}

/// SO_REUSEADDR, before bind; `default` where the user leaves it open.
pub(super) fn apply_reuse(socket: &Socket, options: &SocketOptions, default: bool) -> io::Result<()> {
    socket.set_reuse_address(options.switch(SocketOption::ReuseAddress).unwrap_or(default))
}

/// listen(2) with the queue's length.
pub(super) fn listen(socket: &Socket, options: &SocketOptions) -> io::Result<()> {
    let backlog = options.number(SocketOption::Backlog).unwrap_or(BACKLOG);
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))
}

/// std's 128 made a thousand quick connects take seconds of SYN retries; the kernel caps this at `net.core.somaxconn`.
const BACKLOG: u32 = 4096;
