//! MQTT control packets (OASIS standards "MQTT Version 3.1.1" and "MQTT Version 5.0", chapters 2 and 3; sections named here
//! are of the latter).
//!
//! Only CONNECT says which version its connection speaks, so that the others are read as the version that is asked for.

mod properties;
mod reasons;

use super::Decoded;
use super::reader::Reader;
use crate::codec::hex;
use crate::codec::visible::visible;

/// A version of the protocol whose packets differ from the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// 3.1.1, and 3.1, which has the same packets.
    V3,
    V5,
}

/// Packets that are described one by one; what follows is counted in bytes.
const PACKETS_MAX: usize = 16;
/// Topics of one packet that are listed.
const TOPICS_MAX: usize = 32;
/// Bytes of a payload that are shown.
const PAYLOAD_MAX: usize = 200;

type Fields = Vec<(&'static str, String)>;

/// The packets that begin with the first byte of `len`, of which `head` is there.
pub(super) fn decode(version: Version, head: &[u8], len: u64) -> Option<Decoded> {
    let mut decoded = Decoded::default();
    let mut summary = Vec::new();
    let mut left = len;
    let mut reader = Reader::new(head);
    for _ in 0..PACKETS_MAX {
        let mut ahead = reader;
        let Some(header) = Header::read(&mut ahead) else { break };
        let size = (ahead.at() - reader.at()) as u64;
        let here = (left - size).min(header.len.into());
        let length = |cut: String| ("length", format!("{} bytes{cut}", header.len));
        let kind = ("packet", format!("{} ({})", header.kind, header.name()));
        let Some(body) = ahead.take(header.len as usize) else {
            let is_here = here == u64::from(header.len);
            // The first bytes of anything are a packet's, as far as they go.
            if summary.is_empty()
                && !(header.kind == CONNECT && is_connect(ahead.rest()) || header.begins(ahead.rest()))
            {
                break;
            }
            summary.push(format!("{} …", header.name()));
            decoded
                .fields
                .extend([kind, length(if is_here { String::new() } else { format!(", {here} of them here") })]);
            left -= size + here;
            break;
        };
        let Some((words, fields)) = header.describe(version, body) else { break };
        summary.push(format!("{} {words}", header.name()).trim_end().to_owned());
        decoded.fields.extend([kind, length(String::new())]);
        decoded.fields.extend(fields);
        left -= size + here;
        reader = ahead;
    }
    decoded.of_messages(summary, left)
}

/// The version that the CONNECT at the beginning names.
pub(super) fn version_of_connect(head: &[u8]) -> Option<Version> {
    let mut reader = Reader::new(head);
    let header = Header::read(&mut reader)?;
    let is_one = header.kind == CONNECT && is_connect(reader.rest());
    let _name = reader.counted().filter(|_| is_one)?;
    Some(if reader.u8()? >= 5 { Version::V5 } else { Version::V3 })
}

const CONNECT: u8 = 1;
const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const PUBREL: u8 = 6;
const PUBCOMP: u8 = 7;
const SUBSCRIBE: u8 = 8;
const SUBACK: u8 = 9;
const UNSUBSCRIBE: u8 = 10;
const UNSUBACK: u8 = 11;
const PINGREQ: u8 = 12;
const PINGRESP: u8 = 13;
const DISCONNECT: u8 = 14;
const AUTH: u8 = 15;

/// Whether this is the name that a CONNECT begins with, 3.1's among them.
fn is_connect(body: &[u8]) -> bool {
    matches!(Reader::new(body).counted(), Some(b"MQTT" | b"MQIsdp"))
}

struct Header {
    kind: u8,
    flags: u8,
    len: u32,
}

impl Header {
    /// The fixed header (section 2.1), whose flags are as they have to be.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let first = reader.u8()?;
        let (kind, flags) = (first >> 4, first & 0xf);
        let right = match kind {
            0 => false,
            // Quality of service 3 there is none.
            PUBLISH => flags & 6 != 6,
            PUBREL | SUBSCRIBE | UNSUBSCRIBE => flags == 2,
            _ => flags == 0,
        };
        if !right {
            return None;
        }
        Some(Self { kind, flags, len: variable(reader)? })
    }

    fn name(&self) -> &'static str {
        const NAMES: [&str; 15] = [
            "CONNECT",
            "CONNACK",
            "PUBLISH",
            "PUBACK",
            "PUBREC",
            "PUBREL",
            "PUBCOMP",
            "SUBSCRIBE",
            "SUBACK",
            "UNSUBSCRIBE",
            "UNSUBACK",
            "PINGREQ",
            "PINGRESP",
            "DISCONNECT",
            "AUTH",
        ];
        NAMES.get(usize::from(self.kind).wrapping_sub(1)).copied().unwrap_or_default()
    }

    /// Whether the beginning of a body is what a long packet has: of the others none is longer than a row.
    fn begins(&self, body: &[u8]) -> bool {
        self.kind == PUBLISH
            && Reader::new(body).counted().is_some_and(|topic| !topic.is_empty() && str::from_utf8(topic).is_ok())
    }

    /// What the packet says in a few words and field by field; `None` where its body is not what it has to be.
    fn describe(&self, version: Version, body: &[u8]) -> Option<(String, Fields)> {
        let mut reader = Reader::new(body);
        let mut fields = Fields::new();
        let words = match self.kind {
            CONNECT => connect(&mut reader, &mut fields)?,
            CONNACK => connack(version, &mut reader, &mut fields)?,
            PUBLISH => self.publish(version, &mut reader, &mut fields)?,
            PUBACK..=PUBCOMP => acknowledged(version, &mut reader, &mut fields)?,
            SUBSCRIBE | UNSUBSCRIBE => self.topics(version, &mut reader, &mut fields)?,
            SUBACK | UNSUBACK => self.granted(version, &mut reader, &mut fields)?,
            PINGREQ | PINGRESP => String::new(),
            DISCONNECT if version == Version::V3 => String::new(),
            DISCONNECT => reason(version, DISCONNECT, &mut reader, &mut fields)?,
            AUTH if version == Version::V5 => reason(version, AUTH, &mut reader, &mut fields)?,
            _ => return None,
        };
        reader.is_empty().then_some((words, fields))
    }

    fn publish(&self, version: Version, reader: &mut Reader<'_>, fields: &mut Fields) -> Option<String> {
        let topic = text(reader)?;
        let quality = self.flags >> 1 & 3;
        fields.push(("topic", topic.clone()));
        fields.push(("quality of service", quality.to_string()));
        let flags: Vec<_> = [(8, "duplicate"), (1, "retain")]
            .into_iter()
            .filter(|(bit, _)| self.flags & bit != 0)
            .map(|(_, name)| name)
            .collect();
        if !flags.is_empty() {
            fields.push(("flags", flags.join(", ")));
        }
        if quality > 0 {
            identifier(reader, fields)?;
        }
        properties::read(version, reader, fields)?;
        let payload = reader.take(reader.rest().len())?;
        fields.push(("payload", format!("{} bytes {}", payload.len(), shown(payload)).trim_end().to_owned()));
        Some(format!("{topic} {}", shown(payload)).trim_end().to_owned())
    }

    fn topics(&self, version: Version, reader: &mut Reader<'_>, fields: &mut Fields) -> Option<String> {
        identifier(reader, fields)?;
        properties::read(version, reader, fields)?;
        let mut topics = Vec::new();
        let mut more = 0;
        while !reader.is_empty() {
            let topic = text(reader)?;
            let options = if self.kind == SUBSCRIBE { Some(reader.u8()?) } else { None };
            // The other bits are there from version 5 on (section 3.8.3.1).
            if options.is_some_and(|options| options & 3 == 3 || version == Version::V3 && options > 2) {
                return None;
            }
            if topics.len() == TOPICS_MAX {
                more += 1;
                continue;
            }
            let words = options.map(|options| format!(", quality of service {}", options & 3)).unwrap_or_default();
            fields.push(("topic", format!("{topic}{words}")));
            topics.push(topic);
        }
        if more > 0 {
            fields.push(("more", format!("{more} topics")));
        }
        (!topics.is_empty()).then(|| topics.join(" "))
    }

    fn granted(&self, version: Version, reader: &mut Reader<'_>, fields: &mut Fields) -> Option<String> {
        identifier(reader, fields)?;
        properties::read(version, reader, fields)?;
        let codes = reader.take(reader.rest().len())?;
        if codes.is_empty() != (version == Version::V3 && self.kind == UNSUBACK) {
            return None;
        }
        if version == Version::V3 && codes.iter().any(|code| !matches!(code, 0..=2 | 0x80)) {
            return None;
        }
        let names: Vec<_> =
            codes.iter().take(TOPICS_MAX).map(|code| reasons::describe(version, self.kind, *code)).collect();
        if codes.len() > TOPICS_MAX {
            fields.push(("more", format!("{} codes", codes.len() - TOPICS_MAX)));
        }
        fields.extend(names.iter().map(|name| ("result", name.clone())));
        Some(names.join(", "))
    }
}

