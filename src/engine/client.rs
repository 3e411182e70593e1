//! The thread of one client: resolves, connects, receives, and connects again where that was asked for.

use ::core::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use super::core::Core;
use super::socket_control::SocketControl;
use super::{advice, datagrams, listener, resolving, stream_receiver};
use crate::model::{
    Cause, ConnectSpec, Endpoint, Event, Failure, HostPort, Life, Operation, Peer, Protocol, Role, UnixName,
};
use crate::net::{self, LocalAddress, RaceEnd, Stream};
use crate::store::inbox::Inbox;

/// Connects and stays connected until told to stop. Blocks for the client's whole life.
pub(super) fn run(core: &Arc<Core>, control: &Arc<SocketControl>, spec: &ConnectSpec) {
    loop {
        if let Err(failure) = connect(core, control, spec)
            && !control.stop.is_requested()
        {
            core.fail(control.id, None, advice::explain(failure, &spec.target.endpoint));
        }
        let Some(delay) = spec.reconnect.filter(|_| !control.stop.is_requested()) else { break };
        core.outbox.send(Event::ReconnectingIn { socket: control.id, delay });
        if control.stop.wait(delay) {
            break;
        }
    }
    core.outbox.send(Event::Disconnected { socket: control.id });
}

/// One attempt and the connection that comes of it; `Ok` too when told to stop.
fn connect(core: &Arc<Core>, control: &Arc<SocketControl>, spec: &ConnectSpec) -> Result<(), Failure> {
    let deadline = Instant::now() + spec.timeout;
    if let Some(folder) = spec.receive.folder() {
        Inbox::open(folder)?;
    }
    let local = local_address(spec)?;
    let stream = match &spec.target.endpoint {
        Endpoint::Udp(address) => {
            let Some(candidates) = resolving::resolve(core, control, address, deadline)? else { return Ok(()) };
            let candidates = local.reachable(candidates);
            return datagrams::converse(core, control, spec, &candidates, local);
        }
        Endpoint::Tcp(address) => connect_tcp(core, control, spec, address, local, deadline)?,
        Endpoint::UnixStream(name) => Some(connect_unix(core, control, spec, name, deadline)?),
    };
    let Some(stream) = stream else { return Ok(()) };
    let protocol = spec.target.endpoint.protocol();
    let peer = match (&spec.target.endpoint, stream.peer()) {
        // The name that was connected to says more than the system's answer for an abstract one.
        (Endpoint::UnixStream(name), Peer::Unix(UnixName::Unnamed)) => Peer::Unix(name.clone()),
        (_, peer) => peer,
    };
    if let Some((session, stream)) = listener::open_session(core, control, Role::Client, protocol, peer, stream) {
        stream_receiver::run(&session, core, control, stream);
    }
    Ok(())
}

fn connect_tcp(
    core: &Arc<Core>,
    control: &SocketControl,
    spec: &ConnectSpec,
    address: &HostPort,
    local: LocalAddress,
    deadline: Instant,
) -> Result<Option<Stream>, Failure> {
    let Some(candidates) = resolving::resolve(core, control, address, deadline)? else { return Ok(None) };
    let candidates = local.reachable(candidates);
    let options = &spec.target.options;
    let end = net::connect_first(&candidates, local, options, deadline, &control.wake, |attempt| {
        announce_attempt(core, control, &Endpoint::Tcp(attempt.into()));
    });
    match end {
        RaceEnd::Connected(stream) => Ok(Some(stream)),
        RaceEnd::Woken => Ok(None),
        RaceEnd::Failed(failure) => Err(failure),
    }
}

fn connect_unix(
    core: &Core,
    control: &SocketControl,
    spec: &ConnectSpec,
    name: &UnixName,
    deadline: Instant,
) -> Result<Stream, Failure> {
    announce_attempt(core, control, &spec.target.endpoint);
    net::connect_unix(name, &spec.target.options, deadline, &control.wake)
}

fn announce_attempt(core: &Core, control: &SocketControl, endpoint: &Endpoint) {
    let attempt = endpoint.to_string();
    core.life(control.id, None, Life::Connecting { endpoint: attempt.clone() });
    core.outbox.send(Event::Connecting { socket: control.id, attempt });
}

fn local_address(spec: &ConnectSpec) -> Result<LocalAddress, Failure> {
    let ip = match &spec.local_host {
        None => None,
        Some(host) => {
            Some(host.parse::<IpAddr>().map_err(|_| Failure::new(Operation::Bind, host, Cause::NotANumericAddress))?)
        }
    };
    if spec.target.endpoint.protocol() == Protocol::UnixStream {
        return Ok(LocalAddress::default());
    }
    Ok(LocalAddress { ip, port: spec.local_port })
}
