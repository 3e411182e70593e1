use proptest::sample::Index;

use super::*;

proptest! {
    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut(
        frames in prop::collection::vec(prop_oneof![
            frame().prop_map(Ok),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(Err),
        ], 0..8),
        cut in 1..300_usize,
    ) {
        let mut wire = Vec::new();
        let mut expected = Vec::new();
        for one in &frames {
            match one {
                Ok(frame) => {
                    frame.write(&mut wire);
                    expected.push(Ok(frame.clone()));
                }
                Err(data) => {
                    wire.extend_from_slice(&data_header(u32::try_from(data.len()).unwrap()));
                    wire.extend_from_slice(data);
                    expected.extend(data.iter().map(|byte| Err(*byte)));
                }
            }
        }
        let mut reader = FrameReader::default();
        let mut found = Vec::new();
        for mut bytes in wire.chunks(cut) {
            while let Some(item) = reader.next(&mut bytes).unwrap() {
                match item {
                    Item::Frame(frame) => found.push(Ok(frame)),
                    Item::Data(data) => found.extend(data.iter().map(|byte| Err(*byte))),
                }
            }
            prop_assert!(bytes.is_empty());
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_single_damage_of_a_frame_goes_unseen(frame in frame(), place in any::<Index>(), bit in 0..8_u8) {
        let mut wire = Vec::new();
        frame.write(&mut wire);
        let at = place.index(wire.len());
        wire[at] ^= 1 << bit;
        let mut bytes = wire.as_slice();
        let found = FrameReader::default().next(&mut bytes);
        // Data is hashed by itself; and of a length that grew the rest is awaited.
        let unseen = matches!(&found, Ok(Some(Item::Frame(_))));
        prop_assert!(!unseen, "{frame:?} became {found:?}");
    }
}

#[test]
fn lengths_are_looked_at_before_anything_is_kept() {
    for (kind, most) in [(5, DATA_MAX), (2, CONTROL_MAX), (200, CONTROL_MAX)] {
        let header = |len: u32| [&[kind, 0, 0, 0][..], &len.to_be_bytes()].concat();
        let mut reader = FrameReader::default();
        assert_eq!(reader.next(&mut header(most + 1).as_slice()), Err(Fault::TooLong { kind, len: most + 1 }));
        assert_eq!(FrameReader::default().next(&mut header(most).as_slice()), Ok(None));
    }
}

#[test]
fn an_unknown_type_is_skipped_unless_it_is_critical() {
    let mut wire = vec![200, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
    Frame::Done.write(&mut wire);
    let mut bytes = wire.as_slice();
    assert_eq!(FrameReader::default().next(&mut bytes), Ok(Some(Item::Frame(Frame::Done))));
    wire[1] = 1;
    assert_eq!(FrameReader::default().next(&mut wire.as_slice()), Err(Fault::Unknown { kind: 200 }));
}
