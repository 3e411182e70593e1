use std::borrow::Cow;

use egui::{Id, Key, Ui};

use super::button::{Weight, button};
use super::choice::{choice, fitting_width};
use super::field::{Field, caption, mistake, remark, row_caption};
use super::interface_menu::{address_menu, bus_menu, interface_menu};
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{
    AddressForm, Command, Facility, InheritedState, Protocol, Role, SecondField, SocketId, SocketOptions,
};
use crate::tr;
use crate::ui::action::UiCommand;
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
    cx: &mut Cx<'_>,
    role: Role,
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
        ui.spacing_mut().item_spacing.x = tokens.space_controls;
        ui.add_enabled_ui(!locked, |ui| {
            let label = tr!(language, "form.protocol");
            let before = form.protocol;
            // As wide as its text: the address beside it takes what is left.
            let width = fitting_width(ui, [protocol_name(language, before)]).max(76.0);
            let name = |protocol| protocol_name(language, protocol);
            choice(ui, ("protocol", socket.0), &label, width, &mut form.protocol, &Protocol::ALL, name);
            form.protocol_changed(before);
            let second = form.protocol.second_field();
            let second_width = match second {
                Some(SecondField::Port) => 64.0,
                Some(SecondField::IpProtocol | SecondField::EtherType) => 88.0,
                None => 0.0,
            };
            let port_width = if second.is_some() { second_width + ui.spacing().item_spacing.x } else { 0.0 };
            let list = List::of(role, form.protocol.address_form());
            let menu_width = if list.is_some() { tokens.row_height + ui.spacing().item_spacing.x } else { 0.0 };
            let width = ui.available_width() - menu_width - port_width - BUTTON_WIDTH - ui.spacing().item_spacing.x;
            let before = form.address.len();
            let address = Field {
                id: Id::unique(("address", socket.0)),
                label: &tr!(language, "form.address"),
                hint: &address_hint(language, form.protocol.address_form()),
                width,
                mistaken: in_field(FormField::Address),
            }
            .show(ui, tokens, &mut form.address);
            let address = if form.protocol.address_form() == AddressForm::Descriptor {
                address.on_hover_text(tr!(language, "form.descriptor.explained"))
            } else {
                address
            };
            // A text typed by hand is only taken apart when it is complete, however fast it comes.
            let (pasted, typed) = ui.input(pasted_and_typed);
            if address.changed() && (pasted || form.address.len() > before + typed) || address.lost_focus() {
                form.take_endpoint_text();
            }
            let mut entered = address.lost_focus();
            if let Some(list) = list {
                list.show(ui, cx, &mut form.address);
            }
            if let Some(second) = second {
                let (label, hint, explained) = match second {
                    SecondField::Port => {
                        let explained = tr!(language, "form.port.explained");
                        (tr!(language, "form.port"), tr!(language, "form.port.hint"), explained)
                    }
                    SecondField::IpProtocol => {
                        (tr!(language, "form.ip_protocol"), "icmp".into(), tr!(language, "form.ip_protocol.explained"))
                    }
                    SecondField::EtherType => {
                        (tr!(language, "form.ether_type"), "0x88b5".into(), tr!(language, "form.ether_type.explained"))
                    }
                };
                let port = Field {
                    id: Id::unique(("port", socket.0)),
                    label: &label,
                    hint: &hint,
                    width: second_width,
                    mistaken: in_field(FormField::Port),
                }
                .show(ui, tokens, &mut form.port)
                .on_hover_text(explained);
                entered |= port.lost_focus();
            }
            pressed = entered && start.blocked.is_none() && ui.input(|input| input.key_pressed(Key::Enter));
        });
        pressed |= button(ui, tokens, start.weight, &start.label, BUTTON_WIDTH, start.blocked).clicked();
    });
    if !locked {
        missing_family(ui, cx, role, form);
        if form.protocol == Protocol::Descriptor {
            inherited_sockets(ui, cx, role, form);
        }
    }
    let mistake = mistaken
        .filter(|(field, _)| *field != FormField::Options)
        .map(|(_, error)| i18n::endpoint_error(language, &error));
    EndpointRow { pressed, mistake }
}

/// What there is a choice of few of, beside the address.
#[derive(Clone, Copy, Debug)]
enum List {
    /// To listen on.
    Addresses,
    /// Of a link, behind whom to send to.
    Links,
    Buses,
}

impl List {
    fn of(role: Role, form: AddressForm) -> Option<Self> {
        match form {
            AddressForm::HostPort | AddressForm::HostProtocol => (role == Role::Server).then_some(Self::Addresses),
            AddressForm::Link => Some(Self::Links),
            AddressForm::Interface => Some(Self::Buses),
            AddressForm::Path | AddressForm::MachinePort | AddressForm::Descriptor => None,
        }
    }

