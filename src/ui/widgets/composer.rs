//! The message editor that both panels share: format, encoding, byte count, mistakes, history and "Send".

use std::borrow::Cow;
use std::sync::Arc;

use egui::text::{ByteIndex, CCursor, LayoutJob, LayoutSection, TextFormat};
use egui::text_selection::CCursorRange;
use egui::{Event, FontId, Galley, Id, ImeEvent, Key, KeyboardShortcut, Modifiers, Rect, ScrollArea, Sense, Stroke};
use egui::{StrokeKind, TextBuffer, TextEdit, Ui, UiBuilder, pos2, vec2};

use super::button::{Weight, button};
use super::file_sender::file_sender;
use super::format_choices::{self, format_choices};
use super::frame_form::frame_form;
use crate::codec::compose::{ComposeError, Format};
use crate::i18n::{self, Language};
use crate::model::{Role, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{Draft, LARGE};
use crate::ui::theme::Tokens;

/// Whose message it is and what it may do.
#[derive(Debug)]
pub struct Composer {
    pub role: Role,
    pub socket: SocketId,
    /// The ways to write a message for the transport, the most fitting one first.
    pub formats: &'static [Format],
    /// An empty datagram is a message; of a stream nothing would be left to send.
    pub empty_is_a_message: bool,
    /// Why nothing can be sent now.
    pub blocked: Option<Cow<'static, str>>,
    /// Why no file can be sent now.
    pub files_blocked: Option<Cow<'static, str>>,
}

const BUTTONS_WIDTH: f32 = 128.0;
const FIELD_HEIGHT: f32 = 62.0;
const MISTAKE_HEIGHT: f32 = 21.0;

/// Seconds within which the Enter that took a candidate can still arrive as a key; nobody presses twice so quickly.
const SAME_KEY: f64 = 0.05;

/// What the editor has to remember between two frames.
#[derive(Clone, Copy, Debug, Default)]
struct EditorMemory {
    /// An input method shows a candidate.
    composing: bool,
    /// When the input method last had a say, in seconds.
    composed_at: Option<f64>,
    at_first_row: bool,
    at_last_row: bool,
}

impl Composer {
    /// `before` draws what stands first in the row of choices.
    pub fn show(self, ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut Draft, before: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = cx.tokens.space_controls;
            before(ui, cx);
            draft.fit(self.formats);
            format_choices(ui, cx.language, draft, self.formats);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| count(ui, cx, draft));
        });
        let id = Id::unique(("message", self.socket.0));
        let checked = draft.check();
        let mut send = false;
        ui.horizontal_top(|ui| {
            let width = ui.available_width() - BUTTONS_WIDTH - cx.tokens.space;
            let (rect, _) = ui.allocate_exact_size(vec2(width, FIELD_HEIGHT), Sense::hover());
            send = if draft.is_large() {
                large_message(ui, cx, draft, rect);
                false
            } else {
                editor(ui, cx, draft, rect, id, checked.as_ref().err())
            };
            ui.vertical(|ui| send |= self.buttons(ui, cx, draft, id, checked.as_ref()));
        });
        if draft.format == Format::CanFrame && !draft.is_large() {
            frame_form(ui, cx, self.socket, draft);
        }
        // Anew: what was typed before Enter may have come with it, in this frame.
        let checked = draft.check();
        if send && self.reason(cx.language, draft, checked.as_ref()).is_none() {
            cx.act(UiCommand::SendMessage(self.role, self.socket));
        }
    }

    /// True when "Send" was pressed; `editor` is where typing goes on then.
    fn buttons(
        &self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        draft: &mut Draft,
        editor: Id,
        checked: Result<&usize, &ComposeError>,
    ) -> bool {
        let label = UiCommand::SendMessage(self.role, self.socket).label(cx.language);
        let reason = self.reason(cx.language, draft, checked);
        let send = button(ui, cx.tokens, Weight::Primary, &label, BUTTONS_WIDTH, reason)
            .on_hover_text(tr!(cx.language, "composer.send_keys"));
        // One that is blocked takes no click, but what it waits for is mostly to be put right in the message.
        let blocked_click = send.contains_pointer() && ui.input(|input| input.pointer.primary_clicked());
        if send.clicked() || blocked_click {
            ui.memory_mut(|memory| memory.request_focus(editor));
        }
        file_sender(ui, cx, self.role, self.socket, draft, BUTTONS_WIDTH, self.files_blocked.as_ref());
        send.clicked()
    }

    fn reason(
        &self,
        language: Language,
        draft: &Draft,
        checked: Result<&usize, &ComposeError>,
    ) -> Option<Cow<'static, str>> {
        if self.blocked.is_some() {
            return self.blocked.clone();
        }
        match checked {
            Err(error) => Some(mistake_words(language, draft.text(), error).into()),
            Ok(0) if !self.empty_is_a_message => Some(tr!(language, "composer.empty")),
            Ok(_) => None,
        }
    }
}

