//! DNS messages (RFC 1035, section 4; names within answers compressed as in section 4.1.4).
//!
//! Own code: the small crates that were looked at refuse a whole message for one type or class that they don't know, and
//! say nothing of one that is cut. Here what is readable is told up to where it ends.

mod record;

use self::record::Question;
use super::Decoded;
use super::reader::Reader;

const HEADER_SIZE: usize = 12;
/// Questions and records that are listed; of more, only the number is told.
const RECORDS_MAX: usize = 100;
/// The length of a name on the wire (RFC 1035, section 2.3.4), which also ends what pointers lead to.
const NAME_MAX: usize = 255;

/// Header fields that say what a message is.
struct Header {
    id: u16,
    flags: u16,
    /// Questions, answers, authorities, additional records.
    counts: [u16; 4],
}

const SECTIONS: [&str; 4] = ["question", "answer", "authority", "additional"];

/// One message, of which `head` is there; what follows it is told.
pub(super) fn decode(head: &[u8], len: u64) -> Option<Decoded> {
    let message = Message::read(head)?;
    // Bytes that merely have this length begin with anything.
    if message.records.is_empty() && (message.header.counts != [0; 4] || len > HEADER_SIZE as u64) {
        return None;
    }
    let Header { id, flags, .. } = message.header;
    let is_answer = flags & 0x8000 != 0;
    let kind = if is_answer { "response" } else { "query" };
    let mut fields = vec![
        ("id", format!("{id:#06x}")),
        ("kind", format!("{kind}, {}", opcode(flags))),
        ("flags", flag_names(flags)),
    ];
    if is_answer {
        fields.push(("result", result(flags)));
    }
    for (section, count) in SECTIONS.iter().zip(message.header.counts) {
        let of_section = message.records.iter().filter(|(of, _)| of == section);
        fields.extend(of_section.map(|(section, words)| (*section, words.clone())));
        let listed = message.records.iter().filter(|(of, _)| of == section).count();
        if listed < count.into() && message.records.len() >= RECORDS_MAX {
            fields.push(("more", format!("{} of section {section}", usize::from(count) - listed)));
        }
    }
    match message.end {
        _ if message.records.len() >= RECORDS_MAX => {}
        None if (head.len() as u64) < len => fields.push(("cut", "goes on beyond these bytes".to_owned())),
        None => fields.push(("cut", "ends within a record, or the next one can't be read".to_owned())),
        Some(end) if (end as u64) < len => fields.push(("more", format!("{} bytes", len - end as u64))),
        Some(_) => {}
    }
    let first = |section| message.records.iter().find(|(of, _)| *of == section).map(|(_, words)| words.as_str());
    let answers = message.header.counts[1];
    let told = [
        first("question").unwrap_or_default().to_owned(),
        if is_answer && flags & 0xf != 0 { result(flags) } else { String::new() },
        match (is_answer, answers) {
            (true, 1..) => format!("{answers} {}", if answers == 1 { "answer" } else { "answers" }),
            _ => String::new(),
        },
    ];
    let told: Vec<_> = told.into_iter().filter(|words| !words.is_empty()).collect();
    Some(Decoded { summary: format!("{kind} {}", told.join(", ")).trim_end().to_owned(), fields })
}

/// As [`decode`] over a stream, where each message stands behind its length (RFC 1035, section 4.2.2).
pub(super) fn decode_stream(head: &[u8], len: u64) -> Option<Decoded> {
    let (length, rest) = split_length(head)?;
    let here = (len - 2).min(length.into());
    let message = &rest[..rest.len().min(length.into())];
    let mut decoded = decode(message, length.into())?;
    let cut = if here < length.into() { format!(", {here} of them here") } else { String::new() };
    decoded.fields.insert(0, ("length", format!("{length} bytes{cut}")));
    let after = len - 2 - here;
    if after > 0 {
        decoded.fields.push(("more", format!("{after} bytes")));
    }
    Some(decoded)
}

/// Whether all of `bytes` are one query or answer to the last byte, with a question of a kind that is asked: enough to say
/// so of bytes that nobody has said anything of.
pub(super) fn is_certain(bytes: &[u8], len: u64) -> bool {
    let message = Message::read(bytes).filter(|message| message.end.is_some_and(|end| end as u64 == len));
    message.is_some_and(|message| {
        let Header { flags, counts, .. } = message.header;
        // Opcode and the reserved bit 0 (RFC 1035, section 4.1.1); class IN.
        let usual = flags & 0x7840 == 0 && counts[0] == 1;
        usual && message.question.is_some_and(|question| question.class == 1 && question.has_known_kind())
    })
}

