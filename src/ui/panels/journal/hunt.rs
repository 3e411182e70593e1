//! Rows that the engine looks for, so that the cursor can go there.

use std::borrow::Cow;

use egui::{Button, Id, Key, Modifiers, RichText, Ui};

use super::row_text::group;
use super::said::Said;
use super::seek::{Seek, Sought};
use super::step::Step;
use super::{JournalPanel, TABLE};
use crate::i18n::Language;
use crate::model::{Command, Condition, FindRequest, Finding};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::row_scroll::RowScroll;

/// What asks for rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    Find,
    GoTo,
    Note,
}

/// Which row is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Match,
    Error,
    Mark,
    /// With this number, or the next one.
    Row(u64),
    Time,
}

/// What there is to say of one that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    NotFound(Aim),
    /// It was found after going on from the other end.
    Wrapped {
        backward: bool,
    },
    /// The row with this number is not shown: the cursor is on the one after it.
    NotShown(u64),
}

impl Outcome {
    pub(super) fn words(self, language: Language) -> Cow<'static, str> {
        match self {
            Self::NotFound(Aim::Match) => tr!(language, "find.nothing"),
            Self::NotFound(Aim::Error) => tr!(language, "go_to.no_error"),
            Self::NotFound(Aim::Mark) => tr!(language, "go_to.no_mark"),
            Self::NotFound(Aim::Row(number)) => tr!(language, "go_to.no_row", number = group(number)),
            Self::NotFound(Aim::Time) => tr!(language, "go_to.no_time"),
            Self::Wrapped { backward: false } => tr!(language, "find.from_beginning"),
            Self::Wrapped { backward: true } => tr!(language, "find.from_end"),
            Self::NotShown(number) => tr!(language, "go_to.not_shown", number = group(number)),
        }
    }
}

/// The search that was asked for last.
#[derive(Debug, Default)]
pub(super) struct Hunt {
    id: u64,
    running: Option<Running>,
    pub(super) outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    aim: Aim,
    backward: bool,
    percent: u64,
}

impl Hunt {
    /// Nothing of it is wanted any more.
    pub(super) fn stop(&mut self) {
        self.running = None;
        self.outcome = None;
    }

    /// How far it is, in words; `None` while nothing is looked for.
    pub(super) fn progress(&self, language: Language) -> Option<Cow<'static, str>> {
        self.running.map(|running| tr!(language, "find.looking", percent = running.percent))
    }
}

impl JournalPanel {
    /// Sends the cursor to another row; the command is for the engine, `None` where nobody said what to look for.
    pub fn step(&mut self, step: Step) -> Option<Command> {
        let backward = step.is_backward();
        let (aim, condition) = match step {
            Step::NextError | Step::PreviousError => (Aim::Error, Condition::Error),
            Step::NextMark | Step::PreviousMark => (Aim::Mark, Condition::Marked),
            Step::NextMatch | Step::PreviousMatch => match self.find_bar.condition() {
                Some(condition) => (Aim::Match, condition.clone()),
                None => {
                    self.open_find();
                    return None;
                }
            },
        };
        let from = self.whence(backward);
        Some(self.hunt_for(aim, FindRequest { condition, from, backward, wraps: true, ..self.request() }))
    }

    /// For the first of the rows that are shown, whatever it is.
    pub(super) fn request(&self) -> FindRequest {
        let condition = Condition::All(Vec::new());
        FindRequest { id: 0, filter: self.filter.clone(), condition, from: None, backward: false, wraps: false }
    }

    pub(super) fn hunt_for(&mut self, aim: Aim, request: FindRequest) -> Command {
        self.hunt.id += 1;
        self.hunt.outcome = None;
        self.hunt.running = Some(Running { aim, backward: request.backward, percent: 0 });
        Command::Find(Box::new(FindRequest { id: self.hunt.id, ..request }))
    }

    /// The row from which the nearest one is meant: the cursor's, else all that is in view counts.
    fn whence(&self, backward: bool) -> Option<u64> {
        if let Some(number) = self.cursor.and_then(|cursor| cursor.number) {
            return Some(number);
        }
        let in_view = if backward { self.visible.end.checked_sub(1)? } else { self.visible.start };
        let number = self.pages.row(in_view)?.number;
        Some(if backward { number.saturating_add(1) } else { number.saturating_sub(1) })
    }

