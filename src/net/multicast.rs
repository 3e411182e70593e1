//! Multicast groups, see ip(7), ipv6(7) and RFC 3678.

use std::io;
use std::mem::{offset_of, size_of};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::net::if_::{if_indextoname, if_nametoindex};
use socket2::{InterfaceIndexOrAddress, SockAddr, SockRef};

use super::interfaces::interfaces;
use super::{options, sys};
use crate::model::{Cause, Failure, Hint, InterfaceChoice, MulticastGroup, Operation};

/// Has the socket hear the group. Other groups that this machine hears don't reach it from then on (IP_MULTICAST_ALL off):
/// what was joined is what arrives.
///
/// # Errors
/// The socket hears it already or is of the other family; there is no such interface, or none with a route to the
/// group; the system allows it no other.
pub(super) fn join(socket: BorrowedFd<'_>, group: &MulticastGroup) -> Result<(), Failure> {
    let not_joined = |error: &io::Error| {
        let errno = error.raw_os_error().map(Errno::from_raw);
        match (errno, group.source()) {
            (Some(Errno::EADDRINUSE), _) | (Some(Errno::EADDRNOTAVAIL), Some(_)) => {
                Failure::new(Operation::Join, group, Cause::AlreadyJoined)
            }
            (Some(Errno::ENOBUFS), _) => Failure::new(Operation::Join, group, Cause::TooManyGroups),
            (Some(Errno::ENODEV | Errno::ENXIO), _) => no_interface(Operation::Join, group),
            _ => Failure::io(Operation::Join, group, error),
        }
    };
    change(socket, group, Operation::Join).map_err(|failed| failed.in_words(group, Operation::Join, not_joined))?;
    hear_nothing_else(socket);
    Ok(())
}

/// Undoes [`join`], for a group that is written in the same way.
///
/// # Errors
/// The socket has not joined it so.
pub(super) fn leave(socket: BorrowedFd<'_>, group: &MulticastGroup) -> Result<(), Failure> {
    let not_left = |error: &io::Error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EADDRNOTAVAIL | Errno::EINVAL | Errno::ENODEV) => {
            Failure::new(Operation::Leave, group, Cause::NotJoined)
        }
        _ => Failure::io(Operation::Leave, group, error),
    };
    change(socket, group, Operation::Leave).map_err(|failed| failed.in_words(group, Operation::Leave, not_left))
}

/// Sets the interface by which datagrams to groups leave.
///
/// # Errors
/// ENODEV where there is none of that name or address.
pub(super) fn set_outgoing(socket: BorrowedFd<'_>, interface: &str) -> io::Result<()> {
    let choice: InterfaceChoice = interface.parse().map_err(|_| io::Error::from(Errno::ENODEV))?;
    let index = index_of(&choice).ok_or(Errno::ENODEV)?;
    let v4 = || {
        // The address is what getsockopt(2) answers with, and what such datagrams come from.
        let address = address_of(index).unwrap_or(Ipv4Addr::UNSPECIFIED);
        // struct ip_mreqn: the group, which doesn't matter here, the address, the index.
        let request = [[0; 4], address.octets(), index.to_ne_bytes()].concat();
        sys::set_option(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &request)
    };
    if !options::is_v6(socket) {
        return v4();
    }
    // A dual-stack socket sends to IPv4 groups as well.
    if let Err(error) = v4() {
        tracing::debug!(%error, "no IP_MULTICAST_IF on an IPv6 socket");
    }
    SockRef::from(&socket).set_multicast_if_v6(index)
}

/// The name of the interface by which datagrams to groups leave; `None` while the routing table decides.
pub(super) fn outgoing(socket: BorrowedFd<'_>) -> Option<String> {
    let index = if options::is_v6(socket) {
        SockRef::from(&socket).multicast_if_v6().ok()?
    } else {
        let address = SockRef::from(&socket).multicast_if_v4().ok()?;
        index_of(&InterfaceChoice::Address(address.into()))?
    };
    let name = (index != 0).then(|| if_indextoname(index).ok())??;
    name.into_string().ok()
}

/// Why a group could not be joined or left.
enum Failed {
    OtherFamily,
    NoInterface,
    Call(io::Error),
}

impl Failed {
    fn in_words(
        self,
        group: &MulticastGroup,
        operation: Operation,
        call: impl FnOnce(&io::Error) -> Failure,
    ) -> Failure {
        match self {
            Self::OtherFamily => Failure::new(operation, group, Cause::OtherFamily).with_hint(Hint::ListenOnV6),
            Self::NoInterface => no_interface(operation, group),
            Self::Call(error) => call(&error),
        }
    }
}

