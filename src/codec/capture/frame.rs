//! Headers that a call's bytes would have had on a wire: Ethernet, IP, and TCP or UDP, with valid checksums.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use etherparse::{
    EtherType, Ethernet2Header, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, TcpHeader, TcpOptionElement, UdpHeader,
};

use super::Way;

/// The most bytes that a segment can carry in an IPv4 packet: 65,535 without both headers. IPv6 would take 20 more.
pub const SEGMENT_MAX: usize = 65_495;

/// The most bytes that a datagram can carry in an IPv4 packet: 65,535 without both headers.
pub const DATAGRAM_MAX_V4: usize = 65_507;

/// The same in an IPv6 packet, whose own header does not count.
pub const DATAGRAM_MAX_V6: usize = 65_527;

/// The most bytes that the payload of an IPv4 packet without options has.
const IPV4_PAYLOAD_MAX: usize = 65_515;

/// Made up, of the range for local use (IEEE 802c).
const LOCAL_CARD: [u8; 6] = [2, 0, 0, 0, 0, 1];
const PEER_CARD: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// A window of 65,535 bytes, shifted by this (RFC 7323): nothing that is sent exceeds it by much.
const WINDOW_SHIFT: u8 = 14;

/// From whom to whom. Both are of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    source: SocketAddr,
    destination: SocketAddr,
}

impl Route {
    /// IPv4 addresses in IPv6 dress count as IPv4. `None` where the families differ nevertheless, unless one is the
    /// unspecified address, which both have.
    #[must_use]
    pub fn new(source: SocketAddr, destination: SocketAddr) -> Option<Self> {
        let [source, destination] = [source, destination].map(plain);
        let (source, destination) = match (source.is_ipv4(), destination.is_ipv4()) {
            (true, false) if source.ip().is_unspecified() => (with_ip(Ipv6Addr::UNSPECIFIED, source), destination),
            (false, true) if source.ip().is_unspecified() => (with_ip(Ipv4Addr::UNSPECIFIED, source), destination),
            (true, false) if destination.ip().is_unspecified() => (source, with_ip(Ipv4Addr::UNSPECIFIED, destination)),
            (false, true) if destination.ip().is_unspecified() => (source, with_ip(Ipv6Addr::UNSPECIFIED, destination)),
            (true, true) | (false, false) => (source, destination),
            _ => return None,
        };
        Some(Self { source, destination })
    }

    #[must_use]
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    #[must_use]
    pub fn destination(&self) -> SocketAddr {
        self.destination
    }

    /// The other way round.
    #[must_use]
    pub fn back(self) -> Self {
        Self { source: self.destination, destination: self.source }
    }
}

/// Without a scope, which no packet carries.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn with_ip(ip: impl Into<IpAddr>, address: SocketAddr) -> SocketAddr {
    SocketAddr::new(ip.into(), address.port())
}

/// What a segment of TCP does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    pub sequence: u32,
    /// `None` for the first one of a connection.
    pub acknowledgement: Option<u32>,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    pub psh: bool,
}

/// Appends the headers of a segment that carries `payload`, at most [`SEGMENT_MAX`] bytes; false, and nothing appended,
/// where it has more.
#[must_use]
pub fn segment(out: &mut Vec<u8>, way: Way, route: Route, segment: &Segment, payload: &[u8]) -> bool {
    segment_in_part(out, way, route, segment, payload, 0)
}

/// The same of one that carries `missing` bytes more, which nobody kept: its checksum is 0 then.
#[must_use]
pub fn segment_in_part(
    out: &mut Vec<u8>,
    way: Way,
    route: Route,
    segment: &Segment,
    payload: &[u8],
    missing: usize,
) -> bool {
    if payload.len().saturating_add(missing) > SEGMENT_MAX {
        return false;
    }
    let mut tcp = TcpHeader::new(
        route.source.port(),
        route.destination.port(),
        segment.sequence,
        if segment.rst { 0 } else { 0xffff },
    );
    tcp.ack = segment.acknowledgement.is_some();
    tcp.acknowledgment_number = segment.acknowledgement.unwrap_or(0);
    (tcp.syn, tcp.fin, tcp.rst, tcp.psh) = (segment.syn, segment.fin, segment.rst, segment.psh);
    if segment.syn && tcp.set_options(&[TcpOptionElement::Noop, TcpOptionElement::WindowScale(WINDOW_SHIFT)]).is_err() {
        return false;
    }
    let len = tcp.header_len() + payload.len() + missing;
    let checksum = match (route.source.ip(), route.destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => tcp.calc_checksum_ipv4_raw(from.octets(), to.octets(), payload),
        (IpAddr::V6(from), IpAddr::V6(to)) => tcp.calc_checksum_ipv6_raw(from.octets(), to.octets(), payload),
        _ => return false,
    };
    let Ok(checksum) = checksum else { return false };
    tcp.checksum = if missing == 0 { checksum } else { 0 };
    if !ip_head(out, way, route, IpNumber::TCP, len) {
        return false;
    }
    out.extend_from_slice(&tcp.to_bytes());
    true
}