fn count(ui: &mut Ui, cx: &Cx<'_>, draft: &mut Draft) {
    // What is mistaken has no length; its place stays.
    let (words, explained) = match draft.check() {
        Ok(bytes) => (i18n::bytes(bytes as u64), tr!(cx.language, "composer.count")),
        Err(_) => ("– B".to_owned(), tr!(cx.language, "composer.count_unknown")),
    };
    let words = egui::RichText::new(words).font(cx.tokens.mono_font()).color(cx.tokens.text_muted);
    ui.label(words).on_hover_text(explained);
}

fn mistake_words(language: Language, text: &str, error: &ComposeError) -> String {
    let column = text.get(..error.at.start).map_or(0, |before| before.chars().count()) + 1;
    let words = i18n::compose_error(language, error);
    tr!(language, "composer.mistake", column = column, words = words).into_owned()
}

fn paint_field(ui: &Ui, tokens: &Tokens, rect: Rect, outline: Stroke) {
    ui.painter().rect(rect, tokens.radius, tokens.field, outline, StrokeKind::Inside);
}

fn mistake_strip(ui: &Ui, tokens: &Tokens, field: Rect, words: &str) {
    let strip = Rect::from_min_max(pos2(field.left(), field.bottom() - MISTAKE_HEIGHT), field.max).shrink(1.5);
    let radius = egui::CornerRadius { nw: 0, ne: 0, sw: tokens.radius - 1, se: tokens.radius - 1 };
    ui.painter().rect_filled(strip, radius, tokens.error_soft);
    let mut job = LayoutJob::simple_singleline(words.to_owned(), tokens.small_font(), tokens.error);
    job.wrap = egui::text::TextWrapping::truncate_at_width(strip.width() - 14.0);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let at = pos2(strip.left() + 7.0, strip.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, tokens.error);
}

/// The editable message; true when Enter asks to send it.
fn editor(ui: &mut Ui, cx: &Cx<'_>, draft: &mut Draft, rect: Rect, id: Id, error: Option<&ComposeError>) -> bool {
    let tokens = cx.tokens;
    let focused = ui.memory(|memory| memory.has_focus(id));
    let outline = match (error.is_some(), focused) {
        (true, _) => Stroke::new(1.5, tokens.error),
        (false, true) => Stroke::new(1.0, tokens.accent),
        (false, false) => Stroke::new(1.0, tokens.outline),
    };
    paint_field(ui, tokens, rect, outline);
    let mut memory: EditorMemory = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    // How a composition ended is told to whoever has the keyboard, if at all (winit's X11 sends what egui leaves out).
    memory.composing &= focused;
    let send = focused && wants_to_send(ui, &mut memory);
    if focused && !memory.composing {
        recall(ui, draft, &memory, id);
    }

    let is_code = matches!(draft.format, Format::Hex | Format::CanFrame | Format::CanBroadcast);
    let font = if is_code { tokens.mono_font() } else { tokens.font() };
    let mistaken = error.map(|error| error.at.clone());
    let hint = format_choices::hint(cx.language, draft.format);
    let hint = egui::RichText::new(hint).font(font.clone());
    let label = tr!(cx.language, "composer.message");
    let mut layouter =
        |ui: &Ui, text: &dyn TextBuffer, width: f32| layout(ui, tokens, &font, text.as_str(), width, mistaken.clone());
    let mut room = rect.shrink2(vec2(1.0, 2.0));
    if let Some(error) = error {
        // Within the field, so that nothing moves while one types.
        room.max.y -= MISTAKE_HEIGHT;
        mistake_strip(ui, tokens, rect, &mistake_words(cx.language, draft.text(), error));
    }
    let builder = UiBuilder::new().max_rect(room);
    let output = ui
        .scope_builder(builder, |ui| {
            // The least that egui scrolls in is more than this field has: it would be drawn over its border.
            let scroll = ScrollArea::vertical().id_salt("message").auto_shrink([false, false]).min_scrolled_height(0.0);
            scroll.show(ui, |ui| {
                TextEdit::multiline(draft.text_mut())
                    .id(id)
                    .hint_text(hint)
                    .frame(egui::Frame::new().inner_margin(tokens.text_padding))
                    .desired_width(f32::INFINITY)
                    .desired_rows(3)
                    .return_key(KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter))
                    .layouter(&mut layouter)
                    .show(ui)
            })
        })
        .inner
        .inner;
    if output.response.response.changed() {
        draft.edited();
    }
    if let Some(cursor) = output.cursor_range {
        let row = output.galley.layout_from_cursor(cursor.primary).row;
        memory.at_first_row = row == 0;
        memory.at_last_row = row + 1 >= output.galley.rows.len();
    }
    output.response.response.accessible_name(&*label);
    if let Some(error) = error {
        // The strip is only painted.
        let words = mistake_words(cx.language, draft.text(), error);
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_invalid(egui::accesskit::Invalid::True);
            node.set_description(words);
        });
    }
    ui.data_mut(|data| data.insert_temp(id, memory));
    send
}

