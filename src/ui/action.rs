//! All that a user can do, shared by buttons, menus and shortcuts.

use std::borrow::Cow;
use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::codec::decode::Decoder;
use crate::codec::encoding::Encoding;
use crate::codec::size::format_bytes;
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Command, LanguageChoice, LeftRecording, Role, SessionId, SocketId, ThemeChoice, TimeMode};
use crate::tr;
use crate::ui::panels::journal::{CopyKind, Step, time_mode_label};

/// One user action. Panels push them; the app carries them out after the frame.
#[derive(Clone, Debug, PartialEq)]
pub enum UiCommand {
    CopyText(String),
    SaveJournal,
    /// Saves it to a path that was typed, where no file is replaced.
    SaveJournalTo(PathBuf),
    /// Opens the native dialog for a journal or a capture.
    OpenJournal,
    /// Opens one that was open before, or whose path was typed.
    OpenPath(PathBuf),
    /// Shows what is being recorded again.
    CloseJournal,
    ClearJournal,
    /// Removes a recording that a killed program left.
    DiscardRecording(PathBuf),
    /// What the journal may take of the disk, in bytes; 0 for as much as there is.
    LimitJournal(u64),
    /// Bytes that the journal keeps of each call; 0 for all of them.
    SetSnapLength(u32),
    ToggleFollow,
    ToggleInspector,
    ToggleStatistics,
    FocusFilter,
    /// Opens the journal's bar for finding a row.
    Find,
    /// Opens the journal's bar for going to a row or a time.
    GoTo,
    /// Sends the journal's cursor to another row.
    Step(Step),
    /// Marks the chosen row, or takes its mark away.
    ToggleMark,
    /// Opens the journal's bar for writing something beside the chosen row.
    EditNote,
    /// How the bytes of one of this tab's sessions, or of them all, are shown as text.
    SetDisplayEncoding(SocketId, Option<SessionId>, Encoding),
    /// The same for every tab.
    SetDisplayEncodingOfAll(Encoding),
    /// What the bytes of a session, or of what a socket did without one, are read as; `None` for what they look like.
    DecodeAs(SocketId, Option<SessionId>, Option<Decoder>),
    /// Compares the chosen row with those that are chosen after it.
    CompareWith,
    /// Straight to the engine.
    Engine(Command),
    /// What the journal shows alone; `None` shows all.
    ShowOnly(Option<(SocketId, Option<SessionId>)>),
    NewTab(Role),
    CloseTab(Role, SocketId),
    SelectTab(Role, SocketId),
    /// In the panel that the keyboard is in.
    NewTabHere,
    /// The tab in front of the panel that the keyboard is in.
    CloseTabHere,
    /// As [`Self::CloseTabHere`]; after the last tab comes the first.
    NextTabHere,
    PreviousTabHere,
    /// The rows of the journal that are selected.
    CopyRows(CopyKind),
    /// Validates the tab's form, then listens or connects.
    Start(Role, SocketId),
    /// Stops listening, gives an attempt up or disconnects.
    Stop(Role, SocketId),
    /// Sends what the tab's composer holds.
    SendMessage(Role, SocketId),
    /// Opens the native dialog for files to send.
    ChooseFiles(Role, SocketId),
    /// Sends files whose paths are known: dropped, typed or chosen.
    SendPaths(Role, SocketId, Vec<PathBuf>),
    /// Opens the native dialog for the folder that received files go to.
    ChooseFolder(Role, SocketId),
    /// Opens the native dialog for the file or the folder that browsers are shown.
    ChooseSite {
        socket: SocketId,
        is_folder: bool,
    },
    SetLanguage(LanguageChoice),
    SetTheme(ThemeChoice),
    /// What the journal's time column shows.
    ShowTimes(TimeMode),
    ZoomIn,
    ZoomOut,
    ZoomReset,
    /// Opens the window that shows this tab as a program.
    ShowCode(Role, SocketId),
    /// The same for the tab in front of the panel that the keyboard is in.
    ShowCodeHere,
    /// Opens it with the client at the other end of one of a listener's sessions.
    ShowPeerCode(SocketId, SessionId),
    /// Unfolds the options of one of a listener's connections, in the place of the listener's own.
    ShowPeerOptions(SocketId, SessionId),
    /// Opens the window with what crossed in the chosen row's session.
    ShowConversation,
    /// Opens the list of rules by which rows stand out.
    ShowColorRules,
    /// Opens the list of files that crossed.
    ShowPastTransfers,
    /// Empties it for good.
    ForgetPastTransfers,
    ShowShortcuts,
    ShowAbout,
    /// Hides the notice that concerns the whole window.
    DismissNotice,
    Quit,
}

