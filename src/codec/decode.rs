//! What bytes mean, for those who look at them: one line, and a list of fields.

mod dns;
mod frames;
mod http;
mod json;
mod modbus;
pub mod mqtt;
mod reader;
pub mod recognize;
mod tls;

use super::can::bcm::{self, Message};
use super::can::{Body, Frame, Id};
use super::{hex, icmp, ipv4};

/// What the bytes of a conversation are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Decoder {
    /// Whatever the peers agree on, shown as text.
    #[default]
    Text,
    /// A [`Frame`].
    CanFrame,
    /// A [`Message`] of the broadcast manager.
    CanBroadcast,
    /// An IPv4 packet with its header, as a raw socket of this protocol returns it.
    Ipv4 { protocol: u8 },
    /// An ICMP message for IPv4 without a header before it.
    IcmpV4,
    /// An ICMPv6 message without a header before it.
    IcmpV6,
    /// The head of an HTTP/1 request or response.
    Http,
    /// WebSocket frames, the first of which begins with the first byte.
    WebSocket,
    /// One DNS message.
    Dns,
    /// DNS messages over a stream, each behind its length.
    DnsStream,
    /// Modbus over TCP.
    Modbus,
    /// MQTT control packets of this version.
    Mqtt(mqtt::Version),
    /// JSON texts.
    Json,
    /// TLS records.
    Tls,
}

/// Bytes put into words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// In one line.
    pub summary: String,
    /// Names in the words of the standards, and values.
    pub fields: Vec<(&'static str, String)>,
}

impl Decoded {
    /// With a line of what each message is, of which `left` bytes were not looked at. `None` where there is no message.
    fn of_messages(mut self, mut messages: Vec<String>, left: u64) -> Option<Self> {
        if messages.is_empty() {
            return None;
        }
        if left > 0 {
            messages.push("…".to_owned());
            self.fields.push(("more", format!("{left} bytes")));
        }
        self.summary = messages.join(", ");
        Some(self)
    }
}

impl Decoder {
    /// What a user can have bytes read as, the most usual first.
    pub const CHOICES: [Self; 14] = [
        Self::Text,
        Self::Http,
        Self::WebSocket,
        Self::Json,
        Self::Tls,
        Self::Dns,
        Self::DnsStream,
        Self::Mqtt(mqtt::Version::V3),
        Self::Mqtt(mqtt::Version::V5),
        Self::Modbus,
        Self::IcmpV4,
        Self::IcmpV6,
        Self::CanFrame,
        Self::CanBroadcast,
    ];

    /// Bytes at the beginning of a payload that are enough to be told what it is. What shows a payload hands in no more: a
    /// long one then takes no longer, and what it says stays honest, since it is told how long the whole is.
    pub const HEAD_MAX: usize = 64 << 10;

    /// The protocol in a word; empty for plain text.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::CanFrame => "CAN",
            Self::CanBroadcast => "BCM",
            Self::Ipv4 { protocol: ICMP } | Self::IcmpV4 => "ICMP",
            Self::Ipv4 { .. } => "IPv4",
            Self::IcmpV6 => "ICMPv6",
            Self::Http => "HTTP",
            Self::WebSocket => "WebSocket",
            Self::Dns => "DNS",
            Self::DnsStream => "DNS over TCP",
            Self::Modbus => "Modbus/TCP",
            Self::Mqtt(mqtt::Version::V3) => "MQTT 3.1.1",
            Self::Mqtt(mqtt::Version::V5) => "MQTT 5",
            Self::Json => "JSON",
            Self::Tls => "TLS",
        }
    }

    /// What is sent on a socket that returns what `self` reads: the kernel puts the header before an IPv4 packet, except
    /// for protocol 255 (IPPROTO_RAW), see raw(7).
    #[must_use]
    pub fn sent(self) -> Self {
        match self {
            Self::Ipv4 { protocol: ICMP } => Self::IcmpV4,
            Self::Ipv4 { protocol: RAW } => self,
            Self::Ipv4 { .. } => Self::Text,
            other => other,
        }
    }

    /// `None` for plain text, and for bytes that are not what they should be.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Option<Decoded> {
        self.decode_head(bytes, bytes.len() as u64)
    }

    /// As [`Self::decode`] with only the first of `len` bytes at hand. What it says holds for all of them: `None` where that
    /// can't be known.
    #[must_use]
    pub fn decode_head(self, head: &[u8], len: u64) -> Option<Decoded> {
        let len = len.max(head.len() as u64);
        let whole = || Some(head).filter(|head| head.len() as u64 >= len);
        match self {
            Self::Text => None,
            Self::CanFrame => Frame::from_bytes(whole()?).ok().map(|frame| can_frame(&frame)),
            Self::CanBroadcast => Message::from_bytes(whole()?).ok().map(|message| broadcast(&message)),
            Self::Ipv4 { .. } => packet(head, len),
            Self::IcmpV4 => message(icmp::Version::V4, head, len),
            Self::IcmpV6 => message(icmp::Version::V6, head, len),
            Self::Http => http::decode(head, len),
            Self::WebSocket => frames::decode(head, len),
            Self::Dns => dns::decode(head, len),
            Self::DnsStream => dns::decode_stream(head, len),
            Self::Modbus => modbus::decode(head, len),
            Self::Mqtt(version) => mqtt::decode(version, head, len),
            Self::Json => json::decode(head, len),
            Self::Tls => tls::decode(head, len),
        }
    }
}

