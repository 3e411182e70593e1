//! What the server and the client panel have in common: frame, tabs, state line, drop target.

use egui::{Frame, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, vec2};

use crate::i18n::{self, Language};
use crate::model::{Role, SessionId, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::GAP;
use crate::ui::theme::Tokens;
use crate::ui::widgets::disclosure::disclosure;
use crate::ui::widgets::icon::{Icon, icon_button};
use crate::ui::widgets::state_dot::DotState;
use crate::ui::widgets::tab_strip::{TabAction, TabTitle, tab_strip};

/// Rows that should stay in view below "More".
pub const FEW_ROWS: f32 = 2.5;

/// Heading and margins of a panel, in points.
pub const AROUND_TAB: f32 = 54.0;

/// Draws one of the two panels: an accessible group with a heading and tabs; `contents` fills the rest.
pub fn panel(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    role: Role,
    rect: Rect,
    tabs: &[TabTitle],
    selected: SocketId,
    contents: impl FnOnce(&mut Ui, &mut Cx<'_>),
) {
    let name = name(cx.language, role);
    let builder = UiBuilder::new()
        .max_rect(rect)
        .id_salt(("panel", role))
        .accessibility_role(egui::accesskit::Role::Group)
        .accessibility_label(&*name);
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        ui.painter().rect_filled(rect, cx.tokens.radius + 2, cx.tokens.surface);
        let frame = Frame::new().inner_margin(cx.tokens.panel_padding);
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            header(ui, cx, role, &name, tabs, selected);
            contents(ui, cx);
        });
        drop_target(ui, cx, rect);
    });
}

/// Scrolls a part of what a panel shows between its form and its composer. The bar stands in the panel's margin, where it
/// covers no control.
pub fn scrolling(ui: &mut Ui, tokens: &Tokens, id: impl egui::AsIdSalt, room: Rect, contents: impl FnOnce(&mut Ui)) {
    let with_margin = room.with_max_x(room.right() + tokens.panel_padding.rightf());
    ui.scope_builder(UiBuilder::new().max_rect(with_margin), |ui| {
        // However little room is left: what scrolls never lies over what stands below it.
        let area = ScrollArea::vertical().id_salt(id).auto_shrink([false, false]).min_scrolled_height(0.0);
        area.show(ui, |ui| {
            ui.set_max_width(room.width());
            contents(ui);
        });
    });
}

/// A line between two parts of which each scrolls by itself: what is cut off there goes on above it.
pub fn border_above(ui: &Ui, cx: &Cx<'_>, below: Rect) {
    let y = (below.top() - GAP / 2.0).round() - 0.5;
    ui.painter().hline(below.x_range(), y, Stroke::new(1.0, cx.tokens.outline));
}

/// The accessible name of a panel and its heading.
#[must_use]
pub fn name(language: Language, role: Role) -> std::borrow::Cow<'static, str> {
    match role {
        Role::Server => tr!(language, "panel.server"),
        Role::Client => tr!(language, "panel.client"),
    }
}

fn header(ui: &mut Ui, cx: &mut Cx<'_>, role: Role, name: &str, tabs: &[TabTitle], selected: SocketId) {
    ui.horizontal(|ui| {
        // Painted, not a label: the group has this name already, and two of a kind would be read out.
        let heading = ui.painter().layout_no_wrap(name.to_owned(), cx.tokens.strong_font(), cx.tokens.text);
        let (rect, _) = ui.allocate_exact_size(vec2(heading.size().x, cx.tokens.control_height), Sense::hover());
        let at = rect.left_center() - vec2(0.0, heading.size().y / 2.0);
        ui.painter().galley(at, heading, cx.tokens.text);
        ui.add_space(cx.tokens.space_small);

        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let new = UiCommand::NewTab(role);
            let label = new.label(cx.language);
            if icon_button(ui, cx.tokens, Icon::Plus, &label, &label).clicked() {
                cx.act(new);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                match tab_strip(ui, cx.tokens, cx.language, tabs, selected) {
                    Some(TabAction::Select(socket)) => cx.act(UiCommand::SelectTab(role, socket)),
                    Some(TabAction::Close(socket)) => cx.act(UiCommand::CloseTab(role, socket)),
                    None => {}
                }
            });
        });
    });
}

