use std::collections::VecDeque;
use std::time::Instant;

use super::listing::listing;
use super::messages::{Messages, Received};
use super::page::{self, HTML};
use super::request::{self, Refusal, Request, Upgrade};
use super::response::Head;
use super::{BODY_TIME, HEAD_TIME, IDLE, LINGER, Moment};
use crate::codec::content_type;
use crate::codec::websocket::{self, Opcode};
use crate::model::{BrowserContent, Exchange, FolderList, Notice};

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
    #[must_use]
    pub fn new(content: &BrowserContent) -> Self {
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
            State::Head => match request::read(input) {
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

    fn answer(&mut self, request: Request, moment: Moment) {
        if let Some(upgrade) = &request.upgrade {
            return self.upgrade(upgrade, &request, moment);
        }
        if request.path.is_hidden() {
            return self.not_found(&request, moment);
        }
        let segments = &request.path.segments;
        let is_front = segments.is_empty();
        match &self.content {
            Content::Page(text) => {
                if is_front || *segments == [b"index.html"] {
                    let (kind, body) = (content_type::of_text(text), text.clone().into_bytes());
                    self.send_page(&request, Head::new(200), kind, body, moment);
                } else {
                    self.not_found(&request, moment);
                }
            }
            Content::File { name } => {
                if is_front || segments.len() == 1 && segments[0] == *name && !request.path.is_folder {
                    self.open(request, Vec::new(), false);
                } else {
                    self.not_found(&request, moment);
                }
            }
            Content::Folder => {
                let segments = segments.clone();
                self.open(request, segments, false);
            }
        }
    }

    fn open(&mut self, request: Request, segments: Vec<Vec<u8>>, is_index: bool) {
        self.steps.push_back(Step::Open(segments));
        self.state = State::Opening { request, is_index };
    }

    /// What [`Step::Open`] led to.
    pub fn handle_opened(&mut self, opened: Opened, moment: Moment) {
        let State::Opening { request, is_index } = std::mem::replace(&mut self.state, State::Head) else { return };
        let asks_for_folder = request.path.is_folder && !is_index && matches!(self.content, Content::Folder);
        match opened {
            Opened::File(_) if asks_for_folder => self.not_found(&request, moment),
            Opened::File(size) => self.send_file(&request, is_index, size, moment),
            Opened::Folder if is_index => self.list(request),
            Opened::Folder if asks_for_folder => {
                let mut index = request.path.segments.clone();
                index.push(b"index.html".to_vec());
                self.open(request, index, true);
            }
            Opened::Folder => {
                let url = request.path.folder_url();
                let body = page::error(301, "A folder's address ends with a slash.").into_bytes();
                self.send_page(&request, Head::new(301).with("Location", url), HTML, body, moment);
            }
            Opened::Missing if is_index => self.list(request),
            Opened::Missing => self.not_found(&request, moment),
            Opened::Refused => {
                let why = "This is a link or no regular file, or its rights keep it from being read.";
                self.send_error(&request, Head::new(403), 403, why, moment);
            }
        }
    }

    fn list(&mut self, request: Request) {
        self.steps.push_back(Step::List(request.path.segments.clone()));
        self.state = State::Listing { request };
    }

    /// What [`Step::List`] found; `None` where the folder can't be read.
    pub fn handle_listed(&mut self, list: Option<FolderList>, moment: Moment) {
        let State::Listing { request } = std::mem::replace(&mut self.state, State::Head) else { return };
        match list {
            Some(list) => {
                let body = listing(&request.path.segments, list).into_bytes();
                self.send_page(&request, Head::new(200), HTML, body, moment);
            }
            None => self.send_error(&request, Head::new(403), 403, "The folder can't be read.", moment),
        }
    }

    fn send_file(&mut self, request: &Request, is_index: bool, size: u64, moment: Moment) {
        let name = match (&self.content, request.path.segments.last()) {
            _ if is_index => "index.html".into(),
            (Content::File { name }, _) | (_, Some(name)) => String::from_utf8_lossy(name),
            _ => "".into(),
        };
        let kind = content_type::of(&name);
        let (status, from, len) = match request.range.map(|range| range.of(size)) {
            None => (200, 0, size),
            Some(Some((from, len))) => (206, from, len),
            Some(None) => {
                let head = Head::new(416).with("Content-Range", format!("bytes */{size}"));
                return self.send_error(request, head, 416, "The file has no such bytes.", moment);
            }
        };
        let mut head = Head::new(status).with_body(kind, len).with("Accept-Ranges", "bytes");
        if status == 206 {
            head = head.with("Content-Range", format!("bytes {from}-{}/{size}", from + len - 1));
        }
        self.send_head(request, head, moment);
        if !request.is_head && len > 0 {
            self.steps.push_back(Step::Content { from, len });
        }
        self.answered(request, status, if request.is_head { 0 } else { len });
    }

    fn not_found(&mut self, request: &Request, moment: Moment) {
        self.send_error(request, Head::new(404), 404, "There is nothing at this address.", moment);
    }

    fn send_error(&mut self, request: &Request, head: Head, status: u16, why: &str, moment: Moment) {
        self.send_page(request, head, HTML, page::error(status, why).into_bytes(), moment);
    }

    fn send_page(&mut self, request: &Request, head: Head, kind: &str, body: Vec<u8>, moment: Moment) {
        let (status, len) = (head.status(), body.len() as u64);
        self.send_head(request, head.with_body(kind, len), moment);
        if !request.is_head && len > 0 {
            self.steps.push_back(Step::Send(body));
        }
        self.answered(request, status, if request.is_head { 0 } else { len });
    }

    fn send_head(&mut self, request: &Request, head: Head, moment: Moment) {
        let head = if request.keep_alive { head } else { head.with("Connection", "close") };
        self.steps.push_back(Step::Send(head.to_bytes(moment)));
    }

    fn answered(&mut self, request: &Request, status: u16, bytes: u64) {
        self.tell(request.method(), &request.target, status, bytes);
        self.state = State::Head;
        if !request.keep_alive {
            self.finish();
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

    fn upgrade(&mut self, upgrade: &Upgrade, request: &Request, moment: Moment) {
        let mut head = Head::new(101)
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade")
            .with("Sec-WebSocket-Accept", upgrade.accept.clone());
        if let Some(subprotocol) = &upgrade.subprotocol {
            head = head.with("Sec-WebSocket-Protocol", subprotocol.clone());
        }
        self.steps.push_back(Step::Send(head.to_bytes(moment)));
        self.steps.push_back(Step::Upgraded { received: self.before + self.taken as u64 });
        self.tell(request.method(), &request.target, 101, 0);
        self.state = State::WebSocket { messages: Messages::default(), closing: false };
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
                // The same code comes back, RFC 6455 section 5.5.1.
                let payload = code.map(u16::to_be_bytes).into_iter().flatten().collect::<Vec<_>>();
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