/// Whether Enter was pressed to send: not to break a line, nor to take an input method's candidate.
fn wants_to_send(ui: &Ui, memory: &mut EditorMemory) -> bool {
    ui.input(|input| {
        let mut enter = false;
        for event in &input.events {
            match event {
                Event::Ime(ImeEvent::Preedit { text, .. }) => {
                    memory.composing = !text.is_empty();
                    memory.composed_at = Some(input.time);
                }
                Event::Ime(ImeEvent::Commit(_)) => {
                    memory.composing = false;
                    memory.composed_at = Some(input.time);
                }
                Event::Key { key: Key::Enter, pressed: true, repeat: false, modifiers, .. } => {
                    enter |= !modifiers.shift && !modifiers.alt;
                }
                _ => {}
            }
        }
        let just_composed = memory.composed_at.is_some_and(|at| input.time - at < SAME_KEY);
        enter && !memory.composing && !just_composed
    })
}

/// Up in the first row and down in the last go through the history.
fn recall(ui: &Ui, draft: &mut Draft, memory: &EditorMemory, id: Id) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let recalled = memory.at_first_row && pressed(Key::ArrowUp) && draft.recall_older()
        || memory.at_last_row && pressed(Key::ArrowDown) && draft.recall_newer();
    if recalled && let Some(mut state) = TextEdit::load_state(ui.ctx(), id) {
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::end_of_str(draft.text()))));
        state.store(ui.ctx(), id);
    }
}

fn layout(
    ui: &Ui,
    tokens: &Tokens,
    font: &FontId,
    text: &str,
    width: f32,
    mistaken: Option<std::ops::Range<usize>>,
) -> Arc<Galley> {
    // A text that was just pasted can be longer than what is ever edited; the next frame shows its summary.
    let text = &text[..text.floor_char_boundary(LARGE)];
    let plain = TextFormat { line_height: Some(18.0), ..TextFormat::simple(font.clone(), tokens.text) };
    let mut job = LayoutJob::single_section(text.to_owned(), plain.clone());
    job.wrap.max_width = width;
    job.keep_trailing_whitespace = true;
    if let Some(at) = mistaken.filter(|at| text.is_char_boundary(at.start) && text.is_char_boundary(at.end)) {
        let marked = TextFormat {
            color: tokens.error,
            background: tokens.error_soft,
            underline: Stroke::new(1.5, tokens.error),
            ..plain.clone()
        };
        let section = |range: std::ops::Range<usize>, format: &TextFormat| LayoutSection {
            leading_space: 0.0,
            byte_range: ByteIndex(range.start)..ByteIndex(range.end),
            format: format.clone(),
        };
        job.sections =
            [section(0..at.start, &plain), section(at.clone(), &marked), section(at.end..text.len(), &plain)]
                .into_iter()
                .filter(|section| !section.byte_range.is_empty())
                .collect();
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// The size and the beginning of a message that is too long to edit.
fn large_message(ui: &mut Ui, cx: &Cx<'_>, draft: &mut Draft, rect: Rect) {
    paint_field(ui, cx.tokens, rect, Stroke::new(1.0, cx.tokens.outline));
    let text = draft.text();
    let size = i18n::byte_size(text.len() as u64);
    let beginning: String = text.chars().take(160).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut clear = false;
    ui.scope_builder(UiBuilder::new().max_rect(rect.shrink2(vec2(10.0, 5.0))), |ui| {
        ui.horizontal(|ui| {
            ui.label(tr!(cx.language, "composer.large", size = size));
            clear = button(ui, cx.tokens, Weight::Plain, &tr!(cx.language, "composer.clear"), 0.0, None).clicked();
        });
        let beginning = egui::RichText::new(beginning).font(cx.tokens.small_font()).color(cx.tokens.text_muted);
        ui.add(egui::Label::new(beginning).truncate()).accessible_name(tr!(cx.language, "composer.message"));
    });
    if clear {
        draft.set_text(String::new());
    }
}
