use egui::{Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::icon::{self, Icon};
use super::state_dot::DotState;
use crate::i18n::Language;
use crate::model::SocketId;
use crate::tr;
use crate::ui::theme::Tokens;

/// One tab as the strip shows it.
#[derive(Clone, Debug)]
pub struct TabTitle {
    pub socket: SocketId,
    pub title: String,
    pub state: DotState,
}

/// What was done to a strip of tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TabAction {
    Select(SocketId),
    Close(SocketId),
}

const TITLE_MAX: f32 = 190.0;

/// Draws the tabs in one line that scrolls sideways when they don't fit; one that was just selected comes into sight.
/// The last tab can't be closed.
pub fn tab_strip(
    ui: &mut Ui,
    tokens: &Tokens,
    language: Language,
    tabs: &[TabTitle],
    selected: SocketId,
) -> Option<TabAction> {
    let mut action = None;
    // What was selected in the frame before; at the start, nothing.
    let id = ui.scope_id().with("selected tab");
    let before = ui.data_mut(|data| data.get_temp_mut_or_insert_with(id, || None::<SocketId>).replace(selected));
    ScrollArea::horizontal().id_salt("tabs").auto_shrink([true, true]).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = tokens.space_tight;
            for tab in tabs {
                let closable = tabs.len() > 1;
                let shown = tab.socket == selected;
                let (rect, done) = one_tab(ui, tokens, language, tab, shown, closable);
                if shown && before != Some(selected) {
                    ui.scroll_to_rect_animation(rect, None, egui::style::ScrollAnimation::none());
                }
                action = done.or(action);
            }
        });
    });
    action
}

fn one_tab(
    ui: &mut Ui,
    tokens: &Tokens,
    language: Language,
    tab: &TabTitle,
    selected: bool,
    closable: bool,
) -> (Rect, Option<TabAction>) {
    let colour = if selected { tokens.text } else { tokens.text_muted };
    let mut job = egui::text::LayoutJob::simple_singleline(tab.title.clone(), tokens.font(), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(TITLE_MAX);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let close_width = if closable { 18.0 } else { 0.0 };
    let size = vec2(galley.size().x + 32.0 + close_width, tokens.control_height - 2.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(egui::Role::Tab, ui.is_enabled(), selected, &tab.title));
    let mut action = None;
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        if selected {
            painter.rect_filled(rect, tokens.radius, tokens.button);
        } else if response.hovered() {
            painter.rect_filled(rect, tokens.radius, tokens.row_hover);
        }
        if response.has_focus() {
            painter.rect_stroke(rect, tokens.radius, Stroke::new(1.0, tokens.accent), egui::StrokeKind::Inside);
        }
        tab.state.paint(painter, pos2(rect.left() + 12.0, rect.center().y), tokens);
        let at = pos2(rect.left() + 22.0, rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, colour);
    }
    if closable {
        let close = Rect::from_center_size(pos2(rect.right() - 13.0, rect.center().y), vec2(16.0, 16.0));
        let response = ui.interact(close, ui.scope_id().with(("close", tab.socket)), Sense::click());
        let label = tr!(language, "tab.close", title = tab.title);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), &*label));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(close, tokens.radius - 2, tokens.button_hover);
        }
        icon::paint(ui.painter(), close.shrink(1.0), Icon::Close, tokens.text_muted);
        if response.on_hover_text(&*label).clicked() {
            action = Some(TabAction::Close(tab.socket));
        }
    }
    if closable && response.middle_clicked() {
        action = Some(TabAction::Close(tab.socket));
    }
    (rect, action.or_else(|| response.clicked().then_some(TabAction::Select(tab.socket))))
}
