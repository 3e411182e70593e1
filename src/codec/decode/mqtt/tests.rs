use super::*;

/// A packet of this first byte with the length that its body has.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    [&[first, body.len() as u8], body].concat()
}

fn summary(version: Version, bytes: &[u8]) -> Option<String> {
    super::decode(version, bytes, bytes.len() as u64).map(|decoded| decoded.summary)
}

const CONNECT_V3: &[u8] = b"\0\x04MQTT\x04\xc6\0\x3c\0\x02me\0\x04last\0\x03bye\0\x01u\0\x02pw";
const CONNECT_V5: &[u8] = b"\0\x04MQTT\x05\x02\0\x3c\x05\x11\0\0\0\x0a\0\x02me";

#[test]
fn packets_of_both_versions_are_read() {
    use Version::{V3, V5};
    for (version, first, body, expected) in [
        (V3, 0x10, CONNECT_V3, "CONNECT 3.1.1 me"),
        // It says itself what it is.
        (V3, 0x10, CONNECT_V5, "CONNECT 5 me"),
        (V3, 0x20, b"\0\x05", "CONNACK 0x05 (not authorized)"),
        (V5, 0x20, b"\x01\0\0", "CONNACK 0x00 (success)"),
        (V3, 0x30, b"\0\x03a/bhello", "PUBLISH a/b hello"),
        (V5, 0x30, b"\0\x03a/b\0hello", "PUBLISH a/b hello"),
        (V5, 0x3b, b"\0\x03a/b\0\x07\x02\x01\x01\xff\xfe", "PUBLISH a/b ff fe"),
        (V3, 0x40, b"\0\x07", "PUBACK 7"),
        (V5, 0x50, b"\0\x07\x10", "PUBREC 7 0x10 (no matching subscribers)"),
        (V5, 0x62, b"\0\x07", "PUBREL 7"),
        (V3, 0x82, b"\0\x01\0\x03a/#\x01\0\x01b\0", "SUBSCRIBE a/# b"),
        (V5, 0x82, b"\0\x01\0\0\x03a/#\x2d", "SUBSCRIBE a/#"),
        (V3, 0x90, b"\0\x01\x01\x80", "SUBACK 0x01 (granted, quality of service 1), 0x80 (failure)"),
        (V5, 0x90, b"\0\x01\0\x87", "SUBACK 0x87 (not authorized)"),
        (V3, 0xa2, b"\0\x01\0\x01b", "UNSUBSCRIBE b"),
        (V3, 0xb0, b"\0\x01", "UNSUBACK"),
        (V5, 0xb0, b"\0\x01\0\x11", "UNSUBACK 0x11 (no subscription existed)"),
        (V3, 0xc0, b"", "PINGREQ"),
        (V3, 0xe0, b"", "DISCONNECT"),
        (V5, 0xe0, b"\x8e\0", "DISCONNECT 0x8e (session taken over)"),
        (V5, 0xf0, b"\x18\x09\x15\0\x01x\x16\0\x02ab", "AUTH 0x18 (continue authentication)"),
    ] {
        assert_eq!(summary(version, &packet(first, body)).as_deref(), Some(expected), "{version:?} {body:02x?}");
    }
}

#[test]
fn all_of_a_packet_is_told() {
    let connect = packet(0x10, CONNECT_V3);
    let decoded = super::decode(Version::V3, &connect, connect.len() as u64).unwrap();
    let expected = [
        ("packet", "1 (CONNECT)"),
        ("length", "32 bytes"),
        ("protocol", "MQTT 3.1.1"),
        ("clean start", "yes"),
        ("keep alive", "60 s"),
        ("client", "me"),
        ("will", "last bye, quality of service 0"),
        ("user", "u"),
        ("password", "2 bytes"),
    ];
    let fields: Vec<_> = decoded.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(fields, expected);
    let publish = packet(0x3b, b"\0\x03a/b\0\x07\x08\x23\0\x02\x26\0\x01k\0\0x");
    let decoded = super::decode(Version::V5, &publish, publish.len() as u64);
    assert_eq!(decoded, None, "the properties end within one");
    let publish = packet(0x3b, b"\0\x03a/b\0\x07\x09\x23\0\x02\x26\0\x01k\0\0x");
    let fields = super::decode(Version::V5, &publish, publish.len() as u64).unwrap().fields;
    for field in [
        ("quality of service", "1"),
        ("flags", "duplicate, retain"),
        ("identifier", "7"),
        ("property", "topic alias = 2"),
        ("property", "user property = k: "),
        ("payload", "1 bytes x"),
    ] {
        assert!(fields.contains(&(field.0, field.1.to_owned())), "{field:?} in {fields:?}");
    }
}

#[test]
fn several_packets_and_a_cut_one() {
    let two = [packet(0xc0, b""), packet(0x30, b"\0\x01ahello")].concat();
    assert_eq!(summary(Version::V3, &two).as_deref(), Some("PINGREQ, PUBLISH a hello"));
    assert_eq!(summary(Version::V3, &two[..6]).as_deref(), Some("PINGREQ, PUBLISH …"));
    let cut = super::decode(Version::V3, &two[2..8], 6).unwrap();
    assert_eq!(
        (cut.summary.as_str(), &cut.fields[1]),
        ("PUBLISH …", &("length", "8 bytes, 4 of them here".to_owned()))
    );
    // All of it came; only this head is at hand.
    let head = super::decode(Version::V3, &two[2..8], 11).unwrap();
    assert_eq!((&head.fields[1].1[..], head.summary.as_str()), ("8 bytes", "PUBLISH …, …"));
    let many = packet(0xc0, b"").repeat(PACKETS_MAX + 1);
    assert!(summary(Version::V3, &many).unwrap().ends_with("PINGREQ, …"));
}

#[test]
fn what_is_no_packet_stays_bytes() {
    for bytes in [&b""[..], b"\x10", b"\0\0", b"\x36\0", b"\x80\0", b"\x30\xff\xff\xff\xff\x01", b"hello", b"\xc0\x01x"]
    {
        assert_eq!(summary(Version::V5, bytes), None, "{bytes:02x?}");
    }
    assert_eq!(summary(Version::V3, &packet(0xf0, b"\x18\0")), None, "no such packet before version 5");
    assert_eq!(summary(Version::V3, &packet(0x82, b"\0\0\0\x01a\0")), None, "an identifier is never 0");
    assert_eq!(summary(Version::V5, &packet(0x30, b"\0\x03a/bhello")), None, "properties that are longer than it");
}

#[test]
fn a_connect_names_its_version() {
    assert_eq!(version_of_connect(&packet(0x10, CONNECT_V3)), Some(Version::V3));
    assert_eq!(version_of_connect(&packet(0x10, CONNECT_V5)), Some(Version::V5));
    assert_eq!(version_of_connect(b"\x10\x0c\0\x06MQIsdp\x03\0"), Some(Version::V3));
    assert_eq!(version_of_connect(&packet(0x30, CONNECT_V5)), None);
}
