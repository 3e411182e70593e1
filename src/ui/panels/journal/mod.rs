//! The journal: a row per call that returned and per event of a connection's life.
//!
//! The rows are on disk; this panel asks the engine for those that are in view and keeps one page of them.

mod columns;
mod copy;
mod counts;
mod empty;
mod filter_field;
mod find_bar;
mod frames;
mod go_to_bar;
mod hovers;
mod hunt;
mod input;
mod note_bar;
mod pages;
mod row_text;
mod rows;
mod said;
mod seek;
mod selection;
mod step;
mod times;
mod toolbar;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use egui::{Id, Ui};

pub(super) use self::row_text::{clocks, group};
pub(super) use self::rows::{party, verbatim, verbatim_in};
pub use self::times::{TIME_MODES, time_mode_label};

use self::columns::{Column, Digits};
use self::copy::CopyJob;
pub use self::copy::CopyKind;
use self::counts::Losses;
use self::filter_field::FilterField;
use self::find_bar::FindBar;
use self::frames::Frames;
use self::go_to_bar::GoToBar;
use self::hunt::{Bar, Hunt};
use self::note_bar::NoteBar;
use self::pages::{Pages, Wanted};
use self::row_text::RowTexts;
use self::rows::JournalRows;
use self::said::Said;
use self::seek::Seek;
use self::selection::{Cursor, Selection};
pub use self::step::Step;
use crate::codec::encoding::Encoding;
use crate::i18n::Language;
use crate::model::{Command, Condition, Event, Filter, Operation, Page, PageRow, Settings, TimeMode};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::view::Sessions;
use crate::ui::widgets::row_scroll::{RowScroll, SCROLL_BAR_WIDTH};
use crate::ui::widgets::row_table::{RowTable, TableOutput};

/// What the table's id is made of.
const TABLE: &str = "journal-table";

/// The journal's panel.
#[derive(Debug)]
pub struct JournalPanel {
    filter_field: FilterField,
    /// What its text asks for, with the tab or session that is shown alone: what pages are asked for.
    filter: Filter,
    pages: Pages,
    texts: RowTexts,
    times: TimeMode,
    frames: Frames,
    scroll: RowScroll,
    follow_end: bool,
    visible: Range<u64>,
    fitting: f64,
    /// Characters of the largest byte count that was ever in view: the column doesn't shrink while one scrolls.
    longest_length: usize,
    /// The same of session and peer in one.
    longest_party: usize,
    /// Whether that takes the latest page in.
    is_measured: bool,
    selection: Selection,
    cursor: Option<Cursor>,
    /// The cursor went to a row that is not loaded; whether the selection is to reach there.
    extend_when_loaded: bool,
    /// The place of a row is being looked for among those that are shown.
    seek: Option<Seek>,
    hunt: Hunt,
    /// The bar that is open between the filter and the rows.
    bar: Option<Bar>,
    find_bar: FindBar,
    go_to_bar: GoToBar,
    note_bar: NoteBar,
    chosen: Option<PageRow>,
    inspect: bool,
    losses: Losses,
    copy: Option<CopyJob>,
    said: Option<Said>,
    /// When that was first drawn, in seconds.
    said_at: Option<f64>,
    /// Those that the engine was told of; `None` where it may have heard of others since.
    encodings: Option<Vec<String>>,
    /// The columns that were drawn last.
    columns: Vec<Column>,
    /// Widths given by hand, as settings have them.
    column_widths: BTreeMap<String, f32>,
    /// It was opened to be read.
    is_opened: bool,
}

