use std::borrow::Cow;

use super::Language;
use crate::codec::capture::reader::CaptureProblem;
use crate::codec::visible::visible;
use crate::model::{
    CancelReason, Cause, Failure, Hint, Operation, SocketOption, TcpState, Traffic, TransferFault, WaitingSocket,
};
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
        Hint::PortHeldBy { owner } => tr!(language, "hint.port_held_by", name = visible(&owner.name), pid = owner.pid),
        Hint::ChooseAnotherPort => tr!(language, "hint.choose_another_port"),
        Hint::PortHeldByOthers => tr!(language, "hint.port_held_by_others"),
        Hint::PortNotShared { owner } => {
            tr!(language, "hint.port_not_shared", name = visible(&owner.name), pid = owner.pid)
        }
        Hint::PortNotSharedByOthers => tr!(language, "hint.port_not_shared_by_others"),
        Hint::NameHeldBy { owner } => tr!(language, "hint.name_held_by", name = visible(&owner.name), pid = owner.pid),
        Hint::NameHeldByOthers => tr!(language, "hint.name_held_by_others"),
        Hint::ChooseAnotherPath => tr!(language, "hint.choose_another_path"),
        Hint::ChooseAnotherName => tr!(language, "hint.choose_another_name"),
        Hint::PortInTimeWait { sockets, .. } if sockets.is_empty() => tr!(language, "hint.port_free_again"),
        Hint::PortInTimeWait { sockets, more, reuse } => {
            let mut states: Vec<_> = sockets.iter().map(|socket| state_name(socket.state)).collect();
            states.sort_unstable();
            states.dedup();
            let states = states.join(", ");
            let count = sockets.len() + more;
            let kept = match (sockets.iter().filter_map(|socket| socket.seconds).max(), count) {
                (Some(seconds), 1) => tr!(language, "hint.kept_by_one", seconds = seconds, states = states),
                (Some(seconds), count) => {
                    tr!(language, "hint.kept_by_many", count = count, seconds = seconds, states = states)
                }
                (None, count) => tr!(language, "hint.kept_until_answered", count = count, states = states),
            };
            match reuse {
                true => tr!(language, "hint.port_in_time_wait_reusing", kept = kept),
                false => tr!(language, "hint.port_in_time_wait", kept = kept),
            }
        }
        Hint::StartTheServer => tr!(language, "hint.start_the_server"),
        Hint::StartTheServerAtTheName => tr!(language, "hint.start_the_server_at_the_name"),
        Hint::CheckTheName => tr!(language, "hint.check_the_name"),
        Hint::CheckTheNameServers => tr!(language, "hint.check_the_name_servers"),
        Hint::CheckTheAddress => tr!(language, "hint.check_the_address"),
        Hint::ChooseAnotherFamily => tr!(language, "hint.choose_another_family"),
        Hint::NeedsRawRight => tr!(language, "hint.needs_raw_right"),
        Hint::LoadModule { module } => tr!(language, "hint.load_module", module = module),
        Hint::CheckTheInterface => tr!(language, "hint.check_the_interface"),
        Hint::CheckTheMachine => tr!(language, "hint.check_the_machine"),
        Hint::LoadVsockTransport => tr!(language, "hint.load_vsock_transport"),
        Hint::PortNeedsRight { lowest } => tr!(language, "hint.port_needs_right", lowest = lowest),
        Hint::AskTheAdministrator => tr!(language, "hint.ask_the_administrator"),
        Hint::Ipv6IsOff => tr!(language, "hint.ipv6_is_off"),
        Hint::LoadIpv6 => tr!(language, "hint.load_ipv6"),
        Hint::Ipv6IsDisabled => tr!(language, "hint.ipv6_is_disabled"),
        Hint::ChangeKernelSetting { setting } => tr!(language, "hint.change_kernel_setting", setting = setting),
        Hint::StreamProtocols => tr!(language, "hint.stream_protocols"),
        Hint::DatagramProtocols => tr!(language, "hint.datagram_protocols"),
        Hint::WriteTheHeader => tr!(language, "hint.write_the_header"),
        Hint::ChooseAnotherIpProtocol => tr!(language, "hint.choose_another_ip_protocol"),
        Hint::ShortenThePath => tr!(language, "hint.shorten_the_path"),
        Hint::RemoveTheFile => tr!(language, "hint.remove_the_file"),
        Hint::CheckThePath => tr!(language, "hint.check_the_path"),
        Hint::ChooseAPathInTheFolder => tr!(language, "hint.choose_a_path_in_the_folder"),
        Hint::RaiseDescriptorLimit => tr!(language, "hint.raise_descriptor_limit"),
        Hint::RaiseProcessLimit => tr!(language, "hint.raise_process_limit"),
        Hint::FreeMemory => tr!(language, "hint.free_memory"),
        Hint::SendSlower => tr!(language, "hint.send_slower"),
        Hint::DatagramMax { v6, bytes } => {
            tr!(language, "hint.datagram_max", network = network(*v6), bytes = super::grouped(*bytes))
        }
        Hint::PacketMax { v6, bytes } => {
            tr!(language, "hint.packet_max", network = network(*v6), bytes = super::grouped(*bytes))
        }
        Hint::IcmpMin { bytes } => tr!(language, "hint.icmp_min", bytes = bytes),
        Hint::RaiseSendBuffer => tr!(language, "hint.raise_send_buffer"),
        Hint::ChooseAnotherProtocol => tr!(language, "hint.choose_another_protocol"),
        Hint::WaitForTheReceiver => tr!(language, "hint.wait_for_the_receiver"),
        Hint::SenderMustBind => tr!(language, "hint.sender_must_bind"),
        Hint::ConnectInstead => tr!(language, "hint.connect_instead"),
        Hint::ListenInstead => tr!(language, "hint.listen_instead"),
        Hint::PassTheDescriptor => tr!(language, "hint.pass_the_descriptor"),
        Hint::BindTheDescriptor => tr!(language, "hint.bind_the_descriptor"),
        Hint::ConnectTheDescriptor => tr!(language, "hint.connect_the_descriptor"),
        Hint::PassedDescriptors { names } if names.is_empty() => tr!(language, "hint.passed_descriptors.none"),
        Hint::PassedDescriptors { names } => {
            tr!(language, "hint.passed_descriptors", names = visible(&names.join(", ")))
        }
        Hint::DescriptorIs { found, target } => {
            tr!(language, "hint.descriptor_is", what = super::descriptor(language, *found, target))
        }
        Hint::NothingNamed { path, is_on_the_way } => {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let (folder, name) = (visible(if folder.is_empty() { "/" } else { folder }), visible(name));
            match is_on_the_way {
                false => tr!(language, "hint.nothing_named", name = name, folder = folder),
                true => tr!(language, "hint.no_folder_named", name = name, folder = folder),
            }
        }
        Hint::NothingToCreateIn { path } => tr!(language, "hint.nothing_to_create_in", folder = visible(path)),
        Hint::DanglingLink { path } => tr!(language, "hint.dangling_link", path = visible(path)),
        Hint::NotAFolder { path } => tr!(language, "hint.not_a_folder", path = visible(path)),
        Hint::FreeSpace => tr!(language, "hint.free_space"),
        Hint::CheckRights => tr!(language, "hint.check_rights"),
        Hint::ChooseAnotherPlace => tr!(language, "hint.choose_another_place"),
        Hint::CheckTheDevice => tr!(language, "hint.check_the_device"),
        Hint::CheckTheLinks => tr!(language, "hint.check_the_links"),
        Hint::ChooseAnInterface { names } => tr!(language, "hint.choose_an_interface", names = names.join(", ")),
        Hint::NameTheWay { to_all, names } => {
            let option = if *to_all { SocketOption::Device } else { SocketOption::MulticastInterface }.name();
            match names.first() {
                Some(first) => {
                    tr!(language, "hint.name_the_way", option = option, first = first, names = names.join(", "))
                }
                None => tr!(language, "hint.name_the_way.none", option = option),
            }
        }
        Hint::ListenOnV6 => tr!(language, "hint.listen_on_v6"),
        Hint::RaiseGroupLimit { settings } => {
            tr!(language, "hint.raise_group_limit", settings = settings.join(", "))
        }
        Hint::AddAScope { addresses } if addresses.is_empty() => tr!(language, "hint.add_a_scope.none"),
        Hint::AddAScope { addresses } => tr!(language, "hint.add_a_scope", addresses = addresses.join(", ")),
        Hint::AllowBroadcast => tr!(language, "hint.allow_broadcast"),
        Hint::DontConnect => tr!(language, "hint.dont_connect"),
        Hint::WidenThePortRange { first, last, waiting: 0 } => {
            tr!(language, "hint.widen_the_port_range", first = first, last = last)
        }
        Hint::WidenThePortRange { first, last, waiting } => {
            tr!(language, "hint.widen_the_port_range.waiting", first = first, last = last, waiting = waiting)
        }
        Hint::SentToNobody => tr!(language, "hint.sent_to_nobody"),
        Hint::ChooseAFile => tr!(language, "hint.choose_a_file"),
        Hint::ChooseAnotherFile => tr!(language, "hint.choose_another_file"),
        Hint::ChooseAFolder => tr!(language, "hint.choose_a_folder"),
        Hint::OpenByHand => tr!(language, "hint.open_by_hand"),
        Hint::ListCongestionControls => tr!(language, "hint.list_congestion_controls"),
        Hint::ListInterfaces => tr!(language, "hint.list_interfaces"),
        Hint::NeedsNetAdmin => tr!(language, "hint.needs_net_admin"),
        Hint::V6OnlyNeedsV6 => tr!(language, "hint.v6only_needs_v6"),
    };
    Some(words.into_owned())
}

