//! What the user wants to see of the journal, in the words of the filter's language.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, CompletionPopup, CompletionQuery, Galley, Id, Key, RectAlign, Stroke, Suggestion, TextEdit, Ui};
use jiff::tz::TimeZone;

use crate::i18n::Language;
use crate::model::{Filter, FilterError, Peer};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::theme::Tokens;
use crate::ui::view::Sessions;

/// Suggestions at most: beyond, one more letter helps more than a longer list.
const SUGGESTIONS_MAX: usize = 12;

/// What a word can be. What ends with a colon or a sign is gone on with.
const WORDS: [&str; 17] = [
    "in",
    "out",
    "error",
    "peer:",
    "peer=",
    "session:",
    "text:",
    "hex:",
    "len>",
    "len<",
    "row>",
    "since:",
    "until:",
    "is:marked",
    "and",
    "or",
    "not",
];

#[derive(Debug)]
pub(super) struct FilterField {
    text: String,
    error: Option<FilterError>,
    /// As it was last right.
    parsed: Filter,
    id: Id,
    wants_focus: bool,
    /// In the last frame: who writes elsewhere needs no suggestions, and they take time.
    has_focus: bool,
}

impl FilterField {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            error: None,
            parsed: Filter::default(),
            id: Id::unique("journal-filter"),
            wants_focus: false,
            has_focus: false,
        }
    }

    /// What the text asked for when it was last right.
    pub(super) fn parsed(&self) -> &Filter {
        &self.parsed
    }

    /// What is wrong with the text.
    pub(super) fn error(&self) -> Option<&FilterError> {
        self.error.as_ref()
    }

    /// Takes the keyboard in the next frame.
    pub(super) fn focus(&mut self) {
        self.wants_focus = true;
    }

    pub(super) fn write(&mut self, text: String, zone: &TimeZone) {
        self.text = text;
        self.read(zone);
    }

    fn read(&mut self, zone: &TimeZone) {
        match Filter::parse(&self.text, zone) {
            Ok(filter) => {
                self.parsed = filter;
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }

    pub(super) fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, width: f32) {
        let tokens = cx.tokens;
        let wrong = self.error.as_ref().map(|error| error.at.clone());
        let mut layouter =
            |ui: &Ui, text: &dyn egui::TextBuffer, _: f32| lay_out(ui, text.as_str(), wrong.clone(), tokens);
        let edit = TextEdit::singleline(&mut self.text)
            .hint_text(tr!(cx.language, "journal.filter_hint"))
            .desired_width(width)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(egui::vec2(width, tokens.control_height))
            .layouter(&mut layouter);
        let output = CompletionPopup::new(self.id)
            .align(RectAlign::BOTTOM_START)
            // Enter belongs to those who look for the word as it stands.
            .accept_keys([Key::Tab])
            .word_boundary(|c| c.is_whitespace() || matches!(c, '(' | '!'))
            .show(ui, edit, |query| match self.has_focus {
                true => suggestions(query, cx.language, cx.sessions),
                false => Vec::new(),
            });
        let response = output.text_edit.response.response.accessible_name(tr!(cx.language, "journal.filter"));
        if std::mem::take(&mut self.wants_focus) {
            response.request_focus();
        }
        self.has_focus = response.has_focus();
        if response.changed() || output.accepted.is_some() {
            self.read(cx.zone);
        }
        response.on_hover_ui(|ui| {
            ui.label(tr!(cx.language, "journal.filter_help"));
        });
    }
}

