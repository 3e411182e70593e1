//! A journal or a capture that was opened, in the place of what is being recorded.

use std::path::{Path, PathBuf};

use egui::{Button, RichText, Ui};

use super::action::UiCommand;
use super::app::App;
use super::context::Cx;
use super::panels::inspector::InspectorPanel;
use super::panels::journal::JournalPanel;
use super::panels::statistics::StatisticsPanel;
use super::view::Sessions;
use super::widgets::message_line::Message;
use crate::codec::visible::visible;
use crate::model::{Command, Event, Settings};
use crate::tr;

/// Paths that are remembered.
const RECENT_MAX: usize = 10;

/// Its panels, and what is known of its sessions: nothing but what their rows say.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) path: PathBuf,
    pub(super) journal: JournalPanel,
    pub(super) inspector: InspectorPanel,
    pub(super) statistics: StatisticsPanel,
    pub(super) sessions: Sessions,
}

impl Reading {
    fn new(path: PathBuf, settings: &Settings, rows: u64) -> Self {
        let mut journal = JournalPanel::of_opened(settings);
        journal.on_event(&Event::Recorded { total: rows });
        Self {
            path,
            journal,
            inspector: InspectorPanel::new(),
            statistics: StatisticsPanel::default(),
            sessions: Sessions::default(),
        }
    }
}

/// What is read, and the way back.
pub(super) fn show_head(ui: &mut Ui, cx: &mut Cx<'_>, path: &Path) {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    ui.horizontal(|ui| {
        let words = tr!(cx.language, "reading.name", name = visible(&name));
        ui.label(RichText::new(words).color(cx.tokens.accent)).on_hover_text(visible(&path.display().to_string()));
        let action = UiCommand::CloseJournal;
        let mut button = ui.add(Button::new(action.label(cx.language)));
        if let Some(tooltip) = action.tooltip(cx.language) {
            button = button.on_hover_text(tooltip);
        }
        if button.clicked() {
            cx.act(action);
        }
    });
}

impl App {
    /// Paths of journals and captures that were opened, the latest first.
    #[must_use]
    pub fn recent(&self) -> &[String] {
        &self.settings.recent
    }

    /// Asks for a journal or a capture to be read.
    pub(super) fn open_journal(&mut self, path: PathBuf) {
        self.message = Some(Message::Opening(path.clone()));
        self.opening = Some(path.clone());
        self.engine.send(Command::OpenJournal { path });
    }

    /// Removes a recording that was left; where it is in view, or on its way there, nothing of it is read any more.
    pub(super) fn discard_recording(&mut self, path: PathBuf) {
        let is_read = self.reading.as_ref().is_some_and(|reading| reading.path == path);
        if is_read || self.opening.as_ref() == Some(&path) {
            self.engine.send(Command::CloseJournal);
        }
        self.left.forget(&path);
        self.settings.recent.retain(|known| path.to_str() != Some(known.as_str()));
        self.engine.send(Command::DiscardRecording { path });
    }

    /// The journal that is in view.
    pub(super) fn shown_journal(&mut self) -> &mut JournalPanel {
        self.reading.as_mut().map_or(&mut self.journal, |reading| &mut reading.journal)
    }

    /// What is known of the sessions of the journal that is in view.
    pub(super) fn shown_sessions(&mut self) -> &mut Sessions {
        self.reading.as_mut().map_or(&mut self.sessions, |reading| &mut reading.sessions)
    }

    /// Keeps the chosen row's bytes beside those of the next.
    pub(super) fn compare_with_chosen(&mut self) {
        let (journal, inspector) = match &mut self.reading {
            Some(reading) => (&reading.journal, &mut reading.inspector),
            None => (&self.journal, &mut self.inspector),
        };
        if let Some(row) = journal.chosen() {
            self.settings.show_inspector |= inspector.compare_with(row);
        }
    }

    /// Takes in what the engine reports of the journal; rows are those of the one that it reads.
    pub(super) fn on_journal_event(&mut self, event: &Event) {
        match event {
            Event::JournalOpened { path, rows, imported } => {
                self.remember(path);
                self.opening.take_if(|opening| opening == path);
                self.journal_path.take_if(|typed| typed.is_opened_from(path));
                self.reading = Some(Box::new(Reading::new(path.clone(), &self.settings, *rows)));
                let path = path.clone();
                self.message = Some(Message::JournalOpened { path, rows: *rows, imported: *imported });
            }
            Event::JournalNotOpened { path, failure } => {
                self.opening.take_if(|opening| opening == path);
                self.message = Some(Message::Failed(failure.clone()));
            }
            Event::JournalClosed => {
                self.reading = None;
                self.opening = None;
                self.journal.resume();
                self.inspector.resume();
                self.statistics.resume();
                self.message.take_if(|message| matches!(message, Message::Opening(_)));
            }
            Event::Page(_)
            | Event::RowLoaded { .. }
            | Event::Counted(_)
            | Event::Finding { .. }
            | Event::Marked { opened: true, .. }
                if let Some(reading) = &mut self.reading =>
            {
                reading.journal.on_event(event);
                reading.inspector.on_event(event);
                reading.statistics.on_event(event);
            }
            _ => {
                self.journal.on_event(event);
                self.inspector.on_event(event);
                self.statistics.on_event(event);
                if let (Event::Failed { socket: None, .. }, Some(reading)) = (event, &mut self.reading) {
                    reading.journal.on_event(event);
                }
            }
        }
    }

    fn remember(&mut self, path: &Path) {
        // One that is no text could not be written down.
        let Some(path) = path.to_str() else { return };
        let recent = &mut self.settings.recent;
        recent.retain(|known| known != path);
        recent.insert(0, path.to_owned());
        recent.truncate(RECENT_MAX);
    }
}

#[cfg(test)]
mod tests;
