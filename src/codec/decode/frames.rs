//! WebSocket frames in one piece of a stream.

use super::Decoded;
use crate::codec::hex;
use crate::codec::visible::visible;
use crate::codec::websocket::{Header, Opcode, apply_mask, close_meaning, read_close};

/// Frames that are described one by one; what follows is counted in bytes.
const FRAMES_MAX: usize = 16;
/// Bytes of a payload that are shown as text.
const TEXT_MAX: usize = 400;

/// The frames that begin with the first byte of `len`, of which `head` is there. A piece that begins in the middle of a
/// frame is not recognized, or read as what it happens to look like: only whoever follows the whole stream knows.
pub(super) fn decode(head: &[u8], len: u64) -> Option<Decoded> {
    let mut decoded = Decoded::default();
    let (mut rest, mut left) = (head, len);
    for _ in 0..FRAMES_MAX {
        let Ok(Some((header, size))) = Header::read(rest) else { break };
        // No extension was agreed on, so that these bits mean that it is no frame.
        if header.reserved != 0 {
            break;
        }
        if !decoded.summary.is_empty() {
            decoded.summary.push_str(", ");
        }
        rest = &rest[size..];
        left -= size as u64;
        let here = header.len.min(left);
        let (payload, after) = rest.split_at(usize::try_from(here).unwrap_or(usize::MAX).min(rest.len()));
        describe(&header, payload, here, &mut decoded);
        rest = after;
        left -= here;
    }
    if decoded.fields.is_empty() {
        return None;
    }
    if left > 0 {
        decoded.summary.push_str(", …");
        decoded.fields.push(("more", format!("{left} bytes")));
    }
    Some(decoded)
}

/// `here`: bytes of the payload that came, of which `payload` is the beginning.
fn describe(header: &Header, payload: &[u8], here: u64, decoded: &mut Decoded) {
    let finality = if header.is_final { "" } else { ", not the last of its message" };
    let cut = if here < header.len { format!(", {here} of them here") } else { String::new() };
    decoded.fields.push(("opcode", format!("{:#x} ({}{finality})", header.opcode.bits(), header.opcode)));
    decoded.fields.push(("mask", header.mask.map_or_else(|| "none".to_owned(), |mask| hex::format(&mask))));
    decoded.fields.push(("length", format!("{} bytes{cut}", header.len)));
    let mut shown = payload[..payload.len().min(TEXT_MAX)].to_vec();
    if let Some(mask) = header.mask {
        apply_mask(mask, 0, &mut shown);
    }
    let more = if (shown.len() as u64) < header.len { "…" } else { "" };
    // A character that was cut in two here is none that can't be read.
    if let Err(error) = str::from_utf8(&shown)
        && !more.is_empty()
        && error.error_len().is_none()
        && header.opcode != Opcode::Binary
    {
        shown.truncate(error.valid_up_to());
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
    if !words.is_empty() {
        decoded.fields.push(("payload", format!("{words}{more}")));
    }
    decoded.summary.push_str(format!("{} {words}{more}", header.opcode).trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Option<Decoded> {
        super::decode(bytes, bytes.len() as u64)
    }

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
        assert_eq!(decoded.summary, "text Hel, continuation lo, close 1000 normal closure bye, binary ff…");
        assert!(decoded.fields.contains(&("length", "256 bytes, 1 of them here".to_owned())));
        assert!(decoded.fields.contains(&("opcode", "0x1 (text, not the last of its message)".to_owned())));
    }

    #[test]
    fn what_is_not_said_is_not_passed_over() {
        let summary = |bytes, len| super::decode(bytes, len).map(|decoded| decoded.summary);
        assert_eq!(summary(b"\x81\x05Hello\x81", 8).as_deref(), Some("text Hello, …"));
        assert_eq!(
            summary(
                "\u{81}\u{6}".chars().map(|c| c as u8).chain(*b"\xe4\xbd\xa0\xe5").collect::<Vec<_>>().as_slice(),
                8
            )
            .as_deref(),
            Some("text 你…")
        );
        let head = [&[0x82, 126, 3, 0xe8][..], &[7; 100]].concat();
        let decoded = super::decode(&head, 1004 + 3).unwrap();
        assert!(decoded.summary.starts_with("binary 07 07 ") && decoded.summary.ends_with(" 07…, …"), "{decoded:?}");
        assert!(decoded.fields.contains(&("length", "1000 bytes".to_owned())), "all of it came: {decoded:?}");
        assert!(decoded.fields.contains(&("more", "3 bytes".to_owned())), "{decoded:?}");
        let many = [0x89, 0].repeat(FRAMES_MAX + 1);
        assert!(decode(&many).unwrap().summary.ends_with("ping, ping, …"));
    }

    #[test]
    fn what_is_no_frame_stays_bytes() {
        for bytes in [&b""[..], b"\x81", b"GET / HTTP/1.1\r\n", b"\xff\xff"] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
