//! Who has an address already.

use ::core::net::SocketAddr;

use crate::model::{Endpoint, Failure, Hint, Notice, Protocol, SocketOption, SocketOptions, Target, WaitingSocket};
use crate::net;
use crate::store::port_owner::{self, Holder};
use crate::store::socket_table::Place;
use crate::store::{kernel, time_wait, unix_owner};

/// Who holds the address that can't be bound, or what else keeps it.
pub(super) fn hint(endpoint: &Endpoint, options: &SocketOptions) -> Hint {
    if let Some(name) = endpoint.unix_name() {
        return match unix_owner::find(name) {
            Some(Holder::Process(owner)) => Hint::NameHeldBy { owner: Box::new(owner) },
            Some(Holder::Unseen) => Hint::NameHeldByOthers,
            None if name.path().is_some() => Hint::ChooseAnotherPath,
            None => Hint::ChooseAnotherName,
        };
    }
    let Some(place) = place(endpoint, options) else { return Hint::ChooseAnotherPort };
    // It would have been shared, had all sockets on the port this option, and the same user (socket(7)).
    let shares = options.switch(SocketOption::ReusePort) == Some(true);
    match port_owner::find(endpoint.protocol(), options.ip_protocol(), place) {
        Some(Holder::Process(owner)) if shares => return Hint::PortNotShared { owner: Box::new(owner) },
        Some(Holder::Process(owner)) => return Hint::PortHeldBy { owner },
        Some(Holder::Unseen) if shares => return Hint::PortNotSharedByOthers,
        Some(Holder::Unseen) => return Hint::PortHeldByOthers,
        None => {}
    }
    let is_tcp = endpoint.protocol() == Protocol::Tcp;
    let (sockets, more) = if is_tcp { time_wait::find(place) } else { Default::default() };
    if sockets.is_empty() {
        return Hint::ChooseAnotherPort;
    }
    // On Linux it takes SO_REUSEADDR on both sides, ours and that of the sockets which wait; ours is on by default.
    Hint::PortInTimeWait { sockets, more, reuse: options.switch(SocketOption::ReuseAddress) != Some(false) }
}

/// What is told of an address that is waited for: who holds it, or how long it is kept.
pub(in crate::engine) fn waits_for(endpoint: &Endpoint, options: &SocketOptions) -> Notice {
    let (owner, seconds) = match hint(endpoint, options) {
        Hint::PortHeldBy { owner } => (Some(owner), None),
        Hint::PortNotShared { owner } | Hint::NameHeldBy { owner } => (Some(*owner), None),
        Hint::PortInTimeWait { sockets, .. } => (None, sockets.iter().filter_map(|socket| socket.seconds).max()),
        _ => (None, None),
    };
    Notice::WaitingForAddress { owner, seconds }
}

/// The sockets in TIME_WAIT, or on the way there, that are in the way of a listener there, at any address of its name where it has one. Blocks
/// while that is looked up.
///
/// # Errors
/// The name is not found, or the system doesn't tell.
pub(in crate::engine) fn in_time_wait(target: &Target) -> Result<Vec<WaitingSocket>, Failure> {
    let Some(host) = target.endpoint.host() else { return Ok(Vec::new()) };
    let addresses = match net::literal(host) {
        Some(address) => vec![address],
        None => net::lookup(host)?,
    };
    let mut sockets = Vec::new();
    for address in addresses {
        sockets.extend(time_wait::list(place_at(address, &target.options))?);
    }
    Ok(sockets)
}

fn place(endpoint: &Endpoint, options: &SocketOptions) -> Option<Place> {
    Some(place_at(endpoint.host().and_then(net::literal)?, options))
}

/// Where a socket with these options is bound.
fn place_at(address: SocketAddr, options: &SocketOptions) -> Place {
    let v6_only = options.switch(SocketOption::V6Only).unwrap_or_else(kernel::binds_v6_only);
    Place { address, v6_only }
}

/// How many other sockets have the address of this datagram socket too, or may get what is sent to it.
pub(in crate::engine) fn sharing(address: SocketAddr, options: &SocketOptions) -> u64 {
    port_owner::sharing_datagrams(options.ip_protocol(), place_at(address, options)).saturating_sub(1)
}