/// Protocol numbers of the IANA's registry.
const ICMP: u8 = 1;
const RAW: u8 = 255;

fn can_frame(frame: &Frame) -> Decoded {
    let (id, kind) = match frame.id {
        Id::Standard(id) => (format!("{id:#05x}"), "standard, 11 bits"),
        Id::Extended(id) => (format!("{id:#010x}"), "extended, 29 bits"),
        Id::Error(class) => (format!("{class:#x}"), "error class"),
    };
    let mut fields = vec![("identifier", id), ("format", kind.to_owned())];
    match &frame.body {
        Body::Data(data) => fields.extend([("length", data.len().to_string()), ("data", hex::format(data))]),
        Body::Remote { len } => fields.extend([("remote request", String::new()), ("length", len.to_string())]),
        Body::Fd { data, bit_rate_switch, error_state } => {
            let flags = [(*bit_rate_switch, "BRS"), (*error_state, "ESI")];
            let flags: Vec<_> = flags.into_iter().filter_map(|(on, name)| on.then_some(name)).collect();
            let flags = if flags.is_empty() { "none".to_owned() } else { flags.join(" ") };
            fields.extend([("CAN FD flags", flags), ("length", data.len().to_string()), ("data", hex::format(data))]);
        }
    }
    Decoded { summary: frame.to_string(), fields }
}

fn broadcast(message: &Message) -> Decoded {
    let frames: Vec<_> = message.frames.iter().map(Frame::to_string).collect();
    let mut summary = format!("{} {:X}", message.opcode.name(), message.id & super::can::EXTENDED_ID_MAX);
    for frame in &frames {
        summary.push(' ');
        summary.push_str(frame);
    }
    let flags = bcm::FLAGS.into_iter().filter(|(bit, _)| message.flags & bit != 0);
    let flags: Vec<_> = flags.map(|(_, name)| name).collect();
    let fields = vec![
        ("opcode", message.opcode.name().to_owned()),
        ("flags", format!("{:#06x} {}", message.flags, flags.join(" ")).trim_end().to_owned()),
        ("count", message.count.to_string()),
        ("first interval", format!("{:?}", message.first_interval)),
        ("second interval", format!("{:?}", message.second_interval)),
        ("frames", frames.join(" ")),
    ];
    Decoded { summary, fields }
}

fn packet(head: &[u8], len: u64) -> Option<Decoded> {
    let (header, payload) = ipv4::Header::read(head)?;
    let payload_len = len - header.len as u64;
    let mut fields = vec![
        ("source", header.source.to_string()),
        ("destination", header.destination.to_string()),
        ("time to live", header.time_to_live.to_string()),
        ("identification", format!("{:#06x}", header.identification)),
        ("protocol", header.protocol.to_string()),
        ("total length", header.total.to_string()),
    ];
    let inner = (header.protocol == ICMP).then(|| message(icmp::Version::V4, payload, payload_len)).flatten();
    let what = match inner {
        Some(inner) => {
            fields.extend(inner.fields);
            inner.summary
        }
        None => format!("protocol {}, {payload_len} bytes", header.protocol),
    };
    // What it is comes before what a narrow column cuts off.
    Some(Decoded { summary: format!("{what} · {} → {}", header.source, header.destination), fields })
}

