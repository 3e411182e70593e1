use std::borrow::Cow;

use egui::{AsIdSalt, Color32, ComboBox, Response, TextStyle, Ui};

use super::icon::{self, Icon};

/// Points; a dozen entries show whole. What has to be scrolled to is not found.
const LIST_HEIGHT: f32 = 480.0;

/// Points at either side of the words, and between them and the arrow: closer than in a button, the room is for the words.
const PADDING: f32 = 9.0;
const ARROW_WIDTH: f32 = 11.0;
const BEFORE_ARROW: f32 = 4.0;

/// The width in points in which each of these options shows whole while it is chosen.
pub fn fitting_width(ui: &Ui, options: impl IntoIterator<Item = Cow<'static, str>>) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    let width = |words: Cow<'_, str>| {
        ui.painter().layout_no_wrap(words.into_owned(), font.clone(), Color32::TRANSPARENT).size().x
    };
    let widest = options.into_iter().map(width).fold(0.0, f32::max);
    (widest + 2.0 * (PADDING + BEFORE_ARROW) + ARROW_WIDTH).ceil()
}

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
            let spacing = ui.spacing_mut();
            (spacing.button_padding.x, spacing.icon_width, spacing.icon_spacing) = (PADDING, ARROW_WIDTH, BEFORE_ARROW);
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
