//! Questions and resource records (RFC 1035, sections 3.2 and 4.1), as a zone file writes them.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Reader, name};
use crate::codec::hex;

/// Bytes of data that are shown in hex.
const DATA_MAX: usize = 64;
/// The bit of a class that multicast DNS has uses for (RFC 6762, sections 5.4 and 10.2).
const MULTICAST: u16 = 0x8000;

const OPT: u16 = 41;

/// What is asked of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    kind: u16,
    pub(super) class: u16,
}

impl Question {
    /// Whether its type is one that is asked for nowadays.
    pub(super) fn has_known_kind(self) -> bool {
        known_kind(self.kind).is_some()
    }
}

/// A question, in words and in numbers.
pub(super) fn question<'a>(message: &'a [u8], reader: &mut Reader<'a>) -> Option<(String, Question)> {
    let name = name(message, reader)?;
    let (kind, class) = (reader.u16()?, reader.u16()?);
    let unicast = if class & MULTICAST != 0 { " (unicast answer wanted)" } else { "" };
    let class = class & !MULTICAST;
    Some((format!("{name} {} {}{unicast}", self::class(class), self::kind(kind)), Question { kind, class }))
}

/// A record: name, seconds that it may be kept, class, type, data.
pub(super) fn record<'a>(message: &'a [u8], reader: &mut Reader<'a>) -> Option<String> {
    let name = name(message, reader)?;
    let (kind, class, ttl) = (reader.u16()?, reader.u16()?, reader.u32()?);
    let mut ahead = *reader;
    let len = usize::from(ahead.u16()?);
    let from = ahead.at();
    ahead.take(len)?;
    *reader = ahead;
    // Names in the data point into the message before it.
    let mut data = Reader::new(message.get(..from + len)?);
    data.take(from)?;
    if kind == OPT {
        // RFC 6891, section 6.1.2.
        return Some(format!("OPT version {}, {class} bytes over UDP, {len} bytes of options", ttl >> 16 & 0xff));
    }
    let raw = data.rest();
    let words = self::data(message, kind, data).unwrap_or_else(|| unknown(raw));
    let flush = if class & MULTICAST != 0 { " (flush)" } else { "" };
    Some(format!("{name} {ttl} {} {}{flush} {words}", self::class(class & !MULTICAST), self::kind(kind)))
}

/// `None` for data of a type that is not known here, and for data that is not of its type.
fn data<'a>(message: &'a [u8], kind: u16, mut data: Reader<'a>) -> Option<String> {
    let words = match kind {
        1 => Ipv4Addr::from(data.u32()?).to_string(),
        2 | 5 | 12 | 39 => name(message, &mut data)?,
        6 => {
            let (primary, mailbox) = (name(message, &mut data)?, name(message, &mut data)?);
            let mut words = format!("{primary} {mailbox}");
            for _ in 0..5 {
                words.push_str(&format!(" {}", data.u32()?));
            }
            words
        }
        15 => format!("{} {}", data.u16()?, name(message, &mut data)?),
        16 => {
            let mut strings = Vec::new();
            while !data.is_empty() {
                let len = data.u8()?;
                strings.push(quoted(data.take(len.into())?));
            }
            strings.join(" ")
        }
        28 => Ipv6Addr::from(<[u8; 16]>::try_from(data.take(16)?).ok()?).to_string(),
        33 => format!("{} {} {} {}", data.u16()?, data.u16()?, data.u16()?, name(message, &mut data)?),
        257 => {
            let (flags, len) = (data.u8()?, data.u8()?);
            let tag = str::from_utf8(data.take(len.into())?).ok()?;
            let value = data.take(data.rest().len())?;
            format!("{flags} {tag} {}", quoted(value))
        }
        _ => return None,
    };
    data.is_empty().then_some(words)
}

/// As RFC 3597, section 5, has it.
fn unknown(data: &[u8]) -> String {
    let shown = &data[..data.len().min(DATA_MAX)];
    let more = if shown.len() < data.len() { " …" } else { "" };
    format!("\\# {} {}{more}", data.len(), hex::format(shown)).trim_end().to_owned()
}

fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(bytes).replace('\\', "\\\\").replace('"', "\\\""))
}

fn class(class: u16) -> String {
    match class {
        1 => "IN".to_owned(),
        3 => "CH".to_owned(),
        4 => "HS".to_owned(),
        254 => "NONE".to_owned(),
        255 => "ANY".to_owned(),
        other => format!("CLASS{other}"),
    }
}

fn kind(kind: u16) -> String {
    known_kind(kind).map_or_else(|| format!("TYPE{kind}"), str::to_owned)
}

/// Of the IANA's registry, what is asked for nowadays.
fn known_kind(kind: u16) -> Option<&'static str> {
    Some(match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        29 => "LOC",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        OPT => "OPT",
        43 => "DS",
        44 => "SSHFP",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        257 => "CAA",
        _ => return None,
    })
}
