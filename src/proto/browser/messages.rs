use super::MESSAGE_MAX;
use crate::codec::websocket::{Header, Opcode, apply_mask, read_close};

/// What a client's frame means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// A part of a message, or a pong: nothing to do.
    Nothing,
    Message {
        is_text: bool,
        bytes: Vec<u8>,
    },
    Ping(Vec<u8>),
    Close {
        /// `None` where the client gave none.
        code: Option<u16>,
        reason: String,
    },
    /// The client broke the protocol: the connection ends with this code.
    Violation {
        code: u16,
        why: &'static str,
    },
}

/// Puts a client's frames together to messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Messages {
    /// A message whose last frame has not come yet, and whether it is text.
    begun: Option<(bool, Vec<u8>)>,
}

impl Messages {
    /// What the frame at the beginning of the bytes means, and its length; `None` while it is not all there.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<(usize, Received)> {
        let (header, size) = match Header::read(bytes) {
            Ok(Some(read)) => read,
            Ok(None) => return None,
            Err(_) => return Some(violation(1002, "a length is written wrongly")),
        };
        let mask = match self.check(&header) {
            Ok(mask) => mask,
            Err((code, why)) => return Some(violation(code, why)),
        };
        // Below the limit, so that it fits.
        let len = header.len as usize;
        let mut payload = bytes[size..].get(..len)?.to_vec();
        apply_mask(mask, 0, &mut payload);
        Some((size + len, self.take(&header, payload)))
    }

    /// What can be told by the header alone, before the payload is waited for; the mask, if all is well.
    fn check(&self, header: &Header) -> Result<[u8; 4], (u16, &'static str)> {
        let begun = self.begun.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64);
        match header.opcode {
            _ if header.reserved != 0 => return Err((1002, "a reserved bit is set")),
            Opcode::Reserved(_) => return Err((1002, "the opcode is reserved")),
            opcode if opcode.is_control() => {
                if !header.is_final {
                    return Err((1002, "a control frame is in fragments"));
                }
                if header.len > 125 {
                    return Err((1002, "a control frame is longer than 125 bytes"));
                }
            }
            Opcode::Continuation if self.begun.is_none() => return Err((1002, "nothing was begun that could go on")),
            Opcode::Continuation => {}
            _ if self.begun.is_some() => return Err((1002, "a message begins within another")),
            _ => {}
        }
        if !header.opcode.is_control() && begun.saturating_add(header.len) > MESSAGE_MAX as u64 {
            return Err((1009, "a message is longer than 1 MiB"));
        }
        header.mask.ok_or((1002, "a client has to mask its frames"))
    }

    fn take(&mut self, header: &Header, payload: Vec<u8>) -> Received {
        match header.opcode {
            Opcode::Ping => return Received::Ping(payload),
            Opcode::Pong | Opcode::Reserved(_) => return Received::Nothing,
            Opcode::Close => {
                return match read_close(&payload) {
                    Ok((code, reason)) => Received::Close { code, reason: reason.to_owned() },
                    Err(code) => Received::Violation { code, why: "the close frame can't be read" },
                };
            }
            Opcode::Text | Opcode::Binary => self.begun = Some((header.opcode == Opcode::Text, payload)),
            Opcode::Continuation => {
                if let Some((_, bytes)) = &mut self.begun {
                    bytes.extend(payload);
                }
            }
        }
        if !header.is_final {
            return Received::Nothing;
        }
        match self.begun.take() {
            Some((true, bytes)) if std::str::from_utf8(&bytes).is_err() => {
                Received::Violation { code: 1007, why: "a text message is not UTF-8" }
            }
            Some((is_text, bytes)) => Received::Message { is_text, bytes },
            None => Received::Nothing,
        }
    }
}

/// What follows it doesn't matter any more, nor does its own length.
fn violation(code: u16, why: &'static str) -> (usize, Received) {
    (0, Received::Violation { code, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's frame.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let header = Header {
            is_final: first & 0x80 != 0,
            reserved: first >> 4 & 7,
            opcode: Opcode::from_bits(first),
            mask: Some(mask),
            len: payload.len() as u64,
        };
        let mut bytes = header.to_bytes();
        let start = bytes.len();
        bytes.extend_from_slice(payload);
        apply_mask(mask, 0, &mut bytes[start..]);
        bytes
    }

    fn all(bytes: &[u8]) -> Vec<Received> {
        let (mut messages, mut rest, mut received) = (Messages::default(), bytes, Vec::new());
        while let Some((len, one)) = messages.next(rest) {
            let is_end = matches!(one, Received::Violation { .. });
            received.push(one);
            if is_end {
                break;
            }
            rest = &rest[len..];
        }
        received
    }

    #[test]
    fn fragments_become_one_message_with_a_ping_between() {
        let bytes = [frame(0x01, "你".as_bytes().split_at(1).0), frame(0x89, b"p"), frame(0x80, &"你".as_bytes()[1..])];
        let message = Received::Message { is_text: true, bytes: "你".as_bytes().to_vec() };
        assert_eq!(all(&bytes.concat()), [Received::Nothing, Received::Ping(b"p".to_vec()), message]);
    }

    #[test]
    fn what_breaks_the_protocol_has_its_code() {
        let large = vec![b'x'; MESSAGE_MAX];
        let table = [
            (b"\x81\x05Hello".to_vec(), 1002),
            (frame(0xc1, b""), 1002),
            (frame(0x83, b""), 1002),
            (frame(0x8b, b""), 1002),
            (frame(0x09, b""), 1002),
            (frame(0x89, &[0; 126]), 1002),
            (frame(0x80, b"x"), 1002),
            ([frame(0x01, b"a"), frame(0x81, b"b")].concat(), 1002),
            (frame(0x81, b"\xff"), 1007),
            (frame(0x88, b"\x03"), 1002),
            (frame(0x88, b"\x03\xe8\xff"), 1007),
            ([frame(0x02, &large), frame(0x80, b"x")].concat(), 1009),
            (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0".to_vec(), 1009),
            (b"\x82\xfe\0\x01\0\0\0\0x".to_vec(), 1002),
        ];
        for (bytes, expected) in table {
            let last = all(&bytes).pop();
            assert!(matches!(last, Some(Received::Violation { code, .. }) if code == expected), "{last:?} {expected}");
        }
        let whole = all(&frame(0x82, &large));
        assert_eq!(whole, [Received::Message { is_text: false, bytes: large }]);
    }
}
