//! Answers that leave from the address that was asked, where the socket is bound to all of them: the system would choose
//! one by the route, and a peer that is connected hears no other than the one that it asked.

use core::net::IpAddr;

use super::Writer;
use super::script::Script;
use crate::model::{Endpoint, IpVersion};

/// The number of IP_PKTINFO on Linux, for which Python before 3.14 has no name.
const PKTINFO: u8 = 8;

impl Writer<'_> {
    /// The family of a socket that has to be told from where it answers.
    pub(super) fn names_own_address(&self) -> Option<IpVersion> {
        let Endpoint::Udp(address) = &self.recipe.target.endpoint else { return None };
        let ip = address.host.parse::<IpAddr>().ok()?;
        let speaks = self.recipe.is_server() && (self.greets() || self.answer().is_some());
        let version = if ip.is_ipv6() { IpVersion::V6 } else { IpVersion::V4 };
        (speaks && ip.to_canonical().is_unspecified()).then_some(version)
    }

    /// Has the system say of each datagram where it came to; a socket of both families is told for each.
    pub(super) fn ask_for_own_address(&self, script: &mut Script) {
        let Some(version) = self.names_own_address() else { return };
        if version == IpVersion::V6 {
            script.line("server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)");
        }
        script.line(format!("server.setsockopt(socket.IPPROTO_IP, {PKTINFO}, 1)  # IP_PKTINFO"));
    }

    /// The function `from_asked(told)`.
    pub(super) fn from_asked(script: &mut Script, version: IpVersion) {
        script.lines(if version == IpVersion::V6 { FROM_ASKED_OF_BOTH } else { FROM_ASKED });
    }

    /// The line that takes a datagram.
    pub(super) fn receive(&self) -> String {
        let size = self.recipe.receive_size();
        match self.names_own_address() {
            Some(_) => format!("data, told, _, peer = server.recvmsg({size}, 256)"),
            None => format!("data, peer = server.recvfrom({size})"),
        }
    }

    /// The line that sends to who sent the datagram.
    pub(super) fn send_back(&self, what: &str) -> String {
        match self.names_own_address() {
            Some(_) => format!("server.sendmsg([{what}], from_asked(told), 0, peer)"),
            None => format!("server.sendto({what}, peer)"),
        }
    }
}

const FROM_ASKED: &str = r#"def from_asked(told):
    """Has an answer leave from the address that was asked, by whichever interface: see ip(7)."""
    return [(level, kind, bytes(4) + info[4:]) for level, kind, info in told]"#;

/// Of a datagram of IPv4, both are told, its own last.
const FROM_ASKED_OF_BOTH: &str = r#"def from_asked(told):
    """Has an answer leave from the address that was asked, see ip(7) and ipv6(7)."""
    level, kind, info = told[-1]
    if level == socket.IPPROTO_IP:
        return [(level, kind, bytes(4) + info[4:])]  # By whichever interface.
    if info[0] == 0xFF:
        return []  # A group was asked.
    is_of_link = info[0] == 0xFE and info[1] & 0xC0 == 0x80
    return [(level, kind, info if is_of_link else info[:16] + bytes(4))]"#;
