//! The engine over real sockets of this machine, without a face.

#[path = "../support/mod.rs"]
mod support;

mod adopted;
mod browser;
mod comes_back;
mod counting;
mod families;
mod files;
mod groups;
mod hand;
mod harness;
mod held_up;
mod inspect;
mod journal;
mod link_local;
mod options;
mod options_live;
mod options_of_families;
mod options_of_mptcp;
mod packet;
mod resolving;
mod splitting;
mod stream;
mod trouble;
mod udp;
mod udp_names;
mod udp_shapes;
mod unix;
mod unix_datagram;
mod unix_seqpacket;
mod verified_broken_off;
mod verified_by_hand;
mod verified_cancels;
mod verified_changes;
mod verified_deadlines;
mod verified_files;
mod verified_large;
mod verified_lost_commit;
mod verified_queue;