    /// Draws the menu; what is chosen in it takes its place in the address.
    fn show(self, ui: &mut Ui, cx: &mut Cx<'_>, address: &mut String) {
        let label = tr!(cx.language, "interfaces.interfaces");
        match self {
            Self::Addresses => *address = address_menu(ui, cx).unwrap_or_else(|| std::mem::take(address)),
            Self::Buses => *address = bus_menu(ui, cx, &label).unwrap_or_else(|| std::mem::take(address)),
            Self::Links => {
                if let Some(name) = interface_menu(ui, cx, &label) {
                    let hardware = address.rfind('%').map_or(0, |at| at + 1);
                    address.replace_range(hardware.., &name);
                }
            }
        }
    }
}

/// Whether something was pasted in this frame, and how many bytes were typed one character at a time.
fn pasted_and_typed(input: &egui::InputState) -> (bool, usize) {
    let typed = input.events.iter().map(|event| match event {
        egui::Event::Text(text) if text.chars().nth(1).is_none() => text.len(),
        _ => 0,
    });
    (input.events.iter().any(|event| matches!(event, egui::Event::Paste(_))), typed.sum())
}

/// What a service manager passed to this program and this side can use, to choose from.
fn inherited_sockets(ui: &mut Ui, cx: &Cx<'_>, role: Role, form: &mut EndpointForm) {
    let mut fitting = cx.sessions.inherited.iter().filter(|socket| socket.is_for(role)).peekable();
    if fitting.peek().is_none() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        caption(ui, cx.tokens, &tr!(cx.language, "form.inherited"));
        for socket in fitting {
            let name = socket.name.as_deref().map(|name| format!("{} ", visible(name))).unwrap_or_default();
            let state = match socket.state {
                InheritedState::Listens => tr!(cx.language, "form.inherited.listens"),
                InheritedState::Connected => tr!(cx.language, "form.inherited.connected"),
                InheritedState::Bound | InheritedState::Fresh => tr!(cx.language, "form.inherited.bound"),
            };
            let label = format!("{} · {name}{} · {state}", socket.number, visible(&socket.endpoint.to_string()));
            if button(ui, cx.tokens, Weight::Plain, &label, 0.0, None).clicked() {
                form.address = socket.number.to_string();
            }
        }
    });
}

/// Says what the system lacks for the chosen protocol, before an address is typed for it.
fn missing_family(ui: &mut Ui, cx: &mut Cx<'_>, role: Role, form: &mut EndpointForm) {
    let here = form.facility(role);
    // Asked about by itself, so that what is said of every port stays while one is typed.
    let anywhere = here.of_any_port();
    let before = form.probed.replace(here);
    if before.map(Facility::of_any_port) != Some(anywhere) && anywhere.may_be_missing() {
        cx.act(UiCommand::Engine(Command::Probe { facility: anywhere }));
    }
    if before != Some(here) && here != anywhere {
        cx.act(UiCommand::Engine(Command::Probe { facility: here }));
    }
    let missing = &cx.sessions.missing;
    if let Some(failure) = missing.get(&anywhere).or_else(|| missing.get(&here)) {
        let mut words = i18n::cause(cx.language, &failure.cause).into_owned();
        if let Some(hint) = i18n::hint(cx.language, failure) {
            words = tr!(cx.language, "form.missing", cause = words, hint = hint).into_owned();
        }
        remark(ui, cx.tokens, &words);
    }
}

fn protocol_name(language: Language, protocol: Protocol) -> Cow<'static, str> {
    match protocol {
        Protocol::UnixStream => tr!(language, "protocol.unix_stream"),
        Protocol::UnixDatagram => tr!(language, "protocol.unix_datagram"),
        Protocol::UnixSeqpacket => tr!(language, "protocol.unix_seqpacket"),
        Protocol::Descriptor => tr!(language, "protocol.descriptor"),
        Protocol::Raw => tr!(language, "protocol.raw"),
        Protocol::Packet => tr!(language, "protocol.packet"),
        Protocol::Vsock => "vsock".into(),
        Protocol::CanBroadcast => tr!(language, "protocol.can_broadcast"),
        // What is known by its abbreviation, in every language.
        _ => protocol.scheme().to_uppercase().into(),
    }
}

fn address_hint(language: Language, form: AddressForm) -> Cow<'static, str> {
    match form {
        AddressForm::HostPort => tr!(language, "form.address.hint"),
        AddressForm::HostProtocol => tr!(language, "form.host.hint"),
        AddressForm::MachinePort => tr!(language, "form.machine.hint"),
        AddressForm::Link => tr!(language, "form.link.hint"),
        AddressForm::Interface => tr!(language, "form.interface.hint"),
        AddressForm::Path => tr!(language, "form.path.hint"),
        AddressForm::Descriptor => tr!(language, "form.descriptor.hint"),
    }
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
                hint: &SocketOptions::example(form.protocol),
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
