//! What survives a restart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::color_rule::ColorRule;
use super::failure::Cause;
use super::protocol::Protocol;
use super::transfer::SendMode;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageChoice {
    #[default]
    System,
    English,
    Chinese,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    #[default]
    System,
    Light,
    Dark,
}

/// What "Send" adds at the end of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineEndingChoice {
    #[default]
    None,
    Lf,
    Cr,
    CrLf,
}

/// Where the window stood, in the system's points: those of the window times its zoom.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowPlace {
    /// `None` where the system doesn't tell, as on Wayland; then both are.
    pub x: Option<f32>,
    pub y: Option<f32>,
    pub width: f32,
    pub height: f32,
    pub maximized: bool,
}

/// How one tab composes and shows messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComposerSettings {
    /// `text`, `escapes` or `hex`.
    pub format: String,
    /// A label of `codec::encoding::Encoding`.
    pub encoding: String,
    pub line_ending: LineEndingChoice,
    pub draft: String,
    /// Latest last.
    pub history: Vec<String>,
    pub send_mode: SendMode,
}

impl Default for ComposerSettings {
    fn default() -> Self {
        Self {
            format: "text".to_owned(),
            encoding: "utf-8".to_owned(),
            line_ending: LineEndingChoice::None,
            draft: String::new(),
            history: Vec::new(),
            send_mode: SendMode::Raw,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerTab {
    /// A scheme of [`Protocol`].
    pub protocol: String,
    pub address: String,
    pub port: String,
    /// Options as a query.
    pub options: String,
    /// `nothing`, `echo` or `reply`.
    pub respond: String,
    pub reply: String,
    /// What browsers are shown, `off`, `page`, `file` or `folder`.
    pub browser: String,
    pub page: String,
    /// Path of the file or the folder.
    pub site: String,
    /// `show`, `verified`, `auto`, `tutorial` or `raw`.
    pub receive: String,
    pub folder: String,
    /// As [`super::Admission::ask`].
    pub ask_first: bool,
    /// As [`super::Admission::largest`], as it was typed.
    pub largest_file: String,
    /// As [`super::Admission::most`], as it was typed.
    pub most_files: String,
    /// As [`super::ListenSpec::stay_half_open`].
    pub stay_half_open: bool,
    /// A label of `codec::encoding::Encoding`: how this tab's bytes are shown as text.
    pub shown_as: String,
    /// Whether "More" is open.
    pub more_open: bool,
    pub composer: ComposerSettings,
}

impl Default for ServerTab {
    fn default() -> Self {
        Self {
            protocol: Protocol::Tcp.scheme().to_owned(),
            address: "127.0.0.1".to_owned(),
            port: "9000".to_owned(),
            options: String::new(),
            respond: "nothing".to_owned(),
            reply: String::new(),
            browser: "off".to_owned(),
            page: String::new(),
            site: String::new(),
            receive: "show".to_owned(),
            folder: String::new(),
            ask_first: true,
            largest_file: String::new(),
            most_files: String::new(),
            stay_half_open: false,
            shown_as: "utf-8".to_owned(),
            more_open: false,
            composer: ComposerSettings::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientTab {
    pub protocol: String,
    pub address: String,
    pub port: String,
    pub options: String,
    pub local_host: String,
    pub local_port: String,
    /// Milliseconds.
    pub timeout_ms: u32,
    pub reconnect: bool,
    /// Datagrams: connected or not.
    pub connected: bool,
    /// These five as in [`ServerTab`].
    pub receive: String,
    pub folder: String,
    pub ask_first: bool,
    pub largest_file: String,
    pub most_files: String,
    /// As [`super::ConnectSpec::stay_half_open`].
    pub stay_half_open: bool,
    /// A label of `codec::encoding::Encoding`: how this tab's bytes are shown as text.
    pub shown_as: String,
    /// Whether "More" is open.
    pub more_open: bool,
    pub composer: ComposerSettings,
}

impl Default for ClientTab {
    fn default() -> Self {
        Self {
            protocol: Protocol::Tcp.scheme().to_owned(),
            address: "127.0.0.1".to_owned(),
            port: "9000".to_owned(),
            options: String::new(),
            local_host: String::new(),
            local_port: String::new(),
            timeout_ms: 10_000,
            reconnect: false,
            connected: true,
            receive: "show".to_owned(),
            folder: String::new(),
            ask_first: true,
            largest_file: String::new(),
            most_files: String::new(),
            stay_half_open: false,
            shown_as: "utf-8".to_owned(),
            more_open: false,
            composer: ComposerSettings::default(),
        }
    }
}

/// What the journal's time column shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeMode {
    /// The time of the day.
    #[default]
    Clock,
    /// How long after the journal's first row.
    SinceStart,
    /// How long after the row before.
    SinceLast,
}

/// All settings; a value that can't be read takes its default and is reported as [`Damage`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub language: LanguageChoice,
    pub theme: ThemeChoice,
    /// Points per pixel on top of the system's, 0.5 to 3.
    pub zoom: f32,
    pub window: Option<WindowPlace>,
    pub follow_end: bool,
    pub show_inspector: bool,
    pub times: TimeMode,
    pub show_statistics: bool,
    /// Share of the window's height that the panels take, 0.2 to 0.8.
    pub split: f32,
    /// As [`super::Retention::disk`]; 0 for none.
    pub journal_limit: u64,
    /// As [`super::Retention::snap_length`]; 0 for none.
    pub snap_length: u32,
    /// Paths of journals and captures that were opened, the latest first.
    pub recent: Vec<String>,
    /// In their order: the first that holds counts.
    pub color_rules: Vec<ColorRule>,
    /// Widths in points that were given to columns of the journal, by the column's name; the others fit what they hold.
    pub columns: BTreeMap<String, f32>,
    /// Index in `servers` of the tab in front.
    pub server: usize,
    /// Index in `clients` of the tab in front.
    pub client: usize,
    pub servers: Vec<ServerTab>,
    pub clients: Vec<ClientTab>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: LanguageChoice::System,
            theme: ThemeChoice::System,
            zoom: 1.0,
            window: None,
            follow_end: true,
            show_inspector: true,
            times: TimeMode::Clock,
            show_statistics: false,
            split: 0.5,
            journal_limit: 0,
            snap_length: 0,
            recent: Vec::new(),
            color_rules: Vec::new(),
            columns: BTreeMap::new(),
            servers: vec![ServerTab::default()],
            clients: vec![ClientTab::default()],
            server: 0,
            client: 0,
        }
    }
}

/// What could not be read of a file of the program's own, or not be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A value, or a line: the rest was read.
    Part {
        /// The value's path, `servers.0.port`, or which line, `line 2`.
        key: String,
        /// For who works on the program; faces have no words for it.
        problem: String,
    },
    /// Nothing of the file could be read.
    Whole(Cause),
    /// The damaged file has no copy and its name still: what is written to its path would cost what it holds.
    NotKept(Cause),
}
