//! Colours, sizes and spacings: the only place that has any.

use egui::style::{ScrollAnimation, ScrollStyle, WidgetVisuals};
use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Vec2};

use super::fonts;
use crate::model::{Outcome, RowColor, ThemeChoice};

/// The looks of one theme. Sizes are in points.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    pub dark: bool,
    /// Behind everything.
    pub window: Color32,
    /// Panels.
    pub surface: Color32,
    /// Bars, cards and popups that lie on a panel.
    pub surface_raised: Color32,
    /// What text is typed into.
    pub field: Color32,
    pub button: Color32,
    pub button_hover: Color32,
    pub border: Color32,
    /// Outlines of controls: distinct enough to find them (3:1 on a surface).
    pub outline: Color32,
    pub text: Color32,
    pub text_muted: Color32,
    pub accent: Color32,
    pub accent_hover: Color32,
    pub on_accent: Color32,
    pub incoming: Color32,
    pub outgoing: Color32,
    pub error: Color32,
    /// Behind text in `error`.
    pub error_soft: Color32,
    pub warning: Color32,
    pub success: Color32,
    pub selection: Color32,
    /// Behind bytes that differ.
    pub difference: Color32,
    /// Behind rows that a rule gives a colour, in the order of [`RowColor::ALL`].
    pub rows: [Color32; RowColor::ALL.len()],
    pub row_hover: Color32,
    pub shadow: Color32,
    /// Between lines of one thing.
    pub space_hair: f32,
    /// Between things that belong together, such as the tabs of a strip.
    pub space_tight: f32,
    pub space_small: f32,
    /// Between controls that follow each other.
    pub space_controls: f32,
    pub space: f32,
    pub space_large: f32,
    /// Around what a window or a popup of its own shows.
    pub window_padding: Margin,
    /// Around what stands above everything until it is closed.
    pub dialog_padding: Margin,
    /// Around text in a large field and in a strip.
    pub text_padding: Margin,
    /// Around what a large field scrolls.
    pub scroll_padding: Margin,
    /// Around the menus.
    pub bar_padding: Margin,
    /// Around all that stands below the menus.
    pub edge: Margin,
    /// Around what a panel shows.
    pub panel_padding: Margin,
    /// Above what stands at the bottom of a panel.
    pub bottom_padding: Margin,
    pub radius: u8,
    pub row_height: f32,
    pub control_height: f32,
    pub text_small: f32,
    pub text_size: f32,
    pub heading_size: f32,
}

impl Tokens {
    #[must_use]
    pub fn dark() -> Self {
        Self {
            dark: true,
            window: rgb(0x10_1418),
            surface: rgb(0x16_1b21),
            surface_raised: rgb(0x1e_252d),
            field: rgb(0x0f_1317),
            button: rgb(0x26_2f39),
            button_hover: rgb(0x2f_3a46),
            border: rgb(0x2a_333d),
            outline: rgb(0x3a_4653),
            text: rgb(0xe3_e8ed),
            text_muted: rgb(0x9a_a7b4),
            accent: rgb(0x2f_b3a3),
            accent_hover: rgb(0x45_c6b6),
            on_accent: rgb(0x05_1f1b),
            incoming: rgb(0x79_b8ff),
            outgoing: rgb(0xf4_a27c),
            error: rgb(0xff_8f85),
            error_soft: rgb(0x36_1e1f),
            warning: rgb(0xe9_bb5c),
            success: rgb(0x62_cf92),
            selection: rgb(0x1b_4a49),
            difference: rgb(0x55_3d14),
            rows: [0x3a_3410, 0x43_211f, 0x17_391f, 0x1b_3350, 0x3a_2a50, 0x2e_353d].map(rgb),
            row_hover: rgb(0x1f_272f),
            shadow: Color32::from_black_alpha(110),
            ..Self::sizes()
        }
    }

    #[must_use]
    pub fn light() -> Self {
        Self {
            dark: false,
            window: rgb(0xe9_edf0),
            surface: rgb(0xfb_fcfd),
            surface_raised: rgb(0xf1_f4f6),
            field: rgb(0xff_ffff),
            button: rgb(0xed_f1f4),
            button_hover: rgb(0xe1_e7ec),
            border: rgb(0xda_e0e6),
            outline: rgb(0xc0_cad3),
            text: rgb(0x1a_222a),
            text_muted: rgb(0x56_6370),
            accent: rgb(0x0b_756b),
            accent_hover: rgb(0x09_635b),
            on_accent: rgb(0xff_ffff),
            incoming: rgb(0x1c_5fb8),
            outgoing: rgb(0xa9_4718),
            error: rgb(0xb4_2318),
            error_soft: rgb(0xfd_eceb),
            warning: rgb(0x83_5400),
            success: rgb(0x17_7245),
            selection: rgb(0xc9_e8e3),
            difference: rgb(0xff_e2a8),
            rows: [0xff_f3c4, 0xff_e3e0, 0xdf_f5e3, 0xdf_ecff, 0xf0_e5fb, 0xe6_e9ec].map(rgb),
            row_hover: rgb(0xee_f2f5),
            shadow: Color32::from_black_alpha(36),
            ..Self::sizes()
        }
    }

