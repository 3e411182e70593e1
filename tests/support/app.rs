//! The whole window over a real engine and real sockets, without a screen: driven by the names that a person hears.

#![allow(dead_code, reason = "each test crate uses its own part")]

use std::cell::RefCell;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use egui::accesskit::Role;
use egui::{Key, Modifiers, OutputCommand};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use egui_kittest::{Harness, HarnessBuilder};
use sockeye::engine::{Clock, Engine, EngineConfig, JournalPlace, Surroundings};
use sockeye::model::{ClientTab, Damage, LanguageChoice, PeerProcess, ServerTab, Settings, ThemeChoice};
use sockeye::ui::App;

/// Far beyond what anything here takes; reached only by a fault.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What is kept across restarts, where it is.
#[derive(Default)]
struct Files {
    settings: Option<PathBuf>,
    past_transfers: Option<PathBuf>,
    /// A folder with recordings that killed programs left.
    leftovers: Option<PathBuf>,
}

pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Option<App>>,
    woken: Receiver<()>,
}

impl Window {
    pub(crate) fn open(settings: Settings) -> Self {
        Self::build(settings, |builder| builder.with_size(egui::vec2(1100.0, 760.0)))
    }

    pub(crate) fn build(
        settings: Settings,
        change: impl FnOnce(HarnessBuilder<Option<App>>) -> HarnessBuilder<Option<App>>,
    ) -> Self {
        Self::start(settings, Vec::new(), Files::default(), Surroundings::system(), change)
    }

    /// As [`Self::build`], in surroundings that need not be this machine's.
    pub(crate) fn build_in(
        surroundings: Surroundings,
        settings: Settings,
        change: impl FnOnce(HarnessBuilder<Option<App>>) -> HarnessBuilder<Option<App>>,
    ) -> Self {
        Self::start(settings, Vec::new(), Files::default(), surroundings, change)
    }

    /// As after a restart: what the file gave and what could not be read of it; changes are saved into the file.
    pub(crate) fn restart(settings: Settings, damage: Vec<Damage>, file: PathBuf) -> Self {
        let files = Files { settings: Some(file), ..Files::default() };
        Self::start(settings, damage, files, Surroundings::system(), |builder| {
            builder.with_size(egui::vec2(1100.0, 760.0))
        })
    }

    /// With a list of past transfers in this file, in English.
    pub(crate) fn remembering(server: ServerTab, client: ClientTab, file: PathBuf) -> Self {
        let files = Files { past_transfers: Some(file), ..Files::default() };
        Self::start(Self::settings(server, client), Vec::new(), files, Surroundings::system(), |builder| {
            builder.with_size(egui::vec2(1100.0, 1000.0)).allow_missing_glyphs()
        })
    }

    /// That finds in this folder what killed programs left.
    pub(crate) fn finding(leftovers: PathBuf, language: LanguageChoice) -> Self {
        let files = Files { leftovers: Some(leftovers), ..Files::default() };
        let settings = Settings { language, ..Self::settings(any_port(), ClientTab::default()) };
        Self::start(settings, Vec::new(), files, Surroundings::system(), |builder| {
            builder.with_size(egui::vec2(1100.0, 760.0))
        })
    }

    fn start(
        settings: Settings,
        damage: Vec<Damage>,
        files: Files,
        surroundings: Surroundings,
        change: impl FnOnce(HarnessBuilder<Option<App>>) -> HarnessBuilder<Option<App>>,
    ) -> Self {
        let (wake, woken) = bounded(1);
        let config = EngineConfig {
            wake: Arc::new(move || {
                // Full means that a wake-up waits already.
                let _ = wake.try_send(());
            }),
            settings: files.settings,
            past_transfers: files.past_transfers.clone(),
            leftovers: files.leftovers,
            ..EngineConfig::new(JournalPlace::Temporary)
        };
        let engine = Engine::start_in(config, surroundings).expect("an engine");
        let app = Rc::new(RefCell::new(None));
        let place = Rc::clone(&app);
        // The test harness sets a theme of its own once the app has set what it was told.
        let theme = if settings.theme == ThemeChoice::Dark { egui::Theme::Dark } else { egui::Theme::Light };
        let mut harness = change(Harness::builder().with_theme(theme))
            .with_step_dt(1.0 / 60.0)
            .with_context_setup(move |ctx| {
                let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
                let (past, lost) =
                    files.past_transfers.map_or_else(Default::default, |path| Engine::load_past_transfers(&path));
                let app = App::new(engine, settings, &damage, ctx).in_zone(zone).remembering(past, &lost);
                *place.borrow_mut() = Some(app);
            })
            .build_ui_state(
                move |ui, state: &mut Option<App>| {
                    let app = match state {
                        Some(app) => app,
                        None => state.insert(app.take().expect("made with the context")),
                    };
                    app.logic(ui.ctx());
                    // The harness leaves a margin, which the real window has not.
                    let whole = ui.ctx().content_rect();
                    ui.scope_builder(egui::UiBuilder::new().max_rect(whole), |ui| {
                        ui.set_clip_rect(whole);
                        app.ui(ui, None);
                    });
                },
                None,
            );
        harness.step();
        Self { harness, woken }
    }

