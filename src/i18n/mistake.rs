use std::borrow::Cow;

use super::Language;
use crate::codec::can::FrameTextProblem;
use crate::codec::can::bcm::{FRAMES_MAX, MessageTextProblem};
use crate::codec::compose::{ComposeError, ComposeProblem};
use crate::model::{EndpointError, FilterError, FilterProblem, GroupError, OptionError, OptionKind, Unit};
use crate::tr;

/// Why a form or an endpoint text can't be right.
#[must_use]
pub fn endpoint_error(language: Language, error: &EndpointError) -> String {
    match error {
        EndpointError::NoScheme => tr!(language, "endpoint.no_scheme"),
        EndpointError::UnknownScheme(scheme) => tr!(language, "endpoint.unknown_scheme", scheme = scheme),
        EndpointError::EmptyHost => tr!(language, "endpoint.empty_host"),
        EndpointError::BadHost(host) => tr!(language, "endpoint.bad_host", host = host),
        EndpointError::NoPort => tr!(language, "endpoint.no_port"),
        EndpointError::BadPort(port) => tr!(language, "endpoint.bad_port", port = port),
        EndpointError::EmptyPath => tr!(language, "endpoint.empty_path"),
        EndpointError::PathTooLong { len } => {
            tr!(language, "endpoint.path_too_long", len = len, max = crate::model::UNIX_PATH_MAX)
        }
        EndpointError::EmptyAbstractName => tr!(language, "endpoint.empty_abstract_name"),
        EndpointError::AbstractNameTooLong { len } => {
            tr!(language, "endpoint.abstract_name_too_long", len = len, max = crate::model::UNIX_PATH_MAX)
        }
        EndpointError::PathWithNul => tr!(language, "endpoint.path_with_nul"),
        EndpointError::EmptyDescriptor => tr!(language, "endpoint.empty_descriptor"),
        EndpointError::BadDescriptor(text) => tr!(language, "endpoint.bad_descriptor", text = text),
        EndpointError::NoIpProtocol => tr!(language, "endpoint.no_ip_protocol"),
        EndpointError::BadIpProtocol(text) => tr!(language, "endpoint.bad_ip_protocol", text = text),
        EndpointError::EmptyInterface => tr!(language, "endpoint.empty_interface"),
        EndpointError::BadInterface(name) => tr!(language, "endpoint.bad_interface", name = name),
        EndpointError::NoInterfaceBeside(text) => {
            tr!(language, "endpoint.no_interface_beside", example = format!("{text}%eth0"))
        }
        EndpointError::BadHardwareAddress(text) => tr!(language, "endpoint.bad_hardware_address", text = text),
        EndpointError::NoEtherType => tr!(language, "endpoint.no_ether_type"),
        EndpointError::BadEtherType(text) => tr!(language, "endpoint.bad_ether_type", text = text),
        EndpointError::EmptyMachine => tr!(language, "endpoint.empty_machine"),
        EndpointError::BadMachine(text) => tr!(language, "endpoint.bad_machine", text = text),
        EndpointError::BadVsockPort(text) => tr!(language, "endpoint.bad_vsock_port", text = text),
        EndpointError::PortZero => tr!(language, "endpoint.port_zero"),
        EndpointError::VsockPortZero => tr!(language, "endpoint.vsock_port_zero"),
        EndpointError::AnyMachine => tr!(language, "endpoint.any_machine"),
        EndpointError::NotLocal(text) => tr!(language, "endpoint.not_local", text = text),
        EndpointError::OtherFamily(address) => tr!(language, "endpoint.other_family", address = address),
        EndpointError::NoLocalPlace => tr!(language, "endpoint.no_local_place"),
        EndpointError::Group(error) => return group_error(language, error),
        EndpointError::Option(OptionError::Unknown(name)) => tr!(language, "endpoint.unknown_option", name = name),
        EndpointError::Option(OptionError::BadValue { name, value, takes }) => {
            let takes = option_values(language, *takes);
            tr!(language, "endpoint.bad_option_value", name = name, value = value, takes = takes)
        }
        EndpointError::Option(OptionError::Twice { first, second }) => {
            tr!(language, "endpoint.option_twice", first = first, second = second)
        }
        EndpointError::Option(OptionError::ForListeners { name }) => {
            tr!(language, "endpoint.option_for_listeners", name = name)
        }
        EndpointError::Option(OptionError::NotFor { name, protocol }) => {
            tr!(language, "endpoint.option_not_for", name = name, protocol = protocol.scheme())
        }
        EndpointError::Option(OptionError::TooLate { name }) => tr!(language, "endpoint.option_too_late", name = name),
    }
    .into_owned()
}

/// Which values an option takes, within a sentence: `1 to 255`, `0 to 65,535 s`.
fn option_values(language: Language, kind: OptionKind) -> Cow<'static, str> {
    match kind {
        OptionKind::Switch => tr!(language, "option.takes.switch"),
        OptionKind::Text { max } => tr!(language, "option.takes.text", max = max),
        OptionKind::Protocol => tr!(language, "option.takes.protocol", max = u16::MAX),
        OptionKind::ServiceClass { bits } => tr!(language, "option.takes.class", max = (1 << bits) - 1),
        OptionKind::Number { min, max, unit, or_off } => {
            let [min, max] = [min, max].map(|number| super::grouped(number.into()));
            match unit {
                Unit::None => tr!(language, "option.takes.number", min = min, max = max),
                Unit::Bytes => tr!(language, "option.takes.bytes", min = min, max = max),
                Unit::Seconds if or_off => tr!(language, "option.takes.seconds_or_off", min = min, max = max),
                Unit::Seconds => tr!(language, "option.takes.seconds", min = min, max = max),
                Unit::Milliseconds => tr!(language, "option.takes.milliseconds", min = min, max = max),
            }
        }
    }
}

