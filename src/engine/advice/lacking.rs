//! What the system lacks for a socket, or this user the right to, and what would bring it.

use ::core::net::{IpAddr, Ipv6Addr};

use super::vsock;
use crate::model::{Cause, Endpoint, Facility, Failure, Hint, IpProtocol, Operation, Protocol, Role, SocketOptions};
use crate::net;
use crate::store::kernel::{self, WithoutIpv6};

/// The lowest port of vsock that is free for all: no setting moves it.
const VSOCK_UNPRIVILEGED: u16 = 1024;

/// Why there is no such socket, or not at this port, as far as can be told without opening one there; `None` where there
/// is.
pub(in crate::engine) fn probe(facility: &Facility) -> Option<Failure> {
    if let Err(failure) = net::probe(facility) {
        let hint = failure.hint.clone().or_else(|| missing(facility.protocol, facility.carried, &failure.cause));
        return Some(Failure { hint, ..failure });
    }
    let fail =
        |operation, cause, hint| Some(Failure::new(operation, facility.protocol.scheme(), cause).with_hint(hint));
    if facility.ipv6.is_some_and(|address| is_ipv6_off_for(facility.role, address)) {
        return fail(Operation::Open, Cause::AddressNotAvailable, Hint::Ipv6IsOff);
    }
    if let Some(hint) = facility.machine.and_then(|machine| vsock::module(facility.role, machine)) {
        return fail(Operation::Open, Cause::NoTransport, hint);
    }
    let lowest = lowest_above(facility.protocol, facility.carried, facility.port?)?;
    if kernel::may_bind_every_port() {
        return None;
    }
    fail(Operation::Bind, Cause::PermissionDenied, Hint::PortNeedsRight { lowest })
}

/// The lowest port that is free for all, where this one takes a right.
fn lowest_above(protocol: Protocol, carried: Option<IpProtocol>, port: u32) -> Option<u16> {
    let lowest = match protocol {
        // A ping's port is its identifier, which anybody chooses.
        Protocol::Udp if matches!(carried, Some(IpProtocol::ICMP | IpProtocol::ICMP_V6)) => return None,
        Protocol::Tcp | Protocol::Udp => kernel::lowest_unprivileged_port(),
        Protocol::Vsock => VSOCK_UNPRIVILEGED,
        _ => return None,
    };
    (1..u32::from(lowest)).contains(&port).then_some(lowest)
}

/// What would bring a kind of socket that can't be opened. `carried` is the protocol above IP that was asked for.
pub(super) fn missing(protocol: Protocol, carried: Option<IpProtocol>, cause: &Cause) -> Option<Hint> {
    let module = |module: &str| Hint::LoadModule { module: module.to_owned() };
    Some(match (cause, protocol) {
        (Cause::ProtocolMissing, Protocol::Tcp) => match carried {
            Some(IpProtocol::MPTCP) if kernel::mptcp_is_off() => change("net.mptcp.enabled=1"),
            Some(IpProtocol::SCTP) => module("sctp"),
            _ => Hint::StreamProtocols,
        },
        (Cause::ProtocolMissing, Protocol::Udp) => Hint::DatagramProtocols,
        (Cause::AddressFamilyMissing, _) => match protocol.kernel_module() {
            Some(name) => module(name),
            None if protocol.is_over_ip() => without(kernel::without_ipv6()),
            None => return None,
        },
        (Cause::PermissionDenied, Protocol::Raw | Protocol::Packet) => Hint::NeedsRawRight,
        // A socket for pings, of IPv6 too, takes no right but that of the user's group, icmp(7).
        (Cause::PermissionDenied, Protocol::Udp) if matches!(carried, Some(IpProtocol::ICMP | IpProtocol::ICMP_V6)) => {
            change("net.ipv4.ping_group_range=\"0 2147483647\"")
        }
        (Cause::PermissionDenied, _) => Hint::AskTheAdministrator,
        _ => return None,
    })
}

/// What would bring sockets of an address family that the system refuses. No kernel is without IPv4's; that IPv6 is there and
/// refused is a rule for this program, such as systemd's `RestrictAddressFamilies`.
fn without(ipv6: Option<WithoutIpv6>) -> Hint {
    match ipv6 {
        Some(WithoutIpv6::NotLoaded) => Hint::LoadIpv6,
        Some(WithoutIpv6::Disabled) => Hint::Ipv6IsDisabled,
        None => Hint::ChooseAnotherFamily,
    }
}

