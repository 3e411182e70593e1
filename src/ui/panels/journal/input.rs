//! What clicks and keys do to the journal.

use super::JournalPanel;
use super::copy::CopyKind;
use super::filter_field::condition_for;
use super::rows::session_label;
use super::seek::Seek;
use super::selection::Cursor;
use crate::model::RowBody;
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::row_table::{TableInput, TableOutput};

impl JournalPanel {
    pub(super) fn on_input(&mut self, input: &TableInput) {
        match input {
            TableInput::Clicked { row, modifiers } => self.on_click(*row, modifiers.command, modifiers.shift),
            TableInput::MenuRequested { row } => {
                let selected = self.pages.row(*row).is_some_and(|row| self.selection.contains(row.number));
                if !selected {
                    self.on_click(*row, false, false);
                }
            }
            TableInput::Activated => self.inspect = self.chosen.is_some(),
            TableInput::Moved { to, extend } => self.move_cursor(*to, *extend),
            TableInput::WentHome => {
                self.follow_end = false;
                if self.pages.matches() > 0 {
                    self.move_cursor(0, false);
                }
            }
            TableInput::WentToEnd => {
                if let Some(last) = self.pages.matches().checked_sub(1) {
                    self.move_cursor(last, false);
                }
                self.follow_end = true;
            }
            TableInput::SelectAll => self.selection.all(),
            TableInput::Copy => self.start_copying(CopyKind::Rows),
            TableInput::Resized { column, width } => {
                let Some(column) = self.columns.get(*column) else { return };
                match width {
                    Some(width) => self.column_widths.insert(column.name().to_owned(), *width),
                    None => self.column_widths.remove(column.name()),
                };
            }
            TableInput::Scrolled => {
                // Reaching the end by hand follows again, as leaving it has stopped that.
                self.follow_end = self.scroll.is_at_end(self.pages.matches(), self.fitting);
                self.seek = None;
            }
        }
    }

    /// So many rows have gone from the beginning: what is in view stays there, as far as it is still in the journal.
    pub(super) fn move_up(&mut self, rows: u64) {
        if rows == 0 {
            return;
        }
        self.scroll.lose_first(rows);
        self.selection.move_up(rows);
        if let Some(cursor) = &mut self.cursor {
            cursor.position = cursor.position.saturating_sub(rows);
        }
        self.seek = self.seek.map(|seek| Seek::new(seek.number));
    }

    fn on_click(&mut self, position: u64, toggle: bool, extend: bool) {
        let Some(row) = self.pages.row(position) else { return };
        let number = row.number;
        if toggle {
            self.selection.toggle(number, position);
        } else if extend {
            self.selection.extend_to(number, position);
        } else {
            self.selection.only(number, position);
        }
        self.chosen = Some(row.clone());
        self.cursor = Some(Cursor { position, number: Some(number) });
    }

    pub(super) fn move_cursor(&mut self, position: u64, extend: bool) {
        self.cursor = Some(Cursor { position, number: None });
        self.extend_when_loaded = extend;
        if position + 1 < self.pages.matches() {
            self.follow_end = false;
        }
        if !self.follow_end {
            self.scroll.reveal(position, self.fitting);
        }
        self.settle_cursor();
    }

    /// Gives the cursor its row once that is loaded, or its position once the filter has changed.
    pub(super) fn settle_cursor(&mut self) {
        let Some(cursor) = self.cursor else { return };
        match cursor.number {
            None => {
                if self.pages.row(cursor.position).is_some() {
                    self.on_click(cursor.position, false, self.extend_when_loaded);
                }
            }
            Some(number) => {
                if let Some(position) = self.pages.position(number) {
                    self.cursor = Some(Cursor { position, ..cursor });
                }
            }
        }
    }

    pub(super) fn show_menu(&mut self, output: &TableOutput, cx: &mut Cx<'_>) {
        if self.selection.is_empty() {
            return;
        }
        output.response.context_menu(|ui| {
            for kind in CopyKind::ALL {
                if ui.button(UiCommand::CopyRows(kind).label(cx.language)).clicked() {
                    self.start_copying(kind);
                }
            }
            let Some(row) = self.chosen.clone() else { return };
            ui.separator();
            if let Some(session) = row.session {
                let name = tr!(cx.language, "journal.show_only_session", session = session_label(&row, cx.sessions));
                if ui.button(name).clicked() {
                    cx.act(UiCommand::ShowOnly(Some((row.socket, Some(session)))));
                }
            }
            if !row.peer.is_empty() && ui.button(tr!(cx.language, "journal.show_only_peer", peer = row.peer)).clicked()
            {
                self.filter_field.write(condition_for(&row.peer), cx.zone);
            }
            ui.separator();
            let is_data = matches!(row.body, RowBody::Data { .. });
            let talk = is_data.then_some(UiCommand::ShowConversation);
            for action in [UiCommand::ToggleMark, UiCommand::EditNote].into_iter().chain(talk) {
                if ui.button(action.label(cx.language)).clicked() {
                    cx.act(action);
                }
            }
            ui.separator();
            if ui.button(tr!(cx.language, "journal.inspect")).clicked() {
                self.inspect = true;
            }
            let compare = UiCommand::CompareWith;
            if matches!(row.body, RowBody::Data { .. }) && ui.button(compare.label(cx.language)).clicked() {
                cx.act(compare);
            }
        });
    }
}
