//! What the kernel says of a socket now.

use egui::{Align, Label, Layout, RichText, Ui, Vec2, vec2};

use super::field::caption;
use crate::i18n::{self, Figure};
use crate::model::SocketState;
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::theme::Tokens;

/// Draws the state, or that it is being asked for.
pub fn live_state(ui: &mut Ui, cx: &Cx<'_>, state: Option<&SocketState>) {
    let Some(state) = state else {
        return caption(ui, cx.tokens, &tr!(cx.language, "live.waits"));
    };
    let figures = i18n::figures(cx.language, state);
    let whole = ui.available_width();
    let half = if whole >= TWO_COLUMNS { whole / 2.0 } else { whole };
    let fits_half = |figure: &Figure| half < whole && (!figure.is_long || half - NAME_WIDTH >= LONG_VALUE);
    ui.scope(|ui| {
        // Text, not controls: lines stand closer than the rows of a form.
        ui.spacing_mut().interact_size.y = cx.tokens.text_size;
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        let mut figures = figures.iter().peekable();
        while let Some(first) = figures.next() {
            let beside = if fits_half(first) { figures.next_if(|next| fits_half(next)) } else { None };
            ui.horizontal(|ui| {
                show(ui, cx.tokens, if beside.is_some() { half } else { whole }, first);
                if let Some(beside) = beside {
                    show(ui, cx.tokens, half, beside);
                }
            });
        }
        ui.add_space(cx.tokens.space_small);
    });
}

/// A name and what it is, in a place of this width.
fn show(ui: &mut Ui, tokens: &Tokens, width: f32, figure: &Figure) {
    let name = RichText::new(&*figure.name).font(tokens.small_font()).color(tokens.text_muted);
    let value = RichText::new(&figure.value).font(tokens.mono_font());
    for (words, width) in [(name, NAME_WIDTH), (value, width - NAME_WIDTH)] {
        let size = vec2(width, tokens.text_size + tokens.space);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(size);
            let label = ui.add(Label::new(words).truncate());
            if let Some(explained) = &figure.explained {
                label.on_hover_text(&**explained);
            }
        });
    }
}

/// Points from which on there is room for two columns.
const TWO_COLUMNS: f32 = 460.0;
const NAME_WIDTH: f32 = 118.0;
/// What two sizes in bytes take with a word between them.
const LONG_VALUE: f32 = 154.0;
