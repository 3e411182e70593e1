//! All that a user can do, shared by buttons, menus and shortcuts.

use crate::codec::encoding::Encoding;
use crate::model::SocketId;

/// One user action. Panels push them; the app carries them out after the frame.
#[derive(Clone, Debug, PartialEq)]
pub enum UiCommand {
    CopyText(String),
    SaveJournal,
    ClearJournal,
    ToggleFollow,
    ToggleInspector,
    FocusFilter,
    /// How this tab's bytes are shown as text.
    SetDisplayEncoding(SocketId, Encoding),
    /// Straight to the engine.
    Engine(crate::model::Command),
}
