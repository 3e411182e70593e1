//! What the journal's time column shows.

use std::borrow::Cow;

use egui::{Popup, Response};
use jiff::tz::TimeZone;

use super::columns::Column;
use super::row_text::{delta, time};
use super::{JournalPanel, TableOutput};
use crate::i18n::Language;
use crate::model::{PageRow, TimeMode};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;

/// In the order that menus list them.
pub const TIME_MODES: [TimeMode; 3] = [TimeMode::Clock, TimeMode::SinceStart, TimeMode::SinceLast];

/// What times are told by.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Times {
    pub(super) mode: TimeMode,
    pub(super) zone: TimeZone,
    /// The wall clock at the journal's first row, in nanoseconds since 1970.
    pub(super) began_ns: Option<i64>,
}

impl Times {
    pub(super) fn words(&self, row: &PageRow) -> String {
        match self.mode {
            TimeMode::Clock => time(row.stamp.wall_ns, &self.zone),
            TimeMode::SinceStart => self.began_ns.map(|began| since(row.stamp.wall_ns, began)).unwrap_or_default(),
            TimeMode::SinceLast => row.delta_ns.map(delta).unwrap_or_default(),
        }
    }
}

/// Seconds with microseconds, cut and not rounded; negative where the clock was set back meanwhile.
fn since(ns: i64, began_ns: i64) -> String {
    let micros = (i128::from(ns) - i128::from(began_ns)) / 1000;
    let sign = if micros < 0 { "−" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// The name in menus.
#[must_use]
pub fn time_mode_label(mode: TimeMode, language: Language) -> Cow<'static, str> {
    match mode {
        TimeMode::Clock => tr!(language, "times.clock"),
        TimeMode::SinceStart => tr!(language, "times.since_start"),
        TimeMode::SinceLast => tr!(language, "times.since_last"),
    }
}

impl JournalPanel {
    /// Chooses what the time column shows.
    pub fn show_times(&mut self, mode: TimeMode) {
        self.times = mode;
    }

    pub(super) fn times_in(&self, cx: &Cx<'_>) -> Times {
        // Others don't change with it.
        let page = self.pages.page().filter(|_| self.times == TimeMode::SinceStart);
        let began_ns = page.and_then(|page| page.began_ns);
        Times { mode: self.times, zone: cx.zone.clone(), began_ns }
    }

    /// The menu of the time column's heading.
    pub(super) fn show_time_menu(&self, output: &TableOutput, cx: &mut Cx<'_>) {
        let is_time = |(column, _): &&(usize, Response)| self.columns.get(*column) == Some(&Column::Time);
        let Some((_, heading)) = output.menus.iter().find(is_time) else { return };
        Popup::menu(heading).show(|ui| {
            for mode in TIME_MODES {
                if ui.radio(mode == self.times, time_mode_label(mode, cx.language)).clicked() {
                    cx.act(UiCommand::ShowTimes(mode));
                    ui.close();
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_since_the_start_is_in_seconds_both_ways() {
        let began = 1_790_000_000_000_000_000;
        for (ns, text) in
            [(0, "0.000000"), (1_999, "0.000001"), (3_723_000_456_000, "3723.000456"), (-1_500_000, "−0.001500")]
        {
            assert_eq!(since(began + ns, began), text);
        }
        assert_eq!(since(i64::MIN, i64::MAX), "−18446744073.709551");
    }
}
