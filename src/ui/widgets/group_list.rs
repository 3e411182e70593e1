//! The multicast groups of a UDP socket: those it hears, and a field for another.

use egui::{Align, Id, Key, Layout, RichText, Ui, vec2};

use super::button::{Weight, button};
use super::field::{Field, mistake, row_caption};
use super::icon::{self, Icon};
use super::interface_menu::interface_menu;
use crate::i18n;
use crate::model::{Command, MulticastGroup, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{EndpointForm, UdpForm, groups_query};

const FIELD_WIDTH: f32 = 190.0;

/// Draws the list. While the socket is `open` groups are joined and left at once; before, with the next start.
pub fn group_list(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    socket: SocketId,
    form: &mut EndpointForm,
    udp: &mut UdpForm,
    open: bool,
) {
    let language = cx.language;
    let typed = udp.typed_group();
    let mut join = false;
    ui.horizontal(|ui| {
        let label = tr!(language, "groups.group");
        row_caption(ui, cx.tokens, &tr!(language, "groups.title"));
        let field = Field {
            id: Id::unique(("group", socket.0)),
            label: &label,
            hint: "239.1.2.3@eth0",
            width: FIELD_WIDTH,
            mistaken: matches!(typed, Some(Err(_))),
        };
        let field = field.show(ui, cx.tokens, &mut udp.group).on_hover_text(tr!(language, "groups.explained"));
        join = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if let Some(name) = interface_menu(ui, cx, &tr!(language, "interfaces.interfaces")) {
            udp.choose_interface(&name);
        }
        let blocked = match &typed {
            None => Some(tr!(language, "group.empty")),
            Some(Err(error)) => Some(i18n::group_error(language, error).into()),
            Some(Ok(_)) => None,
        };
        join |= button(ui, cx.tokens, Weight::Plain, &tr!(language, "groups.join"), 0.0, blocked).clicked();
    });
    match typed {
        Some(Err(error)) => mistake(ui, cx.tokens, &i18n::group_error(language, &error)),
        Some(Ok(group)) if join => {
            udp.group.clear();
            if open {
                cx.act(UiCommand::Engine(Command::JoinGroup { socket, group }));
            } else {
                form.options = groups_query::with(&form.options, &group);
            }
        }
        _ => {}
    }
    let groups = udp.groups(form, open);
    if groups.is_empty() {
        return;
    }
    // As many in a line as there is room for: every line takes one from the journal.
    ui.horizontal(|ui| {
        row_caption(ui, cx.tokens, "");
        ui.horizontal_wrapped(|ui| {
            for group in groups {
                if !joined(ui, cx, &group) {
                } else if open {
                    cx.act(UiCommand::Engine(Command::LeaveGroup { socket, group }));
                } else {
                    form.options = groups_query::without(&form.options, &group);
                }
            }
        });
    });
}

/// A group and the button to leave it; true when that was pressed. Both stay in one line.
fn joined(ui: &mut Ui, cx: &Cx<'_>, group: &MulticastGroup) -> bool {
    let words = RichText::new(group.to_string()).font(cx.tokens.mono_font()).color(cx.tokens.text);
    let width = ui.painter().layout_no_wrap(words.text().to_owned(), cx.tokens.mono_font(), cx.tokens.text).size().x;
    let size = vec2(width + ui.spacing().item_spacing.x + cx.tokens.control_height, cx.tokens.control_height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.label(words);
        let label = tr!(cx.language, "groups.leave", group = group);
        icon::icon_button(ui, cx.tokens, Icon::Close, &label, &label).clicked()
    })
    .inner
}

/// A field for addresses to send to, by which the transport reaches many at once; true when it was changed. `hint` says
/// to whom messages go while it is empty, or what could be written.
pub fn addresses_field(
    ui: &mut Ui,
    cx: &Cx<'_>,
    socket: SocketId,
    (label, hint): (&str, &str),
    width: f32,
    form: &EndpointForm,
    udp: &mut UdpForm,
) -> bool {
    let field = Field {
        id: Id::unique(("addresses", socket.0)),
        label,
        hint,
        width,
        mistaken: matches!(udp.addresses(form), Some(Err(_))),
    };
    field.show(ui, cx.tokens, &mut udp.addresses).on_hover_text(tr!(cx.language, "addresses.explained")).changed()
}
