//! Sockets: the only place that names `std::net`'s sockets, `std::os::unix::net` or `socket2`.
//!
//! One file a transport, behind two seams: a [`Listener`] that yields [`Stream`]s, and a [`DatagramSocket`]. Calls block;
//! a [`Wake`] or [`Stream::interrupt`] ends them from another thread. Which thread that is, `net` never knows.

mod datagram;
mod limits;
mod listener;
mod options;
mod race;
mod resolve;
mod stream;
mod sys;
mod tcp;
mod udp;
mod unix;
mod wake;

pub use datagram::{DatagramSocket, ReceivedDatagram};
pub use limits::raise_descriptor_limit;
pub use listener::{Accepted, Listener};
pub use race::{RaceEnd, connect_first};
pub use resolve::{LocalAddress, literal, lookup};
pub use stream::{ReceivedPiece, Stream};
pub use udp::{bind as bind_udp, open_client as open_udp_client};
pub use unix::{accepts as unix_accepts, connect as connect_unix, listen as listen_unix};
pub use wake::Wake;

pub use tcp::listen as listen_tcp;
