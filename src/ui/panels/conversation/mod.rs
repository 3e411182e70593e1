//! The window that shows what crossed in one session as one stream, both ways.

mod lines;
mod rows;

use std::sync::Arc;

use egui::{Button, Context, Frame, Id, Key, Label, Modifiers, Rect, RichText, Ui, UiBuilder, Vec2, Window, vec2};

use self::lines::{Form, Line, lines};
use self::rows::{ConversationRows, columns, words};
use super::journal::{group, party};
use crate::codec::encoding::Encoding;
use crate::model::{Command, ConversationPart, ConversationPlace, ConversationRequest, Event, PageRow};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::button::{Weight, button};
use crate::ui::widgets::row_scroll::{RowScroll, SCROLL_BAR_WIDTH};
use crate::ui::widgets::row_table::{RowTable, TableInput};

/// As it opens, and at least, in points.
const SIZE: Vec2 = vec2(900.0, 520.0);
const SMALLEST: Vec2 = vec2(420.0, 240.0);

/// So many are in view above the row that the window was opened for.
const LINES_BEFORE: u64 = 5;

/// Seconds between two looks at calls that come while it is open.
const LOOK_EVERY: f64 = 0.25;

/// One session's bytes, a part of them at a time.
#[derive(Debug, Default)]
pub struct ConversationWindow {
    of: Option<Of>,
    /// What the engine has not answered yet.
    asked: Option<ConversationRequest>,
    /// That is not sent yet.
    to_ask: Option<ConversationRequest>,
    part: Option<Arc<ConversationPart>>,
    form: Form,
    lines: Vec<Line>,
    /// What they were made by; `None` for what is out of date.
    made_by: Option<(Form, Encoding)>,
    cursor: Option<u64>,
    scroll: RowScroll,
    fitting: f64,
    /// The last line is to be in view.
    goes_to_end: bool,
    /// Where this row begins is to be in view.
    goes_to_row: Option<u64>,
    /// Not drawn since it was opened: the keyboard goes into it first.
    is_new: bool,
    /// There are rows since the part was read.
    has_grown: bool,
    looked_at: f64,
}

/// The session that it is of.
#[derive(Clone, Debug)]
struct Of {
    row: PageRow,
    /// It is in the journal that was opened, to which nothing comes.
    opened: bool,
}

impl ConversationWindow {
    /// Shows the session of a row, around this row.
    pub fn open(&mut self, row: &PageRow, opened: bool) {
        *self = Self { form: self.form, is_new: true, ..Self::default() };
        self.of = Some(Of { row: row.clone(), opened });
        self.ask(ConversationPlace::Around(row.number));
    }

    pub fn close(&mut self) {
        *self = Self { form: self.form, ..Self::default() };
    }

    fn ask(&mut self, from: ConversationPlace) {
        let Some(of) = &self.of else { return };
        self.to_ask = Some(ConversationRequest { socket: of.row.socket, session: of.row.session, from });
    }

