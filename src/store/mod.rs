//! Files: the only place that opens any.
//!
//! Nothing here starts a thread; every call blocks for as long as the file system does.

pub mod capture;
pub mod descriptor;
pub mod ephemeral_ports;
pub mod home;
pub mod identity;
pub mod inbox;
pub mod journal;
pub mod kernel;
pub mod missing;
pub mod past_transfers;
pub mod port_owner;
pub mod process;
pub mod sent_log;
pub mod settings;
pub mod site;
pub mod socket_file;
pub mod socket_table;
pub mod source;
pub mod temporary;
pub mod time_wait;
pub mod tree;
pub mod unix_owner;

mod advice;
mod destination;
mod folder;
mod outlet;
mod own_file;
mod prefix_log;
mod replacement;
