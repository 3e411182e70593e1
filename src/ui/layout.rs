//! How the window's parts are laid out.

use egui::{CentralPanel, Frame, Id, Panel, Rect, Ui, pos2};

use super::app::App;
use super::context::Cx;
use super::panels::about::help;
use super::panels::inspector::InspectorPanel;
use super::panels::journal::JournalPanel;
use super::panels::menu_bar::{MenuState, menu_bar};
use super::panels::statistics::StatisticsPanel;
use super::panels::{shell, status_bar};
use super::reading::{self, Reading};
use super::tabs::{ClientTabState, ServerTabState};
use super::widgets::bottom_panel::bottom_panel;
use crate::model::{Role, RowBody};
use crate::tr;

/// From this width on the inspector stands beside the journal instead of below it: both keep all that they show.
const WIDE: f32 = 1480.0;
const GAP: f32 = 8.0;
/// Of the window's height, for one press of an arrow key.
const SPLIT_STEP: f32 = 0.02;

impl App {
    pub(super) fn lay_out(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let bar = Frame::new().fill(cx.tokens.window).inner_margin(cx.tokens.bar_padding);
        Panel::top("menu").frame(bar).show_separator_line(false).show(ui, |ui| {
            let state = MenuState {
                language: self.settings.language,
                theme: self.settings.theme,
                follow: self.shown_journal().follow_end(),
                inspector: self.settings.show_inspector,
                times: self.settings.times,
                statistics: self.settings.show_statistics,
                rows_selected: self.shown_journal().has_selection(),
                has_bytes: self.shown_journal().chosen().is_some_and(|row| matches!(row.body, RowBody::Data { .. })),
                reading: self.reading.is_some(),
                opening: self.opening.is_some(),
                journal_limit: self.settings.journal_limit,
                snap_length: self.settings.snap_length,
            };
            menu_bar(ui, cx, state, &self.settings.recent);
        });
        let pad = Frame::new().fill(cx.tokens.window).inner_margin(cx.tokens.edge);
        if self.message.is_some() || self.journal_path.is_some() || !self.left.is_empty() {
            bottom_panel(ui, Id::unique("status"), pad, |ui| {
                if let Some(typed) = &mut self.journal_path
                    && !typed.show(ui, cx)
                {
                    self.journal_path = None;
                }
                self.left.show(ui, cx, self.reading.as_ref().map(|reading| reading.path.as_path()));
                if let Some(message) = &self.message {
                    status_bar::status_bar(ui, cx, message);
                }
            });
        }
        CentralPanel::default().frame(pad).show(ui, |ui| self.work_area(ui, cx));
        self.show_code(ui, cx);
        self.past.show(ui.ctx(), cx);
        self.show_conversation(ui, cx);
        self.color_rules.show(ui.ctx(), cx, &mut self.settings.color_rules);
        if let Some(which) = self.help
            && !help(ui, cx, which)
        {
            self.help = None;
        }
    }

    fn show_conversation(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Cx { language, tokens, zone, .. } = *cx;
        let sessions = self.reading.as_ref().map_or(cx.sessions, |reading| &reading.sessions);
        let mut cx = Cx { language, tokens, sessions, zone, actions: &mut *cx.actions };
        self.conversation.show(ui.ctx(), &mut cx);
    }

    /// The panels above, the journal and the inspector below, with a handle between.
    fn work_area(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let area = ui.available_rect_before_wrap();
        let split = self.settings.split.clamp(0.2, 0.8);
        let lowest = (area.height() - 150.0).max(160.0);
        let chosen = (area.height() * split).clamp(200.0_f32.min(lowest), lowest);
        // What "More" opens pushes the border down, as far as the journal can spare room, and not the rows out of sight.
        let spare = (area.height() - 300.0).max(chosen);
        let middle = area.top() + chosen.max(self.full_panel_height().min(spare));

        let handle = Rect::from_min_max(pos2(area.left(), middle), pos2(area.right(), middle + GAP));
        self.split_handle(ui, cx, handle, area);

        let half = (area.width() - GAP) / 2.0;
        let left = Rect::from_min_max(area.min, pos2(area.left() + half, middle));
        let right = Rect::from_min_max(pos2(area.right() - half, area.top()), pos2(area.right(), middle));
        self.panel_rects = [left, right];

        let titles: Vec<_> = self.servers.iter().map(ServerTabState::title).collect();
        let selected = self.server;
        let servers = &mut self.servers;
        shell::panel(ui, cx, Role::Server, left, &titles, selected, |ui, cx| {
            if let Some(tab) = servers.iter_mut().find(|tab| tab.socket == selected) {
                tab.show(ui, cx);
            }
        });
        let titles: Vec<_> = self.clients.iter().map(ClientTabState::title).collect();
        let selected = self.client;
        let clients = &mut self.clients;
        shell::panel(ui, cx, Role::Client, right, &titles, selected, |ui, cx| {
            if let Some(tab) = clients.iter_mut().find(|tab| tab.socket == selected) {
                tab.show(ui, cx);
            }
        });

        let below = Rect::from_min_max(pos2(area.left(), middle + GAP), area.max);
        self.below(ui, cx, below);
        ui.advance_cursor_after_rect(area);
    }

    /// What the panels take with all that "More" has opened and all that is asked, in points.
    fn full_panel_height(&self) -> f32 {
        let server = self.servers.iter().find(|tab| tab.socket == self.server).map_or(0.0, |tab| tab.heights.wanted());
        let client = self.clients.iter().find(|tab| tab.socket == self.client).map_or(0.0, |tab| tab.heights.wanted());
        server.max(client) + shell::AROUND_TAB
    }

