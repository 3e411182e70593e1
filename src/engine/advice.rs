//! What a user can do about a failure, where that is known.

use ::core::net::{IpAddr, Ipv4Addr};
use std::io;

use crate::codec::icmp;
use crate::model::{
    Cause, Endpoint, Failure, Hint, HostPort, IpProtocol, Operation, Protocol, RawAddress, Role, SocketOptions, Target,
    UnixName,
};
use crate::net;
use crate::store::{ephemeral_ports, missing, socket_file, time_wait};

mod descriptor;
mod in_use;
mod lacking;
mod route;
mod scope;
mod vsock;

pub(super) use in_use::{in_time_wait, sharing, waits_for};
pub(super) use lacking::probe;
pub(super) use scope::named_endpoint;

/// Adds a hint to a failure of opening `target` in this role, and looks closer where the system's error says too little.
pub(super) fn explain(mut failure: Failure, target: &Target, role: Role) -> Failure {
    // A client's own address, where that is what can't be bound.
    let named = failure.subject.parse::<Target>().map_or_else(|_| target.endpoint.clone(), |named| named.endpoint);
    let endpoint = &named;
    look_at_the_path(&mut failure, endpoint);
    let failure = match endpoint.host().filter(|_| endpoint.protocol().is_over_ip()) {
        Some(address) => explain_port(explain_address_in(role, failure, address)),
        None => failure,
    };
    let hint = failure.hint.clone().or_else(|| hint(&failure, endpoint, &target.options));
    scope::named(Failure { hint, ..failure })
}

/// What stands where a Unix socket was to be bound, or was looked for: the system's error is the same for all of it.
fn look_at_the_path(failure: &mut Failure, endpoint: &Endpoint) {
    let Some(path) = endpoint.unix_name().and_then(UnixName::path) else { return };
    let found = match failure.cause {
        Cause::AddressInUse => socket_file::in_the_way(path),
        Cause::Refused => socket_file::refusing(path),
        _ => None,
    };
    if let Some(cause) = found {
        failure.cause = cause;
    }
}

/// Looks closer at a failure that comes of an address: of IPv6 without its network, or that all machines of a network
/// hear.
pub(super) fn explain_address(failure: Failure, address: &HostPort) -> Failure {
    explain_address_in(Role::Client, failure, address)
}

