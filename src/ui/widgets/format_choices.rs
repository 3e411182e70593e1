//! How a message is written: format, encoding and line ending, and what the field says while it is empty.

use std::borrow::Cow;

use egui::Ui;

use super::choice::{choice, fitting_width};
use crate::codec::compose::{Format, LineEnding};
use crate::codec::encoding::Encoding;
use crate::i18n::Language;
use crate::tr;
use crate::ui::tabs::Draft;

/// Points; what "Text", "Escapes" and "Hex" need, so that most panels have their choices at the same places.
const FORMAT_WIDTH: f32 = 84.0;

/// Draws the choices; those that mean nothing for the format are disabled or absent.
pub fn format_choices(ui: &mut Ui, language: Language, draft: &mut Draft, formats: &[Format]) {
    let format = tr!(language, "composer.format");
    let names = formats.iter().map(|format| name(language, *format));
    let width = fitting_width(ui, names).max(FORMAT_WIDTH);
    choice(ui, "format", &format, width, &mut draft.format, formats, |format| name(language, format))
        .on_hover_text(explained(language, draft.format));
    if !formats.iter().any(|format| format.is_encoded()) {
        return;
    }
    ui.add_enabled_ui(draft.format.is_encoded(), |ui| {
        let encoding = tr!(language, "composer.encoding");
        choice(ui, "encoding", &encoding, 96.0, &mut draft.encoding, &Encoding::ALL, |encoding| encoding.name().into());
    });
    if !draft.format.takes_line_ending() {
        return;
    }
    let ending = tr!(language, "composer.line_ending");
    let endings = [LineEnding::None, LineEnding::Lf, LineEnding::Cr, LineEnding::CrLf];
    choice(ui, "ending", &ending, 100.0, &mut draft.ending, &endings, |ending| match ending {
        LineEnding::None => tr!(language, "ending.none"),
        LineEnding::Lf => "+ LF".into(),
        LineEnding::Cr => "+ CR".into(),
        LineEnding::CrLf => "+ CRLF".into(),
    })
    .on_hover_text(tr!(language, "ending.explained"));
}

/// What the empty field asks for, with an example that could be sent as it is.
#[must_use]
pub fn hint(language: Language, format: Format) -> Cow<'static, str> {
    match format {
        Format::Text => tr!(language, "composer.hint"),
        Format::Escapes => tr!(language, "format.escapes.hint"),
        Format::Hex => tr!(language, "format.hex.hint"),
        Format::CanFrame => tr!(language, "format.can_frame.hint"),
        Format::CanBroadcast => tr!(language, "format.can_broadcast.hint"),
        Format::Ping(_) => tr!(language, "format.ping.hint"),
    }
}

fn name(language: Language, format: Format) -> Cow<'static, str> {
    match format {
        Format::Text => tr!(language, "format.text"),
        Format::Escapes => tr!(language, "format.escapes"),
        Format::Hex => tr!(language, "format.hex"),
        Format::CanFrame => tr!(language, "format.can_frame"),
        Format::CanBroadcast => tr!(language, "format.can_broadcast"),
        Format::Ping(_) => "Ping".into(),
    }
}

fn explained(language: Language, format: Format) -> Cow<'static, str> {
    match format {
        Format::Text => tr!(language, "format.text.explained"),
        Format::Escapes => tr!(language, "format.escapes.explained"),
        Format::Hex => tr!(language, "format.hex.explained"),
        Format::CanFrame => tr!(language, "format.can_frame.explained"),
        Format::CanBroadcast => tr!(language, "format.can_broadcast.explained"),
        Format::Ping(_) => tr!(language, "format.ping.explained"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::compose::compose;
    use crate::codec::icmp::Version;

    /// What stands after the words that ask for it.
    fn example(hint: &str) -> &str {
        let (_, example) = hint.split_once("such as ").or_else(|| hint.split_once('如')).expect("an example");
        example.trim()
    }

    #[test]
    fn examples_can_be_sent_as_they_are() {
        for language in [Language::English, Language::Chinese] {
            for (format, bytes) in [
                (Format::Escapes, 7),
                (Format::Hex, 5),
                (Format::CanFrame, 16),
                (Format::CanBroadcast, 72),
                (Format::Ping(Version::V4), 13),
            ] {
                let hint = hint(language, format);
                let composed = compose(example(&hint), format, Encoding::Utf8, LineEnding::None);
                assert_eq!(composed.map(|bytes| bytes.len()), Ok(bytes), "{hint}");
            }
        }
    }
}
