//! Pieces of what IP carries, until they are whole.

use core::net::IpAddr;
use std::collections::HashMap;

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpFragOffset, IpNumber};

use super::Way;

/// What fragments that belong together have in common: RFC 791, section 3.2; RFC 8200, section 4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FragmentOf {
    pub source: IpAddr,
    pub destination: IpAddr,
    /// IP's number for what is carried.
    pub protocol: u8,
    pub identification: u32,
}

/// A piece of what IP carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    pub of: FragmentOf,
    pub offset: IpFragOffset,
    /// It is not the last one.
    pub more: bool,
    pub payload: &'a [u8],
    /// As the link tells it.
    pub way: Option<Way>,
}

/// Those that wait for others of theirs. What comes twice is no news; where two pieces overlap and differ (RFC 5722), or one
/// lies behind the end, what they were of is given up.
#[derive(Debug, Default)]
pub struct Fragments {
    pending: HashMap<FragmentOf, Pending>,
    /// Packets so far.
    clock: u64,
}

#[derive(Debug)]
struct Pending {
    buffer: IpDefragBuf,
    packets: u64,
    began: u64,
    began_ns: i64,
}

impl Fragments {
    /// Those of so many wait at once, each in 128 KiB of memory at most; of more, the oldest are given up.
    pub const PENDING_MAX: usize = 256;

    /// For how long they wait, in nanoseconds; Linux has them wait as long (`ipfrag_time` of ip(7)).
    pub const PATIENCE_NS: i64 = 30_000_000_000;

    /// Takes in one more, captured at this time in nanoseconds; all of it with the number of packets that brought it,
    /// once it is whole. Packets that were given up are added to `given_up`.
    pub fn add(&mut self, fragment: &Fragment<'_>, time_ns: i64, given_up: &mut u64) -> Option<(Vec<u8>, u64)> {
        let of = fragment.of;
        self.clock += 1;
        self.pending.retain(|_, one| {
            let is_kept = time_ns.saturating_sub(one.began_ns) <= Self::PATIENCE_NS;
            *given_up += if is_kept { 0 } else { one.packets };
            is_kept
        });
        if self.pending.len() >= Self::PENDING_MAX && !self.pending.contains_key(&of) {
            let oldest = self.pending.iter().min_by_key(|(_, one)| one.began).map(|(of, _)| *of);
            *given_up += oldest.and_then(|of| self.pending.remove(&of)).map_or(0, |one| one.packets);
        }
        let one = self.pending.entry(of).or_insert_with(|| Pending {
            buffer: IpDefragBuf::new(IpNumber(of.protocol), Vec::new(), Vec::new()),
            packets: 0,
            began: self.clock,
            began_ns: time_ns,
        });
        let start = usize::from(fragment.offset.byte_offset());
        let end = start + fragment.payload.len();
        let sections =
            one.buffer.sections().iter().map(|section| (usize::from(section.start), usize::from(section.end)));
        let overlapped = sections.into_iter().find(|(from, to)| start < *to && *from < end);
        if overlapped.is_some_and(|(from, to)| from <= start && end <= to)
            && one.buffer.data().get(start..end) == Some(fragment.payload)
        {
            *given_up += 1;
            return None;
        }
        one.packets += 1;
        // The buffer would cut what lies behind the end.
        let ends_too_early = !fragment.more && end < one.buffer.data().len();
        let is_taken = overlapped.is_none()
            && !ends_too_early
            && one.buffer.add(fragment.offset, fragment.more, fragment.payload).is_ok();
        if is_taken && !one.buffer.is_complete() {
            return None;
        }
        let one = self.pending.remove(&of)?;
        if !is_taken {
            *given_up += one.packets;
            return None;
        }
        Some((one.buffer.take_bufs().0, one.packets))
    }

    /// How many packets wait for others, none of which will come any more.
    pub fn finish(&mut self) -> u64 {
        self.pending.drain().map(|(_, one)| one.packets).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(identification: u32) -> FragmentOf {
        let [source, destination] = ["10.0.0.1", "10.0.0.2"].map(|address| address.parse().unwrap());
        FragmentOf { source, destination, protocol: 17, identification }
    }

    fn piece(of: FragmentOf, eights: u16, more: bool, payload: &[u8]) -> Fragment<'_> {
        Fragment { of, offset: IpFragOffset::try_new(eights).unwrap(), more, payload, way: None }
    }

