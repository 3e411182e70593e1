//! The journal and the inspector over a made-up journal, without an engine.

#![allow(dead_code, reason = "each test crate uses its own part")]

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

use egui_kittest::{Harness, HarnessBuilder};
use sockeye::codec::decode::Decoder;
use sockeye::i18n::Language;
use sockeye::model::{
    Call, Command, Condition, Direction, Event, Filter, FindRequest, Finding, Page, PageRequest, PageRow, Peer,
    Protocol, Purpose, Role, RowBody, SessionId, SessionInfo, Settings, SocketId, Stamp, Traffic,
};
use sockeye::ui::action::UiCommand;
use sockeye::ui::context::Cx;
use sockeye::ui::panels::inspector::InspectorPanel;
use sockeye::ui::panels::journal::JournalPanel;
use sockeye::ui::theme::{self, Tokens};
use sockeye::ui::view::{SessionView, Sessions};

use crate::raster::Raster;

/// 2026-09-21 14:13:20 UTC.
const BEGAN_NS: i64 = 1_790_000_000_000_000_000;

/// From one row to the next.
const STEP_NS: u64 = 41_234;

/// A journal that makes its rows up when they are read.
pub(crate) struct Rows {
    pub(crate) total: u64,
    /// Of them, so many oldest ones have made room for newer ones.
    pub(crate) gone: u64,
    pub(crate) make: Box<dyn Fn(u64) -> PageRow>,
}

impl Rows {
    pub(crate) fn new(total: u64, make: impl Fn(u64) -> PageRow + 'static) -> Self {
        Self { total, gone: 0, make: Box::new(make) }
    }

    fn read(&self, request: &PageRequest) -> Page {
        let filter = &request.filter;
        let all = filter.is_empty();
        let numbers: Vec<u64> = if all {
            Vec::new()
        } else {
            (self.gone + 1..=self.total).filter(|number| passes(filter, &(self.make)(*number))).collect()
        };
        let total = self.total - self.gone;
        let matches = if all { total } else { numbers.len() as u64 };
        let first =
            if request.from_end { matches.saturating_sub(request.count as u64) } else { request.first.min(matches) };
        let end = (first + request.count as u64).min(matches);
        let number = |position: u64| if all { self.gone + position + 1 } else { numbers[position as usize] };
        let rows = (first..end).map(|position| (self.make)(number(position))).collect();
        Page {
            filter: filter.clone(),
            first,
            rows,
            matches,
            total,
            scanned: total,
            gone: self.gone,
            began_ns: Some(BEGAN_NS + STEP_NS as i64),
            complete: true,
        }
    }
}

impl Rows {
    fn find(&self, request: &FindRequest) -> Finding {
        let is_wanted = |number: &u64| {
            let row = (self.make)(*number);
            passes(&request.filter, &row) && holds(&request.condition, &row)
        };
        let FindRequest { from, backward, wraps, .. } = *request;
        let (ahead, behind) = match (from, backward) {
            (None, _) => (1..=self.total, RangeInclusive::new(1, 0)),
            (Some(from), false) => (from + 1..=self.total, 1..=from),
            (Some(from), true) => (1..=from - 1, from..=self.total),
        };
        let first = |mut numbers: RangeInclusive<u64>| {
            if backward { numbers.rfind(is_wanted) } else { numbers.find(is_wanted) }
        };
        match (first(ahead), wraps.then(|| first(behind)).flatten()) {
            (Some(number), _) => Finding::Found { number, wrapped: false },
            (None, Some(number)) => Finding::Found { number, wrapped: true },
            (None, None) => Finding::NotFound,
        }
    }
}

fn passes(filter: &Filter, row: &PageRow) -> bool {
    filter.socket.is_none_or(|socket| socket == row.socket)
        && filter.session.is_none_or(|session| Some(session) == row.session)
        && filter.condition.as_ref().is_none_or(|condition| holds(condition, row))
}

