//! What a packet carries for whom, below whatever its link puts before it.

use core::net::SocketAddr;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::{LinkType, Way};

/// A segment or a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub transport: Transport,
    /// As far as it was captured.
    pub payload: &'a [u8],
    /// The packet was longer than what was captured of it.
    pub cut: bool,
    /// As the link tells it.
    pub way: Option<Way>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp { sequence: u32, syn: bool, ack: bool, fin: bool, rst: bool },
}

/// `None` for what is no TCP and no UDP over IP, of a link that is not known here, or a fragment.
#[must_use]
pub fn dissect(link: LinkType, bytes: &[u8]) -> Option<Carried<'_>> {
    let (packet, way) = match link {
        LinkType::ETHERNET => (LaxSlicedPacket::from_ethernet(bytes).ok()?, None),
        LinkType::NULL | LinkType::LOOP => (from_ip(bytes.get(4..)?)?, None),
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => (from_ip(bytes)?, None),
        LinkType::LINUX_COOKED => {
            let (head, rest) = bytes.split_first_chunk::<16>()?;
            (from_ether_type([head[14], head[15]], rest), cooked_way(u16::from_be_bytes([head[0], head[1]])))
        }
        LinkType::LINUX_COOKED_2 => {
            let (head, rest) = bytes.split_first_chunk::<20>()?;
            (from_ether_type([head[0], head[1]], rest), cooked_way(head[10].into()))
        }
        _ => return None,
    };
    let (source, destination, cut) = match &packet.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), ip.payload().incomplete)
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), ip.payload().incomplete)
        }
        _ => return None,
    };
    let (ports, transport, payload) = match packet.transport {
        Some(TransportSlice::Tcp(tcp)) => {
            let transport = Transport::Tcp {
                sequence: tcp.sequence_number(),
                syn: tcp.syn(),
                ack: tcp.ack(),
                fin: tcp.fin(),
                rst: tcp.rst(),
            };
            ((tcp.source_port(), tcp.destination_port()), transport, tcp.payload())
        }
        Some(TransportSlice::Udp(udp)) => ((udp.source_port(), udp.destination_port()), Transport::Udp, udp.payload()),
        _ => return None,
    };
    Some(Carried {
        source: SocketAddr::new(source, ports.0),
        destination: SocketAddr::new(destination, ports.1),
        transport,
        payload,
        cut,
        way,
    })
}

fn from_ip(bytes: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    LaxSlicedPacket::from_ip(bytes).ok()
}

fn from_ether_type(ether_type: [u8; 2], bytes: &[u8]) -> LaxSlicedPacket<'_> {
    LaxSlicedPacket::from_ether_type(EtherType(u16::from_be_bytes(ether_type)), bytes)
}

/// PACKET_OUTGOING of linux/if_packet.h; all smaller ones came in.
fn cooked_way(kind: u16) -> Option<Way> {
    match kind {
        0..=3 => Some(Way::In),
        4 => Some(Way::Out),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::capture::frame::{self, Route, Segment};

    #[test]
    fn every_link_has_the_same_below_it() {
        let route = Route::new("10.0.0.1:9".parse().unwrap(), "10.0.0.2:7".parse().unwrap()).unwrap();
        let mut frame = Vec::new();
        let segment = Segment { sequence: 77, acknowledgement: Some(1), fin: true, ..Segment::default() };
        assert!(frame::segment(&mut frame, Way::Out, route, &segment, b"hello"));
        frame.extend_from_slice(b"hello");
        let ip = frame[14..].to_vec();
        // Ethernet fills short frames up.
        frame.extend_from_slice(&[0; 6]);
        let before = |head: &[u8]| [head, &ip].concat();
        let cooked = [&[0, 4, 0, 1, 0, 6][..], &[0; 8], &[8, 0]].concat();
        let cooked_2 = [&[8, 0][..], &[0; 8], &[0, 6], &[0; 8]].concat();
        let tagged = [&frame[..12], &[0x81, 0, 0, 5, 8, 0], &ip].concat();
        for (link, bytes, way) in [
            (LinkType::ETHERNET, frame, None),
            (LinkType::ETHERNET, tagged, None),
            (LinkType::RAW, ip.clone(), None),
            (LinkType::NULL, before(&[2, 0, 0, 0]), None),
            (LinkType::LOOP, before(&[0, 0, 0, 2]), None),
            (LinkType::LINUX_COOKED, before(&cooked), Some(Way::Out)),
            (LinkType::LINUX_COOKED_2, before(&cooked_2), Some(Way::In)),
        ] {
            let carried = dissect(link, &bytes).unwrap_or_else(|| panic!("{link:?}"));
            assert_eq!((carried.source, carried.destination), (route.source(), route.destination()));
            let transport = Transport::Tcp { sequence: 77, syn: false, ack: true, fin: true, rst: false };
            assert_eq!((carried.transport, carried.payload, carried.way), (transport, &b"hello"[..], way));
            assert!(!carried.cut);
            let short = dissect(link, &bytes[..bytes.len() - if link == LinkType::ETHERNET { 9 } else { 2 }]);
            assert!(short.is_none_or(|carried| carried.cut || carried.payload == b"hello"), "{link:?}");
        }
        assert_eq!(dissect(LinkType::CAN, &ip), None);
    }
}
