//! What the outside tests share: processes with deadlines, tools that may be missing, peers, files, lent sockets.

#![allow(dead_code, unused_imports, reason = "each test crate uses its own part")]

mod capture;
mod files;
mod kernel;
mod lent;
mod namespace;
mod process;
mod prompt;
mod python;
mod refusing;
mod rights;
mod sockeye;
mod tools;
mod written;

pub(crate) use capture::{BEGIN, Recording, expect_sound, fields, followed, rows_of, wireshark};
pub(crate) use files::{folder, listing, noise, write};
pub(crate) use kernel::{exists, has_ipv6, has_vsock_loopback};
pub(crate) use lent::{Calls, bus, can_lend, connected, heard, lending, listening};
pub(crate) use namespace::{in_own_network, ip, mptcp_count, put_over, set_up, tcp_count, without_names};
pub(crate) use process::{Finished, PATIENCE, Process};
pub(crate) use prompt::within_a_second;
pub(crate) use python::{Tutorial, port_of, tutorial, within_the_pause};
pub(crate) use refusing::{refusing_tcp, refusing_udp};
pub(crate) use rights::{lacking_right, without_right};
pub(crate) use sockeye::{Run, Sockeye, ask, run, sockeye};
pub(crate) use tools::{kernel_has, require, require_tool};
pub(crate) use written::{Written, code, patient, within_the_wait};
