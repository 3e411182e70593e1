mod answers;

use std::collections::VecDeque;
use std::time::Instant;

use super::hosts::Hosts;
use super::messages::{Messages, Received};
use super::page::{self, HTML};
use super::request::{self, Refusal, Request};
use super::response::Head;
use super::{BODY_TIME, HEAD_TIME, IDLE, LINGER, Moment};
use crate::codec::websocket::{self, Opcode};
use crate::model::{BrowserContent, Exchange, Notice};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before more input, or the time of [`Conversation::poll_timeout`].
    Wait,
    Send(Vec<u8>),
    /// Open what these names lead to below the chosen folder, or the chosen file where there are none, following no link;
    /// then call [`Conversation::handle_opened`].
    Open(Vec<Vec<u8>>),
    /// List the folder that these names lead to, then call [`Conversation::handle_listed`].
    List(Vec<Vec<u8>>),
    /// Send this part of the file opened last.
    Content {
        from: u64,
        len: u64,
    },
    /// Tell of what has been done.
    Tell(Notice),
    /// From here on, messages go out as frames. `received` bytes came before the first of the peer's.
    Upgraded {
        received: u64,
    },
    /// A WebSocket message came.
    Message {
        is_text: bool,
        bytes: Vec<u8>,
    },
    /// Shut down sending, so that the peer reads to the end and closes.
    Finish,
    /// Close.
    End,
}

/// What [`Step::Open`] led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Of so many bytes.
    File(u64),
    Folder,
    Missing,
    /// A link, a device, or a file that may not be read.
    Refused,
}

#[derive(Clone, Debug)]
enum Content {
    Page(String),
    File { name: Vec<u8> },
    Folder,
}

#[derive(Clone, Debug)]
enum State {
    /// A request's head comes next.
    Head,
    /// So many bytes of its body come next, and are thrown away.
    Body {
        request: Request,
        left: u64,
    },
    /// [`Step::Open`] is under way, for the folder's `index.html` if `is_index`.
    Opening {
        request: Request,
        is_index: bool,
    },
    Listing {
        request: Request,
    },
    WebSocket {
        messages: Messages,
        closing: bool,
    },
    /// All is said; what still comes is thrown away.
    Finished,
    Ended,
}

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Request,
    RestOfHead,
    Body,
    Close,
}

/// One connection of a browser.
#[derive(Clone, Debug)]
pub struct Conversation {
    content: Content,
    hosts: Hosts,
    state: State,
    input: Vec<u8>,
    /// Bytes of `input` that are done with.
    taken: usize,
    /// Bytes that came before `input`.
    before: u64,
    steps: VecDeque<Step>,
    waiting: Option<(Waiting, Instant)>,
}

impl Conversation {
    /// Shows this to who asks for one of these hosts.
    #[must_use]
    pub fn new(content: &BrowserContent, hosts: Hosts) -> Self {
        let content = match content {
            BrowserContent::Page(text) => Content::Page(text.clone()),
            BrowserContent::File(path) => {
                let name = path.file_name().unwrap_or_default();
                Content::File { name: name.as_encoded_bytes().to_vec() }
            }
            BrowserContent::Folder(_) => Content::Folder,
        };
        Self {
            content,
            hosts,
            state: State::Head,
            input: Vec::new(),
            taken: 0,
            before: 0,
            steps: VecDeque::new(),
            waiting: None,
        }
    }

    /// Bytes came. What is buffered of them is bounded by the longest head or message, and by what is given here at once.
    pub fn handle_input(&mut self, bytes: &[u8]) {
        self.before += self.taken as u64;
        self.input.drain(..std::mem::take(&mut self.taken));
        self.input.extend_from_slice(bytes);
    }

