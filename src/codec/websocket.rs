//! WebSocket frames, RFC 6455, byte by byte.
//!
//! A codec of our own and not a crate's: every bit of a frame is shown to the user, wrong ones too, which crates that
//! hand out whole messages hide. What is cryptography in it (SHA-1, base64) comes from crates.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What a frame is, section 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
    /// 3 to 7 and 11 to 15.
    Reserved(u8),
}

impl Opcode {
    /// Of the low four bits of a frame's first byte.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        match bits & 0x0f {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => Self::Reserved(other),
        }
    }

    #[must_use]
    pub fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
            Self::Reserved(bits) => bits,
        }
    }

    /// Close, ping, pong, and what may become another of their kind: never in fragments, 125 bytes at most.
    #[must_use]
    pub fn is_control(self) -> bool {
        self.bits() & 8 != 0
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Continuation => "continuation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Reserved(bits) => return write!(f, "reserved {bits:#x}"),
        })
    }
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last, or the only, frame of its message.
    pub is_final: bool,
    /// RSV1 to RSV3 as bits 4, 2 and 1; 0 unless an extension was agreed on.
    pub reserved: u8,
    pub opcode: Opcode,
    /// What a client's payload was XORed with.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload, below 2^63.
    pub len: u64,
}

/// The most bytes that a header has.
pub const HEADER_MAX: usize = 14;

/// A length that no frame may have: written in more bytes than it needs, or with the highest of 64 bits set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the length is not written as RFC 6455 demands")]
pub struct LengthError;

impl Header {
    /// A whole message in one frame, as a server sends it.
    #[must_use]
    pub fn unmasked(opcode: Opcode, len: u64) -> Self {
        Self { is_final: true, reserved: 0, opcode, mask: None, len }
    }

    /// The header that the bytes begin with, and its own length; `None` while it is not all there.
    ///
    /// # Errors
    /// The length is written wrongly.
    pub fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, LengthError> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (extended, least) = match second & 0x7f {
            126 => (2, 126),
            127 => (8, 65_536),
            _ => (0, 0),
        };
        let Some((extension, rest)) = rest.split_at_checked(extended) else { return Ok(None) };
        let len = if extended == 0 {
            u64::from(second & 0x7f)
        } else {
            extension.iter().fold(0, |len, byte| len << 8 | u64::from(*byte))
        };
        if len < least || len >> 63 != 0 {
            return Err(LengthError);
        }
        let is_masked = second & 0x80 != 0;
        let mask = match rest.first_chunk::<4>() {
            Some(mask) if is_masked => Some(*mask),
            None if is_masked => return Ok(None),
            _ => None,
        };
        let header = Self {
            is_final: first & 0x80 != 0,
            reserved: first >> 4 & 7,
            opcode: Opcode::from_bits(*first),
            mask,
            len,
        };
        Ok(Some((header, 2 + extended + if is_masked { 4 } else { 0 })))
    }

    /// As bytes, the length in as few as it takes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.is_final) << 7 | (self.reserved & 7) << 4 | self.opcode.bits()];
        let masked = u8::from(self.mask.is_some()) << 7;
        match self.len {
            len @ 0..126 => bytes.push(masked | len as u8),
            len @ 126..65_536 => {
                bytes.push(masked | 126);
                bytes.extend((len as u16).to_be_bytes());
            }
            len => {
                bytes.push(masked | 127);
                bytes.extend(len.to_be_bytes());
            }
        }
        bytes.extend(self.mask.into_iter().flatten());
        bytes
    }
}

/// A whole frame as a server sends it.
#[must_use]
pub fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Header::unmasked(opcode, payload.len() as u64).to_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// A message as a server sends it: text if it is UTF-8, which is what text has to be, else binary.
#[must_use]
pub fn message(payload: &[u8]) -> Vec<u8> {
    let opcode = if std::str::from_utf8(payload).is_ok() { Opcode::Text } else { Opcode::Binary };
    frame(opcode, payload)
}

/// Masks or unmasks; `from` is where in the payload the bytes stand.
pub fn apply_mask(mask: [u8; 4], from: u64, bytes: &mut [u8]) {
    let from = (from % 4) as usize;
    for (byte, key) in bytes.iter_mut().zip(mask.iter().cycle().skip(from)) {
        *byte ^= key;
    }
}

/// What a server answers to a client's `Sec-WebSocket-Key`, section 4.2.2; `None` for what is not 16 bytes in base64.
#[must_use]
pub fn accept_key(key: &str) -> Option<String> {
    const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.decode(key).ok().filter(|nonce| nonce.len() == 16)?;
    let digest = Sha1::new().chain_update(key).chain_update(MAGIC).finalize();
    Some(STANDARD.encode(digest))
}

/// What a close frame's payload says: the code, if there is one, and the reason.
///
/// # Errors
/// The code that says what is wrong with it: one byte alone, a code that may not be sent, a reason that is not UTF-8
/// (sections 5.5.1 and 7.4).
pub fn read_close(payload: &[u8]) -> Result<(Option<u16>, &str), u16> {
    let (code, reason) = match payload {
        [] => return Ok((None, "")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        [_] => return Err(1002),
    };
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(1002);
    }
    std::str::from_utf8(reason).map(|reason| (Some(code), reason)).map_err(|_| 1007)
}