/// How the word at the cursor could go on.
fn suggestions(query: &CompletionQuery<'_>, language: Language, sessions: &Sessions) -> Vec<Suggestion> {
    let before = &query.text[..query.text.char_indices().nth(query.word_range.start.0).map_or(0, |(at, _)| at)];
    // What stands between quotes is nobody's to go on with.
    if query.word.is_empty() || before.matches('"').count() % 2 == 1 {
        return Vec::new();
    }
    let known = match query.word.split_once([':', '=']) {
        Some(("peer", begun)) => peers(sessions, begun),
        Some(("session", begun)) => {
            let numbers = sessions.by_id.keys().map(ToString::to_string);
            numbers.filter(|number| number.starts_with(begun)).map(|number| format!("session:{number}")).collect()
        }
        _ => Vec::new(),
    };
    let known = known.into_iter().filter(|whole| whole != query.word).map(|whole| Suggestion::new(format!("{whole} ")));
    let words = WORDS.into_iter().filter(|word| word.starts_with(query.word) && *word != query.word).map(|word| {
        let is_whole = word.ends_with(|c: char| c.is_ascii_alphabetic());
        let insert = if is_whole { format!("{word} ") } else { word.to_owned() };
        Suggestion::new(insert).content(word).description(explained(language, word))
    });
    known.chain(words).take(SUGGESTIONS_MAX).collect()
}

fn explained(language: Language, word: &str) -> Cow<'static, str> {
    match word {
        "in" => tr!(language, "filter.word.in"),
        "out" => tr!(language, "filter.word.out"),
        "error" => tr!(language, "filter.word.error"),
        "peer:" => tr!(language, "filter.word.peer"),
        "peer=" => tr!(language, "filter.word.peer_whole"),
        "session:" => tr!(language, "filter.word.session"),
        "text:" => tr!(language, "filter.word.text"),
        "hex:" => tr!(language, "filter.word.hex"),
        "since:" => tr!(language, "filter.word.since"),
        "until:" => tr!(language, "filter.word.until"),
        "and" => tr!(language, "filter.word.and"),
        "or" => tr!(language, "filter.word.or"),
        "not" => tr!(language, "filter.word.not"),
        "is:marked" => tr!(language, "filter.word.marked"),
        "row>" => tr!(language, "filter.word.row"),
        _ => tr!(language, "filter.word.len"),
    }
}

/// The peers that there are and begin so, in order, and all of each address's ports.
fn peers(sessions: &Sessions, begun: &str) -> Vec<String> {
    let mut peers = BTreeSet::new();
    for session in sessions.by_id.values() {
        let peer = session.info.peer.to_string();
        if peer.is_empty() || !peer.starts_with(begun) {
            continue;
        }
        if let (Peer::Ip(_), Some((host, port))) = (&session.info.peer, peer.rsplit_once(':'))
            && begun.len() <= peer.len() - port.len()
        {
            peers.insert((format!("{host}:*"), format!("peer:{host}:*")));
        }
        let condition = condition_for(&peer);
        peers.insert((peer, condition));
        if peers.len() > SUGGESTIONS_MAX {
            peers.pop_last();
        }
    }
    peers.into_iter().map(|(_, condition)| condition).collect()
}

/// That a peer is this one.
pub(super) fn condition_for(peer: &str) -> String {
    let is_plain = !peer.contains(|c: char| c.is_whitespace() || matches!(c, '"' | ')'));
    if is_plain {
        format!("peer={peer}")
    } else {
        format!("peer=\"{}\"", peer.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn lay_out(ui: &Ui, text: &str, wrong: Option<std::ops::Range<usize>>, tokens: &Tokens) -> Arc<Galley> {
    let format = |color: Color32, underline: Stroke| TextFormat {
        font_id: tokens.font(),
        color,
        underline,
        ..TextFormat::default()
    };
    let plain = format(tokens.text, Stroke::NONE);
    let wavy = format(tokens.error, Stroke::new(1.5, tokens.error));
    let mut job = LayoutJob { break_on_newline: false, keep_trailing_whitespace: true, ..LayoutJob::default() };
    let wrong = wrong.filter(|at| text.get(at.clone()).is_some());
    let (start, end) = wrong.map_or((text.len(), text.len()), |at| (at.start, at.end));
    for (part, format) in [(&text[..start], &plain), (&text[start..end], &wavy), (&text[end..], &plain)] {
        if !part.is_empty() {
            job.append(part, 0.0, format.clone());
        }
    }
    if text.is_empty() {
        job.append("", 0.0, plain);
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}
