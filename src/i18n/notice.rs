use super::Language;
use crate::codec::visible::visible;
use crate::model::{DescriptorKind, Notice, ReceivedDescriptor};
use crate::tr;

/// What a user should know and need not act on.
#[must_use]
pub fn notice(language: Language, notice: &Notice) -> String {
    match notice {
        Notice::AcceptingPaused => tr!(language, "notice.accepting_paused"),
        Notice::AcceptingResumed => tr!(language, "notice.accepting_resumed"),
        Notice::Dropped { datagrams } => tr!(language, "notice.dropped", datagrams = datagrams),
        Notice::Truncated { kept } => tr!(language, "notice.truncated", kept = super::bytes(*kept)),
        Notice::NameAndContentTogether => tr!(language, "notice.name_and_content_together"),
        Notice::NameChanged { from, to } => {
            tr!(language, "notice.name_changed", from = visible(from), to = visible(to))
        }
        Notice::PeerLeftUnread => tr!(language, "notice.peer_left_unread"),
        Notice::PeerReadToEnd => tr!(language, "notice.peer_read_to_end"),
        Notice::LongForTutorial { size } => tr!(language, "notice.long_for_tutorial", size = super::byte_size(*size)),
        Notice::RecordingPaused { missed } => tr!(language, "notice.recording_paused", missed = missed),
        Notice::RecordingResumed { missed } => tr!(language, "notice.recording_resumed", missed = missed),
        Notice::WaitingForAddress => tr!(language, "notice.waiting_for_address"),
        Notice::StaleSocketRemoved => tr!(language, "notice.stale_socket_removed"),
        Notice::Adopted { descriptor, endpoint } => {
            tr!(language, "notice.adopted", descriptor = descriptor, endpoint = endpoint)
        }
        Notice::DescriptorsClosed { descriptors } => {
            let list = listed(language, descriptors);
            tr!(language, "notice.descriptors_closed", count = descriptors.len(), list = list)
        }
        Notice::DescriptorsLost => tr!(language, "notice.descriptors_lost"),
        Notice::SenderUnnamed => tr!(language, "notice.sender_unnamed"),
    }
    .into_owned()
}

/// Descriptors that a notice names one by one: a message carries 253 of them at most.
const LISTED_MAX: usize = 8;

fn listed(language: Language, descriptors: &[ReceivedDescriptor]) -> String {
    let one = |descriptor: &ReceivedDescriptor| {
        let kind = match descriptor.kind {
            DescriptorKind::File => tr!(language, "descriptor.file"),
            DescriptorKind::Folder => tr!(language, "descriptor.folder"),
            DescriptorKind::Socket => tr!(language, "descriptor.socket"),
            DescriptorKind::Pipe => tr!(language, "descriptor.pipe"),
            DescriptorKind::Device => tr!(language, "descriptor.device"),
            DescriptorKind::Other => tr!(language, "descriptor.other"),
        };
        format!("{kind} {}", visible(&descriptor.target)).trim_end().to_owned()
    };
    let mut shown: Vec<String> = descriptors.iter().take(LISTED_MAX).map(one).collect();
    if descriptors.len() > LISTED_MAX {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
