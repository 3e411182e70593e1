//! Multicast groups of datagram sockets. Nothing here blocks.

use ::core::net::IpAddr;

use super::core::Core;
use super::inspecting::with_socket;
use super::session::Session;
use super::socket_control::SocketControl;
use crate::model::{Cause, Event, Failure, Hint, Life, MulticastGroup, Notice, Peer};
use crate::net::OpenSocket;
use crate::store::kernel;

/// Has a socket that has just been opened hear its groups, before anybody is told of it.
///
/// # Errors
/// Of the first that can't be joined.
pub(super) fn join_first(control: &SocketControl, socket: &OpenSocket<'_>) -> Result<(), Failure> {
    control.groups.iter().try_for_each(|group| joined(socket, group))
}

fn joined(socket: &OpenSocket<'_>, group: &MulticastGroup) -> Result<(), Failure> {
    socket.join(group).map_err(|failure| match failure.cause {
        Cause::TooManyGroups => failure.with_hint(Hint::RaiseGroupLimit { settings: limits(group) }),
        _ => failure,
    })
}

/// What bounds the groups of a socket, ip-sysctl in the kernel's documentation. Of a group with sources it may be either:
/// the call's error is the same. Over IPv6 only the sources are counted.
fn limits(group: &MulticastGroup) -> Vec<String> {
    let settings: &[&str] = match (group.group(), group.source()) {
        (IpAddr::V4(_), None) => &["net.ipv4.igmp_max_memberships"],
        (IpAddr::V4(_), Some(_)) => &["net.ipv4.igmp_max_memberships", "net.ipv4.igmp_max_msf"],
        (IpAddr::V6(_), _) => &["net.ipv6.mld_max_msf"],
    };
    settings.iter().map(|setting| kernel::with_value(setting)).collect()
}

/// Tells of the groups of [`join_first`]; `local` is where the socket is bound.
pub(super) fn tell_first(core: &Core, control: &SocketControl, local: &Peer) {
    for group in &control.groups {
        tell_joined(core, control, group, Some(local));
    }
}

/// Tells that a group is heard from now on, and where it is not, why.
fn tell_joined(core: &Core, control: &SocketControl, group: &MulticastGroup, local: Option<&Peer>) {
    core.life(control.id, None, Life::Joined { group: group.to_string() });
    core.outbox.send(Event::Joined { socket: control.id, group: group.clone() });
    if let Some(local) = local.filter(|local| is_one_machine(local)) {
        let notice = Notice::GroupOutOfReach { group: group.group().to_string(), local: local.to_string() };
        core.notice(control.id, None, notice);
    }
}

/// Joins a group over the listener's socket or the client's, and tells what came of it.
pub(super) fn join(core: &Core, control: &SocketControl, session: Option<&Session>, group: &MulticastGroup) {
    let joined = with_socket(control, session, |socket| (joined(&socket, group), socket.local()));
    match joined {
        Some((Ok(()), local)) => tell_joined(core, control, group, local.as_ref()),
        Some((Err(failure), _)) => core.fail(control.id, None, failure),
        // Closed meanwhile, which has been told.
        None => {}
    }
}

/// Leaves a group, and tells what came of it.
pub(super) fn leave(core: &Core, control: &SocketControl, session: Option<&Session>, group: &MulticastGroup) {
    match with_socket(control, session, |socket| socket.leave(group)) {
        Some(Ok(())) => {
            core.life(control.id, None, Life::Left { group: group.to_string() });
            core.outbox.send(Event::Left { socket: control.id, group: group.clone() });
        }
        Some(Err(failure)) => core.fail(control.id, None, failure),
        None => {}
    }
}

/// Bound to an address that only this machine has, a socket hears no group.
fn is_one_machine(local: &Peer) -> bool {
    matches!(local, Peer::Ip(address) if !address.ip().is_unspecified() && !address.ip().is_multicast())
}
