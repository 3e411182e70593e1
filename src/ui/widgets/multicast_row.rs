//! How datagrams to groups leave a UDP socket.

use std::borrow::Cow;

use egui::Ui;

use super::field::{control_caption, row_caption};
use super::interface_menu::interface_menu;
use super::options_form::{OptionControl, OptionsOf, give};
use crate::model::{OptionValue, SocketOption};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::tabs::{EndpointForm, Told, options_query};

const INTERFACE_MAX: f32 = 150.0;
/// What stands beside the interface's field, its menu included.
const OTHERS: f32 = 256.0;
const TTL_WIDTH: f32 = 52.0;
const LOOP_WIDTH: f32 = 84.0;

/// Draws interface, TTL and loop: the options `mif`, `mttl` and `mloop` of the tab's form, and of the socket while it is
/// open.
pub fn multicast_row(ui: &mut Ui, cx: &mut Cx<'_>, of: OptionsOf, form: &mut EndpointForm, own: &Told) {
    let (tokens, language) = (cx.tokens, cx.language);
    let default = tr!(language, "option.default");
    ui.horizontal(|ui| {
        row_caption(ui, tokens, &tr!(language, "multicast.title"));
        ui.add_enabled_ui(of.can_change(SocketOption::MulticastInterface), |ui| {
            let (option, name) = (SocketOption::MulticastInterface, tr!(language, "multicast.interface"));
            let width = (ui.available_width() - OTHERS).clamp(64.0, INTERFACE_MAX);
            let typed = control(of, option, &name, &default, width).show(ui, cx, &mut form.options);
            let picked = interface_menu(ui, cx, &tr!(language, "multicast.interfaces"));
            if let Some(picked) = &picked {
                form.options = options_query::with_value(&form.options, option, Some(picked));
            }
            give(cx, of, option, picked.map(OptionValue::Text).or(typed), own);
        });
        let ttl = (
            SocketOption::MulticastTtl,
            tr!(language, "multicast.ttl"),
            tr!(language, "multicast.ttl.name"),
            // The system's own default, ip(7).
            Cow::Borrowed("1"),
            TTL_WIDTH,
        );
        let echo = (
            SocketOption::MulticastLoop,
            tr!(language, "multicast.loop"),
            tr!(language, "multicast.loop.name"),
            default.clone(),
            LOOP_WIDTH,
        );
        for (option, caption, name, hint, width) in [ttl, echo] {
            ui.add_enabled_ui(of.can_change(option), |ui| {
                control_caption(ui, tokens.small_font(), tokens.text_muted, &caption);
                let chosen = control(of, option, &name, &hint, width).show(ui, cx, &mut form.options);
                give(cx, of, option, chosen, own);
            });
        }
    });
}

fn control<'a>(of: OptionsOf, option: SocketOption, name: &'a str, hint: &'a str, width: f32) -> OptionControl<'a> {
    OptionControl { option, place: ("multicast", of.socket.0, option.name()), name, hint, width }
}
