//! How much crosses, how fast, in what pieces and how soon it is answered: of the rows that the journal's filter shows.
//!
//! The engine counts, only while this panel is there; the panel asks again when rows have come.

mod axis;
mod chart;
mod plot;
mod table;
mod view;

use std::sync::Arc;
use std::time::Duration;

use egui::{Id, Label, RichText, Ui, UiBuilder};

use self::chart::Chart;
use self::table::{SessionRows, Whose};
use self::view::View;
use crate::i18n::{self, Language};
use crate::model::{Command, Direction, Event, Filter, SessionId, Statistics, StatisticsRequest};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::icon::{Icon, icon_button};
use crate::ui::widgets::row_scroll::{RowScroll, SCROLL_BAR_WIDTH};
use crate::ui::widgets::row_table::{RowTable, TableInput};

/// Seconds between two looks at rows that come without a pause.
const LOOK_EVERY: f64 = 0.25;

/// Points in which the choices show whole, and what stands between and beside them.
const CHOICES: [f32; 3] = [160.0, 150.0, 140.0];
const BESIDE_CHOICES: f32 = 124.0;

/// Sessions that can be chosen in the list, the newest; the table has all.
const LISTED: usize = 50;

/// The panel of statistics.
#[derive(Debug)]
pub struct StatisticsPanel {
    view: View,
    session: Option<SessionId>,
    is_log: bool,
    /// Which way requests go.
    asked_by: Direction,
    statistics: Option<Arc<Statistics>>,
    /// What the engine was asked for last, with the rows that the journal had then; `None` while it counts nothing for us.
    asked: Option<(StatisticsRequest, u64)>,
    asked_at: f64,
    scroll: RowScroll,
    cursor: u64,
    fitting: f64,
}

impl Default for StatisticsPanel {
    fn default() -> Self {
        Self {
            view: View::default(),
            session: None,
            is_log: false,
            asked_by: Direction::Out,
            statistics: None,
            asked: None,
            asked_at: 0.0,
            scroll: RowScroll::default(),
            cursor: 0,
            fitting: 0.0,
        }
    }
}