/// Appends the headers of a datagram of UDP that carries `payload`, at most [`DATAGRAM_MAX_V4`] or [`DATAGRAM_MAX_V6`]
/// bytes; false, and nothing appended, where it has more.
#[must_use]
pub fn datagram(out: &mut Vec<u8>, way: Way, route: Route, payload: &[u8]) -> bool {
    datagram_in_part(out, way, route, payload, 0)
}

/// The same of one that carries `missing` bytes more, which nobody kept: it has no checksum then.
#[must_use]
pub fn datagram_in_part(out: &mut Vec<u8>, way: Way, route: Route, payload: &[u8], missing: usize) -> bool {
    let most = if route.source.is_ipv4() { DATAGRAM_MAX_V4 } else { DATAGRAM_MAX_V6 };
    if payload.len().saturating_add(missing) > most {
        return false;
    }
    let (from_port, to_port) = (route.source.port(), route.destination.port());
    let udp = match (route.source.ip(), route.destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            // Of the header only addresses count, and the length of what it carries.
            Ipv4Header::new(0, 0, IpNumber::UDP, from.octets(), to.octets())
                .ok()
                .and_then(|ip| UdpHeader::with_ipv4_checksum(from_port, to_port, &ip, payload).ok())
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            UdpHeader::with_ipv6_checksum(from_port, to_port, &ipv6_head(from, to, IpNumber::UDP, 0), payload).ok()
        }
        _ => None,
    };
    let Some(mut udp) = udp else { return false };
    if missing > 0 {
        udp.length += missing as u16;
        udp.checksum = 0;
    }
    if !ip_head(out, way, route, IpNumber::UDP, usize::from(udp.length)) {
        return false;
    }
    out.extend_from_slice(&udp.to_bytes());
    true
}

/// Appends the headers of an IP packet whose payload of so many bytes is of this protocol; false, and nothing appended,
/// where it is too long for one.
#[must_use]
pub fn packet(out: &mut Vec<u8>, way: Way, route: Route, protocol: u8, len: usize) -> bool {
    ip_head(out, way, route, IpNumber(protocol), len)
}

/// Appends the header of a frame that carries a whole IPv4 packet.
pub fn around_ipv4(out: &mut Vec<u8>, way: Way) {
    let (source, destination) = cards(way);
    ethernet_head(out, source, destination, EtherType::IPV4.0);
}

/// Appends the header of a frame.
pub fn ethernet_head(out: &mut Vec<u8>, source: [u8; 6], destination: [u8; 6], ether_type: u16) {
    out.extend_from_slice(&Ethernet2Header { source, destination, ether_type: EtherType(ether_type) }.to_bytes());
}

fn cards(way: Way) -> ([u8; 6], [u8; 6]) {
    match way {
        Way::Out => (LOCAL_CARD, PEER_CARD),
        Way::In => (PEER_CARD, LOCAL_CARD),
    }
}

fn ip_head(out: &mut Vec<u8>, way: Way, route: Route, protocol: IpNumber, len: usize) -> bool {
    const HOPS: u8 = 64;
    let most = if route.source.is_ipv4() { IPV4_PAYLOAD_MAX } else { usize::from(u16::MAX) };
    let Some(len) = u16::try_from(len).ok().filter(|len| usize::from(*len) <= most) else { return false };
    let (source, destination) = cards(way);
    match (route.source.ip(), route.destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let Ok(mut header) = Ipv4Header::new(len, HOPS, protocol, from.octets(), to.octets()) else { return false };
            header.header_checksum = header.calc_header_checksum();
            ethernet_head(out, source, destination, EtherType::IPV4.0);
            out.extend_from_slice(&header.to_bytes());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            ethernet_head(out, source, destination, EtherType::IPV6.0);
            out.extend_from_slice(&Ipv6Header { hop_limit: HOPS, ..ipv6_head(from, to, protocol, len) }.to_bytes());
        }
        _ => return false,
    }
    true
}

