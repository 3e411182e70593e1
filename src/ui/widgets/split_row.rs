use egui::{Label, RichText, Slider, Ui};

use super::button::{Weight, button};
use super::field;
use crate::codec::file_name::SafeName;
use crate::codec::visible::visible;
use crate::i18n;
use crate::model::{Command, StreamHead, TransferEnd};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::TransferView;

/// No file system takes longer names, in bytes.
const NAME_MAX: usize = 255;

/// Bytes of the content that are shown.
const CONTENT_SHOWN: usize = 60;

/// Points for the words before what the stream is split into.
const CAPTION_WIDTH: f32 = 60.0;

/// Where in a plain sender's stream the name ends, to be moved; false when that is done with.
pub fn split_row(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    transfer: &TransferView,
    end: &TransferEnd,
    head: &StreamHead,
    at: &mut usize,
) -> bool {
    let (tokens, language) = (cx.tokens, cx.language);
    let longest = head.bytes.len().min(NAME_MAX);
    *at = (*at).min(longest);
    let mut stays = true;
    ui.horizontal(|ui| {
        let caption = tr!(language, "split.bytes");
        field::control_caption(ui, tokens.small_font(), tokens.text_muted, &caption);
        // Its own field for the number would have the same name.
        let slider = Slider::new(at, 0..=longest).step_by(1.0).show_value(false);
        ui.add(slider).accessible_name(&*caption);
        ui.label(i18n::bytes(*at as u64));
        let same = (*at == head.name_len).then(|| tr!(language, "split.same"));
        if button(ui, tokens, Weight::Primary, &tr!(language, "split.store"), 0.0, same).clicked() {
            let (socket, path, head, at) = (transfer.info.socket, end.path.clone(), head.clone(), *at);
            cx.act(UiCommand::Engine(Command::MoveSplit { socket, path, head, at }));
            stays = false;
        }
        stays &= !button(ui, tokens, Weight::Plain, &tr!(language, "action.cancel"), 0.0, None).clicked();
    });
    let (name, content) = head.bytes.split_at(*at);
    let name = match name {
        [] => tr!(language, "split.no_name").into_owned(),
        name => SafeName::new(name).as_str().to_owned(),
    };
    let content = visible(&String::from_utf8_lossy(&content[..content.len().min(CONTENT_SHOWN)]));
    for (caption, text) in [(tr!(language, "split.name"), name), (tr!(language, "split.content"), content)] {
        // Text, not controls: the lines stand closer than the rows of a form.
        ui.spacing_mut().interact_size.y = tokens.text_size;
        ui.spacing_mut().item_spacing.y = tokens.space_small;
        ui.horizontal(|ui| {
            let text_at = ui.cursor().left() + CAPTION_WIDTH;
            field::control_caption(ui, tokens.small_font(), tokens.text_muted, &caption);
            ui.add_space(text_at - ui.cursor().left());
            ui.add(Label::new(RichText::new(text).font(tokens.mono_font()).color(tokens.text)).truncate());
        });
    }
    stays
}
