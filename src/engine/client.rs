//! The thread of one client: resolves, connects, receives, and connects again where that was asked for.

use ::core::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::core::Core;
use super::file_connection::FileConnection;
use super::session::Session;
use super::socket_control::SocketControl;
use super::{advice, datagrams, groups, inspecting, listener, resolving, stream_receiver};
use crate::model::{
    Cause, ConnectSpec, Endpoint, Event, Failure, Hint, HostPort, IpProtocol, Life, Operation, Peer, Protocol, Purpose,
    ReceiveMode, Role, Target, UnixName,
};
use crate::net::{self, Attempt, ConnectEnd, LocalAddress, Stream};
use crate::store::inbox::Inbox;

/// Connects and stays connected until told to stop. Blocks for the client's whole life.
pub(super) fn run(core: &Arc<Core>, control: &Arc<SocketControl>, spec: &ConnectSpec) {
    loop {
        if let Err(failure) = connect(core, control, spec, |_| {})
            && !control.stop.is_requested()
        {
            core.fail(control.id, None, advice::explain(failure, &spec.target, Role::Client));
        }
        let Some(delay) = spec.reconnect.filter(|_| !control.stop.is_requested()) else { break };
        core.outbox.send(Event::ReconnectingIn { socket: control.id, delay });
        if control.stop.wait(delay) {
            break;
        }
    }
    core.outbox.send(Event::Disconnected { socket: control.id });
}

/// One attempt and the connection that comes of it, until that ends; `Ok` too when told to stop. `opened` is called with
/// the session of a stream as soon as there is one.
pub(super) fn connect(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    spec: &ConnectSpec,
    opened: impl FnOnce(&Arc<Session>),
) -> Result<(), Failure> {
    let deadline = Instant::now() + spec.timeout;
    let Target { endpoint, options, .. } = &spec.target;
    if spec.receive != ReceiveMode::Show && !endpoint.protocol().is_stream() {
        return Err(Failure::new(Operation::Open, endpoint, Cause::NotAStream));
    }
    if let Some(folder) = spec.receive.folder() {
        Inbox::open(folder)?;
    }
    let local = local_address(spec)?;
    let Some(candidates) = resolving::candidates(core, control, &spec.target, deadline)? else { return Ok(()) };
    let candidates = local.reachable(candidates);
    if let (Some(ip), Some(host)) = (local.ip, &spec.local_host)
        && candidates.iter().all(|candidate| candidate.is_ipv4() != ip.is_ipv4())
    {
        return Err(Failure::new(Operation::Bind, host, Cause::OtherFamily).with_hint(Hint::ChooseAnotherFamily));
    }
    let attempt = Attempt {
        endpoint,
        candidates: &candidates,
        local,
        connected: spec.connected,
        options,
        deadline,
        wake: &control.wake,
    };
    match net::connect(&attempt, |endpoint| announce_attempt(core, control, endpoint)) {
        ConnectEnd::Stream(stream) => {
            let endpoint = adopted(core, control, spec, stream.protocol(), None, &stream.local())?;
            converse(core, control, spec, &endpoint, stream, opened);
        }
        ConnectEnd::Datagrams(socket, peer) => {
            let local = socket.local().map_err(|error| Failure::io(Operation::Open, endpoint, &error))?;
            let is_connected = spec.connected || matches!(endpoint, Endpoint::Descriptor(_));
            let to = (!is_connected).then(|| peer.clone());
            let endpoint = adopted(core, control, spec, socket.protocol(), socket.carried(), &local)?;
            groups::join_first(control, &socket.inspect(Role::Client, endpoint.protocol()))?;
            datagrams::converse(core, control, &endpoint, socket, &local, peer, to);
        }
        ConnectEnd::Woken => {}
        ConnectEnd::Failed(failure) => return Err(failure),
    }
    Ok(())
}

/// What was asked for, or what the descriptor that was asked for really is.
fn adopted(
    core: &Core,
    control: &SocketControl,
    spec: &ConnectSpec,
    protocol: Protocol,
    carried: Option<IpProtocol>,
    local: &Peer,
) -> Result<Endpoint, Failure> {
    let asked = &spec.target.endpoint;
    let Endpoint::Descriptor(_) = asked else { return Ok(asked.clone()) };
    let opened = asked.opened(protocol, carried, local);
    listener::check_adopted(core, control, asked, &opened, &spec.receive)?;
    Ok(opened)
}

/// The connection over which the other side sends verified files, where some are to be kept.
fn receive_files_beside(core: &Arc<Core>, control: &SocketControl, spec: &ConnectSpec) -> Option<FileConnection> {
    if control.purpose != Purpose::Talk || !matches!(spec.receive, ReceiveMode::Verified { .. }) {
        return None;
    }
    let connection = FileConnection::receive(core, control.id, spec);
    connection.inspect_err(|failure| core.fail(control.id, None, failure.clone())).ok()
}

fn converse(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    spec: &ConnectSpec,
    endpoint: &Endpoint,
    stream: Stream,
    opened: impl FnOnce(&Arc<Session>),
) {
    let peer = match (endpoint.unix_name(), stream.peer()) {
        // The name that was connected to says more than the system's answer for an abstract one.
        (Some(name), Peer::Unix(UnixName::Unnamed)) => Peer::Unix(name.clone()),
        (_, peer) => peer,
    };
    let session = listener::open_session(core, control, Role::Client, endpoint, peer, stream);
    if let Some((session, stream)) = session {
        inspecting::tell_client_answers(core, control, &session);
        opened(&session);
        let _beside = receive_files_beside(core, control, spec);
        stream_receiver::run(&session, core, control, stream);
    }
}

fn announce_attempt(core: &Core, control: &SocketControl, endpoint: &Endpoint) {
    let attempt = advice::named_endpoint(endpoint.clone()).to_string();
    core.life(control.id, None, Life::Connecting { endpoint: attempt.clone() });
    core.outbox.send(Event::Connecting { socket: control.id, attempt });
}

fn local_address(spec: &ConnectSpec) -> Result<LocalAddress, Failure> {
    let address = match &spec.local_host {
        None => None,
        Some(host) => {
            let address = HostPort::new(host, 0);
            // What is a number and yet no address has a scope that is no interface.
            let cause = if address.is_literal() { Cause::NoSuchDevice } else { Cause::NotANumericAddress };
            Some(net::literal(&address).ok_or_else(|| Failure::new(Operation::Bind, host, cause))?)
        }
    };
    if spec.target.endpoint.host().is_none() {
        return Ok(LocalAddress::default());
    }
    let scope = match address {
        Some(SocketAddr::V6(v6)) => v6.scope_id(),
        _ => 0,
    };
    Ok(LocalAddress { ip: address.map(|address| address.ip()), scope, port: spec.local_port })
}
