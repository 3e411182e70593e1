//! Step two of reading the command line: texts become endpoints and bytes, or a mistake in words.

use std::path::PathBuf;
use std::time::Duration;

use super::args::{
    ConnectArguments, JournalArguments, ListenArguments, ReceiveArguments, SendFileArguments, SendProtocol, Verb,
};
use super::code::{self, CodeTask};
use super::export::{self, ExportTask};
use super::import::ImportTask;
use super::machine;
use super::report::Form;
use super::statistics::{self, StatisticsTask};
use crate::codec::compose::{self, Format, LineEnding};
use crate::codec::encoding::Encoding;
use crate::codec::hex;
use crate::codec::size::{format_bytes, parse_bytes};
use crate::engine::Engine;
use crate::i18n::{self, Language};
use crate::model::{
    Admission, BrowserContent, ConnectSpec, Delivery, DescriptorName, Endpoint, EndpointError, HostPort, ListenSpec,
    LocalPlace, Protocol, Respond, Retention, Role, SendMode, Target,
};
use crate::tr;

/// What the command line asks for, checked as far as it can be without opening anything.
#[derive(Debug)]
pub(super) struct Request {
    pub form: Form,
    pub journal: Option<KeptJournal>,
    /// Whether live states are told.
    pub info: bool,
    pub task: Task,
}

/// Where rows are recorded, and what of them stays.
#[derive(Debug)]
pub(super) struct KeptJournal {
    pub path: PathBuf,
    pub retention: Retention,
}

#[derive(Debug)]
pub(super) enum Task {
    /// `listen` and `receive`, which differ in what is asked for only.
    Listen(ListenTask),
    Connect(ConnectTask),
    SendFiles(SendFilesTask),
    Code(CodeTask),
    Export(ExportTask),
    Import(ImportTask),
    Statistics(StatisticsTask),
    Interfaces,
    /// Where the sockets would be in the way of a listener.
    TimeWait(Target),
}

#[derive(Debug)]
pub(super) struct ListenTask {
    pub spec: ListenSpec,
    /// Whether lines of standard input are carried out.
    pub commands: bool,
}

#[derive(Debug)]
pub(super) struct ConnectTask {
    pub spec: ConnectSpec,
    /// Addresses that get what is sent beside the endpoint.
    pub to: Vec<HostPort>,
    pub input: Input,
    /// End after this much quiet once all is sent; `None` waits for the peer's close.
    pub wait: Option<Duration>,
}

/// Where the bytes to send come from.
#[derive(Debug)]
pub(super) enum Input {
    Bytes(Vec<u8>),
    Standard,
    /// Lines of standard input that say what to do.
    Commands,
}

#[derive(Debug)]
pub(super) struct SendFilesTask {
    pub target: Target,
    pub files: Vec<PathBuf>,
    pub mode: SendMode,
}

/// An argument that can't be right.
#[derive(Debug)]
pub(super) struct UsageError {
    /// The argument as `--help` names it; `None` where the problem names it.
    pub argument: Option<&'static str>,
    pub problem: String,
}

/// Quiet after which an answer is taken to be complete.
pub(super) const ANSWER_WAIT: Duration = Duration::from_secs(1);

/// # Errors
/// The first argument that can't be right, in the language of whoever reads it.
pub(super) fn read(verb: Verb, language: Language) -> Result<Request, UsageError> {
    match verb {
        Verb::Listen(arguments) => read_listen(arguments, language),
        Verb::Connect(arguments) => read_connect(arguments, language),
        Verb::SendFile(arguments) => read_send_file(arguments, language),
        Verb::Receive(arguments) => read_receive(arguments, language),
        Verb::Code(arguments) => Ok(quiet(Task::Code(code::read(arguments, language)?))),
        Verb::Export(arguments) => Ok(quiet(Task::Export(export::read(arguments, language)?))),
        Verb::Import(arguments) => Ok(quiet(Task::Import(ImportTask::from(arguments)))),
        Verb::Statistics(arguments) => {
            Ok(listed(arguments.json, Task::Statistics(statistics::read(arguments, language)?)))
        }
        Verb::Interfaces(arguments) => Ok(listed(arguments.json, Task::Interfaces)),
        Verb::TimeWait(arguments) => {
            Ok(listed(arguments.json, Task::TimeWait(machine::read_place(&arguments.endpoint, language)?)))
        }
    }
}

/// For a person, with nothing to record.
fn quiet(task: Task) -> Request {
    listed(false, task)
}

/// The same for a program too.
fn listed(json: bool, task: Task) -> Request {
    Request { form: Form::new(json, false), journal: None, info: false, task }
}

