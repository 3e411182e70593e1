//! Menus of this machine's addresses and network interfaces.

use egui::{Popup, TextWrapMode, Ui};

use super::icon::{self, Icon};
use crate::model::{Command, NetworkInterface};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;

/// A button that lists the addresses to listen on; the one that was chosen.
pub fn address_menu(ui: &mut Ui, cx: &mut Cx<'_>) -> Option<String> {
    let language = cx.language;
    let at_first = vec![
        ("127.0.0.1".to_owned(), tr!(language, "interfaces.this_machine").into_owned()),
        ("0.0.0.0".to_owned(), tr!(language, "interfaces.all_v4").into_owned()),
        ("::".to_owned(), tr!(language, "interfaces.all").into_owned()),
    ];
    addresses(ui, cx, at_first)
}

/// The same for an address to send from, of which a socket has one.
pub fn source_menu(ui: &mut Ui, cx: &mut Cx<'_>) -> Option<String> {
    addresses(ui, cx, Vec::new())
}

fn addresses(ui: &mut Ui, cx: &mut Cx<'_>, at_first: Vec<(String, String)>) -> Option<String> {
    let label = tr!(cx.language, "interfaces.addresses");
    menu(ui, cx, &label, |ui, cx| {
        let mut entries = at_first;
        for interface in cx.sessions.interfaces.iter().filter(|interface| interface.is_up) {
            for at in &interface.addresses {
                let address = interface.bindable(at.address);
                if entries.iter().all(|(known, _)| *known != address) {
                    entries.push((address, interface.name.clone()));
                }
            }
        }
        entry_of(ui, cx, entries)
    })
}

/// A button of this name that lists the interfaces that are up; the name of the one that was chosen.
pub fn interface_menu(ui: &mut Ui, cx: &mut Cx<'_>, label: &str) -> Option<String> {
    interfaces(ui, cx, label, |_| true)
}

/// The same for a bus, whose interfaces have no addresses of IP.
pub fn bus_menu(ui: &mut Ui, cx: &mut Cx<'_>, label: &str) -> Option<String> {
    interfaces(ui, cx, label, |interface| interface.addresses.is_empty())
}

fn interfaces(ui: &mut Ui, cx: &mut Cx<'_>, label: &str, fits: impl Fn(&NetworkInterface) -> bool) -> Option<String> {
    menu(ui, cx, label, |ui, cx| {
        let fitting = cx.sessions.interfaces.iter().filter(|interface| interface.is_up && fits(interface));
        let entries = fitting.map(|interface| {
            let addresses: Vec<_> = interface.addresses.iter().map(|at| at.address.to_string()).collect();
            (interface.name.clone(), addresses.join(", "))
        });
        entry_of(ui, cx, entries.collect())
    })
}

/// Asks for the interfaces as it opens: cables and networks come and go.
fn menu(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    label: &str,
    entries: impl FnOnce(&mut Ui, &Cx<'_>) -> Option<String>,
) -> Option<String> {
    let button = icon::icon_button(ui, cx.tokens, Icon::ChevronDown, label, label);
    if button.clicked() {
        cx.act(UiCommand::Engine(Command::ListInterfaces));
    }
    Popup::menu(&button).accessible_name(label).show(|ui| entries(ui, cx)).and_then(|shown| shown.inner)
}

fn entry_of(ui: &mut Ui, cx: &Cx<'_>, entries: Vec<(String, String)>) -> Option<String> {
    // The menu is open, and as narrow as nothing, before the engine has told what is in it.
    ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
    let mut chosen = None;
    if entries.is_empty() && !cx.sessions.interfaces.is_empty() {
        ui.label(tr!(cx.language, "interfaces.none"));
    }
    for (name, explained) in entries {
        let words = if explained.is_empty() { name.clone() } else { format!("{name} · {explained}") };
        if ui.button(words).clicked() {
            chosen = Some(name);
        }
    }
    chosen
}
