//! Copying rows, also those that no page at hand has.

use std::collections::VecDeque;
use std::sync::Arc;

use egui::Ui;

use super::row_text::RowText;
use super::said::Said;
use super::selection::Selection;
use super::{JournalPanel, rows};
use crate::codec::decode::Decoder;
use crate::codec::hex;
use crate::model::{Command, Filter, Page, PageRequest, PageRow, RowBody};
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;

/// What of the rows is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyKind {
    /// A line a row, as the table shows it.
    Rows,
    /// Whole payloads as text.
    Text,
    /// Whole payloads in hex, a line a row.
    Hex,
}

impl CopyKind {
    /// In the order that menus list them.
    pub const ALL: [Self; 3] = [Self::Text, Self::Hex, Self::Rows];
}

/// Rows that one copy takes at most: a clipboard is no file.
const ROWS_MAX: usize = 100_000;

/// Bytes of text that one copy takes at most.
const TEXT_MAX: usize = 64 << 20;

/// A copy that collects its rows page by page.
#[derive(Debug)]
pub(super) struct CopyJob {
    kind: CopyKind,
    filter: Filter,
    selection: Selection,
    /// Position of the next row to read; `None` once all were read.
    next: Option<u64>,
    /// As [`Page::gone`] was when that position was right; `None` where it always is.
    gone: Option<u64>,
    /// Rows before that position which are asked for too: so many may go until the answer comes.
    spare: u64,
    /// The highest number that was read.
    read: u64,
    /// Rows whose payload may have to be loaded first.
    waiting: VecDeque<PageRow>,
    /// The request that is out.
    asked: Asked,
    rows: usize,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Page,
    Row(u64),
}

/// Where a job stands.
#[derive(Debug, PartialEq)]
pub(super) enum CopyStep {
    Ask(Command),
    Waiting,
    /// `cut` when there was more than one copy takes.
    Done {
        text: String,
        rows: usize,
        cut: bool,
    },
}

impl CopyJob {
    pub(super) fn new(kind: CopyKind, filter: Filter, selection: Selection) -> Self {
        let next = Some(selection.lowest_position());
        Self {
            kind,
            filter,
            selection,
            next,
            gone: None,
            spare: 0,
            read: 0,
            waiting: VecDeque::new(),
            asked: Asked::Nothing,
            rows: 0,
            text: String::new(),
        }
    }

    /// The same, where positions are those of a page with so many [`Page::gone`].
    pub(super) fn counted_from(self, gone: Option<u64>) -> Self {
        Self { gone, ..self }
    }

    /// Takes the page if it is the one that was asked for.
    pub(super) fn take_page(&mut self, page: &Arc<Page>) -> bool {
        let Some(next) = self.next else { return false };
        if self.asked != Asked::Page || page.filter != self.filter || page.first > next {
            return false;
        }
        let shift = self.gone.map_or(0, |gone| page.gone.saturating_sub(gone));
        self.gone = self.gone.map(|gone| gone.max(page.gone));
        let next = next.saturating_sub(shift);
        self.next = Some(next);
        if page.first > next {
            // What comes next has moved up meanwhile, out of this page.
            self.spare = (self.spare * 2).clamp(64, PageRequest::COUNT_MAX as u64 / 2);
            self.asked = Asked::Nothing;
            return true;
        }
        if !page.complete && page.rows.len() < PageRequest::COUNT_MAX {
            // More of it comes by itself.
            return true;
        }
        self.asked = Asked::Nothing;
        let end = page.first + page.rows.len() as u64;
        let past = page.rows.last().is_none_or(|row| self.selection.last().is_none_or(|last| row.number >= last));
        let new = page.rows.iter().filter(|row| row.number > self.read && self.selection.contains(row.number));
        self.waiting.extend(new.cloned());
        self.read = page.rows.last().map_or(self.read, |row| row.number.max(self.read));
        self.next = (!past && end > next && end < page.matches).then_some(end);
        true
    }

    /// Takes the payload if it is the one that was asked for.
    pub(super) fn take_row(&mut self, number: u64, payload: &[u8]) {
        if self.asked != Asked::Row(number) {
            return;
        }
        self.asked = Asked::Nothing;
        if let Some(row) = self.waiting.front_mut() {
            row.len = payload.len() as u64;
            row.preview = payload.to_vec();
        }
    }

