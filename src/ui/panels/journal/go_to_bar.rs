//! Going to a row by its number, to a time, or from one failure or mark to the next.

use egui::{Button, Id, Key, Ui};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::JournalPanel;
use super::hunt::{Aim, Bar};
use super::step::Step;
use crate::model::{Comparison, Condition, Filter, FindRequest, Moment, Operator};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::field::{Field, control_caption};
use crate::ui::widgets::icon::{Icon, icon_button};

/// In points.
const FIELD_WIDTH: f32 = 200.0;

#[derive(Debug, Default)]
pub(super) struct GoToBar {
    text: String,
    /// What was asked for is neither.
    mistaken: bool,
    wants_focus: bool,
}

/// What can be gone to.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    Row(u64),
    /// The first row for which this holds.
    Since(Condition),
}

impl Place {
    /// A row's number as it is shown, or a time as `since:` takes it, with a space before the time of the day or without.
    fn parse(text: &str, zone: &TimeZone) -> Option<Self> {
        let text = text.trim();
        let digits: String = text.trim_start_matches('#').chars().filter(|c| !matches!(c, ',' | ' ')).collect();
        if let Ok(number) = digits.parse() {
            return Some(Self::Row(number));
        }
        let time = text.split_whitespace().collect::<Vec<_>>().join("T");
        match Filter::parse(&format!("since:{time}"), zone).ok()?.condition? {
            since @ Condition::Since(_) => Some(Self::Since(since)),
            _ => None,
        }
    }
}

impl JournalPanel {
    /// Opens the bar for going to a row or a time, with the keyboard in it from the next frame on.
    pub fn open_go_to(&mut self) {
        self.bar = Some(Bar::GoTo);
        self.go_to_bar.wants_focus = true;
    }

    pub(super) fn show_go_to_bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (language, tokens) = (cx.language, cx.tokens);
        ui.horizontal(|ui| {
            let name = tr!(language, "go_to.name");
            control_caption(ui, tokens.font(), tokens.text_muted, &name);
            let bar = &mut self.go_to_bar;
            let field = Field {
                id: Id::unique("journal-go-to"),
                label: &name,
                hint: &tr!(language, "go_to.hint"),
                width: FIELD_WIDTH,
                mistaken: bar.mistaken,
            };
            let response = field.show(ui, tokens, &mut bar.text).on_hover_text(tr!(language, "go_to.help"));
            if response.changed() {
                bar.mistaken = false;
                self.hunt.outcome = None;
            }
            if std::mem::take(&mut self.go_to_bar.wants_focus) {
                response.request_focus();
            }
            let pressed = |key| response.lost_focus() && ui.input(|input| input.key_pressed(key));
            let (enter, mut closes) = (pressed(Key::Enter), pressed(Key::Escape));
            if ui.add(Button::new(tr!(language, "go_to.go"))).clicked() || enter {
                self.go(cx);
                response.request_focus();
            }
            for step in [Step::PreviousError, Step::NextError, Step::PreviousMark, Step::NextMark] {
                let shortcut = ui.ctx().format_shortcut(&step.shortcut());
                if ui.add(Button::new(step.label(language))).on_hover_text(shortcut).clicked() {
                    cx.act(UiCommand::Step(step));
                }
            }
            let label = tr!(language, "find.close");
            closes |= icon_button(ui, tokens, Icon::Close, &label, &label).clicked();
            if self.go_to_bar.mistaken {
                let words = egui::RichText::new(tr!(language, "go_to.help")).color(tokens.error);
                ui.add(egui::Label::new(words).truncate());
            } else {
                self.show_hunt(ui, cx);
            }
            if closes {
                self.close_bar(ui);
            }
        });
    }

    fn go(&mut self, cx: &mut Cx<'_>) {
        let place = Place::parse(&self.go_to_bar.text, cx.zone);
        self.go_to_bar.mistaken = place.is_none() && !self.go_to_bar.text.trim().is_empty();
        let command = match place {
            // From the row before it on: the ones before that need no look.
            Some(Place::Row(number)) => {
                let request = FindRequest { from: number.checked_sub(1), ..self.request() };
                self.hunt_for(Aim::Row(number), request)
            }
            Some(Place::Since(condition)) => {
                let request = self.since(condition);
                self.hunt_for(Aim::Time, request)
            }
            None => return,
        };
        cx.act(UiCommand::Engine(command));
    }

    /// A time of the day is the next one after the chosen row and, where no later row is that late, the first one from the
    /// journal's first row on.
    fn since(&self, place: Condition) -> FindRequest {
        let first = |condition| FindRequest { condition, ..self.request() };
        let Condition::Since(Moment::Daily { time, zone }) = &place else { return first(place) };
        let from = |ns| next_at(*time, zone, ns).map(|ns| Condition::Since(Moment::At(ns)));
        let began_ns = self.pages.page().and_then(|page| page.began_ns);
        let Some(earliest) = began_ns.and_then(from) else { return first(place) };
        let Some(chosen) = &self.chosen else { return first(earliest) };
        // By number, for rows are not in the order of their times where a clock was set back or several threads looked at it.
        let so_far = Condition::Row(Comparison { operator: Operator::AtMost, value: chosen.number });
        let again = Condition::All(vec![earliest, so_far]);
        let next = from(chosen.stamp.wall_ns.saturating_add(1));
        let condition = Condition::Any(next.into_iter().chain([again]).collect());
        FindRequest { condition, from: Some(chosen.number), wraps: true, ..self.request() }
    }
}