/// As [`is_certain`] over a stream.
pub(super) fn is_certain_stream(bytes: &[u8], len: u64) -> bool {
    split_length(bytes).is_some_and(|(length, rest)| u64::from(length) == len - 2 && is_certain(rest, len - 2))
}

fn split_length(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let mut reader = Reader::new(bytes);
    Some((reader.u16()?, reader.rest()))
}

struct Message {
    header: Header,
    /// With their section, as far as they could be read.
    records: Vec<(&'static str, String)>,
    /// The first one.
    question: Option<Question>,
    /// Where it ends; `None` if not all of it could be read.
    end: Option<usize>,
}

impl Message {
    /// `None` for bytes that are too few for a header.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (id, flags) = (reader.u16()?, reader.u16()?);
        let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
        let mut message = Self { header: Header { id, flags, counts }, records: Vec::new(), question: None, end: None };
        for (section, count) in SECTIONS.into_iter().zip(counts) {
            for _ in 0..count {
                if message.records.len() >= RECORDS_MAX {
                    return Some(message);
                }
                let read = if section == SECTIONS[0] {
                    record::question(bytes, &mut reader).map(|(words, question)| {
                        message.question.get_or_insert(question);
                        words
                    })
                } else {
                    record::record(bytes, &mut reader)
                };
                match read {
                    Some(words) => message.records.push((section, words)),
                    None => return Some(message),
                }
            }
        }
        message.end = Some(reader.at());
        Some(message)
    }
}

/// A name from where `reader` stands, as text in which a dot or a backslash within a label and what is no printable ASCII is
/// escaped (RFC 1035, section 5.1). Each pointer has to lead to before the last one, so that none leads in a circle.
fn name<'a>(message: &'a [u8], reader: &mut Reader<'a>) -> Option<String> {
    let mut text = String::new();
    let mut length = 0;
    let mut before = reader.at();
    let mut jumped: Option<Reader<'_>> = None;
    loop {
        let from = jumped.as_mut().unwrap_or(reader);
        match from.u8()? {
            0 => break,
            size @ 1..=0x3f => {
                length += 1 + usize::from(size);
                if length >= NAME_MAX {
                    return None;
                }
                escape(from.take(size.into())?, &mut text);
                text.push('.');
            }
            high @ 0xc0.. => {
                let to = usize::from(high & 0x3f) << 8 | usize::from(from.u8()?);
                if to >= before {
                    return None;
                }
                before = to;
                let mut target = Reader::new(message);
                target.take(to)?;
                jumped = Some(target);
            }
            _ => return None,
        }
    }
    if text.is_empty() {
        text.push('.');
    }
    Some(text)
}

fn escape(label: &[u8], text: &mut String) {
    for byte in label {
        match byte {
            b'.' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'!'..=b'~' => text.push(char::from(*byte)),
            byte => text.push_str(&format!("\\{byte:03}")),
        }
    }
}

fn opcode(flags: u16) -> String {
    match flags >> 11 & 0xf {
        0 => "standard query".to_owned(),
        1 => "inverse query".to_owned(),
        2 => "server status request".to_owned(),
        4 => "notify".to_owned(),
        5 => "update".to_owned(),
        6 => "stateful operation".to_owned(),
        other => format!("opcode {other}"),
    }
}

fn flag_names(flags: u16) -> String {
    const NAMES: [(u16, &str); 6] = [
        (0x0400, "authoritative"),
        (0x0200, "truncated"),
        (0x0100, "recursion desired"),
        (0x0080, "recursion available"),
        (0x0020, "authentic data"),
        (0x0010, "checking disabled"),
    ];
    let set: Vec<_> = NAMES.into_iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| name).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(", ") }
}

/// RFC 6895, section 2.3.
fn result(flags: u16) -> String {
    let code = flags & 0xf;
    let name = match code {
        0 => "no error",
        1 => "format error",
        2 => "server failure",
        3 => "no such name",
        4 => "not implemented",
        5 => "refused",
        6 => "name exists that should not",
        7 => "records exist that should not",
        8 => "records don't exist that should",
        9 => "not authoritative, or not authorized",
        10 => "name not within the zone",
        _ => return format!("code {code}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests;
