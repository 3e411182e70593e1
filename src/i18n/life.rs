use std::borrow::Cow;

use super::Language;
use super::option::named_value;
use crate::model::{CloseReason, Life, Outcome, PeerProcess};
use crate::tr;

/// An event of a connection's life, as the journal shows it.
#[must_use]
pub fn life(language: Language, life: &Life) -> String {
    match life {
        Life::Listening { endpoint } => tr!(language, "life.listening", endpoint = endpoint),
        Life::StoppedListening { endpoint } => tr!(language, "life.stopped_listening", endpoint = endpoint),
        Life::Connecting { endpoint } => tr!(language, "life.connecting", endpoint = endpoint),
        Life::Accepted { local, process, .. } => {
            let words = tr!(language, "life.accepted", local = local);
            return with_process(language, words, process.as_ref());
        }
        Life::Connected { local, process, .. } => {
            // A Unix socket that connects has no name.
            let words = if local.is_empty() {
                tr!(language, "life.connected_unnamed")
            } else {
                tr!(language, "life.connected", local = local)
            };
            return with_process(language, words, process.as_ref());
        }
        Life::Opened { local, .. } => tr!(language, "life.opened", local = local),
        Life::PeerFinished => tr!(language, "life.peer_finished"),
        Life::FinishedSending => tr!(language, "life.finished_sending"),
        Life::OptionSet { option, asked, answer } => {
            return option_answer(language, option, asked, answer.as_deref());
        }
        Life::Joined { group } => tr!(language, "life.joined", group = group),
        Life::Left { group } => tr!(language, "life.left", group = group),
        Life::Closed { reason } => tr!(language, "life.closed", reason = close_reason(language, *reason)),
    }
    .into_owned()
}

/// What the kernel made of an option. All three are as in queries.
#[must_use]
pub fn option_answer(language: Language, option: &str, asked: &str, answer: Option<&str>) -> String {
    let is_as_asked = answer == Some(asked);
    let asked = named_value(language, option, asked);
    match answer.map(|answer| named_value(language, option, answer)) {
        None => tr!(language, "option.asked", option = option, asked = asked),
        Some(_) if is_as_asked => tr!(language, "option.as_asked", option = option, asked = asked),
        Some(answer) => tr!(language, "option.answered", option = option, asked = asked, answer = answer),
    }
    .into_owned()
}

fn with_process(language: Language, words: Cow<'static, str>, process: Option<&PeerProcess>) -> String {
    match process {
        Some(process) => format!("{words} · {}", super::process(language, process)),
        None => words.into_owned(),
    }
}

/// Why a session ended.
#[must_use]
pub fn close_reason(language: Language, reason: CloseReason) -> String {
    match reason {
        CloseReason::Eof => tr!(language, "close.eof"),
        CloseReason::Local => tr!(language, "close.local"),
        CloseReason::LocalReset => tr!(language, "close.local_reset"),
        CloseReason::Reset => tr!(language, "close.reset"),
        CloseReason::Error => tr!(language, "close.error"),
        CloseReason::Stopped => tr!(language, "close.stopped"),
        CloseReason::Evicted => tr!(language, "close.evicted"),
    }
    .into_owned()
}

/// How a file ended. The words claim what is known and no more.
#[must_use]
pub fn outcome(language: Language, outcome: Outcome) -> String {
    match outcome {
        Outcome::Verified => tr!(language, "outcome.verified"),
        Outcome::Unverified => tr!(language, "outcome.unverified"),
        Outcome::Incomplete => tr!(language, "outcome.incomplete"),
        Outcome::Refused => tr!(language, "outcome.refused"),
        Outcome::HandedOver => tr!(language, "outcome.handed_over"),
    }
    .into_owned()
}
