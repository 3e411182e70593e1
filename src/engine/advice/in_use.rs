//! Who has an address already.

use crate::model::{Endpoint, Hint, Protocol, SocketOption, SocketOptions};
use crate::net;
use crate::store::port_owner::{self, Holder};
use crate::store::socket_table::Place;
use crate::store::{kernel, time_wait};

/// Who holds the address that can't be bound, or what else keeps it.
pub(super) fn hint(endpoint: &Endpoint, options: &SocketOptions) -> Hint {
    if let Some(name) = endpoint.unix_name() {
        return if name.path().is_some() { Hint::ChooseAnotherPath } else { Hint::ChooseAnotherName };
    }
    let Some(address) = endpoint.host().and_then(net::literal) else { return Hint::ChooseAnotherPort };
    let v6_only = options.switch(SocketOption::V6Only).unwrap_or_else(kernel::binds_v6_only);
    let place = Place { address, v6_only };
    match port_owner::find(endpoint.protocol(), place) {
        Some(Holder::Process(owner)) => return Hint::PortHeldBy { owner },
        Some(Holder::Unseen) => return Hint::PortHeldByOthers,
        None => {}
    }
    let sockets = if endpoint.protocol() == Protocol::Tcp { time_wait::find(place) } else { Box::default() };
    if sockets.is_empty() {
        return Hint::ChooseAnotherPort;
    }
    // On Linux it takes SO_REUSEADDR on both sides, ours and that of the sockets which wait; ours is on by default.
    Hint::PortInTimeWait { sockets, reuse: options.switch(SocketOption::ReuseAddress) != Some(false) }
}
