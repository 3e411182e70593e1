use super::*;

#[test]
fn trickling_bytes_keep_nobody_waiting() {
    let begun = Instant::now();
    let second = Duration::from_secs(1);
    fn take(receiver: &mut Receiver, mut bytes: &[u8], now: Instant) -> Result<(), Fault> {
        while receiver.handle(&mut bytes, now)?.is_some() {}
        Ok(())
    }
    /// A receiver within a large file.
    fn within(now: Instant) -> Receiver {
        let (mut receiver, mut wire) = (Receiver::new(now), Vec::new());
        let (key, kind, name) = (key(1), Kind::File, "a".to_owned());
        Frame::Offer(Offer { key, kind, eager: true, size: 1 << 30, modified_ns: None, name }).write(&mut wire);
        let mut bytes = wire.as_slice();
        assert!(matches!(receiver.handle(&mut bytes, now), Ok(Some(ReceiveStep::Offered(_)))));
        receiver.accept(0, [0; HASH_LEN]);
        wire.clear();
        Frame::Begin { key, offset: 0 }.write(&mut wire);
        wire.extend_from_slice(&data_header(DATA_MAX));
        assert_eq!(receiver.handle(&mut wire.as_slice(), now), Ok(Some(ReceiveStep::Begin { offset: 0 })));
        assert_eq!(receiver.handle(&mut &wire[wire.len() - DATA_HEADER..], now), Ok(None));
        receiver
    }
    let mut receiver = within(begun);
    let mut now = begun;
    while take(&mut receiver, &[0; 100], now) == Ok(()) {
        assert_eq!(receiver.handle_timeout(now), Ok(()));
        now += second;
    }
    assert_eq!((now - begun, receiver.handle_timeout(now)), (IDLE, Err(Fault::Idle)));

    // Enough of them do.
    let mut receiver = within(begun);
    let mut now = begun;
    for _ in 0..200 {
        take(&mut receiver, &[0; 200], now).unwrap();
        now += second;
        assert_eq!(receiver.handle_timeout(now), Ok(()));
    }

    // Nobody has to send files; but a frame that has begun has to end.
    let mut receiver = Receiver::new(begun);
    let later = begun + 100 * IDLE;
    assert_eq!((receiver.poll_timeout(), receiver.handle_timeout(later)), (None, Ok(())));
    receiver.handle(&mut &[2, 1, 0][..], later).unwrap();
    receiver.handle(&mut &[0][..], later + second).unwrap();
    assert_eq!(receiver.poll_timeout(), Some(later + IDLE));
    assert_eq!(take(&mut receiver, &[0], later + IDLE), Err(Fault::Idle));

    // Nor does an answer.
    let mut sender = Sender::new(begun);
    let offer = Offer { key: key(1), kind: Kind::File, eager: false, size: 1, modified_ns: None, name: "a".into() };
    sender.offer(offer, begun);
    assert_eq!(sender.handle(&mut &[3][..], begun + IDLE - second), Ok(None));
    assert_eq!(sender.handle(&mut &[1][..], begun + IDLE), Err(Fault::Idle));

    // The hello has its time whatever comes.
    let late = begun + HELLO_WITHIN;
    let mut caller = Caller::new(Role::Sends, begun);
    assert_eq!(caller.handle(&mut &MAGIC[..7], late - second), Ok(None));
    assert_eq!(caller.poll_timeout(), late);
    assert_eq!(caller.handle(&mut &MAGIC[7..], late), Err(Misunderstanding::NotSpoken));
    let mut answerer = Answerer::new(None, begun);
    assert_eq!(answerer.handle(&mut &MAGIC[..], late - second), None);
    let (answer, agreed) = answerer.handle(&mut &[HELLO][..], late).expect("no answer any more");
    assert_eq!((answer.as_slice(), agreed), (&[][..], Err(Misunderstanding::NotSpoken)));
}

#[test]
fn who_says_that_it_works_is_waited_for_and_nobody_else() {
    let begun = Instant::now();
    let offer = |eager| Offer { key: key(1), kind: Kind::File, eager, size: 9, modified_ns: None, name: "a".into() };
    let mut working = Vec::new();
    Frame::Working.write(&mut working);
    let mut offered = Vec::new();
    Frame::Offer(offer(false)).write(&mut offered);
    for works in [true, false] {
        let mut sender = Sender::new(begun);
        sender.offer(offer(false), begun);
        let mut receiver = Receiver::new(begun);
        assert!(matches!(receiver.handle(&mut offered.as_slice(), begun), Ok(Some(ReceiveStep::Offered(_)))));
        receiver.accept(0, [0; HASH_LEN]);
        let mut now = begun;
        while now < begun + 10 * IDLE {
            now += WORKING_EVERY;
            if works {
                assert_eq!(sender.handle(&mut working.as_slice(), now), Ok(None));
                assert_eq!(receiver.handle(&mut working.as_slice(), now), Ok(None));
            }
            let expected = if works || now < begun + IDLE { Ok(()) } else { Err(Fault::Idle) };
            assert_eq!((sender.handle_timeout(now), receiver.handle_timeout(now)), (expected, expected));
        }
    }
}

#[test]
fn who_takes_nothing_is_waited_for_only_so_long_though_nothing_is_awaited_of_it() {
    let begun = Instant::now();
    let mut sender = Sender::new(begun);
    let offer = Offer { key: key(1), kind: Kind::File, eager: true, size: 9, modified_ns: None, name: "a".into() };
    sender.offer(offer, begun);
    assert!(sender.cancel(key(1), CancelReason::Stopped, ""));
    let second = Duration::from_secs(1);
    for (now, expected) in [(begun + IDLE - second, Ok(())), (begun + IDLE, Err(Fault::Idle))] {
        assert_eq!((sender.handle_timeout(now), sender.handle_blocked(now)), (Ok(()), expected));
    }
    sender.handle_sent(IDLE_BYTES, begun + IDLE);
    assert_eq!(sender.handle_blocked(begun + IDLE + second), Ok(()));
}