fn change(socket: BorrowedFd<'_>, group: &MulticastGroup, operation: Operation) -> Result<(), Failed> {
    // A dual-stack socket hears IPv4 groups too.
    if group.group().is_ipv6() && !options::is_v6(socket) {
        return Err(Failed::OtherFamily);
    }
    let index = match group.interface() {
        Some(choice) => index_of(choice).ok_or(Failed::NoInterface)?,
        None => 0,
    };
    let joins = operation == Operation::Join;
    let done = match (group.group(), group.source()) {
        (group, Some(source)) => {
            let name = if joins { libc::MCAST_JOIN_SOURCE_GROUP } else { libc::MCAST_LEAVE_SOURCE_GROUP };
            let level = if group.is_ipv4() { libc::IPPROTO_IP } else { libc::IPPROTO_IPV6 };
            of_one_source(socket, level, name, index, group, source)
        }
        (IpAddr::V4(group), None) => {
            let interface = InterfaceIndexOrAddress::Index(index);
            let socket = SockRef::from(&socket);
            if joins {
                socket.join_multicast_v4_n(&group, &interface)
            } else {
                socket.leave_multicast_v4_n(&group, &interface)
            }
        }
        (IpAddr::V6(group), None) => {
            let socket = SockRef::from(&socket);
            if joins { socket.join_multicast_v6(&group, index) } else { socket.leave_multicast_v6(&group, index) }
        }
    };
    done.map_err(Failed::Call)
}

/// A group of one source (RFC 3678, section 5.1), which no crate has for IPv6.
fn of_one_source(
    socket: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    index: u32,
    group: IpAddr,
    source: IpAddr,
) -> io::Result<()> {
    let mut request = [0; size_of::<libc::group_source_req>()];
    let mut write = |at: usize, bytes: &[u8]| request[at..at + bytes.len()].copy_from_slice(bytes);
    write(offset_of!(libc::group_source_req, gsr_interface), &index.to_ne_bytes());
    for (at, ip) in [
        (offset_of!(libc::group_source_req, gsr_group), group),
        (offset_of!(libc::group_source_req, gsr_source), source),
    ] {
        write(at, &address_bytes(ip));
    }
    sys::set_option(socket, level, name, &request)
}

/// The system's form of an address without a port: its family, then what the family has.
fn address_bytes(ip: IpAddr) -> Vec<u8> {
    let mut bytes = SockAddr::from(SocketAddr::new(ip, 0)).family().to_ne_bytes().to_vec();
    // The port.
    bytes.extend([0; 2]);
    match ip {
        IpAddr::V4(ip) => bytes.extend(ip.octets()),
        // After the flow label.
        IpAddr::V6(ip) => {
            bytes.extend([0; 4]);
            bytes.extend(ip.octets());
        }
    }
    bytes
}

/// Of either family: a socket for both hears groups of both.
fn hear_nothing_else(socket: BorrowedFd<'_>) {
    let both = SockRef::from(&socket);
    let v6 = if options::is_v6(socket) { both.set_multicast_all_v6(false) } else { Ok(()) };
    for error in [both.set_multicast_all_v4(false), v6].into_iter().filter_map(Result::err) {
        tracing::debug!(%error, "groups that others have joined arrive too");
    }
}

/// The interface's number; `None` where there is no such interface.
fn index_of(choice: &InterfaceChoice) -> Option<u32> {
    match choice {
        InterfaceChoice::Name(name) => if_nametoindex(name.as_str()).ok().or_else(|| {
            let index = name.parse().ok()?;
            if_indextoname(index).ok().map(|_| index)
        }),
        InterfaceChoice::Address(address) => {
            let all = interfaces().ok()?;
            let has = |at: &crate::model::InterfaceAddress| at.address == *address;
            all.into_iter().find(|interface| interface.addresses.iter().any(has)).map(|interface| interface.index)
        }
    }
}

fn address_of(index: u32) -> Option<Ipv4Addr> {
    let interface = interfaces().ok()?.into_iter().find(|interface| interface.index == index)?;
    interface.addresses.iter().find_map(|at| match at.address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    })
}

fn no_interface(operation: Operation, group: &MulticastGroup) -> Failure {
    let failure = Failure::new(operation, group, Cause::NoSuchDevice);
    let all = interfaces().unwrap_or_default();
    let names: Vec<_> = all.into_iter().filter(|interface| interface.is_up).map(|interface| interface.name).collect();
    if names.is_empty() { failure } else { failure.with_hint(Hint::ChooseAnInterface { names }) }
}
