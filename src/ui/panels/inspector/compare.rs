//! Two rows side by side, with the bytes marked that differ.

use std::ops::ControlFlow;
use std::sync::Arc;

use egui::{Button, Id, Key, KeyboardShortcut, Label, Modifiers, RichText, Ui, UiBuilder};

use super::copying::{CopyAs, copy, copy_items};
use super::empty;
use crate::codec::compare::{Differences, Search};
use crate::codec::visible::visible;
use crate::i18n;
use crate::model::{Command, Event, PageRow, RowBody};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::hex_view::{HexState, HexView};

/// Bytes that are counted in one frame, and that a jump passes over.
const BUDGET: usize = 1 << 20;

const NEXT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowDown);
const PREVIOUS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowUp);

/// A row that others are compared with.
#[derive(Debug)]
pub(super) struct Comparing {
    base: PageRow,
    payload: Option<Arc<[u8]>>,
    asked: bool,
    /// The row beside it.
    other: Option<u64>,
    differences: Differences,
    /// A jump that is under way.
    search: Option<Search>,
    hex: [HexState; 2],
    /// Where the last jump led to; `None` before the first.
    jumped_to: Option<usize>,
}

impl Comparing {
    /// `payload` where it is at hand; else it is asked for.
    pub(super) fn new(base: PageRow, payload: Option<Arc<[u8]>>) -> Self {
        let whole = || (base.len == base.preview.len() as u64).then(|| base.preview.clone().into());
        Self {
            payload: payload.or_else(whole),
            base,
            asked: false,
            other: None,
            differences: Differences::default(),
            search: None,
            hex: Default::default(),
            jumped_to: None,
        }
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        if let Event::RowLoaded { number, payload } = event
            && *number == self.base.number
        {
            self.payload = Some(Arc::clone(payload));
        }
    }

    /// Asks again for what it lacks, once it is in view.
    pub(super) fn resume(&mut self) {
        self.asked = false;
    }