    /// Goes on as far as it can; `line` words a row.
    pub(super) fn step(&mut self, mut line: impl FnMut(CopyKind, &PageRow) -> String) -> CopyStep {
        if self.asked != Asked::Nothing {
            return CopyStep::Waiting;
        }
        while let Some(row) = self.waiting.front() {
            if self.rows == ROWS_MAX || self.text.len() >= TEXT_MAX {
                return self.done(true);
            }
            let is_data = matches!(row.body, RowBody::Data { .. });
            let number = row.number;
            if self.kind != CopyKind::Rows && is_data && row.len > row.preview.len() as u64 {
                self.asked = Asked::Row(number);
                return CopyStep::Ask(Command::LoadRow { number });
            }
            let text = match self.kind {
                CopyKind::Hex if is_data => hex::format(&row.preview),
                kind => line(kind, row),
            };
            if !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push('\n');
            }
            self.text.push_str(&text);
            self.rows += 1;
            self.waiting.pop_front();
        }
        let Some(next) = self.next else { return self.done(false) };
        let first = next.saturating_sub(self.spare);
        self.asked = Asked::Page;
        let count = PageRequest::COUNT_MAX;
        CopyStep::Ask(Command::ReadPage(PageRequest { filter: self.filter.clone(), first, count, from_end: false }))
    }

    fn done(&mut self, cut: bool) -> CopyStep {
        CopyStep::Done { text: std::mem::take(&mut self.text), rows: self.rows, cut }
    }
}

impl JournalPanel {
    /// Whether there is anything for [`Self::start_copying`].
    #[must_use]
    pub fn has_selection(&self) -> bool {
        !self.selection.is_empty()
    }

    /// Copies the selected rows, page by page in the frames that follow.
    pub fn start_copying(&mut self, kind: CopyKind) {
        if !self.selection.is_empty() {
            let gone = self.pages.page().map(|page| page.gone);
            let job = CopyJob::new(kind, self.filter.clone(), self.selection.clone());
            self.copy = Some(job.counted_from(gone));
        }
    }

    /// After a read that failed: what a copy waits for will not come.
    pub(super) fn give_copy_up(&mut self) {
        if self.copy.take().is_some() {
            self.pages.outdate();
            self.say(Said::CopyFailed);
        }
    }

    pub(super) fn go_on_copying(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let times = self.times_in(cx);
        let Some(job) = &mut self.copy else { return };
        let (language, sessions) = (cx.language, cx.sessions);
        let step = job.step(|kind, row| {
            let encoding = sessions.encoding_of(row);
            // What is copied is what came, not what it means.
            let words = RowText::new(row, language, encoding, Decoder::Text, &times);
            match kind {
                CopyKind::Rows => rows::as_line(row, &words, sessions, language),
                CopyKind::Text if words.verbatim => {
                    encoding.decode_piece(&row.context, row.stream_offset, &row.preview).text
                }
                CopyKind::Text | CopyKind::Hex => words.text,
            }
        });
        match step {
            CopyStep::Ask(command) => cx.act(UiCommand::Engine(command)),
            CopyStep::Waiting => {}
            CopyStep::Done { text, rows, cut } => {
                self.copy = None;
                self.pages.outdate();
                self.say(Said::Copied { rows: rows as u64, cut });
                ui.ctx().request_repaint();
                cx.act(UiCommand::CopyText(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a journal of `total` rows answers, of which so many have gone.
    fn answer(request: &PageRequest, total: u64, gone: u64) -> Arc<Page> {
        let matches = total - gone;
        let first = request.first.min(matches);
        let end = (first + request.count as u64).min(matches);
        let rows = (first..end).map(|position| PageRow::made_up(gone + position + 1)).collect();
        Arc::new(Page { first, rows, matches, total: matches, gone, complete: true, ..Page::default() })
    }

    #[test]
    fn rows_that_move_up_meanwhile_are_copied_once_each() {
        let mut selection = Selection::default();
        selection.all();
        let mut job = CopyJob::new(CopyKind::Rows, Filter::default(), selection).counted_from(Some(0));
        let (total, mut gone) = (20_000, 0);
        let copied = loop {
            match job.step(|_, row| row.number.to_string()) {
                CopyStep::Ask(Command::ReadPage(request)) => {
                    gone += 100;
                    assert!(job.take_page(&answer(&request, total, gone)));
                }
                CopyStep::Done { text, .. } => break text,
                step => panic!("{step:?}"),
            }
        };
        let numbers: Vec<u64> = copied.lines().map(|line| line.parse().unwrap()).collect();
        // The first page was read after some had gone.
        assert_eq!(numbers, (101..=total).collect::<Vec<_>>());
    }
}
