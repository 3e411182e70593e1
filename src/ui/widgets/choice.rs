use std::borrow::Cow;

use egui::{AsIdSalt, ComboBox, Response, Ui};

use super::icon::{self, Icon};

/// Points; a dozen entries show whole. What has to be scrolled to is not found.
const LIST_HEIGHT: f32 = 480.0;

/// A list to choose one of, with an accessible name. `names` gives the words of each option.
pub fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    id: impl AsIdSalt,
    label: &str,
    width: f32,
    value: &mut T,
    options: &[T],
    names: impl Fn(T) -> Cow<'static, str>,
) -> Response {
    let before = *value;
    let combo =
        ComboBox::from_id_salt(id).width(width).height(LIST_HEIGHT).truncate().selected_text(names(before)).icon(
            |ui, rect, visuals, _| {
                icon::paint(ui.painter(), rect, Icon::ChevronDown, visuals.fg_stroke.color);
            },
        );
    // A combo box never gets narrower than its text; the room it is given is what it has.
    let mut response = ui
        .scope(|ui| {
            ui.set_max_width(width);
            // Closer than in a button: the room is for the words.
            let spacing = ui.spacing_mut();
            (spacing.button_padding.x, spacing.icon_width, spacing.icon_spacing) = (9.0, 11.0, 4.0);
            combo.show_ui(ui, |ui| {
                for option in options {
                    // The list closes by itself after a click of the pointer only.
                    if ui.selectable_value(value, *option, names(*option)).clicked() {
                        ui.close();
                    }
                }
            })
        })
        .inner
        .response;
    if *value != before {
        response.mark_changed();
    }
    response.accessible_name(label)
}
