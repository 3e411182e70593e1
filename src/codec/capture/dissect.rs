//! What a packet carries for whom, below whatever its link puts before it.

use core::net::{IpAddr, SocketAddr};

use etherparse::{
    EtherType, IpNumber, Ipv6ExtensionSlice, Ipv6ExtensionsSlice, LaxNetSlice, LaxSlicedPacket, TcpSlice,
    TransportSlice, UdpSlice,
};

use super::fragments::{Fragment, FragmentOf};
use super::{LinkType, Way};

/// What a packet has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Whole(Carried<'a>),
    /// A piece of what may be a segment or a datagram.
    Fragment(Fragment<'a>),
}

/// A segment or a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub transport: Transport,
    /// As far as it was captured.
    pub payload: &'a [u8],
    /// Bytes that the packet had after these and that were not captured (`tcpdump -s`).
    pub missing: usize,
    /// As the link tells it.
    pub way: Option<Way>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    /// `acknowledged` is the number of the next byte that the sender waits for.
    Tcp {
        sequence: u32,
        acknowledged: Option<u32>,
        syn: bool,
        fin: bool,
        rst: bool,
    },
}

/// `None` for what is no TCP and no UDP over IP, of a link that is not known here, or a fragment of which the end was
/// not captured.
#[must_use]
pub fn dissect(link: LinkType, bytes: &[u8]) -> Option<Found<'_>> {
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
    // What follows the first header: bytes as it declares them, and those of the headers that extend it.
    let (ends, ip, declared, extensions, fragment): ((IpAddr, IpAddr), _, _, _, _) = match &packet.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            let declared = usize::from(header.total_len()).saturating_sub(header.slice().len());
            let extensions = ip.extensions().auth.as_ref().map_or(0, |auth| auth.slice().len());
            let place = || (header.identification().into(), header.fragments_offset(), header.more_fragments());
            let fragment = header.is_fragmenting_payload().then(place);
            let ends = (header.source_addr().into(), header.destination_addr().into());
            (ends, ip.payload(), declared, extensions, fragment)
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            let (declared, extensions) = (header.payload_length().into(), ip.extensions().slice().len());
            // Those of a lax slice can't be gone through: etherparse counts on all of them being whole.
            let all = Ipv6ExtensionsSlice::from_slice(header.next_header(), ip.extensions().slice());
            let fragment = all.ok().and_then(|(all, ..)| {
                all.into_iter().find_map(|extension| match extension {
                    Ipv6ExtensionSlice::Fragment(one) if one.is_fragmenting_payload() => {
                        Some((one.identification(), one.fragment_offset(), one.more_fragments()))
                    }
                    _ => None,
                })
            });
            let ends = (header.source_addr().into(), header.destination_addr().into());
            (ends, ip.payload(), declared, extensions, fragment)
        }
        _ => return None,
    };
    if let Some((identification, offset, more)) = fragment {
        let of = FragmentOf { source: ends.0, destination: ends.1, protocol: ip.ip_number.0, identification };
        return (!ip.incomplete).then_some(Found::Fragment(Fragment { of, offset, more, payload: ip.payload, way }));
    }
    let missing = if ip.incomplete { declared.saturating_sub(extensions + ip.payload.len()) } else { 0 };
    carried(ends, packet.transport?, missing, way).map(Found::Whole)
}

/// What came in fragments that are together now; `None` for what is no TCP and no UDP.
#[must_use]
pub fn put_together(of: FragmentOf, bytes: &[u8], way: Option<Way>) -> Option<Carried<'_>> {
    let transport = match IpNumber(of.protocol) {
        IpNumber::UDP => TransportSlice::Udp(UdpSlice::from_slice_lax(bytes).ok()?),
        IpNumber::TCP => TransportSlice::Tcp(TcpSlice::from_slice(bytes).ok()?),
        _ => return None,
    };
    carried((of.source, of.destination), transport, 0, way)
}

