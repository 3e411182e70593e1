//! What a code says of how something went (section 2.4; for version 3.1.1 its sections 3.2.2.3 and 3.9.3).

use super::{CONNACK, DISCONNECT, SUBACK, Version};

/// The code and its name, where it has one.
pub(super) fn describe(version: Version, kind: u8, code: u8) -> String {
    let name = match version {
        Version::V3 => name_v3(kind, code),
        Version::V5 => name_v5(kind, code),
    };
    name.map_or_else(|| format!("{code:#04x}"), |name| format!("{code:#04x} ({name})"))
}

fn name_v3(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (CONNACK, 0) => "accepted",
        (CONNACK, 1) => "protocol version not accepted",
        (CONNACK, 2) => "client identifier rejected",
        (CONNACK, 3) => "server unavailable",
        (CONNACK, 4) => "bad user name or password",
        (CONNACK, 5) => "not authorized",
        (SUBACK, 0) => "granted, quality of service 0",
        (SUBACK, 1) => "granted, quality of service 1",
        (SUBACK, 2) => "granted, quality of service 2",
        (SUBACK, 0x80) => "failure",
        _ => return None,
    })
}

fn name_v5(kind: u8, code: u8) -> Option<&'static str> {
    Some(match code {
        0 if kind == DISCONNECT => "normal disconnection",
        0 if kind == SUBACK => "granted, quality of service 0",
        0 => "success",
        1 => "granted, quality of service 1",
        2 => "granted, quality of service 2",
        0x04 => "disconnect with will",
        0x10 => "no matching subscribers",
        0x11 => "no subscription existed",
        0x18 => "continue authentication",
        0x19 => "authenticate again",
        0x80 => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "implementation specific error",
        0x84 => "unsupported protocol version",
        0x85 => "client identifier not valid",
        0x86 => "bad user name or password",
        0x87 => "not authorized",
        0x88 => "server unavailable",
        0x89 => "server busy",
        0x8a => "banned",
        0x8b => "server shutting down",
        0x8c => "bad authentication method",
        0x8d => "keep alive timeout",
        0x8e => "session taken over",
        0x8f => "topic filter invalid",
        0x90 => "topic name invalid",
        0x91 => "packet identifier in use",
        0x92 => "packet identifier not found",
        0x93 => "receive maximum exceeded",
        0x94 => "topic alias invalid",
        0x95 => "packet too large",
        0x96 => "message rate too high",
        0x97 => "quota exceeded",
        0x98 => "administrative action",
        0x99 => "payload format invalid",
        0x9a => "retain not supported",
        0x9b => "quality of service not supported",
        0x9c => "use another server",
        0x9d => "server moved",
        0x9e => "shared subscriptions not supported",
        0x9f => "connection rate exceeded",
        0xa0 => "maximum connect time",
        0xa1 => "subscription identifiers not supported",
        0xa2 => "wildcard subscriptions not supported",
        _ => return None,
    })
}
