//! Socket options: set before bind and connect, and read back.

use std::fmt::Display;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::{multicast, sys, tcp_info};
use crate::model::{
    self, Cause, Facility, Failure, Hint, IpProtocol, IpVersion, Operation, OptionAnswer, OptionKind, OptionValue,
    Role, SocketOption, SocketOptions,
};

/// Opens a socket for the protocol that the options ask for, or for the usual one.
///
/// # Errors
/// socket(2) failed; where the kernel has no such protocol, the failure names it.
pub(super) fn open(
    domain: Domain,
    kind: Type,
    usual: Option<Protocol>,
    options: &SocketOptions,
    subject: &dyn Display,
) -> Result<Socket, Failure> {
    let asked = options.ip_protocol();
    let Some(asked) = asked else {
        return Socket::new(domain, kind, usual).map_err(|error| Failure::io(Operation::Open, subject, &error));
    };
    open_for(domain, kind, asked, subject)
}

/// Whether sockets of this type can be of the protocol that is asked for, if any is; in the family of the address, and for a
/// name in the one that will be chosen for the protocol.
///
/// # Errors
/// As [`open`].
pub(super) fn probe(kind: Type, facility: &Facility) -> Result<(), Failure> {
    let Some(asked) = facility.carried else { return Ok(()) };
    let domain = match facility.version.or_else(|| asked.version()) {
        Some(IpVersion::V6) => Domain::IPV6,
        Some(IpVersion::V4) | None => Domain::IPV4,
    };
    open_for(domain, kind, asked, &facility.protocol.scheme()).map(drop)
}

fn open_for(domain: Domain, kind: Type, asked: IpProtocol, subject: &dyn Display) -> Result<Socket, Failure> {
    let protocol = Protocol::from(i32::from(asked.0));
    Socket::new(domain, kind, Some(protocol)).map_err(|error| {
        let subject = format!("{subject}?{}={asked}", SocketOption::IpProtocol.name());
        match errno(&error) {
            // ENOPROTOOPT: MPTCP that `net.mptcp.enabled` turns off.
            Some(Errno::EPROTONOSUPPORT | Errno::ESOCKTNOSUPPORT | Errno::EINVAL | Errno::ENOPROTOOPT) => {
                Failure::new(Operation::Open, subject, Cause::ProtocolMissing)
            }
            _ => Failure::io(Operation::Open, subject, &error),
        }
    })
}

/// Whether all of them are options of this side's sockets.
///
/// # Errors
/// The first that is none, named with its value.
pub(super) fn check(options: &SocketOptions, role: Role, subject: &dyn Display) -> Result<(), Failure> {
    match options.iter().find(|(option, _)| !option.is_for(role)) {
        Some((option, value)) => {
            let subject = with_option(subject, option, value);
            Err(Failure::new(Operation::SetOption, subject, Cause::NoSuchOption))
        }
        None => Ok(()),
    }
}

/// Whether all of them can be set on a socket of this transport that somebody else has bound or connected.
///
/// # Errors
/// The first that can't, named with its value.
pub(super) fn check_adopted(
    options: &SocketOptions,
    role: Role,
    protocol: model::Protocol,
    subject: &dyn Display,
) -> Result<(), Failure> {
    for (option, value) in options.iter() {
        let cause = if !option.applies_to(protocol) {
            Cause::NoSuchOption
        } else if !option.counts_later(role) {
            Cause::OptionTooLate
        } else {
            continue;
        };
        return Err(Failure::new(Operation::SetOption, with_option(subject, option, value), cause));
    }
    Ok(())
}

/// Sets what was asked for, before bind and connect, in the table's order; asks the kernel for receive times too.
/// `subject` is the endpoint.
///
/// # Errors
/// The first option that the kernel refuses, named with its value.
pub(super) fn apply(
    socket: &Socket,
    role: Role,
    options: &SocketOptions,
    subject: &dyn Display,
) -> Result<(), Failure> {
    // What is asked for along with it may be why the kernel refuses an option.
    let subject: &dyn Display = match options.ip_protocol() {
        Some(asked) => &with_option(subject, SocketOption::IpProtocol, &OptionValue::Protocol(asked)),
        None => subject,
    };
    for (option, value) in options.iter() {
        let socket = socket.as_fd();
        set(socket, role, option, value).map_err(|error| refusal(socket, option, value, subject, &error))?;
    }
    ask_for_receive_times(socket);
    Ok(())
}

