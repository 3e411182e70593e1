//! What a row without bytes says, on one line of a saved text.

use crate::model::RowBody;

/// The body's words and values as the journal's JSON has them, without the punctuation:
/// `closed reason=eof`, `failed operation=bind subject=127.0.0.1:9000 cause=address-in-use`.
pub(super) fn describe(body: &RowBody) -> String {
    if let RowBody::Data { call, truncated, .. } = body {
        return if *truncated { format!("{} truncated", call.name()) } else { call.name().to_owned() };
    }
    let mut words = Vec::new();
    match serde_json::to_value(body) {
        Ok(serde_json::Value::Object(mut fields)) => {
            // The most specific name of what happened comes first.
            let kind = fields.remove("kind");
            let name = fields.remove("life").or(kind);
            words.extend(name.as_ref().map(plain));
            push_fields(&mut words, &fields);
        }
        Ok(other) => words.push(plain(&other)),
        Err(error) => words.push(error.to_string()),
    }
    words.join(" ")
}

fn push_fields(words: &mut Vec<String>, fields: &serde_json::Map<String, serde_json::Value>) {
    for (key, value) in fields {
        match value {
            serde_json::Value::Object(inner) => push_fields(words, inner),
            serde_json::Value::Null => {}
            value => words.push(format!("{key}={}", plain(value))),
        }
    }
}

/// A text without quotes where it is one word.
fn plain(value: &serde_json::Value) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"') => {
            text.to_owned()
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Call, Cause, CloseReason, Direction, Failure, Life, Notice, Operation};

    #[test]
    fn bodies_are_one_line_each() {
        let data = RowBody::Data { direction: Direction::In, call: Call::RecvFrom, truncated: true };
        assert_eq!(describe(&data), "recvfrom truncated");
        assert_eq!(describe(&RowBody::Life(Life::Closed { reason: CloseReason::Eof })), "closed reason=eof");
        let failure = Failure::new(Operation::Bind, "a\nb", Cause::AddressInUse);
        let words = describe(&RowBody::Failed { failure });
        assert!(words.starts_with("failed ") && words.contains(r#"subject="a\nb""#), "{words}");
        assert!(words.contains("cause=address-in-use"), "{words}");
        let notice = describe(&RowBody::Notice { notice: Notice::Dropped { datagrams: 7 } });
        assert_eq!(notice, "notice datagrams=7 notice=dropped");
    }
}
