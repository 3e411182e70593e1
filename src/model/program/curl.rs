//! curl(1) with its telnet, which carries bytes as they are but for one.

use super::shell::{printf, word};
use super::{Obstacle, Recipe};
use crate::model::{Endpoint, OptionValue, Role, SocketOption};

pub(super) fn write(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    if recipe.role == Role::Server {
        return Err(Obstacle::Listening);
    }
    let Endpoint::Tcp(address) = &recipe.target.endpoint else { return Err(Obstacle::Transport) };
    // Quiet but for the answer, which comes as it arrives.
    let mut words = vec!["curl".to_owned(), "-sN".to_owned()];
    for (option, value) in recipe.target.options.iter() {
        words.extend(flag(option, value)?);
    }
    words.extend(recipe.local_host.into_iter().flat_map(|host| ["--interface".to_owned(), word(host)]));
    words.extend(recipe.local_port.into_iter().flat_map(|port| ["--local-port".to_owned(), port.to_string()]));
    let url = word(&format!("telnet://{address}"));
    let Some(message) = recipe.message() else {
        return Ok(format!("{} {url}\n", words.join(" ")));
    };
    if message.contains(&0xFF) {
        return Err(Obstacle::TelnetCommand);
    }
    // It has no measure of quiet: seconds after which it ends, in all.
    Ok(format!("{} | {} -m 1 {url}\n", printf(message), words.join(" ")))
}

/// The word that sets an option; none for what curl does anyway.
fn flag(option: SocketOption, value: &OptionValue) -> Result<Option<String>, Obstacle> {
    match (option, value) {
        (SocketOption::NoDelay | SocketOption::KeepAlive, OptionValue::Switch(true)) => Ok(None),
        (SocketOption::NoDelay, _) => Ok(Some("--no-tcp-nodelay".to_owned())),
        (SocketOption::KeepAlive, _) => Ok(Some("--no-keepalive".to_owned())),
        (SocketOption::Backlog, _) => Ok(None),
        _ => Err(Obstacle::Option(option)),
    }
}
