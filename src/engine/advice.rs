//! What a user can do about a failure, where that is known.

use ::core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;

use crate::model::{Cause, Endpoint, Failure, Hint, HostPort, Operation, Protocol, SocketOption, Target, UnixName};
use crate::net;
use crate::store::{ephemeral_ports, port_owner, socket_file, time_wait};

/// Adds a hint to a failure of opening `target`, and looks closer where the system's error says too little.
pub(super) fn explain(mut failure: Failure, target: &Target) -> Failure {
    let endpoint = &target.endpoint;
    if let Some(path) = endpoint.unix_name().and_then(UnixName::path) {
        match (&failure.cause, socket_file::is_socket(path)) {
            (Cause::Refused, Some(true)) => failure.cause = Cause::StaleSocket,
            (Cause::Refused | Cause::AddressInUse, Some(false)) => failure.cause = Cause::NotASocket,
            _ => {}
        }
    }
    let failure = match endpoint.host().filter(|_| endpoint.protocol().is_over_ip()) {
        Some(address) => explain_port(explain_address(failure, address)),
        None => failure,
    };
    let hint = failure.hint.clone().or_else(|| hint(&failure, target));
    Failure { hint, ..failure }
}

/// Looks closer at a failure that comes of an address: of IPv6 without its network, or that all machines of a network
/// hear.
pub(super) fn explain_address(mut failure: Failure, address: &HostPort) -> Failure {
    let (host, scope) = address.host.split_once('%').map_or((address.host.as_str(), None), |(h, s)| (h, Some(s)));
    match host.parse() {
        Ok(IpAddr::V6(ip)) if is_link_local(ip) => {
            let unscoped = scope.is_none() && is_invalid(&failure.cause);
            // No resolver knows an interface that isn't there.
            let unknown = scope.is_some() && failure.cause == Cause::NoSuchHost;
            if unscoped || unknown {
                failure.cause = if unscoped { Cause::NoScope } else { Cause::NoSuchDevice };
                failure.hint = add_a_scope(ip);
            }
        }
        Ok(IpAddr::V4(ip)) if failure.cause == Cause::PermissionDenied && is_broadcast(ip) => {
            failure.hint = Some(Hint::AllowBroadcast);
        }
        _ => {}
    }
    failure
}

/// Looks closer at a failure that comes of the port that the system was to choose.
fn explain_port(mut failure: Failure) -> Failure {
    let Ok(endpoint) = failure.subject.parse::<Endpoint>() else { return failure };
    let Some(address) = endpoint.host().and_then(net::literal) else { return failure };
    let is_used_up = match (failure.operation, &failure.cause) {
        // With SO_REUSEADDR another may have come to listen in between.
        (Operation::Bind | Operation::Listen, Cause::AddressInUse) => address.port() == 0,
        (Operation::Connect, Cause::AddressNotAvailable) if endpoint.protocol() == Protocol::Tcp => {
            net::tcp_ports_are_used_up(address)
        }
        _ => false,
    };
    if is_used_up {
        failure.cause = Cause::EphemeralPortsUsedUp;
        failure.hint = ephemeral_ports::range().map(|range| {
            let waiting = if endpoint.protocol() == Protocol::Tcp { time_wait::ports_in(&range) } else { 0 };
            Hint::WidenThePortRange { first: *range.start(), last: *range.end(), waiting }
        });
    }
    failure
}

/// Unicast or multicast, it is to be found on any network that this machine is in (RFC 4291).
fn is_link_local(ip: Ipv6Addr) -> bool {
    ip.is_unicast_link_local() || ip.segments()[0] & 0xff0f == 0xff02
}

/// What the system says to a link-local address without a scope: it depends on the call and on the routes.
fn is_invalid(cause: &Cause) -> bool {
    const EINVAL: i32 = nix::errno::Errno::EINVAL as i32;
    matches!(cause, Cause::Other { errno: Some(EINVAL), .. } | Cause::NetworkUnreachable | Cause::AddressNotAvailable)
}

fn add_a_scope(ip: Ipv6Addr) -> Option<Hint> {
    let mut all = net::interfaces().unwrap_or_default();
    all.retain(|interface| interface.is_up);
    // A network of others is more likely what is meant.
    all.sort_by_key(|interface| interface.is_loopback);
    let addresses: Vec<_> = all.into_iter().map(|interface| format!("{ip}%{}", interface.name)).collect();
    (!addresses.is_empty()).then_some(Hint::AddAScope { addresses })
}

