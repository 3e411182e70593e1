//! The record layer of TLS (RFC 8446, section 5.1, and RFC 5246, section 6.2.1): what is not encrypted of it.

use super::Decoded;
use super::reader::Reader;

/// Records that are described one by one; what follows is counted in bytes.
const RECORDS_MAX: usize = 16;
const HEADER_SIZE: usize = 5;
/// 2^14 bytes and what TLS 1.2 allows encryption to add.
const FRAGMENT_MAX: u16 = (1 << 14) + 2048;

/// The records that begin with the first byte of `len`, of which `head` is there.
pub(super) fn decode(head: &[u8], len: u64) -> Option<Decoded> {
    let mut decoded = Decoded::default();
    let mut summary = Vec::new();
    let (mut rest, mut left) = (head, len);
    for _ in 0..RECORDS_MAX {
        let Some(record) = Record::read(rest) else { break };
        let here = u64::from(record.len).min(left - HEADER_SIZE as u64);
        let fragment = &rest[HEADER_SIZE..];
        let fragment = &fragment[..fragment.len().min(record.len.into())];
        let content = record.content(fragment);
        let name = content_type(record.kind).unwrap_or_default();
        let version = version(record.version);
        summary.push(format!("{name}{}", content.as_ref().map(|content| format!(" {content}")).unwrap_or_default()));
        decoded.fields.push(("record", format!("{} ({name})", record.kind)));
        decoded.fields.push(("version", version));
        let cut = if here < record.len.into() { format!(", {here} of them here") } else { String::new() };
        decoded.fields.push(("length", format!("{} bytes{cut}", record.len)));
        decoded.fields.extend(content.map(|content| (if record.kind == ALERT { "alert" } else { "message" }, content)));
        rest = &rest[(HEADER_SIZE + fragment.len()).min(rest.len())..];
        left -= HEADER_SIZE as u64 + here;
    }
    decoded.of_messages(summary, left)
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

struct Record {
    kind: u8,
    version: u16,
    len: u16,
}

impl Record {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let record = Self { kind: reader.u8()?, version: reader.u16()?, len: reader.u16()? };
        let known = content_type(record.kind).is_some() && (0x300..=0x304).contains(&record.version);
        (known && record.len <= FRAGMENT_MAX).then_some(record)
    }

    /// What a fragment says that is whole and not encrypted.
    fn content(&self, fragment: &[u8]) -> Option<String> {
        if fragment.len() != usize::from(self.len) {
            return None;
        }
        match (self.kind, fragment) {
            (ALERT, [level @ (1 | 2), code]) => {
                let level = if *level == 1 { "warning" } else { "fatal" };
                Some(format!("{level} {code}{}", alert(*code).map(|name| format!(" ({name})")).unwrap_or_default()))
            }
            (HANDSHAKE, fragment) => messages(fragment),
            _ => None,
        }
    }
}

/// The names of handshake messages that fill a fragment to its last byte. Encrypted ones don't.
fn messages(fragment: &[u8]) -> Option<String> {
    let mut reader = Reader::new(fragment);
    let mut names = Vec::new();
    while !reader.is_empty() {
        let header = reader.u32()?;
        reader.take((header & 0x00ff_ffff) as usize)?;
        names.push(handshake((header >> 24) as u8)?);
    }
    (!names.is_empty()).then(|| names.join(", "))
}

fn content_type(kind: u8) -> Option<&'static str> {
    Some(match kind {
        CHANGE_CIPHER_SPEC => "change_cipher_spec",
        ALERT => "alert",
        HANDSHAKE => "handshake",
        23 => "application_data",
        24 => "heartbeat",
        _ => return None,
    })
}

fn version(version: u16) -> String {
    match version {
        0x300 => "SSL 3.0".to_owned(),
        // A client that speaks TLS 1.3 says 1.0 or 1.2 here (RFC 8446, section 5.1).
        version => format!("TLS 1.{} in the header", (version & 0xff) - 1),
    }
}

/// RFC 8446, section 4, and RFC 5246, section 7.4.
fn handshake(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "HelloRequest",
        1 => "ClientHello",
        2 => "ServerHello",
        4 => "NewSessionTicket",
        5 => "EndOfEarlyData",
        8 => "EncryptedExtensions",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        15 => "CertificateVerify",
        16 => "ClientKeyExchange",
        20 => "Finished",
        22 => "CertificateStatus",
        24 => "KeyUpdate",
        _ => return None,
    })
}

/// RFC 8446, section 6.
fn alert(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn summary(bytes: &[u8], len: u64) -> Option<String> {
        decode(bytes, len).map(|decoded| decoded.summary)
    }

    #[test]
    fn records_are_told_one_by_one() {
        for (bytes, expected) in [
            (&b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03"[..], "handshake ClientHello"),
            (b"\x16\x03\x03\0\x08\x02\0\0\0\x0e\0\0\0", "handshake ServerHello, ServerHelloDone"),
            (b"\x15\x03\x03\0\x02\x02\x28", "alert fatal 40 (handshake_failure)"),
            (b"\x15\x03\x03\0\x02\x01\xfe", "alert warning 254"),
            (b"\x14\x03\x03\0\x01\x01\x16\x03\x03\0\x04\0\0\0\x07", "change_cipher_spec, handshake"),
            (b"\x17\x03\x03\0\x03abc\x17\x03", "application_data, …"),
            (b"\x17\x03\x03\x40\0a", "application_data"),
        ] {
            assert_eq!(summary(bytes, bytes.len() as u64).as_deref(), Some(expected), "{bytes:02x?}");
        }
        let decoded = decode(b"\x17\x03\x03\x40\0a", 6).unwrap();
        assert_eq!(
            decoded.fields,
            [
                ("record", "23 (application_data)".to_owned()),
                ("version", "TLS 1.2 in the header".to_owned()),
                ("length", "16384 bytes, 1 of them here".to_owned()),
            ]
        );
    }

    #[test]
    fn of_a_cut_head_all_is_counted() {
        let decoded = decode(b"\x17\x03\x03\0\x09abc", 20).unwrap();
        assert!(decoded.fields.contains(&("length", "9 bytes".to_owned())), "{decoded:?}");
        assert!(decoded.fields.contains(&("more", "6 bytes".to_owned())), "{decoded:?}");
        // Whether the fragment has a message is not known.
        assert_eq!(summary(b"\x16\x03\x01\0\x04\x01\0", 9).as_deref(), Some("handshake"));
    }

    #[test]
    fn what_is_no_record_stays_bytes() {
        for bytes in [
            &b""[..],
            b"\x16\x03\x01\0",
            b"\x19\x03\x01\0\0",
            b"\x16\x04\0\0\0",
            b"\x16\x03\x05\0\0",
            b"\x16\x03\x01\xff\xff",
        ] {
            assert_eq!(summary(bytes, bytes.len() as u64), None, "{bytes:02x?}");
        }
    }
}
