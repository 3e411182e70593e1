//! The text of socket options, pair by pair: what is mistaken in one doesn't keep the others from being changed.

use crate::model::SocketOption;

/// The text that stands for an option's value; the last one counts. An option without a value is on.
#[must_use]
pub fn value(query: &str, option: SocketOption) -> Option<&str> {
    pairs(query).filter(|(name, _)| *name == option.name()).map(|(_, value)| value).last()
}

/// The query with another text for an option's value; `None` takes the option out. The others stay as they are written.
#[must_use]
pub fn with_value(query: &str, option: SocketOption, value: Option<&str>) -> String {
    // What would end the pair can't be a part of any value.
    let value =
        value.map(|value| value.replace(|c: char| c == '&' || c.is_whitespace(), "")).filter(|value| !value.is_empty());
    let mut written = Vec::new();
    let mut value = value.map(|value| format!("{}={value}", option.name()));
    for pair in texts(query) {
        if SocketOption::named(name_and_value(pair).0) != Some(option) {
            written.push(pair.to_owned());
        } else if let Some(value) = value.take() {
            written.push(value);
        }
    }
    written.extend(value);
    written.join("&")
}

fn texts(query: &str) -> impl Iterator<Item = &str> {
    query.trim().trim_start_matches('?').split('&').filter(|pair| !pair.is_empty())
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    texts(query).map(name_and_value)
}

fn name_and_value(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, "1"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::SocketOptions;

    #[test]
    fn one_pair_is_changed_and_the_others_stay_as_written() {
        let query = "?nodelay&rcvbuf=64K&ttl=nonsense&rcvbuf=4M";
        assert_eq!(value(query, SocketOption::ReceiveBuffer), Some("4M"));
        assert_eq!(value(query, SocketOption::NoDelay), Some("1"));
        assert_eq!(value(query, SocketOption::KeepAlive), None);
        let changed = with_value(query, SocketOption::ReceiveBuffer, Some("8 M"));
        assert_eq!(changed, "nodelay&rcvbuf=8M&ttl=nonsense");
        assert_eq!(with_value(&changed, SocketOption::TimeToLive, None), "nodelay&rcvbuf=8M");
        assert_eq!(with_value("", SocketOption::KeepAlive, Some("0")), "keepalive=0");
        assert_eq!(with_value("ttl=1", SocketOption::TimeToLive, Some("")), "");
        assert_eq!(
            with_value("dscp=46&ttl=1", SocketOption::TypeOfService, Some("8")),
            "tos=8&ttl=1",
            "one byte, two names"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_nothing_else_changes(
            query in ".{0,20}|(ttl=[0-9]{1,3}&|nodelay&|rcvbuf=[0-9]K&){0,4}",
            index in 0..SocketOption::ALL.len(),
            text in "[^&\\s]{1,6}",
        ) {
            let option = SocketOption::ALL[index];
            let changed = with_value(&query, option, Some(&text));
            prop_assert_eq!(value(&changed, option), Some(text.as_str()));
            for other in SocketOption::ALL.into_iter().filter(|other| *other != option) {
                prop_assert_eq!(value(&changed, other), value(&query, other));
            }
        }

        #[test]
        fn what_the_form_writes_the_options_read(index in 0..SocketOption::ALL.len(), number in 1..10u32) {
            let option = SocketOption::ALL[index];
            let text = number.to_string();
            let query = with_value("sndbuf=1", option, Some(&text));
            let options = query.parse::<SocketOptions>().ok();
            prop_assert_eq!(options.and_then(|options| options.get(option).cloned()), option.kind().read(&text));
        }
    }
}