/// What a close code means, in the words of the RFC and of its registry.
#[must_use]
pub fn close_meaning(code: u16) -> Option<&'static str> {
    Some(match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1005 => "no status received",
        1006 => "abnormal closure",
        1007 => "invalid frame payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        3000..=3999 => "registered",
        4000..=4999 => "private use",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The examples of section 5.7.
    #[test]
    fn the_frames_of_the_rfc_are_read() {
        let hello = |mask| Header { mask, ..Header::unmasked(Opcode::Text, 5) };
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let part = |is_final, opcode, len| Header { is_final, ..Header::unmasked(opcode, len) };
        let table: [(&[u8], Header, usize); 8] = [
            (b"\x81\x05Hello", hello(None), 2),
            (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", hello(Some(mask)), 6),
            (b"\x01\x03Hel", part(false, Opcode::Text, 3), 2),
            (b"\x80\x02lo", part(true, Opcode::Continuation, 2), 2),
            (b"\x89\x05Hello", Header::unmasked(Opcode::Ping, 5), 2),
            (b"\x8a\x05Hello", Header::unmasked(Opcode::Pong, 5), 2),
            (b"\x82\x7e\x01\x00", Header::unmasked(Opcode::Binary, 256), 4),
            (b"\x82\x7f\0\0\0\0\0\x01\0\0", Header::unmasked(Opcode::Binary, 65_536), 10),
        ];
        for (bytes, header, size) in table {
            assert_eq!(Header::read(bytes), Ok(Some((header, size))));
            assert_eq!(header.to_bytes(), bytes[..size]);
            assert_eq!(Header::read(&bytes[..size - 1]), Ok(None));
        }
        let mut masked = *b"\x7f\x9f\x4d\x51\x58";
        apply_mask(mask, 0, &mut masked);
        assert_eq!(&masked, b"Hello");
        assert_eq!(frame(Opcode::Text, b"Hello"), b"\x81\x05Hello");
        assert_eq!(message(&[0xff]), [0x82, 1, 0xff]);
    }

    #[test]
    fn lengths_have_one_way_to_be_written() {
        for bytes in [&b"\x82\x7e\0\x7d"[..], b"\x82\x7f\0\0\0\0\0\0\xff\xff", b"\x82\x7f\x80\0\0\0\0\0\0\0"] {
            assert_eq!(Header::read(bytes), Err(LengthError));
        }
    }

    /// Section 1.3.
    #[test]
    fn the_handshake_of_the_rfc() {
        assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ==").as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        for wrong in ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j", "not base64, not at all!!"] {
            assert_eq!(accept_key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_close_says_why() {
        assert_eq!(read_close(b""), Ok((None, "")));
        assert_eq!(read_close(b"\x03\xe8bye"), Ok((Some(1000), "bye")));
        for (payload, code) in [(&b"\x03"[..], 1002), (b"\x03\xed", 1002), (b"\x03\xe7", 1002), (b"\x03\xe8\xff", 1007)]
        {
            assert_eq!(read_close(payload), Err(code));
        }
    }

    fn headers() -> impl Strategy<Value = Header> {
        let opcode = (0..16_u8).prop_map(Opcode::from_bits);
        let len = prop_oneof![0..200_u64, 65_000..66_000_u64, 0..1_u64 << 63];
        (any::<bool>(), 0..8_u8, opcode, any::<Option<[u8; 4]>>(), len)
            .prop_map(|(is_final, reserved, opcode, mask, len)| Header { is_final, reserved, opcode, mask, len })
    }

    proptest! {
        #[test]
        fn headers_come_back_from_their_bytes(header in headers(), after: Vec<u8>) {
            let mut bytes = header.to_bytes();
            let size = bytes.len();
            prop_assert!(size <= HEADER_MAX);
            for cut in 0..size {
                prop_assert_eq!(Header::read(&bytes[..cut]), Ok(None));
            }
            bytes.extend(after);
            prop_assert_eq!(Header::read(&bytes), Ok(Some((header, size))));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            if let Ok(Some((header, size))) = Header::read(&bytes) {
                prop_assert_eq!(header.to_bytes(), &bytes[..size]);
            }
            let _ = read_close(&bytes);
        }

        #[test]
        fn masking_in_pieces_is_masking_at_once(bytes: Vec<u8>, mask: [u8; 4], cut: prop::sample::Index) {
            let at = cut.index(bytes.len() + 1);
            let (mut whole, mut pieces) = (bytes.clone(), bytes.clone());
            apply_mask(mask, 0, &mut whole);
            apply_mask(mask, 0, &mut pieces[..at]);
            apply_mask(mask, at as u64, &mut pieces[at..]);
            prop_assert_eq!(&whole, &pieces);
            apply_mask(mask, 0, &mut whole);
            prop_assert_eq!(whole, bytes);
        }
    }
}
