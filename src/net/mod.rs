//! Sockets: the only place that names `std::net`'s sockets, `std::os::unix::net` or `socket2`.
//!
//! One file a transport, behind two seams: a [`Listener`] that yields [`Stream`]s, and a [`DatagramSocket`]; which one it
//! is, [`listen`] and [`connect`] know. Calls block; a [`Wake`] or
//! [`Stream::interrupt`] ends them from another thread. Which thread that is, `net` never knows.

mod address;
mod adopt;
mod ancillary;
mod batch;
mod can;
mod connecting;
mod datagram;
mod error_queue;
mod inspect;
mod interfaces;
mod limits;
mod listener;
mod multicast;
mod options;
mod own_address;
mod packet;
mod race;
mod raw;
mod rds;
mod reach;
mod resolve;
mod socket_kind;
mod stream;
mod sys;
mod tcp;
mod tcp_info;
mod transport;
mod udp;
mod unix;
mod unix_datagram;
mod unix_message;
mod vsock;
mod wake;

pub use adopt::{inherited, is_standard_input, keep_inherited, number_of, passed_names};
pub use batch::DatagramBatch;
pub use datagram::{DatagramSocket, MayWait, ReceivedDatagram};
pub use error_queue::Undelivered;
pub use inspect::OpenSocket;
pub use interfaces::interfaces;
pub use limits::{raise_descriptor_limit, tcp_ports_are_used_up};
pub use listener::{Accepted, Listener};
pub use own_address::OwnAddress;
pub use reach::Reach;
pub use resolve::{LocalAddress, as_shown, literal, lookup, with_named_scope};
pub use stream::{ReceivedPiece, Stream};
pub use transport::{Attempt, ConnectEnd, Listening, connect, listen, probe};
pub use unix::answers as unix_answers;
pub use unix_message::Rights;
pub use vsock::owns as vsock_owns;
pub use wake::Wake;

#[cfg(test)]
pub(crate) use can::bus as can_bus;
