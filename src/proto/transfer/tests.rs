//! Both sides against each other over a stream that is cut, damaged and slow, in no time; and each by itself.

mod arbitrary;
mod cancels;
mod frames;
mod greetings;
mod heard;
mod sides;
mod simulation;
mod times;
mod wire;

use std::time::Instant;

use proptest::prelude::*;

use super::frame::HELLO;
use super::frame_reader::{FrameReader, Item};
use super::*;
use crate::codec::prefix_hash::{HASH_LEN, Hash};
use crate::model::CancelReason;

fn key(number: usize) -> TransferKey {
    TransferKey([u8::try_from(number).unwrap(); 16])
}

fn hash(bytes: &[u8]) -> Hash {
    *blake3::hash(bytes).as_bytes()
}

fn frame() -> impl Strategy<Value = Frame> {
    let key = || any::<[u8; 16]>().prop_map(TransferKey);
    let hash = || any::<[u8; HASH_LEN]>();
    prop_oneof![
        any::<(u16, u16, u64, bool)>().prop_map(|(lowest, highest, features, receives)| Frame::Hello(Hello {
            lowest,
            highest,
            features,
            receives
        })),
        (key(), any::<(bool, bool, u64)>(), prop::option::of(-1..i64::MAX), "\\PC{0,60}").prop_map(
            |(key, (folder, eager, size), modified_ns, name)| {
                let kind = if folder { Kind::Folder } else { Kind::File };
                Frame::Offer(Offer { key, kind, eager, size, modified_ns, name })
            }
        ),
        (key(), any::<u64>(), hash()).prop_map(|(key, offset, hash)| Frame::Accept { key, offset, hash }),
        (key(), any::<u64>()).prop_map(|(key, offset)| Frame::Begin { key, offset }),
        (key(), any::<u64>(), hash()).prop_map(|(key, size, hash)| Frame::End { key, size, hash }),
        key().prop_map(|key| Frame::Commit { key }),
        (
            key(),
            prop_oneof![Just(CancelReason::Changed), Just(CancelReason::Mismatch), Just(CancelReason::Other(77))],
            "\\PC{0,60}"
        )
            .prop_map(|(key, reason, words)| Frame::Cancel { key, reason, words }),
        Just(Frame::Working),
        Just(Frame::Done),
        Just(Frame::Heard),
    ]
}