fn holds(condition: &Condition, row: &PageRow) -> bool {
    match condition {
        Condition::All(each) => each.iter().all(|condition| holds(condition, row)),
        Condition::Any(each) => each.iter().any(|condition| holds(condition, row)),
        Condition::Not(condition) => !holds(condition, row),
        Condition::Direction(wanted) => {
            matches!(&row.body, RowBody::Data { direction, .. } if direction == wanted)
        }
        Condition::PeerIs(peer) => row.peer == *peer,
        Condition::Error => matches!(row.body, RowBody::Failed { .. } | RowBody::Notice { .. }),
        Condition::Marked => row.note.is_some(),
        Condition::Peer(peer) => row.peer.contains(peer.as_str()),
        Condition::Text(text) => String::from_utf8_lossy(&row.preview).contains(text.as_str()),
        other => panic!("the made-up journal can't tell {other:?}"),
    }
}

/// All that a frame needs.
pub(crate) struct Window {
    pub(crate) journal: JournalPanel,
    pub(crate) inspector: InspectorPanel,
    pub(crate) sessions: Sessions,
    pub(crate) rows: Rows,
    pub(crate) language: Language,
    /// Height of the inspector in points; 0 shows none.
    pub(crate) inspector_height: f32,
    /// Its width in points, beside the journal; 0 shows none.
    pub(crate) inspector_width: f32,
    /// While false, requests wait in `asked`.
    pub(crate) answers: bool,
    pub(crate) asked: VecDeque<Command>,
    /// Every request for a page that came.
    pub(crate) requests: Vec<PageRequest>,
    pub(crate) copied: Option<String>,
    pub(crate) others: Vec<UiCommand>,
}

impl Window {
    pub(crate) fn new(rows: Rows) -> Self {
        let mut sessions = Sessions::default();
        for session in [session(1, Role::Server, Protocol::Tcp), session(2, Role::Client, Protocol::Tcp)] {
            sessions.by_id.insert(session.info.id, session);
        }
        let mut window = Self {
            journal: JournalPanel::new(&Settings::default()),
            inspector: InspectorPanel::new(),
            sessions,
            rows,
            language: Language::English,
            inspector_height: 0.0,
            inspector_width: 0.0,
            answers: true,
            asked: VecDeque::new(),
            requests: Vec::new(),
            copied: None,
            others: Vec::new(),
        };
        window.record(window.rows.total);
        window
    }

    pub(crate) fn event(&mut self, event: &Event) {
        self.journal.on_event(event);
        self.inspector.on_event(event);
    }

    /// The journal has this many rows from now on.
    pub(crate) fn record(&mut self, total: u64) {
        self.rows.total = total;
        self.event(&Event::Recorded { total: total - self.rows.gone });
    }

    pub(crate) fn show(&mut self, ui: &mut egui::Ui) {
        self.answer();
        let tokens = Tokens::of(ui.ctx().theme());
        let mut actions = Vec::new();
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        let mut cx = Cx {
            language: self.language,
            tokens: &tokens,
            sessions: &self.sessions,
            zone: &zone,
            actions: &mut actions,
        };
        let frame = egui::Frame::new().fill(tokens.surface).inner_margin(tokens.space);
        if self.inspector_height > 0.0 {
            egui::Panel::bottom("inspector").exact_size(self.inspector_height).frame(frame).show(ui, |ui| {
                self.inspector.show(ui, &mut cx, self.journal.chosen());
            });
        }
        if self.inspector_width > 0.0 {
            egui::Panel::right("inspector").exact_size(self.inspector_width).frame(frame).show(ui, |ui| {
                self.inspector.show(ui, &mut cx, self.journal.chosen());
            });
        }
        egui::CentralPanel::default().frame(frame).show(ui, |ui| self.journal.show(ui, &mut cx));
        if self.journal.take_inspect_request() {
            self.inspector.focus();
        }
        for action in actions {
            self.carry_out(action, ui.ctx());
        }
    }

