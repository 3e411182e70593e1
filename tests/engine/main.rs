//! The engine over real sockets of this machine, without a face.

mod files;
mod harness;
mod inspect;
mod journal;
mod options;
mod stream;
mod trouble;
mod udp;
mod unix;
