//! Every socket option that the chosen transport has, from the table, beside the query that holds them.

use std::borrow::Cow;

use egui::{Align, Id, Label, Layout, RichText, Ui, vec2};

use super::button::{Weight, button};
use super::choice::choice;
use super::field::{Field, caption, control_caption, mistake};
use super::interface_menu::interface_menu;
use crate::i18n;
use crate::model::{
    Command, EndpointError, OptionKind, OptionValue, Protocol, Role, SessionId, SocketId, SocketOption, SocketOptions,
    Unit,
};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{Alone, EndpointForm, Told, options_query};

const NAME_WIDTH: f32 = 148.0;
const CONTROL_WIDTH: f32 = 104.0;

/// Whose options they are.
#[derive(Clone, Copy, Debug)]
pub struct OptionsOf {
    pub role: Role,
    pub socket: SocketId,
    /// Whether the fields of the tab's form are locked: what is in use can be changed only where the kernel lets it.
    pub locked: bool,
    /// The client's session while there is one, or the listener's connection that is changed alone; `None` for the options
    /// of a listener's own socket.
    pub session: Option<SessionId>,
    /// Whether the tab's own socket is there to be changed.
    pub open: bool,
    /// A listener's open connections, which are given what it is given.
    pub connections: usize,
}

impl OptionsOf {
    /// Whether the option can be changed now: for the next start, or on the open socket.
    #[must_use]
    pub fn can_change(self, option: SocketOption) -> bool {
        !self.locked || self.open && option.is_live()
    }

    /// Whether one of a listener's connections is changed, and the others are not.
    fn is_alone(self) -> bool {
        self.role == Role::Server && self.session.is_some()
    }
}

/// Draws the form. What is changed in it changes the query of the tab's form and, on a socket that is open, the socket.
pub fn options_form(ui: &mut Ui, cx: &mut Cx<'_>, of: OptionsOf, form: &mut EndpointForm, own: &Told) {
    let protocol = form.protocol;
    if of.connections > 0 {
        caption(ui, cx.tokens, &tr!(cx.language, "options.reach", count = of.connections));
    }
    let spacing = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, cx.tokens.space_tight);
    for option in SocketOption::ALL {
        if option.applies_to(protocol) && option.is_for(of.role) {
            row(ui, cx, of, option, &mut form.options, own);
        }
    }
    ui.spacing_mut().item_spacing.y = spacing;
}