/// SO_TIMESTAMPNS, socket(7). It can fail on exotic families: times are then unknown.
pub(super) fn ask_for_receive_times(socket: &Socket) {
    if let Err(error) = setsockopt(socket, sockopt::ReceiveTimestampns, &true) {
        tracing::debug!(%error, "no SO_TIMESTAMPNS");
    }
}

/// Sets what the program wants where the user leaves it open; another protocol (`proto=`) may not have it.
pub(super) fn prefer(socket: &Socket, role: Role, options: &SocketOptions, option: SocketOption, on: bool) {
    if options.get(option).is_none()
        && let Err(error) = set(socket.as_fd(), role, option, &OptionValue::Switch(on))
    {
        tracing::debug!(%error, option = option.constant(), "not set");
    }
}

/// Sets once more, on a socket that listens or is connected, what an earlier setting does not last for: TCP_QUICKACK is
/// a state more than a setting, and listen(2) forgets it.
pub(super) fn apply_again(socket: &Socket, role: Role, options: &SocketOptions) {
    if let Some(value) = options.get(SocketOption::QuickAck)
        && let Err(error) = set(socket.as_fd(), role, SocketOption::QuickAck, value)
    {
        tracing::debug!(%error, "no TCP_QUICKACK");
    }
}

/// For datagrams: has the kernel report what it dropped (SO_RXQ_OVFL, socket(7)).
pub(super) fn ask_for_drops(socket: &Socket) {
    if let Err(error) = setsockopt(socket, sockopt::RxqOvfl, &1) {
        tracing::debug!(%error, "no SO_RXQ_OVFL");
    }
}

/// For datagrams, where nothing was asked for: room for those that come while this program has no processor. What the
/// kernel gives by itself (`net.core.rmem_default`) holds 277 short ones, those of 14 ms at 20,000 a second.
pub(super) fn ask_for_room(socket: &Socket, options: &SocketOptions) {
    if options.get(SocketOption::ReceiveBuffer).is_none()
        && let Err(error) = set_receive_buffer(socket.as_fd(), ROOM)
    {
        tracing::debug!(%error, "no SO_RCVBUF");
    }
}

/// In bytes, which the kernel doubles for its own.
const ROOM: u32 = 2 << 20;

/// SO_RCVBUF; past `net.core.rmem_max` where the rights are there (CAP_NET_ADMIN).
fn set_receive_buffer(socket: BorrowedFd<'_>, size: u32) -> io::Result<()> {
    let size = size.to_ne_bytes();
    sys::set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &size)
        .or_else(|_| sys::set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, &size))
}

/// listen(2) with the queue's length.
pub(super) fn listen(socket: &Socket, options: &SocketOptions) -> io::Result<()> {
    let backlog = options.number(SocketOption::Backlog).unwrap_or(BACKLOG);
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))
}

/// std's 128 made a thousand quick connects take seconds of SYN retries; the kernel caps this at `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

/// Changes an option of a socket that is in use.
///
/// # Errors
/// The kernel refuses it; the failure names the option and its value.
pub(super) fn change(
    socket: BorrowedFd<'_>,
    role: Role,
    option: SocketOption,
    value: &OptionValue,
    subject: &dyn Display,
) -> Result<OptionAnswer, Failure> {
    set(socket, role, option, value).map_err(|error| {
        let mptcp = OptionValue::Protocol(IpProtocol::MPTCP);
        let named = is_mptcp(socket).then(|| with_option(subject, SocketOption::IpProtocol, &mptcp));
        let subject = named.as_ref().map_or(subject, |named| named as &dyn Display);
        refusal(socket, option, value, subject, &error)
    })?;
    Ok(OptionAnswer { option, asked: value.clone(), answer: get(socket, role, option) })
}

