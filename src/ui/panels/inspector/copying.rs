//! Bytes of a pane on their way to the clipboard.

use egui::Ui;

use crate::codec::dump;
use crate::codec::encoding::Encoding;
use crate::codec::hex;
use crate::i18n::Language;
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::hex_view::HexState;

/// What selected bytes can be copied as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyAs {
    Hex,
    Text,
    CArray,
    Python,
    Dump,
}

impl CopyAs {
    const ALL: [Self; 5] = [Self::Hex, Self::Text, Self::CArray, Self::Python, Self::Dump];

    fn name(self, language: Language) -> String {
        match self {
            Self::Hex => tr!(language, "inspector.copy_hex"),
            Self::Text => tr!(language, "inspector.copy_text"),
            Self::CArray => tr!(language, "inspector.copy_c"),
            Self::Python => tr!(language, "inspector.copy_python"),
            Self::Dump => tr!(language, "inspector.copy_dump"),
        }
        .into_owned()
    }

    fn text(self, bytes: &[u8], encoding: Encoding) -> String {
        match self {
            Self::Hex => hex::format(bytes),
            Self::Text => encoding.decode_piece(&[], 0, bytes).text,
            Self::CArray => dump::c_array(bytes),
            Self::Python => dump::python_bytes(bytes),
            Self::Dump => dump::hex_dump(bytes),
        }
    }
}

/// The items of a menu over the bytes.
pub(super) fn copy_items(ui: &mut Ui, cx: &mut Cx<'_>, hex: &mut HexState, payload: &[u8], encoding: Encoding) {
    for kind in CopyAs::ALL {
        if ui.button(kind.name(cx.language)).clicked() {
            copy(kind, cx, hex, payload, encoding);
        }
    }
    ui.separator();
    if ui.button(tr!(cx.language, "inspector.select_all")).clicked() {
        hex.select_all(payload.len());
    }
}

/// The selected bytes, or all while none are; of a selection that goes on beyond them, those that there are.
pub(super) fn copy(kind: CopyAs, cx: &mut Cx<'_>, hex: &HexState, payload: &[u8], encoding: Encoding) {
    let range = hex.selection().unwrap_or(0..payload.len());
    let bytes = payload.get(range.start..range.end.min(payload.len()));
    if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
        cx.act(UiCommand::CopyText(kind.text(bytes, encoding)));
    }
}