impl JournalPanel {
    /// As it was when the program ended last.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            filter_field: FilterField::new(),
            filter: Filter::default(),
            pages: Pages::default(),
            texts: RowTexts::default(),
            times: settings.times,
            frames: Frames::default(),
            scroll: RowScroll::default(),
            follow_end: settings.follow_end,
            visible: 0..0,
            fitting: 0.0,
            longest_length: 0,
            longest_party: 0,
            is_measured: false,
            selection: Selection::default(),
            cursor: None,
            extend_when_loaded: false,
            seek: None,
            hunt: Hunt::default(),
            bar: None,
            find_bar: FindBar::default(),
            go_to_bar: GoToBar::default(),
            note_bar: NoteBar::default(),
            chosen: None,
            inspect: false,
            losses: Losses::default(),
            copy: None,
            said: None,
            said_at: None,
            encodings: None,
            columns: Vec::new(),
            column_widths: settings.columns.clone(),
            is_opened: false,
        }
    }

    /// Of a journal that was opened: it is shown from its beginning, and not to be cleared.
    #[must_use]
    pub fn of_opened(settings: &Settings) -> Self {
        Self { follow_end: false, is_opened: true, ..Self::new(settings) }
    }

    /// Whether the newest row stays in view.
    #[must_use]
    pub fn follow_end(&self) -> bool {
        self.follow_end
    }

    /// Widths that were given to columns by hand, as settings keep them.
    #[must_use]
    pub fn column_widths(&self) -> &BTreeMap<String, f32> {
        &self.column_widths
    }

    /// Asks for the rows in view again: what they look like has changed.
    pub fn outdate(&mut self) {
        self.pages.outdate();
    }

    /// Turns following on or off.
    pub fn toggle_follow(&mut self) {
        self.follow_end = !self.follow_end;
    }

    /// Puts the keyboard into the filter field in the next frame.
    pub fn focus_filter(&mut self) {
        self.filter_field.focus();
    }

    /// The rows that are shown now, for saving them.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Rows in the journal, whether the filter shows them or not.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.pages.total()
    }

    /// Whether rows were asked for that have not come yet.
    #[must_use]
    pub fn awaits_rows(&self) -> bool {
        self.pages.is_asking()
    }

    /// The row that the inspector explains; it stays while newer pages come.
    #[must_use]
    pub fn chosen(&self) -> Option<&PageRow> {
        self.chosen.as_ref()
    }

    /// True once after a double click or Enter: the inspector is wanted.
    pub fn take_inspect_request(&mut self) -> bool {
        std::mem::take(&mut self.inspect)
    }

    /// Is in view again after another journal was: what it asked for last, nobody may have answered.
    pub fn resume(&mut self) {
        self.pages.forget_request();
        self.pages.outdate();
        self.encodings = None;
        self.copy = None;
        self.hunt.stop();
    }

    /// So many rows have made room for newer ones by now.
    pub fn set_removed(&mut self, rows: u64) {
        self.pages.set_removed(rows);
    }

    /// Learns from an event; never blocks.
    pub fn on_event(&mut self, event: &Event) {
        self.losses.on_event(event);
        match event {
            Event::Recorded { total } => self.pages.recorded(*total),
            Event::Page(page) => self.on_page(page),
            Event::RowLoaded { number, payload } => {
                if let Some(job) = &mut self.copy {
                    job.take_row(*number, payload);
                }
            }
            Event::Failed { socket: None, session: None, failure } if failure.operation == Operation::ReadFile => {
                self.give_copy_up();
                self.hunt.stop();
            }
            Event::Marked { number, note, opened } if *opened == self.is_opened => self.on_marked(*number, note),
            Event::Finding { id, finding } => self.on_finding(*id, *finding),
            Event::JournalCleared => {
                self.pages.cleared();
                self.selection.clear();
                self.cursor = None;
                self.seek = None;
                self.hunt.stop();
                self.chosen = None;
                self.copy = None;
                self.longest_length = 0;
                self.longest_party = 0;
                self.scroll = RowScroll::default();
            }
            _ => {}
        }
    }

    fn on_page(&mut self, page: &Arc<Page>) {
        if self.copy.as_mut().is_some_and(|job| job.take_page(page)) {
            self.pages.forget_request();
            return;
        }
        let Some(gone) = self.pages.take(Arc::clone(page), &self.filter) else { return };
        self.move_up(gone);
        self.texts.keep(page);
        self.frames.outdate();
        let most = page.rows.iter().filter_map(row_text::length).max().unwrap_or(0);
        self.longest_length = self.longest_length.max(row_text::group(most).len());
        self.is_measured = false;
        self.go_on_seeking();
        self.settle_cursor();
    }

    /// Draws the panel into the room that `ui` has.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let times = self.times_in(cx);
        self.texts.speak(cx.language, times);
        self.follow_scope(cx.sessions);
        self.tell_encodings(cx);
        if let Some(page) = self.pages.page() {
            self.frames.follow(page, cx.sessions);
            if !std::mem::replace(&mut self.is_measured, true) {
                let party = |row| rows::party_len(row, cx.sessions);
                self.longest_party = page.rows.iter().map(party).fold(self.longest_party, usize::max);
            }
        }
        self.show_toolbar(ui, cx);
        ui.add_space(cx.tokens.space_small);
        self.show_bar(ui, cx);
        let output = self.show_table(ui, cx);
        for input in &output.inputs {
            self.on_input(input);
        }
        self.show_menu(&output, cx);
        self.show_time_menu(&output, cx);
        self.show_clocks(&output, cx);
        self.show_received(&output, cx);
        self.ask_for_rows(ui, cx);
        self.fall_silent(ui);
        self.go_on_copying(ui, cx);
    }

    /// The filter text and the selected tab or session together; a session that the text chooses wins.
    fn follow_scope(&mut self, sessions: &Sessions) {
        let mut filter = self.filter_field.parsed().clone();
        let chooses_session = filter.condition.as_ref().is_some_and(Condition::chooses_session);
        if let Some((socket, session)) = sessions.selected.filter(|_| !chooses_session) {
            filter.socket = Some(socket);
            filter.session = session;
        }
        if filter == self.filter {
            return;
        }
        self.filter = filter;
        self.extend_when_loaded = false;
        // It was looked for among other rows.
        self.hunt.stop();
        // What is in view, or what was chosen in it, stays in view as far as the new filter lets it.
        let in_view = self.pages.row(self.scroll.row()).map(|row| row.number);
        let number = self.cursor.and_then(|cursor| cursor.number).or(in_view);
        self.seek = number.filter(|_| !self.follow_end).map(Seek::new);
    }

    /// The engine looks for filter texts in these as well as in UTF-8.
    fn tell_encodings(&mut self, cx: &mut Cx<'_>) {
        let chosen = cx.sessions.shown_as.all().filter(|encoding| *encoding != Encoding::Utf8);
        let mut encodings: Vec<_> = chosen.map(|encoding| encoding.label().to_owned()).collect();
        encodings.sort_unstable();
        encodings.dedup();
        if self.encodings.as_ref() != Some(&encodings) {
            self.encodings = Some(encodings.clone());
            if self.filter.condition.is_some() {
                self.pages.outdate();
            }
            cx.act(UiCommand::Engine(Command::SetFilterEncodings(encodings)));
        }
    }

    fn show_table(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> TableOutput {
        let width = ui.available_width() - SCROLL_BAR_WIDTH;
        let digits = Digits {
            number: row_text::group(self.pages.highest_number()).len(),
            length: self.longest_length,
            party: self.longest_party,
            times: self.times,
        };
        let (columns, table_columns) = columns::layout(ui, cx.tokens, cx.language, width, digits, &self.column_widths);
        let area = ui.available_rect_before_wrap();
        let table = RowTable {
            id: Id::unique(TABLE),
            name: &tr!(cx.language, "journal.name"),
            scroll_name: &tr!(cx.language, "journal.scroll"),
            border_help: &tr!(cx.language, "journal.column_width_help"),
            columns: &table_columns,
            total: self.pages.matches(),
            follow_end: self.follow_end,
        };
        let mut rows = JournalRows {
            pages: &self.pages,
            texts: &mut self.texts,
            times: self.times,
            frames: &self.frames,
            columns: &columns,
            selection: &self.selection,
            cursor: self.cursor.map(|cursor| cursor.position),
            sessions: cx.sessions,
            tokens: cx.tokens,
            language: cx.language,
        };
        let output = table.show(ui, cx.tokens, &mut self.scroll, &mut rows);
        self.fitting = output.fitting;
        self.visible = output.visible.clone();
        self.columns = columns;
        if self.pages.matches() == 0 {
            self.show_empty(ui, area, cx);
        }
        output
    }

    fn is_searching(&self) -> bool {
        self.pages.page().is_some_and(|page| page.filter != self.filter || !page.complete)
    }

    /// What is said meanwhile: how far it is, once anything of it has come.
    fn searching(&self, language: Language) -> Cow<'static, str> {
        let page = self.pages.page().filter(|page| page.filter == self.filter && page.total > 0);
        match page.map(|page| u128::from(page.scanned) * 100 / u128::from(page.total)) {
            Some(percent) => tr!(language, "journal.searching_so_far", percent = percent),
            None => tr!(language, "journal.searching"),
        }
    }

    fn ask_for_rows(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        if self.copy.is_some() {
            return;
        }
        let fits = self.fitting.ceil() as u64;
        let end = self.visible.end.max(self.visible.start + fits);
        let follow = self.follow_end && self.seek.is_none();
        match self.pages.want(&self.filter, self.visible.start..end, follow, ui.input(|input| input.time)) {
            Wanted::Nothing => {}
            Wanted::Ask(request) => cx.act(UiCommand::Engine(Command::ReadPage(request))),
            Wanted::Later(seconds) => {
                // It draws sooner by the time that it foresees for a frame, and this one would ask nothing yet.
                let foreseen = f64::from(ui.input(|input| input.predicted_dt));
                ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(seconds + foreseen));
            }
        }
    }
}