fn read_listen(arguments: ListenArguments, language: Language) -> Result<Request, UsageError> {
    let respond = respond(arguments.reply, arguments.echo);
    let browser = browser(arguments.serve, arguments.page);
    let target = read_endpoint_for(browser.as_ref(), &arguments.endpoint, Role::Server, language)?;
    check_commands(arguments.commands, &target, language)?;
    // What a descriptor is, is not known yet.
    let protocol = target.endpoint.protocol();
    if arguments.stay_half_open && !protocol.has_connection() && protocol != Protocol::Descriptor {
        let problem = tr!(language, "cli.only_connections_stay_half_open");
        let problem = quoted(language, &arguments.endpoint, &problem);
        return Err(UsageError { argument: Some("--stay-half-open"), problem });
    }
    Ok(Request {
        form: Form::new(arguments.json, arguments.quiet),
        journal: read_journal(arguments.journal, language)?,
        info: arguments.info,
        task: Task::Listen(ListenTask {
            spec: ListenSpec {
                respond,
                browser,
                wait_for_address: arguments.wait_for_port,
                once: arguments.once,
                stay_half_open: arguments.stay_half_open,
                ..ListenSpec::new(target)
            },
            commands: arguments.commands,
        }),
    })
}

/// What `--serve` and `--page` ask for.
pub(super) fn browser(serve: Option<PathBuf>, page: Option<String>) -> Option<BrowserContent> {
    serve.map(Engine::site_at).or_else(|| page.map(BrowserContent::Page))
}

/// An endpoint, which has to be a stream where browsers are shown something.
pub(super) fn read_endpoint_for(
    browser: Option<&BrowserContent>,
    text: &str,
    role: Role,
    language: Language,
) -> Result<Target, UsageError> {
    match browser {
        Some(_) => read_stream_endpoint(text, role, &tr!(language, "cli.browsers_need_a_stream"), language),
        None => read_endpoint(text, role, language),
    }
}

/// What `--reply` and `--echo` ask for.
pub(super) fn respond(reply: Option<String>, echo: bool) -> Respond {
    match reply {
        Some(text) => Respond::Reply(text.into_bytes()),
        None if echo => Respond::Echo,
        None => Respond::Nothing,
    }
}

fn read_connect(arguments: ConnectArguments, language: Language) -> Result<Request, UsageError> {
    let target = read_endpoint(&arguments.endpoint, Role::Client, language)?;
    let input = match (arguments.send, arguments.send_hex) {
        (Some(text), _) => Input::Bytes(read_message(&text, &target, language)?),
        (None, Some(text)) => Input::Bytes(read_hex(&text, language)?),
        (None, None) if arguments.commands => Input::Commands,
        (None, None) => Input::Standard,
    };
    check_commands(arguments.commands, &target, language)?;
    let unending = !matches!(input, Input::Bytes(_)) && target.endpoint.protocol().has_connection();
    let wait = match arguments.wait {
        Some(milliseconds) => Some(Duration::from_millis(milliseconds.into())),
        None => (!unending).then_some(ANSWER_WAIT),
    };
    let to = read_addresses(arguments.to.as_deref(), &target, language)?;
    if arguments.unconnected && target.endpoint.protocol().delivery() != Delivery::Datagrams {
        let problem = tr!(language, "cli.only_datagrams_are_unconnected");
        let problem = quoted(language, &arguments.endpoint, &problem);
        return Err(UsageError { argument: Some("--unconnected"), problem });
    }
    let local = read_bind(arguments.bind.as_deref(), &target, language)?;
    let spec = ConnectSpec {
        // A connected socket hears its peer alone.
        connected: to.is_empty() && !arguments.unconnected,
        local_host: local.host,
        local_port: local.port,
        ..ConnectSpec::new(target)
    };
    Ok(Request {
        form: Form::new(arguments.json, false),
        journal: read_journal(arguments.journal, language)?,
        info: arguments.info,
        task: Task::Connect(ConnectTask { spec, to, input, wait }),
    })
}

fn read_send_file(arguments: SendFileArguments, language: Language) -> Result<Request, UsageError> {
    let mode = match arguments.protocol {
        SendProtocol::Verified => SendMode::Verified,
        SendProtocol::Tutorial => SendMode::Tutorial,
        SendProtocol::Raw => SendMode::Raw,
    };
    let target = read_files_endpoint(&arguments.endpoint, Role::Client, language)?;
    Ok(Request {
        form: Form::new(arguments.json, false),
        journal: None,
        info: false,
        task: Task::SendFiles(SendFilesTask { target, files: arguments.files, mode }),
    })
}

fn read_receive(arguments: ReceiveArguments, language: Language) -> Result<Request, UsageError> {
    let largest = arguments.largest.as_deref().map(|text| read_size("--largest", text, language)).transpose()?;
    let receive = arguments.protocol.into_mode(arguments.into);
    let target = read_files_endpoint(&arguments.endpoint, Role::Server, language)?;
    Ok(Request {
        form: Form::new(arguments.json, false),
        journal: None,
        info: false,
        task: Task::Listen(ListenTask {
            spec: ListenSpec {
                receive,
                // Whoever starts the program to receive has said yes.
                admission: Admission { ask: false, largest, most: arguments.most },
                wait_for_address: arguments.wait_for_port,
                once: arguments.once,
                ..ListenSpec::new(target)
            },
            commands: false,
        }),
    })
}

