//! The two windows of the help menu.

use egui::{Id, Modal, RichText, ScrollArea, Ui};

use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::button::{Weight, button};

/// Which of them is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Help {
    Shortcuts,
    About,
}

/// Draws the open one over everything; false once it was closed.
pub fn help(ui: &mut Ui, cx: &mut Cx<'_>, which: Help) -> bool {
    let mut open = true;
    let frame =
        egui::Frame::popup(ui.style()).inner_margin(cx.tokens.dialog_padding).corner_radius(cx.tokens.radius + 4);
    let response = Modal::new(Id::unique("help")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(340.0);
        ui.spacing_mut().item_spacing.y = cx.tokens.space_hair;
        let title = match which {
            Help::Shortcuts => tr!(cx.language, "action.shortcuts"),
            Help::About => tr!(cx.language, "app.name"),
        };
        ui.label(RichText::new(title).font(egui::FontId::new(17.0, crate::ui::fonts::strong())));
        ui.add_space(cx.tokens.space_small);
        match which {
            Help::Shortcuts => {
                // In a low window the list scrolls, so that "Close" stays in sight; it has its height at once, so that
                // "Close" does not move.
                let room = ui.ctx().content_rect().height() - AROUND_LIST;
                ScrollArea::vertical().max_height(room).min_scrolled_height(room).show(ui, |ui| shortcuts(ui, cx));
            }
            Help::About => about(ui, cx),
        }
        ui.add_space(cx.tokens.space);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let label = tr!(cx.language, "action.close");
            open = !button(ui, cx.tokens, Weight::Primary, &label, 80.0, None).clicked();
        });
    });
    open && !response.should_close()
}

/// What stands above and below the list of shortcuts, in points.
const AROUND_LIST: f32 = 160.0;

fn shortcuts(ui: &mut Ui, cx: &Cx<'_>) {
    // Text, not controls: lines stand closer than the rows of a form.
    ui.spacing_mut().interact_size.y = cx.tokens.text_size + cx.tokens.space_small;
    let keys = |words: String| RichText::new(words).font(cx.tokens.mono_font()).color(cx.tokens.text_muted);
    let line = |ui: &mut Ui, name: &str, shortcut: String| {
        ui.horizontal(|ui| {
            ui.label(name);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| ui.label(keys(shortcut)));
        });
    };
    for (name, shortcut) in [
        (tr!(cx.language, "keys.send"), tr!(cx.language, "keys.enter")),
        (tr!(cx.language, "keys.line_break"), tr!(cx.language, "keys.shift_enter")),
        (tr!(cx.language, "keys.history"), tr!(cx.language, "keys.up_down")),
    ] {
        line(ui, &name, shortcut.into_owned());
    }
    for action in UiCommand::WITH_SHORTCUTS {
        if let Some(shortcut) = action.shortcut() {
            let keys = ui.ctx().format_shortcut(&shortcut);
            line(ui, &action.label(cx.language), keys);
        }
    }
}

fn about(ui: &mut Ui, cx: &Cx<'_>) {
    let muted = |words: &str| RichText::new(words).color(cx.tokens.text_muted);
    ui.label(tr!(cx.language, "about.what"));
    ui.label(muted(&tr!(cx.language, "about.version", version = env!("CARGO_PKG_VERSION"))));
    ui.label(muted(&tr!(cx.language, "about.licence", licence = env!("CARGO_PKG_LICENSE"))));
    ui.label(muted(&tr!(cx.language, "about.fonts")));
}
