//! The parts of endpoint texts.

use std::path::PathBuf;

use super::{EndpointError, UNIX_PATH_MAX};
use crate::model::{
    DescriptorName, EtherType, HardwareAddress, HostPort, InterfaceName, IpProtocol, LinkAddress, Protocol, RawAddress,
    UnixName, VsockAddress,
};

/// The protocol and what follows the colon.
pub(super) fn scheme(text: &str) -> Result<(Protocol, &str), EndpointError> {
    let (scheme, rest) = text.split_once(':').ok_or(EndpointError::NoScheme)?;
    let protocol = Protocol::from_scheme(scheme).ok_or_else(|| {
        // `127.0.0.1:9000` splits too: what stands before the colon is then no scheme at all.
        let looks_like_scheme = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
        if looks_like_scheme && rest.starts_with("//") {
            EndpointError::UnknownScheme(scheme.to_owned())
        } else {
            EndpointError::NoScheme
        }
    })?;
    Ok((protocol, rest))
}

/// A host and a port from fields of their own; brackets around the host are taken off.
pub(super) fn host_and_port(host: &str, port: &str) -> Result<HostPort, EndpointError> {
    let host = without_brackets(host);
    check_host(host)?;
    Ok(HostPort::new(host, parse_port(port)?))
}

/// `127.0.0.1:9000`, `[::1]:9000`.
pub(super) fn host_port(text: &str) -> Result<HostPort, EndpointError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| EndpointError::BadHost(text.to_owned()))?;
        if !host.contains(':') {
            return Err(EndpointError::BadHost(text.to_owned()));
        }
        (host, after.strip_prefix(':').ok_or(EndpointError::NoPort)?)
    } else {
        text.rsplit_once(':').ok_or(if text.is_empty() { EndpointError::EmptyHost } else { EndpointError::NoPort })?
    };
    if host.contains(':') && !text.starts_with('[') {
        return Err(EndpointError::BadHost(host.to_owned()));
    }
    check_host(host)?;
    Ok(HostPort::new(host, parse_port(port)?))
}

/// `127.0.0.1:9000, 10.0.0.255, [ff02::1%eth0]:9000, localhost`; `port` is meant where none is written.
pub(super) fn addresses(text: &str, port: u16) -> Result<Vec<HostPort>, EndpointError> {
    // The second comma is the one that a Chinese keyboard has.
    let parts = text.split([',', '，', ' ']).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let bare = HostPort::new(without_brackets(part), port);
            let address = if bare.is_literal() || !part.contains(':') { bare } else { host_port(part)? };
            check_host(&address.host)?;
            if address.is_literal() || !is_half_a_number(&address.host) {
                Ok(address)
            } else {
                Err(EndpointError::BadHost(address.host))
            }
        })
        .collect()
}

/// Whether a host that is no literal ends in a number, as no name does (RFC 1123, section 2.1). Resolvers take `10.1` for
/// 10.0.0.1: what is still being typed, or mistyped, would reach a stranger.
fn is_half_a_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x")
}

/// What follows `unix:`. `unix:///run/x` is what people write who know URLs; the empty authority is dropped.
pub(super) fn unix_url(rest: &str) -> Result<UnixName, EndpointError> {
    unix_name(rest.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(rest))
}

pub(super) fn unix_name(text: &str) -> Result<UnixName, EndpointError> {
    if text.contains('\0') {
        return Err(EndpointError::PathWithNul);
    }
    match text.strip_prefix('@') {
        Some("") => Err(EndpointError::EmptyAbstractName),
        Some(name) if name.len() > UNIX_PATH_MAX => Err(EndpointError::AbstractNameTooLong { len: name.len() }),
        Some(name) => Ok(UnixName::Abstract(name.as_bytes().to_vec())),
        None if text.is_empty() => Err(EndpointError::EmptyPath),
        None if text.len() > UNIX_PATH_MAX => Err(EndpointError::PathTooLong { len: text.len() }),
        None => Ok(UnixName::Path(PathBuf::from(text))),
    }
}

