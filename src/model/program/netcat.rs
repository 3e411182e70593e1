//! OpenBSD's nc(1), as Debian has it.

use core::net::Ipv6Addr;

use super::shell::{check_datagram, path, printf, word};
use super::{Obstacle, Recipe};
use crate::model::{Endpoint, OptionValue, Protocol, Respond, SocketOption, UnixName};

pub(super) fn write(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    let mut words = vec!["nc".to_owned()];
    let mut flags = String::new();
    let message = recipe.message();
    if !recipe.target.groups.is_empty() {
        return Err(Obstacle::Groups);
    }
    if recipe.is_server() {
        if recipe.shown().is_some() {
            return Err(Obstacle::Browsers);
        }
        if *recipe.respond != Respond::Nothing {
            return Err(Obstacle::Answering);
        }
        flags.push('l');
        // It has but one standard input, and the first peer gets all of it.
        if message.is_none() {
            flags.push('k');
        }
    }
    let place = match &recipe.target.endpoint {
        Endpoint::Tcp(address) => vec![word(&address.host), address.port.to_string()],
        Endpoint::Udp(address) => {
            flags.push('u');
            if recipe.is_server() && !recipe.recipients.is_empty() && message.is_some() {
                return Err(Obstacle::Greeting);
            }
            if !recipe.is_server() && recipe.recipients.len() > 1 {
                return Err(Obstacle::Recipients);
            }
            if !recipe.is_server() && !recipe.is_connected() {
                return Err(Obstacle::Unconnected);
            }
            vec![word(&address.host), address.port.to_string()]
        }
        Endpoint::UnixStream(name) => {
            flags.push('U');
            vec![word(&unix_name(name)?)]
        }
        Endpoint::UnixDatagram(name) => {
            flags.push_str("uU");
            // It connects to the first peer, and a client of that kind takes a file in /tmp for its name.
            vec![word(&unix_name(name)?)]
        }
        _ => return Err(Obstacle::Transport),
    };
    if !flags.is_empty() {
        words.push(format!("-{flags}"));
    }
    for (option, value) in recipe.target.options.iter() {
        words.extend(flag(recipe, option, value)?);
    }
    if !recipe.is_server() && recipe.target.endpoint.host().is_some() {
        words.extend(recipe.local_host.into_iter().flat_map(|host| ["-s".to_owned(), word(host)]));
        words.extend(recipe.local_port.into_iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
    }
    let Some(message) = message else {
        words.extend(place);
        return Ok(format!("{}\n", words.join(" ")));
    };
    check_datagram(recipe, message)?;
    if !recipe.is_server() {
        // Seconds of quiet after which it ends.
        words.extend(["-w".to_owned(), "1".to_owned()]);
    }
    words.extend(place);
    Ok(format!("{} | {}\n", printf(message), words.join(" ")))
}

/// The words that set an option; none for what nc does anyway.
fn flag(recipe: &Recipe<'_>, option: SocketOption, value: &OptionValue) -> Result<Vec<String>, Obstacle> {
    let words = |flag: &str, value: &dyn ToString| Ok(vec![flag.to_owned(), value.to_string()]);
    let is_tcp = recipe.target.endpoint.protocol() == Protocol::Tcp;
    match (option, value) {
        // On a socket of IPv6, it sets IPv6's alone.
        (SocketOption::TimeToLive | SocketOption::TypeOfService, _) if may_speak_v4_over_v6(recipe) => {
            Err(Obstacle::Option(option))
        }
        (SocketOption::TimeToLive, hops) => words("-M", hops),
        (SocketOption::TypeOfService, OptionValue::Number(byte)) => words("-T", &format!("{byte:#04x}")),
        (SocketOption::ReuseAddress, OptionValue::Switch(true)) if recipe.is_server() => Ok(Vec::new()),
        (SocketOption::Broadcast, OptionValue::Switch(on)) => Ok(if *on { vec!["-b".to_owned()] } else { Vec::new() }),
        (SocketOption::ReceiveBuffer, OptionValue::Number(size)) if is_tcp => words("-I", size),
        (SocketOption::SendBuffer, OptionValue::Number(size)) if is_tcp => words("-O", size),
        (SocketOption::Backlog, _) if !recipe.is_server() => Ok(Vec::new()),
        (SocketOption::Linger, OptionValue::Off) => Ok(Vec::new()),
        _ => Err(Obstacle::Option(option)),
    }
}

/// Whether the socket is of IPv6, and its peers may be of IPv4.
fn may_speak_v4_over_v6(recipe: &Recipe<'_>) -> bool {
    let host = recipe.target.endpoint.host().and_then(|address| address.host.parse::<Ipv6Addr>().ok());
    host.is_some_and(|ip| recipe.is_server() && ip.is_unspecified() || ip.to_ipv4_mapped().is_some())
}

fn unix_name(name: &UnixName) -> Result<String, Obstacle> {
    match name {
        UnixName::Path(file) => file.to_str().map(path).ok_or(Obstacle::Transport),
        UnixName::Abstract(name) => match std::str::from_utf8(name) {
            Ok(name) => Ok(format!("@{name}")),
            Err(_) => Err(Obstacle::Transport),
        },
        UnixName::Unnamed => Err(Obstacle::Transport),
    }
}
