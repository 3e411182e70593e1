//! Which network a link-local address is on: it takes the name of an interface, RFC 4007.

use ::core::net::{IpAddr, Ipv6Addr};

use crate::model::{Cause, Endpoint, Failure, Hint, NetworkInterface, Operation, RawAddress, Role, Target};
use crate::net;

/// Looks closer at a failure that comes of a link-local address: of one without a scope, or with one that leads nowhere.
pub(super) fn explain(mut failure: Failure, role: Role, ip: Ipv6Addr, scope: Option<&str>) -> Failure {
    let is_bound = role == Role::Server || failure.operation == Operation::Bind;
    let candidates = || {
        let mut all = net::interfaces().unwrap_or_default();
        all.retain(|interface| could_be_meant(interface, ip, is_bound));
        all.into_iter().map(|interface| format!("{ip}%{}", interface.name)).collect::<Vec<_>>()
    };
    match scope {
        None if super::is_invalid(&failure.cause) => {
            let addresses = candidates();
            // With a scope it would be none of this machine's either.
            let is_nowhere = is_bound && addresses.is_empty() && ip.is_unicast_link_local();
            failure.cause = if is_nowhere { Cause::AddressNotAvailable } else { Cause::NoScope };
            failure.hint = if is_nowhere { Some(Hint::CheckTheAddress) } else { Some(Hint::AddAScope { addresses }) };
        }
        // No resolver knows an interface that isn't there.
        Some(_) if matches!(failure.cause, Cause::NoSuchHost | Cause::NoSuchDevice) => {
            failure.cause = Cause::NoSuchDevice;
            failure.hint = Some(match candidates() {
                none if none.is_empty() => Hint::CheckTheInterface,
                addresses => Hint::AddAScope { addresses },
            });
        }
        Some(_) if is_bound && failure.cause == Cause::AddressNotAvailable => {
            let addresses = candidates();
            failure.hint = (!addresses.is_empty()).then_some(Hint::AddAScope { addresses });
        }
        _ => {}
    }
    failure
}

/// Unicast or multicast, it is to be found on any network that this machine is in (RFC 4291).
pub(super) fn is_link_local(ip: Ipv6Addr) -> bool {
    ip.is_unicast_link_local() || ip.segments()[0] & 0xff0f == 0xff02
}

/// Where the address is this machine's, if it is to be bound; else where others can have it.
fn could_be_meant(interface: &NetworkInterface, ip: Ipv6Addr, is_bound: bool) -> bool {
    let has_it = interface.addresses.iter().any(|at| at.address == IpAddr::V6(ip));
    interface.is_up
        && match (ip.is_multicast(), is_bound) {
            (true, true) => true,
            (true, false) => interface.has_multicast,
            (false, true) => has_it,
            // Nobody else is behind the loopback.
            (false, false) => !interface.is_loopback,
        }
}

/// The failure with an interface's name where its subject has the interface's number for a scope.
pub(super) fn named(failure: Failure) -> Failure {
    match failure.subject.parse::<Target>() {
        Ok(target) if target.endpoint.host().is_some_and(|address| address.host.contains('%')) => {
            Failure { subject: Target { endpoint: named_endpoint(target.endpoint), ..target }.to_string(), ..failure }
        }
        _ => failure,
    }
}

/// The endpoint with an interface's name where it has the interface's number for a scope.
pub(in crate::engine) fn named_endpoint(endpoint: Endpoint) -> Endpoint {
    match endpoint {
        Endpoint::Tcp(address) => Endpoint::Tcp(net::with_named_scope(address)),
        Endpoint::Udp(address) => Endpoint::Udp(net::with_named_scope(address)),
        Endpoint::Raw(address) => {
            let host = net::with_named_scope(address.host().clone()).host;
            Endpoint::Raw(RawAddress::new(host, address.protocol))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InterfaceAddress;

    fn interface(is_loopback: bool, addresses: &[&str]) -> NetworkInterface {
        let at = |text: &&str| InterfaceAddress { address: text.parse().unwrap(), prefix: 64, broadcast: None };
        NetworkInterface {
            name: "d0".to_owned(),
            index: 7,
            is_up: true,
            is_loopback,
            has_multicast: !is_loopback,
            addresses: addresses.iter().map(at).collect(),
        }
    }

    #[test]
    fn an_interface_is_told_by_its_name_whatever_the_transport() {
        let number = nix::net::if_::if_nametoindex("lo").unwrap();
        for endpoint in ["tcp://[fe80::9%lo]:7", "udp://[fe80::9%lo]:7", "raw://[fe80::9%lo]?proto=253"] {
            let numbered: Target = endpoint.replace("%lo", &format!("%{number}")).parse().unwrap();
            assert_eq!(named_endpoint(numbered.endpoint).to_string(), endpoint);
        }
    }

    #[test]
    fn only_interfaces_that_can_have_the_address_are_meant() {
        let (loopback, ours) = (interface(true, &["::1"]), interface(false, &["fe80::9", "10.0.0.1"]));
        let (nine, one, group) = ("fe80::9".parse().unwrap(), "fe80::1".parse().unwrap(), "ff02::1".parse().unwrap());
        for (interface, ip, is_bound, expected) in [
            (&ours, nine, true, true),
            (&ours, one, true, false),
            (&ours, one, false, true),
            (&ours, group, true, true),
            (&ours, group, false, true),
            (&loopback, nine, true, false),
            (&loopback, one, false, false),
            (&loopback, group, true, true),
            (&loopback, group, false, false),
        ] {
            let found = could_be_meant(interface, ip, is_bound);
            assert_eq!(found, expected, "{ip} {is_bound} {}", interface.is_loopback);
        }
        assert!(!could_be_meant(&NetworkInterface { is_up: false, ..ours }, nine, true));
    }
}
