//! `code`: a conversation as a program for another tool.

use std::io::{self, Write};

use super::args::{CodeArguments, Tool};
use super::console::Ending;
use super::report::Form;
use super::request::{self, UsageError};
use crate::i18n::{self, Language};
use crate::model::{BrowserContent, HostPort, LocalPlace, Program, ReceiveMode, Recipe, Respond, Role, Target};
use crate::tr;

/// What to write down.
#[derive(Debug)]
pub(super) struct CodeTask {
    target: Target,
    role: Role,
    connected: bool,
    /// The endpoint and those beside it; none where it is the endpoint alone.
    recipients: Vec<HostPort>,
    local: LocalPlace,
    program: Program,
    message: Option<Vec<u8>>,
    respond: Respond,
    browser: Option<BrowserContent>,
    receive: ReceiveMode,
}

/// # Errors
/// The first argument that can't be right.
pub(super) fn read(arguments: CodeArguments, language: Language) -> Result<CodeTask, UsageError> {
    let browser = request::browser(arguments.serve, arguments.page);
    let role = if arguments.listen { Role::Server } else { Role::Client };
    let receive = arguments.into.map_or(ReceiveMode::Show, |into| arguments.protocol.into_mode(into));
    let target = match receive {
        ReceiveMode::Show => request::read_endpoint_for(browser.as_ref(), &arguments.endpoint, role, language)?,
        _ => request::read_files_endpoint(&arguments.endpoint, role, language)?,
    };
    let message = match (arguments.send, arguments.send_hex) {
        (Some(text), _) => Some(request::read_message(&text, &target, language)?),
        (None, Some(text)) => Some(request::read_hex(&text, language)?),
        (None, None) => None,
    };
    let local = request::read_bind(arguments.bind.as_deref(), &target, language)?;
    let mut recipients = request::read_addresses(arguments.to.as_deref(), &target, language)?;
    if role == Role::Client && !recipients.is_empty() {
        recipients.splice(..0, target.endpoint.host().cloned());
    }
    Ok(CodeTask {
        target,
        role,
        connected: !arguments.unconnected,
        recipients,
        local,
        program: match arguments.tool {
            Tool::Python => Program::Python,
            Tool::Netcat => Program::Netcat,
            Tool::Socat => Program::Socat,
            Tool::Curl => Program::Curl,
        },
        message,
        respond: request::respond(arguments.reply, arguments.echo),
        browser,
        receive,
    })
}

/// Writes the program to standard output, or to standard error why there is none.
pub(super) fn run(task: &CodeTask, form: Form) -> Ending {
    let language = form.language();
    let CodeTask { target, role, connected, recipients, local, program, message, respond, browser, receive } = task;
    let recipe = Recipe {
        connected: *connected,
        recipients,
        local_host: local.host.as_deref(),
        local_port: local.port,
        message: message.as_deref(),
        respond,
        browser: browser.as_ref(),
        receive,
        ..Recipe::new(*role, target)
    };
    match program.write(&recipe) {
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            // Whoever read the output has seen enough, as with `| head`.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                tell(&tr!(language, "cli.output_failed", error = error))
            }
            _ => Ending::Done,
        },
        Err(obstacle) => tell(&i18n::obstacle(language, *program, target.endpoint.protocol(), obstacle)),
    }
}

fn tell(words: &str) -> Ending {
    // The exit status tells where the words can't.
    writeln!(io::stderr(), "{words}").ok();
    Ending::Failed
}