impl StatisticsPanel {
    /// Learns from an event; never blocks.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::Counted(statistics)
                if self.asked.as_ref().is_some_and(|(request, _)| request == statistics.request()) =>
            {
                self.statistics = Some(Arc::clone(statistics));
            }
            Event::JournalCleared => {
                self.statistics = None;
                self.asked = None;
                self.session = None;
            }
            _ => {}
        }
    }

    /// Is in view again after another journal was: the engine counts something else, or nothing.
    pub fn resume(&mut self) {
        self.statistics = None;
        self.asked = None;
    }

    /// Is not shown: has the engine count no more, if it does.
    pub fn rest(&mut self, cx: &mut Cx<'_>) {
        if self.asked.take().is_some() {
            self.statistics = None;
            cx.act(UiCommand::Engine(Command::CountMessages(None)));
        }
    }

    /// Draws the panel. `filter` is the journal's, which has `total` rows.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, filter: &Filter, total: u64) {
        let name = tr!(cx.language, "statistics.name");
        let group = UiBuilder::new().accessibility_role(egui::accesskit::Role::Group).accessibility_label(&*name);
        ui.scope_builder(group, |ui| {
            let statistics = self.statistics.clone();
            let statistics = statistics.as_deref();
            self.show_toolbar(ui, cx, statistics);
            match statistics {
                Some(statistics) if statistics.all().flows.sum().messages > 0 => self.show_view(ui, cx, statistics),
                Some(statistics) if statistics.is_complete() => show_empty(ui, cx, statistics),
                counted => {
                    ui.label(RichText::new(counting(cx.language, counted)).color(cx.tokens.text_muted));
                }
            }
            self.ask(ui, cx, filter, total);
        });
    }

    fn show_toolbar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, statistics: Option<&Statistics>) {
        let language = cx.language;
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(ui.available_width(), cx.tokens.control_height), layout, |ui| {
            let close = tr!(language, "statistics.close");
            if icon_button(ui, cx.tokens, Icon::Close, &close, &close).clicked() {
                cx.act(UiCommand::ToggleStatistics);
            }
            let copy = tr!(language, "statistics.copy");
            let copies = ui.add_enabled_ui(statistics.is_some(), |ui| {
                icon_button(ui, cx.tokens, Icon::Copy, &copy, &tr!(language, "statistics.copy_help")).clicked()
            });
            if copies.inner
                && let Some(statistics) = statistics
            {
                let csv = match self.view {
                    View::Sessions => SessionRows::csv(statistics),
                    view => Chart::new(statistics, view, self.asked_by).csv(cx.zone),
                };
                cx.act(UiCommand::CopyText(csv));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                self.show_choices(ui, language, statistics);
            });
        });
    }

    fn show_choices(&mut self, ui: &mut Ui, language: Language, statistics: Option<&Statistics>) {
        let is_paired = self.view == View::Answers;
        let wanted = CHOICES[..if is_paired { 3 } else { 2 }].iter().sum::<f32>();
        let room = (ui.available_width() - BESIDE_CHOICES) / wanted;
        let [view, session, requests] = CHOICES.map(|width| (width * room).min(width));
        let name = tr!(language, "statistics.show");
        choice(ui, "statistics-view", &name, view, &mut self.view, &View::ALL, |view| view.name(language))
            .on_hover_text(tr!(language, "statistics.message_help"));
        let newest = statistics.into_iter().flat_map(|statistics| {
            let sessions = statistics.sessions();
            let skipped = sessions.len().saturating_sub(LISTED);
            sessions.skip(skipped)
        });
        let mut known: Vec<_> =
            newest.filter_map(|one| Some((one.session?, i18n::session_name(language, one)))).collect();
        known.reverse();
        if let Some(chosen) = self.session.filter(|chosen| known.iter().all(|(session, _)| session != chosen)) {
            known.push((chosen, format!("#{chosen}")));
        }
        let options: Vec<_> = std::iter::once(None).chain(known.iter().map(|(session, _)| Some(*session))).collect();
        let name = tr!(language, "statistics.session_choice");
        choice(ui, "statistics-session", &name, session, &mut self.session, &options, |option| {
            match known.iter().find(|(session, _)| Some(*session) == option) {
                Some((_, name)) => name.clone().into(),
                None => tr!(language, "statistics.all"),
            }
        });
        if is_paired {
            let name = tr!(language, "statistics.requests");
            let options = [Direction::Out, Direction::In];
            choice(ui, "statistics-requests", &name, requests, &mut self.asked_by, &options, |option| match option {
                Direction::Out => tr!(language, "statistics.requests_sent"),
                Direction::In => tr!(language, "statistics.requests_received"),
            })
            .on_hover_text(tr!(language, "statistics.requests_help"));
        }
        if self.view != View::Sessions {
            let words = tr!(language, "statistics.log");
            ui.checkbox(&mut self.is_log, &*words).on_hover_text(tr!(language, "statistics.log_help"));
        }
    }

    fn show_view(&mut self, ui: &mut Ui, cx: &Cx<'_>, statistics: &Statistics) {
        let (tokens, language) = (cx.tokens, cx.language);
        let words = self.view.words(language, statistics, self.asked_by);
        let mut shown = words.clone();
        if !statistics.is_complete() {
            shown = format!("{} · {words}", counting(language, Some(statistics)));
        }
        let label = Label::new(RichText::new(&shown).font(tokens.small_font()).color(tokens.text_muted)).truncate();
        ui.add(label).on_hover_text(shown);
        if self.view == View::Sessions {
            return self.show_sessions(ui, cx, statistics);
        }
        let chart = Chart::new(statistics, self.view, self.asked_by);
        if chart.columns.is_empty() {
            ui.label(RichText::new(tr!(language, "statistics.nothing_of_it")).color(tokens.text_muted));
            return;
        }
        let name = tr!(language, "statistics.plot", name = self.view.name(language), words = words);
        plot::plot(ui, cx, &chart, self.view, self.is_log, &name);
    }

    fn show_sessions(&mut self, ui: &mut Ui, cx: &Cx<'_>, statistics: &Statistics) {
        let mut rows = SessionRows::new(statistics, cx.tokens, cx.language, self.cursor);
        self.cursor = rows.cursor;
        let columns = rows.columns(ui.available_width() - SCROLL_BAR_WIDTH);
        let table = RowTable {
            id: Id::unique("statistics-table"),
            name: &tr!(cx.language, "statistics.view_sessions"),
            scroll_name: &tr!(cx.language, "statistics.scroll"),
            border_help: "",
            columns: &columns,
            total: rows.len(),
            follow_end: false,
        };
        let output = table.show(ui, cx.tokens, &mut self.scroll, &mut rows);
        self.fitting = output.fitting;
        let last = rows.len() - 1;
        for input in &output.inputs {
            let (to, chooses) = match input {
                TableInput::Clicked { row, .. } => (*row, true),
                TableInput::Activated => (self.cursor, true),
                TableInput::Moved { to, .. } => (*to, false),
                TableInput::WentHome => (0, false),
                TableInput::WentToEnd => (last, false),
                _ => continue,
            };
            self.cursor = to.min(last);
            self.scroll.reveal(self.cursor, self.fitting);
            match rows.whose(self.cursor).filter(|_| chooses) {
                Some(Whose::All) => self.session = None,
                Some(Whose::Session(Some(session))) => self.session = Some(session),
                _ => {}
            }
        }
    }

    /// Asks for what is shown, and again when rows have come since.
    fn ask(&mut self, ui: &Ui, cx: &mut Cx<'_>, filter: &Filter, total: u64) {
        let request = StatisticsRequest { filter: filter.clone(), session: self.session };
        let now = ui.input(|input| input.time);
        match &self.asked {
            Some((asked, rows)) if *asked == request => {
                if *rows == total {
                    return;
                }
                let wait = self.asked_at + LOOK_EVERY - now;
                // The clock of a window that was hidden stood still.
                if (0.0..=LOOK_EVERY).contains(&wait) {
                    return ui.ctx().request_repaint_after(Duration::from_secs_f64(wait));
                }
            }
            // What is shown is of another filter or session.
            _ => self.statistics = None,
        }
        self.asked_at = now;
        self.asked = Some((request.clone(), total));
        cx.act(UiCommand::Engine(Command::CountMessages(Some(Box::new(request)))));
    }
}