fn ipv6_head(from: Ipv6Addr, to: Ipv6Addr, next_header: IpNumber, payload_length: u16) -> Ipv6Header {
    Ipv6Header {
        flow_label: Ipv6FlowLabel::ZERO,
        payload_length,
        next_header,
        source: from.octets(),
        destination: to.octets(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};
    use proptest::prelude::*;

    use super::*;

    fn route(v6: bool) -> Route {
        let [source, destination] = if v6 { ["[::1]:9000", "[fe80::2]:7"] } else { ["127.0.0.1:9000", "10.0.0.2:7"] };
        Route::new(source.parse().unwrap(), destination.parse().unwrap()).unwrap()
    }

    fn checked(frame: &[u8], payload: &[u8]) {
        let packet = SlicedPacket::from_ethernet(frame).unwrap();
        if let Some(NetSlice::Ipv4(ip)) = &packet.net {
            let header = ip.header().to_header();
            assert_eq!(header.header_checksum, header.calc_header_checksum());
        }
        match (&packet.net, packet.transport) {
            (Some(NetSlice::Ipv4(ip)), Some(TransportSlice::Tcp(tcp))) => {
                let header = tcp.to_header();
                let ip = ip.header().to_header();
                assert_eq!(header.calc_checksum_ipv4(&ip, payload).unwrap(), tcp.checksum());
                assert_eq!(tcp.payload(), payload);
            }
            (Some(NetSlice::Ipv6(ip)), Some(TransportSlice::Tcp(tcp))) => {
                let ip = ip.header().to_header();
                assert_eq!(tcp.to_header().calc_checksum_ipv6(&ip, payload).unwrap(), tcp.checksum());
                assert_eq!(tcp.payload(), payload);
            }
            (Some(NetSlice::Ipv4(ip)), Some(TransportSlice::Udp(udp))) => {
                let ip = ip.header().to_header();
                assert_eq!(udp.to_header().calc_checksum_ipv4(&ip, payload).unwrap(), udp.checksum());
                assert_eq!(udp.payload(), payload);
            }
            (Some(NetSlice::Ipv6(ip)), Some(TransportSlice::Udp(udp))) => {
                let ip = ip.header().to_header();
                assert_eq!(udp.to_header().calc_checksum_ipv6(&ip, payload).unwrap(), udp.checksum());
                assert_eq!(udp.payload(), payload);
            }
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn headers_say_what_they_carry(v6: bool, tcp: bool, payload in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut frame = Vec::new();
            let plain = Segment { sequence: 7, acknowledgement: Some(9), psh: true, ..Segment::default() };
            let made = if tcp {
                segment(&mut frame, Way::Out, route(v6), &plain, &payload)
            } else {
                datagram(&mut frame, Way::In, route(v6), &payload)
            };
            prop_assert!(made);
            frame.extend_from_slice(&payload);
            checked(&frame, &payload);
        }
    }

    #[test]
    fn the_longest_fit_and_longer_ones_are_refused() {
        for v6 in [false, true] {
            let payload = vec![7; SEGMENT_MAX + 1];
            let mut frame = Vec::new();
            assert!(!segment(&mut frame, Way::Out, route(v6), &Segment::default(), &payload));
            assert!(frame.is_empty());
            assert!(segment(&mut frame, Way::Out, route(v6), &Segment::default(), &payload[1..]));
            frame.extend_from_slice(&payload[1..]);
            checked(&frame, &payload[1..]);

            let payload = vec![7; if v6 { DATAGRAM_MAX_V6 } else { DATAGRAM_MAX_V4 } + 1];
            let mut frame = Vec::new();
            assert!(!datagram(&mut frame, Way::Out, route(v6), &payload));
            assert!(datagram(&mut frame, Way::Out, route(v6), &payload[1..]));
            frame.extend_from_slice(&payload[1..]);
            checked(&frame, &payload[1..]);
        }
    }

    #[test]
    fn both_ends_are_of_one_family() {
        let route = |a: &str, b: &str| {
            Route::new(a.parse().unwrap(), b.parse().unwrap())
                .map(|route| (route.source.to_string(), route.destination.to_string()))
        };
        assert_eq!(route("[::ffff:1.2.3.4]:5", "6.7.8.9:1"), Some(("1.2.3.4:5".into(), "6.7.8.9:1".into())));
        assert_eq!(route("[::]:5", "6.7.8.9:1"), Some(("0.0.0.0:5".into(), "6.7.8.9:1".into())));
        assert_eq!(route("[::1]:5", "0.0.0.0:1"), Some(("[::1]:5".into(), "[::]:1".into())));
        assert_eq!(route("[::1]:5", "6.7.8.9:1"), None);
    }
}
