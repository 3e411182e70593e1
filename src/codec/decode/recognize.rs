//! What bytes are that nobody has said anything of: by the port that they crossed, else by what they look like.

use super::mqtt::Version;
use super::{Decoder, dns, modbus, mqtt};

/// Where bytes crossed, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// This side's and the peer's.
    pub ports: [Option<u16>; 2],
    /// A stream, or messages with borders.
    pub is_stream: Option<bool>,
}

/// Why bytes were taken for what they are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// This port is the protocol's, and the bytes fit.
    Port(u16),
    /// The bytes could hardly be anything else.
    Content,
}

/// What a protocol is known by. Another decoder is one more of these.
struct Known {
    decoder: Decoder,
    /// Of the IANA's registry.
    ports: &'static [u16],
    /// Over a stream, over messages.
    over: [bool; 2],
    /// Whether bytes of which `len` are, the first of them at hand, are of it beyond doubt.
    is_certain: fn(head: &[u8], len: u64) -> bool,
}

const BOTH: [bool; 2] = [true, true];
const STREAM: [bool; 2] = [true, false];
const MESSAGES: [bool; 2] = [false, true];

/// What is told apart by less comes later.
const KNOWN: [Known; 8] = [
    Known {
        decoder: Decoder::Http,
        ports: &[80, 8080],
        over: STREAM,
        is_certain: |head, len| Decoder::Http.decode_head(head, len).is_some(),
    },
    Known {
        decoder: Decoder::Tls,
        ports: &[443, 853, 993, 8883],
        over: STREAM,
        is_certain: |head, len| Decoder::Tls.decode_head(head, len).is_some(),
    },
    Known {
        decoder: Decoder::Mqtt(Version::V5),
        ports: &[1883],
        over: STREAM,
        is_certain: |head, len| is_connect(Version::V5, head, len),
    },
    Known {
        decoder: Decoder::Mqtt(Version::V3),
        ports: &[1883],
        over: STREAM,
        is_certain: |head, len| is_connect(Version::V3, head, len),
    },
    Known { decoder: Decoder::Modbus, ports: &[502], over: BOTH, is_certain: modbus::is_certain },
    Known { decoder: Decoder::DnsStream, ports: &[53], over: STREAM, is_certain: dns::is_certain_stream },
    Known { decoder: Decoder::Dns, ports: &[53, 5353, 5355], over: MESSAGES, is_certain: dns::is_certain },
    Known {
        decoder: Decoder::Json,
        ports: &[],
        over: BOTH,
        is_certain: |head, len| Decoder::Json.decode_head(head, len).is_some(),
    },
];

/// What the bytes, of which `head` is at hand, are; `None` for text, and for what nothing certain can be said of.
#[must_use]
pub fn recognize(head: &[u8], len: u64, circumstances: Circumstances) -> Option<(Decoder, Evidence)> {
    let possible = || {
        KNOWN.iter().filter(|known| match circumstances.is_stream {
            Some(true) => known.over[0],
            Some(false) => known.over[1],
            None => true,
        })
    };
    for port in circumstances.ports.into_iter().flatten() {
        let mut of_port = possible().filter(|known| known.ports.contains(&port));
        // A CONNECT is right in both versions; it says which it is.
        let fits = |known: &&Known| match (known.decoder, mqtt::version_of_connect(head)) {
            (Decoder::Mqtt(version), Some(_)) => is_connect(version, head, len),
            (decoder, _) => decoder.decode_head(head, len).is_some(),
        };
        if let Some(known) = of_port.find(fits) {
            return Some((known.decoder, Evidence::Port(port)));
        }
    }
    let known = possible().find(|known| (known.is_certain)(head, len))?;
    Some((known.decoder, Evidence::Content))
}

/// Whether the bytes begin with a CONNECT of this version that can be read.
fn is_connect(version: Version, head: &[u8], len: u64) -> bool {
    mqtt::version_of_connect(head) == Some(version) && mqtt::decode(version, head, len).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    const READ: &[u8] = b"\0\x01\0\0\0\x06\x11\x03\0\x6b\0\x03";

    fn over(is_stream: bool, ports: [u16; 2], bytes: &[u8]) -> Option<(Decoder, Evidence)> {
        let circumstances = Circumstances { ports: ports.map(Some), is_stream: Some(is_stream) };
        recognize(bytes, bytes.len() as u64, circumstances)
    }

    #[test]
    fn a_port_and_bytes_that_fit_make_a_protocol() {
        for (is_stream, port, bytes, decoder) in [
            (false, 53, QUERY, Decoder::Dns),
            // A multicast answer has no question.
            (
                false,
                5353,
                b"\0\0\x84\0\0\0\0\x01\0\0\0\0\x01a\0\0\x01\x80\x01\0\0\0\x78\0\x04\x7f\0\0\x01",
                Decoder::Dns,
            ),
            (true, 53, &[&b"\0\x1d"[..], QUERY].concat(), Decoder::DnsStream),
            (true, 502, READ, Decoder::Modbus),
            (true, 502, &READ[..10], Decoder::Modbus),
            (true, 1883, b"\x30\x08\0\x01ahello", Decoder::Mqtt(Version::V3)),
            (true, 1883, b"\x30\x09\0\x01a\0hello", Decoder::Mqtt(Version::V5)),
            (true, 1883, b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01a", Decoder::Mqtt(Version::V3)),
            (true, 443, b"\x17\x03\x03\0\x03abc", Decoder::Tls),
            (true, 8080, b"GET / HTTP/1.1\r\n\r\n", Decoder::Http),
        ] {
            for ports in [[port, 51734], [51734, port]] {
                let found = over(is_stream, ports, bytes);
                assert_eq!(found, Some((decoder, Evidence::Port(port))), "{ports:?} {bytes:02x?}");
            }
        }
        for port in [53, 80, 443, 502, 1883] {
            assert_eq!(over(true, [port, 51734], "hello 你好\r\n".as_bytes()), None, "{port}");
        }
    }

    #[test]
    fn at_any_other_port_only_what_is_certain_is_one() {
        for (is_stream, bytes, decoder) in [
            (false, QUERY, Some(Decoder::Dns)),
            (true, QUERY, None),
            (true, READ, Some(Decoder::Modbus)),
            (true, &READ[..10], None),
            (true, b"\x30\x08\0\x01ahello", None),
            (true, b"\x10\x0e\0\x04MQTT\x05\x02\0\0\0\0\x01a", Some(Decoder::Mqtt(Version::V5))),
            (true, b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03", Some(Decoder::Tls)),
            (false, b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03", None),
            (true, b"\x10\x0b\0\x04MQTT\x05\x02\0\0\x7f", None),
            (true, b"HTTP/1.1 200 OK\r\n\r\n", Some(Decoder::Http)),
            (false, b"{\"a\": 1}", Some(Decoder::Json)),
            (true, b"hello", None),
            (true, b"12", None),
            (true, b"", None),
        ] {
            let found = over(is_stream, [40123, 51734], bytes);
            assert_eq!(found, decoder.map(|decoder| (decoder, Evidence::Content)), "{bytes:02x?}");
        }
        // Of a row whose session is gone neither is known.
        let found = recognize(QUERY, QUERY.len() as u64, Circumstances::default());
        assert_eq!(found, Some((Decoder::Dns, Evidence::Content)));
    }
}