fn change(setting: &str) -> Hint {
    Hint::ChangeKernelSetting { setting: setting.to_owned() }
}

/// Which right is missing for a call that was denied.
pub(super) fn right(operation: Operation, endpoint: &Endpoint, options: &SocketOptions) -> Hint {
    let privileged = |port| lowest_above(endpoint.protocol(), options.ip_protocol(), port);
    match operation {
        Operation::Bind if let Some(lowest) = endpoint.restricted_port().and_then(privileged) => {
            return Hint::PortNeedsRight { lowest };
        }
        Operation::Open if !endpoint.protocol().is_unix() => {
            let missing = missing(endpoint.protocol(), options.ip_protocol(), &Cause::PermissionDenied);
            return missing.unwrap_or(Hint::AskTheAdministrator);
        }
        _ => {}
    }
    let concerns_a_socket = matches!(
        operation,
        Operation::Open
            | Operation::Bind
            | Operation::Listen
            | Operation::Accept
            | Operation::Connect
            | Operation::Send
            | Operation::Receive
    );
    let has_a_file = endpoint.protocol().is_unix() || !concerns_a_socket;
    if has_a_file { Hint::CheckRights } else { Hint::AskTheAdministrator }
}

/// Whether IPv6 is switched off for a socket of this side; [`Ipv6Addr::UNSPECIFIED`] can be listened on all the same.
fn is_ipv6_off_for(role: Role, address: Ipv6Addr) -> bool {
    !(role == Role::Server && address.is_unspecified()) && is_ipv6_off(address.into())
}

/// Whether this is an address of IPv6, and that is switched off.
pub(super) fn is_ipv6_off(address: IpAddr) -> bool {
    match address {
        IpAddr::V6(address) => address.to_ipv4_mapped().is_none() && kernel::ipv6_is_off(address),
        IpAddr::V4(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_the_kernel_from_having_ipv6_is_named() {
        assert_eq!(without(Some(WithoutIpv6::NotLoaded)), Hint::LoadIpv6);
        assert_eq!(without(Some(WithoutIpv6::Disabled)), Hint::Ipv6IsDisabled);
        assert_eq!(without(None), Hint::ChooseAnotherFamily);
        for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Raw] {
            let hint = missing(protocol, None, &Cause::AddressFamilyMissing);
            assert_eq!(hint, Some(without(kernel::without_ipv6())), "{protocol:?}");
        }
        assert_ne!(missing(Protocol::Vsock, None, &Cause::AddressFamilyMissing), Some(Hint::ChooseAnotherFamily));
    }

    #[test]
    fn one_setting_says_who_may_have_a_socket_for_pings() {
        let hint = |carried| missing(Protocol::Udp, Some(carried), &Cause::PermissionDenied);
        let range = Some(change("net.ipv4.ping_group_range=\"0 2147483647\""));
        assert_eq!([hint(IpProtocol::ICMP), hint(IpProtocol::ICMP_V6)], [range.clone(), range]);
        assert_eq!(hint(IpProtocol::UDP_LITE), Some(Hint::AskTheAdministrator));
    }

    #[test]
    fn ports_take_a_right_where_the_kernel_asks_for_one() {
        let lowest = kernel::lowest_unprivileged_port();
        let below = u32::from(lowest).saturating_sub(1);
        for (protocol, carried, port, expected) in [
            (Protocol::Tcp, None, below, Some(lowest).filter(|_| below > 0)),
            (Protocol::Udp, Some(IpProtocol::UDP_LITE), below, Some(lowest).filter(|_| below > 0)),
            (Protocol::Udp, Some(IpProtocol::ICMP), below, None),
            (Protocol::Tcp, None, lowest.into(), None),
            (Protocol::Vsock, None, 1023, Some(1024)),
            (Protocol::Vsock, None, 1024, None),
            (Protocol::Rds, None, 7, None),
        ] {
            assert_eq!(lowest_above(protocol, carried, port), expected, "{protocol:?} {carried:?} {port}");
        }
    }
}
