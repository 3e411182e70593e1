//! Datagrams, flat out or at a rate, many a call.

use std::io::IoSlice;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, sendmmsg};

use super::long::PAYLOAD;
use super::support::Measured;

/// Datagrams a call, flat out.
const BATCH: usize = 64;
/// Calls a second, at a rate.
const TICKS: u64 = 1000;

/// Sends `count` datagrams of [`PAYLOAD`] bytes to a port of 127.0.0.1, as fast as the system takes them or `rate` of them
/// a second, until told to stop. Returns how many it took, and the time.
pub(crate) fn send(port: u16, count: u64, rate: Option<u64>, stop: &AtomicBool) -> Measured<(u64, Duration)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", port))?;
    let payload = [b'7'; PAYLOAD];
    let slices = [[IoSlice::new(&payload)]; BATCH];
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let nobody = [None; BATCH];
    let begun = Instant::now();
    let mut sent: u64 = 0;
    while sent < count && !stop.load(Ordering::Relaxed) {
        let due = match rate {
            None => count,
            Some(rate) => {
                // What is behind is caught up on.
                let tick = begun.elapsed().as_millis() as u64 + 1;
                std::thread::sleep((begun + Duration::from_millis(tick)).saturating_duration_since(Instant::now()));
                count.min(tick * rate / TICKS)
            }
        };
        while sent < due {
            let batch = BATCH.min(usize::try_from(due - sent)?);
            let flags = MsgFlags::empty();
            let taken =
                sendmmsg(socket.as_raw_fd(), &mut headers, &slices[..batch], &nobody[..batch], [], flags)?.count();
            sent += taken as u64;
        }
    }
    Ok((sent, begun.elapsed()))
}

/// What the system says of a UDP socket of 127.0.0.1: bytes that wait in it, and datagrams that it dropped (proc(5)).
pub(crate) fn state_of(port: u16) -> Option<(u64, u64)> {
    let table = std::fs::read_to_string("/proc/net/udp").ok()?;
    let local = format!("0100007F:{port:04X}");
    let line = table.lines().find(|line| line.split_ascii_whitespace().nth(1) == Some(local.as_str()))?;
    let mut fields = line.split_ascii_whitespace();
    let waiting = u64::from_str_radix(fields.nth(4)?.split_once(':')?.1, 16).ok()?;
    Some((waiting, fields.last()?.parse().ok()?))
}