impl UiCommand {
    /// What has a place in the menus and a shortcut, in the order that the list of shortcuts shows.
    pub const WITH_SHORTCUTS: [Self; 32] = [
        Self::NewTab(Role::Server),
        Self::NewTab(Role::Client),
        Self::NewTabHere,
        Self::CloseTabHere,
        // Before the one without Shift, which Shift does not keep from matching; so are others below.
        Self::PreviousTabHere,
        Self::NextTabHere,
        Self::OpenJournal,
        Self::SaveJournal,
        Self::ClearJournal,
        Self::FocusFilter,
        Self::Find,
        Self::Step(Step::PreviousMatch),
        Self::Step(Step::NextMatch),
        Self::GoTo,
        Self::Step(Step::PreviousError),
        Self::Step(Step::NextError),
        Self::EditNote,
        Self::ToggleMark,
        Self::Step(Step::PreviousMark),
        Self::Step(Step::NextMark),
        Self::ToggleFollow,
        // As with the tabs.
        Self::ToggleStatistics,
        Self::ToggleInspector,
        Self::CompareWith,
        Self::ShowCodeHere,
        Self::ShowConversation,
        Self::ShowColorRules,
        Self::ShowPastTransfers,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::ZoomReset,
        Self::Quit,
    ];

    /// The name on buttons and in menus.
    #[must_use]
    pub fn label(&self, language: Language) -> Cow<'static, str> {
        match self {
            Self::CopyText(_) => tr!(language, "action.copy"),
            Self::SaveJournal => tr!(language, "action.save_journal"),
            Self::OpenJournal => tr!(language, "action.open_journal"),
            Self::SaveJournalTo(path) | Self::OpenPath(path) => visible(&path.display().to_string()).into(),
            Self::CloseJournal => tr!(language, "action.close_journal"),
            Self::ClearJournal => tr!(language, "action.clear_journal"),
            Self::DiscardRecording(_) => tr!(language, "action.discard_recording"),
            Self::SetSnapLength(0) => tr!(language, "action.no_snap_length"),
            Self::SetSnapLength(length) => i18n::bytes((*length).into()).into(),
            Self::LimitJournal(0) => tr!(language, "action.no_journal_limit"),
            Self::LimitJournal(limit) => format_bytes(*limit).into(),
            Self::ToggleFollow => tr!(language, "action.follow"),
            Self::ToggleInspector => tr!(language, "action.inspector"),
            Self::ToggleStatistics => tr!(language, "action.statistics"),
            Self::FocusFilter => tr!(language, "action.filter"),
            Self::Find => tr!(language, "action.find"),
            Self::GoTo => tr!(language, "action.go_to"),
            Self::Step(step) => step.label(language),
            Self::ToggleMark => tr!(language, "action.toggle_mark"),
            Self::EditNote => tr!(language, "action.edit_note"),
            Self::SetDisplayEncoding(..) | Self::SetDisplayEncodingOfAll(_) => tr!(language, "action.display_encoding"),
            Self::DecodeAs(..) => tr!(language, "inspector.decode_as"),
            Self::CompareWith => tr!(language, "action.compare_with"),
            Self::Engine(command) => engine_label(command, language),
            Self::ShowOnly(Some(_)) => tr!(language, "action.show_only"),
            Self::ShowOnly(None) => tr!(language, "action.show_all"),
            Self::NewTab(Role::Server) => tr!(language, "action.new_server"),
            Self::NewTab(Role::Client) => tr!(language, "action.new_client"),
            Self::CloseTab(..) => tr!(language, "action.close_tab"),
            Self::NewTabHere => tr!(language, "action.new_tab"),
            Self::CloseTabHere => tr!(language, "action.close_tab"),
            Self::NextTabHere => tr!(language, "action.next_tab"),
            Self::PreviousTabHere => tr!(language, "action.previous_tab"),
            Self::CopyRows(CopyKind::Rows) => tr!(language, "journal.copy_rows"),
            Self::CopyRows(CopyKind::Text) => tr!(language, "journal.copy_text"),
            Self::CopyRows(CopyKind::Hex) => tr!(language, "journal.copy_hex"),
            Self::SelectTab(..) => tr!(language, "action.select_tab"),
            Self::Start(Role::Server, _) => tr!(language, "action.start_listening"),
            Self::Start(Role::Client, _) => tr!(language, "action.connect"),
            Self::Stop(Role::Server, _) => tr!(language, "action.stop_listening"),
            Self::Stop(Role::Client, _) => tr!(language, "action.disconnect"),
            Self::SendMessage(..) => tr!(language, "action.send"),
            Self::ChooseFiles(..) => tr!(language, "action.send_file"),
            Self::SendPaths(..) => tr!(language, "action.send_path"),
            Self::ChooseFolder(..) => tr!(language, "action.choose_folder"),
            Self::ChooseSite { is_folder: true, .. } => tr!(language, "action.choose_folder"),
            Self::ChooseSite { is_folder: false, .. } => tr!(language, "action.choose_file"),
            Self::SetLanguage(LanguageChoice::System) => tr!(language, "action.language_system"),
            Self::SetLanguage(LanguageChoice::English) => "English".into(),
            Self::SetLanguage(LanguageChoice::Chinese) => "中文".into(),
            Self::SetTheme(ThemeChoice::System) => tr!(language, "action.theme_system"),
            Self::SetTheme(ThemeChoice::Light) => tr!(language, "action.theme_light"),
            Self::SetTheme(ThemeChoice::Dark) => tr!(language, "action.theme_dark"),
            Self::ShowTimes(mode) => time_mode_label(*mode, language),
            Self::ZoomIn => tr!(language, "action.zoom_in"),
            Self::ZoomOut => tr!(language, "action.zoom_out"),
            Self::ZoomReset => tr!(language, "action.zoom_reset"),
            Self::ShowCode(..) | Self::ShowCodeHere => tr!(language, "action.show_code"),
            Self::ShowPeerCode(..) => tr!(language, "action.show_peer_code"),
            Self::ShowPeerOptions(..) => tr!(language, "action.show_peer_options"),
            Self::ShowConversation => tr!(language, "action.conversation"),
            Self::ShowColorRules => tr!(language, "action.color_rules"),
            Self::ShowPastTransfers => tr!(language, "action.past_transfers"),
            Self::ForgetPastTransfers => tr!(language, "action.forget_past_transfers"),
            Self::ShowShortcuts => tr!(language, "action.shortcuts"),
            Self::ShowAbout => tr!(language, "action.about"),
            Self::DismissNotice => tr!(language, "action.dismiss"),
            Self::Quit => tr!(language, "action.quit"),
        }
    }

    /// More than the name says, where there is more to say.
    #[must_use]
    pub fn tooltip(&self, language: Language) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::ShowOnly(Some(_)) => tr!(language, "tooltip.show_only"),
            Self::ShowOnly(None) => tr!(language, "tooltip.show_all"),
            Self::NewTabHere | Self::CloseTabHere | Self::NextTabHere | Self::PreviousTabHere => {
                tr!(language, "tooltip.tab_here")
            }
            Self::ShowCode(..) | Self::ShowCodeHere => tr!(language, "tooltip.show_code"),
            Self::ShowPeerCode(..) => tr!(language, "tooltip.show_peer_code"),
            Self::ShowPeerOptions(..) => tr!(language, "tooltip.show_peer_options"),
            Self::ShowConversation => tr!(language, "tooltip.conversation"),
            Self::ShowColorRules => tr!(language, "colors.help"),
            Self::ShowPastTransfers => tr!(language, "tooltip.past_transfers"),
            Self::ToggleFollow => tr!(language, "tooltip.follow"),
            Self::ToggleInspector => tr!(language, "tooltip.inspector"),
            Self::ToggleStatistics => tr!(language, "tooltip.statistics"),
            Self::CompareWith => tr!(language, "tooltip.compare_with"),
            Self::Find => tr!(language, "tooltip.find"),
            Self::GoTo => tr!(language, "go_to.help"),
            Self::ToggleMark => tr!(language, "tooltip.toggle_mark"),
            Self::EditNote => tr!(language, "tooltip.edit_note"),
            Self::SaveJournal => tr!(language, "tooltip.save_journal"),
            Self::OpenJournal => tr!(language, "tooltip.open_journal"),
            Self::CloseJournal => tr!(language, "tooltip.close_journal"),
            Self::ClearJournal => tr!(language, "tooltip.clear_journal"),
            Self::DiscardRecording(_) => {
                tr!(language, "tooltip.discard_recording", days = LeftRecording::KEPT_DAYS)
            }
            Self::LimitJournal(_) => tr!(language, "tooltip.journal_limit"),
            Self::SetSnapLength(_) => tr!(language, "tooltip.snap_length"),
            Self::Stop(Role::Server, _) => tr!(language, "tooltip.stop_listening"),
            Self::ChooseFiles(..) => tr!(language, "tooltip.send_file"),
            Self::Engine(Command::FinishSending { .. }) => tr!(language, "tooltip.finish_sending"),
            Self::Engine(Command::Reset { .. }) => tr!(language, "tooltip.reset"),
            _ => return None,
        })
    }

    #[must_use]
    pub fn shortcut(&self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        let shifted = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, key));
        match self {
            Self::NewTab(Role::Server) => command(Key::L),
            Self::NewTab(Role::Client) => command(Key::K),
            Self::NewTabHere => command(Key::T),
            Self::CloseTabHere => command(Key::W),
            // Control on every system: macOS has another use for Command+Tab.
            Self::NextTabHere => Some(KeyboardShortcut::new(Modifiers::CTRL, Key::Tab)),
            Self::PreviousTabHere => Some(KeyboardShortcut::new(Modifiers::CTRL | Modifiers::SHIFT, Key::Tab)),
            Self::OpenJournal => command(Key::O),
            Self::SaveJournal => command(Key::S),
            Self::ClearJournal => shifted(Key::Delete),
            Self::FocusFilter => shifted(Key::F),
            Self::Find => command(Key::F),
            Self::GoTo => command(Key::G),
            Self::Step(step) => Some(step.shortcut()),
            Self::ToggleMark => command(Key::B),
            Self::EditNote => shifted(Key::B),
            Self::ToggleFollow => command(Key::E),
            Self::ToggleInspector => command(Key::I),
            Self::ToggleStatistics => shifted(Key::I),
            Self::CompareWith => command(Key::M),
            Self::ShowCodeHere => command(Key::D),
            Self::ShowConversation => command(Key::J),
            Self::ShowColorRules => command(Key::R),
            Self::ShowPastTransfers => command(Key::H),
            Self::ZoomIn => command(Key::Plus),
            Self::ZoomOut => command(Key::Minus),
            Self::ZoomReset => command(Key::Num0),
            Self::Quit => command(Key::Q),
            _ => None,
        }
    }
}

fn engine_label(command: &Command, language: Language) -> Cow<'static, str> {
    match command {
        Command::FinishSending { .. } => tr!(language, "action.finish_sending"),
        Command::Reset { .. } => tr!(language, "action.reset"),
        Command::OpenInBrowser { .. } => tr!(language, "action.open_in_browser"),
        Command::CancelTransfer { .. } => tr!(language, "action.cancel"),
        _ => tr!(language, "action.cancel"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_share_a_shortcut() {
        let shortcuts: Vec<_> = UiCommand::WITH_SHORTCUTS.iter().map(UiCommand::shortcut).collect();
        for (at, shortcut) in shortcuts.iter().enumerate() {
            assert!(shortcut.is_some());
            assert!(!shortcuts[..at].contains(shortcut), "{:?}", UiCommand::WITH_SHORTCUTS[at]);
        }
    }
}
