//! What a user can do about a failure, where that is known.

use std::io;

use crate::model::{Cause, Endpoint, Failure, Hint, Operation, Protocol, SocketOption, Target, UnixName};
use crate::store::{port_owner, socket_file, time_wait};

/// Adds a hint to a failure of opening `target`, and looks closer where the system's error says too little.
pub(super) fn explain(mut failure: Failure, target: &Target) -> Failure {
    let endpoint = &target.endpoint;
    if let Some(path) = endpoint.unix_name().and_then(UnixName::path) {
        match (&failure.cause, socket_file::is_socket(path)) {
            (Cause::Refused, Some(true)) => failure.cause = Cause::StaleSocket,
            (Cause::Refused | Cause::AddressInUse, Some(false)) => failure.cause = Cause::NotASocket,
            _ => {}
        }
    }
    if failure.hint.is_none() {
        failure.hint = hint(&failure, target);
    }
    failure
}

fn hint(failure: &Failure, target: &Target) -> Option<Hint> {
    let endpoint = &target.endpoint;
    Some(match failure.cause {
        Cause::AddressInUse => in_use(target),
        Cause::Refused | Cause::StaleSocket => Hint::StartTheServer,
        Cause::SelfConnect => Hint::ChooseAnotherPort,
        Cause::NotASocket => Hint::RemoveTheFile,
        Cause::OtherSocketType => Hint::ChooseAnotherProtocol,
        Cause::NoSuchHost => Hint::CheckTheName,
        Cause::AddressNotAvailable | Cause::HostUnreachable | Cause::NetworkUnreachable | Cause::TimedOut => {
            Hint::CheckTheAddress
        }
        Cause::PermissionDenied => match endpoint {
            Endpoint::Tcp(address) | Endpoint::Udp(address)
                if failure.operation == Operation::Bind && (1..1024).contains(&address.port) =>
            {
                Hint::PortsBelow1024NeedRights
            }
            _ if failure.operation == Operation::Open => {
                missing(endpoint.protocol(), &failure.cause).unwrap_or(Hint::CheckRights)
            }
            _ => Hint::CheckRights,
        },
        Cause::AddressFamilyMissing => return missing(endpoint.protocol(), &failure.cause),
        Cause::NoSuchDevice => match endpoint {
            Endpoint::Can(_) | Endpoint::CanBroadcast(_) => Hint::CheckTheInterface,
            _ => return None,
        },
        Cause::PathTooLong => Hint::ShortenThePath,
        Cause::OutOfDescriptors => Hint::RaiseDescriptorLimit,
        _ => return None,
    })
}

/// Who holds the address, or what else keeps it.
fn in_use(target: &Target) -> Hint {
    let Some(address) = target.endpoint.host() else { return Hint::ChooseAnotherPort };
    if let Some(owner) = port_owner::find(target.endpoint.protocol(), address.port) {
        return Hint::PortHeldBy { owner };
    }
    let refuses_to_share = target.options.switch(SocketOption::ReuseAddress) == Some(false);
    if refuses_to_share && matches!(target.endpoint, Endpoint::Tcp(_)) {
        let sockets = time_wait::find(address.port);
        if !sockets.is_empty() {
            return Hint::PortInTimeWait { sockets };
        }
    }
    Hint::ChooseAnotherPort
}

/// What would bring a kind of socket that can't be opened.
pub(super) fn missing(protocol: Protocol, cause: &Cause) -> Option<Hint> {
    match (cause, protocol.kernel_module()) {
        (Cause::AddressFamilyMissing, Some(module)) => Some(Hint::LoadModule { module: module.to_owned() }),
        (Cause::AddressFamilyMissing, None) if protocol.is_over_ip() => Some(Hint::ChooseAnotherFamily),
        (Cause::PermissionDenied, _) if protocol == Protocol::Raw => Some(Hint::NeedsRawRight),
        _ => None,
    }
}

/// A message or datagram that was not sent.
pub(super) fn send_message(protocol: Protocol, peer: &str, error: &io::Error) -> Failure {
    let mut failure = Failure::io(Operation::Send, peer, error);
    let is_unix = protocol.is_unix();
    // The one that is full is the receiver's queue, net.unix.max_dgram_qlen long (unix(7)).
    if is_unix && error.kind() == io::ErrorKind::WouldBlock {
        failure.cause = Cause::PeerQueueFull;
    }
    match failure.cause {
        Cause::MessageTooLong => failure.with_hint(if is_unix { Hint::RaiseSendBuffer } else { Hint::DatagramMax }),
        Cause::PeerQueueFull => failure.with_hint(Hint::WaitForTheReceiver),
        Cause::Refused => failure.with_hint(Hint::StartTheServer),
        _ => failure,
    }
}
