use super::{CaptureProblem, Order, Packet, RECORD_MAX, Read};
use crate::codec::capture::block::{
    BYTE_ORDER, ENHANCED_PACKET, INTERFACE, INTERFACE_RESOLUTION, INTERFACE_TIME_OFFSET, OPTION_END, PACKET,
    PACKET_FLAGS, SECTION_HEADER, SIMPLE_PACKET,
};
use crate::codec::capture::{CAPTURED_MAX, LinkType, Way};

/// Kind and length before a block, the length again after it.
const FRAME: usize = 12;
/// What a section's header has before its options.
const SECTION: usize = 28;

/// Interfaces of one section; each takes memory.
const INTERFACES_MAX: usize = 65_536;

/// The section that is being read.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    order: Option<Order>,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    /// Bytes of a packet that are kept; 0: all.
    snap: u32,
    resolution: Resolution,
    /// Seconds to add to each time.
    offset: i64,
}

/// How many parts of a time are a second.
#[derive(Clone, Copy, Debug)]
enum Resolution {
    Decimal(u8),
    Binary(u8),
}

impl Resolution {
    fn nanoseconds(self, time: u64) -> Option<i128> {
        let (time, second) = (i128::from(time), 1_000_000_000);
        Some(match self {
            Self::Decimal(digits) => time * second / 10_i128.checked_pow(digits.into())?,
            Self::Binary(bits) => (time * second).checked_shr(bits.into()).unwrap_or(0),
        })
    }
}

impl Pcapng {
    pub(super) fn begins(magic: [u8; 4]) -> bool {
        u32::from_le_bytes(magic) == SECTION_HEADER
    }