    /// When to call [`Self::handle_timeout`]; `None`: there is time. Valid after [`Step::Wait`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.map(|(_, until)| until)
    }

    /// The time is that of `moment`. Early calls change nothing.
    pub fn handle_timeout(&mut self, moment: Moment) {
        let Some((waiting, until)) = self.waiting else { return };
        if moment.now < until {
            return;
        }
        self.waiting = None;
        match waiting {
            Waiting::Request => self.finish(),
            Waiting::RestOfHead | Waiting::Body => {
                let why = "The request took too long to come.";
                self.refuse(&Refusal { status: 408, why, method: String::new(), target: String::new() }, moment);
            }
            Waiting::Close => {
                self.state = State::Ended;
                self.steps.push_back(Step::End);
            }
        }
    }

    /// What to do next; call it until it is [`Step::Wait`] or [`Step::End`].
    pub fn poll_step(&mut self, moment: Moment) -> Step {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return step;
            }
            if !self.advance(moment) {
                self.wait(moment.now);
                return Step::Wait;
            }
        }
    }

    /// Whether it has become a WebSocket that nobody has begun to close.
    #[must_use]
    pub fn is_web_socket(&self) -> bool {
        matches!(self.state, State::WebSocket { closing: false, .. })
    }

    /// Begins to close a WebSocket; nothing else is closed by this.
    pub fn close(&mut self, code: u16, reason: &str) {
        if let State::WebSocket { closing: closing @ false, .. } = &mut self.state {
            *closing = true;
            self.waiting = None;
            self.send_close(code, reason);
        }
    }

    /// Deals with the next of what has come; false when it is not all there.
    fn advance(&mut self, moment: Moment) -> bool {
        let input = &self.input[self.taken..];
        match &mut self.state {
            State::Head => match request::read(input, &self.hosts) {
                Ok(None) => return false,
                Ok(Some((request, len))) => {
                    self.waiting = None;
                    self.taken += len;
                    let left = request.body;
                    self.state = State::Body { request, left };
                }
                Err(refusal) => self.refuse(&refusal, moment),
            },
            State::Body { request, left } => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                self.taken += len;
                *left -= len as u64;
                if *left > 0 {
                    return false;
                }
                let request = request.clone();
                self.waiting = None;
                self.answer(request, moment);
            }
            State::WebSocket { messages, closing } => {
                let Some((len, received)) = messages.next(input) else { return false };
                let closing = *closing;
                self.taken += len;
                self.on_frame(received, closing);
            }
            State::Finished | State::Ended => {
                self.taken = self.input.len();
                return false;
            }
            State::Opening { .. } | State::Listing { .. } => return false,
        }
        true
    }

    fn wait(&mut self, now: Instant) {
        let (waiting, time) = match &self.state {
            State::Head if self.taken == self.input.len() => (Waiting::Request, IDLE),
            State::Head => (Waiting::RestOfHead, HEAD_TIME),
            State::Body { .. } => (Waiting::Body, BODY_TIME),
            State::WebSocket { closing: true, .. } | State::Finished => (Waiting::Close, LINGER),
            State::WebSocket { .. } | State::Opening { .. } | State::Listing { .. } | State::Ended => {
                self.waiting = None;
                return;
            }
        };
        // What was waited for already keeps its time, however many bytes of it came.
        if self.waiting.is_none_or(|(before, _)| before != waiting) {
            self.waiting = Some((waiting, now + time));
        }
    }

    fn tell(&mut self, method: &str, target: &str, status: u16, bytes: u64) {
        let exchange = Exchange { method: method.to_owned(), target: target.to_owned(), status, bytes };
        self.steps.push_back(Step::Tell(Notice::Answered(exchange)));
    }

    /// Nothing after a request that was refused can be trusted to be a request.
    fn refuse(&mut self, refusal: &Refusal, moment: Moment) {
        let body = page::error(refusal.status, refusal.why).into_bytes();
        let mut head = Head::new(refusal.status).with_body(HTML, body.len() as u64).with("Connection", "close");
        match refusal.status {
            405 => head = head.with("Allow", "GET, HEAD"),
            426 => head = head.with("Upgrade", "websocket").with("Sec-WebSocket-Version", "13"),
            _ => {}
        }
        self.steps.push_back(Step::Send(head.to_bytes(moment)));
        let mut bytes = 0;
        if refusal.method != "HEAD" {
            bytes = body.len() as u64;
            self.steps.push_back(Step::Send(body));
        }
        self.tell(&refusal.method, &refusal.target, refusal.status, bytes);
        self.finish();
    }

    fn finish(&mut self) {
        self.steps.push_back(Step::Finish);
        self.waiting = None;
        self.state = State::Finished;
    }

    /// `closing`: this side has sent its close frame, and what follows is not answered any more.
    fn on_frame(&mut self, received: Received, closing: bool) {
        match received {
            Received::Nothing => {}
            Received::Close { .. } | Received::Violation { .. } if closing => self.finish(),
            _ if closing => {}
            Received::Message { is_text, bytes } => self.steps.push_back(Step::Message { is_text, bytes }),
            Received::Ping(payload) => self.steps.push_back(Step::Send(websocket::frame(Opcode::Pong, &payload))),
            Received::Close { code, reason } => {
                // The same comes back, RFC 6455 section 5.5.1.
                let mut payload = code.map(u16::to_be_bytes).into_iter().flatten().collect::<Vec<_>>();
                payload.extend_from_slice(reason.as_bytes());
                self.steps.push_back(Step::Send(websocket::frame(Opcode::Close, &payload)));
                let code = code.unwrap_or(1005);
                self.steps.push_back(Step::Tell(Notice::WebSocketClosed { code, reason, by_peer: true }));
                self.finish();
            }
            Received::Violation { code, why } => {
                self.send_close(code, why);
                self.finish();
            }
        }
    }

    fn send_close(&mut self, code: u16, reason: &str) {
        // A control frame takes 125 bytes.
        let reason = &reason[..reason.floor_char_boundary(123)];
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice(reason.as_bytes());
        self.steps.push_back(Step::Send(websocket::frame(Opcode::Close, &payload)));
        let notice = Notice::WebSocketClosed { code, reason: reason.to_owned(), by_peer: false };
        self.steps.push_back(Step::Tell(notice));
    }
}
