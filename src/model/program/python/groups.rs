//! Multicast groups as `setsockopt` calls, see ip(7), ipv6(7) and RFC 3678.

use core::net::IpAddr;

use super::interface::Interfaces;
use super::options;
use crate::model::program::Recipe;
use crate::model::program::constant::hearing_others;
use crate::model::{InterfaceChoice, MulticastGroup, Obstacle};

/// The lines that join the recipe's groups, once the socket is bound.
///
/// # Errors
/// An interface can't be found in the way that it is chosen.
pub(super) fn joins(recipe: &Recipe<'_>, socket: &str, interfaces: &mut Interfaces) -> Result<Vec<String>, Obstacle> {
    let groups = &recipe.target.groups;
    let mut lines = Vec::new();
    for group in groups {
        lines.extend(join(group, socket, interfaces)?);
    }
    lines.extend(hearing_others(groups).map(|constant| options::call(socket, constant, "0")));
    Ok(lines)
}

fn join(group: &MulticastGroup, socket: &str, interfaces: &mut Interfaces) -> Result<Vec<String>, Obstacle> {
    let address = |address: IpAddr| match address {
        IpAddr::V4(address) => format!("socket.inet_aton(\"{address}\")"),
        IpAddr::V6(address) => format!("socket.inet_pton(socket.AF_INET6, \"{address}\")"),
    };
    let mut lines = vec![format!("group = {}", address(group.group()))];
    let is_v6 = group.group().is_ipv6();
    let by_number = is_v6 || group.source().is_none() && matches!(group.interface(), Some(InterfaceChoice::Name(_)));
    let interface = match (group.interface(), by_number) {
        // The routing table decides.
        (None, true) => "0  # any".to_owned(),
        (None, false) => "bytes(4)  # any".to_owned(),
        (Some(choice), true) => interfaces.index(choice)?,
        (Some(choice), false) => interfaces.address(choice)?,
    };
    lines.push(format!("interface = {interface}"));
    lines.extend(group.source().map(|source| format!("source = {}", address(source))));
    let (request, level, option, note) = match (is_v6, group.source()) {
        (false, None) if by_number => {
            ("struct.pack(\"4s4si\", group, bytes(4), interface)", "IP", "socket.IP_ADD_MEMBERSHIP", "")
        }
        (false, None) => ("struct.pack(\"4s4s\", group, interface)", "IP", "socket.IP_ADD_MEMBERSHIP", ""),
        (true, None) => ("struct.pack(\"16sI\", group, interface)", "IPV6", "socket.IPV6_JOIN_GROUP", ""),
        // Of these two, Python before 3.12 has no names.
        (false, Some(_)) => {
            ("struct.pack(\"4s4s4s\", group, interface, source)", "IP", "39", "  # IP_ADD_SOURCE_MEMBERSHIP")
        }
        (true, Some(_)) => {
            lines.push("family = socket.AF_INET6".to_owned());
            // struct group_source_req: the number, two struct sockaddr_storage.
            let request = "struct.pack(\"I0LH6x16s104xH6x16s104x\", interface, family, group, family, source)";
            (request, "IPV6", "46", "  # MCAST_JOIN_SOURCE_GROUP")
        }
    };
    lines.push(format!("request = {request}"));
    lines.push(format!("{socket}.setsockopt(socket.IPPROTO_{level}, {option}, request){note}"));
    Ok(lines)
}
