use egui::{Id, Label, Rect, RichText, Sense, Shape, Stroke, Ui, UiBuilder, pos2, vec2};

use super::button::{Weight, button};
use super::icon::{self, Icon, icon_button};
use super::split_row::split_row;
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Command, Direction, Outcome, Permission, Purpose, Role, SessionInfo, TransferEnd, TransferId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{TransferView, Transfers};
use crate::ui::theme::Tokens;
use crate::ui::view::Sessions;

/// Points that a plot of the rate takes, and those that have to be left for it and the name.
const PLOT_WIDTH: f32 = 48.0;
const ROOM_FOR_A_PLOT: f32 = 260.0;

/// Points that the arrow for the direction takes.
const ARROW_WIDTH: f32 = 14.0;

/// Points that have to be left for a bar of full length and the name.
const ROOM_FOR_A_LONG_BAR: f32 = 180.0;

/// The files of a tab: name, progress, rate, time left, pause, cancel; how each ended.
pub fn transfer_rows(ui: &mut Ui, cx: &mut Cx<'_>, transfers: &mut Transfers) {
    // Who waits for a word comes first.
    let mut split = transfers.split;
    for asks in [true, false] {
        for transfer in transfers.rows().iter().rev().filter(|transfer| transfer.asks == asks) {
            transfer_row(ui, cx, transfer, &mut split);
        }
    }
    transfers.split = split;
    let queue = transfers.rows().last().map(|row| row.info.socket).filter(|_| has_queue(cx.sessions, transfers));
    if queue.is_none() && !transfers.any_ended() {
        return;
    }
    let height = ui.spacing().interact_size.y;
    ui.spacing_mut().interact_size.y = 0.0;
    ui.horizontal(|ui| {
        let small = |ui: &mut Ui, words| {
            let words = RichText::new(words).font(cx.tokens.small_font()).color(cx.tokens.text_muted);
            ui.add(egui::Button::new(words).small().frame(false)).clicked()
        };
        if let Some(socket) = queue
            && small(ui, tr!(cx.language, "transfer.cancel_all"))
        {
            cx.act(UiCommand::Engine(Command::CancelTransfers { socket }));
        }
        if transfers.any_ended() && small(ui, tr!(cx.language, "transfer.forget")) {
            transfers.forget_ended();
        }
    });
    ui.spacing_mut().interact_size.y = height;
}

/// Whether there may be more to cancel than one file.
fn has_queue(sessions: &Sessions, transfers: &Transfers) -> bool {
    let under_way = transfers.rows().iter().filter(|row| row.end.is_none()).count();
    // Who connects to send files leaves when the queue is empty.
    let is_queue = |info: &SessionInfo| match info.purpose {
        Purpose::Talk => false,
        Purpose::SendsFiles => info.role == Role::Client,
        Purpose::ReceivesFiles => info.role == Role::Server,
    };
    let latest = transfers.rows().last().and_then(|row| sessions.by_id.get(&row.info.session));
    under_way > 1 || latest.is_some_and(|session| session.open && is_queue(&session.info))
}

fn transfer_row(ui: &mut Ui, cx: &mut Cx<'_>, transfer: &TransferView, split: &mut Option<(TransferId, usize)>) {
    let tokens = cx.tokens;
    // The name may be the peer's, who may write into it what it likes.
    let name = visible(&transfer.info.name);
    let (picture, colour) = match transfer.info.direction {
        Direction::In => (Icon::ArrowDown, tokens.incoming),
        Direction::Out => (Icon::ArrowUp, tokens.outgoing),
    };
    ui.horizontal(|ui| {
        ui.set_min_height(tokens.row_height);
        let (rect, _) = ui.allocate_exact_size(vec2(ARROW_WIDTH, tokens.row_height), Sense::hover());
        icon::paint(ui.painter(), rect, picture, colour);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            match &transfer.end {
                Some(end) => ended(ui, cx, transfer, end, &name, split),
                None => under_way(ui, cx, transfer, &name),
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let name = Label::new(RichText::new(name.as_str()).color(tokens.text)).truncate();
                let path = transfer.end.as_ref().map_or(&transfer.info.path, |end| &end.path);
                ui.add(name).on_hover_text(visible(&path.display().to_string()));
            });
        });
    });
    if transfer.asks {
        below(ui, |ui| question(ui, cx, transfer));
    }
    if let Some((_, at)) = split.filter(|(of, _)| *of == transfer.info.id)
        && let Some(end) = &transfer.end
        && let Some(head) = &end.head
    {
        let mut at = at;
        // What comes and goes above must not take the keyboard away from it.
        let builder = UiBuilder::new().scope_id(Id::unique(("split", transfer.info.id.0)));
        let stays =
            ui.scope_builder(builder, |ui| below(ui, |ui| split_row(ui, cx, transfer, end, head, &mut at))).inner;
        *split = stays.then_some((transfer.info.id, at));
    }
    if let Some(failure) = transfer.end.as_ref().and_then(|end| end.failure.as_ref()) {
        below(ui, |ui| {
            super::field::mistake(ui, tokens, &i18n::failure(cx.language, failure));
            if let Some(hint) = i18n::hint(cx.language, failure) {
                super::field::caption(ui, tokens, &hint);
            }
        });
    }
}