    pub(super) fn on_finding(&mut self, id: u64, finding: Finding) {
        let Some(running) = self.hunt.running.as_mut().filter(|_| id == self.hunt.id) else { return };
        let Running { aim, backward, .. } = *running;
        let outcome = match finding {
            Finding::Looking { done, of } => {
                running.percent = (u128::from(done) * 100 / u128::from(of.max(1))) as u64;
                return;
            }
            Finding::NotFound => Some(Outcome::NotFound(aim)),
            Finding::Found { number, wrapped } => {
                self.go_to_number(number);
                match aim {
                    Aim::Row(wanted) if wanted != number => Some(Outcome::NotShown(wanted)),
                    _ => wrapped.then_some(Outcome::Wrapped { backward }),
                }
            }
        };
        self.hunt.running = None;
        self.hunt.outcome = outcome;
        if let Some(outcome) = outcome.filter(|_| self.bar.is_none()) {
            self.say(Said::Hunted(outcome));
        }
    }

    fn go_to_number(&mut self, number: u64) {
        self.follow_end = false;
        self.extend_when_loaded = false;
        self.seek = Some(Seek::choosing(number));
        self.go_on_seeking();
    }

    /// Looks for the place of a row as far as the page at hand tells it.
    pub(super) fn go_on_seeking(&mut self) {
        let Some(mut seek) = self.seek.take() else { return };
        let Some(page) = self.pages.page().filter(|page| page.filter == self.filter) else {
            self.seek = Some(seek);
            return;
        };
        // Rows after those that the filter was scanned for so far come by themselves.
        let is_to_come = !page.complete && page.rows.last().is_none_or(|last| last.number < seek.number);
        match seek.look(page) {
            Sought::LookAt(position) => {
                self.scroll = RowScroll::at(position);
                self.seek = Some(seek);
            }
            Sought::At(_) if is_to_come && seek.chooses => self.seek = Some(Seek::choosing(seek.number)),
            Sought::At(position) if seek.chooses => {
                let in_view = self.visible.contains(&position) && self.visible.contains(&self.scroll.row());
                if !in_view {
                    self.scroll = RowScroll::at(position.saturating_sub((self.fitting / 2.0) as u64));
                }
                self.move_cursor(position, false);
            }
            Sought::At(position) => {
                self.scroll = RowScroll::at(position.saturating_sub((self.fitting / 2.0) as u64));
            }
        }
    }

    /// The bar that is open, above the rows.
    pub(super) fn show_bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if self.hunt.running.is_some() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.give_hunt_up(cx);
        }
        match self.bar {
            None => return,
            Some(Bar::Find) => self.show_find_bar(ui, cx),
            Some(Bar::GoTo) => self.show_go_to_bar(ui, cx),
            Some(Bar::Note) => self.show_note_bar(ui, cx),
        }
        ui.add_space(cx.tokens.space_small);
    }

    fn give_hunt_up(&mut self, cx: &mut Cx<'_>) {
        self.hunt.stop();
        cx.act(UiCommand::Engine(Command::CancelFind));
    }

    /// How the search goes, with the way to end it.
    pub(super) fn show_hunt(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let muted = |words: Cow<'static, str>| RichText::new(words).color(cx.tokens.text_muted);
        if let Some(words) = self.hunt.progress(cx.language) {
            ui.label(muted(words));
            if ui.add(Button::new(tr!(cx.language, "action.cancel")).small()).clicked() {
                self.give_hunt_up(cx);
            }
        } else if let Some(outcome) = self.hunt.outcome {
            let response = ui.add(egui::Label::new(muted(outcome.words(cx.language))).truncate());
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(egui::accesskit::Live::Polite));
        }
    }

    pub(super) fn close_bar(&mut self, ui: &Ui) {
        self.bar = None;
        // To the rows: the cursor may have moved in them.
        ui.memory_mut(|memory| memory.request_focus(Id::unique(TABLE)));
    }
}
