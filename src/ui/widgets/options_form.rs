//! Every socket option that the chosen transport has, from the table, beside the query that holds them.

use std::borrow::Cow;

use egui::{Id, Label, Layout, RichText, Ui, vec2};

use super::choice::choice;
use super::field::{Field, caption, control_caption};
use crate::i18n;
use crate::model::{Command, OptionKind, OptionValue, Role, SessionId, SocketId, SocketOption, Unit};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{EndpointForm, SocketView, options_query};

const NAME_WIDTH: f32 = 148.0;
const CONTROL_WIDTH: f32 = 104.0;

/// Whose options they are.
#[derive(Clone, Copy, Debug)]
pub struct OptionsOf {
    pub role: Role,
    pub socket: SocketId,
    /// Whether the fields of the tab's form are locked: what is in use can be changed only where the kernel lets it.
    pub locked: bool,
    /// The client's session while there is one. A listener's options are those of its own socket.
    pub session: Option<SessionId>,
    /// Whether the tab's own socket is there to be changed.
    pub open: bool,
    /// A listener's open connections, which are given what it is given.
    pub connections: usize,
}

/// Draws the form. What is changed in it changes the query of the tab's form and, on a socket that is open, the socket.
pub fn options_form(ui: &mut Ui, cx: &mut Cx<'_>, of: OptionsOf, form: &mut EndpointForm, view: &SocketView) {
    let protocol = form.protocol;
    if of.connections > 0 {
        caption(ui, cx.tokens, &tr!(cx.language, "options.reach", count = of.connections));
    }
    let spacing = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, 2.0);
    for option in SocketOption::ALL {
        if option.applies_to(protocol) && option.is_for(of.role) {
            row(ui, cx, of, option, &mut form.options, view);
        }
    }
    ui.spacing_mut().item_spacing.y = spacing;
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, of: OptionsOf, option: SocketOption, query: &mut String, view: &SocketView) {
    let (tokens, language) = (cx.tokens, cx.language);
    let name = i18n::option_name(language, option);
    let explained = i18n::option_explained(language, option);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = tokens.space_small + 2.0;
        let size = vec2(NAME_WIDTH, tokens.control_height);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_size(size);
            control_caption(ui, tokens.small_font(), tokens.text_muted, &name);
        });
        let enabled = !of.locked || of.open && option.is_live();
        ui.add_enabled_ui(enabled, |ui| {
            let chosen = control(ui, cx, of, option, &name, &explained, query);
            // What the kernel has been told already is not told again.
            if let Some(value) = chosen.filter(|value| of.open && view.asked(option) != Some(value)) {
                let (socket, session) = (of.socket, of.session);
                cx.act(UiCommand::Engine(Command::SetOption { socket, session, option, value }));
            }
        });
        match option.kind() {
            OptionKind::Number { unit: Unit::Bytes, .. } => caption(ui, tokens, &tr!(language, "unit.bytes")),
            OptionKind::Number { unit: Unit::Seconds, .. } => caption(ui, tokens, &tr!(language, "unit.seconds")),
            OptionKind::Number { unit: Unit::Milliseconds, .. } => {
                caption(ui, tokens, &tr!(language, "unit.milliseconds"));
            }
            OptionKind::Number { unit: Unit::None, .. }
            | OptionKind::Switch
            | OptionKind::Text { .. }
            | OptionKind::Protocol => {}
        }
        if let Some(value) = view.option(option) {
            let differs = view.asked(option).is_some_and(|asked| asked != value);
            let colour = if differs { tokens.warning } else { tokens.text_muted };
            let words = tr!(language, "option.is", value = i18n::option_value(language, value));
            ui.add(Label::new(RichText::new(words).font(tokens.small_font()).color(colour)).truncate());
        }
    });
}

/// The control of an option. What it says goes into the query at once; the value to give to an open socket comes back
/// once it is chosen or, where it is typed, left.
fn control(
    ui: &mut Ui,
    cx: &Cx<'_>,
    of: OptionsOf,
    option: SocketOption,
    name: &str,
    explained: &str,
    query: &mut String,
) -> Option<OptionValue> {
    let language = cx.language;
    let text = options_query::value(query, option).unwrap_or_default().to_owned();
    let value = option.kind().read(&text);
    if option.kind() == OptionKind::Switch {
        let before = match value {
            Some(OptionValue::Switch(on)) => Some(on),
            _ => None,
        };
        let mut chosen = before;
        let id = ("option", of.socket.0, option.name());
        choice(ui, id, name, CONTROL_WIDTH, &mut chosen, &[None, Some(true), Some(false)], |on| match on {
            None => tr!(language, "option.default"),
            Some(true) => tr!(language, "option.on"),
            Some(false) => tr!(language, "option.off"),
        })
        .on_hover_text(explained);
        if chosen == before {
            return None;
        }
        *query = options_query::with_value(query, option, chosen.map(|on| if on { "1" } else { "0" }));
        return chosen.map(OptionValue::Switch);
    }
    let mut typed = text.clone();
    let hint: Cow<'_, str> = tr!(language, "option.default");
    let field = Field {
        id: Id::unique(("option", of.socket.0, option.name())),
        label: name,
        hint: &hint,
        width: CONTROL_WIDTH - 8.0,
        mistaken: value.is_none() && !text.is_empty(),
    };
    let response = field.show(ui, cx.tokens, &mut typed).on_hover_text(explained);
    if typed != text {
        *query = options_query::with_value(query, option, Some(&typed));
    }
    if response.lost_focus() { value } else { None }
}