fn connect(reader: &mut Reader<'_>, fields: &mut Fields) -> Option<String> {
    if !is_connect(reader.rest()) {
        return None;
    }
    let (name, level) = (text(reader)?, reader.u8()?);
    let version = if level >= 5 { Version::V5 } else { Version::V3 };
    let (flags, keep_alive) = (reader.u8()?, reader.u16()?);
    let version_name = match level {
        3 => "3.1".to_owned(),
        4 => "3.1.1".to_owned(),
        5 => "5".to_owned(),
        other => format!("level {other}"),
    };
    fields.push(("protocol", format!("{name} {version_name}")));
    fields.push(("clean start", if flags & 2 != 0 { "yes" } else { "no" }.to_owned()));
    fields.push(("keep alive", format!("{keep_alive} s")));
    properties::read(version, reader, fields)?;
    let client = text(reader)?;
    fields.push(("client", client.clone()));
    if flags & 4 != 0 {
        properties::read(version, reader, fields)?;
        let (topic, payload) = (text(reader)?, reader.counted()?);
        let retain = if flags & 0x20 != 0 { ", retain" } else { "" };
        fields.push(("will", format!("{topic} {}, quality of service {}{retain}", shown(payload), flags >> 3 & 3)));
    }
    if flags & 0x80 != 0 {
        fields.push(("user", text(reader)?));
    }
    if flags & 0x40 != 0 {
        // The bytes are in view below; here it need not stand in clear on every screen.
        fields.push(("password", format!("{} bytes", reader.counted()?.len())));
    }
    Some(format!("{version_name} {client}"))
}

