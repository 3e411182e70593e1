use egui::accesskit::Toggled;
use egui::containers::menu::SubMenuButton;
use egui::{AtomExt as _, MenuBar, RichText, Ui, Vec2, vec2};

use crate::model::{LanguageChoice, Role, ThemeChoice, TimeMode};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::panels::journal::{CopyKind, Step, TIME_MODES};
use crate::ui::widgets::icon::{Icon, icon_button};

/// What the menus show as chosen.
#[derive(Clone, Copy, Debug)]
pub struct MenuState {
    pub language: LanguageChoice,
    pub theme: ThemeChoice,
    pub follow: bool,
    pub inspector: bool,
    pub times: TimeMode,
    pub statistics: bool,
    /// Whether rows of the journal are selected.
    pub rows_selected: bool,
    /// Whether a journal that was opened is in view.
    pub reading: bool,
    /// Whether one is on its way, and can be given up.
    pub opening: bool,
    /// Whether the chosen row carries bytes.
    pub has_bytes: bool,
    /// As settings have it.
    pub journal_limit: u64,
    /// As settings have it.
    pub snap_length: u32,
}

/// The least that an item takes, and its mark.
const ITEM: Vec2 = vec2(190.0, 0.0);
const MARK: Vec2 = vec2(14.0, 0.0);

