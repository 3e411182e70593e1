//! A tab as a program of its own.

use super::{ClientTabState, Draft, PathMissing, ReceiveForm, RecipientChoice, ServerState, ServerTabState};
use crate::codec::compose::ComposeError;
use crate::i18n::{self, Language};
use crate::model::{
    AddressForm, Admission, BrowserRequest, EndpointError, Obstacle, OptionValue, Program, Protocol, ReceiveMode,
    Recipe, Respond, Role, SocketOption, SocketOptions, Target,
};
use crate::tr;
use crate::ui::view::SessionView;

/// Why a tab can't be shown as a program now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCode {
    Endpoint(EndpointError),
    /// The message can't be turned into bytes.
    Message(ComposeError),
    /// The reply can't.
    Reply(ComposeError),
    /// Browsers are to be shown what is not chosen yet.
    Site(PathMissing),
    /// Where received files go, isn't chosen yet.
    Folder,
    /// The size of the largest file is none.
    Largest,
    /// The number of files is none.
    Most,
    /// The tool can't do it.
    Tool(Program, Protocol, Obstacle),
}

impl NoCode {
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        match self {
            Self::Endpoint(error) => i18n::endpoint_error(language, error),
            Self::Message(error) => {
                let problem = i18n::compose_error(language, error);
                tr!(language, "code.bad_message", problem = problem).into_owned()
            }
            Self::Reply(error) => {
                let problem = i18n::compose_error(language, error);
                tr!(language, "code.bad_reply", problem = problem).into_owned()
            }
            Self::Site(PathMissing) => tr!(language, "browser.path.missing").into_owned(),
            Self::Folder => tr!(language, "receive.folder.missing").into_owned(),
            Self::Largest => tr!(language, "receive.largest.bad").into_owned(),
            Self::Most => tr!(language, "receive.most.bad").into_owned(),
            Self::Tool(program, protocol, obstacle) => i18n::obstacle(language, *program, *protocol, *obstacle),
        }
    }
}

impl ServerTabState {
    /// What the form says, with the message as a greeting or, where it is to go to addresses, for these. Which peers are
    /// chosen among those that are there, no program can know.
    ///
    /// # Errors
    /// The form is mistaken, or the tool can't do it.
    pub fn code(&self, program: Program) -> Result<String, NoCode> {
        let target = self.form.target().map_err(NoCode::Endpoint)?;
        let respond: Respond = self.respond().map_err(NoCode::Reply)?;
        let protocol = target.endpoint.protocol();
        let browser = self.browser.content(protocol).map_err(NoCode::Site)?;
        // What browsers send is shown.
        let (receive, admission) = match browser {
            Some(_) => (ReceiveMode::Show, Admission::default()),
            None => intake(&self.receive, protocol)?,
        };
        let message = message(&self.draft, program, protocol)?;
        let recipients = match self.recipients {
            RecipientChoice::Addresses => self.udp.addresses(&self.form).transpose().map_err(NoCode::Endpoint)?,
            _ => None,
        };
        let recipients = recipients.unwrap_or_default();
        let recipe = Recipe {
            recipients: &recipients,
            message: message.as_deref(),
            respond: &respond,
            browser: browser.as_ref(),
            receive: &receive,
            admission,
            ..Recipe::new(Role::Server, &target)
        };
        program.write(&recipe).map_err(|obstacle| NoCode::Tool(program, protocol, obstacle))
    }
}

impl ServerTabState {
    /// The client at the other end of a session. What it says there, the journal has: this one connects, asks again what a
    /// browser asked last, and over datagrams says hello, without which nobody would hear of it.
    ///
    /// # Errors
    /// The form is mistaken, or the tool can't do it.
    pub fn peer_code(&self, view: &SessionView, program: Program) -> Result<String, NoCode> {
        let info = &view.info;
        let target = self.form.target().map_err(NoCode::Endpoint)?;
        let endpoint = match &self.state {
            ServerState::Listening(endpoint) => endpoint.clone(),
            _ => target.endpoint.opened(info.protocol, None, &info.local),
        };
        let mut options = SocketOptions::default();
        let carried = target.options.ip_protocol().map(OptionValue::Protocol);
        options.set(SocketOption::IpProtocol, carried);
        let target = Target { endpoint: endpoint.reached_by(&info.peer, &info.local), options, groups: Vec::new() };
        let is_one_of_many = matches!(info.protocol.address_form(), AddressForm::HostPort | AddressForm::Path);
        let has_to_speak = is_one_of_many && !info.protocol.has_connection();
        let browser = self.browser.content(info.protocol).map_err(NoCode::Site)?;
        let request = browser.map(|_| BrowserRequest::again(view.answered.as_ref()));
        let message = match &request {
            Some(request) => Some(request.to_bytes(&target.endpoint)),
            None => has_to_speak.then(|| b"hello".to_vec()),
        };
        let message = message.as_deref();
        let recipe = Recipe { message, request: request.as_ref(), ..Recipe::new(Role::Client, &target) };
        program.write(&recipe).map_err(|obstacle| NoCode::Tool(program, info.protocol, obstacle))
    }
}

impl ClientTabState {
    /// What the form says, with the message that is being written.
    ///
    /// # Errors
    /// The form is mistaken, or the tool can't do it.
    pub fn code(&self, program: Program) -> Result<String, NoCode> {
        let target = self.form.target().map_err(NoCode::Endpoint)?;
        let bad_port = || NoCode::Endpoint(EndpointError::BadPort(self.local_port.clone()));
        let protocol = target.endpoint.protocol();
        let (receive, admission) = intake(&self.receive, protocol)?;
        let message = message(&self.draft, program, protocol)?;
        let recipients = self.udp.addresses(&self.form).transpose().map_err(NoCode::Endpoint)?.unwrap_or_default();
        let recipe = Recipe {
            connected: self.connected,
            recipients: &recipients,
            local_host: self.local_host(),
            local_port: self.local_port().ok_or_else(bad_port)?,
            message: message.as_deref(),
            receive: &receive,
            admission,
            ..Recipe::new(Role::Client, &target)
        };
        program.write(&recipe).map_err(|obstacle| NoCode::Tool(program, protocol, obstacle))
    }
}

/// What is done with what arrives, and which files are taken.
fn intake(form: &ReceiveForm, protocol: Protocol) -> Result<(ReceiveMode, Admission), NoCode> {
    form.intake(protocol).ok_or_else(|| match (form.largest(), form.most()) {
        (None, _) => NoCode::Largest,
        (_, None) => NoCode::Most,
        _ => NoCode::Folder,
    })
}

/// The message as bytes; none while nothing is written.
fn message(draft: &Draft, program: Program, protocol: Protocol) -> Result<Option<Vec<u8>>, NoCode> {
    if draft.text().is_empty() {
        return Ok(None);
    }
    if draft.is_large() {
        let obstacle = Obstacle::TooLong { max: Program::MESSAGE_MAX };
        return Err(NoCode::Tool(program, protocol, obstacle));
    }
    draft.compose().map(Some).map_err(NoCode::Message)
}