fn network(v6: bool) -> &'static str {
    if v6 { "IPv6" } else { "IPv4" }
}

fn operation(language: Language, operation: Operation) -> Words {
    match operation {
        Operation::Resolve => tr!(language, "operation.resolve"),
        Operation::Open => tr!(language, "operation.open"),
        Operation::Adopt => tr!(language, "operation.adopt"),
        Operation::SetOption => tr!(language, "operation.set_option"),
        Operation::Bind => tr!(language, "operation.bind"),
        Operation::Listen => tr!(language, "operation.listen"),
        Operation::Accept => tr!(language, "operation.accept"),
        Operation::Connect => tr!(language, "operation.connect"),
        Operation::Receive => tr!(language, "operation.receive"),
        Operation::Send => tr!(language, "operation.send"),
        Operation::Shutdown => tr!(language, "operation.shutdown"),
        Operation::Join => tr!(language, "operation.join"),
        Operation::Leave => tr!(language, "operation.leave"),
        Operation::OpenFile => tr!(language, "operation.open_file"),
        Operation::ReadFile => tr!(language, "operation.read_file"),
        Operation::CreateFile => tr!(language, "operation.create_file"),
        Operation::WriteFile => tr!(language, "operation.write_file"),
        Operation::FinishFile => tr!(language, "operation.finish_file"),
        Operation::OpenJournal => tr!(language, "operation.open_journal"),
        Operation::WriteJournal => tr!(language, "operation.write_journal"),
        Operation::RemoveJournal => tr!(language, "operation.remove_journal"),
        Operation::SaveSettings => tr!(language, "operation.save_settings"),
        Operation::KeepTransfers => tr!(language, "operation.keep_transfers"),
        Operation::StartThread => tr!(language, "operation.start_thread"),
        Operation::OpenBrowser => tr!(language, "operation.open_browser"),
        Operation::OpenFolder => tr!(language, "operation.open_folder"),
        Operation::ListInterfaces => tr!(language, "operation.list_interfaces"),
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
        Cause::JournalItself => tr!(language, "cause.journal_itself"),
        Cause::DatabaseOpen => tr!(language, "cause.database_open"),
        Cause::AddressNotAvailable => tr!(language, "cause.address_not_available"),
        Cause::EphemeralPortsUsedUp => tr!(language, "cause.ephemeral_ports_used_up"),
        Cause::Refused => tr!(language, "cause.refused"),
        Cause::SelfConnect => tr!(language, "cause.self_connect"),
        Cause::ConnectionReset => tr!(language, "cause.connection_reset"),
        Cause::BrokenPipe => tr!(language, "cause.broken_pipe"),
        Cause::NotConnected => tr!(language, "cause.not_connected"),
        Cause::HostUnreachable => tr!(language, "cause.host_unreachable"),
        Cause::NetworkUnreachable => tr!(language, "cause.network_unreachable"),
        Cause::TimedOut => tr!(language, "cause.timed_out"),
        Cause::NoSuchHost => tr!(language, "cause.no_such_host"),
        Cause::NoNameServer => tr!(language, "cause.no_name_server"),
        Cause::PermissionDenied => tr!(language, "cause.permission_denied"),
        Cause::AddressFamilyMissing => tr!(language, "cause.address_family_missing"),
        Cause::PathTooLong => tr!(language, "cause.path_too_long"),
        Cause::StaleSocket => tr!(language, "cause.stale_socket"),
        Cause::NotASocket => tr!(language, "cause.not_a_socket"),
        Cause::NoSocketThere => tr!(language, "cause.no_socket_there"),
        Cause::OtherSocketType => tr!(language, "cause.other_socket_type"),
        Cause::PeerQueueFull => tr!(language, "cause.peer_queue_full"),
        Cause::NoReturnAddress => tr!(language, "cause.no_return_address"),
        Cause::DescriptorNotOpen => tr!(language, "cause.descriptor_not_open"),
        Cause::DescriptorNotASocket => tr!(language, "cause.descriptor_not_a_socket"),
        Cause::DescriptorIsOwn => tr!(language, "cause.descriptor_is_own"),
        Cause::NoSuchDescriptorName => tr!(language, "cause.no_such_descriptor_name"),
        Cause::UnknownSocketKind { kind } => tr!(language, "cause.unknown_socket_kind", kind = kind),
        Cause::SocketListens => tr!(language, "cause.socket_listens"),
        Cause::SocketIsConnected => tr!(language, "cause.socket_is_connected"),
        Cause::SocketNotBound => tr!(language, "cause.socket_not_bound"),
        Cause::OutOfDescriptors => tr!(language, "cause.out_of_descriptors"),
        Cause::OutOfThreads => tr!(language, "cause.out_of_threads"),
        Cause::OutOfMemory => tr!(language, "cause.out_of_memory"),
        Cause::NoBufferSpace => tr!(language, "cause.no_buffer_space"),
        Cause::MessageTooLong => tr!(language, "cause.message_too_long"),
        Cause::MessageTooShort => tr!(language, "cause.message_too_short"),
        Cause::NotFound => tr!(language, "cause.not_found"),
        Cause::IsDirectory => tr!(language, "cause.is_directory"),
        Cause::NotADirectory => tr!(language, "cause.not_a_directory"),
        Cause::AlreadyExists => tr!(language, "cause.already_exists"),
        Cause::StorageFull => tr!(language, "cause.storage_full"),
        Cause::FileTooLarge => tr!(language, "cause.file_too_large"),
        Cause::ReadOnlyStorage => tr!(language, "cause.read_only_storage"),
        Cause::DeviceFault => tr!(language, "cause.device_fault"),
        Cause::LinkLoop => tr!(language, "cause.link_loop"),
        Cause::NotToml => tr!(language, "cause.not_toml"),
        Cause::SourceChanged => tr!(language, "cause.source_changed"),
        Cause::Damaged => tr!(language, "cause.damaged"),
        Cause::NoFileManager => tr!(language, "cause.no_file_manager"),
        Cause::NoReceiver => tr!(language, "cause.no_receiver"),
        Cause::NotReceiving => tr!(language, "cause.not_receiving"),
        Cause::OverTheLimit { bytes } => tr!(language, "cause.over_the_limit", size = super::byte_size(*bytes)),
        Cause::EnoughFiles { files } => tr!(language, "cause.enough_files", count = files),
        Cause::Declined => tr!(language, "cause.declined"),
        Cause::NotVerifying => tr!(language, "cause.not_verifying"),
        Cause::NotFirst => tr!(language, "cause.not_first"),
        Cause::FilesOnly => tr!(language, "cause.files_only"),
        Cause::CaptureDamaged { at: 0, problem } => {
            tr!(language, "cause.not_a_capture", problem = capture_problem(language, *problem))
        }
        Cause::CaptureDamaged { at, problem } => {
            let (at, problem) = (super::grouped(*at), capture_problem(language, *problem));
            tr!(language, "cause.capture_damaged", at = at, problem = problem)
        }
        Cause::NotAJournal => tr!(language, "cause.not_a_journal"),
        Cause::JournalVersion { version, known } => {
            tr!(language, "cause.journal_version", version = version, known = known)
        }
        Cause::JournalDamaged => tr!(language, "cause.journal_damaged"),
        Cause::JournalTables => tr!(language, "cause.journal_tables"),
        Cause::JournalHeld => tr!(language, "cause.journal_held"),
        Cause::ProtocolBroken { fault } => {
            tr!(language, "cause.protocol_broken", fault = transfer_fault(language, *fault))
        }
        Cause::OtherVersions { lowest, highest } => {
            tr!(language, "cause.other_versions", lowest = lowest, highest = highest)
        }
        Cause::GivenUpByPeer { why, words } if words.is_empty() => cancel_reason(language, *why),
        Cause::GivenUpByPeer { why, words } => {
            tr!(language, "cause.given_up_by_peer", reason = cancel_reason(language, *why), words = visible(words))
        }
        Cause::Cancelled => tr!(language, "cause.cancelled"),
        Cause::QueueFull => {
            tr!(language, "cause.queue_full", most = super::byte_size(Traffic::QUEUE_MAX))
        }
        Cause::NoSuchSession => tr!(language, "cause.no_such_session"),
        Cause::NoSuchDevice => tr!(language, "cause.no_such_device"),
        Cause::NotAStream => tr!(language, "cause.not_a_stream"),
        Cause::ToABrowser => tr!(language, "cause.to_a_browser"),
        Cause::NoBrowser => tr!(language, "cause.no_browser"),
        Cause::InvalidValue => tr!(language, "cause.invalid_value"),
        Cause::UnknownName => tr!(language, "cause.unknown_name"),
        Cause::NoSuchOption => tr!(language, "cause.no_such_option"),
        Cause::NoSuchOptionOfMptcp => tr!(language, "cause.no_such_option_of_mptcp"),
        Cause::OptionTooLate => tr!(language, "cause.option_too_late"),
        Cause::ProtocolMissing => tr!(language, "cause.protocol_missing"),
        Cause::OnlySends => tr!(language, "cause.only_sends"),
        Cause::NoTransport => tr!(language, "cause.no_transport"),
        Cause::AlreadyJoined => tr!(language, "cause.already_joined"),
        Cause::TooManyGroups => tr!(language, "cause.too_many_groups"),
        Cause::NotJoined => tr!(language, "cause.not_joined"),
        Cause::OtherFamily => tr!(language, "cause.other_family"),
        Cause::NoScope => tr!(language, "cause.no_scope"),
        Cause::NotUdp => tr!(language, "cause.not_udp"),
        Cause::ConnectedToOne => tr!(language, "cause.connected_to_one"),
        Cause::Other { message, .. } => message.clone().into(),
    }
}

