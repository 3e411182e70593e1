use core::net::{IpAddr, Ipv6Addr};

use crate::model::Endpoint;

/// The names under which a listener may be asked for something.
///
/// Who listens at a loopback address means this machine only. A page from anywhere gets around that where its own name
/// leads to 127.0.0.1 from the second look-up on (DNS rebinding): to the browser, listener and page are then of one origin.
/// But the browser says whom it believes to ask, in `Host`, and who opens a WebSocket, in `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// What is to be reached from outside has names that nobody here knows.
    Any,
    /// `localhost` and what ends with it (RFC 6761, section 6.3), loopback literals, and the name that the listener was
    /// told to listen at.
    Loopback { name: String },
}

impl Hosts {
    /// Of a listener that was `asked` for by this endpoint and is `bound` to that one.
    #[must_use]
    pub fn of(asked: &Endpoint, bound: &Endpoint) -> Self {
        match (asked, bound) {
            (Endpoint::Tcp(asked), Endpoint::Tcp(bound)) if bound.is_loopback() => {
                Self::Loopback { name: asked.host.clone() }
            }
            (_, Endpoint::Tcp(bound)) if bound.is_loopback() => Self::Loopback { name: bound.host.clone() },
            // No browser goes to a Unix socket under a name of its own.
            _ => Self::Any,
        }
    }

    /// Whether this is the listener's, as `Host` has it: a name or address, with or without any port. Ports are not
    /// compared: they tell pages apart that this machine shows anyway, and forwarding changes them.
    pub(super) fn has(&self, authority: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback { name } => match str::from_utf8(authority).ok().and_then(host) {
                Some(Host::Address(address)) => address.to_canonical().is_loopback(),
                Some(Host::Name(asked)) => is_localhost(asked) || asked.eq_ignore_ascii_case(name),
                None => false,
            },
        }
    }

    /// The same for an `Origin` (RFC 6454, section 7). `null` is nobody's: any page can have it, in a sandboxed frame.
    pub(super) fn has_origin(&self, origin: &[u8]) -> bool {
        let authority = || str::from_utf8(origin).ok().and_then(|origin| origin.split_once("://"));
        *self == Self::Any || authority().is_some_and(|(_, authority)| self.has(authority.as_bytes()))
    }
}

enum Host<'a> {
    Name(&'a str),
    Address(IpAddr),
}

/// The host in front of a port that may be there; `None` where it is neither.
fn host(authority: &str) -> Option<Host<'_>> {
    let is_port = |rest: &str| {
        rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some(rest) = authority.strip_prefix('[') {
        let (literal, rest) = rest.split_once(']')?;
        let address: Ipv6Addr = literal.parse().ok()?;
        return is_port(rest).then_some(Host::Address(address.into()));
    }
    let (host, rest) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
    // The dot at the end says that nothing is to be added to a name; it is the same name.
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if host.is_empty() || !host.bytes().all(is_name) || !is_port(rest) {
        return None;
    }
    Some(host.parse().map_or(Host::Name(host), Host::Address))
}

fn is_localhost(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(asked: &str, bound: &str) -> Hosts {
        Hosts::of(&asked.parse().unwrap(), &bound.parse().unwrap())
    }

    #[test]
    fn only_a_loopback_address_is_particular() {
        for (asked, bound, is_any) in [
            ("tcp://127.0.0.1:0", "tcp://127.0.0.1:9000", false),
            ("tcp://localhost:0", "tcp://[::1]:9000", false),
            ("tcp://[::ffff:127.0.0.1]:0", "tcp://[::ffff:127.0.0.1]:9000", false),
            ("fd://3", "tcp://127.0.0.1:9000", false),
            ("tcp://0.0.0.0:0", "tcp://0.0.0.0:9000", true),
            ("tcp://[::]:0", "tcp://[::]:9000", true),
            ("tcp://name:0", "tcp://10.0.0.1:9000", true),
            ("unix:/run/x.sock", "unix:/run/x.sock", true),
        ] {
            assert_eq!(hosts(asked, bound) == Hosts::Any, is_any, "{asked}");
        }
        assert!(hosts("tcp://0.0.0.0:0", "tcp://0.0.0.0:9000").has(b"attacker.example"));
        assert!(hosts("tcp://0.0.0.0:0", "tcp://0.0.0.0:9000").has_origin(b"null"));
    }

    #[test]
    fn names_that_lead_here_and_those_that_only_seem_to() {
        let hosts = hosts("tcp://mine.test:0", "tcp://127.0.1.1:9000");
        for (host, own) in [
            ("localhost", true),
            ("LocalHost:9000", true),
            ("localhost.:1", true),
            ("app.localhost:9000", true),
            ("127.0.0.1:9000", true),
            ("127.9.9.9", true),
            ("[::1]:9000", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("Mine.test:9000", true),
            ("localhost:", true),
            ("", false),
            (":9000", false),
            (".", false),
            ("attacker.example:9000", false),
            ("localhost.attacker.example", false),
            ("127.0.0.1.attacker.example", false),
            ("notlocalhost", false),
            ("mine.test.attacker.example", false),
            // Systems take a connection to it for one to themselves.
            ("0.0.0.0:9000", false),
            ("10.0.0.1:9000", false),
            ("[::]:9000", false),
            ("[fe80::1]", false),
            ("[localhost]", false),
            ("[::1]x", false),
            ("::1", false),
            ("localhost:80x", false),
            ("localhost@attacker.example", false),
            ("localhost attacker.example", false),
            ("attacker, x.localhost", false),
        ] {
            assert_eq!(hosts.has(host.as_bytes()), own, "{host}");
        }
        assert!(!hosts.has(b"\xfflocalhost"));
    }

    #[test]
    fn origins_are_hosts_with_a_scheme() {
        let hosts = hosts("tcp://127.0.0.1:0", "tcp://127.0.0.1:9000");
        for (origin, own) in [
            ("http://127.0.0.1:9000", true),
            ("https://localhost:3000", true),
            ("http://[::1]", true),
            ("null", false),
            ("", false),
            ("localhost", false),
            ("http://attacker.example", false),
            ("http://localhost.attacker.example:9000", false),
            ("http://localhost/", false),
            ("file://", false),
        ] {
            assert_eq!(hosts.has_origin(origin.as_bytes()), own, "{origin}");
        }
    }
}