/// Outlines the panel while files hover over it.
fn drop_target(ui: &Ui, cx: &Cx<'_>, rect: Rect) {
    let hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
    // X11 tells where the pointer is only once the file is dropped: until then either panel may be meant.
    let here = ui.input(|input| input.pointer.latest_pos()).is_none_or(|at| rect.contains(at));
    if !(hovering && here) {
        return;
    }
    let painter = ui.painter();
    painter.rect_filled(rect, cx.tokens.radius + 2, cx.tokens.surface.gamma_multiply(0.85));
    painter.rect_stroke(rect, cx.tokens.radius + 2, Stroke::new(2.0, cx.tokens.accent), StrokeKind::Inside);
    let words = tr!(cx.language, "file.drop_here");
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, words, cx.tokens.strong_font(), cx.tokens.text);
}

/// What the state line says.
#[derive(Debug)]
pub struct StateLine<'a> {
    pub dot: DotState,
    pub words: &'a str,
    /// Said instead, in the colour of mistakes: nothing else can happen before it is put right.
    pub mistake: Option<String>,
    /// Datagrams that the kernel dropped.
    pub dropped: u64,
    /// The round-trip time, where it is known.
    pub rtt: Option<String>,
    pub socket: SocketId,
    /// What the funnel shows alone.
    pub session: Option<SessionId>,
    pub more_open: &'a mut bool,
}

/// The line under the form: state, losses, the funnel and "More".
pub fn state_line(ui: &mut Ui, cx: &mut Cx<'_>, line: &mut StateLine<'_>) {
    let tokens = cx.tokens;
    ui.horizontal(|ui| {
        ui.set_min_height(tokens.row_height);
        let (dot, _) = ui.allocate_exact_size(vec2(10.0, tokens.row_height), Sense::hover());
        line.dot.paint(ui.painter(), dot.center(), tokens);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = tokens.space_small;
            let more = tr!(cx.language, "form.more");
            disclosure(ui, tokens, &more, line.more_open).on_hover_text(tr!(cx.language, "form.more.explained"));
            funnel(ui, cx, line.socket, line.session);
            if line.dropped > 0 {
                let words = tr!(cx.language, "state.dropped", count = i18n::grouped(line.dropped));
                let words = RichText::new(words).font(tokens.small_font()).color(tokens.warning);
                ui.label(words).on_hover_text(tr!(cx.language, "state.dropped.explained"));
            }
            if let Some(rtt) = &line.rtt {
                let words = tr!(cx.language, "state.rtt", rtt = rtt);
                let words = RichText::new(words).font(tokens.small_font()).color(tokens.text_muted);
                ui.label(words).on_hover_text(tr!(cx.language, "live.rtt.explained"));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let colour = match (&line.mistake, line.dot) {
                    (Some(_), _) => tokens.error,
                    (None, DotState::Idle) => tokens.text_muted,
                    (None, _) => tokens.text,
                };
                let words = RichText::new(line.mistake.as_deref().unwrap_or(line.words)).color(colour);
                ui.add(egui::Label::new(words).truncate().selectable(true));
            });
        });
    });
}

fn funnel(ui: &mut Ui, cx: &mut Cx<'_>, socket: SocketId, session: Option<SessionId>) {
    let only = cx.sessions.shows_only(socket, session);
    let action = UiCommand::ShowOnly((!only).then_some((socket, session)));
    let label = action.label(cx.language);
    let tooltip = action.tooltip(cx.language).unwrap_or_default();
    let response = icon_button(ui, cx.tokens, Icon::Funnel, &label, &tooltip);
    if only {
        let line = [response.rect.left_bottom() + vec2(4.0, -1.0), response.rect.right_bottom() + vec2(-4.0, -1.0)];
        ui.painter().line_segment(line, Stroke::new(2.0, cx.tokens.accent));
    }
    if response.clicked() {
        cx.act(action);
    }
}