/// Draws the options of one of a listener's connections, each of which is changed without the others'; `peer` is what it is
/// called. Whether the listener's own are asked for instead.
pub fn connection_options(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    of: OptionsOf,
    protocol: Protocol,
    peer: &str,
    alone: &mut Alone,
) -> bool {
    let (tokens, language) = (cx.tokens, cx.language);
    let words = if alone.is_open {
        tr!(language, "options.alone", peer = peer)
    } else {
        tr!(language, "options.alone.closed", peer = peer)
    };
    let heading = ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let back = button(ui, tokens, Weight::Plain, &tr!(language, "options.of_listener"), 0.0, None);
            let room = Layout::left_to_right(Align::Center);
            ui.with_layout(room, |ui| {
                let words = RichText::new(&*words).font(tokens.small_font()).color(tokens.text_muted);
                ui.add(Label::new(words).truncate());
            });
            back.clicked()
        })
    });
    if std::mem::take(&mut alone.is_new) {
        heading.response.scroll_to_me(Some(Align::Min));
    }
    if alone.is_open {
        if let Err(error) = alone.options.parse::<SocketOptions>() {
            mistake(ui, tokens, &i18n::endpoint_error(language, &EndpointError::Option(error)));
        }
        let of = OptionsOf { locked: true, session: Some(alone.session), open: true, connections: 0, ..of };
        let spacing = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, tokens.space_tight);
        for option in SocketOption::ALL {
            if option.applies_to(protocol) && option.is_of_connections() {
                row(ui, cx, of, option, &mut alone.options, &alone.told);
            }
        }
        ui.spacing_mut().item_spacing.y = spacing;
    }
    heading.inner.inner
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, of: OptionsOf, option: SocketOption, query: &mut String, told: &Told) {
    let (tokens, language) = (cx.tokens, cx.language);
    let name = i18n::option_name(language, option);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = tokens.space_controls;
        let size = vec2(NAME_WIDTH, tokens.control_height);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_size(size);
            control_caption(ui, tokens.small_font(), tokens.text_muted, &name);
        });
        ui.add_enabled_ui(of.can_change(option), |ui| {
            let (place, hint) = match of.session.filter(|_| of.is_alone()) {
                Some(session) => (("connection option", session.0), tr!(language, "option.unchanged")),
                None => (("option", of.socket.0), tr!(language, "option.default")),
            };
            let place = (place.0, place.1, option.name());
            let control = OptionControl { option, place, name: &name, hint: &hint, width: CONTROL_WIDTH };
            let chosen = control.show(ui, cx, query);
            let picked = if option.is_interface() {
                interface_menu(ui, cx, &tr!(language, "interfaces.of_option", name = name))
            } else {
                None
            };
            if let Some(picked) = &picked {
                *query = options_query::with_value(query, option, Some(picked));
            }
            // A field that was left empty means nothing where nothing was asked for; else the option is switched off again.
            let is_empty = options_query::value(query, option).is_none();
            let chosen =
                chosen.filter(|value| !(is_empty && *value == OptionValue::Off && told.asked(option).is_none()));
            give(cx, of, option, picked.map(OptionValue::Text).or(chosen), told);
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
            | OptionKind::Protocol
            | OptionKind::ServiceClass { .. } => {}
        }
        if let Some(value) = told.option(option) {
            let differs = told.asked(option).is_some_and(|asked| asked != value);
            let colour = if differs { tokens.warning } else { tokens.text_muted };
            let words = tr!(language, "option.is", value = i18n::option_value(language, option, value));
            ui.add(Label::new(RichText::new(words).font(tokens.small_font()).color(colour)).truncate());
        }
    });
}

/// Gives an open socket what was chosen for an option, unless the kernel has been told so already.
pub fn give(cx: &mut Cx<'_>, of: OptionsOf, option: SocketOption, chosen: Option<OptionValue>, told: &Told) {
    if let Some(value) = chosen.filter(|value| of.open && told.asked(option) != Some(value)) {
        let (socket, session) = (of.socket, of.session);
        cx.act(UiCommand::Engine(Command::SetOption { socket, session, option, value }));
    }
}

/// The control of an option: a list for a switch, a field for anything else.
#[derive(Debug)]
pub struct OptionControl<'a> {
    pub option: SocketOption,
    /// Apart from that of every other control.
    pub place: (&'static str, u64, &'static str),
    /// The accessible name.
    pub name: &'a str,
    /// Shown while nothing is chosen: in an empty field, and first in a list.
    pub hint: &'a str,
    pub width: f32,
}

impl OptionControl<'_> {
    /// Draws it. What it says goes into the query at once; the value to give to an open socket comes back once it is
    /// chosen or, where it is typed, left.
    pub fn show(self, ui: &mut Ui, cx: &Cx<'_>, query: &mut String) -> Option<OptionValue> {
        let (language, option) = (cx.language, self.option);
        let explained = i18n::option_explained(language, option);
        let text = options_query::value(query, option).unwrap_or_default().to_owned();
        let value = option.kind().read(&text);
        if option.kind() == OptionKind::Switch {
            let before = match value {
                Some(OptionValue::Switch(on)) => Some(on),
                _ => None,
            };
            let mut chosen = before;
            let options = [None, Some(true), Some(false)];
            choice(ui, self.place, self.name, self.width, &mut chosen, &options, |on| match on {
                None => Cow::Owned(self.hint.to_owned()),
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
        let field = Field {
            id: Id::unique(self.place),
            label: self.name,
            hint: self.hint,
            width: self.width - 8.0,
            mistaken: value.is_none() && !text.is_empty(),
        };
        let response = field.show(ui, cx.tokens, &mut typed).on_hover_text(explained);
        if typed != text {
            *query = options_query::with_value(query, option, Some(&typed));
        }
        if response.lost_focus() { value } else { None }
    }
}