/// What the kernel says of the options that were asked for. How much one receive call asks for is not its business.
pub(super) fn answers(socket: BorrowedFd<'_>, role: Role, options: &SocketOptions) -> Vec<OptionAnswer> {
    let of_kernel = options.iter().filter(|(option, _)| *option != SocketOption::ReceiveSize);
    of_kernel
        .map(|(option, asked)| OptionAnswer { option, asked: asked.clone(), answer: get(socket, role, option) })
        .collect()
}

/// What one option is now; `None` where the socket has none of it or the system doesn't say.
pub(super) fn get(socket: BorrowedFd<'_>, role: Role, option: SocketOption) -> Option<OptionValue> {
    match option {
        SocketOption::Backlog => tcp_info::accept_queue(socket).map(|queue| OptionValue::Number(queue.max)),
        SocketOption::Linger => {
            let linger = get_ints::<2>(socket, libc::SOL_SOCKET, libc::SO_LINGER)?;
            Some(if linger[0] == 0 { OptionValue::Off } else { OptionValue::Number(linger[1]) })
        }
        SocketOption::IpProtocol => {
            let [number] = get_ints(socket, libc::SOL_SOCKET, libc::SO_PROTOCOL)?;
            u16::try_from(number).ok().map(|number| OptionValue::Protocol(IpProtocol(number)))
        }
        SocketOption::MulticastInterface => multicast::outgoing(socket).map(OptionValue::Text),
        _ => {
            let (level, name) = place(option, role, is_v6(socket))?;
            match option.kind() {
                OptionKind::Text { max } => get_name(socket, level, name, max),
                OptionKind::Switch => get_ints(socket, level, name).map(|[on]| OptionValue::Switch(on != 0)),
                OptionKind::Number { .. } | OptionKind::Protocol | OptionKind::ServiceClass { .. } => {
                    get_ints(socket, level, name).map(|[number]| OptionValue::Number(number))
                }
            }
        }
    }
}

fn get_ints<const N: usize>(socket: BorrowedFd<'_>, level: c_int, name: c_int) -> Option<[u32; N]> {
    let mut bytes = [0; 8];
    let length = sys::get_option(socket, level, name, &mut bytes[..N * 4]).ok()?;
    let mut ints = [0; N];
    for (int, bytes) in ints.iter_mut().zip(bytes[..length].chunks_exact(4)) {
        *int = u32::from_ne_bytes(bytes.try_into().ok()?);
    }
    (length == N * 4).then_some(ints)
}

fn get_name(socket: BorrowedFd<'_>, level: c_int, name: c_int, max: usize) -> Option<OptionValue> {
    let mut bytes = vec![0; max + 1];
    let length = sys::get_option(socket, level, name, &mut bytes).ok()?;
    let text = bytes[..length].split(|byte| *byte == 0).next().unwrap_or_default();
    (!text.is_empty()).then(|| OptionValue::Text(String::from_utf8_lossy(text).into_owned()))
}

