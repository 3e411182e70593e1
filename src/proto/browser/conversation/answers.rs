//! What a request that can be answered is answered with.

use super::{Content, Conversation, Opened, State, Step};
use crate::codec::content_type;
use crate::model::FolderList;
use crate::proto::browser::Moment;
use crate::proto::browser::listing::listing;
use crate::proto::browser::messages::Messages;
use crate::proto::browser::page::{self, HTML};
use crate::proto::browser::request::{Request, Upgrade};
use crate::proto::browser::response::Head;

impl Conversation {
    pub(super) fn answer(&mut self, request: Request, moment: Moment) {
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
}
