//! socat(1).

use core::fmt::Display;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::constant::{Constant, constants, hearing_others};
use super::shell::{check_datagram, path, printf, unquoted_format, word};
use super::{Obstacle, Recipe};
use crate::model::{
    ContextId, Endpoint, HostPort, InterfaceChoice, IpVersion, MulticastGroup, OptionValue, RawAddress, Respond,
    SocketOption, UnixName, VsockAddress,
};

pub(super) fn write(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    if recipe.is_server() { server(recipe) } else { client(recipe) }
}

fn client(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    let mut address = connecting(recipe)?;
    if recipe.target.endpoint.host().is_some() {
        address.extend(recipe.local_host.map(|host| format!("bind={}", bracketed(host))));
        address.extend(recipe.local_port.map(|port| format!("sourceport={port}")));
    }
    address.extend(options(recipe)?);
    let address = word(&address.join(","));
    let Some(message) = recipe.message() else {
        return Ok(format!("socat - {address}\n"));
    };
    if message.is_empty() {
        // The end of the input becomes a datagram of nothing.
        return Ok(format!("printf '' | socat -t 1 - {}\n", word(&format!("{address},shut-null"))));
    }
    check_datagram(recipe, message)?;
    // Seconds of quiet after which it ends; the end of the input is not passed on.
    Ok(format!("{} | socat -T 1 -,ignoreeof {address}\n", printf(message)))
}

fn server(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    if recipe.shown().is_some() {
        return Err(Obstacle::Browsers);
    }
    let answers = *recipe.respond == Respond::Echo || recipe.reply().is_some();
    if answers && matches!(recipe.target.endpoint, Endpoint::Raw(_)) {
        // It hears all packets of the protocol, and takes a process for each.
        return Err(Obstacle::OwnAnswers);
    }
    let mut address = listening(recipe)?;
    address.push("fork".to_owned());
    address.extend(options(recipe)?);
    let address = word(&address.join(","));
    let size = recipe.target.options.number(SocketOption::ReceiveSize).unwrap_or(64 << 10);
    // The variables hold formats for printf, in which nothing is left that would need quotes.
    let mut variables = String::new();
    let mut greeting = "";
    if let Some(message) = recipe.message() {
        if !recipe.has_connection() {
            return Err(Obstacle::Greeting);
        }
        variables = format!("MESSAGE={} ", unquoted_format(message));
        greeting = "printf $MESSAGE; ";
    }
    let answer = match (recipe.respond, recipe.reply()) {
        (Respond::Echo, _) => "tee /dev/stderr".to_owned(),
        (_, Some(reply)) => {
            check_datagram(recipe, reply)?;
            variables = format!("{variables}REPLY={} ", unquoted_format(reply));
            if recipe.has_connection() {
                // One read is one receive; grep fails once there is nothing more.
                format!(
                    "while dd bs={size} count=1 2>/dev/null | tee /dev/stderr | grep -c ^ >/dev/null; do printf $REPLY; done"
                )
            } else {
                "cat >&2; printf $REPLY".to_owned()
            }
        }
        (_, None) if greeting.is_empty() => return Ok(format!("socat -u {address} -\n")),
        (_, None) => "cat >&2".to_owned(),
    };
    Ok(format!("{variables}socat {address} SYSTEM:'{greeting}{answer}'\n"))
}

/// The version of IP for a name, where the protocol belongs to one alone.
fn named_version(address: &RawAddress) -> Option<&'static str> {
    let version = address.protocol.version().filter(|_| !address.host().is_literal())?;
    Some(if version == IpVersion::V6 { "6" } else { "4" })
}

/// The address that connects, and its parameters.
fn connecting(recipe: &Recipe<'_>) -> Result<Vec<String>, Obstacle> {
    Ok(vec![match &recipe.target.endpoint {
        Endpoint::Tcp(address) => format!("TCP:{}", host_port(address)),
        Endpoint::Udp(address) if recipe.is_connected() => format!("UDP:{}", host_port(address)),
        Endpoint::Udp(address) => match recipe.recipients {
            [] => format!("UDP-DATAGRAM:{}", host_port(address)),
            [other] => format!("UDP-DATAGRAM:{}", host_port(other)),
            _ => return Err(Obstacle::Recipients),
        },
        Endpoint::UnixStream(name) => unix("CONNECT", name)?,
        Endpoint::UnixSeqpacket(name) => format!("{},{SEQPACKET}", unix("CONNECT", name)?),
        Endpoint::UnixDatagram(_) => return Err(Obstacle::Unnamed),
        Endpoint::Raw(address) => {
            let version = named_version(address).unwrap_or("");
            format!("IP{version}-SENDTO:{}:{}", bracketed(&address.host().host), address.protocol.0)
        }
        Endpoint::Vsock(VsockAddress { cid, port }) => format!("VSOCK-CONNECT:{}:{port}", cid.0),
        _ => return Err(Obstacle::Transport),
    }])
}

/// The address that listens, and its parameters.
fn listening(recipe: &Recipe<'_>) -> Result<Vec<String>, Obstacle> {
    let bound = |kind: &str, address: &HostPort| {
        let version = if address.host.contains(':') { "6" } else { "" };
        vec![format!("{}:{}", kind.replace('*', version), address.port), format!("bind={}", bracketed(&address.host))]
    };
    Ok(match &recipe.target.endpoint {
        Endpoint::Tcp(address) => bound("TCP*-LISTEN", address),
        Endpoint::Udp(address) => bound("UDP*-RECVFROM", address),
        Endpoint::UnixStream(name) => vec![unix("LISTEN", name)?],
        Endpoint::UnixSeqpacket(name) => vec![unix("LISTEN", name)?, SEQPACKET.to_owned()],
        Endpoint::UnixDatagram(name) => vec![unix("RECVFROM", name)?],
        Endpoint::Raw(address) => {
            let of_literal = if address.host().host.contains(':') { "6" } else { "4" };
            let version = named_version(address).unwrap_or(of_literal);
            vec![
                format!("IP{version}-RECVFROM:{}", address.protocol.0),
                format!("bind={}", bracketed(&address.host().host)),
            ]
        }
        Endpoint::Vsock(VsockAddress { cid, port }) => {
            let mut parts = vec![format!("VSOCK-LISTEN:{port}")];
            if *cid != ContextId::ANY {
                parts.push(format!("bind={}", cid.0));
            }
            parts
        }
        _ => return Err(Obstacle::Transport),
    })
}

