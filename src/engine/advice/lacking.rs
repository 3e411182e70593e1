//! What the system lacks for a socket, or this user the right to, and what would bring it.

use ::core::net::{IpAddr, Ipv6Addr};

use super::vsock;
use crate::model::{Cause, Endpoint, Facility, Failure, Hint, IpProtocol, Operation, Protocol, Role, SocketOptions};
use crate::net;
use crate::store::kernel;

/// The lowest port of vsock that is free for all: no setting moves it.
const VSOCK_UNPRIVILEGED: u16 = 1024;

/// Why there is no such socket, as far as can be told without an address; `None` where there is.
pub(in crate::engine) fn probe(facility: &Facility) -> Option<Failure> {
    if let Err(failure) = net::probe(facility) {
        let hint = failure.hint.clone().or_else(|| missing(facility.protocol, facility.carried, &failure.cause));
        return Some(Failure { hint, ..failure });
    }
    if facility.ipv6.is_some_and(|address| is_ipv6_off_for(facility.role, address)) {
        let failure = Failure::new(Operation::Open, facility.protocol.scheme(), Cause::AddressNotAvailable);
        return Some(failure.with_hint(Hint::Ipv6IsOff));
    }
    let hint = vsock::module(facility.role, facility.machine?)?;
    Some(Failure::new(Operation::Open, facility.protocol.scheme(), Cause::NoTransport).with_hint(hint))
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
            None if protocol.is_over_ip() => Hint::ChooseAnotherFamily,
            None => return None,
        },
        (Cause::PermissionDenied, Protocol::Raw | Protocol::Packet) => Hint::NeedsRawRight,
        // A socket for pings takes no right but that of the user's group, icmp(7).
        (Cause::PermissionDenied, Protocol::Udp) if carried == Some(IpProtocol::ICMP) => {
            change("net.ipv4.ping_group_range=\"0 2147483647\"")
        }
        (Cause::PermissionDenied, _) => Hint::AskTheAdministrator,
        _ => return None,
    })
}

fn change(setting: &str) -> Hint {
    Hint::ChangeKernelSetting { setting: setting.to_owned() }
}

/// Which right is missing for a call that was denied.
pub(super) fn right(operation: Operation, endpoint: &Endpoint, options: &SocketOptions) -> Hint {
    match (operation, endpoint) {
        (Operation::Bind, Endpoint::Tcp(address) | Endpoint::Udp(address)) => {
            let lowest = kernel::lowest_unprivileged_port();
            if (1..lowest).contains(&address.port) {
                return Hint::PortNeedsRight { lowest };
            }
        }
        (Operation::Bind, Endpoint::Vsock(address)) if address.port < u32::from(VSOCK_UNPRIVILEGED) => {
            return Hint::PortNeedsRight { lowest: VSOCK_UNPRIVILEGED };
        }
        (Operation::Open, _) if !endpoint.protocol().is_unix() => {
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