fn explain_address_in(role: Role, mut failure: Failure, address: &HostPort) -> Failure {
    let (host, scope) = address.host.split_once('%').map_or((address.host.as_str(), None), |(h, s)| (h, Some(s)));
    match host.parse() {
        Ok(ip @ IpAddr::V6(_)) if is_invalid(&failure.cause) && lacking::is_ipv6_off(ip) => {
            failure.hint = Some(Hint::Ipv6IsOff);
        }
        Ok(IpAddr::V6(ip)) if scope::is_link_local(ip) => return scope::explain(failure, role, ip, scope),
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

/// What the system says to an address of IPv6 that it has no use for: it depends on the call and on the routes.
fn is_invalid(cause: &Cause) -> bool {
    const EINVAL: i32 = nix::errno::Errno::EINVAL as i32;
    matches!(cause, Cause::Other { errno: Some(EINVAL), .. } | Cause::NetworkUnreachable | Cause::AddressNotAvailable)
}

fn is_broadcast(ip: Ipv4Addr) -> bool {
    let all = net::interfaces().unwrap_or_default();
    ip.is_broadcast() || all.iter().flat_map(|interface| &interface.addresses).any(|at| at.broadcast == Some(ip))
}

/// `endpoint` is the one that failed, and the options are what was asked for.
fn hint(failure: &Failure, endpoint: &Endpoint, options: &SocketOptions) -> Option<Hint> {
    Some(match failure.cause {
        Cause::AddressInUse => in_use::hint(endpoint, options),
        // What a machine answers over vsock where nobody listens.
        Cause::ConnectionReset if matches!(endpoint, Endpoint::Vsock(_)) && failure.operation == Operation::Connect => {
            Hint::StartTheServer
        }
        Cause::NoTransport => match endpoint {
            Endpoint::Vsock(address) => vsock::module(Role::Client, address.cid).unwrap_or(Hint::LoadVsockTransport),
            _ => return None,
        },
        Cause::TimedOut if matches!(endpoint, Endpoint::Vsock(_)) => Hint::CheckTheMachine,
        Cause::AddressNotAvailable if let Some(hint) = not_here(endpoint) => hint,
        Cause::Refused | Cause::StaleSocket => start_the_server(endpoint.protocol()),
        Cause::SelfConnect => Hint::ChooseAnotherPort,
        Cause::NotASocket => Hint::RemoveTheFile,
        Cause::NoSocketThere => Hint::CheckThePath,
        Cause::IsDirectory if endpoint.protocol().is_unix() => match failure.operation {
            Operation::Bind => Hint::ChooseAPathInTheFolder,
            _ => Hint::CheckThePath,
        },
        Cause::NotFound | Cause::NotADirectory => {
            let path = endpoint.unix_name()?.path()?;
            match missing::on_the_way(path)? {
                // The socket was to be made there.
                Hint::NothingNamed { is_on_the_way: false, .. } if failure.operation == Operation::Bind => {
                    missing::nothing_to_create(path)?
                }
                hint => hint,
            }
        }
        Cause::DescriptorNotASocket => match endpoint {
            Endpoint::Descriptor(name) => descriptor::found(name)?,
            _ => return None,
        },
        Cause::OtherSocketType => Hint::ChooseAnotherProtocol,
        Cause::NoSuchHost => Hint::CheckTheName,
        Cause::NoNameServer => Hint::CheckTheNameServers,
        Cause::NetworkUnreachable if let Some(hint) = route::hint(endpoint) => hint,
        Cause::AddressNotAvailable | Cause::HostUnreachable | Cause::NetworkUnreachable | Cause::TimedOut => {
            Hint::CheckTheAddress
        }
        Cause::PermissionDenied => lacking::right(failure.operation, endpoint, options),
        Cause::AddressFamilyMissing | Cause::ProtocolMissing => {
            return lacking::missing(endpoint.protocol(), options.ip_protocol(), &failure.cause);
        }
        Cause::NoSuchDevice => match endpoint {
            Endpoint::Can(_) | Endpoint::CanBroadcast(_) | Endpoint::Packet(_) => Hint::CheckTheInterface,
            _ => return None,
        },
        Cause::PathTooLong => Hint::ShortenThePath,
        Cause::OutOfDescriptors => Hint::RaiseDescriptorLimit,
        Cause::OutOfMemory => Hint::FreeMemory,
        // Of a Unix socket's path.
        Cause::ReadOnlyStorage => Hint::ChooseAnotherPlace,
        Cause::LinkLoop => Hint::CheckTheLinks,
        Cause::NoBufferSpace if failure.operation == Operation::Send => Hint::SendSlower,
        _ => return None,
    })
}

/// Where nobody listens: a Unix socket has no port to be mistaken in.
fn start_the_server(protocol: Protocol) -> Hint {
    if protocol.is_unix() { Hint::StartTheServerAtTheName } else { Hint::StartTheServer }
}

/// What would bring an address that this machine lacks.
fn not_here(endpoint: &Endpoint) -> Option<Hint> {
    match endpoint {
        Endpoint::Vsock(address) => vsock::module(Role::Server, address.cid),
        _ => {
            let address = endpoint.host().and_then(net::literal)?;
            lacking::is_ipv6_off(address.ip()).then_some(Hint::Ipv6IsOff)
        }
    }
}

/// A message or datagram of `len` bytes that was not sent. `carried` is the socket's protocol above IP.
pub(super) fn send_datagram(
    protocol: Protocol,
    carried: Option<IpProtocol>,
    len: usize,
    peer: &str,
    error: &io::Error,
) -> Failure {
    let is_icmp = matches!(carried, Some(IpProtocol::ICMP | IpProtocol::ICMP_V6)) && protocol.is_over_ip();
    let failure = send_message(protocol, carried, peer, error);
    if is_icmp && len < icmp::HEADER_SIZE && is_headless(&failure.cause) {
        let hint = Hint::IcmpMin { bytes: icmp::HEADER_SIZE as u64 };
        return Failure { cause: Cause::MessageTooShort, ..failure }.with_hint(hint);
    }
    failure
}

/// What the system says where it looks for a header, and for its checksum, beyond the end of a message.
fn is_headless(cause: &Cause) -> bool {
    const EFAULT: i32 = nix::errno::Errno::EFAULT as i32;
    const EINVAL: i32 = nix::errno::Errno::EINVAL as i32;
    matches!(cause, Cause::Other { errno: Some(EFAULT | EINVAL), .. })
}

/// As [`send_datagram`], where it is not known which one it was.
pub(super) fn send_message(protocol: Protocol, carried: Option<IpProtocol>, peer: &str, error: &io::Error) -> Failure {
    let mut failure = Failure::io(Operation::Send, peer, error);
    let is_unix = protocol.is_unix();
    // The one that is full is the receiver's queue, net.unix.max_dgram_qlen long (unix(7)).
    if is_unix && error.kind() == io::ErrorKind::WouldBlock {
        failure.cause = Cause::PeerQueueFull;
    }
    if protocol == Protocol::Raw && carried == Some(IpProtocol::RAW) && is_unfit(&failure.cause) {
        return failure.with_hint(Hint::WriteTheHeader);
    }
    match failure.cause {
        Cause::MessageTooLong => return failure.with_hint(longest(protocol, peer)),
        Cause::PeerQueueFull => return failure.with_hint(Hint::WaitForTheReceiver),
        _ => {}
    }
    let Some(to) = endpoint_of(protocol, carried, peer) else { return failure };
    look_at_the_path(&mut failure, &to);
    let failure = match to.host().filter(|address| address.is_literal()) {
        Some(address) => explain_address(failure, address),
        None => failure,
    };
    let hint = failure.hint.clone().or_else(|| hint(&failure, &to, &SocketOptions::default()));
    Failure { hint, ..failure }
}

/// Whom a message was for. A raw socket's peer is written without what it carries.
fn endpoint_of(protocol: Protocol, carried: Option<IpProtocol>, peer: &str) -> Option<Endpoint> {
    match protocol {
        Protocol::Raw => Some(Endpoint::Raw(RawAddress::new(peer, carried?))),
        _ => protocol.with_scheme(peer).parse().ok(),
    }
}

/// An address with a port, whose scope may be an interface's name.
fn ported(peer: &str) -> Option<HostPort> {
    let endpoint = Protocol::Udp.with_scheme(peer).parse::<Endpoint>().ok()?;
    endpoint.host().filter(|address| address.is_literal()).cloned()
}

/// What the system says to a packet without a header, or one that is longer than the interface takes.
fn is_unfit(cause: &Cause) -> bool {
    const EINVAL: i32 = nix::errno::Errno::EINVAL as i32;
    matches!(cause, Cause::Other { errno: Some(EINVAL), .. } | Cause::MessageTooLong)
}

/// How much can be sent at once: what IPv4's and IPv6's 16 bits of length leave beside the headers that they count
/// (RFC 791, section 3.1; RFC 8200, section 3), or what fits into the socket's buffer.
fn longest(protocol: Protocol, peer: &str) -> Hint {
    // Without a port, as raw sockets have it.
    let address = ported(peer).unwrap_or_else(|| HostPort::new(peer, 0));
    let v6 = address.literal().is_some_and(|ip| ip.to_canonical().is_ipv6());
    let most = if v6 { 65_535 } else { 65_515 };
    match protocol {
        Protocol::Udp => Hint::DatagramMax { v6, bytes: most - 8 },
        Protocol::Raw => Hint::PacketMax { v6, bytes: most },
        _ => Hint::RaiseSendBuffer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn who_sends_more_than_an_interface_holds_is_advised() {
        let error = io::Error::from(nix::errno::Errno::ENOBUFS);
        let failure = send_message(Protocol::Udp, None, "127.0.0.1:9", &error);
        assert_eq!((failure.cause, failure.hint), (Cause::NoBufferSpace, Some(Hint::SendSlower)));
    }

    #[test]
    fn how_much_can_be_sent_depends_on_the_family_of_any_address() {
        for (peer, is_v6) in [
            ("127.0.0.1:9", false),
            ("[::ffff:127.0.0.1]:9", false),
            ("[::1]:9", true),
            ("[fe80::1%2]:9", true),
            ("[fe80::1%eth0]:9", true),
        ] {
            let bytes = if is_v6 { 65_527 } else { 65_507 };
            assert_eq!(longest(Protocol::Udp, peer), Hint::DatagramMax { v6: is_v6, bytes }, "{peer}");
        }
        for (peer, is_v6) in [("127.0.0.1", false), ("::1", true), ("fe80::1:2", true), ("fe80::1%eth0", true)] {
            let bytes = if is_v6 { 65_535 } else { 65_515 };
            assert_eq!(longest(Protocol::Raw, peer), Hint::PacketMax { v6: is_v6, bytes }, "{peer}");
        }
    }
}
