//! Blocks of a pcapng file, little-endian, with times in nanoseconds.

use super::block::{
    BYTE_ORDER, ENHANCED_PACKET, INTERFACE, INTERFACE_NAME, INTERFACE_RESOLUTION, OPTION_COMMENT, OPTION_END,
    PACKET_FLAGS, SECTION_HEADER, SECTION_PROGRAM,
};
use super::{CAPTURED_MAX, LinkType, Way};

/// The most bytes that an option's value can have.
const VALUE_MAX: usize = u16::MAX as usize;

/// What a packet's block says beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct PacketHead<'a> {
    /// The number of its interface's block, from 0.
    pub interface: u32,
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    pub way: Way,
    /// None where it is empty.
    pub comment: &'a str,
}

/// Begins a file. `program` is who writes it.
pub fn section(out: &mut Vec<u8>, program: &str, comment: &str) {
    block(out, SECTION_HEADER, |out| {
        out.extend(BYTE_ORDER.to_le_bytes());
        // Version 1.0, of a length that isn't known yet.
        out.extend([1, 0, 0, 0]);
        out.extend([0xff; 8]);
        option(out, OPTION_COMMENT, comment.as_bytes());
        option(out, SECTION_PROGRAM, program.as_bytes());
        option(out, OPTION_END, b"");
    });
}

/// Tells of an interface that packets come from; each next one has the next number.
pub fn interface(out: &mut Vec<u8>, link: LinkType, name: &str) {
    block(out, INTERFACE, |out| {
        out.extend(link.0.to_le_bytes());
        out.extend([0, 0]);
        out.extend((CAPTURED_MAX as u32).to_le_bytes());
        option(out, INTERFACE_NAME, name.as_bytes());
        option(out, INTERFACE_RESOLUTION, &[9]);
        option(out, OPTION_END, b"");
    });
}

/// A packet of two pieces, its headers and what they carry: together at most `u32::MAX` bytes. What exceeds
/// [`CAPTURED_MAX`] is left away, as from a packet that was captured in part: its whole length is there.
pub fn packet(out: &mut Vec<u8>, head: &PacketHead<'_>, headers: &[u8], carried: &[u8]) {
    packet_in_part(out, head, headers, carried, 0);
}

/// The same of one that carried `missing` bytes more, which nobody kept.
pub fn packet_in_part(out: &mut Vec<u8>, head: &PacketHead<'_>, headers: &[u8], carried: &[u8], missing: usize) {
    block(out, ENHANCED_PACKET, |out| {
        let len = (headers.len() + carried.len() + missing) as u32;
        let headers = &headers[..headers.len().min(CAPTURED_MAX)];
        let carried = &carried[..carried.len().min(CAPTURED_MAX - headers.len())];
        let captured = headers.len() + carried.len();
        let (high, low) = ((head.time_ns >> 32) as u32, head.time_ns as u32);
        out.extend_from_slice([head.interface, high, low, captured as u32, len].map(u32::to_le_bytes).as_flattened());
        out.extend_from_slice(headers);
        out.extend_from_slice(carried);
        pad(out, captured);
        if !head.comment.is_empty() {
            option(out, OPTION_COMMENT, head.comment.as_bytes());
        }
        let flags: u32 = match head.way {
            Way::In => 1,
            Way::Out => 2,
        };
        option(out, PACKET_FLAGS, &flags.to_le_bytes());
        option(out, OPTION_END, b"");
    });
}

/// A block with its length before and after it.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend_from_slice([kind, 0].map(u32::to_le_bytes).as_flattened());
    body(out);
    let len = ((out.len() - begin + 4) as u32).to_le_bytes();
    out[begin + 4..begin + 8].copy_from_slice(&len);
    out.extend_from_slice(&len);
}

/// A value that is too long is cut.
fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(VALUE_MAX)];
    out.extend_from_slice([code, value.len() as u16].map(u16::to_le_bytes).as_flattened());
    out.extend_from_slice(value);
    pad(out, value.len());
}

fn pad(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&[0; 3][..len.next_multiple_of(4) - len]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(*bytes[at..].first_chunk().unwrap())
    }

    #[test]
    fn blocks_are_multiples_of_four_bytes_and_end_with_their_length() {
        let mut out = Vec::new();
        section(&mut out, "a program", "why");
        interface(&mut out, LinkType::ETHERNET, "tcp 1");
        let head = PacketHead { interface: 0, time_ns: 0x1_0000_0002, way: Way::Out, comment: "#1 send" };
        packet(&mut out, &head, b"head", b"carried");
        let mut kinds = Vec::new();
        let mut at = 0;
        while at < out.len() {
            let len = word(&out, at + 4) as usize;
            assert_eq!((len % 4, word(&out, at + len - 4) as usize), (0, len));
            kinds.push((at, word(&out, at)));
            at += len;
        }
        let [(_, SECTION_HEADER), (_, INTERFACE), (packet, ENHANCED_PACKET)] = kinds[..] else { panic!("{kinds:?}") };
        let body = &out[packet + 8..];
        assert_eq!([0, 4, 8, 12, 16].map(|at| word(body, at)), [0, 1, 2, 11, 11]);
        assert_eq!(&body[20..32], b"headcarried\0");
        assert_eq!(&body[32..44], b"\x01\0\x07\0#1 send\0");
        assert_eq!(&body[44..56], b"\x02\0\x04\0\x02\0\0\0\0\0\0\0");
    }

    #[test]
    fn what_no_reader_would_take_is_left_away_and_counted() {
        let mut out = Vec::new();
        let head = PacketHead { interface: 0, time_ns: 0, way: Way::In, comment: "" };
        packet(&mut out, &head, &[1; 100], &vec![2; CAPTURED_MAX]);
        let [captured, whole] = [20, 24].map(|at| word(&out, at) as usize);
        assert_eq!((captured, whole), (CAPTURED_MAX, CAPTURED_MAX + 100));
        assert_eq!(word(&out, 28 + CAPTURED_MAX), u32::from_le_bytes(*b"\x02\0\x04\0"), "the flags follow at once");
        assert_eq!(word(&out, 4) as usize, out.len());
    }

    #[test]
    fn a_comment_that_is_too_long_is_cut() {
        let mut out = Vec::new();
        let comment = "x".repeat(70_000);
        packet(&mut out, &PacketHead { interface: 0, time_ns: 0, way: Way::In, comment: &comment }, b"", b"");
        assert_eq!(word(&out, 4) as usize, out.len());
        assert_eq!(out[28..32], [1, 0, 0xff, 0xff]);
    }
}
