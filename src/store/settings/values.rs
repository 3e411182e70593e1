//! Settings out of a table, value by value against the defaults.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::codec::compose::Format;
use crate::codec::encoding::Encoding;
use crate::model::{ClientTab, ColorRule, ComposerSettings, Damage, Protocol, ServerTab, Settings, WindowPlace};

/// The settings that the table describes; each value that it can't be takes its default and is added to `damage`.
pub(super) fn settings(table: &Table, damage: &mut Vec<Damage>) -> Settings {
    let mut settings = Settings::default();
    let mut section = Section { table, path: String::new(), damage };
    section.take("language", &mut settings.language);
    section.take("theme", &mut settings.theme);
    section.take_within("zoom", &mut settings.zoom, 0.5..=3.0);
    section.inner("window", |window| settings.window = window_place(window));
    section.take("follow_end", &mut settings.follow_end);
    section.take("show_inspector", &mut settings.show_inspector);
    section.take("times", &mut settings.times);
    section.take("show_statistics", &mut settings.show_statistics);
    section.take_within("split", &mut settings.split, 0.2..=0.8);
    section.take("journal_limit", &mut settings.journal_limit);
    section.take("snap_length", &mut settings.snap_length);
    section.inner("columns", |columns| settings.columns = columns.widths());
    section.take_each("color_rules", &mut settings.color_rules, color_rule);
    section.take_list("recent", &mut settings.recent);
    section.take("server", &mut settings.server);
    section.take("client", &mut settings.client);
    section.take_each("servers", &mut settings.servers, server_tab);
    section.take_each("clients", &mut settings.clients, client_tab);
    settings
}

/// Farthest that a window may lie or reach, in points; beyond it the file is wrong, not the desk large.
const PLACE_MAX: f32 = 1e5;

/// The size needs both of its numbers, else the place is none; so does the position, else the system chooses it.
fn window_place(section: &mut Section<'_>) -> Option<WindowPlace> {
    let mut read = |key, range| {
        let mut value = f32::NAN;
        section.take_within(key, &mut value, range);
        Some(value).filter(|value| value.is_finite())
    };
    let position = read("x", -PLACE_MAX..=PLACE_MAX).zip(read("y", -PLACE_MAX..=PLACE_MAX));
    let (width, height) = read("width", 1.0..=PLACE_MAX).zip(read("height", 1.0..=PLACE_MAX))?;
    let mut maximized = false;
    section.take("maximized", &mut maximized);
    Some(WindowPlace { x: position.map(|(x, _)| x), y: position.map(|(_, y)| y), width, height, maximized })
}

/// Address, port, options and the like are kept as they were typed, right or wrong: the form says what is wrong there.
fn server_tab(section: &mut Section<'_>) -> ServerTab {
    let mut tab = ServerTab::default();
    section.take_known("protocol", &mut tab.protocol, is_protocol);
    section.take("address", &mut tab.address);
    section.take("port", &mut tab.port);
    section.take("options", &mut tab.options);
    section.take_known("respond", &mut tab.respond, |text| ["nothing", "echo", "reply"].contains(&text));
    section.take("reply", &mut tab.reply);
    section.take_known("browser", &mut tab.browser, |text| ["off", "page", "file", "folder"].contains(&text));
    section.take("page", &mut tab.page);
    section.take("site", &mut tab.site);
    section.take_known("receive", &mut tab.receive, is_receive_mode);
    section.take("folder", &mut tab.folder);
    section.take("ask_first", &mut tab.ask_first);
    section.take("largest_file", &mut tab.largest_file);
    section.take("most_files", &mut tab.most_files);
    section.take("stay_half_open", &mut tab.stay_half_open);
    section.take_known("shown_as", &mut tab.shown_as, is_encoding);
    section.take("more_open", &mut tab.more_open);
    section.inner("composer", |composer| tab.composer = composer_settings(composer));
    tab
}

fn client_tab(section: &mut Section<'_>) -> ClientTab {
    let mut tab = ClientTab::default();
    section.take_known("protocol", &mut tab.protocol, is_protocol);
    section.take("address", &mut tab.address);
    section.take("port", &mut tab.port);
    section.take("options", &mut tab.options);
    section.take("local_host", &mut tab.local_host);
    section.take("local_port", &mut tab.local_port);
    section.take("timeout_ms", &mut tab.timeout_ms);
    section.take("reconnect", &mut tab.reconnect);
    section.take("connected", &mut tab.connected);
    section.take_known("receive", &mut tab.receive, is_receive_mode);
    section.take("folder", &mut tab.folder);
    section.take("ask_first", &mut tab.ask_first);
    section.take("largest_file", &mut tab.largest_file);
    section.take("most_files", &mut tab.most_files);
    section.take("stay_half_open", &mut tab.stay_half_open);
    section.take_known("shown_as", &mut tab.shown_as, is_encoding);
    section.take("more_open", &mut tab.more_open);
    section.inner("composer", |composer| tab.composer = composer_settings(composer));
    tab
}