    /// A server on any free port and a client, in English.
    pub(crate) fn english() -> Self {
        Self::open(Self::settings(any_port(), ClientTab::default()))
    }

    /// Tabs that are not the default ones, in English and with room for all that "More" shows.
    pub(crate) fn with_tabs(server: ServerTab, client: ClientTab) -> Self {
        // Boxes for missing glyphs: messages hold characters that the fonts in `assets` lack.
        Self::build(Self::settings(server, client), |builder| {
            builder.with_size(egui::vec2(1100.0, 1000.0)).allow_missing_glyphs()
        })
    }

    fn settings(server: ServerTab, client: ClientTab) -> Settings {
        Settings {
            language: LanguageChoice::English,
            theme: ThemeChoice::Light,
            servers: vec![server],
            clients: vec![client],
            ..Settings::default()
        }
    }

    pub(crate) fn panel<'a>(&'a self, name: &'a str) -> egui_kittest::Node<'a> {
        self.harness.get_by_role_and_label(Role::Group, name)
    }

    /// The control of this name; nothing else in the panel is called so, not even the caption beside it.
    pub(crate) fn control<'a>(&'a self, panel: &'a str, name: &'a str) -> egui_kittest::Node<'a> {
        let found: Vec<_> = self.panel(panel).query_all(By::new().label(name).include_labels()).collect();
        let [control] = found[..] else { panic!("{} things in {panel} are named {name}", found.len()) };
        control
    }

    pub(crate) fn click(&mut self, panel: &str, name: &str) {
        self.control(panel, name).click();
        self.harness.step();
        self.harness.step();
    }

    pub(crate) fn write(&mut self, panel: &str, field: &str, text: &str) {
        // A form is free again a moment after what failed is shown.
        let is_locked = |window: &Self| window.control(panel, field).accesskit_node().is_disabled();
        if is_locked(self) {
            self.until(&format!("{field} takes text"), |window| !is_locked(window));
        }
        self.control(panel, field).focus();
        self.harness.step();
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        // Typing nothing would leave what is selected.
        self.harness.key_press(Key::Backspace);
        self.harness.step();
        self.control(panel, field).type_text(text);
        self.harness.step();
        self.harness.step();
    }

    /// Opens a list and takes one of its entries.
    pub(crate) fn choose(&mut self, panel: &str, list: &str, entry: &str) {
        self.click(panel, list);
        // A list is drawn above everything, not within its panel.
        self.harness.get_by_role_and_label(Role::Button, entry).click();
        self.harness.step();
        self.harness.step();
    }

    /// The text that went to the clipboard, drawing on until one does.
    pub(crate) fn copied(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.harness.step();
            let copied = self.harness.output().platform_output.commands.iter().find_map(|command| match command {
                OutputCommand::CopyText(text) => Some(text.clone()),
                _ => None,
            });
            if let Some(text) = copied {
                return text;
            }
            assert!(Instant::now() < deadline, "nothing was copied");
            let _ = self.woken.recv_timeout(Duration::from_millis(16));
        }
    }

    /// The words of the journal's visible cells, row by row.
    pub(crate) fn journal(&self) -> Vec<Vec<String>> {
        self.harness
            .get_by_role_and_label(Role::Table, "Journal")
            .query_all_by_role(Role::Row)
            .map(|row| row.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label()).collect())
            .collect()
    }

    /// Whether a row of the journal has all of these cells.
    pub(crate) fn has_row(&self, cells: &[&str]) -> bool {
        self.journal().iter().any(|row| cells.iter().all(|cell| row.iter().any(|shown| shown == cell)))
    }

    /// Whether a session's row in the server's panel says this.
    pub(crate) fn has_client(&self, words: &str) -> bool {
        self.panel("Server")
            .query_all_by_role(Role::ListItem)
            .any(|row| row.accesskit_node().label().is_some_and(|label| label.contains(words)))
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.step();
        self.harness.step();
    }

    pub(crate) fn value(&self, panel: &str, field: &str) -> String {
        self.control(panel, field).accesskit_node().value().unwrap_or_default()
    }

    /// Types the path of a file to send, where one is asked for.
    pub(crate) fn type_path(&mut self, panel: &str, path: &str) {
        self.click(panel, "How to send files");
        self.harness.get_by_label("Path of a file").focus();
        self.harness.step();
        self.harness.get_by_label("Path of a file").type_text(path);
        self.harness.step();
    }

    /// Whether a text that contains this is shown in the panel.
    pub(crate) fn shows(&self, panel: &str, text: &str) -> bool {
        self.panel(panel)
            .query_all_by_role(Role::Label)
            .any(|label| label.accesskit_node().value().is_some_and(|value| value.contains(text)))
    }

    /// Draws on whenever the engine has something to tell, until the condition holds.
    pub(crate) fn until(&mut self, what: &str, holds: impl FnMut(&Self) -> bool) {
        self.until_within(PATIENCE, what, holds);
    }

    /// As [`Self::until`], for what takes another program a while.
    pub(crate) fn until_within(&mut self, patience: Duration, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + patience;
        loop {
            self.harness.step();
            if holds(self) {
                return;
            }
            assert!(Instant::now() < deadline, "in vain waited for: {what}");
            // The window draws sixty frames a second while something moves; counters change without an event.
            let _ = self.woken.recv_timeout(Duration::from_millis(16));
        }
    }

    /// Starts the server, connects the client to it, and waits until both know.
    pub(crate) fn connect(&mut self) {
        self.click("Server", "Start listening");
        self.until("listening", |window| window.shows("Server", "Listening on 127.0.0.1:"));
        let port = self.listening_port();
        self.write("Client", "Port", &port);
        self.click("Client", "Connect");
        self.until("connected", |window| window.shows("Client", "Connected · ") && window.shows("Server", "1 client"));
    }

    pub(crate) fn listen(&mut self) {
        self.click("Server", "Start listening");
        self.until("listening", |window| window.shows("Server", "Listening on "));
    }

    /// A peer that is not of this program, connected to the server; its row is there.
    pub(crate) fn peer(&mut self) -> TcpStream {
        let port = self.listening_port().parse::<u16>().expect("a port");
        let peer = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let name = peer.local_addr().expect("an address").to_string();
        self.until("the peer", |window| window.has_client(&name));
        peer
    }

    /// Connects the client to a listener that is not of this program.
    pub(crate) fn connect_to(&mut self, listener: &TcpListener) -> TcpStream {
        let port = listener.local_addr().expect("an address").port();
        self.write("Client", "Port", &port.to_string());
        self.click("Client", "Connect");
        let (peer, _) = listener.accept().expect("a connection");
        peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        self.until("connected", |window| window.shows("Client", "Connected"));
        peer
    }

    pub(crate) fn listening_port(&self) -> String {
        let words = self
            .panel("Server")
            .query_all_by_role(Role::Label)
            .filter_map(|label| label.accesskit_node().value())
            .find_map(|value| {
                value.strip_prefix("Listening on ")?.split_once("127.0.0.1:").map(|(_, port)| port.to_owned())
            })
            .expect("the state line");
        words.chars().take_while(char::is_ascii_digit).collect()
    }
}

/// The same times, peers and kinds of sockets on every machine and in every run.
pub(crate) fn steady_surroundings() -> Surroundings {
    // 2026-09-21 14:13:20 UTC.
    let clock = Clock::in_steps(1_790_000_000_000_000_000, Duration::from_nanos(381_204_567));
    let name_process = |_| PeerProcess { pid: Some(4711), uid: 1000, gid: 1000, name: Some("python3".to_owned()) };
    Surroundings { clock, name_process, probe: |_| None, ..Surroundings::system() }
}

/// A server's tab on any free port.
pub(crate) fn any_port() -> ServerTab {
    ServerTab { port: "0".to_owned(), ..ServerTab::default() }
}

/// A listener that is not of this program.
pub(crate) fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a listener")
}

/// The next bytes that came, as many as asked for.
pub(crate) fn heard(peer: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    peer.read_exact(&mut bytes).expect("the bytes");
    bytes
}
