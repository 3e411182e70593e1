//! By which interface to send to those whom no route leads to, see ip(7).

use ::core::net::{IpAddr, Ipv4Addr};

use crate::model::{Endpoint, Hint, NetworkInterface, SocketOption};
use crate::net;

/// Which option would name the way to a group, or to all machines of the network that this one is in; `None` where the
/// address is of one machine, or the socket has no such option.
pub(super) fn hint(endpoint: &Endpoint) -> Option<Hint> {
    let option = option_for(endpoint.host()?.literal()?)?;
    if !option.applies_to(endpoint.protocol()) {
        return None;
    }
    let mut all = net::interfaces().unwrap_or_default();
    all.retain(|interface| leads(interface, option));
    // Only this machine is behind the loopback.
    all.sort_by_key(|interface| interface.is_loopback);
    let names = all.into_iter().map(|interface| interface.name).collect();
    Some(Hint::NameTheWay { to_all: option == SocketOption::Device, names })
}

fn option_for(address: IpAddr) -> Option<SocketOption> {
    match address.to_canonical() {
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some(SocketOption::Device),
        group if group.is_multicast() => Some(SocketOption::MulticastInterface),
        _ => None,
    }
}

/// The loopback interface takes datagrams to groups where it is named, whatever its flags say.
fn leads(interface: &NetworkInterface, option: SocketOption) -> bool {
    let takes = match option {
        SocketOption::MulticastInterface => interface.has_multicast || interface.is_loopback,
        _ => !interface.is_loopback,
    };
    interface.is_up && takes
}