    #[must_use]
    pub fn of(theme: egui::Theme) -> Self {
        match theme {
            egui::Theme::Dark => Self::dark(),
            egui::Theme::Light => Self::light(),
        }
    }

    fn sizes() -> Self {
        let none = Color32::TRANSPARENT;
        Self {
            dark: true,
            window: none,
            surface: none,
            surface_raised: none,
            field: none,
            button: none,
            button_hover: none,
            border: none,
            outline: none,
            text: none,
            text_muted: none,
            accent: none,
            accent_hover: none,
            on_accent: none,
            incoming: none,
            outgoing: none,
            error: none,
            error_soft: none,
            warning: none,
            success: none,
            selection: none,
            difference: none,
            rows: [none; RowColor::ALL.len()],
            row_hover: none,
            shadow: none,
            space_hair: 1.0,
            space_tight: 2.0,
            space_small: 4.0,
            space_controls: 6.0,
            space: 8.0,
            space_large: 12.0,
            window_padding: Margin::same(12),
            dialog_padding: Margin::same(18),
            text_padding: Margin::symmetric(8, 4),
            scroll_padding: Margin::same(2),
            bar_padding: Margin::symmetric(12, 4),
            edge: Margin { left: 8, right: 8, top: 0, bottom: 8 },
            panel_padding: Margin { left: 12, right: 12, top: 8, bottom: 10 },
            bottom_padding: Margin { left: 0, right: 0, top: 6, bottom: 0 },
            radius: 6,
            row_height: 22.0,
            control_height: 28.0,
            text_small: 11.5,
            text_size: 13.0,
            heading_size: 13.5,
        }
    }

    /// The colour of the words for how a file ended.
    #[must_use]
    pub fn of_outcome(&self, outcome: Outcome) -> Color32 {
        match outcome {
            Outcome::Verified => self.success,
            Outcome::Unverified | Outcome::HandedOver => self.text_muted,
            Outcome::Incomplete => self.warning,
            Outcome::Refused => self.error,
        }
    }

    /// What lies behind a row of this colour.
    #[must_use]
    pub fn behind_row(&self, color: RowColor) -> Color32 {
        let at = RowColor::ALL.iter().position(|known| *known == color).unwrap_or(0);
        self.rows[at]
    }

    /// The type of small captions.
    #[must_use]
    pub fn small_font(&self) -> FontId {
        FontId::new(self.text_small, FontFamily::Proportional)
    }

    /// The type of what is read most.
    #[must_use]
    pub fn font(&self) -> FontId {
        FontId::new(self.text_size, FontFamily::Proportional)
    }

    /// The type of headings and of what has to stand out.
    #[must_use]
    pub fn strong_font(&self) -> FontId {
        FontId::new(self.heading_size, fonts::strong())
    }

    /// The type of addresses, bytes and numbers that are compared by eye.
    #[must_use]
    pub fn mono_font(&self) -> FontId {
        FontId::new(self.text_size - 0.5, FontFamily::Monospace)
    }
}

