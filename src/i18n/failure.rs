use std::borrow::Cow;

use super::Language;
use crate::codec::visible::visible;
use crate::model::{Cause, Failure, Hint, Operation, Traffic};
use crate::tr;

type Words = Cow<'static, str>;

/// What was being done, to what, and why it failed: `bind 127.0.0.1:9000: address already in use`.
#[must_use]
pub fn failure(language: Language, failure: &Failure) -> String {
    let operation = operation(language, failure.operation);
    let cause = cause(language, &failure.cause);
    if failure.subject.is_empty() {
        tr!(language, "failure.bare", operation = operation, cause = cause).into_owned()
    } else {
        tr!(language, "failure.line", operation = operation, subject = visible(&failure.subject), cause = cause)
            .into_owned()
    }
}

/// What to do about it, where that is known.
#[must_use]
pub fn hint(language: Language, failure: &Failure) -> Option<String> {
    let words = match failure.hint.as_ref()? {
        Hint::PortHeldBy { owner } => tr!(language, "hint.port_held_by", name = owner.name, pid = owner.pid),
        Hint::ChooseAnotherPort => tr!(language, "hint.choose_another_port"),
        Hint::StartTheServer => tr!(language, "hint.start_the_server"),
        Hint::CheckTheName => tr!(language, "hint.check_the_name"),
        Hint::CheckTheAddress => tr!(language, "hint.check_the_address"),
        Hint::PortsBelow1024NeedRights => tr!(language, "hint.ports_below_1024"),
        Hint::ShortenThePath => tr!(language, "hint.shorten_the_path"),
        Hint::RemoveTheFile => tr!(language, "hint.remove_the_file"),
        Hint::RaiseDescriptorLimit => tr!(language, "hint.raise_descriptor_limit"),
        Hint::DatagramMax => tr!(language, "hint.datagram_max"),
        Hint::FreeSpace => tr!(language, "hint.free_space"),
        Hint::CheckRights => tr!(language, "hint.check_rights"),
        Hint::ChooseAFile => tr!(language, "hint.choose_a_file"),
        Hint::ChooseAFolder => tr!(language, "hint.choose_a_folder"),
    };
    Some(words.into_owned())
}

fn operation(language: Language, operation: Operation) -> Words {
    match operation {
        Operation::Resolve => tr!(language, "operation.resolve"),
        Operation::Open => tr!(language, "operation.open"),
        Operation::SetOption => tr!(language, "operation.set_option"),
        Operation::Bind => tr!(language, "operation.bind"),
        Operation::Listen => tr!(language, "operation.listen"),
        Operation::Accept => tr!(language, "operation.accept"),
        Operation::Connect => tr!(language, "operation.connect"),
        Operation::Receive => tr!(language, "operation.receive"),
        Operation::Send => tr!(language, "operation.send"),
        Operation::Shutdown => tr!(language, "operation.shutdown"),
        Operation::OpenFile => tr!(language, "operation.open_file"),
        Operation::ReadFile => tr!(language, "operation.read_file"),
        Operation::CreateFile => tr!(language, "operation.create_file"),
        Operation::WriteFile => tr!(language, "operation.write_file"),
        Operation::FinishFile => tr!(language, "operation.finish_file"),
        Operation::OpenJournal => tr!(language, "operation.open_journal"),
        Operation::WriteJournal => tr!(language, "operation.write_journal"),
        Operation::SaveSettings => tr!(language, "operation.save_settings"),
        Operation::StartThread => tr!(language, "operation.start_thread"),
    }
}

/// Why it failed, without operation and address.
#[must_use]
pub fn cause(language: Language, cause: &Cause) -> Words {
    match cause {
        Cause::AddressInUse => tr!(language, "cause.address_in_use"),
        Cause::Unsent { bytes } => tr!(language, "cause.unsent", bytes = super::byte_size(*bytes)),
        Cause::NotANumericAddress => tr!(language, "cause.not_a_numeric_address"),
        Cause::NotARegularFile => tr!(language, "cause.not_a_regular_file"),
        Cause::AddressNotAvailable => tr!(language, "cause.address_not_available"),
        Cause::Refused => tr!(language, "cause.refused"),
        Cause::ConnectionReset => tr!(language, "cause.connection_reset"),
        Cause::BrokenPipe => tr!(language, "cause.broken_pipe"),
        Cause::NotConnected => tr!(language, "cause.not_connected"),
        Cause::HostUnreachable => tr!(language, "cause.host_unreachable"),
        Cause::NetworkUnreachable => tr!(language, "cause.network_unreachable"),
        Cause::TimedOut => tr!(language, "cause.timed_out"),
        Cause::NoSuchHost => tr!(language, "cause.no_such_host"),
        Cause::PermissionDenied => tr!(language, "cause.permission_denied"),
        Cause::AddressFamilyMissing => tr!(language, "cause.address_family_missing"),
        Cause::PathTooLong => tr!(language, "cause.path_too_long"),
        Cause::StaleSocket => tr!(language, "cause.stale_socket"),
        Cause::NotASocket => tr!(language, "cause.not_a_socket"),
        Cause::OutOfDescriptors => tr!(language, "cause.out_of_descriptors"),
        Cause::MessageTooLong => tr!(language, "cause.message_too_long"),
        Cause::NotFound => tr!(language, "cause.not_found"),
        Cause::IsDirectory => tr!(language, "cause.is_directory"),
        Cause::NotADirectory => tr!(language, "cause.not_a_directory"),
        Cause::AlreadyExists => tr!(language, "cause.already_exists"),
        Cause::StorageFull => tr!(language, "cause.storage_full"),
        Cause::FileTooLarge => tr!(language, "cause.file_too_large"),
        Cause::SourceChanged => tr!(language, "cause.source_changed"),
        Cause::Cancelled => tr!(language, "cause.cancelled"),
        Cause::QueueFull => {
            tr!(language, "cause.queue_full", most = super::byte_size(Traffic::QUEUE_MAX))
        }
        Cause::NoSuchSession => tr!(language, "cause.no_such_session"),
        Cause::NotAStream => tr!(language, "cause.not_a_stream"),
        Cause::Other { message, .. } => message.clone().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_address_and_cause_are_said() {
        let bind = Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse);
        assert_eq!(failure(Language::English, &bind), "bind 127.0.0.1:9000: address already in use");
        assert_eq!(failure(Language::Chinese, &bind), "绑定 127.0.0.1:9000：地址已被占用");
        assert_eq!(hint(Language::English, &bind), None);
    }

    #[test]
    fn a_peers_text_is_shown_on_one_line_and_in_order() {
        let file = Failure::new(Operation::CreateFile, "/in/a\n\u{202e}gpj.exe", Cause::PermissionDenied);
        assert_eq!(failure(Language::English, &file), "create /in/a␊·gpj.exe: permission denied");
    }

    #[test]
    fn a_failure_without_subject_has_no_hole() {
        let thread = Failure::new(Operation::StartThread, "", Cause::PermissionDenied);
        assert_eq!(failure(Language::English, &thread), "start a thread: permission denied");
    }
}
