//! What a listener shows to browsers, and the way to one.

use egui::{Id, Label, RichText, TextEdit, TextStyle, Ui};

use crate::i18n::Language;
use crate::model::{BrowserContent, Command};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{BrowserKind, ServerState, ServerTabState};
use crate::ui::widgets::button::{Weight, button};
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::field::{Field, mistake, row_caption};

const BUTTON_WIDTH: f32 = 126.0;

/// The choice and what belongs to it. A change counts for connections opened from now on.
pub fn browser_options(ui: &mut Ui, cx: &mut Cx<'_>, tab: &mut ServerTabState) {
    let language = cx.language;
    let before = tab.browser.clone();
    ui.horizontal(|ui| {
        let label = tr!(language, "browser.label");
        row_caption(ui, cx.tokens, &label);
        choice(ui, "browser", &label, 190.0, &mut tab.browser.kind, &BrowserKind::ALL, |kind| match kind {
            BrowserKind::Off => tr!(language, "browser.off"),
            BrowserKind::Page => tr!(language, "browser.page"),
            BrowserKind::File => tr!(language, "browser.file"),
            BrowserKind::Folder => tr!(language, "browser.folder"),
        })
        .on_hover_text(tr!(language, "browser.explained"));
    });
    match tab.browser.kind {
        BrowserKind::Off => {}
        BrowserKind::Page => page_field(ui, cx, tab),
        BrowserKind::File | BrowserKind::Folder => path_field(ui, cx, tab),
    }
    if tab.browser != before
        && tab.state != ServerState::Idle
        && let Ok(browser) = tab.browser.content(tab.form.protocol)
    {
        cx.act(UiCommand::Engine(Command::SetBrowser { socket: tab.socket, browser }));
    }
}

fn page_field(ui: &mut Ui, cx: &Cx<'_>, tab: &mut ServerTabState) {
    let label = tr!(cx.language, "browser.page_text");
    ui.horizontal(|ui| {
        row_caption(ui, cx.tokens, &label);
        let edit = TextEdit::multiline(&mut tab.browser.page)
            .id(Id::unique(("page", tab.socket.0)))
            .hint_text(tr!(cx.language, "browser.page_text.hint"))
            .font(TextStyle::Monospace)
            .desired_rows(2)
            .desired_width(ui.available_width());
        ui.add(edit).accessible_name(&*label);
    });
}

fn path_field(ui: &mut Ui, cx: &mut Cx<'_>, tab: &mut ServerTabState) {
    let is_folder = tab.browser.kind == BrowserKind::Folder;
    let missing = tab.form.tried && tab.browser.path.trim().is_empty();
    ui.horizontal(|ui| {
        let label = path_label(cx.language, is_folder);
        row_caption(ui, cx.tokens, &label);
        let field = Field {
            id: Id::unique(("site", tab.socket.0)),
            label: &label,
            hint: &tr!(cx.language, "browser.path.hint"),
            width: ui.available_width() - BUTTON_WIDTH - 8.0,
            mistaken: missing,
        };
        field.show(ui, cx.tokens, &mut tab.browser.path);
        let choose = UiCommand::ChooseSite { socket: tab.socket, is_folder };
        if button(ui, cx.tokens, Weight::Plain, &choose.label(cx.language), BUTTON_WIDTH, None).clicked() {
            cx.act(choose);
        }
    });
    if missing {
        mistake(ui, cx.tokens, &tr!(cx.language, "browser.path.missing"));
    }
}

fn path_label(language: Language, is_folder: bool) -> std::borrow::Cow<'static, str> {
    if is_folder { tr!(language, "browser.path.folder") } else { tr!(language, "browser.path.file") }
}

/// While browsers are answered: where, and the button that opens one.
pub fn open_in_browser(ui: &mut Ui, cx: &mut Cx<'_>, tab: &ServerTabState) {
    let ServerState::Listening(endpoint) = &tab.state else { return };
    if tab.browser.kind == BrowserKind::Off {
        return;
    }
    let Some(url) = BrowserContent::url(endpoint) else { return };
    ui.horizontal(|ui| {
        let action = UiCommand::Engine(Command::OpenInBrowser { socket: tab.socket, url: url.clone() });
        if button(ui, cx.tokens, Weight::Plain, &action.label(cx.language), BUTTON_WIDTH, None).clicked() {
            cx.act(action);
        }
        let words = RichText::new(url).font(cx.tokens.mono_font()).color(cx.tokens.text_muted);
        ui.add(Label::new(words).truncate().selectable(true));
    });
}
