//! Every socket option of the table is explained in a sentence, in both languages, where the mouse rests on its control.

#[path = "support/app.rs"]
mod app;

use egui_kittest::kittest::Queryable as _;
use sockeye::i18n::{self, Language};
use sockeye::model::{ClientTab, LanguageChoice, Protocol, Role, ServerTab, Settings, SocketOption};

use crate::app::{Window, any_port};

const LANGUAGES: [(Language, LanguageChoice); 2] =
    [(Language::English, LanguageChoice::English), (Language::Chinese, LanguageChoice::Chinese)];

#[test]
fn each_option_has_a_sentence_of_its_own_in_both_languages() {
    for (language, _) in LANGUAGES {
        let mut before: Vec<String> = Vec::new();
        for option in SocketOption::ALL {
            let sentence = i18n::option_sentence(language, option).into_owned();
            let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            let says_something = match language {
                Language::English => {
                    sentence.split(' ').count() >= 5
                        && sentence.starts_with(char::is_uppercase)
                        && !sentence.contains(is_han)
                }
                Language::Chinese => sentence.chars().filter(|c| is_han(*c)).count() >= 6,
            };
            assert!(says_something, "{option:?}: {sentence}");
            // One, and as all words of the window that stand alone, without its full stop.
            let stops = ["。", "! ", "? ", "！", "？", "\n"];
            assert!(!stops.iter().any(|stop| sentence.contains(stop)), "{option:?}: {sentence}");
            assert!(!sentence.contains(". ") && !sentence.ends_with(['.', '。']), "{option:?}: {sentence}");
            assert!(sentence != i18n::option_name(language, option), "{option:?} is explained by its name");
            assert!(!before.contains(&sentence), "{option:?} is explained as another one: {sentence}");
            let explained = i18n::option_explained(language, option);
            assert!(explained.starts_with(&sentence) && explained.contains(option.name()), "{explained}");
            before.push(sentence);
        }
    }
}

/// A window with all options of a server.
fn window(language: LanguageChoice, protocol: Protocol) -> Window {
    let settings = Settings {
        language,
        servers: vec![ServerTab { protocol: protocol.scheme().to_owned(), more_open: true, ..any_port() }],
        clients: vec![ClientTab::default()],
        ..Settings::default()
    };
    let mut window = Window::build(settings, |builder| builder.with_size(egui::vec2(1100.0, 1500.0)));
    match language {
        LanguageChoice::Chinese => window.click("服务端", "全部选项"),
        LanguageChoice::English | LanguageChoice::System => window.click("Server", "All options"),
    }
    window
}

#[test]
fn the_mouse_on_an_option_shows_what_it_does() {
    for (language, choice) in LANGUAGES {
        let mut left = SocketOption::ALL.to_vec();
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let mut window = window(choice, protocol);
            let panel = if language == Language::Chinese { "服务端" } else { "Server" };
            let here = |option: &SocketOption| option.applies_to(protocol) && option.is_for(Role::Server);
            for option in left.extract_if(.., |option| here(option)) {
                let name = i18n::option_name(language, option);
                let explained = i18n::option_explained(language, option);
                let shows = |window: &Window| window.harness.query_by_label(&explained).is_some();
                assert!(!shows(&window), "{option:?} is explained before it is asked");
                // In a row of its own for groups, some stand once more.
                let control = window.panel(panel).query_all_by_label(&name).last().expect("the option").rect();
                window.harness.hover_at(control.center());
                // A tooltip waits until the pointer rests.
                for _ in 0..60 {
                    if shows(&window) {
                        break;
                    }
                    window.harness.step();
                }
                assert!(shows(&window), "no tooltip: {explained}");
            }
        }
        assert_eq!(left, [], "no window shows them");
    }
}
