//! A message to many addresses, see getaddrinfo(3).

use super::socket::Manner;
use super::{Writer, literal};
use crate::model::HostPort;

impl<'a> Writer<'a> {
    /// To whom the message goes, where that is not the socket's own peer.
    pub(super) fn recipients(&self) -> Option<&'a [HostPort]> {
        let may_differ = matches!(self.transport.manner, Manner::Datagrams) && self.recipe.message().is_some();
        Some(self.recipe.recipients).filter(|all| !all.is_empty() && may_differ)
    }
}

/// The lines of the list.
pub(super) fn constant(recipients: &[HostPort]) -> Vec<String> {
    let each = recipients.iter().map(|HostPort { host, port }| format!("    ({}, {port}),", literal::text(host)));
    core::iter::once("RECIPIENTS = [".to_owned()).chain(each).chain(["]".to_owned()]).collect()
}

/// Sends to all of them, or to nobody where one is not found; what fails later for one doesn't keep it from the others.
pub(super) fn sends(socket: &str) -> String {
    SENDS.replace("SOCKET", socket)
}

const SENDS: &str = r#"recipients = []
for host, port in RECIPIENTS:
    # An IPv6 socket reaches IPv4 addresses as mapped ones.
    kind, flags = socket.SOCK_DGRAM, socket.AI_V4MAPPED
    found = socket.getaddrinfo(host, port, SOCKET.family, kind, 0, flags)
    recipients.append(found[0][4])
for recipient in recipients:
    try:
        SOCKET.sendto(MESSAGE, recipient)
    except OSError as error:
        print(recipient, error, flush=True)"#;
