//! The header of an IPv4 packet, RFC 791, which a raw socket's receive call returns with what it carries.

use core::net::Ipv4Addr;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the header, options included: 20 to 60.
    pub len: usize,
    /// Bytes of the whole packet, as its sender wrote it.
    pub total: u16,
    pub identification: u16,
    pub time_to_live: u8,
    /// As in the IANA's registry: 1 is ICMP, 6 TCP, 17 UDP.
    pub protocol: u8,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
}

impl Header {
    /// The header and what it carries; `None` where the bytes begin with none.
    #[must_use]
    pub fn read(packet: &[u8]) -> Option<(Self, &[u8])> {
        let head: &[u8; 20] = packet.first_chunk()?;
        let len = usize::from(head[0] & 0x0f) * 4;
        if head[0] >> 4 != 4 || len < 20 {
            return None;
        }
        let payload = packet.get(len..)?;
        let address = |at: usize| Ipv4Addr::new(head[at], head[at + 1], head[at + 2], head[at + 3]);
        let header = Self {
            len,
            total: u16::from_be_bytes([head[2], head[3]]),
            identification: u16::from_be_bytes([head[4], head[5]]),
            time_to_live: head[8],
            protocol: head[9],
            source: address(12),
            destination: address(16),
        };
        Some((header, payload))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_with_options_ends_where_it_says() {
        let mut packet = [0; 28];
        packet[..20].copy_from_slice(&[0x46, 0, 0, 28, 0x12, 0x34, 0, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2]);
        packet[24..].copy_from_slice(b"data");
        let (header, payload) = Header::read(&packet).unwrap();
        assert_eq!((header.len, header.total, header.identification), (24, 28, 0x1234));
        assert_eq!((header.time_to_live, header.protocol), (64, 1));
        assert_eq!(
            (header.source.to_string(), header.destination.to_string()),
            ("127.0.0.1".into(), "127.0.0.2".into())
        );
        assert_eq!(payload, b"data");
    }

    #[test]
    fn what_is_no_header_is_refused() {
        assert_eq!(Header::read(&[0x45; 19]), None);
        assert_eq!(Header::read(&[0x65; 20]), None);
        assert_eq!(Header::read(&[0x44; 20]), None);
        assert_eq!(Header::read(&[0x4f; 20]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Header::read(&bytes);
        }
    }
}
