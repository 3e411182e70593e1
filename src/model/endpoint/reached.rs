//! Where a listener's peers find it.

use core::net::IpAddr;

use super::Endpoint;
use crate::model::{HostPort, Peer};

impl Endpoint {
    /// This listener's endpoint as the peer of a session has it, whose own end the listener has at `local`. Of a socket
    /// that is bound to every address, it is not known by which one datagrams came: it is this machine's own.
    #[must_use]
    pub fn reached_by(&self, peer: &Peer, local: &Peer) -> Self {
        if self.host().is_none() {
            return self.clone();
        }
        let host = match local {
            Peer::Ip(address) | Peer::Host(address) => HostPort::from(*address).host,
            Peer::Scoped(address) => address.host.clone(),
            _ => return self.clone(),
        };
        let host = match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(ip) if ip.is_unspecified() => loopback_of(peer).to_owned(),
            Ok(ip) => ip.to_string(),
            // It has a scope.
            Err(_) => host,
        };
        Self::from_fields(self.protocol(), &host, &self.fields().1).unwrap_or_else(|_| self.clone())
    }
}

fn loopback_of(peer: &Peer) -> &'static str {
    let is_v4 = match peer {
        Peer::Ip(address) | Peer::Host(address) => address.ip().to_canonical().is_ipv4(),
        _ => false,
    };
    if is_v4 { "127.0.0.1" } else { "::1" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_comes_to_the_address_that_its_session_has() {
        let ip = |text: &str| Peer::Ip(text.parse().unwrap());
        for (listens, peer, local, reached) in [
            ("tcp://0.0.0.0:9000", ip("10.0.0.2:1234"), ip("10.0.0.1:9000"), "tcp://10.0.0.1:9000"),
            ("tcp://[::]:9000", ip("10.0.0.2:1234"), ip("[::ffff:10.0.0.1]:9000"), "tcp://10.0.0.1:9000"),
            ("udp://0.0.0.0:9000", ip("10.0.0.2:1234"), ip("0.0.0.0:9000"), "udp://127.0.0.1:9000"),
            ("udp://[::]:9000", ip("[fd00::2]:1234"), ip("[::]:9000"), "udp://[::1]:9000"),
            ("raw://[::]?proto=253", ip("[fd00::2]:0"), ip("[fd00::1]:0"), "raw://[fd00::1]?proto=253"),
            ("unix:/run/x", ip("1.2.3.4:5"), ip("1.2.3.4:5"), "unix:/run/x"),
            (
                "tcp://[::]:9000",
                ip("[fe80::2%2]:1234"),
                Peer::Scoped(HostPort::new("fe80::1%eth0", 9000)),
                "tcp://[fe80::1%eth0]:9000",
            ),
        ] {
            let endpoint: Endpoint = listens.parse().unwrap();
            assert_eq!(endpoint.reached_by(&peer, &local).to_string(), reached);
        }
    }
}
