//! ICMP messages, as far as a ping needs them: RFC 792 for IPv4, RFC 4443 for IPv6.

use std::borrow::Cow;

/// Which ICMP it is: they number their messages differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    V4,
    V6,
}

impl Version {
    const fn echo_request(self) -> u8 {
        match self {
            Self::V4 => 8,
            Self::V6 => 128,
        }
    }

    const fn echo_reply(self) -> u8 {
        match self {
            Self::V4 => 0,
            Self::V6 => 129,
        }
    }
}

/// The first 8 bytes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub kind: u8,
    pub code: u8,
    pub checksum: u16,
    /// What follows the checksum; its meaning depends on the kind.
    pub rest: [u8; 4],
}

/// Bytes of a header.
pub const HEADER_SIZE: usize = 8;

impl Header {
    /// `None` for fewer than 8 bytes.
    #[must_use]
    pub fn read(message: &[u8]) -> Option<Self> {
        let head: &[u8; HEADER_SIZE] = message.first_chunk()?;
        Some(Self {
            kind: head[0],
            code: head[1],
            checksum: u16::from_be_bytes([head[2], head[3]]),
            rest: [head[4], head[5], head[6], head[7]],
        })
    }

    /// The name of the message's kind, in the words of the RFCs.
    #[must_use]
    pub fn name(&self, version: Version) -> Cow<'static, str> {
        let name = match (version, self.kind) {
            (Version::V4, 0) | (Version::V6, 129) => "echo reply",
            (Version::V4, 8) | (Version::V6, 128) => "echo request",
            (Version::V4, 3) | (Version::V6, 1) => "destination unreachable",
            (Version::V4, 5) | (Version::V6, 137) => "redirect",
            (Version::V4, 11) | (Version::V6, 3) => "time exceeded",
            (Version::V4, 12) | (Version::V6, 4) => "parameter problem",
            (Version::V6, 2) => "packet too big",
            (Version::V6, 133) => "router solicitation",
            (Version::V6, 134) => "router advertisement",
            (Version::V6, 135) => "neighbor solicitation",
            (Version::V6, 136) => "neighbor advertisement",
            (_, kind) => return Cow::Owned(format!("type {kind}")),
        };
        Cow::Borrowed(name)
    }

    /// Identifier and sequence number, where it is an echo.
    #[must_use]
    pub fn echo(&self, version: Version) -> Option<(u16, u16)> {
        let [a, b, c, d] = self.rest;
        let is_echo = [version.echo_request(), version.echo_reply()].contains(&self.kind);
        is_echo.then(|| (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
    }
}

/// An echo request. Its checksum is right for IPv4; for IPv6 the kernel fills it in, because the addresses belong to it.
#[must_use]
pub fn echo_request(version: Version, identifier: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut message = vec![version.echo_request(), 0, 0, 0];
    message.extend_from_slice(&identifier.to_be_bytes());
    message.extend_from_slice(&sequence.to_be_bytes());
    message.extend_from_slice(payload);
    if version == Version::V4 {
        let sum = checksum(&message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    message
}

/// The Internet checksum, RFC 1071. Over a message that contains its own right one it is 0.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).fold(0u32, |sum, pair| {
        let word = u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
        let sum = sum + u32::from(word);
        // Folded at once: the sum stays within 17 bits however long the message is.
        (sum & 0xffff) + (sum >> 16)
    });
    !((sum & 0xffff) + (sum >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 1071, section 3.
    #[test]
    fn the_checksum_is_the_internets() {
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[]), 0xffff);
        assert_eq!(checksum(&[0xff; 70_000]), 0);
    }

    #[test]
    fn a_ping_is_read_back() {
        let ping = echo_request(Version::V4, 0x1234, 7, b"hello");
        assert_eq!(checksum(&ping), 0);
        let header = Header::read(&ping).unwrap();
        assert_eq!((header.name(Version::V4), header.echo(Version::V4)), ("echo request".into(), Some((0x1234, 7))));
        let header = Header::read(&echo_request(Version::V6, 1, 2, b"")).unwrap();
        assert_eq!((header.name(Version::V6), header.echo(Version::V6)), ("echo request".into(), Some((1, 2))));
    }

    #[test]
    fn others_are_named_and_have_no_sequence() {
        let header = Header::read(&[3, 3, 0, 0, 0, 0, 0, 0, 69]).unwrap();
        assert_eq!((header.name(Version::V4), header.echo(Version::V4)), ("destination unreachable".into(), None));
        assert_eq!(Header::read(&[42; 8]).unwrap().name(Version::V4), "type 42");
        assert_eq!(Header::read(&[8; 7]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            for version in [Version::V4, Version::V6] {
                if let Some(header) = Header::read(&bytes) {
                    let _ = (header.name(version), header.echo(version));
                }
            }
            let _ = checksum(&bytes);
        }

        #[test]
        fn a_changed_byte_is_noticed(payload in prop::collection::vec(any::<u8>(), 0..40), at in 0usize..48, by in 1u8..) {
            let mut ping = echo_request(Version::V4, 1, 1, &payload);
            let at = at % ping.len();
            ping[at] = ping[at].wrapping_add(by);
            prop_assert_ne!(checksum(&ping), 0);
        }
    }
}