fn host_port(address: &HostPort) -> String {
    format!("{}:{}", bracketed(&address.host), address.port)
}

/// An IPv6 literal in brackets, within which colons are its own.
fn bracketed(host: &str) -> String {
    let is_v6 = host.split('%').next().is_some_and(|literal| literal.parse::<Ipv6Addr>().is_ok());
    if is_v6 { format!("[{host}]") } else { escaped(host) }
}

/// The type of such sockets, by Linux's number: socat opens streams unless it is told.
const SEQPACKET: &str = "socktype=5";

fn unix(what: &str, name: &UnixName) -> Result<String, Obstacle> {
    match name {
        UnixName::Path(file) => {
            let file = file.to_str().ok_or(Obstacle::Transport)?;
            Ok(format!("UNIX-{what}:{}", escaped(&path(file))))
        }
        UnixName::Abstract(name) => {
            let name = std::str::from_utf8(name).map_err(|_| Obstacle::Transport)?;
            Ok(format!("ABSTRACT-{what}:{}", escaped(name)))
        }
        UnixName::Unnamed => Err(Obstacle::Transport),
    }
}

/// What socat's own reading of an address leaves as it stands: there a colon, a comma, two exclamation marks, quotes and
/// brackets mean something, and after a backslash nothing does.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !"/.-_%@".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Every option as one of the address.
fn options(recipe: &Recipe<'_>) -> Result<Vec<String>, Obstacle> {
    let v6 = recipe.target.endpoint.host().is_some_and(|address| address.host.contains(':'));
    let mut words = Vec::new();
    for (option, value) in recipe.options() {
        match constants(option, recipe.role) {
            // It takes the interface for groups by an IPv4 address alone.
            Some(_) if option == SocketOption::MulticastInterface => match (v6, value.to_string().parse()) {
                (false, Ok(InterfaceChoice::Address(IpAddr::V4(address)))) => {
                    words.push(format!("ip-multicast-if={address}"));
                }
                _ => return Err(Obstacle::Option(option)),
            },
            // It takes seconds alone, and leaves it off without them.
            Some(_) if value == OptionValue::Off => {}
            Some((v4_or_both, other)) => {
                let v6 = other.filter(|_| v6);
                words.push(set(v6.unwrap_or(v4_or_both), &value));
                // Its peers of IPv4 are sent what IPv4's own option says; a raw socket of IPv6 has none.
                if v6.is_some() && !matches!(recipe.target.endpoint, Endpoint::Raw(_)) {
                    words.push(set(v4_or_both, &value));
                }
            }
            None => match (option, &value) {
                (SocketOption::IpProtocol, OptionValue::Protocol(protocol)) => {
                    words.push(format!("protocol={}", protocol.0));
                }
                (SocketOption::Backlog, value) if recipe.is_server() => {
                    words.push(format!("backlog={}", written(value)));
                }
                (SocketOption::Backlog, _) => {}
                // How much one read asks for is an option of the line and not of the address.
                (SocketOption::ReceiveSize, _) if recipe.reply().is_some() && recipe.has_connection() => {}
                _ => return Err(Obstacle::Option(option)),
            },
        }
    }
    for group in &recipe.target.groups {
        words.push(join(group)?);
    }
    let alone = hearing_others(&recipe.target.groups).filter_map(|constant| {
        let number = constant.socat().err()?;
        Some(format!("setsockopt-int={}:{number}:0", constant.level_number()))
    });
    words.extend(alone);
    Ok(words)
}

/// The option of the address that sets the constant.
fn set(constant: Constant, value: &OptionValue) -> String {
    match (constant.socat(), &constant.value(value)) {
        (Ok(name), value) => format!("{name}={}", written(value)),
        (Err(number), OptionValue::Text(text)) => {
            format!("setsockopt-string={}:{number}:{}", constant.level_number(), escaped(text))
        }
        (Err(number), value) => format!("setsockopt-int={}:{number}:{}", constant.level_number(), written(value)),
    }
}

/// The option that joins a group.
fn join(group: &MulticastGroup) -> Result<String, Obstacle> {
    if group.source().is_some() {
        return Err(Obstacle::GroupSource);
    }
    let group_of = |interface: &dyn Display| match group.group() {
        IpAddr::V4(group) => format!("ip-add-membership={group}:{interface}"),
        IpAddr::V6(group) => format!("ipv6-join-group=[{group}]:{interface}"),
    };
    match (group.group(), group.interface()) {
        (_, Some(InterfaceChoice::Name(name))) => Ok(group_of(&escaped(name))),
        (IpAddr::V4(_), Some(InterfaceChoice::Address(address @ IpAddr::V4(_)))) => Ok(group_of(address)),
        // None in particular.
        (IpAddr::V4(_), None) => Ok(group_of(&Ipv4Addr::UNSPECIFIED)),
        (IpAddr::V6(_), None) => Ok(group_of(&0)),
        (_, Some(InterfaceChoice::Address(_))) => Err(Obstacle::InterfaceByAddress),
    }
}

fn written(value: &OptionValue) -> String {
    escaped(&value.to_string())
}
