use std::time::Duration;

use super::Language;
use crate::codec::visible::visible;
use crate::codec::websocket::close_meaning;
use crate::model::{Direction, Exchange, Notice, ReceivedDescriptor};
use crate::tr;

/// What a user should know and need not act on.
#[must_use]
pub fn notice(language: Language, notice: &Notice) -> String {
    match notice {
        Notice::AcceptingPaused => tr!(language, "notice.accepting_paused"),
        Notice::AcceptingResumed => tr!(language, "notice.accepting_resumed"),
        Notice::Dropped { datagrams } => tr!(language, "notice.dropped", datagrams = datagrams),
        Notice::Truncated { kept } => tr!(language, "notice.truncated", kept = super::bytes(*kept)),
        Notice::NotCaptured { direction: Direction::In, bytes } => {
            tr!(language, "notice.not_captured_in", bytes = super::bytes(*bytes))
        }
        Notice::NotCaptured { direction: Direction::Out, bytes } => {
            tr!(language, "notice.not_captured_out", bytes = super::bytes(*bytes))
        }
        Notice::NameAndContentTogether => tr!(language, "notice.name_and_content_together"),
        Notice::NameChanged { from, to } => {
            tr!(language, "notice.name_changed", from = visible(from), to = visible(to))
        }
        Notice::SplitMoved { path, size } => {
            tr!(language, "notice.split_moved", path = visible(path), size = super::byte_size(*size))
        }
        Notice::OffersRefused => tr!(language, "notice.offers_refused"),
        Notice::PeerLeftUnread => tr!(language, "notice.peer_left_unread"),
        Notice::PeerReadToEnd => tr!(language, "notice.peer_read_to_end"),
        Notice::LongForTutorial { size } => tr!(language, "notice.long_for_tutorial", size = super::byte_size(*size)),
        Notice::RecordingPaused { missed } => tr!(language, "notice.recording_paused", missed = missed),
        Notice::RecordingResumed { missed } => tr!(language, "notice.recording_resumed", missed = missed),
        Notice::HeldUp { milliseconds } => {
            tr!(language, "notice.held_up", time = super::short_span(Duration::from_millis(*milliseconds)))
        }
        Notice::JournalStaysLong { bytes } => {
            tr!(language, "notice.journal_stays_long", size = super::byte_size(*bytes))
        }
        // A request that could not be read has neither.
        Notice::Answered(Exchange { method, status, bytes, .. }) if method.is_empty() => {
            tr!(language, "notice.answered_unreadable", status = status, bytes = super::bytes(*bytes))
        }
        Notice::Answered(Exchange { method, target, status: 101, .. }) => {
            tr!(language, "notice.web_socket_opened", method = visible(method), target = visible(target))
        }
        Notice::Answered(Exchange { method, target, status, bytes }) => {
            let (method, target, bytes) = (visible(method), visible(target), super::bytes(*bytes));
            tr!(language, "notice.answered", method = method, target = target, status = status, bytes = bytes)
        }
        Notice::WebSocketClosed { code, reason, by_peer } => {
            let meaning = close_meaning(*code).unwrap_or_default();
            let (code, reason) = (format!("{code} {meaning}"), visible(reason));
            let code = format!("{} {reason}", code.trim_end());
            let code = code.trim_end();
            if *by_peer {
                tr!(language, "notice.web_socket_closed_by_peer", code = code)
            } else {
                tr!(language, "notice.web_socket_closed", code = code)
            }
        }
        Notice::WaitingForAddress { owner: Some(owner), .. } => {
            tr!(language, "notice.waiting_for_address.held", name = visible(&owner.name), pid = owner.pid)
        }
        Notice::WaitingForAddress { seconds: Some(seconds), .. } => {
            tr!(language, "notice.waiting_for_address.kept", seconds = seconds)
        }
        Notice::WaitingForAddress { .. } => tr!(language, "notice.waiting_for_address"),
        Notice::PortShared { others } => tr!(language, "notice.port_shared", others = others),
        Notice::GroupOutOfReach { group, local } => {
            tr!(language, "notice.group_out_of_reach", group = group, local = local)
        }
        Notice::StaleSocketRemoved => tr!(language, "notice.stale_socket_removed"),
        Notice::Adopted { descriptor, endpoint } => {
            tr!(language, "notice.adopted", descriptor = descriptor, endpoint = endpoint)
        }
        Notice::DescriptorsClosed { descriptors } => {
            let list = listed(language, descriptors);
            tr!(language, "notice.descriptors_closed", count = descriptors.len(), list = list)
        }
        Notice::DescriptorsLost => tr!(language, "notice.descriptors_lost"),
        Notice::PeerKnown { process } => {
            tr!(language, "notice.peer_known", process = super::process(language, process))
        }
        Notice::SenderUnnamed => tr!(language, "notice.sender_unnamed"),
    }
    .into_owned()
}

/// Descriptors that a notice names one by one: a message carries 253 of them at most.
const LISTED_MAX: usize = 8;

fn listed(language: Language, descriptors: &[ReceivedDescriptor]) -> String {
    let one = |descriptor: &ReceivedDescriptor| super::descriptor(language, descriptor.kind, &descriptor.target);
    let mut shown: Vec<String> = descriptors.iter().take(LISTED_MAX).map(one).collect();
    if descriptors.len() > LISTED_MAX {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
