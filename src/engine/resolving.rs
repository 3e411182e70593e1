//! Names to addresses, with a deadline and a way out: getaddrinfo(3) itself has neither.

use ::core::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{after, bounded, select};

use super::core::{Core, spawn_foreign};
use super::socket_control::SocketControl;
use super::stop::Stop;
use crate::model::{Cause, Event, Failure, Hint, HostPort, IpProtocol, Operation, Target};
use crate::net;

/// The addresses of an endpoint, in the order to try them; none for one that has no host. Of a name, those of the version
/// of IP that the protocol belongs to which is asked for: a ping of the other one is answered by nobody. `None` when told
/// to stop meanwhile.
///
/// # Errors
/// No such host, no name server that says so, or no answer in time; no address of that version.
pub(super) fn candidates(
    core: &Arc<Core>,
    control: &SocketControl,
    target: &Target,
    deadline: Instant,
) -> Result<Option<Vec<SocketAddr>>, Failure> {
    let Some(address) = target.endpoint.host() else { return Ok(Some(Vec::new())) };
    let Some(mut candidates) = resolve(address, &control.stop, deadline)? else { return Ok(None) };
    if net::literal(address).is_some() {
        return Ok(Some(candidates));
    }
    if let Some(version) = target.carried().and_then(IpProtocol::version) {
        candidates.retain(|candidate| version.has(candidate.ip()));
        if candidates.is_empty() {
            let failure = Failure::new(Operation::Resolve, &address.host, Cause::OtherFamily);
            return Err(failure.with_hint(Hint::ChooseAnotherFamily));
        }
    }
    let told = candidates.iter().map(ToString::to_string).collect();
    core.outbox.send(Event::Resolved { socket: control.id, candidates: told });
    Ok(Some(candidates))
}

/// The addresses of a host, in the order to try them; at least one. `None` when told to stop meanwhile.
///
/// # Errors
/// As [`candidates`].
pub(super) fn resolve(address: &HostPort, stop: &Stop, deadline: Instant) -> Result<Option<Vec<SocketAddr>>, Failure> {
    if let Some(address) = net::literal(address) {
        return Ok(Some(vec![address]));
    }
    let (answer, answered) = bounded(1);
    let wanted = address.clone();
    // Nobody joins it: the call can't be interrupted, and ends by itself when the resolver gives up.
    spawn_foreign("resolve", move || {
        // Nobody may wait any more.
        let _ = answer.send(net::lookup(&wanted));
    })?;
    let fail = |cause| Failure::new(Operation::Resolve, &address.host, cause);
    select! {
        recv(answered) -> found => match found {
            Ok(found) => found.map(Some),
            Err(_) => Err(fail(Cause::Cancelled)),
        },
        recv(stop.requested()) -> _ => Ok(None),
        recv(after(deadline.saturating_duration_since(Instant::now()))) -> _ => Err(fail(Cause::TimedOut)),
    }
}