fn is_broadcast(ip: Ipv4Addr) -> bool {
    let all = net::interfaces().unwrap_or_default();
    ip.is_broadcast() || all.iter().flat_map(|interface| &interface.addresses).any(|at| at.broadcast == Some(ip))
}

fn hint(failure: &Failure, target: &Target) -> Option<Hint> {
    let endpoint = &target.endpoint;
    Some(match failure.cause {
        Cause::AddressInUse => in_use(target),
        Cause::Refused | Cause::StaleSocket => Hint::StartTheServer,
        Cause::SelfConnect => Hint::ChooseAnotherPort,
        Cause::NotASocket => Hint::RemoveTheFile,
        Cause::OtherSocketType => Hint::ChooseAnotherProtocol,
        Cause::NoSuchHost => Hint::CheckTheName,
        Cause::AddressNotAvailable | Cause::HostUnreachable | Cause::NetworkUnreachable | Cause::TimedOut => {
            Hint::CheckTheAddress
        }
        Cause::PermissionDenied => match endpoint {
            Endpoint::Tcp(address) | Endpoint::Udp(address)
                if failure.operation == Operation::Bind && (1..1024).contains(&address.port) =>
            {
                Hint::PortsBelow1024NeedRights
            }
            _ if failure.operation == Operation::Open => {
                missing(endpoint.protocol(), &failure.cause).unwrap_or(Hint::CheckRights)
            }
            _ => Hint::CheckRights,
        },
        Cause::AddressFamilyMissing => return missing(endpoint.protocol(), &failure.cause),
        Cause::NoSuchDevice => match endpoint {
            Endpoint::Can(_) | Endpoint::CanBroadcast(_) => Hint::CheckTheInterface,
            _ => return None,
        },
        Cause::PathTooLong => Hint::ShortenThePath,
        Cause::OutOfDescriptors => Hint::RaiseDescriptorLimit,
        _ => return None,
    })
}

/// Who holds the address, or what else keeps it.
fn in_use(target: &Target) -> Hint {
    let Some(address) = target.endpoint.host() else { return Hint::ChooseAnotherPort };
    if let Some(owner) = port_owner::find(target.endpoint.protocol(), address.port) {
        return Hint::PortHeldBy { owner };
    }
    let refuses_to_share = target.options.switch(SocketOption::ReuseAddress) == Some(false);
    if refuses_to_share && matches!(target.endpoint, Endpoint::Tcp(_)) {
        let sockets = time_wait::find(address.port);
        if !sockets.is_empty() {
            return Hint::PortInTimeWait { sockets };
        }
    }
    Hint::ChooseAnotherPort
}

/// What would bring a kind of socket that can't be opened.
pub(super) fn missing(protocol: Protocol, cause: &Cause) -> Option<Hint> {
    match (cause, protocol.kernel_module()) {
        (Cause::AddressFamilyMissing, Some(module)) => Some(Hint::LoadModule { module: module.to_owned() }),
        (Cause::AddressFamilyMissing, None) if protocol.is_over_ip() => Some(Hint::ChooseAnotherFamily),
        (Cause::PermissionDenied, _) if protocol == Protocol::Raw => Some(Hint::NeedsRawRight),
        _ => None,
    }
}

/// A message or datagram that was not sent.
pub(super) fn send_message(protocol: Protocol, peer: &str, error: &io::Error) -> Failure {
    let mut failure = Failure::io(Operation::Send, peer, error);
    let is_unix = protocol.is_unix();
    // The one that is full is the receiver's queue, net.unix.max_dgram_qlen long (unix(7)).
    if is_unix && error.kind() == io::ErrorKind::WouldBlock {
        failure.cause = Cause::PeerQueueFull;
    }
    match failure.cause {
        Cause::MessageTooLong => {
            return failure.with_hint(if is_unix { Hint::RaiseSendBuffer } else { Hint::DatagramMax });
        }
        Cause::PeerQueueFull => return failure.with_hint(Hint::WaitForTheReceiver),
        Cause::Refused => return failure.with_hint(Hint::StartTheServer),
        _ => {}
    }
    match peer.parse::<SocketAddr>() {
        Ok(address) => explain_address(failure, &address.into()),
        Err(_) => failure,
    }
}