fn counting(language: Language, statistics: Option<&Statistics>) -> String {
    let share = statistics.map_or(0, |counted| counted.scanned * 100 / counted.rows.max(1));
    tr!(language, "statistics.counting", percent = share).into_owned()
}

fn show_empty(ui: &mut Ui, cx: &Cx<'_>, statistics: &Statistics) {
    let (title, advice) = if statistics.request().filter.is_empty() {
        (tr!(cx.language, "statistics.empty"), tr!(cx.language, "statistics.empty_advice"))
    } else {
        (tr!(cx.language, "statistics.no_match"), tr!(cx.language, "journal.no_match_advice"))
    };
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height / 2.0 - cx.tokens.heading_size * 2.0).max(0.0));
        ui.label(RichText::new(title).font(cx.tokens.strong_font()).color(cx.tokens.text));
        ui.label(RichText::new(advice).color(cx.tokens.text_muted));
    });
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::ui::theme::Tokens;
    use crate::ui::view::Sessions;

    #[test]
    fn a_panel_that_is_not_shown_has_the_engine_count_no_more() {
        let (tokens, sessions) = (Tokens::light(), Sessions::default());
        let mut actions = Vec::new();
        let mut panel = StatisticsPanel::default();
        let mut rest = |panel: &mut StatisticsPanel| {
            let (language, zone) = (Language::English, &TimeZone::UTC);
            panel.rest(&mut Cx { language, tokens: &tokens, sessions: &sessions, zone, actions: &mut actions });
            std::mem::take(&mut actions)
        };
        assert_eq!(rest(&mut panel), []);
        panel.asked = Some((StatisticsRequest::default(), 7));
        assert_eq!(rest(&mut panel), [UiCommand::Engine(Command::CountMessages(None))]);
        assert_eq!(rest(&mut panel), [], "once");
        panel.on_event(&Event::Counted(Arc::default()));
        assert!(panel.statistics.is_none(), "what was under way comes too late");
    }
}
