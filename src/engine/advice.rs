//! What a user can do about a failure, where that is known.

use std::io;

use crate::model::{Cause, Endpoint, Failure, Hint, Operation, UnixName};
use crate::store::{port_owner, socket_file};

/// Adds a hint to a failure of opening `endpoint`, and looks closer where the system's error says too little.
pub(super) fn explain(mut failure: Failure, endpoint: &Endpoint) -> Failure {
    if let Endpoint::UnixStream(UnixName::Path(path)) = endpoint {
        match (&failure.cause, socket_file::is_socket(path)) {
            (Cause::Refused, Some(true)) => failure.cause = Cause::StaleSocket,
            (Cause::Refused | Cause::AddressInUse, Some(false)) => failure.cause = Cause::NotASocket,
            _ => {}
        }
    }
    if failure.hint.is_none() {
        failure.hint = hint(&failure, endpoint);
    }
    failure
}

fn hint(failure: &Failure, endpoint: &Endpoint) -> Option<Hint> {
    Some(match failure.cause {
        Cause::AddressInUse => match endpoint {
            Endpoint::Tcp(address) | Endpoint::Udp(address) => port_owner::find(endpoint.protocol(), address.port)
                .map_or(Hint::ChooseAnotherPort, |owner| Hint::PortHeldBy { owner }),
            Endpoint::UnixStream(_) => Hint::ChooseAnotherPort,
        },
        Cause::Refused | Cause::StaleSocket => Hint::StartTheServer,
        Cause::NotASocket => Hint::RemoveTheFile,
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
            _ => Hint::CheckRights,
        },
        Cause::AddressFamilyMissing => match endpoint {
            Endpoint::Tcp(_) | Endpoint::Udp(_) => Hint::ChooseAnotherFamily,
            Endpoint::UnixStream(_) => return None,
        },
        Cause::PathTooLong => Hint::ShortenThePath,
        Cause::OutOfDescriptors => Hint::RaiseDescriptorLimit,
        _ => return None,
    })
}

pub(super) fn send_datagram(peer: &str, error: &io::Error) -> Failure {
    let failure = Failure::io(Operation::Send, peer, error);
    match failure.cause {
        Cause::MessageTooLong => failure.with_hint(Hint::DatagramMax),
        Cause::Refused => failure.with_hint(Hint::StartTheServer),
        _ => failure,
    }
}
