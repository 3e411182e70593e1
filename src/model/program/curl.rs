//! curl(1): its telnet, which carries bytes as they are but for one, and its HTTP to who answers browsers.

use super::request::{BrowserRequest, LOCAL};
use super::shell::{path, printf, word};
use super::{Obstacle, Recipe};
use crate::model::{BrowserContent, Endpoint, OptionValue, Role, SocketOption, UnixName};

pub(super) fn write(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    if recipe.role == Role::Server {
        return Err(Obstacle::Listening);
    }
    if let Some(request) = recipe.request {
        return ask(recipe, request);
    }
    let Endpoint::Tcp(address) = &recipe.target.endpoint else { return Err(Obstacle::Transport) };
    // Quiet but for the answer, which comes as it arrives.
    let words = format!("curl -sN{}", settings(recipe)?);
    let url = word(&format!("telnet://{address}"));
    let Some(message) = recipe.message() else {
        return Ok(format!("{words} {url}\n"));
    };
    if message.contains(&0xFF) {
        return Err(Obstacle::TelnetCommand);
    }
    // It has no measure of quiet: seconds after which it ends, in all.
    Ok(format!("{} | {words} -m 1 {url}\n", printf(message)))
}

/// A line that asks a listener as a browser does.
fn ask(recipe: &Recipe<'_>, request: &BrowserRequest) -> Result<String, Obstacle> {
    let (socket, url) = match &recipe.target.endpoint {
        endpoint @ Endpoint::Tcp(_) => (String::new(), BrowserContent::url(endpoint).ok_or(Obstacle::Transport)?),
        Endpoint::UnixStream(name) => {
            let (flag, name) = match name {
                UnixName::Path(file) => ("--unix-socket", file.to_str().map(path)),
                UnixName::Abstract(name) => {
                    ("--abstract-unix-socket", std::str::from_utf8(name).ok().map(str::to_owned))
                }
                UnixName::Unnamed => return Err(Obstacle::Transport),
            };
            let name = name.ok_or(Obstacle::Transport)?;
            (format!(" {flag} {}", word(&name)), format!("http://{LOCAL}/"))
        }
        _ => return Err(Obstacle::Transport),
    };
    let path = request.path();
    let is_head = request.wants_no_content();
    let opening: String = request.opening().map(|field| format!(" -H {}", word(&field))).collect();
    let mut line = format!("curl -s{}", if is_head { "I" } else { "N" });
    if path.contains(['[', ']', '{', '}']) {
        // They are no patterns.
        line.push('g');
    }
    if path.contains("/.") {
        line.push_str(" --path-as-is");
    }
    if !opening.is_empty() {
        // With the answer's head, and until it is asked no more: nobody closes a WebSocket that has been opened.
        line.push_str(" -i -m 1");
    }
    // The listener is asked, and no proxy of the environment.
    line.push_str(" --noproxy '*'");
    let place = word(&format!("{}{path}", url.trim_end_matches('/')));
    Ok(format!("{line}{}{socket}{opening} {place}\n", settings(recipe)?))
}

/// The words for the options and for what to bind, each after a space.
fn settings(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    let mut words = String::new();
    for (option, value) in recipe.target.options.iter() {
        words.extend(flag(option, value)?.map(|flag| format!(" {flag}")));
    }
    words.extend(recipe.local_host.map(|host| format!(" --interface {}", word(host))));
    words.extend(recipe.local_port.map(|port| format!(" --local-port {port}")));
    Ok(words)
}

/// The word that sets an option; none for what curl does anyway.
fn flag(option: SocketOption, value: &OptionValue) -> Result<Option<&'static str>, Obstacle> {
    match (option, value) {
        (SocketOption::NoDelay | SocketOption::KeepAlive, OptionValue::Switch(true)) => Ok(None),
        (SocketOption::NoDelay, _) => Ok(Some("--no-tcp-nodelay")),
        (SocketOption::KeepAlive, _) => Ok(Some("--no-keepalive")),
        (SocketOption::Backlog, _) => Ok(None),
        (SocketOption::Linger, OptionValue::Off) => Ok(None),
        _ => Err(Obstacle::Option(option)),
    }
}