/// A number, or a name as systemd takes it for FileDescriptorName= (systemd.socket(5)): up to 255 ASCII characters, none
/// of them a control character or a colon. A `?` would begin the options.
pub(super) fn descriptor(text: &str) -> Result<DescriptorName, EndpointError> {
    if text.is_empty() {
        return Err(EndpointError::EmptyDescriptor);
    }
    let bad = || EndpointError::BadDescriptor(text.to_owned());
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(DescriptorName::Number).map_err(|_| bad());
    }
    let fits = |c: char| (' '..='~').contains(&c) && !matches!(c, ':' | '?');
    let is_name = text.len() <= 255 && text.chars().all(fits) && !text.starts_with('-') && text.trim() == text;
    if is_name { Ok(DescriptorName::Named(text.to_owned())) } else { Err(bad()) }
}

/// A host, brackets around an IPv6 literal allowed, and a protocol by name or number: 0 would be all of them, which no
/// raw socket of Linux can have (raw(7)).
pub(super) fn raw_address(host: &str, protocol: &str) -> Result<RawAddress, EndpointError> {
    let host = without_brackets(host);
    check_host(host)?;
    if protocol.is_empty() {
        return Err(EndpointError::NoIpProtocol);
    }
    let number = protocol.parse::<IpProtocol>().ok().filter(|protocol| (1..=u8::MAX.into()).contains(&protocol.0));
    let number = number.ok_or_else(|| EndpointError::BadIpProtocol(protocol.to_owned()))?;
    Ok(RawAddress::new(host, number))
}

pub(super) fn interface(name: &str) -> Result<InterfaceName, EndpointError> {
    if name.is_empty() {
        return Err(EndpointError::EmptyInterface);
    }
    InterfaceName::new(name).ok_or_else(|| EndpointError::BadInterface(name.to_owned()))
}

/// An interface, with whom to send to before it, and the protocol.
pub(super) fn link_address(place: &str, ether_type: &str) -> Result<LinkAddress, EndpointError> {
    let (hardware, name) = place.rsplit_once('%').map_or((None, place), |(hardware, name)| (Some(hardware), name));
    if hardware.is_none() && HardwareAddress::read(name).is_some() {
        return Err(EndpointError::NoInterfaceBeside(name.to_owned()));
    }
    let read = |text| HardwareAddress::read(text).ok_or_else(|| EndpointError::BadHardwareAddress(text.to_owned()));
    let (hardware, interface) = (hardware.map(read).transpose()?, interface(name)?);
    if ether_type.is_empty() {
        return Err(EndpointError::NoEtherType);
    }
    let bad = || EndpointError::BadEtherType(ether_type.to_owned());
    Ok(LinkAddress { hardware, interface, ether_type: EtherType::read(ether_type).ok_or_else(bad)? })
}

pub(super) fn vsock_address(cid: &str, port: &str) -> Result<VsockAddress, EndpointError> {
    if cid.is_empty() {
        return Err(EndpointError::EmptyMachine);
    }
    let cid = cid.parse().map_err(|_| EndpointError::BadMachine(cid.to_owned()))?;
    if port.is_empty() {
        return Err(EndpointError::NoPort);
    }
    let number = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten();
    let port = match number.ok_or_else(|| EndpointError::BadVsockPort(port.to_owned()))? {
        0 | VsockAddress::ANY_PORT => VsockAddress::ANY_PORT,
        port => port,
    };
    Ok(VsockAddress { cid, port })
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

fn check_host(host: &str) -> Result<(), EndpointError> {
    if host.is_empty() {
        return Err(EndpointError::EmptyHost);
    }
    // The characters of names (underscores occur in practice), IPv4 and IPv6 literals and scopes; others would only
    // reach the resolver and fail there with a worse message.
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    let colons_fit = !host.contains(':')
        || host.split('%').next().is_some_and(|literal| literal.parse::<core::net::Ipv6Addr>().is_ok());
    if host.chars().all(allowed) && colons_fit { Ok(()) } else { Err(EndpointError::BadHost(host.to_owned())) }
}

/// From 0 to 65535, in digits alone.
pub(super) fn parse_port(text: &str) -> Result<u16, EndpointError> {
    if text.is_empty() {
        return Err(EndpointError::NoPort);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EndpointError::BadPort(text.to_owned()));
    }
    text.parse().map_err(|_| EndpointError::BadPort(text.to_owned()))
}
