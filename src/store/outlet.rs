//! What a program reads from while it is written to: a pipe, a device, this program's standard output.

#[cfg(not(unix))]
#[path = "outlet/other.rs"]
mod system;
#[cfg(unix)]
#[path = "outlet/unix.rs"]
mod system;

pub(super) use system::Outlet;
