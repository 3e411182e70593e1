use std::borrow::Cow;

use super::Language;
use crate::model::{OptionValue, SocketOption};
use crate::tr;

/// What forms call an option.
#[must_use]
pub fn option_name(language: Language, option: SocketOption) -> Cow<'static, str> {
    match option {
        SocketOption::IpProtocol => tr!(language, "option.proto"),
        SocketOption::ReuseAddress => tr!(language, "option.reuseaddr"),
        SocketOption::ReusePort => tr!(language, "option.reuseport"),
        SocketOption::V6Only => tr!(language, "option.v6only"),
        SocketOption::Device => tr!(language, "option.device"),
        SocketOption::Backlog => tr!(language, "option.backlog"),
        SocketOption::FastOpen => tr!(language, "option.fastopen"),
        SocketOption::NoDelay => tr!(language, "option.nodelay"),
        SocketOption::QuickAck => tr!(language, "option.quickack"),
        SocketOption::KeepAlive => tr!(language, "option.keepalive"),
        SocketOption::KeepIdle => tr!(language, "option.keepidle"),
        SocketOption::KeepInterval => tr!(language, "option.keepintvl"),
        SocketOption::KeepCount => tr!(language, "option.keepcnt"),
        SocketOption::UserTimeout => tr!(language, "option.usertimeout"),
        SocketOption::Linger => tr!(language, "option.linger"),
        SocketOption::Congestion => tr!(language, "option.congestion"),
        SocketOption::MaxSegment => tr!(language, "option.maxseg"),
        SocketOption::Broadcast => tr!(language, "option.broadcast"),
        SocketOption::ReceiveBuffer => tr!(language, "option.rcvbuf"),
        SocketOption::SendBuffer => tr!(language, "option.sndbuf"),
        SocketOption::TimeToLive => tr!(language, "option.ttl"),
        SocketOption::TypeOfService => tr!(language, "option.tos"),
        SocketOption::Priority => tr!(language, "option.priority"),
        SocketOption::Mark => tr!(language, "option.mark"),
        SocketOption::MulticastTtl => tr!(language, "option.mttl"),
        SocketOption::MulticastLoop => tr!(language, "option.mloop"),
        SocketOption::MulticastInterface => tr!(language, "option.mif"),
        SocketOption::ReceiveSize => tr!(language, "option.recvsize"),
    }
}

/// What an option does, in a sentence.
#[must_use]
pub fn option_sentence(language: Language, option: SocketOption) -> Cow<'static, str> {
    match option {
        SocketOption::IpProtocol => tr!(language, "option.proto.explained"),
        SocketOption::ReuseAddress => tr!(language, "option.reuseaddr.explained"),
        SocketOption::ReusePort => tr!(language, "option.reuseport.explained"),
        SocketOption::V6Only => tr!(language, "option.v6only.explained"),
        SocketOption::Device => tr!(language, "option.device.explained"),
        SocketOption::Backlog => tr!(language, "option.backlog.explained"),
        SocketOption::FastOpen => tr!(language, "option.fastopen.explained"),
        SocketOption::NoDelay => tr!(language, "option.nodelay.explained"),
        SocketOption::QuickAck => tr!(language, "option.quickack.explained"),
        SocketOption::KeepAlive => tr!(language, "option.keepalive.explained"),
        SocketOption::KeepIdle => tr!(language, "option.keepidle.explained"),
        SocketOption::KeepInterval => tr!(language, "option.keepintvl.explained"),
        SocketOption::KeepCount => tr!(language, "option.keepcnt.explained"),
        SocketOption::UserTimeout => tr!(language, "option.usertimeout.explained"),
        SocketOption::Linger => tr!(language, "option.linger.explained"),
        SocketOption::Congestion => tr!(language, "option.congestion.explained"),
        SocketOption::MaxSegment => tr!(language, "option.maxseg.explained"),
        SocketOption::Broadcast => tr!(language, "option.broadcast.explained"),
        SocketOption::ReceiveBuffer => tr!(language, "option.rcvbuf.explained"),
        SocketOption::SendBuffer => tr!(language, "option.sndbuf.explained"),
        SocketOption::TimeToLive => tr!(language, "option.ttl.explained"),
        SocketOption::TypeOfService => tr!(language, "option.tos.explained"),
        SocketOption::Priority => tr!(language, "option.priority.explained"),
        SocketOption::Mark => tr!(language, "option.mark.explained"),
        SocketOption::MulticastTtl => tr!(language, "option.mttl.explained"),
        SocketOption::MulticastLoop => tr!(language, "option.mloop.explained"),
        SocketOption::MulticastInterface => tr!(language, "option.mif.explained"),
        SocketOption::ReceiveSize => tr!(language, "option.recvsize.explained"),
    }
}

/// What an option does, in a sentence, with its name in manuals and in queries.
#[must_use]
pub fn option_explained(language: Language, option: SocketOption) -> String {
    let explained = option_sentence(language, option);
    let names = format!("{} · {}", option.constant(), option.name());
    tr!(language, "option.explained", explained = explained, names = names).into_owned()
}

/// A value within a sentence.
#[must_use]
pub fn option_value(language: Language, option: SocketOption, value: &OptionValue) -> String {
    match value {
        OptionValue::Number(number) => with_class(language, option, *number, value.to_string()),
        OptionValue::Switch(true) => tr!(language, "option.value.on").into_owned(),
        OptionValue::Switch(false) | OptionValue::Off => tr!(language, "option.value.off").into_owned(),
        OptionValue::Text(_) | OptionValue::Protocol(_) => value.to_string(),
    }
}

/// A value as in a query, with the name that it has beside its number.
pub(super) fn named_value(language: Language, option: &str, text: &str) -> String {
    match (SocketOption::named(option), text.parse()) {
        (Some(option), Ok(number)) => with_class(language, option, number, text.to_owned()),
        _ => text.to_owned(),
    }
}

fn with_class(language: Language, option: SocketOption, number: u32, text: String) -> String {
    match option.class_of(number) {
        Some(class) => tr!(language, "option.value.class", value = text, class = class).into_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_a_name_and_a_sentence_in_both_languages() {
        for option in SocketOption::ALL {
            let [english, chinese] = [Language::English, Language::Chinese].map(|language| {
                let explained = option_explained(language, option);
                assert!(explained.contains(option.constant()), "{explained}");
                assert!(explained.contains(option.name()), "{explained}");
                (option_name(language, option).into_owned(), explained)
            });
            assert_ne!(english.0, chinese.0, "{option:?}");
            assert_ne!(english.1, chinese.1, "{option:?}");
            assert!(english.1.split(" (").next().is_some_and(|sentence| sentence.len() > 20), "{}", english.1);
        }
    }
}