/// Why a text is no group that could be joined.
#[must_use]
pub fn group_error(language: Language, error: &GroupError) -> String {
    match error {
        GroupError::Empty => tr!(language, "group.empty"),
        GroupError::NotAnAddress(text) => tr!(language, "group.not_an_address", text = text),
        GroupError::NotMulticast(address) => tr!(language, "group.not_multicast", address = address),
        GroupError::BadInterface(name) => tr!(language, "group.bad_interface", name = name),
        GroupError::BadSource(address) => tr!(language, "group.bad_source", address = address),
        GroupError::NotUdp => tr!(language, "group.not_udp"),
    }
    .into_owned()
}

/// Why a message can't be turned into bytes; the place is for the caller to show.
#[must_use]
pub fn compose_error(language: Language, error: &ComposeError) -> String {
    match &error.problem {
        ComposeProblem::NotInEncoding { character, encoding } => {
            let code = format!("U+{:04X}", u32::from(*character));
            tr!(language, "compose.not_in_encoding", character = character, code = code, encoding = encoding)
        }
        ComposeProblem::NotHex(character) => tr!(language, "compose.not_hex", character = character),
        ComposeProblem::HalfByte => tr!(language, "compose.half_byte"),
        ComposeProblem::UnknownEscape(character) => tr!(language, "compose.unknown_escape", character = character),
        ComposeProblem::OpenEscape => tr!(language, "compose.open_escape"),
        ComposeProblem::Frame(problem) => frame_problem(language, *problem),
        ComposeProblem::Broadcast(problem) => broadcast_problem(language, *problem),
        ComposeProblem::BadPingNumber(name) => tr!(language, "compose.bad_ping_number", name = name),
        ComposeProblem::BadHexEscape => tr!(language, "compose.bad_hex_escape"),
    }
    .into_owned()
}

fn frame_problem(language: Language, problem: FrameTextProblem) -> Cow<'static, str> {
    match problem {
        FrameTextProblem::NoHash => tr!(language, "compose.frame_no_hash"),
        FrameTextProblem::BadId => tr!(language, "compose.frame_bad_id"),
        FrameTextProblem::NotHex => tr!(language, "compose.frame_not_hex"),
        FrameTextProblem::HalfByte => tr!(language, "compose.half_byte"),
        FrameTextProblem::TooLong { max } => tr!(language, "compose.frame_too_long", max = max),
        FrameTextProblem::BadFlags => tr!(language, "compose.frame_bad_flags"),
        FrameTextProblem::BadRemoteLength => tr!(language, "compose.frame_bad_remote_length"),
    }
}

fn broadcast_problem(language: Language, problem: MessageTextProblem) -> Cow<'static, str> {
    match problem {
        MessageTextProblem::NoOpcode => tr!(language, "compose.bcm_no_opcode"),
        MessageTextProblem::UnknownWord => tr!(language, "compose.bcm_unknown_word"),
        MessageTextProblem::Twice => tr!(language, "compose.bcm_twice"),
        MessageTextProblem::BadFlags => tr!(language, "compose.bcm_bad_flags"),
        MessageTextProblem::BadCount => tr!(language, "compose.bcm_bad_count"),
        MessageTextProblem::BadInterval => tr!(language, "compose.bcm_bad_interval"),
        MessageTextProblem::BadId => tr!(language, "compose.bcm_bad_id"),
        MessageTextProblem::NoId => tr!(language, "compose.bcm_no_id"),
        MessageTextProblem::Frame(problem) => frame_problem(language, problem),
        MessageTextProblem::MixedFrames => tr!(language, "compose.bcm_mixed_frames"),
        MessageTextProblem::TooManyFrames => tr!(language, "compose.bcm_too_many_frames", max = FRAMES_MAX),
    }
}

/// Why a filter can't be read.
#[must_use]
pub fn filter_error(language: Language, error: &FilterError) -> String {
    match &error.problem {
        FilterProblem::BadHex => tr!(language, "filter.bad_hex"),
        FilterProblem::OpenQuote => tr!(language, "filter.open_quote"),
        FilterProblem::BadSession => tr!(language, "filter.bad_session"),
        FilterProblem::BadNumber => tr!(language, "filter.bad_number"),
        FilterProblem::BadTime => tr!(language, "filter.bad_time"),
        FilterProblem::BadRegex(reason) => tr!(language, "filter.bad_regex", reason = reason),
        FilterProblem::NoCondition => tr!(language, "filter.no_condition"),
        FilterProblem::OpenParenthesis => tr!(language, "filter.open_parenthesis"),
        FilterProblem::CloseParenthesis => tr!(language, "filter.close_parenthesis"),
        FilterProblem::TooDeep => tr!(language, "filter.too_deep", max = crate::model::Filter::DEPTH_MAX),
    }
    .into_owned()
}
