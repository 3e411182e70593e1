//! WebSocket frames in one piece of a stream.

use super::Decoded;
use crate::codec::hex;
use crate::codec::visible::visible;
use crate::codec::websocket::{Header, Opcode, apply_mask, close_meaning, read_close};

/// Frames that are described one by one; what follows is counted in bytes.
const FRAMES_MAX: usize = 16;
/// Bytes of a payload that are shown as text.
const TEXT_MAX: usize = 400;

/// The frames that begin with the first byte. A piece that begins in the middle of a frame is not recognized, or read as
/// what it happens to look like: only whoever follows the whole stream knows.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let mut decoded = Decoded::default();
    let mut rest = bytes;
    for _ in 0..FRAMES_MAX {
        let Ok(Some((header, size))) = Header::read(rest) else { break };
        // No extension was agreed on, so that these bits mean that it is no frame.
        if header.reserved != 0 {
            break;
        }
        let available = &rest[size..];
        let len = usize::try_from(header.len).unwrap_or(usize::MAX).min(available.len());
        let (payload, after) = available.split_at(len);
        if !decoded.summary.is_empty() {
            decoded.summary.push_str(", ");
        }
        describe(&header, payload, &mut decoded);
        rest = after;
    }
    if !rest.is_empty() && !decoded.fields.is_empty() {
        decoded.fields.push(("more", format!("{} bytes", rest.len())));
    }
    (!decoded.fields.is_empty()).then_some(decoded)
}

fn describe(header: &Header, payload: &[u8], decoded: &mut Decoded) {
    let finality = if header.is_final { "" } else { ", not the last of its message" };
    let cut =
        if (payload.len() as u64) < header.len { format!(", {} of them here", payload.len()) } else { String::new() };
    decoded.fields.push(("opcode", format!("{:#x} ({}{finality})", header.opcode.bits(), header.opcode)));
    decoded.fields.push(("mask", header.mask.map_or_else(|| "none".to_owned(), |mask| hex::format(&mask))));
    decoded.fields.push(("length", format!("{} bytes{cut}", header.len)));
    let mut shown = payload[..payload.len().min(TEXT_MAX)].to_vec();
    if let Some(mask) = header.mask {
        apply_mask(mask, 0, &mut shown);
    }
    let words = match (header.opcode, read_close(&shown)) {
        (_, _) if shown.is_empty() => String::new(),
        (Opcode::Close, Ok((Some(code), reason))) => {
            let meaning = close_meaning(code).unwrap_or("unknown");
            format!("{code} {meaning} {}", visible(reason)).trim_end().to_owned()
        }
        (Opcode::Binary, _) => hex::format(&shown),
        _ => visible(&String::from_utf8_lossy(&shown)),
    };
    let more = if payload.len() > shown.len() { "…" } else { "" };
    if !words.is_empty() {
        decoded.fields.push(("payload", format!("{words}{more}")));
    }
    decoded.summary.push_str(format!("{} {words}{more}", header.opcode).trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_text_is_read() {
        let decoded = decode(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").unwrap();
        assert_eq!(decoded.summary, "text Hello");
        let fields: Vec<_> = decoded.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let expected = [("opcode", "0x1 (text)"), ("mask", "37 fa 21 3d"), ("length", "5 bytes"), ("payload", "Hello")];
        assert_eq!(fields, expected);
    }

    #[test]
    fn several_frames_and_a_cut_one() {
        let decoded = decode(b"\x01\x03Hel\x80\x02lo\x88\x05\x03\xe8bye\x82\x7e\x01\x00\xff").unwrap();
        assert_eq!(decoded.summary, "text Hel, continuation lo, close 1000 normal closure bye, binary ff");
        assert!(decoded.fields.contains(&("length", "256 bytes, 1 of them here".to_owned())));
        assert!(decoded.fields.contains(&("opcode", "0x1 (text, not the last of its message)".to_owned())));
    }

    #[test]
    fn what_is_no_frame_stays_bytes() {
        for bytes in [&b""[..], b"\x81", b"GET / HTTP/1.1\r\n", b"\xff\xff"] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