fn composer_settings(section: &mut Section<'_>) -> ComposerSettings {
    let mut composer = ComposerSettings::default();
    section.take_known("format", &mut composer.format, |text| Format::from_label(text).is_some());
    section.take_known("encoding", &mut composer.encoding, is_encoding);
    section.take("line_ending", &mut composer.line_ending);
    section.take("draft", &mut composer.draft);
    section.take_list("history", &mut composer.history);
    section.take("send_mode", &mut composer.send_mode);
    composer
}

/// What it looks for is kept as it was typed, right or wrong.
fn color_rule(section: &mut Section<'_>) -> ColorRule {
    let mut rule = ColorRule::default();
    section.take("enabled", &mut rule.enabled);
    section.take("filter", &mut rule.filter);
    section.take("color", &mut rule.color);
    rule
}

fn is_protocol(text: &str) -> bool {
    Protocol::from_scheme(text).is_some()
}

fn is_encoding(text: &str) -> bool {
    Encoding::from_label(text).is_some()
}

fn is_receive_mode(text: &str) -> bool {
    ["show", "verified", "auto", "tutorial", "raw"].contains(&text)
}

/// A table of the file, with its path.
struct Section<'file> {
    table: &'file Table,
    path: String,
    damage: &'file mut Vec<Damage>,
}

impl Section<'_> {
    /// Takes the value if the file has it and it is of the type.
    fn take<T: DeserializeOwned>(&mut self, key: &str, target: &mut T) {
        if let Some(value) = self.read(key) {
            *target = value;
        }
    }

    fn take_within(&mut self, key: &str, target: &mut f32, range: RangeInclusive<f32>) {
        match self.read::<f32>(key) {
            Some(value) if range.contains(&value) => *target = value,
            Some(value) => {
                self.report(key, format!("{value} is not between {} and {}", range.start(), range.end()));
            }
            None => {}
        }
    }

    /// All values of the table that can be a column's width. Which columns there are is for the window to know.
    fn widths(&mut self) -> BTreeMap<String, f32> {
        let mut widths = BTreeMap::new();
        for key in self.table.keys() {
            let mut width = f32::NAN;
            self.take_within(key, &mut width, 1.0..=PLACE_MAX);
            if width.is_finite() {
                widths.insert(key.clone(), width);
            }
        }
        widths
    }

    /// Takes a word out of a closed set.
    fn take_known(&mut self, key: &str, target: &mut String, is_known: impl Fn(&str) -> bool) {
        match self.read::<String>(key) {
            Some(value) if is_known(&value) => *target = value,
            Some(value) => self.report(key, format!("unknown word {value:?}")),
            None => {}
        }
    }

    /// Takes the items of a list that are of the type.
    fn take_list<T: DeserializeOwned>(&mut self, key: &str, target: &mut Vec<T>) {
        let Some(values) = self.list(key) else { return };
        target.clear();
        for (index, value) in values.iter().enumerate() {
            match value.clone().try_into() {
                Ok(value) => target.push(value),
                Err(error) => self.report(&format!("{key}.{index}"), error.message().to_owned()),
            }
        }
    }

    /// Takes the tables of a list of tables.
    fn take_each<T>(&mut self, key: &str, target: &mut Vec<T>, read: impl Fn(&mut Section<'_>) -> T) {
        let Some(values) = self.list(key) else { return };
        target.clear();
        for (index, value) in values.iter().enumerate() {
            let key = format!("{key}.{index}");
            match value {
                Value::Table(table) => {
                    let path = self.join(&key);
                    target.push(read(&mut Section { table, path, damage: &mut *self.damage }));
                }
                other => self.report(&key, format!("a table expected, not {}", other.type_str())),
            }
        }
    }

    /// Reads a table within this one if the file has it.
    fn inner(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>)) {
        match self.table.get(key) {
            Some(Value::Table(table)) => {
                let path = self.join(key);
                read(&mut Section { table, path, damage: &mut *self.damage });
            }
            Some(other) => self.report(key, format!("a table expected, not {}", other.type_str())),
            None => {}
        }
    }

    fn list(&mut self, key: &str) -> Option<Vec<Value>> {
        match self.table.get(key)? {
            Value::Array(values) => Some(values.clone()),
            other => {
                self.report(key, format!("a list expected, not {}", other.type_str()));
                None
            }
        }
    }

    fn read<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        match self.table.get(key)?.clone().try_into() {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(key, error.message().to_owned());
                None
            }
        }
    }

    fn report(&mut self, key: &str, problem: String) {
        let key = self.join(key);
        self.damage.push(Damage::Part { key, problem });
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