    proptest! {
        #[test]
        fn pieces_of_several_in_any_order_become_whole_once(
            wholes in prop::collection::vec(prop::collection::vec(any::<u8>(), 9..400), 1..5),
            cuts in prop::collection::vec(1_usize..12, 1..9),
            order in any::<u64>(),
            twice in any::<prop::sample::Index>(),
        ) {
            let mut pieces = Vec::new();
            for (whole, id) in wholes.iter().zip(0..) {
                let mut at = 0;
                for eights in cuts.iter().cycle() {
                    let end = (at + eights * 8).min(whole.len());
                    pieces.push(piece(of(id), (at / 8) as u16, end < whole.len(), &whole[at..end]));
                    if end == whole.len() {
                        break;
                    }
                    at = end;
                }
            }
            let count = pieces.len() as u64;
            // Another order, which the number makes up.
            let place = |one: &Fragment<'_>| u64::from(one.offset.value()) + u64::from(one.of.identification);
            pieces.sort_by_key(|one| place(one).wrapping_mul(order | 1));
            let again = twice.index(pieces.len());
            pieces.insert(again, pieces[again]);
            let (mut fragments, mut given_up) = (Fragments::default(), 0);
            let (mut whole, mut packets) = (Vec::new(), 0);
            for piece in &pieces {
                if let Some((bytes, of_it)) = fragments.add(piece, 0, &mut given_up) {
                    whole.push((piece.of.identification, bytes));
                    packets += of_it;
                }
            }
            whole.sort();
            let rest = fragments.finish();
            prop_assert_eq!(packets + given_up + rest, count + 1, "each packet counts once");
            // What came twice may begin another, where the first was in one piece.
            whole.dedup();
            let expected: Vec<_> = (0..).zip(wholes).collect();
            prop_assert_eq!(whole, expected);
        }

        #[test]
        fn any_pieces_are_survived_and_no_byte_is_made_up(
            pieces in prop::collection::vec((0_u32..3, 0_u16..=8191, any::<bool>(), 0_usize..5000), 1..60),
        ) {
            let bytes = vec![7; 5000];
            let (mut fragments, mut given_up, mut packets) = (Fragments::default(), 0, 0);
            let count = pieces.len() as u64;
            for (id, eights, more, len) in pieces {
                let eights = if more { eights % 16 } else { eights };
                let taken = fragments.add(&piece(of(id), eights, more, &bytes[..len]), 0, &mut given_up);
                if let Some((whole, of_it)) = taken {
                    prop_assert!(whole.iter().all(|byte| *byte == 7));
                    packets += of_it;
                }
            }
            prop_assert_eq!(packets + given_up + fragments.finish(), count);
        }
    }

    #[test]
    fn pieces_that_contradict_each_other_are_given_up() {
        let (mut fragments, mut given_up) = (Fragments::default(), 0);
        assert_eq!(fragments.add(&piece(of(1), 0, true, b"12345678"), 0, &mut given_up), None);
        assert_eq!(fragments.add(&piece(of(1), 0, true, b"12345678"), 0, &mut given_up), None);
        assert_eq!(given_up, 1, "the same once more");
        assert_eq!(fragments.add(&piece(of(1), 0, true, b"1234567!"), 0, &mut given_up), None);
        assert_eq!((given_up, fragments.finish()), (3, 0), "another in its place");
        fragments.add(&piece(of(2), 1, false, b"end"), 0, &mut given_up);
        assert_eq!(fragments.add(&piece(of(2), 1, false, b"other end"), 0, &mut given_up), None);
        assert_eq!((given_up, fragments.finish()), (5, 0));
        fragments.add(&piece(of(3), 1, true, b"12345678"), 0, &mut given_up);
        assert_eq!(fragments.add(&piece(of(3), 0, false, b"12345678"), 0, &mut given_up), None);
        assert_eq!((given_up, fragments.finish()), (7, 0), "an end before what is there");
    }

    #[test]
    fn what_waits_is_bounded_in_number_and_time() {
        let (mut fragments, mut given_up) = (Fragments::default(), 0);
        let most = Fragments::PENDING_MAX as u32;
        for id in 0..most + 40 {
            fragments.add(&piece(of(id), 0, true, &[7; 1480]), id.into(), &mut given_up);
        }
        assert_eq!((given_up, fragments.pending.len()), (40, most as usize));
        assert_eq!(fragments.add(&piece(of(0), 185, false, b"end"), 400, &mut given_up), None, "the oldest went");
        let whole = fragments.add(&piece(of(most), 185, false, b"end"), 400, &mut given_up);
        assert_eq!(whole.map(|(whole, packets)| (whole.len(), packets)), Some((1483, 2)));
        given_up = 0;
        let late = 400 + Fragments::PATIENCE_NS;
        let id = most + 1;
        assert_eq!(fragments.add(&piece(of(id), 185, false, b"end"), late, &mut given_up), None, "too late");
        assert!(given_up > 200, "{given_up}");
    }
}