fn rgb(code: u32) -> Color32 {
    let [_, red, green, blue] = code.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

/// Gives egui's own widgets these looks, for the theme that the tokens are of.
pub fn apply(tokens: &Tokens, ctx: &egui::Context) {
    let theme = if tokens.dark { egui::Theme::Dark } else { egui::Theme::Light };
    ctx.style_mut_of(theme, |style| {
        style.visuals = visuals(tokens);
        style.text_styles = [
            (TextStyle::Small, tokens.small_font()),
            (TextStyle::Body, tokens.font()),
            (TextStyle::Button, tokens.font()),
            (TextStyle::Monospace, tokens.mono_font()),
            (TextStyle::Heading, tokens.strong_font()),
        ]
        .into();
        let spacing = &mut style.spacing;
        spacing.item_spacing = Vec2::new(tokens.space, tokens.space_controls);
        spacing.button_padding = Vec2::new(10.0, 4.0);
        spacing.interact_size = Vec2::new(tokens.control_height, tokens.control_height);
        spacing.menu_margin = Margin::same(5);
        spacing.window_margin = Margin::same(16);
        spacing.icon_width = 15.0;
        spacing.icon_width_inner = 9.0;
        spacing.icon_spacing = 6.0;
        spacing.combo_width = 56.0;
        spacing.combo_height = 320.0;
        spacing.tooltip_width = 340.0;
        // Always there where something is out of sight, or nobody would look for it.
        spacing.scroll =
            ScrollStyle { bar_width: 8.0, floating_width: 4.0, dormant_handle_opacity: 0.5, ..ScrollStyle::floating() };
        spacing.scroll.fade.strength = 0.0;
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.45;
        // Nothing moves by itself: an idle window costs nothing.
        style.animation_time = 0.0;
        style.scroll_animation = ScrollAnimation::none();
        style.visuals.text_cursor.blink = false;
        #[cfg(debug_assertions)]
        {
            style.debug.show_unaligned = false;
        }
    });
}

fn visuals(tokens: &Tokens) -> egui::Visuals {
    let mut visuals = if tokens.dark { egui::Visuals::dark() } else { egui::Visuals::light() };
    let radius = CornerRadius::same(tokens.radius);
    let widget = |fill: Color32, outline: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, outline),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = widget(tokens.surface, tokens.border, tokens.text);
    visuals.widgets.inactive = widget(tokens.button, tokens.outline, tokens.text);
    visuals.widgets.hovered = widget(tokens.button_hover, tokens.text_muted, tokens.text);
    visuals.widgets.active = widget(tokens.button_hover, tokens.accent, tokens.text);
    visuals.widgets.open = widget(tokens.button_hover, tokens.accent, tokens.text);
    visuals.selection.bg_fill = tokens.selection;
    visuals.selection.stroke = Stroke::new(1.0, tokens.accent_hover);
    visuals.weak_text_color = Some(tokens.text_muted);
    visuals.hyperlink_color = tokens.accent;
    visuals.faint_bg_color = tokens.surface_raised;
    visuals.extreme_bg_color = tokens.field;
    visuals.text_edit_bg_color = Some(tokens.field);
    visuals.code_bg_color = tokens.surface_raised;
    visuals.warn_fg_color = tokens.warning;
    visuals.error_fg_color = tokens.error;
    visuals.window_fill = tokens.surface_raised;
    visuals.window_stroke = Stroke::new(1.0, tokens.border);
    visuals.window_corner_radius = CornerRadius::same(tokens.radius + 4);
    visuals.menu_corner_radius = CornerRadius::same(tokens.radius + 2);
    visuals.panel_fill = tokens.window;
    visuals.window_shadow = Shadow { offset: [0, 8], blur: 28, spread: 0, color: tokens.shadow };
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 14, spread: 0, color: tokens.shadow };
    visuals.text_cursor.stroke = Stroke::new(1.5, tokens.accent);
    visuals.disabled_alpha = 0.6;
    visuals
}

/// Which theme egui is to use.
#[must_use]
pub fn preference(choice: ThemeChoice) -> egui::ThemePreference {
    match choice {
        ThemeChoice::System => egui::ThemePreference::System,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::Dark => egui::ThemePreference::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of WCAG 2.2, from 1 to 21.
    fn contrast(one: Color32, other: Color32) -> f64 {
        let luminance = |colour: Color32| {
            let linear = |channel: u8| {
                let value = f64::from(channel) / 255.0;
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_everything_it_stands_on() {
        for tokens in [Tokens::dark(), Tokens::light()] {
            let grounds = [tokens.window, tokens.surface, tokens.surface_raised, tokens.field, tokens.row_hover];
            for ground in grounds.into_iter().chain(tokens.rows) {
                for (name, text) in [
                    ("text", tokens.text),
                    ("text_muted", tokens.text_muted),
                    ("incoming", tokens.incoming),
                    ("outgoing", tokens.outgoing),
                    ("error", tokens.error),
                    ("warning", tokens.warning),
                    ("success", tokens.success),
                    ("accent", tokens.accent),
                ] {
                    let ratio = contrast(text, ground);
                    assert!(ratio >= 4.5, "{name} on {ground:?}, dark {}: {ratio:.2}", tokens.dark);
                }
            }
            for (name, text, ground) in [
                ("on_accent", tokens.on_accent, tokens.accent),
                ("on_accent hover", tokens.on_accent, tokens.accent_hover),
                ("button", tokens.text, tokens.button),
                ("button hover", tokens.text, tokens.button_hover),
                ("selection", tokens.text, tokens.selection),
                ("difference", tokens.text, tokens.difference),
                ("chosen item", tokens.accent_hover, tokens.selection),
                ("error soft", tokens.error, tokens.error_soft),
                ("text on error soft", tokens.text, tokens.error_soft),
            ] {
                let ratio = contrast(text, ground);
                assert!(ratio >= 4.5, "{name}, dark {}: {ratio:.2}", tokens.dark);
            }
        }
    }
}
