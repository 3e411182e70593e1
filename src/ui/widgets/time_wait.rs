use egui::{RichText, Ui};

use super::button::{Weight, button};
use crate::i18n::{self, Language};
use crate::model::WaitingSocket;
use crate::tr;
use crate::ui::theme::Tokens;

/// As many sockets as are listed; the rest is counted.
const LISTED_MAX: usize = 4;

/// Offers the cure for a port that sockets of closed connections keep, which is to wait where SO_REUSEADDR is on (`reuse`) already,
/// and lists them, of which there are so many `more`; true when it was pressed.
pub fn time_wait(
    ui: &mut Ui,
    tokens: &Tokens,
    language: Language,
    (sockets, more): (&[WaitingSocket], usize),
    reuse: bool,
) -> bool {
    let (cure, explained) = if reuse {
        (tr!(language, "time_wait.wait"), tr!(language, "time_wait.wait.explained"))
    } else {
        (tr!(language, "time_wait.cure"), tr!(language, "time_wait.cure.explained"))
    };
    // Before the list: where the panel is low, it is what has to be in view.
    let cured = button(ui, tokens, Weight::Primary, &cure, 0.0, None).on_hover_text(explained).clicked();
    ui.spacing_mut().item_spacing.y = tokens.space_tight;
    let digits = egui::FontId::monospace(tokens.text_small);
    for socket in sockets.iter().take(LISTED_MAX) {
        let words = i18n::waiting_socket(language, socket);
        ui.label(RichText::new(words).font(digits.clone()).color(tokens.text_muted));
    }
    if let Some(more @ 1..) = (sockets.len() + more).checked_sub(LISTED_MAX) {
        let words = tr!(language, "time_wait.more", count = more);
        ui.label(RichText::new(words).font(tokens.small_font()).color(tokens.text_muted));
    }
    cured
}