fn capture_problem(language: Language, problem: CaptureProblem) -> Words {
    match problem {
        CaptureProblem::NotACapture => tr!(language, "capture.neither"),
        CaptureProblem::Version => tr!(language, "capture.version"),
        CaptureProblem::ByteOrder => tr!(language, "capture.byte_order"),
        CaptureProblem::Length => tr!(language, "capture.length"),
        CaptureProblem::Interface => tr!(language, "capture.interface"),
        CaptureProblem::TooManyInterfaces => tr!(language, "capture.too_many_interfaces"),
    }
}

fn transfer_fault(language: Language, fault: TransferFault) -> Words {
    match fault {
        TransferFault::TooLong { kind, len } => {
            tr!(language, "fault.too_long", kind = kind, len = super::bytes(len.into()))
        }
        TransferFault::Unknown { kind } => tr!(language, "fault.unknown", kind = kind),
        TransferFault::Malformed { kind } => tr!(language, "fault.malformed", kind = kind),
        TransferFault::OutOfPlace { kind } => tr!(language, "fault.out_of_place", kind = kind),
        TransferFault::Beyond => tr!(language, "fault.beyond"),
        TransferFault::Idle => tr!(language, "fault.idle"),
    }
}

/// Why the other side gave a file up.
fn cancel_reason(language: Language, reason: CancelReason) -> Cow<'static, str> {
    match reason {
        CancelReason::Declined => tr!(language, "cancel.declined"),
        CancelReason::NoRoom => tr!(language, "cancel.no_room"),
        CancelReason::Limit => tr!(language, "cancel.limit"),
        CancelReason::Name => tr!(language, "cancel.name"),
        CancelReason::Storage => tr!(language, "cancel.storage"),
        CancelReason::Changed => tr!(language, "cancel.changed"),
        CancelReason::Stopped => tr!(language, "cancel.stopped"),
        CancelReason::AllStopped => tr!(language, "cancel.all_stopped"),
        CancelReason::Mismatch => tr!(language, "cancel.mismatch"),
        CancelReason::Other(number) => tr!(language, "cancel.other", number = number),
    }
}

