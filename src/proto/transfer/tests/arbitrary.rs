//! Bytes and frames in no order that makes sense: nothing is handed out that was not begun, and no more than was offered.

use std::collections::HashSet;

use super::*;

/// Bytes in the file that the sender offers.
const SIZE: u64 = 9;

fn data() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| {
        let header = data_header(u32::try_from(bytes.len()).unwrap());
        [&header[..], &bytes].concat()
    })
}

fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let frame = || {
        // Often of the same two files, and of few bytes.
        (frame(), 0..4_usize, 0..20_u64).prop_map(|(mut frame, number, few)| {
            if number < 3 {
                let own = key(1 + number % 2);
                match &mut frame {
                    Frame::Offer(Offer { key, size, .. }) | Frame::End { key, size, .. } => (*key, *size) = (own, few),
                    Frame::Accept { key, offset, .. } => (*key, *offset) = (own, few),
                    Frame::Begin { key, offset } => (*key, *offset) = (own, few / 7),
                    Frame::Commit { key } | Frame::Cancel { key, .. } => *key = own,
                    Frame::Hello(_) | Frame::Working | Frame::Done | Frame::Heard => {}
                }
            }
            let mut bytes = Vec::new();
            frame.write(&mut bytes);
            bytes
        })
    };
    let noise = prop::collection::vec(any::<u8>(), 0..300);
    prop::collection::vec(prop_oneof![1 => noise, 8 => frame(), 4 => data()], 0..16)
}

/// A frame that goes with what is offered, now and then.
fn in_order() -> impl Strategy<Value = Vec<Vec<u8>>> {
    (pieces(), 0..SIZE * 2, any::<bool>()).prop_map(|(mut pieces, len, ends)| {
        let mut begun = Vec::new();
        let name = "a".to_owned();
        let offer = Offer { key: key(2), kind: Kind::File, eager: true, size: SIZE, modified_ns: None, name };
        Frame::Offer(offer).write(&mut begun);
        Frame::Begin { key: key(2), offset: 0 }.write(&mut begun);
        begun.extend_from_slice(&data_header(u32::try_from(len).unwrap()));
        begun.resize(begun.len() + usize::try_from(len).unwrap(), 7);
        if ends {
            Frame::End { key: key(2), size: SIZE, hash: [0; HASH_LEN] }.write(&mut begun);
        }
        pieces.insert(0, begun);
        pieces
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_move_no_sender(pieces in pieces()) {
        let now = Instant::now();
        let mut sender = Sender::new(now);
        let offer = Offer { key: key(1), kind: Kind::File, eager: false, size: SIZE, modified_ns: None, name: "a".into() };
        sender.offer(offer, now);
        let (mut answers, mut is_given_up) = (0, false);
        'connection: for piece in &pieces {
            let mut bytes = piece.as_slice();
            loop {
                match sender.handle(&mut bytes, now) {
                    Ok(Some(SendStep::Compare { key: of, offset, .. })) => {
                        prop_assert!(of == key(1) && (1..=SIZE).contains(&offset) && !is_given_up);
                        answers += 1;
                    }
                    Ok(Some(SendStep::Begin { key: of })) => {
                        prop_assert!(of == key(1) && !is_given_up);
                        answers += 1;
                    }
                    // None of it has gone out.
                    Ok(Some(SendStep::Committed { .. })) => prop_assert!(false, "committed"),
                    Ok(Some(SendStep::Cancelled { key: of, .. })) => {
                        prop_assert!(of == key(1) && !is_given_up);
                        is_given_up = true;
                    }
                    Ok(None) => break,
                    Err(_) => break 'connection,
                }
            }
        }
        prop_assert!(answers <= 1);
    }

    #[test]
    fn arbitrary_bytes_move_no_receiver(pieces in prop_oneof![pieces(), in_order()]) {
        let now = Instant::now();
        let mut receiver = Receiver::new(now);
        // The file on the stream: its key, its size, and how much of it was handed out once it had begun.
        let mut current: Option<(TransferKey, u64, Option<u64>)> = None;
        let mut waiting = HashSet::new();
        let mut is_done = false;
        'connection: for piece in &pieces {
            let mut bytes = piece.as_slice();
            loop {
                match receiver.handle(&mut bytes, now) {
                    Ok(Some(ReceiveStep::Offered(offer))) => {
                        prop_assert!(current.is_none() && !waiting.contains(&offer.key) && !is_done);
                        if offer.kind == Kind::Folder {
                            receiver.commit(offer.key);
                        } else {
                            receiver.accept(0, [0; HASH_LEN]);
                            current = Some((offer.key, offer.size, None));
                        }
                    }
                    Ok(Some(ReceiveStep::Begin { offset })) => {
                        let (_, _, at) = current.as_mut().expect("something was offered");
                        prop_assert!(at.is_none() && offset == 0, "nothing else was accepted");
                        *at = Some(0);
                    }
                    Ok(Some(ReceiveStep::Data(bytes))) => {
                        let (_, size, at) = current.as_mut().expect("something was offered");
                        let at = at.as_mut().expect("it has begun");
                        *at += bytes.len() as u64;
                        prop_assert!(*at <= *size, "{at} of {size} bytes");
                    }
                    Ok(Some(ReceiveStep::End { key, .. })) => {
                        let (of, size, at) = current.take().expect("something was offered");
                        prop_assert_eq!((key, Some(size)), (of, at));
                        waiting.insert(key);
                    }
                    Ok(Some(ReceiveStep::Cancelled { key, .. })) => {
                        let is_current = current.take_if(|(of, ..)| *of == key).is_some();
                        prop_assert!(is_current || waiting.remove(&key));
                    }
                    Ok(Some(ReceiveStep::Heard)) => prop_assert!(current.is_none()),
                    Ok(Some(ReceiveStep::Done)) => {
                        prop_assert!(current.is_none() && !is_done);
                        is_done = true;
                    }
                    Ok(None) => break,
                    Err(_) => break 'connection,
                }
            }
        }
    }
}