fn message(version: icmp::Version, head: &[u8], len: u64) -> Option<Decoded> {
    let header = icmp::Header::read(head)?;
    let payload_len = len - icmp::HEADER_SIZE as u64;
    let mut summary = header.name(version).into_owned();
    let mut fields = vec![("type", format!("{} ({summary})", header.kind)), ("code", header.code.to_string())];
    // An IPv6 message's sum is over addresses too, which the socket doesn't give; the kernel has checked it.
    let verdict = match version {
        icmp::Version::V4 if (head.len() as u64) < len => "",
        icmp::Version::V4 if icmp::checksum(head) == 0 => " right",
        icmp::Version::V4 => " wrong",
        icmp::Version::V6 => "",
    };
    fields.push(("checksum", format!("{:#06x}{verdict}", header.checksum)));
    if let Some((identifier, sequence)) = header.echo(version) {
        summary = format!("{summary} id={identifier} seq={sequence}, {payload_len} bytes");
        fields.extend([("identifier", identifier.to_string()), ("sequence", sequence.to_string())]);
    }
    fields.push(("payload", format!("{payload_len} bytes")));
    Some(Decoded { summary, fields })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACKET: Decoder = Decoder::Ipv4 { protocol: ICMP };

    fn summary(decoder: Decoder, bytes: &[u8]) -> Option<String> {
        decoder.decode(bytes).map(|decoded| decoded.summary)
    }

    #[test]
    fn a_ping_is_seen_in_its_packet() {
        let mut packet = vec![0x45, 0, 0, 33, 0, 1, 0, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2];
        packet.extend(icmp::echo_request(icmp::Version::V4, 7, 3, b"hello"));
        let decoded = PACKET.decode(&packet).unwrap();
        assert_eq!(decoded.summary, "echo request id=7 seq=3, 5 bytes · 127.0.0.1 → 127.0.0.2");
        assert!(decoded.fields.iter().any(|(name, value)| *name == "checksum" && value.ends_with(" right")));
        packet[30] ^= 1;
        let decoded = PACKET.decode(&packet).unwrap();
        assert!(decoded.fields.iter().any(|(name, value)| *name == "checksum" && value.ends_with(" wrong")));
    }

    #[test]
    fn frames_are_shown_as_people_write_them() {
        let frame: Frame = "123##1DEADBEEF".parse().unwrap();
        assert_eq!(summary(Decoder::CanFrame, &frame.to_bytes()).as_deref(), Some("123##1DEADBEEF"));
        assert_eq!(summary(Decoder::CanFrame, b"no frame"), None);
        assert_eq!(summary(Decoder::Text, &frame.to_bytes()), None);
    }

    #[test]
    fn other_protocols_are_named_by_number() {
        let packet = [0x45, 0, 0, 22, 0, 1, 0, 0, 64, 89, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1, 2];
        assert_eq!(
            summary(Decoder::Ipv4 { protocol: 89 }, &packet).as_deref(),
            Some("protocol 89, 2 bytes · 10.0.0.1 → 10.0.0.2")
        );
    }

    #[test]
    fn what_is_sent_has_no_header() {
        let ping = icmp::echo_request(icmp::Version::V4, 7, 3, b"hello");
        assert_eq!(summary(PACKET, &ping), None);
        assert_eq!(summary(PACKET.sent(), &ping).as_deref(), Some("echo request id=7 seq=3, 5 bytes"));
        // Whose header it is, only its protocol tells.
        assert_eq!(Decoder::Ipv4 { protocol: 89 }.sent(), Decoder::Text);
        assert_eq!(Decoder::Ipv4 { protocol: 255 }.sent(), Decoder::Ipv4 { protocol: 255 });
        assert_eq!(Decoder::CanFrame.sent(), Decoder::CanFrame);
    }

    #[test]
    fn a_head_is_told_as_part_of_the_whole() {
        let ping = icmp::echo_request(icmp::Version::V4, 7, 3, &[9; 1000]);
        let decoded = Decoder::IcmpV4.decode_head(&ping[..512], 1008).unwrap();
        assert_eq!(decoded.summary, "echo request id=7 seq=3, 1000 bytes");
        assert!(decoded.fields.iter().all(|(_, value)| !value.contains("wrong")), "{decoded:?}");
        let frame: Frame = "123##1DEADBEEF".parse().unwrap();
        assert_eq!(Decoder::CanFrame.decode_head(&frame.to_bytes()[..16], 72), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            mut bytes in prop::collection::vec(any::<u8>(), 0..140),
            decoder in prop::sample::select([&Decoder::CHOICES[..], &[PACKET]].concat()),
            first: Option<u8>,
            missing in 0..3000_u64,
        ) {
            if let (Some(first), Some(byte)) = (first, bytes.first_mut()) {
                *byte = 0x40 | first & 0x0f;
            }
            let _ = decoder.decode(&bytes);
            let _ = decoder.decode_head(&bytes, bytes.len() as u64 + missing);
        }
    }
}
