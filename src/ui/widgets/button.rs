use std::borrow::Cow;

use egui::{Atom, Button, Response, RichText, Stroke, Ui, vec2};

use crate::ui::theme::Tokens;

/// How much a button calls for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The one thing to do next.
    Primary,
    Plain,
}

/// A button with words. `disabled_because` disables it and says why when hovered.
pub fn button(
    ui: &mut Ui,
    tokens: &Tokens,
    weight: Weight,
    label: &str,
    min_width: f32,
    disabled_because: Option<Cow<'_, str>>,
) -> Response {
    let saved = ui.style().clone();
    let enabled = disabled_because.is_none();
    let mut text = RichText::new(label);
    if weight == Weight::Primary && enabled {
        text = text.font(tokens.strong_font());
        let widgets = &mut ui.visuals_mut().widgets;
        for (state, fill) in [
            (&mut widgets.inactive, tokens.accent),
            (&mut widgets.hovered, tokens.accent_hover),
            (&mut widgets.active, tokens.accent_hover),
        ] {
            state.weak_bg_fill = fill;
            state.bg_stroke = Stroke::new(1.0, fill);
            state.fg_stroke.color = tokens.on_accent;
        }
        widgets.active.bg_stroke = Stroke::new(1.0, tokens.text);
    }
    let response = ui.add_enabled(
        enabled,
        Button::new((Atom::grow(), text, Atom::grow())).gap(0.0).min_size(vec2(min_width, tokens.control_height)),
    );
    ui.set_style(saved);
    match disabled_because {
        Some(reason) => response.on_disabled_hover_text(reason),
        None => response,
    }
}