    /// Draws both; false once it is to end.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow, payload: Option<&Arc<[u8]>>) -> bool {
        if self.payload.is_none() && !std::mem::replace(&mut self.asked, true) {
            cx.act(UiCommand::Engine(Command::LoadRow { number: self.base.number }));
        }
        if self.other != Some(row.number) {
            self.other = Some(row.number);
            self.differences = Differences::default();
            self.search = None;
            self.jumped_to = None;
        }
        let base = self.base.number;
        let has_bytes = matches!(row.body, RowBody::Data { .. });
        let (Some(one), Some(other)) =
            (self.payload.clone(), payload.cloned().filter(|_| base != row.number && has_bytes))
        else {
            let goes_on = self.controls(ui, cx, None, "");
            let (title, advice) = match () {
                () if base == row.number => {
                    (tr!(cx.language, "compare.choose", row = base), tr!(cx.language, "compare.choose_advice"))
                }
                () if !has_bytes => (tr!(cx.language, "inspector.no_bytes"), tr!(cx.language, "compare.choose_advice")),
                () => (tr!(cx.language, "inspector.loading"), "".into()),
            };
            empty(ui, cx, &title, &advice);
            return goes_on;
        };
        let words = self.words(ui, cx, row, &one, &other);
        let goes_on = self.controls(ui, cx, Some((&one, &other)), &words);
        self.go_on(ui, &one, &other);
        self.panes(ui, cx, row, [&one, &other]);
        goes_on
    }

    /// How much differs; counts on as far as one frame may.
    fn words(&mut self, ui: &Ui, cx: &Cx<'_>, row: &PageRow, one: &[u8], other: &[u8]) -> String {
        let language = cx.language;
        let is_counted = self.differences.go_on(one, other, BUDGET);
        let count = i18n::bytes(self.differences.count());
        if self.search.is_some() {
            return tr!(language, "compare.searching").into_owned();
        }
        if !is_counted {
            ui.ctx().request_repaint();
            return tr!(language, "compare.counting", count = count).into_owned();
        }
        if self.are_same(one, other) {
            return tr!(language, "compare.same").into_owned();
        }
        let differ = tr!(language, "compare.differ", count = count);
        let [longer, more] = match one.len().cmp(&other.len()) {
            std::cmp::Ordering::Equal => return differ.into_owned(),
            std::cmp::Ordering::Less => [row.number, (other.len() - one.len()) as u64],
            std::cmp::Ordering::Greater => [self.base.number, (one.len() - other.len()) as u64],
        };
        let longer = tr!(language, "compare.longer", row = longer, count = i18n::bytes(more));
        format!("{differ} · {longer}")
    }

    /// As far as they were counted.
    fn are_same(&self, one: &[u8], other: &[u8]) -> bool {
        self.differences.count() == 0 && one.len() == other.len()
    }

    /// The buttons and what they do; false to end.
    fn controls(&mut self, ui: &mut Ui, cx: &Cx<'_>, both: Option<(&[u8], &[u8])>, words: &str) -> bool {
        let mut goes_on = true;
        ui.horizontal(|ui| {
            for (label, shortcut, is_next) in [
                (tr!(cx.language, "compare.previous"), PREVIOUS, false),
                (tr!(cx.language, "compare.next"), NEXT, true),
            ] {
                let differ = both.is_some_and(|(one, other)| !self.are_same(one, other));
                let keys = ui.ctx().format_shortcut(&shortcut);
                let pressed = ui.add_enabled(differ, Button::new(&*label)).on_hover_text(keys).clicked();
                let is_asked = pressed || ui.input_mut(|input| input.consume_shortcut(&shortcut));
                if is_asked && differ {
                    self.jump(is_next);
                }
            }
            if ui.button(tr!(cx.language, "compare.stop")).clicked() {
                goes_on = false;
            }
            ui.add(Label::new(RichText::new(words).color(cx.tokens.text)).truncate());
        });
        goes_on
    }

    /// Sets out for the next difference or the one before, from where the cursor is; the first time from the beginning.
    fn jump(&mut self, is_next: bool) {
        // Who presses again because it takes long does not want it to begin anew.
        if self.search.is_some_and(|search| search.is_forward() == is_next) {
            return;
        }
        let cursor = self.hex[0].cursor();
        self.search = Some(if is_next {
            // A cursor that nobody has moved has passed nothing over.
            Search::next((self.jumped_to.is_some() || cursor > 0).then_some(cursor))
        } else {
            Search::previous(cursor)
        });
    }

    /// Brings a jump on as far as one frame may.
    fn go_on(&mut self, ui: &Ui, one: &[u8], other: &[u8]) {
        let Some(search) = &mut self.search else { return };
        let outcome = search.go_on(one, other, BUDGET);
        // Its end as well: what is drawn by now speaks of a search.
        ui.ctx().request_repaint();
        let ControlFlow::Break(found) = outcome else { return };
        self.search = None;
        if let Some(at) = found {
            self.jumped_to = Some(at);
            self.hex.iter_mut().for_each(|hex| hex.show_byte(at));
        }
    }

    /// Both payloads, which scroll and are gone through as one.
    fn panes(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow, payloads: [&Arc<[u8]>; 2]) {
        let area = ui.available_rect_before_wrap();
        let gap = cx.tokens.space_large;
        let width = (area.width() - gap) / 2.0;
        let left = area.with_max_x(area.left() + width);
        let right = area.with_min_x(area.right() - width);
        for (side, (row, rect)) in [(&self.base, left), (row, right)].into_iter().enumerate() {
            let (own, other) = (payloads[side], payloads[1 - side]);
            let name = tr!(cx.language, "compare.bytes_of", row = row.number);
            ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
                let size = i18n::bytes(own.len() as u64);
                let title = format!("#{} · {size} · {}", row.number, visible(&row.peer));
                ui.add(
                    Label::new(RichText::new(title.trim_end_matches([' ', '·'])).font(cx.tokens.strong_font()))
                        .truncate(),
                );
                let encoding = cx.sessions.encoding_of(row);
                let view = HexView {
                    id: Id::unique(("compare-hex", side)),
                    name: &name,
                    scroll_name: &tr!(cx.language, "compare.scroll", row = row.number),
                    bytes: own,
                    compared_with: Some(other),
                    before: &row.context,
                    offset: row.stream_offset,
                    encoding,
                };
                let hex = &mut self.hex[side];
                let before = hex.clone();
                let (response, wants_copy) = view.show(ui, cx.tokens, hex);
                if wants_copy {
                    copy(CopyAs::Hex, cx, hex, own, encoding);
                }
                response.context_menu(|ui| copy_items(ui, cx, hex, own, encoding));
                if hex.cursor() != before.cursor() {
                    // Who has gone elsewhere is not taken away from there.
                    self.search = None;
                }
                if *hex != before {
                    self.hex[1 - side] = self.hex[side].clone();
                    ui.ctx().request_repaint();
                }
            });
        }
        ui.advance_cursor_after_rect(area);
    }
}
