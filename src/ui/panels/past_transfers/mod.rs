//! The window that lists the files of all tabs that crossed, in this run and before it.

mod rows;

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use egui::{Context, Frame, Id, Key, Label, Modifiers, Pos2, Rect, RichText, Ui, UiBuilder, Window};

use self::rows::{PastRows, line};
use crate::codec::visible::visible;
use crate::i18n;
use crate::model::{Command, Direction, Event, Outcome, PastTransfer, TransferId, TransferInfo};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::button::{Weight, button};
use crate::ui::widgets::row_scroll::RowScroll;
use crate::ui::widgets::row_table::{RowTable, TableInput};

/// The window as it opens, in points.
const SIZE: [f32; 2] = [880.0, 460.0];
/// What it doesn't get smaller than.
const SMALLEST: [f32; 2] = [640.0, 280.0];
/// Points for what is said of the chosen one.
const DETAILS: f32 = 64.0;

/// Past transfers, newest first, and the window that shows them.
#[derive(Debug, Default)]
pub struct PastTransfers {
    list: VecDeque<PastTransfer>,
    under_way: HashMap<TransferId, TransferInfo>,
    /// Its place in the list.
    chosen: Option<usize>,
    scroll: RowScroll,
    fitting: f64,
    is_open: bool,
    /// Not drawn since it was opened: the keyboard goes into it first.
    is_new: bool,
    /// Where the window was drawn.
    rect: Option<Rect>,
}

impl PastTransfers {
    /// Those of earlier runs, oldest first.
    #[must_use]
    pub fn of(earlier: Vec<PastTransfer>) -> Self {
        Self { list: earlier.into_iter().rev().collect(), ..Self::default() }
    }

