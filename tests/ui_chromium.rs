//! "Open in browser" with a real one: Chromium without a window.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, ServerTab};

use crate::app::{Window, any_port};
use crate::support::{folder, require_tool};

/// Chromium, which nobody has started for long, takes its time to be there on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Set for a run of this test program that is a child of another, whose browser is not the machine's: the file that it
/// writes what it shows into.
const SHOWN: &str = "SOCKEYE_TEST_BROWSER_SHOWN";

/// Does nothing by itself: a process's environment, which decides on the browser, is set when it starts.
#[test]
fn child_that_opens_chromium() {
    let Ok(shown) = std::env::var(SHOWN) else { return };
    let page = "<!doctype html><meta charset=utf-8><p id=p></p><script>p.textContent = '你好 ' + (6 * 7)</script>";
    let settings = ServerTab { browser: "page".to_owned(), page: page.to_owned(), ..any_port() };
    let mut window = Window::with_tabs(settings, ClientTab::default());
    window.listen();
    let host = format!("127.0.0.1:{}", window.listening_port());
    window.click("Server", "Open in browser");
    window.until_within(PATIENCE, "the request", |window| {
        window.journal().concat().iter().any(|cell| cell.starts_with("GET / → 200, "))
    });
    let rows = window.harness.get_by_role_and_label(Role::Table, "Journal");
    rows.query_all_by_label_contains("GET / HTTP/1.1").next().expect("the bytes received").click();
    let decoded = |window: &Window, words: &str| {
        let group = window.harness.query_by_role_and_label(Role::Group, "Decoded");
        group.is_some_and(|group| {
            group
                .query_all_by_role(Role::Label)
                .any(|label| label.accesskit_node().value().is_some_and(|value| value.contains(words)))
        })
    };
    for words in [&format!("Host: {host}"), "User-Agent: ", "Chrome/"] {
        window.until("the request in the inspector", |window| decoded(window, words));
    }
    // What the page became once its script had run.
    window.until_within(PATIENCE, "the page", |_| {
        fs::read_to_string(&shown).is_ok_and(|dom| dom.contains("<p id=\"p\">你好 42</p>"))
    });
}

/// A program that opens an address in Chromium and writes what it shows into a file, which is there once it is whole.
fn browser(place: &Path, shown: &Path) -> String {
    let program = format!(
        "#!/bin/sh\nexec timeout {} chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
        --no-proxy-server --user-data-dir='{}' --dump-dom \"$1\" > '{}'\n",
        PATIENCE.as_secs(),
        place.join("profile").display(),
        shown.display()
    );
    let path = place.join("browser");
    fs::write(&path, program).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("rights");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn one_click_shows_the_page_in_chromium_and_its_request_in_the_inspector() {
    if !require_tool("chromium") || !require_tool("timeout") {
        return;
    }
    let place = folder();
    let shown = place.path().join("shown.html");
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "child_that_opens_chromium"]).env(SHOWN, &shown);
    let output = child.env("BROWSER", browser(place.path(), &shown)).output().expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
