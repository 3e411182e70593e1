use super::Language;
use crate::model::{Obstacle, Program, Protocol};
use crate::tr;

/// Why there is no such program.
#[must_use]
pub fn obstacle(language: Language, program: Program, protocol: Protocol, obstacle: Obstacle) -> String {
    let tool = program.title();
    match obstacle {
        Obstacle::Transport => {
            tr!(language, "code.no_transport", tool = tool, protocol = protocol.scheme())
        }
        Obstacle::Listening => tr!(language, "code.no_listening", tool = tool),
        Obstacle::Answering => tr!(language, "code.no_answering", tool = tool),
        Obstacle::Greeting => tr!(language, "code.no_greeting", tool = tool),
        Obstacle::Option(option) => tr!(language, "code.no_option", tool = tool, option = option.name()),
        Obstacle::OwnAnswers => tr!(language, "code.own_answers", tool = tool),
        Obstacle::Browsers => tr!(language, "code.no_browsers", tool = tool),
        Obstacle::Keeping => tr!(language, "code.no_keeping", tool = tool),
        Obstacle::Verified => tr!(language, "code.no_verified", tool = tool),
        Obstacle::Limits => tr!(language, "code.no_limits", tool = tool),
        Obstacle::GroupSource => tr!(language, "code.no_group_source", tool = tool),
        Obstacle::InterfaceByAddress => tr!(language, "code.no_interface_by_address", tool = tool),
        Obstacle::Groups => tr!(language, "code.no_groups", tool = tool),
        Obstacle::Recipients => tr!(language, "code.no_recipients", tool = tool),
        Obstacle::Unconnected => tr!(language, "code.no_unconnected", tool = tool),
        Obstacle::Unnamed => tr!(language, "code.no_name", tool = tool),
        Obstacle::EmptyDatagram => tr!(language, "code.no_empty_datagram", tool = tool),
        Obstacle::TooLong { max } => tr!(language, "code.too_long", tool = tool, max = max),
        Obstacle::TelnetCommand => tr!(language, "code.telnet_command", tool = tool),
    }
    .into_owned()
}