fn set(socket: BorrowedFd<'_>, role: Role, option: SocketOption, value: &OptionValue) -> io::Result<()> {
    if let (SocketOption::MulticastInterface, OptionValue::Text(interface)) = (option, value) {
        return multicast::set_outgoing(socket, interface);
    }
    // A dual-stack socket speaks IPv4 as well, and then it is IPv4's own option that counts.
    if is_v6(socket)
        && let Some((level, name)) = place(option, role, false).filter(|(level, _)| *level == libc::IPPROTO_IP)
        && let Some(number) = as_int(value)
        && let Err(error) = sys::set_option(socket, level, name, &number.to_ne_bytes())
    {
        tracing::debug!(%error, option = option.constant(), "not for IPv4");
    }
    let Some((level, name)) = place(option, role, is_v6(socket)) else { return Ok(()) };
    match (option, value) {
        (SocketOption::ReceiveBuffer, OptionValue::Number(size)) => set_receive_buffer(socket, *size),
        // struct linger: on, and for how long.
        (SocketOption::Linger, OptionValue::Number(seconds)) => {
            sys::set_option(socket, level, name, &[1u32.to_ne_bytes(), seconds.to_ne_bytes()].concat())
        }
        (SocketOption::Linger, OptionValue::Off) => sys::set_option(socket, level, name, &[0; 8]),
        (SocketOption::FastOpen, OptionValue::Number(length)) if role == Role::Client => {
            sys::set_option(socket, level, name, &u32::from(*length != 0).to_ne_bytes())
        }
        (_, OptionValue::Switch(on)) => sys::set_option(socket, level, name, &u32::from(*on).to_ne_bytes()),
        (_, OptionValue::Number(number)) => sys::set_option(socket, level, name, &number.to_ne_bytes()),
        (_, OptionValue::Text(text)) => sys::set_option(socket, level, name, text.as_bytes()),
        (_, OptionValue::Protocol(_) | OptionValue::Off) => Ok(()),
    }
}

fn as_int(value: &OptionValue) -> Option<u32> {
    match value {
        OptionValue::Switch(on) => Some(u32::from(*on)),
        OptionValue::Number(number) => Some(*number),
        OptionValue::Off | OptionValue::Text(_) | OptionValue::Protocol(_) => None,
    }
}

/// Level and name of an option in getsockopt(2) and setsockopt(2); `None` for those that other calls take.
fn place(option: SocketOption, role: Role, is_v6: bool) -> Option<(c_int, c_int)> {
    const SOCKET: c_int = libc::SOL_SOCKET;
    const TCP: c_int = libc::IPPROTO_TCP;
    const V4: c_int = libc::IPPROTO_IP;
    const V6: c_int = libc::IPPROTO_IPV6;
    Some(match option {
        SocketOption::ReuseAddress => (SOCKET, libc::SO_REUSEADDR),
        SocketOption::ReusePort => (SOCKET, libc::SO_REUSEPORT),
        SocketOption::V6Only => (V6, libc::IPV6_V6ONLY),
        SocketOption::Device => (SOCKET, libc::SO_BINDTODEVICE),
        SocketOption::FastOpen if role == Role::Client => (TCP, libc::TCP_FASTOPEN_CONNECT),
        SocketOption::FastOpen => (TCP, libc::TCP_FASTOPEN),
        SocketOption::NoDelay => (TCP, libc::TCP_NODELAY),
        SocketOption::QuickAck => (TCP, libc::TCP_QUICKACK),
        SocketOption::KeepAlive => (SOCKET, libc::SO_KEEPALIVE),
        SocketOption::KeepIdle => (TCP, libc::TCP_KEEPIDLE),
        SocketOption::KeepInterval => (TCP, libc::TCP_KEEPINTVL),
        SocketOption::KeepCount => (TCP, libc::TCP_KEEPCNT),
        SocketOption::UserTimeout => (TCP, libc::TCP_USER_TIMEOUT),
        SocketOption::Linger => (SOCKET, libc::SO_LINGER),
        SocketOption::Congestion => (TCP, libc::TCP_CONGESTION),
        SocketOption::MaxSegment => (TCP, libc::TCP_MAXSEG),
        SocketOption::Broadcast => (SOCKET, libc::SO_BROADCAST),
        SocketOption::ReceiveBuffer => (SOCKET, libc::SO_RCVBUF),
        SocketOption::SendBuffer => (SOCKET, libc::SO_SNDBUF),
        SocketOption::TimeToLive if is_v6 => (V6, libc::IPV6_UNICAST_HOPS),
        SocketOption::TimeToLive => (V4, libc::IP_TTL),
        SocketOption::TypeOfService if is_v6 => (V6, libc::IPV6_TCLASS),
        SocketOption::TypeOfService => (V4, libc::IP_TOS),
        SocketOption::Priority => (SOCKET, libc::SO_PRIORITY),
        SocketOption::Mark => (SOCKET, libc::SO_MARK),
        SocketOption::MulticastTtl if is_v6 => (V6, libc::IPV6_MULTICAST_HOPS),
        SocketOption::MulticastTtl => (V4, libc::IP_MULTICAST_TTL),
        SocketOption::MulticastLoop if is_v6 => (V6, libc::IPV6_MULTICAST_LOOP),
        SocketOption::MulticastLoop => (V4, libc::IP_MULTICAST_LOOP),
        SocketOption::IpProtocol
        | SocketOption::Backlog
        | SocketOption::MulticastInterface
        | SocketOption::ReceiveSize => return None,
    })
}