/// An endpoint that files can go over.
pub(super) fn read_files_endpoint(text: &str, role: Role, language: Language) -> Result<Target, UsageError> {
    read_stream_endpoint(text, role, &tr!(language, "cli.files_need_a_stream"), language)
}

fn read_size(argument: &'static str, text: &str, language: Language) -> Result<u64, UsageError> {
    parse_bytes(text).ok_or_else(|| UsageError {
        argument: Some(argument),
        problem: quoted(language, text, &tr!(language, "receive.largest.bad")),
    })
}

fn read_journal(arguments: JournalArguments, language: Language) -> Result<Option<KeptJournal>, UsageError> {
    const LIMIT: &str = "--journal-limit";
    let JournalArguments { journal, journal_limit, snap_length } = arguments;
    let disk = journal_limit.as_deref().map(|text| read_size(LIMIT, text, language)).transpose()?;
    if let (Some(disk), Some(text)) = (disk, &journal_limit)
        && disk < Retention::DISK_LEAST
    {
        let problem = tr!(language, "cli.journal_limit_small", least = format_bytes(Retention::DISK_LEAST));
        return Err(UsageError { argument: Some(LIMIT), problem: quoted(language, text, &problem) });
    }
    Ok(journal.map(|path| KeptJournal { path, retention: Retention { disk, snap_length } }))
}

pub(super) const ENDPOINT: &str = "ENDPOINT";

pub(super) fn read_endpoint(text: &str, role: Role, language: Language) -> Result<Target, UsageError> {
    let read = || {
        let target: Target = text.parse()?;
        target.check_role(role)?;
        Ok(target)
    };
    read().map_err(|error: EndpointError| UsageError {
        argument: Some(ENDPOINT),
        problem: quoted(language, text, &i18n::endpoint_error(language, &error)),
    })
}

/// What `--bind` asks for.
pub(super) fn read_bind(text: Option<&str>, target: &Target, language: Language) -> Result<LocalPlace, UsageError> {
    let Some(text) = text else { return Ok(LocalPlace::default()) };
    target.endpoint.local_place(text).map_err(|error| UsageError {
        argument: Some("--bind"),
        problem: quoted(language, text, &i18n::endpoint_error(language, &error)),
    })
}

/// What `--to` asks for, beside the endpoint.
pub(super) fn read_addresses(
    text: Option<&str>,
    target: &Target,
    language: Language,
) -> Result<Vec<HostPort>, UsageError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let wrong = |problem: &str| UsageError { argument: Some("--to"), problem: quoted(language, text, problem) };
    if target.endpoint.protocol() != Protocol::Udp {
        return Err(wrong(&tr!(language, "cause.not_udp")));
    }
    target.endpoint.addresses(text).map_err(|error| wrong(&i18n::endpoint_error(language, &error)))
}

/// An endpoint that is a stream; `otherwise` says what needs one.
fn read_stream_endpoint(text: &str, role: Role, otherwise: &str, language: Language) -> Result<Target, UsageError> {
    let target = read_endpoint(text, role, language)?;
    if target.endpoint.protocol().is_stream() {
        Ok(target)
    } else {
        Err(UsageError { argument: Some(ENDPOINT), problem: quoted(language, text, otherwise) })
    }
}

/// Standard input can't be the socket and say what to do with it.
fn check_commands(commands: bool, target: &Target, language: Language) -> Result<(), UsageError> {
    if !commands || target.endpoint != Endpoint::Descriptor(DescriptorName::Number(0)) {
        return Ok(());
    }
    let problem = tr!(language, "cli.commands_need_standard_input").into_owned();
    Err(UsageError { argument: Some("--commands"), problem })
}

/// How messages are written there.
pub(super) fn message_format(endpoint: &Endpoint) -> Format {
    endpoint.formats().first().copied().unwrap_or_default()
}

/// The text as it stands; for a transport that knows frames or pings, as one of these.
pub(super) fn read_message(text: &str, target: &Target, language: Language) -> Result<Vec<u8>, UsageError> {
    let format = message_format(&target.endpoint);
    compose::compose(text, format, Encoding::Utf8, LineEnding::None).map_err(|error| UsageError {
        argument: Some("--send"),
        problem: quoted(language, text, &i18n::compose_error(language, &error)),
    })
}

pub(super) fn read_hex(text: &str, language: Language) -> Result<Vec<u8>, UsageError> {
    hex::parse(text).map_err(|error| {
        let before = text.get(..error.at.start).unwrap_or(text);
        let place = before.chars().count() + 1;
        let problem = i18n::compose_error(language, &error);
        let problem = tr!(language, "cli.at_character", place = place, problem = problem);
        UsageError { argument: Some("--send-hex"), problem: quoted(language, text, &problem) }
    })
}

/// The text that is wrong, and why.
pub(super) fn quoted(language: Language, text: &str, problem: &str) -> String {
    tr!(language, "cli.quoted", text = text, problem = problem).into_owned()
}

#[cfg(test)]
mod tests;