/// One of the connections that keep a port: its addresses, and for how long.
#[must_use]
pub fn waiting_socket(language: Language, socket: &WaitingSocket) -> Words {
    let WaitingSocket { local, peer, state, seconds } = socket;
    let name = state_name(*state);
    match (state, seconds) {
        (TcpState::TimeWait, Some(seconds)) => {
            tr!(language, "time_wait.socket", local = local, peer = peer, seconds = seconds)
        }
        (_, Some(seconds)) => {
            tr!(language, "time_wait.socket_in", local = local, peer = peer, state = name, seconds = seconds)
        }
        (_, None) => tr!(language, "time_wait.socket_unanswered", local = local, peer = peer, state = name),
    }
}

/// As the kernel writes it: TIME_WAIT.
fn state_name(state: TcpState) -> String {
    state.name().replace('-', "_")
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
    fn a_process_that_calls_itself_oddly_is_named_on_one_line_and_in_order() {
        let owner = crate::model::PortOwner { pid: 7, name: "a\n\u{1b}[2J\u{202e}b".to_owned() };
        let held = Box::new(owner.clone());
        for advice in
            [Hint::PortHeldBy { owner }, Hint::PortNotShared { owner: held.clone() }, Hint::NameHeldBy { owner: held }]
        {
            let failure = Failure::new(Operation::Bind, "[::1]:9", Cause::AddressInUse).with_hint(advice);
            for language in [Language::English, Language::Chinese] {
                let words = hint(language, &failure).expect("a hint");
                assert!(words.contains("a␊␛[2J·b") && !words.contains('\n'), "{words}");
            }
        }
    }

    #[test]
    fn a_failure_without_subject_has_no_hole() {
        let thread = Failure::new(Operation::StartThread, "", Cause::PermissionDenied);
        assert_eq!(failure(Language::English, &thread), "start a thread: permission denied");
    }

    /// What the variants carry, where they carry anything.
    const PARTS: &str = r#"
        "owner": { "pid": 777, "name": "held by me" }, "message": "an odd error", "errno": 5, "bytes": 777, "files": 777,
        "datagrams": 777, "kept": 777, "from": "../from", "to": "to", "size": 777, "missed": 777,
        "endpoint": "tcp://[::1]:777", "local": "tcp://[::1]:777", "reason": "eof", "why": "declined", "words": "777", "module": "a-module",
        "peer": "tcp://[::1]:778", "names": ["lo", "eth0"], "addresses": ["fe80::1%lo"], "group": "239.1.2.777", "others": 777,
        "first": 777, "last": 888, "waiting": 777,
        "sockets": [{ "local": "[::1]:777", "peer": "[::1]:777", "seconds": 777 }], "reuse": true, "lowest": 777,
        "path": "/777", "is_on_the_way": true, "found": "pipe", "seconds": 777, "milliseconds": 777,
        "setting": "a.b=777", "settings": ["a.b=777"], "v6": true,
        "kind": "AF_777, SOCK_RAW", "option": "rcvbuf", "asked": "777", "answer": "1554",
        "descriptor": "fd://777", "descriptors": [{ "kind": "file", "target": "/tmp/777" }],
        "process": { "pid": 777, "uid": 1, "gid": 2 },
        "at": 777, "direction": "in", "method": "GET", "target": "/a", "status": 777, "code": 777, "by_peer": true,
        "to_all": true, "version": 777, "known": 3, "highest": 888, "problem": "length", "fault": { "what": "idle" }"#;

    /// All variants of an enum, one of each. serde lists their names when it meets one that it doesn't know, so that
    /// a variant that is added later is here too.
    fn all<T: serde::de::DeserializeOwned>(tag: Option<&str>) -> Vec<T> {
        let read = |name: &str| match tag {
            Some(tag) => serde_json::from_str(&format!(r#"{{ "{tag}": "{name}", {PARTS} }}"#)),
            None => serde_json::from_str::<T>(&format!("\"{name}\"")),
        };
        let Err(error) = read("unheard-of") else { panic!("a variant that nobody wrote") };
        let error = error.to_string();
        let (_, names) = error.split_once("expected one of ").expect("the names");
        names.split('`').skip(1).step_by(2).map(|name| read(name).unwrap_or_else(|e| panic!("{name}: {e}"))).collect()
    }

    /// The words in both languages, which have to differ and to be whole.
    fn both(what: &dyn std::fmt::Debug, words: impl Fn(Language) -> String) -> [String; 2] {
        let both = [words(Language::English), words(Language::Chinese)];
        assert_ne!(both[0], both[1], "{what:?} is not translated");
        for words in &both {
            assert!(!words.contains("%{"), "{what:?} has a hole: {words}");
            // A key that is missing is shown itself.
            let is_key = |word: &str| {
                let has_its_letters = word.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte));
                has_its_letters && word.contains('_') && word.contains('.')
            };
            assert!(!words.is_empty() && !words.split(' ').any(is_key), "{what:?} has no words: {words}");
        }
        both
    }

    #[test]
    fn every_failure_has_words_with_its_subject_in_both_languages() {
        let (operations, causes) = (all::<Operation>(None), all::<Cause>(Some("cause")));
        assert!(operations.len() > 15 && causes.len() > 25);
        for operation in &operations {
            let one = Failure::new(*operation, "[::1]:777", Cause::TimedOut);
            for words in both(operation, |language| failure(language, &one)) {
                assert!(words.contains("[::1]:777"), "{words}");
            }
        }
        for cause in causes {
            let one = Failure::new(Operation::Connect, "[::1]:777", cause);
            let lines = both(&one.cause, |language| failure(language, &one));
            assert!(lines.iter().all(|words| words.contains("[::1]:777")), "{lines:?}");
            if !matches!(one.cause, Cause::Other { .. }) {
                both(&one.cause, |language| super::cause(language, &one.cause).into_owned());
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_capture_or_a_transfer_is_said_in_both_languages() {
        let faults = ["too-long", "unknown", "malformed", "out-of-place", "beyond", "idle"].map(|what| {
            let text = format!(r#"{{ "what": "{what}", "kind": 77, "len": 77 }}"#);
            serde_json::from_str::<TransferFault>(&text).expect(what)
        });
        for fault in faults {
            let words = both(&fault, |language| transfer_fault(language, fault).into_owned());
            let whole = both(&fault, |language| super::cause(language, &Cause::ProtocolBroken { fault }).into_owned());
            assert!(whole.iter().zip(&words).all(|(whole, words)| whole.ends_with(words)), "{whole:?}");
        }
        for problem in all::<CaptureProblem>(None) {
            let words = both(&problem, |language| capture_problem(language, problem).into_owned());
            for at in [0, 777] {
                let cause = Cause::CaptureDamaged { at, problem };
                let whole = both(&problem, |language| super::cause(language, &cause).into_owned());
                assert!(whole.iter().zip(&words).all(|(whole, words)| whole.ends_with(words)), "{whole:?}");
            }
        }
    }

    #[test]
    fn what_waits_for_the_other_side_is_given_no_time() {
        let socket = |state, seconds| WaitingSocket { local: "a:1".to_owned(), peer: "b:2".to_owned(), state, seconds };
        let (closed, over) = (socket(TcpState::FinWait1, None), socket(TcpState::TimeWait, Some(59)));
        let half = socket(TcpState::FinWait2, Some(60));
        for (sockets, parts) in [
            (vec![closed.clone()], ["until the other side answers (1, FIN_WAIT_1)", "（1 个，FIN_WAIT_1）"]),
            (vec![over.clone(), half, closed.clone()], ["3 connections", "60 秒（FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT）"]),
        ] {
            let advice = Hint::PortInTimeWait { sockets: sockets.into(), more: 0, reuse: false };
            let one = Failure::new(Operation::Bind, "a:1", Cause::AddressInUse).with_hint(advice);
            let words = both(&one, |language| hint(language, &one).expect("a hint"));
            assert!(words[0].contains(parts[0]) && words[1].contains(parts[1]), "{words:?}");
        }
        let line =
            |socket: &WaitingSocket| both(socket, |language| waiting_socket(language, socket).into_owned())[0].clone();
        assert_eq!(line(&over), "a:1 ← b:2, 59 s left");
        assert_eq!(line(&closed), "a:1 ← b:2, FIN_WAIT_1, until the other side answers");
    }

    #[test]
    fn every_hint_has_words_in_both_languages() {
        let hints = all::<Hint>(Some("advice"));
        assert!(hints.len() > 10);
        for advice in hints {
            let one = Failure::new(Operation::Bind, "[::1]:777", Cause::AddressInUse).with_hint(advice.clone());
            let lines = both(&advice, |language| hint(language, &one).expect("a hint"));
            if matches!(advice, Hint::PortHeldBy { .. }) {
                assert!(lines.iter().all(|words| words.contains("held by me") && words.contains("777")), "{lines:?}");
            }
        }
    }

    #[test]
    fn every_notice_and_event_says_what_it_carries_in_both_languages() {
        use crate::model::{Life, Notice};
        for notice in all::<Notice>(Some("notice")) {
            let lines = both(&notice, |language| crate::i18n::notice(language, &notice));
            let carried = serde_json::to_value(&notice).expect("JSON").as_object().map_or(0, serde_json::Map::len) - 1;
            let says = |words: &String| words.contains("777") || words.contains("../from") && words.contains("to");
            assert_eq!(lines.iter().all(says), carried > 0, "{lines:?}");
        }
        for life in all::<Life>(Some("life")) {
            let lines = both(&life, |language| crate::i18n::life(language, &life));
            let place = match &life {
                Life::Listening { endpoint } | Life::StoppedListening { endpoint } | Life::Connecting { endpoint } => {
                    endpoint.as_str()
                }
                Life::Accepted { local, .. } | Life::Connected { local, .. } | Life::Opened { local, .. } => {
                    local.as_str()
                }
                Life::OptionSet { answer, .. } => answer.as_deref().unwrap_or_default(),
                Life::Joined { group } | Life::Left { group } => group.as_str(),
                Life::PeerFinished | Life::FinishedSending | Life::Closed { .. } => "",
            };
            assert!(lines.iter().all(|words| words.contains(place)), "{lines:?}");
        }
    }
}