/// The bar at the top: name, menus, and at the right the switches for language and theme. `recent` are the paths that were
/// opened, the latest first.
pub fn menu_bar(ui: &mut Ui, cx: &mut Cx<'_>, state: MenuState, recent: &[String]) {
    let language = cx.language;
    MenuBar::new().ui(ui, |ui| {
        ui.label(RichText::new(tr!(language, "app.name")).font(cx.tokens.strong_font()).color(cx.tokens.accent));
        ui.add_space(cx.tokens.space_small);
        ui.menu_button(tr!(language, "menu.file"), |ui| {
            items(ui, cx, &[UiCommand::NewTab(Role::Server), UiCommand::NewTab(Role::Client)]);
            ui.separator();
            let tabs =
                [UiCommand::NewTabHere, UiCommand::CloseTabHere, UiCommand::NextTabHere, UiCommand::PreviousTabHere];
            items(ui, cx, &tabs);
            ui.separator();
            items(ui, cx, &[UiCommand::OpenJournal]);
            ui.add_enabled_ui(!recent.is_empty(), |ui| recent_menu(ui, cx, recent));
            let back = state.reading || state.opening;
            ui.add_enabled_ui(back, |ui| items(ui, cx, &[UiCommand::CloseJournal]));
            items(ui, cx, &[UiCommand::SaveJournal]);
            limit_menu(ui, cx, state.journal_limit);
            snap_menu(ui, cx, state.snap_length);
            ui.separator();
            items(ui, cx, &[UiCommand::Quit]);
        });
        ui.menu_button(tr!(language, "menu.edit"), |ui| {
            ui.add_enabled_ui(state.rows_selected, |ui| items(ui, cx, &CopyKind::ALL.map(UiCommand::CopyRows)));
            ui.separator();
            ui.add_enabled_ui(state.has_bytes, |ui| items(ui, cx, &[UiCommand::CompareWith]));
            ui.separator();
            let found = [Step::NextMatch, Step::PreviousMatch].map(UiCommand::Step);
            items(ui, cx, &[UiCommand::FocusFilter, UiCommand::Find]);
            items(ui, cx, &found);
            ui.separator();
            items(ui, cx, &[UiCommand::GoTo]);
            items(ui, cx, &[Step::NextError, Step::PreviousError].map(UiCommand::Step));
            ui.separator();
            ui.add_enabled_ui(state.rows_selected, |ui| items(ui, cx, &[UiCommand::ToggleMark, UiCommand::EditNote]));
            items(ui, cx, &[Step::NextMark, Step::PreviousMark].map(UiCommand::Step));
            ui.separator();
            ui.add_enabled_ui(!state.reading, |ui| items(ui, cx, &[UiCommand::ClearJournal]));
        });
        ui.menu_button(tr!(language, "menu.view"), |ui| view_menu(ui, cx, state));
        ui.menu_button(tr!(language, "menu.help"), |ui| {
            items(ui, cx, &[UiCommand::ShowShortcuts, UiCommand::ShowAbout]);
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| switches(ui, cx));
    });
}

/// What the journal may be let take of the disk, in bytes.
const LIMITS: [u64; 6] = [0, 256_000_000, 1_000_000_000, 4_000_000_000, 16_000_000_000, 64_000_000_000];

/// What may be kept of each call, in bytes.
const SNAP_LENGTHS: [u32; 6] = [0, 64, 128, 256, 1024, 4096];

fn recent_menu(ui: &mut Ui, cx: &mut Cx<'_>, recent: &[String]) {
    let label = tr!(cx.language, "menu.recent").into_owned();
    submenu(ui, label, |ui| recent.iter().for_each(|path| item(ui, cx, UiCommand::OpenPath(path.into()), None)));
}

/// `limit` may be of a settings file that was written by hand.
fn limit_menu(ui: &mut Ui, cx: &mut Cx<'_>, limit: u64) {
    let label = tr!(cx.language, "menu.journal_limit").into_owned();
    let other = Some(limit).filter(|limit| !LIMITS.contains(limit));
    submenu(ui, label, |ui| {
        for each in LIMITS.into_iter().chain(other) {
            ticked(ui, cx, UiCommand::LimitJournal(each), each == limit);
        }
    });
}

/// As [`limit_menu`].
fn snap_menu(ui: &mut Ui, cx: &mut Cx<'_>, length: u32) {
    let label = tr!(cx.language, "menu.snap_length").into_owned();
    let other = Some(length).filter(|length| !SNAP_LENGTHS.contains(length));
    submenu(ui, label, |ui| {
        for each in SNAP_LENGTHS.into_iter().chain(other) {
            ticked(ui, cx, UiCommand::SetSnapLength(each), each == length);
        }
    });
}

fn submenu(ui: &mut Ui, label: String, items: impl FnOnce(&mut Ui)) {
    ui.spacing_mut().item_spacing.y = 0.0;
    // Below each other with the other items, which have room for a mark.
    let button = egui::Button::new((RichText::new("").atom_size(MARK), label.clone()));
    let button = button.right_text(SubMenuButton::arrow_atom(None)).min_size(ITEM);
    let (response, _) = SubMenuButton::from_button(button).ui(ui, items);
    response.accessible_name(label);
}

fn view_menu(ui: &mut Ui, cx: &mut Cx<'_>, state: MenuState) {
    ticked(ui, cx, UiCommand::ToggleFollow, state.follow);
    ticked(ui, cx, UiCommand::ToggleInspector, state.inspector);
    ticked(ui, cx, UiCommand::ToggleStatistics, state.statistics);
    submenu(ui, tr!(cx.language, "menu.times").into_owned(), |ui| {
        TIME_MODES.into_iter().for_each(|mode| ticked(ui, cx, UiCommand::ShowTimes(mode), mode == state.times));
    });
    ui.add_enabled_ui(state.has_bytes, |ui| items(ui, cx, &[UiCommand::ShowConversation]));
    items(ui, cx, &[UiCommand::ShowColorRules, UiCommand::ShowCodeHere, UiCommand::ShowPastTransfers]);
    ui.separator();
    for theme in [ThemeChoice::System, ThemeChoice::Light, ThemeChoice::Dark] {
        ticked(ui, cx, UiCommand::SetTheme(theme), theme == state.theme);
    }
    ui.separator();
    for language in [LanguageChoice::System, LanguageChoice::English, LanguageChoice::Chinese] {
        ticked(ui, cx, UiCommand::SetLanguage(language), language == state.language);
    }
    ui.separator();
    items(ui, cx, &[UiCommand::ZoomIn, UiCommand::ZoomOut, UiCommand::ZoomReset]);
}

fn items(ui: &mut Ui, cx: &mut Cx<'_>, actions: &[UiCommand]) {
    for action in actions {
        item(ui, cx, action.clone(), None);
    }
}

/// An item that is on or off; the tick and not a colour says which.
fn ticked(ui: &mut Ui, cx: &mut Cx<'_>, action: UiCommand, on: bool) {
    item(ui, cx, action, Some(on));
}

fn item(ui: &mut Ui, cx: &mut Cx<'_>, action: UiCommand, on: Option<bool>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let label = action.label(cx.language).into_owned();
    let mark = RichText::new(if on == Some(true) { "✓" } else { "" }).color(cx.tokens.accent);
    let mut button = egui::Button::new((mark.atom_size(MARK), label.clone()));
    if let Some(shortcut) = action.shortcut() {
        button = button.shortcut_text(ui.ctx().format_shortcut(&shortcut));
    }
    let mut response = ui.add(button.min_size(ITEM)).accessible_name(label);
    if let Some(on) = on {
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_toggled(if on { Toggled::True } else { Toggled::False });
        });
    }
    if let Some(tooltip) = action.tooltip(cx.language) {
        response = response.on_hover_text(tooltip);
    }
    if response.clicked() {
        cx.act(action);
    }
}

fn switches(ui: &mut Ui, cx: &mut Cx<'_>) {
    let (picture, theme) =
        if cx.tokens.dark { (Icon::Sun, ThemeChoice::Light) } else { (Icon::Moon, ThemeChoice::Dark) };
    let action = UiCommand::SetTheme(theme);
    let label = action.label(cx.language);
    if icon_button(ui, cx.tokens, picture, &label, &label).clicked() {
        cx.act(action);
    }
    let other = match cx.language {
        crate::i18n::Language::English => LanguageChoice::Chinese,
        crate::i18n::Language::Chinese => LanguageChoice::English,
    };
    let action = UiCommand::SetLanguage(other);
    let name = RichText::new(action.label(cx.language)).color(cx.tokens.text_muted);
    if ui
        .add(egui::Button::new(name).frame_when_inactive(false))
        .on_hover_text(tr!(cx.language, "switch.language"))
        .clicked()
    {
        cx.act(action);
    }
}
