//! The window in which it is said which rows stand out by a colour.

use std::borrow::Cow;

use egui::{Checkbox, Context, Id, Key, Modifiers, RichText, ScrollArea, Ui, Window, vec2};
use jiff::tz::TimeZone;

use crate::i18n::{self, Language};
use crate::model::{ColorRule, Condition, Filter, FilterError, RowColor};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::widgets::button::{Weight, button};
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::field::{Field, caption, mistake};
use crate::ui::widgets::icon::{Icon, icon_button};

/// Rules at most: each is asked of each row that is shown.
const RULES_MAX: usize = 32;

/// In points.
const WIDTH: f32 = 560.0;
const FIELD_WIDTH: f32 = 250.0;
const COLOR_WIDTH: f32 = 90.0;
const SWATCH: f32 = 18.0;

/// Whether it is open, and what it is about to do.
#[derive(Debug, Default)]
pub struct ColorRulesWindow {
    is_open: bool,
    /// The rule whose field gets the keyboard.
    focus: Option<usize>,
}

/// What a click in a rule's line asks for.
#[derive(Clone, Copy)]
enum Change {
    Swap(usize, usize),
    Remove(usize),
}

impl ColorRulesWindow {
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Draws the window over everything else, while it is open.
    pub fn show(&mut self, ctx: &Context, cx: &Cx<'_>, rules: &mut Vec<ColorRule>) {
        if !self.is_open {
            return;
        }
        let language = cx.language;
        Window::new(RichText::new(tr!(language, "colors.title")).font(cx.tokens.strong_font()))
            .id(Id::unique("color rules"))
            .collapsible(false)
            .resizable(false)
            .default_width(WIDTH)
            .default_pos(ctx.content_rect().center() - vec2(WIDTH / 2.0, 140.0))
            .show(ctx, |ui| {
                ui.set_width(WIDTH);
                caption(ui, cx.tokens, &tr!(language, "colors.help"));
                ui.add_space(cx.tokens.space_small);
                let room = (ctx.content_rect().height() * 0.5).max(120.0);
                ScrollArea::vertical()
                    .max_height(room)
                    .auto_shrink([false, true])
                    .show(ui, |ui| self.list(ui, cx, rules));
                ui.add_space(cx.tokens.space);
                ui.horizontal(|ui| {
                    let blocked = (rules.len() >= RULES_MAX).then(|| tr!(language, "colors.enough"));
                    if button(ui, cx.tokens, Weight::Plain, &tr!(language, "colors.add"), 0.0, blocked).clicked() {
                        self.focus = Some(rules.len());
                        // Each next one differs from the one before.
                        let color = RowColor::ALL[rules.len() % RowColor::ALL.len()];
                        rules.push(ColorRule { color, ..ColorRule::default() });
                    }
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        if button(ui, cx.tokens, Weight::Plain, &tr!(language, "action.close"), 80.0, None).clicked() {
                            self.is_open = false;
                        }
                    });
                });
            });
        if !egui::Popup::is_any_open(ctx) && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.is_open = false;
        }
    }

    fn list(&mut self, ui: &mut Ui, cx: &Cx<'_>, rules: &mut Vec<ColorRule>) {
        let count = rules.len();
        let mut change = None;
        for (index, rule) in rules.iter_mut().enumerate() {
            ui.push_id(index, |ui| {
                let wanted = self.line(ui, cx, rule, index, count);
                change = change.or(wanted);
            });
        }
        match change {
            Some(Change::Swap(one, other)) => rules.swap(one, other),
            Some(Change::Remove(index)) => _ = rules.remove(index),
            None => {}
        }
    }

    fn line(&mut self, ui: &mut Ui, cx: &Cx<'_>, rule: &mut ColorRule, index: usize, count: usize) -> Option<Change> {
        let (language, tokens) = (cx.language, cx.tokens);
        let number = index + 1;
        let mut change = None;
        let error = read(rule, cx.zone).err();
        ui.horizontal(|ui| {
            ui.add(Checkbox::without_text(&mut rule.enabled)).accessible_name(tr!(
                language,
                "colors.enabled",
                number = number
            ));
            let field = Field {
                id: Id::unique(("color rule", index)),
                label: &tr!(language, "colors.filter", number = number),
                hint: &tr!(language, "find.hint"),
                width: FIELD_WIDTH,
                mistaken: error.is_some(),
            };
            let response = field.show(ui, tokens, &mut rule.filter);
            if self.focus.take_if(|focus| *focus == index).is_some() {
                response.request_focus();
            }
            let (swatch, _) = ui.allocate_exact_size(egui::Vec2::splat(SWATCH), egui::Sense::hover());
            ui.painter().rect_filled(swatch, tokens.radius - 2, tokens.behind_row(rule.color));
            let name = tr!(language, "colors.color", number = number);
            choice(ui, "color", &name, COLOR_WIDTH, &mut rule.color, &RowColor::ALL, |color| words(color, language));
            for (icon, label, to) in [
                (Icon::ArrowUp, tr!(language, "colors.up", number = number), index.checked_sub(1)),
                (Icon::ArrowDown, tr!(language, "colors.down", number = number), Some(number).filter(|to| *to < count)),
            ] {
                ui.add_enabled_ui(to.is_some(), |ui| {
                    if icon_button(ui, tokens, icon, &label, &label).clicked()
                        && let Some(to) = to
                    {
                        change = Some(Change::Swap(index, to));
                    }
                });
            }
            let label = tr!(language, "colors.remove", number = number);
            if icon_button(ui, tokens, Icon::Close, &label, &label).clicked() {
                change = Some(Change::Remove(index));
            }
        });
        if let Some(error) = error {
            mistake(ui, tokens, &i18n::filter_error(language, &error));
        }
        change
    }
}

fn words(color: RowColor, language: Language) -> Cow<'static, str> {
    match color {
        RowColor::Yellow => tr!(language, "colors.yellow"),
        RowColor::Red => tr!(language, "colors.red"),
        RowColor::Green => tr!(language, "colors.green"),
        RowColor::Blue => tr!(language, "colors.blue"),
        RowColor::Purple => tr!(language, "colors.purple"),
        RowColor::Grey => tr!(language, "colors.grey"),
    }
}

fn read(rule: &ColorRule, zone: &TimeZone) -> Result<Option<Condition>, FilterError> {
    Filter::parse(&rule.filter, zone).map(|filter| filter.condition)
}

/// Those that are on and can be right, in their order.
#[must_use]
pub fn conditions(rules: &[ColorRule], zone: &TimeZone) -> Vec<(Condition, RowColor)> {
    let enabled = rules.iter().take(RULES_MAX).filter(|rule| rule.enabled);
    enabled.filter_map(|rule| Some((read(rule, zone).ok()??, rule.color))).collect()
}
