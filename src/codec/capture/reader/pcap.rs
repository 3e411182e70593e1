use super::{CaptureProblem, Order, Packet, Read};
use crate::codec::capture::{CAPTURED_MAX, LinkType};

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

/// A file of the older form: a header, and a head before each packet.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    link: LinkType,
    /// Nanoseconds in the smallest part of a time.
    part_ns: i64,
}

impl Pcap {
    pub(super) const HEADER: usize = 24;
    const RECORD_HEAD: usize = 16;

    pub(super) fn begins(magic: [u8; 4]) -> bool {
        order(magic).is_some()
    }

    pub(super) fn new(header: &[u8; Self::HEADER]) -> Result<Self, CaptureProblem> {
        const MAJOR: u16 = 2;
        let magic = [header[0], header[1], header[2], header[3]];
        let (order, part_ns) = order(magic).ok_or(CaptureProblem::NotACapture)?;
        if order.u16(header, 4) != MAJOR {
            return Err(CaptureProblem::Version);
        }
        // The upper half says how long a frame's check sequence is.
        let link = LinkType(order.u32(header, 20) as u16);
        Ok(Self { order, link, part_ns })
    }

    pub(super) fn read<'a>(&self, buffer: &'a [u8]) -> Result<Read<'a>, CaptureProblem> {
        let Some((head, rest)) = buffer.split_first_chunk::<{ Self::RECORD_HEAD }>() else {
            return Ok(Read::More(Self::RECORD_HEAD));
        };
        let [seconds, part, captured] = [0, 4, 8].map(|at| self.order.u32(head, at));
        let captured = captured as usize;
        if captured > CAPTURED_MAX {
            return Err(CaptureProblem::Length);
        }
        let Some(bytes) = rest.get(..captured) else { return Ok(Read::More(Self::RECORD_HEAD + captured)) };
        let time_ns = i64::from(seconds) * 1_000_000_000 + i64::from(part) * self.part_ns;
        let packet = Packet { link: self.link, time_ns: Some(time_ns), way: None, bytes };
        Ok(Read::Used((Self::RECORD_HEAD + captured) as u64, Some(packet)))
    }
}

fn order(magic: [u8; 4]) -> Option<(Order, i64)> {
    match (u32::from_le_bytes(magic), u32::from_be_bytes(magic)) {
        (MICROSECONDS, _) => Some((Order::Little, 1000)),
        (NANOSECONDS, _) => Some((Order::Little, 1)),
        (_, MICROSECONDS) => Some((Order::Big, 1000)),
        (_, NANOSECONDS) => Some((Order::Big, 1)),
        _ => None,
    }
}