/// The first moment at which it is this time of the day, from another on, both in nanoseconds since 1970; `None`
/// behind all times.
fn next_at(time: Time, zone: &TimeZone, from_ns: i64) -> Option<i64> {
    let day = Timestamp::from_nanosecond(from_ns.into()).ok()?.to_zoned(zone.clone()).date();
    // Where clocks go back, an hour is there twice.
    let at = |day: Date| {
        let moments = zone.to_ambiguous_zoned(day.to_datetime(time));
        [moments.clone().compatible(), moments.later()]
            .map(|zoned| zoned.ok()?.timestamp().as_nanosecond().try_into().ok())
    };
    [Some(day), day.tomorrow().ok()].into_iter().flatten().flat_map(at).flatten().find(|ns| *ns >= from_ns)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::i18n;
    use crate::model::{Page, PageRow, Settings, Stamp};

    #[test]
    fn numbers_and_times_are_told_apart() {
        let parse = |text| Place::parse(text, &TimeZone::UTC);
        for text in ["1234567", "1,234,567", "#1234567", " 1 234 567 "] {
            assert_eq!(parse(text), Some(Place::Row(1_234_567)), "{text}");
        }
        let since = |text: &str| Filter::parse(&format!("since:{text}"), &TimeZone::UTC).unwrap().condition.unwrap();
        assert_eq!(parse("10:21"), Some(Place::Since(since("10:21"))));
        assert_eq!(parse("2026-11-23 10:21"), Some(Place::Since(since("2026-11-23T10:21"))));
        for text in ["", "soon", "10:21 or in", "-3", "1.5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    const S: i64 = 1_000_000_000;
    const H: i64 = 3600 * S;
    /// Midnight in UTC.
    const DAY: i64 = 1_790_035_200 * S;

    #[test]
    fn a_time_of_the_day_is_the_next_one_over_midnight_too() {
        let ten_past = Time::constant(10, 10, 0, 0);
        let next = |from| next_at(ten_past, &TimeZone::UTC, from);
        let at = DAY + 10 * H + 600 * S;
        assert_eq!([DAY, at, at + 1, DAY + 23 * H].map(next), [at, at, at + 24 * H, at + 24 * H].map(Some));
        // An hour of that night was there twice: half past two is half an hour before three, and again after it.
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let back = 1_792_890_000 * S;
        assert_eq!(next_at(Time::constant(3, 0, 0, 0), &zone, back - 2 * H), Some(back + H));
        let half_past = |from| next_at(Time::constant(2, 30, 0, 0), &zone, from).map(|ns| ns - back);
        assert_eq!([back - H, back, back + H].map(half_past), [-H / 2, H / 2, 24 * H + H / 2].map(Some));
        // And one in spring that never was.
        let gap = 1_774_746_000 * S;
        assert_eq!(next_at(Time::constant(2, 30, 0, 0), &zone, gap - H), Some(gap + H / 2));
        assert_eq!(next_at(ten_past, &TimeZone::UTC, i64::MAX), None);
    }

    /// With a journal that began at 22:00 and a row chosen so much later.
    fn asked(text: &str, chosen: Option<i64>) -> FindRequest {
        let mut panel = JournalPanel::new(&Settings::default());
        let page = Page { began_ns: Some(DAY + 22 * H), complete: true, ..Page::default() };
        panel.pages.take(Arc::new(page), &Filter::default());
        panel.chosen = chosen.map(|later| {
            let row = PageRow::made_up(7);
            PageRow { stamp: Stamp { wall_ns: DAY + 22 * H + later, ..row.stamp }, ..row }
        });
        let Some(Place::Since(since)) = Place::parse(text, &TimeZone::UTC) else { panic!("{text} is a time") };
        panel.since(since)
    }

    #[test]
    fn a_time_before_the_beginning_is_of_the_next_day() {
        let since = |hours: i64| Condition::Since(Moment::At(DAY + hours * H));
        assert_eq!((asked("10:00", None).condition, asked("23:00", None).condition), (since(34), since(23)));
        let FindRequest { condition, from, wraps, .. } = asked("10:00", Some(13 * H));
        let so_far = Condition::Row(Comparison { operator: Operator::AtMost, value: 7 });
        let again = Condition::All(vec![since(34), so_far]);
        assert_eq!((condition, from, wraps), (Condition::Any(vec![since(58), again.clone()]), Some(7), true));
        let there = asked("10:00", Some(12 * H));
        assert_eq!(there.condition, Condition::Any(vec![since(58), again]), "after the one that is chosen");
        let dated = asked("2026-11-23 10:21", Some(H));
        assert_eq!((dated.from, dated.wraps), (None, false), "of one day there is one alone");
    }

    proptest! {
        #[test]
        fn a_row_is_found_by_its_number_as_it_is_shown(number: u64, hash in "#?", space in " ?") {
            let row = Some(Place::Row(number));
            for shown in [number.to_string(), i18n::grouped(number)] {
                prop_assert_eq!(Place::parse(&format!("{space}{hash}{shown}{space}"), &TimeZone::UTC), row.clone());
            }
        }

        #[test]
        fn a_time_is_found_with_a_space_or_a_letter_between(
            (year, month, day) in (1970..2200, 1..=12, 1..=28),
            (hour, minute, second) in (0..24, 0..60, 0..60),
            space in "T| {1,3}",
        ) {
            let (day, time) =
                (format!("{year}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
            let filter = Filter::parse(&format!("since:{day}T{time}"), &TimeZone::UTC).unwrap();
            let place = Place::parse(&format!("{day}{space}{time}"), &TimeZone::UTC);
            prop_assert_eq!(place, filter.condition.map(Place::Since));
        }

        #[test]
        fn any_text_is_a_row_a_time_or_refused(text: String, time in "[0-9#,:T. or()\"-]{0,24}") {
            for text in [text, time] {
                let _ = Place::parse(&text, &TimeZone::UTC);
            }
        }
    }
}