    fn carry_out(&mut self, action: UiCommand, ctx: &egui::Context) {
        match action {
            UiCommand::Engine(command) => {
                if let Command::ReadPage(request) = &command {
                    self.requests.push(request.clone());
                }
                self.asked.push_back(command);
                if self.answers {
                    ctx.request_repaint();
                }
            }
            UiCommand::CopyText(text) => self.copied = Some(text),
            UiCommand::ToggleFollow => self.journal.toggle_follow(),
            UiCommand::Step(step) => {
                let command = self.journal.step(step);
                command.into_iter().for_each(|command| self.carry_out(UiCommand::Engine(command), ctx));
            }
            UiCommand::ShowOnly(scope) => self.sessions.selected = scope,
            UiCommand::DecodeAs(socket, session, decoder) => self.sessions.decode_as(socket, session, decoder),
            UiCommand::CompareWith => {
                if let Some(row) = self.journal.chosen() {
                    self.inspector.compare_with(row);
                }
            }
            other => self.others.push(other),
        }
    }

    fn answer(&mut self) {
        if !self.answers {
            return;
        }
        while let Some(command) = self.asked.pop_front() {
            match command {
                Command::ReadPage(request) => {
                    let page = Arc::new(self.rows.read(&request));
                    self.event(&Event::Page(page));
                }
                Command::LoadRow { number } => {
                    let row = (self.rows.make)(number);
                    let payload = row.preview.iter().copied().cycle().take(row.len as usize).collect();
                    self.event(&Event::RowLoaded { number, payload });
                }
                Command::Find(request) => {
                    let finding = self.rows.find(&request);
                    self.event(&Event::Finding { id: request.id, finding });
                }
                _ => {}
            }
        }
    }
}

pub(crate) fn builder(width: f32, height: f32, theme: egui::Theme) -> HarnessBuilder<Window> {
    Harness::builder()
        .with_size(egui::vec2(width, height))
        .with_theme(theme)
        .renderer(Raster::default())
        .with_context_setup(|ctx| {
            ctx.set_fonts(sockeye::ui::fonts::definitions());
            theme::apply(&Tokens::dark(), ctx);
            theme::apply(&Tokens::light(), ctx);
        })
}

pub(crate) fn open(window: Window) -> Harness<'static, Window> {
    let mut harness =
        builder(1200.0, 500.0, egui::Theme::Light).build_ui_state(|ui, window: &mut Window| window.show(ui), window);
    harness.run();
    harness
}

pub(crate) fn session(id: u64, role: Role, protocol: Protocol) -> SessionView {
    let peer = |port| Peer::Ip(std::net::SocketAddr::from(([127, 0, 0, 1], port)));
    SessionView {
        info: SessionInfo {
            id: SessionId(id),
            socket: SocketId(id),
            role,
            purpose: Purpose::Talk,
            protocol,
            decoder: Decoder::Text,
            peer: peer(51734),
            local: peer(9000),
            process: None,
            since_wall_ns: BEGAN_NS,
        },
        traffic: Arc::new(Traffic::default()),
        open: true,
        peer_finished: false,
        finished_sending: false,
        closed: None,
        frames_from: None,
        answered: None,
    }
}

/// A row of session 1 with `body`.
pub(crate) fn row(number: u64, body: RowBody) -> PageRow {
    let ns = number * STEP_NS;
    PageRow {
        number,
        stamp: Stamp { wall_ns: BEGAN_NS + ns as i64, mono_ns: 5_000_000_000 + ns, kernel_ns: None },
        socket: SocketId(1),
        session: Some(SessionId(1)),
        peer: "127.0.0.1:51734".to_owned(),
        body,
        stream_offset: 0,
        len: 0,
        preview: Vec::new(),
        context: Vec::new(),
        delta_ns: (number > 1).then_some(STEP_NS),
        note: None,
        color: None,
    }
}

pub(crate) fn received(number: u64, bytes: &[u8]) -> PageRow {
    let body = RowBody::Data { direction: Direction::In, call: Call::Recv, truncated: false };
    let row = row(number, body);
    let kernel_ns = Some(row.stamp.wall_ns - 19_000);
    PageRow { stamp: Stamp { kernel_ns, ..row.stamp }, len: bytes.len() as u64, preview: bytes.to_vec(), ..row }
}

pub(crate) fn sent(number: u64, bytes: &[u8]) -> PageRow {
    let body = RowBody::Data { direction: Direction::Out, call: Call::Send, truncated: false };
    PageRow { len: bytes.len() as u64, preview: bytes.to_vec(), ..row(number, body) }
}