fn connack(version: Version, reader: &mut Reader<'_>, fields: &mut Fields) -> Option<String> {
    let (flags, code) = (reader.u8()?, reader.u8()?);
    let words = reasons::describe(version, CONNACK, code);
    fields.push(("session present", if flags & 1 != 0 { "yes" } else { "no" }.to_owned()));
    fields.push(("result", words.clone()));
    properties::read(version, reader, fields)?;
    (flags <= 1).then_some(words)
}

/// Acknowledgements of what was published.
fn acknowledged(version: Version, reader: &mut Reader<'_>, fields: &mut Fields) -> Option<String> {
    let id = identifier(reader, fields)?;
    let words = if version == Version::V5 { reason(version, PUBACK, reader, fields)? } else { String::new() };
    Some(format!("{id} {words}").trim_end().to_owned())
}

/// A reason and properties, both of which may be left out at the end (section 3.4.2.1).
fn reason(version: Version, kind: u8, reader: &mut Reader<'_>, fields: &mut Fields) -> Option<String> {
    if reader.is_empty() {
        return Some(String::new());
    }
    let words = reasons::describe(version, kind, reader.u8()?);
    fields.push(("reason", words.clone()));
    if !reader.is_empty() {
        properties::read(version, reader, fields)?;
    }
    Some(words)
}

/// A packet's identifier, which is never 0 (section 2.2.1).
fn identifier(reader: &mut Reader<'_>, fields: &mut Fields) -> Option<u16> {
    let id = reader.u16().filter(|id| *id > 0)?;
    fields.push(("identifier", id.to_string()));
    Some(id)
}

fn text(reader: &mut Reader<'_>) -> Option<String> {
    str::from_utf8(reader.counted()?).ok().map(visible)
}

/// A number of one to four bytes, seven bits in each, the lowest first (section 1.5.5).
fn variable(reader: &mut Reader<'_>) -> Option<u32> {
    let mut number = 0;
    for at in 0..4 {
        let byte = reader.u8()?;
        number |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// As text where it is some, else in hex.
fn shown(payload: &[u8]) -> String {
    let head = &payload[..payload.len().min(PAYLOAD_MAX)];
    let more = if head.len() < payload.len() { "…" } else { "" };
    let words = match str::from_utf8(head) {
        Ok(text) => visible(text),
        Err(error) if error.error_len().is_none() && !more.is_empty() => {
            visible(&String::from_utf8_lossy(&head[..error.valid_up_to()]))
        }
        Err(_) => hex::format(head),
    };
    format!("{words}{more}")
}

#[cfg(test)]
mod tests;
