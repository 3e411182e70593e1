use std::borrow::Cow;

use egui::{Id, Key, Ui};

use super::button::{Weight, button};
use super::choice::choice;
use super::field::{Field, caption, mistake, row_caption};
use crate::codec::visible::visible;
use crate::i18n;
use crate::model::{AddressForm, Protocol, SocketId};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::tabs::{EndpointForm, FormField};

/// The button at the end of the row.
#[derive(Debug)]
pub struct StartButton {
    pub label: Cow<'static, str>,
    pub weight: Weight,
    /// Why it can't be pressed now.
    pub blocked: Option<Cow<'static, str>>,
}

/// The width that panels give to what stands at their right edge.
pub const BUTTON_WIDTH: f32 = 128.0;

/// What came of drawing the row.
#[derive(Debug)]
pub struct EndpointRow {
    pub pressed: bool,
    /// What is wrong with the address or the port.
    pub mistake: Option<String>,
}

/// Protocol, address, port and the button that starts or stops. While `locked` the fields show what is in use and can't
/// be changed.
pub fn endpoint_row(
    ui: &mut Ui,
    cx: &Cx<'_>,
    socket: SocketId,
    form: &mut EndpointForm,
    locked: bool,
    start: StartButton,
) -> EndpointRow {
    let (tokens, language) = (cx.tokens, cx.language);
    let mistaken = if locked { None } else { form.mistake() };
    let in_field = |field| mistaken.as_ref().is_some_and(|(at, _)| *at == field);
    let mut pressed = false;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = tokens.space_small + 2.0;
        ui.add_enabled_ui(!locked, |ui| {
            let label = tr!(language, "form.protocol");
            let before = form.protocol;
            let width = if !before.has_port() { 122.0 } else { 76.0 };
            choice(ui, ("protocol", socket.0), &label, width, &mut form.protocol, &Protocol::ALL, |protocol| {
                match protocol {
                    Protocol::Tcp => "TCP".into(),
                    Protocol::Udp => "UDP".into(),
                    Protocol::UnixStream => tr!(language, "protocol.unix_stream"),
                    Protocol::UnixDatagram => tr!(language, "protocol.unix_datagram"),
                    Protocol::UnixSeqpacket => tr!(language, "protocol.unix_seqpacket"),
                    Protocol::Descriptor => tr!(language, "protocol.descriptor"),
                }
            });
            form.protocol_changed(before);
            let has_port = form.protocol.has_port();
            let port_width = if has_port { 64.0 + ui.spacing().item_spacing.x } else { 0.0 };
            let width = ui.available_width() - port_width - BUTTON_WIDTH - ui.spacing().item_spacing.x;
            let before = form.address.len();
            let address = Field {
                id: Id::unique(("address", socket.0)),
                label: &tr!(language, "form.address"),
                hint: &match form.protocol.address_form() {
                    AddressForm::HostPort => tr!(language, "form.address.hint"),
                    AddressForm::Path => tr!(language, "form.path.hint"),
                    AddressForm::Descriptor => tr!(language, "form.descriptor.hint"),
                },
                width,
                mistaken: in_field(FormField::Address),
            }
            .show(ui, tokens, &mut form.address);
            let address = if form.protocol.address_form() == AddressForm::Descriptor {
                address.on_hover_text(tr!(language, "form.descriptor.explained"))
            } else {
                address
            };
            // Several characters at once were pasted; a text typed by hand is only taken apart when it is complete.
            if address.changed() && form.address.len() > before + 1 || address.lost_focus() {
                form.take_endpoint_text();
            }
            let mut entered = address.lost_focus();
            if has_port {
                let port = Field {
                    id: Id::unique(("port", socket.0)),
                    label: &tr!(language, "form.port"),
                    hint: &tr!(language, "form.port.hint"),
                    width: 64.0,
                    mistaken: in_field(FormField::Port),
                }
                .show(ui, tokens, &mut form.port)
                .on_hover_text(tr!(language, "form.port.explained"));
                entered |= port.lost_focus();
            }
            pressed = entered && start.blocked.is_none() && ui.input(|input| input.key_pressed(Key::Enter));
        });
        pressed |= button(ui, tokens, start.weight, &start.label, BUTTON_WIDTH, start.blocked).clicked();
    });
    if !locked && form.protocol == Protocol::Descriptor {
        inherited_sockets(ui, cx, form);
    }
    let mistake = mistaken
        .filter(|(field, _)| *field != FormField::Options)
        .map(|(_, error)| i18n::endpoint_error(language, &error));
    EndpointRow { pressed, mistake }
}

/// What a service manager passed to this program, to choose from.
fn inherited_sockets(ui: &mut Ui, cx: &Cx<'_>, form: &mut EndpointForm) {
    if cx.sessions.inherited.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        caption(ui, cx.tokens, &tr!(cx.language, "form.inherited"));
        for socket in &cx.sessions.inherited {
            let name = socket.name.as_deref().map(|name| format!("{} ", visible(name))).unwrap_or_default();
            let label = format!("{} · {name}{}", socket.number, visible(&socket.endpoint.to_string()));
            if button(ui, cx.tokens, Weight::Plain, &label, 0.0, None).clicked() {
                form.address = socket.number.to_string();
            }
        }
    });
}

/// The socket options as a query, for the area that opens with "More".
pub fn options_field(ui: &mut Ui, cx: &Cx<'_>, socket: SocketId, form: &mut EndpointForm, locked: bool) {
    let error = form.mistake().filter(|(field, _)| *field == FormField::Options);
    let label = tr!(cx.language, "form.options");
    ui.horizontal(|ui| {
        row_caption(ui, cx.tokens, &label);
        ui.add_enabled_ui(!locked, |ui| {
            let field = Field {
                id: Id::unique(("options", socket.0)),
                label: &label,
                hint: "reuseaddr=1&rcvbuf=4M",
                width: ui.available_width(),
                mistaken: error.is_some(),
            };
            field.show(ui, cx.tokens, &mut form.options).on_hover_text(tr!(cx.language, "form.options.explained"));
        });
    });
    if let Some((_, error)) = error {
        mistake(ui, cx.tokens, &i18n::endpoint_error(cx.language, &error));
    }
}