    fn split_handle(&mut self, ui: &mut Ui, cx: &Cx<'_>, handle: Rect, area: Rect) {
        let response = ui.interact(handle, ui.scope_id().with("split"), egui::Sense::drag());
        let label = tr!(cx.language, "window.split");
        let percent = f64::from(self.settings.split * 100.0).round();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::Splitter, true, &*label);
            info.value = Some(percent);
            info
        });
        if response.hovered() || response.dragged() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeVertical);
        }
        if response.has_focus() {
            let arrows = egui::EventFilter { vertical_arrows: true, ..Default::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
            for (key, step) in [(egui::Key::ArrowUp, -SPLIT_STEP), (egui::Key::ArrowDown, SPLIT_STEP)] {
                let presses = ui.input_mut(|input| input.count_and_consume_key(egui::Modifiers::NONE, key));
                self.settings.split = (self.settings.split + step * presses as f32).clamp(0.2, 0.8);
            }
        }
        if response.hovered() || response.dragged() || response.has_focus() {
            let line = Rect::from_center_size(handle.center(), egui::vec2(48.0, 3.0));
            ui.painter().rect_filled(line, 1.5, cx.tokens.accent);
        }
        if response.dragged()
            && let Some(at) = response.interact_pointer_pos()
        {
            self.settings.split = ((at.y - GAP / 2.0 - area.top()) / area.height()).clamp(0.2, 0.8);
        }
    }

    fn below(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect) {
        let places = self.places(ui, cx, rect);
        let inspects = match &mut self.reading {
            None => {
                let panels = (&mut self.journal, &mut self.inspector, &mut self.statistics);
                show_rows(ui, cx, places, panels, |_, _| {})
            }
            Some(reading) => {
                let Reading { path, journal, inspector, statistics, sessions } = &mut **reading;
                let Cx { language, tokens, zone, .. } = *cx;
                let mut cx = Cx { language, tokens, sessions, zone, actions: &mut *cx.actions };
                show_rows(ui, &mut cx, places, (journal, inspector, statistics), |ui, cx| {
                    reading::show_head(ui, cx, path);
                })
            }
        };
        self.settings.show_inspector |= inspects;
    }

    /// The journal, and beside or below it what tells more: the inspector, the statistics, or both next to each other.
    fn places(&self, ui: &Ui, cx: &Cx<'_>, rect: Rect) -> Places {
        let (inspects, counts) = (self.settings.show_inspector, self.settings.show_statistics);
        if !inspects && !counts {
            return Places { journal: rect, inspector: None, statistics: None };
        }
        let is_beside = rect.width() >= WIDE;
        let (journal, rest) = if is_beside {
            let at = rect.right() - InspectorPanel::full_width(ui, cx.tokens) - 2.0 * cx.tokens.space_large - GAP / 2.0;
            split_x(rect, at)
        } else {
            // A table of values and two rows beside each other are read line by line; a plot is told by its height.
            let needs_room = counts || self.inspector.needs_room();
            let (share, most) = if needs_room { (0.5, 330.0) } else { (0.36, 220.0) };
            split_y(rect, rect.bottom() - (rect.height() * share).clamp(70.0, most))
        };
        let (inspector, statistics) = match (inspects, counts) {
            (true, true) if is_beside => {
                let (above, below) = split_y(rest, rest.center().y);
                (Some(above), Some(below))
            }
            (true, true) => {
                let (left, right) = split_x(rest, rest.center().x);
                (Some(left), Some(right))
            }
            (true, false) => (Some(rest), None),
            (false, _) => (None, Some(rest)),
        };
        Places { journal, inspector, statistics }
    }
}

/// Where what concerns rows stands.
#[derive(Clone, Copy)]
struct Places {
    journal: Rect,
    inspector: Option<Rect>,
    statistics: Option<Rect>,
}

/// Left and right of a gap.
fn split_x(rect: Rect, at: f32) -> (Rect, Rect) {
    (rect.with_max_x(at - GAP / 2.0), rect.with_min_x(at + GAP / 2.0))
}

/// Above and below a gap.
fn split_y(rect: Rect, at: f32) -> (Rect, Rect) {
    (rect.with_max_y(at - GAP / 2.0), rect.with_min_y(at + GAP / 2.0))
}

/// A journal below `head`, and its inspector and statistics where there is room for them; true where the inspector was
/// asked for.
fn show_rows(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    places: Places,
    (journal, inspector, statistics): (&mut JournalPanel, &mut InspectorPanel, &mut StatisticsPanel),
    head: impl FnOnce(&mut Ui, &mut Cx<'_>),
) -> bool {
    card(ui, cx, places.journal, |ui, cx| {
        head(ui, cx);
        journal.show(ui, cx);
    });
    let inspects = journal.take_inspect_request();
    if inspects {
        inspector.focus();
    }
    if let Some(rect) = places.inspector {
        card(ui, cx, rect, |ui, cx| inspector.show(ui, cx, journal.chosen()));
    }
    match places.statistics {
        Some(rect) => card(ui, cx, rect, |ui, cx| statistics.show(ui, cx, journal.filter(), journal.total())),
        None => statistics.rest(cx),
    }
    inspects
}

/// A surface with room around what `contents` draws.
fn card(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect, contents: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
    ui.painter().rect_filled(rect, cx.tokens.radius + 2, cx.tokens.surface);
    let inner = rect.shrink2(egui::vec2(cx.tokens.space_large, cx.tokens.space));
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        contents(ui, cx);
    });
}
