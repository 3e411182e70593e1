//! `interfaces` and `time-wait`: what this machine has, listed once.

use std::io::{self, Write};

use super::console::Ending;
use super::report::{Fact, Form};
use super::request::{self, ENDPOINT, UsageError};
use crate::engine::Engine;
use crate::i18n::{self, Language};
use crate::model::{EndpointError, Failure, Protocol, Role, Target};
use crate::tr;

/// What `time-wait` is asked about: an endpoint of TCP, or a port at any address of either family.
///
/// # Errors
/// The argument is none of these.
pub(super) fn read_place(text: &str, language: Language) -> Result<Target, UsageError> {
    let is_port = text.parse::<u16>().is_ok();
    // Without the option, `net.ipv6.bindv6only` would decide.
    let endpoint = if is_port { format!("tcp://[::]:{text}?v6only=0") } else { text.to_owned() };
    let target = request::read_endpoint(&endpoint, Role::Server, language)?;
    let problem = match target.endpoint.host() {
        _ if target.endpoint.protocol() != Protocol::Tcp => tr!(language, "cli.time_wait_is_of_tcp").into_owned(),
        Some(address) if address.port == 0 => i18n::endpoint_error(language, &EndpointError::PortZero),
        _ => return Ok(target),
    };
    Err(UsageError { argument: Some(ENDPOINT), problem: request::quoted(language, text, &problem) })
}

/// Lists the network interfaces.
pub(super) fn interfaces(form: Form) -> Ending {
    match Engine::interfaces() {
        Ok(all) => tell(form, all.iter().map(Fact::Interface), Ending::Done),
        Err(failure) => fail(form, &failure),
    }
}

/// Lists the sockets in TIME_WAIT that are in the way of a listener there.
pub(super) fn time_wait(form: Form, target: &Target) -> Ending {
    match Engine::sockets_in_time_wait(target) {
        Ok(sockets) => {
            if sockets.is_empty() && form == Form::Human {
                // Standard output is the list, which is empty.
                writeln!(io::stderr(), "{}", tr!(form.language(), "cli.no_time_wait")).ok();
            }
            tell(form, sockets.iter().map(Fact::Waiting), Ending::Done)
        }
        Err(failure) => fail(form, &failure),
    }
}

/// Says why there is none.
pub(super) fn fail(form: Form, failure: &Failure) -> Ending {
    tell(form, std::iter::once(Fact::Failed { failure, endpoint: None }), Ending::Failed)
}

/// Writes a list, and what came of it.
pub(super) fn tell<'a>(form: Form, mut facts: impl Iterator<Item = Fact<'a>>, ending: Ending) -> Ending {
    let mut report = form.report();
    match facts.try_for_each(|fact| report.tell(&fact)).and_then(|()| report.flush()) {
        // Whoever read the output has seen enough, as with `| head`.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let words = tr!(Language::from_system(), "cli.output_failed", error = error);
            writeln!(io::stderr(), "{words}").ok();
            Ending::Failed
        }
        _ => ending,
    }
}