    /// Learns from an event; never blocks.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::Conversation(part) if self.asked.as_ref() == Some(&part.request) => {
                self.asked = None;
                self.made_by = None;
                let begin = |part: &ConversationPart| part.rows.first().map(|row| row.number);
                let is_same = self.part.as_ref().is_some_and(|shown| begin(shown) == begin(part));
                if !is_same {
                    self.cursor = None;
                    self.scroll = RowScroll::default();
                }
                self.goes_to_end = matches!(part.request.from, ConversationPlace::End | ConversationPlace::Before(_));
                if let ConversationPlace::Around(number) = part.request.from {
                    self.goes_to_row = Some(number);
                }
                self.part = Some(Arc::clone(part));
            }
            Event::Recorded { .. } => self.has_grown = true,
            Event::JournalCleared if self.of.as_ref().is_some_and(|of| !of.opened) => self.close(),
            Event::JournalOpened { .. } | Event::JournalClosed => self.close(),
            Event::Failed { socket: None, session: None, .. } => self.asked = None,
            _ => {}
        }
    }

    /// Draws the window over everything else, while it is open.
    pub fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        let Some(of) = self.of.clone() else { return };
        self.look_again(ctx, &of);
        if let Some(request) = self.to_ask.take() {
            self.asked = Some(request.clone());
            cx.act(UiCommand::Engine(Command::ReadConversation(request)));
        }
        self.make_lines(cx, &of);
        let title = tr!(cx.language, "conversation.title", session = party(&of.row, cx.sessions));
        let frame = Frame::window(&ctx.style_of(ctx.theme())).inner_margin(cx.tokens.window_padding);
        Window::new(RichText::new(title).font(cx.tokens.strong_font()))
            .id(Id::unique("conversation"))
            .frame(frame)
            .collapsible(false)
            .default_rect(Rect::from_center_size(ctx.content_rect().center(), SIZE))
            .min_size(SMALLEST)
            .show(ctx, |ui| {
                // What stands below the lines has its place before them.
                let room = ui.available_rect_before_wrap();
                let buttons = room.with_min_y(room.bottom() - cx.tokens.control_height);
                let above = room.with_max_y(buttons.top() - cx.tokens.space);
                ui.scope_builder(UiBuilder::new().max_rect(above), |ui| {
                    self.head(ui, cx, &of);
                    self.table(ui, cx);
                });
                ui.scope_builder(UiBuilder::new().max_rect(buttons), |ui| self.buttons(ui, cx));
            });
        self.is_new = false;
        if !egui::Popup::is_any_open(ctx) && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.close();
        }
    }

    /// While its last call is in view, those that come are, too.
    fn look_again(&mut self, ctx: &Context, of: &Of) {
        let reaches_end = |part: &Arc<ConversationPart>| part.first + part.rows.len() as u64 >= part.calls;
        let Some(part) = self.part.as_ref().filter(|part| reaches_end(part)) else { return };
        let first = part.rows.first().map_or(0, |row| row.number);
        if of.opened || !self.has_grown || self.asked.is_some() || self.to_ask.is_some() {
            return;
        }
        let now = ctx.input(|input| input.time);
        let wait = self.looked_at + LOOK_EVERY - now;
        if (0.0..=LOOK_EVERY).contains(&wait) {
            return ctx.request_repaint_after(std::time::Duration::from_secs_f64(wait));
        }
        (self.looked_at, self.has_grown) = (now, false);
        self.ask(ConversationPlace::From(first));
    }

    fn make_lines(&mut self, cx: &Cx<'_>, of: &Of) {
        let Some(part) = &self.part else { return };
        let by = (self.form, cx.sessions.encoding_of(&of.row));
        if self.made_by != Some(by) {
            self.lines = lines(part, self.form, |row| cx.sessions.encoding_of(row));
            self.made_by = Some(by);
        }
        if let Some(number) = self.goes_to_row.take() {
            self.cursor = line_of(&self.lines, number);
            self.scroll = RowScroll::at(self.cursor.unwrap_or(0).saturating_sub(LINES_BEFORE));
        }
    }

    fn head(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, of: &Of) {
        let language = cx.language;
        ui.horizontal(|ui| {
            for (form, name) in
                [(Form::Text, tr!(language, "conversation.text")), (Form::Hex, tr!(language, "conversation.hex"))]
            {
                if ui.add(Button::selectable(self.form == form, name)).clicked() {
                    self.form = form;
                    (self.cursor, self.scroll) = (None, RowScroll::default());
                }
            }
            let words = match &self.part {
                None => tr!(language, "conversation.reading"),
                Some(part) if part.rows.is_empty() => tr!(language, "conversation.empty"),
                Some(part) => tr!(
                    language,
                    "conversation.calls",
                    first = group(part.first + 1),
                    last = group(part.first + part.rows.len() as u64),
                    of = group(part.calls)
                ),
            };
            let encoding = cx.sessions.encoding_of(&of.row).name();
            let words = if self.form == Form::Text { format!("{words} · {encoding}") } else { words.into_owned() };
            ui.add(Label::new(RichText::new(words).color(cx.tokens.text_muted)).truncate());
        });
        self.make_lines(cx, of);
    }

    fn table(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let width = ui.available_width() - SCROLL_BAR_WIDTH;
        let columns = columns(cx.language, width);
        let table = RowTable {
            id: Id::unique("conversation table"),
            name: &tr!(cx.language, "conversation.name"),
            scroll_name: &tr!(cx.language, "conversation.scroll"),
            border_help: "",
            columns: &columns,
            total: self.lines.len() as u64,
            follow_end: std::mem::take(&mut self.goes_to_end),
        };
        let mut shown =
            ConversationRows { lines: &self.lines, cursor: self.cursor, tokens: cx.tokens, language: cx.language };
        let output = table.show(ui, cx.tokens, &mut self.scroll, &mut shown);
        self.fitting = output.fitting;
        if self.is_new {
            output.response.request_focus();
        }
        for input in &output.inputs {
            match input {
                TableInput::Clicked { row, .. } | TableInput::MenuRequested { row } => self.choose(*row),
                TableInput::Moved { to, .. } => self.choose(*to),
                TableInput::WentHome => self.choose(0),
                TableInput::WentToEnd => self.choose(self.lines.len().saturating_sub(1) as u64),
                TableInput::Copy => {
                    let line = self.cursor.and_then(|cursor| self.lines.get(usize::try_from(cursor).ok()?));
                    line.into_iter().for_each(|line| cx.act(UiCommand::CopyText(words(line, cx.language))));
                }
                TableInput::Activated | TableInput::SelectAll | TableInput::Scrolled | TableInput::Resized { .. } => {}
            }
        }
    }

    fn choose(&mut self, line: u64) {
        if line < self.lines.len() as u64 {
            self.cursor = Some(line);
            self.scroll.reveal(line, self.fitting);
        }
    }

    fn buttons(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (tokens, language) = (cx.tokens, cx.language);
        let (first, end, calls) =
            self.part.as_ref().map_or((0, 0, 0), |part| (part.first, part.first + part.rows.len() as u64, part.calls));
        // Of the rows that are shown; behind the last of them goes on what comes next.
        let rows = self.part.as_ref().map_or(&[][..], |part| part.rows.as_slice());
        let begin = rows.first().map_or(0, |row| row.number);
        let behind = rows.last().map_or(0, |row| row.number + 1);
        ui.horizontal(|ui| {
            let at_start = (first == 0).then(|| tr!(language, "conversation.at_start"));
            let is_more = self.part.as_ref().is_some_and(|part| end < calls || !part.complete);
            let at_end = (!is_more).then(|| tr!(language, "conversation.at_end"));
            for (label, place, blocked) in [
                (tr!(language, "conversation.first"), ConversationPlace::From(0), at_start.clone()),
                (tr!(language, "conversation.previous"), ConversationPlace::Before(begin), at_start),
                (tr!(language, "conversation.next"), ConversationPlace::From(behind), at_end.clone()),
                (tr!(language, "conversation.last"), ConversationPlace::End, at_end),
            ] {
                if button(ui, tokens, Weight::Plain, &label, 0.0, blocked).clicked() {
                    self.ask(place);
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if button(ui, tokens, Weight::Plain, &tr!(language, "action.close"), 80.0, None).clicked() {
                    self.close();
                }
                let nothing = self.lines.is_empty().then(|| tr!(language, "conversation.empty"));
                let label = tr!(language, "conversation.copy");
                if button(ui, tokens, Weight::Plain, &label, 0.0, nothing).clicked() {
                    let lines: Vec<_> = self.lines.iter().map(|line| words(line, language)).collect();
                    cx.act(UiCommand::CopyText(lines.join("\n")));
                }
            });
        });
    }
}

/// The first line that begins in this row, or else the one that goes on in it.
fn line_of(lines: &[Line], number: u64) -> Option<u64> {
    let begins = lines.iter().position(|line| line.number == number);
    let goes_on = || lines.iter().take_while(|line| line.number < number).count().checked_sub(1);
    begins.or_else(goes_on).map(|line| line as u64)
}