    /// Learns from an event; never blocks.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::TransferStarted(info) => _ = self.under_way.insert(info.id, info.clone()),
            Event::TransferEnded { transfer, end } => {
                let Some(info) = self.under_way.remove(transfer) else { return };
                self.list.push_front(PastTransfer::new(&info, end));
                self.list.truncate(PastTransfer::KEPT);
                self.chosen = self.chosen.map(|chosen| chosen + 1).filter(|chosen| *chosen < self.list.len());
            }
            _ => {}
        }
    }

    pub fn open(&mut self) {
        (self.is_open, self.is_new) = (true, true);
    }

    pub fn clear(&mut self) {
        self.list.clear();
        self.chosen = None;
        self.scroll = RowScroll::default();
    }

    /// Whether it is what is seen at this place.
    #[must_use]
    pub fn covers(&self, at: Pos2) -> bool {
        self.rect.is_some_and(|rect| rect.contains(at))
    }

    /// Draws the window over everything else, while it is open.
    pub fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        self.rect = None;
        if !self.is_open {
            return;
        }
        let frame = Frame::window(&ctx.style_of(ctx.theme())).inner_margin(cx.tokens.window_padding);
        let window = Window::new(RichText::new(tr!(cx.language, "past.title")).font(cx.tokens.strong_font()))
            .id(Id::unique("past transfers"))
            .frame(frame)
            .collapsible(false)
            .default_rect(Rect::from_center_size(ctx.content_rect().center(), SIZE.into()))
            .min_size(SMALLEST)
            .show(ctx, |ui| {
                // What stands below the table has its place before it.
                let room = ui.available_rect_before_wrap();
                let buttons = room.with_min_y(room.bottom() - cx.tokens.control_height);
                let details = room.with_max_y(buttons.top() - cx.tokens.space);
                let details = details.with_min_y(details.bottom() - DETAILS);
                let table = room.with_max_y(details.top() - cx.tokens.space);
                ui.scope_builder(UiBuilder::new().max_rect(table), |ui| self.table(ui, cx));
                ui.scope_builder(UiBuilder::new().max_rect(details), |ui| self.details(ui, cx));
                ui.scope_builder(UiBuilder::new().max_rect(buttons), |ui| self.buttons(ui, cx));
            });
        self.rect = window.map(|window| window.response.rect);
        self.is_new = false;
        if !egui::Popup::is_any_open(ctx) && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.is_open = false;
        }
    }

    fn table(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let area = ui.available_rect_before_wrap();
        let columns = rows::columns(cx.language, area.width());
        let table = RowTable {
            id: Id::unique("past transfers table"),
            name: &tr!(cx.language, "past.title"),
            scroll_name: &tr!(cx.language, "past.scroll"),
            border_help: "",
            columns: &columns,
            total: self.list.len() as u64,
            follow_end: false,
        };
        let mut shown =
            PastRows { list: &self.list, chosen: self.chosen, tokens: cx.tokens, language: cx.language, zone: cx.zone };
        let output = table.show(ui, cx.tokens, &mut self.scroll, &mut shown);
        if let Some(words) = output.hovered.and_then(|(row, column)| shown.whole(row, column)) {
            output.response.clone().on_hover_text_at_pointer(words);
        }
        self.fitting = output.fitting;
        if self.is_new {
            output.response.request_focus();
        }
        for input in &output.inputs {
            self.on_input(cx, input);
        }
        if self.list.is_empty() {
            let words = RichText::new(tr!(cx.language, "past.empty")).color(cx.tokens.text_muted);
            ui.put(area, Label::new(words));
        }
    }

    fn on_input(&mut self, cx: &mut Cx<'_>, input: &TableInput) {
        let last = self.list.len().saturating_sub(1) as u64;
        match input {
            TableInput::Clicked { row, .. } | TableInput::MenuRequested { row } => self.choose(*row),
            TableInput::Moved { to, .. } => self.choose(*to),
            TableInput::WentHome => self.choose(0),
            TableInput::WentToEnd => self.choose(last),
            TableInput::Activated => self.open_folder(cx),
            TableInput::Copy => {
                if let Some(transfer) = self.chosen() {
                    cx.act(UiCommand::CopyText(line(transfer, cx.language, cx.zone)));
                }
            }
            TableInput::SelectAll | TableInput::Scrolled | TableInput::Resized { .. } => {}
        }
    }

    fn choose(&mut self, row: u64) {
        self.chosen = usize::try_from(row).ok().filter(|row| *row < self.list.len());
        self.scroll.reveal(row, self.fitting);
    }

    fn chosen(&self) -> Option<&PastTransfer> {
        self.list.get(self.chosen?)
    }

    /// Where the chosen one lies, and its hash or why it failed.
    fn details(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let (tokens, language) = (cx.tokens, cx.language);
        let Some(transfer) = self.chosen() else { return };
        ui.spacing_mut().item_spacing.y = tokens.space_hair;
        let path = visible(transfer.path.as_deref().unwrap_or(&transfer.name));
        let shown = RichText::new(&path).color(tokens.text);
        ui.add(Label::new(shown).truncate().selectable(true)).on_hover_text(path);
        if let Some(hash) = &transfer.hash {
            let hash = RichText::new(tr!(language, "past.hash", hash = visible(hash))).font(tokens.mono_font());
            ui.add(Label::new(hash.color(tokens.text_muted)).truncate().selectable(true));
        }
        if let Some(failure) = &transfer.failure {
            let words = i18n::failure(language, failure);
            let shown = RichText::new(&words).font(tokens.small_font()).color(tokens.error);
            ui.add(Label::new(shown).truncate().selectable(true)).on_hover_text(words);
            if let Some(hint) = i18n::hint(language, failure) {
                let shown = RichText::new(&hint).font(tokens.small_font()).color(tokens.text_muted);
                ui.add(Label::new(shown).truncate()).on_hover_text(hint);
            }
        }
    }

    fn buttons(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (tokens, language) = (cx.tokens, cx.language);
        let none = self.chosen().is_none().then(|| tr!(language, "past.choose_first"));
        let hash = self.chosen().and_then(|transfer| transfer.hash.clone());
        let folder = self.chosen().and_then(folder).is_some();
        ui.horizontal(|ui| {
            let blocked = none.clone().or_else(|| hash.is_none().then(|| tr!(language, "past.no_hash")));
            let label = tr!(language, "past.copy_hash");
            if button(ui, tokens, Weight::Plain, &label, 0.0, blocked).clicked()
                && let Some(hash) = hash
            {
                cx.act(UiCommand::CopyText(hash));
            }
            let blocked = none.or_else(|| (!folder).then(|| tr!(language, "past.no_folder")));
            let label = tr!(language, "past.open_folder");
            if button(ui, tokens, Weight::Plain, &label, 0.0, blocked).clicked() {
                self.open_folder(cx);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let label = tr!(language, "action.close");
                if button(ui, tokens, Weight::Plain, &label, 80.0, None).clicked() {
                    self.is_open = false;
                }
                let action = UiCommand::ForgetPastTransfers;
                let blocked = self.list.is_empty().then(|| tr!(language, "past.empty"));
                if button(ui, tokens, Weight::Plain, &action.label(language), 0.0, blocked).clicked() {
                    cx.act(action);
                }
            });
        });
    }

    fn open_folder(&self, cx: &mut Cx<'_>) {
        if let Some(path) = self.chosen().and_then(folder) {
            cx.act(UiCommand::Engine(Command::OpenFolder { socket: None, path }));
        }
    }
}

/// Where the file lies; nothing lies anywhere of one that was not taken.
fn folder(transfer: &PastTransfer) -> Option<PathBuf> {
    let was_taken = transfer.direction == Direction::Out || transfer.outcome != Outcome::Refused;
    let path = transfer.path.as_deref().filter(|_| was_taken)?;
    Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned)
}