/// Below the name, not below its arrow.
fn below<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let shown = ui.horizontal(|ui| {
        ui.add_space(ARROW_WIDTH + ui.spacing().item_spacing.x);
        ui.vertical(content).inner
    });
    shown.inner
}

/// Whether another machine's file is to be taken.
fn question(ui: &mut Ui, cx: &mut Cx<'_>, transfer: &TransferView) {
    let (tokens, language) = (cx.tokens, cx.language);
    let peer = visible(&transfer.info.peer);
    let words = match transfer.info.size {
        Some(size) => tr!(language, "transfer.asks", peer = peer, size = i18n::byte_size(size)),
        None => tr!(language, "transfer.asks.unsized", peer = peer),
    };
    super::field::remark(ui, tokens, &words);
    ui.horizontal_wrapped(|ui| {
        for (weight, permission, label, width) in [
            (Weight::Primary, Permission::Accept, tr!(language, "transfer.accept"), 76.0),
            (Weight::Plain, Permission::AcceptAll, tr!(language, "transfer.accept_all"), 168.0),
            (Weight::Plain, Permission::Decline, tr!(language, "transfer.decline"), 76.0),
        ] {
            if button(ui, tokens, weight, &label, width, None).clicked() {
                let transfer = transfer.info.id;
                cx.act(UiCommand::Engine(Command::AnswerTransfer { transfer, permission }));
            }
        }
    });
}

fn under_way(ui: &mut Ui, cx: &mut Cx<'_>, transfer: &TransferView, name: &str) {
    let (tokens, language, id) = (cx.tokens, cx.language, transfer.info.id);
    let label = tr!(language, "transfer.cancel", name = name);
    if icon_button(ui, tokens, Icon::Close, &label, &label).clicked() {
        cx.act(UiCommand::Engine(Command::CancelTransfer { transfer: id }));
    }
    if transfer.asks {
        return;
    }
    pause(ui, cx, id, transfer.paused, name);
    let small = |words: String| RichText::new(words).font(tokens.small_font()).color(tokens.text_muted);
    let Some(progress) = transfer.progress else {
        ui.label(small(tr!(language, "transfer.starting").into_owned()));
        return;
    };
    if transfer.paused {
        ui.label(small(tr!(language, "transfer.paused").into_owned()));
    } else {
        let mut words = i18n::pace(language, &progress);
        if let Some(left) = progress.left() {
            let left = i18n::duration(language, left);
            words = tr!(language, "transfer.rate_and_left", rate = words, left = left).into_owned();
        }
        ui.label(small(words));
    }
    if ui.available_width() > ROOM_FOR_A_PLOT {
        plot(ui, tokens, language, transfer);
    }
    let Some(size) = progress.size else {
        ui.label(small(i18n::byte_size(progress.done)));
        return;
    };
    let fraction = if size == 0 { 1.0 } else { progress.done as f64 / size as f64 };
    let (done, size) = (i18n::byte_size(progress.done), i18n::byte_size(size));
    ui.label(small(tr!(language, "transfer.amount", done = done, size = size).into_owned()));
    bar(ui, tokens, fraction as f32, name);
}