fn carried<'a>(
    (source, destination): (IpAddr, IpAddr),
    transport: TransportSlice<'a>,
    missing: usize,
    way: Option<Way>,
) -> Option<Carried<'a>> {
    let (ports, transport, payload) = match transport {
        TransportSlice::Tcp(tcp) => {
            let transport = Transport::Tcp {
                sequence: tcp.sequence_number(),
                acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
                syn: tcp.syn(),
                fin: tcp.fin(),
                rst: tcp.rst(),
            };
            ((tcp.source_port(), tcp.destination_port()), transport, tcp.payload())
        }
        TransportSlice::Udp(udp) => ((udp.source_port(), udp.destination_port()), Transport::Udp, udp.payload()),
        _ => return None,
    };
    Some(Carried {
        source: SocketAddr::new(source, ports.0),
        destination: SocketAddr::new(destination, ports.1),
        transport,
        payload,
        missing,
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

    fn whole(link: LinkType, bytes: &[u8]) -> Option<Carried<'_>> {
        match dissect(link, bytes)? {
            Found::Whole(carried) => Some(carried),
            Found::Fragment(_) => None,
        }
    }

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
            let carried = whole(link, &bytes).unwrap_or_else(|| panic!("{link:?}"));
            assert_eq!((carried.source, carried.destination), (route.source(), route.destination()));
            let transport = Transport::Tcp { sequence: 77, acknowledged: Some(1), syn: false, fin: true, rst: false };
            assert_eq!((carried.transport, carried.payload, carried.way), (transport, &b"hello"[..], way));
            assert_eq!(carried.missing, 0);
            // Two bytes of the payload are missing, wherever it ends.
            let end = bytes.windows(5).rposition(|bytes| bytes == b"hello").unwrap() + 3;
            let short = whole(link, &bytes[..end]).unwrap_or_else(|| panic!("{link:?}, cut"));
            assert_eq!((short.payload, short.missing), (&b"hel"[..], 2), "{link:?}");
        }
        assert_eq!(dissect(LinkType::CAN, &ip), None);
    }

    #[test]
    fn a_header_that_extends_another_and_was_cut_off_carries_nothing() {
        let route = Route::new("[2001:db8::1]:9".parse().unwrap(), "[2001:db8::2]:7".parse().unwrap()).unwrap();
        let mut frame = Vec::new();
        assert!(frame::datagram(&mut frame, Way::Out, route, b"hello"));
        let mut ip = [&frame[14..], b"hello"].concat();
        // Hop-by-hop options, then a routing header of 16 bytes (RFC 8200, sections 4.3 and 4.4).
        ip[6] = 0;
        ip.splice(40..40, [&[43, 0, 1, 4, 0, 0, 0, 0][..], &[17, 1, 0, 0], &[0; 12]].concat());
        let len = ip.len() as u16 - 40;
        ip[4..6].copy_from_slice(&len.to_be_bytes());
        assert_eq!(whole(LinkType::RAW, &ip).map(|carried| carried.payload), Some(&b"hello"[..]));
        for end in 40..64 {
            assert_eq!(dissect(LinkType::RAW, &ip[..end]), None, "{end}");
        }
    }

    #[test]
    fn a_fragment_is_told_from_what_is_whole() {
        let datagram = |source: &str, destination: &str| {
            let route = Route::new(source.parse().unwrap(), destination.parse().unwrap()).unwrap();
            let mut frame = Vec::new();
            assert!(frame::datagram(&mut frame, Way::Out, route, b"hello"));
            [&frame[14..], b"hello"].concat()
        };
        let v4 = datagram("10.0.0.1:9", "10.0.0.2:7");
        // Of flags and offset (RFC 791, section 3.1): DF, MF, and 8 bytes behind the first.
        for (fragment, is_whole) in [(0x4000_u16, true), (0x2000, false), (0x2001, false), (1, false)] {
            let mut ip = v4.clone();
            ip[6..8].copy_from_slice(&fragment.to_be_bytes());
            assert_eq!(whole(LinkType::RAW, &ip).is_some(), is_whole, "{fragment:#06x}");
            if let Some(Found::Fragment(piece)) = dissect(LinkType::RAW, &ip) {
                let place = (piece.offset.byte_offset(), piece.more, piece.payload.len());
                assert_eq!(place, ((fragment & 0x1fff) * 8, fragment & 0x2000 != 0, 13));
                assert_eq!((piece.of.protocol, piece.of.source), (17, "10.0.0.1".parse().unwrap()));
                assert_eq!(dissect(LinkType::RAW, &ip[..ip.len() - 3]), None, "its end was not captured");
            }
        }
        let v6 = datagram("[2001:db8::1]:9", "[2001:db8::2]:7");
        // A header of its own (RFC 8200, section 4.5), of which the offset is the upper 13 bits and M the last.
        for (fragment, is_whole) in [(0_u16, true), (1, false), (8, false)] {
            let mut ip = v6.clone();
            let len = u16::from_be_bytes([ip[4], ip[5]]) + 8;
            ip[4..6].copy_from_slice(&len.to_be_bytes());
            let next = std::mem::replace(&mut ip[6], 44);
            let [high, low] = fragment.to_be_bytes();
            ip.splice(40..40, [next, 0, high, low, 0, 0, 0, 1]);
            assert_eq!(whole(LinkType::RAW, &ip).is_some(), is_whole, "IPv6, {fragment:#06x}");
            if let Some(Found::Fragment(piece)) = dissect(LinkType::RAW, &ip) {
                assert_eq!((piece.offset.byte_offset(), piece.more), (fragment & !7, fragment & 1 != 0));
                assert_eq!((piece.of.protocol, piece.of.identification, piece.payload.len()), (17, 1, 13));
            }
            // The header that was added is none of what is missing.
            let short = whole(LinkType::RAW, &ip[..ip.len() - 3]);
            assert_eq!(short.map(|short| (short.payload, short.missing)), is_whole.then_some((&b"he"[..], 3)));
        }
    }
}