pub(super) fn is_v6(socket: BorrowedFd<'_>) -> bool {
    get_ints(socket, libc::SOL_SOCKET, libc::SO_DOMAIN) == Some([libc::AF_INET6.cast_unsigned()])
}

fn is_mptcp(socket: BorrowedFd<'_>) -> bool {
    get_ints(socket, libc::SOL_SOCKET, libc::SO_PROTOCOL) == Some([libc::IPPROTO_MPTCP.cast_unsigned()])
}

fn refusal(
    socket: BorrowedFd<'_>,
    option: SocketOption,
    value: &OptionValue,
    subject: &dyn Display,
    error: &io::Error,
) -> Failure {
    let subject = with_option(subject, option, value);
    let cause = match errno(error) {
        Some(Errno::EINVAL | Errno::EDOM | Errno::ERANGE) => Cause::InvalidValue,
        Some(Errno::ENOENT | Errno::ENODEV) => Cause::UnknownName,
        // An IPv4 socket of TCP has no IPV6_V6ONLY either.
        Some(Errno::ENOPROTOOPT | Errno::EOPNOTSUPP) if is_mptcp(socket) && option != SocketOption::V6Only => {
            Cause::NoSuchOptionOfMptcp
        }
        Some(Errno::ENOPROTOOPT | Errno::EOPNOTSUPP) => Cause::NoSuchOption,
        _ => Cause::from(error),
    };
    let hint = match (&cause, option) {
        (Cause::UnknownName, SocketOption::Congestion) => Some(Hint::ListCongestionControls),
        (Cause::UnknownName, SocketOption::Device | SocketOption::MulticastInterface) => Some(Hint::ListInterfaces),
        (Cause::PermissionDenied, _) => Some(Hint::NeedsNetAdmin),
        (Cause::NoSuchOption | Cause::InvalidValue, SocketOption::V6Only) => Some(Hint::V6OnlyNeedsV6),
        _ => None,
    };
    let failure = Failure::new(Operation::SetOption, subject, cause);
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// The endpoint with the option that is in question, as its query would have it.
fn with_option(subject: &dyn Display, option: SocketOption, value: &OptionValue) -> String {
    let subject = subject.to_string();
    // A raw socket's protocol stands in the query already.
    let mark = if subject.contains('?') { '&' } else { '?' };
    format!("{subject}{mark}{}={value}", option.name())
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_looked_for_in_the_family_of_the_address() {
        let is_missing = |carried, version| {
            let facility = Facility {
                role: Role::Client,
                protocol: model::Protocol::Udp,
                carried: Some(carried),
                version,
                ipv6: None,
                machine: None,
                port: None,
            };
            // That this user may have no socket for pings is another matter.
            probe(Type::DGRAM, &facility).is_err_and(|failure| failure.cause == Cause::ProtocolMissing)
        };
        for (carried, version, expected) in [
            (IpProtocol::ICMP, None, false),
            (IpProtocol::ICMP, Some(IpVersion::V4), false),
            (IpProtocol::ICMP, Some(IpVersion::V6), true),
            (IpProtocol::ICMP_V6, None, false),
            (IpProtocol::ICMP_V6, Some(IpVersion::V4), true),
            (IpProtocol::ICMP_V6, Some(IpVersion::V6), false),
        ] {
            assert_eq!(is_missing(carried, version), expected, "{carried} {version:?}");
        }
    }
}