fn pause(ui: &mut Ui, cx: &mut Cx<'_>, transfer: TransferId, paused: bool, name: &str) {
    let (picture, label) = match paused {
        false => (Icon::Pause, tr!(cx.language, "transfer.pause", name = name)),
        true => (Icon::Play, tr!(cx.language, "transfer.resume", name = name)),
    };
    if icon_button(ui, cx.tokens, picture, &label, &label).clicked() {
        cx.act(UiCommand::Engine(Command::PauseTransfer { transfer, paused: !paused }));
    }
}

/// The rate over the last seconds, against its highest.
fn plot(ui: &mut Ui, tokens: &Tokens, language: Language, transfer: &TransferView) {
    let highest = transfer.rates.iter().copied().max().unwrap_or(0);
    if transfer.rates.len() < 2 || highest == 0 {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(PLOT_WIDTH, tokens.row_height), Sense::hover());
    let words = tr!(language, "transfer.plot", rate = i18n::rate(language, highest));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &*words));
    let field = rect.shrink2(vec2(0.0, 4.0));
    let step = field.width() / (transfer.rates.len() - 1) as f32;
    let points = transfer.rates.iter().enumerate().map(|(index, rate)| {
        let share = (*rate as f64 / highest as f64) as f32;
        pos2(field.left() + index as f32 * step, field.bottom() - share * field.height())
    });
    ui.painter().line_segment([field.left_bottom(), field.right_bottom()], Stroke::new(1.0, tokens.outline));
    ui.painter().add(Shape::line(points.collect(), Stroke::new(1.25, tokens.accent)));
    response.on_hover_text(words);
}

fn bar(ui: &mut Ui, tokens: &Tokens, fraction: f32, name: &str) {
    let width = if ui.available_width() > ROOM_FOR_A_LONG_BAR { 84.0 } else { 36.0 };
    let (rect, response) = ui.allocate_exact_size(vec2(width, tokens.row_height), Sense::hover());
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, name);
        info.value = Some(f64::from(fraction) * 100.0);
        info
    });
    response.on_hover_text(format!("{:.0} %", (fraction * 100.0).floor()));
    let rail = Rect::from_center_size(rect.center(), vec2(rect.width(), 5.0));
    ui.painter().rect_filled(rail, 2.5, tokens.outline);
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * fraction.clamp(0.0, 1.0), rail.height()));
    ui.painter().rect_filled(done, 2.5, tokens.accent);
}

fn ended(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    transfer: &TransferView,
    end: &TransferEnd,
    name: &str,
    split: &mut Option<(TransferId, usize)>,
) {
    let (tokens, language) = (cx.tokens, cx.language);
    let folder =
        end.path.parent().filter(|_| transfer.info.direction == Direction::In && end.outcome != Outcome::Refused);
    if let Some(folder) = folder {
        let label = tr!(language, "transfer.open_folder", name = name);
        if icon_button(ui, tokens, Icon::Folder, &label, &label).clicked() {
            let (socket, path) = (Some(transfer.info.socket), folder.to_owned());
            cx.act(UiCommand::Engine(Command::OpenFolder { socket, path }));
        }
    }
    if let Some(hash) = end.hash {
        let hash = blake3::Hash::from(hash).to_hex();
        let label = tr!(language, "transfer.copy_hash", name = name);
        if icon_button(ui, tokens, Icon::Copy, &label, &format!("{label}\n{hash}")).clicked() {
            cx.act(UiCommand::CopyText(hash.to_string()));
        }
    }
    if let Some(head) = &end.head {
        let label = tr!(language, "split.open", name = name);
        if icon_button(ui, tokens, Icon::Split, &label, &label).clicked() {
            let opens = split.is_none_or(|(of, _)| of != transfer.info.id);
            *split = opens.then(|| (transfer.info.id, head.name_like()));
        }
    }
    let outcome = RichText::new(i18n::outcome(language, end.outcome)).font(tokens.small_font());
    ui.label(outcome.color(tokens.of_outcome(end.outcome)));
    let size = RichText::new(i18n::byte_size(end.size)).font(tokens.small_font()).color(tokens.text_muted);
    ui.label(size).on_hover_text(i18n::bytes(end.size));
}
