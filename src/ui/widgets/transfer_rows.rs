use egui::{Color32, Label, Rect, RichText, Sense, Ui, vec2};

use super::icon::{self, Icon};
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Command, Direction, Outcome};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{TransferEnd, TransferView, Transfers};
use crate::ui::theme::Tokens;

/// The files of a tab: name, progress, rate, time left, cancel; how each ended.
pub fn transfer_rows(ui: &mut Ui, cx: &mut Cx<'_>, transfers: &mut Transfers) {
    for transfer in transfers.rows().iter().rev() {
        transfer_row(ui, cx, transfer);
    }
    if transfers.any_ended() {
        let words = RichText::new(tr!(cx.language, "transfer.forget")).font(cx.tokens.small_font());
        let words = words.color(cx.tokens.text_muted);
        if ui.add(egui::Button::new(words).small().frame(false)).clicked() {
            transfers.forget_ended();
        }
    }
}

fn transfer_row(ui: &mut Ui, cx: &mut Cx<'_>, transfer: &TransferView) {
    let tokens = cx.tokens;
    // The name may be the peer's, who may write into it what it likes.
    let name = visible(&transfer.info.name);
    let (picture, colour) = match transfer.info.direction {
        Direction::In => (Icon::ArrowDown, tokens.incoming),
        Direction::Out => (Icon::ArrowUp, tokens.outgoing),
    };
    ui.horizontal(|ui| {
        ui.set_min_height(tokens.row_height);
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, tokens.row_height), Sense::hover());
        icon::paint(ui.painter(), rect, picture, colour);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if let Some(end) = &transfer.end {
                ended(ui, tokens, cx.language, end);
            } else {
                let cancel = UiCommand::Engine(Command::CancelTransfer { transfer: transfer.info.id });
                let label = tr!(cx.language, "transfer.cancel", name = name);
                if icon::icon_button(ui, tokens, Icon::Close, &label, &label).clicked() {
                    cx.act(cancel);
                }
                under_way(ui, tokens, cx.language, transfer, &name);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let name = Label::new(RichText::new(name).color(tokens.text)).truncate();
                let path = transfer.end.as_ref().map_or(&transfer.info.path, |end| &end.path);
                ui.add(name).on_hover_text(visible(&path.display().to_string()));
            });
        });
    });
    if let Some(failure) = transfer.end.as_ref().and_then(|end| end.failure.as_ref()) {
        ui.horizontal(|ui| {
            // Below the name, not below its arrow.
            ui.add_space(14.0 + ui.spacing().item_spacing.x);
            ui.vertical(|ui| {
                super::field::mistake(ui, tokens, &i18n::failure(cx.language, failure));
                if let Some(hint) = i18n::hint(cx.language, failure) {
                    super::field::caption(ui, tokens, &hint);
                }
            });
        });
    }
}

fn under_way(ui: &mut Ui, tokens: &Tokens, language: Language, transfer: &TransferView, name: &str) {
    let small = |words: String| RichText::new(words).font(tokens.small_font()).color(tokens.text_muted);
    let Some(progress) = transfer.progress else {
        ui.label(small(tr!(language, "transfer.starting").into_owned()));
        return;
    };
    let mut words = i18n::pace(language, &progress);
    if let Some(left) = progress.left() {
        let left = i18n::duration(language, left);
        words = tr!(language, "transfer.rate_and_left", rate = words, left = left).into_owned();
    }
    ui.label(small(words));
    let Some(size) = progress.size else {
        ui.label(small(i18n::byte_size(progress.done)));
        return;
    };
    let fraction = if size == 0 { 1.0 } else { progress.done as f64 / size as f64 };
    let percent = (fraction * 100.0).floor();
    ui.label(small(format!("{percent:.0} %")));
    bar(ui, tokens, fraction as f32, name);
}

fn bar(ui: &mut Ui, tokens: &Tokens, fraction: f32, name: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(84.0, tokens.row_height), Sense::hover());
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, name);
        info.value = Some(f64::from(fraction) * 100.0);
        info
    });
    let rail = Rect::from_center_size(rect.center(), vec2(rect.width(), 5.0));
    ui.painter().rect_filled(rail, 2.5, tokens.outline);
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * fraction.clamp(0.0, 1.0), rail.height()));
    ui.painter().rect_filled(done, 2.5, tokens.accent);
}

fn ended(ui: &mut Ui, tokens: &Tokens, language: Language, end: &TransferEnd) {
    let colour: Color32 = match end.outcome {
        Outcome::Verified => tokens.success,
        Outcome::Unverified | Outcome::HandedOver => tokens.text_muted,
        Outcome::Incomplete => tokens.warning,
        Outcome::Refused => tokens.error,
    };
    let outcome = RichText::new(i18n::outcome(language, end.outcome)).font(tokens.small_font()).color(colour);
    ui.label(outcome);
    let size = RichText::new(i18n::byte_size(end.size)).font(tokens.small_font()).color(tokens.text_muted);
    ui.label(size).on_hover_text(i18n::bytes(end.size));
}