    pub(super) fn read<'a>(&mut self, buffer: &'a [u8]) -> Result<Read<'a>, CaptureProblem> {
        let Some(head) = buffer.first_chunk::<FRAME>() else { return Ok(Read::More(FRAME)) };
        if Self::begins([head[0], head[1], head[2], head[3]]) {
            return self.section(buffer);
        }
        let order = self.order.ok_or(CaptureProblem::NotACapture)?;
        let (kind, len) = (order.u32(head, 0), order.u32(head, 4) as usize);
        if len < FRAME || !len.is_multiple_of(4) {
            return Err(CaptureProblem::Length);
        }
        if !matches!(kind, INTERFACE | PACKET | SIMPLE_PACKET | ENHANCED_PACKET) {
            // Nothing in it is looked at, so it may be of any length.
            return Ok(Read::Used(len as u64, None));
        }
        if len > RECORD_MAX {
            return Err(CaptureProblem::Length);
        }
        let Some(block) = buffer.get(..len) else { return Ok(Read::More(len)) };
        if order.u32(block, len - 4) as usize != len {
            return Err(CaptureProblem::Length);
        }
        let body = &block[8..len - 4];
        let packet = match kind {
            INTERFACE => {
                self.add_interface(order, body)?;
                None
            }
            SIMPLE_PACKET => Some(self.simple_packet(order, body)?),
            kind => Some(self.packet(order, kind, body)?),
        };
        Ok(Read::Used(len as u64, packet))
    }

    /// A new section forgets all that the one before said.
    fn section<'a>(&mut self, buffer: &'a [u8]) -> Result<Read<'a>, CaptureProblem> {
        let Some(head) = buffer.first_chunk::<SECTION>() else { return Ok(Read::More(SECTION)) };
        let order = match (Order::Little.u32(head, 8), Order::Big.u32(head, 8)) {
            (BYTE_ORDER, _) => Order::Little,
            (_, BYTE_ORDER) => Order::Big,
            _ => return Err(CaptureProblem::ByteOrder),
        };
        if order.u16(head, 12) != 1 {
            return Err(CaptureProblem::Version);
        }
        let len = order.u32(head, 4) as usize;
        if len < SECTION || !len.is_multiple_of(4) {
            return Err(CaptureProblem::Length);
        }
        self.order = Some(order);
        self.interfaces.clear();
        Ok(Read::Used(len as u64, None))
    }

    fn add_interface(&mut self, order: Order, body: &[u8]) -> Result<(), CaptureProblem> {
        if body.len() < 8 {
            return Err(CaptureProblem::Length);
        }
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(CaptureProblem::TooManyInterfaces);
        }
        let mut interface = Interface {
            link: LinkType(order.u16(body, 0)),
            snap: order.u32(body, 4),
            resolution: Resolution::Decimal(6),
            offset: 0,
        };
        for (code, value) in options(order, &body[8..]) {
            match (code, value.len()) {
                (INTERFACE_RESOLUTION, 1) => {
                    let digits = value[0] & 0x7f;
                    let is_binary = value[0] & 0x80 != 0;
                    interface.resolution =
                        if is_binary { Resolution::Binary(digits) } else { Resolution::Decimal(digits) };
                }
                (INTERFACE_TIME_OFFSET, 8) => {
                    let (first, second) = (order.u32(value, 0), order.u32(value, 4));
                    let (high, low) = if order == Order::Big { (first, second) } else { (second, first) };
                    interface.offset = (u64::from(high) << 32 | u64::from(low)).cast_signed();
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Ok(())
    }

    fn packet<'a>(&self, order: Order, kind: u32, body: &'a [u8]) -> Result<Packet<'a>, CaptureProblem> {
        const HEAD: usize = 20;
        if body.len() < HEAD {
            return Err(CaptureProblem::Length);
        }
        let interface = if kind == PACKET { order.u16(body, 0).into() } else { order.u32(body, 0) };
        let interface = usize::try_from(interface).ok().and_then(|number| self.interfaces.get(number));
        let interface = interface.ok_or(CaptureProblem::Interface)?;
        let [high, low, captured] = [4, 8, 12].map(|at| order.u32(body, at));
        let time = u64::from(high) << 32 | u64::from(low);
        let time_ns = interface
            .resolution
            .nanoseconds(time)
            .and_then(|time| i64::try_from(time.checked_add(i128::from(interface.offset) * 1_000_000_000)?).ok());
        let bytes = captured_bytes(&body[HEAD..], captured as usize)?;
        let options = options(order, body.get(HEAD + bytes.len().next_multiple_of(4)..).unwrap_or_default());
        let flags = options.filter(|(code, value)| (*code, value.len()) == (PACKET_FLAGS, 4)).last();
        let way = flags.and_then(|(_, value)| match order.u32(value, 0) & 3 {
            1 => Some(Way::In),
            2 => Some(Way::Out),
            _ => None,
        });
        Ok(Packet { link: interface.link, time_ns, way, bytes })
    }

    /// Of the first interface, without a time.
    fn simple_packet<'a>(&self, order: Order, body: &'a [u8]) -> Result<Packet<'a>, CaptureProblem> {
        let interface = self.interfaces.first().ok_or(CaptureProblem::Interface)?;
        let (original, bytes) = body.split_at_checked(4).ok_or(CaptureProblem::Length)?;
        let original = order.u32(original, 0);
        let captured = if interface.snap == 0 { original } else { original.min(interface.snap) };
        let bytes = captured_bytes(bytes, captured as usize)?;
        Ok(Packet { link: interface.link, time_ns: None, way: None, bytes })
    }
}

fn captured_bytes(body: &[u8], captured: usize) -> Result<&[u8], CaptureProblem> {
    if captured > CAPTURED_MAX {
        return Err(CaptureProblem::Length);
    }
    body.get(..captured).ok_or(CaptureProblem::Length)
}

/// Codes and values, up to the first that doesn't fit.
fn options(order: Order, mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (head, after) = rest.split_at_checked(4)?;
        let (code, len) = (order.u16(head, 0), usize::from(order.u16(head, 2)));
        let value = after.get(..len)?;
        rest = after.get(len.next_multiple_of(4)..).unwrap_or_default();
        (code != OPTION_END).then_some((code, value))
    })
}
