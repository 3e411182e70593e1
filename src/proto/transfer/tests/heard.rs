use super::*;

#[test]
fn that_all_was_heard_is_said_once_nothing_waits_and_at_any_time_after() {
    let now = Instant::now();
    for is_done in [false, true] {
        let (mut sender, mut receiver) = (Sender::new(now), Receiver::new(now));
        let offer = |number, eager| {
            let (kind, name) = (Kind::File, "a".into());
            Offer { key: key(number), kind, eager, size: 0, modified_ns: None, name }
        };
        sender.offer(offer(1, false), now);
        assert!(!sender.heard(), "it is on the stream");
        assert!(sender.cancel(key(1), CancelReason::Changed, ""));
        sender.offer(offer(2, true), now);
        assert!(sender.end(hash(b"")) && !sender.heard(), "it has no answer");
        if is_done {
            sender.done();
        }
        let mut out = Vec::new();
        sender.poll_output(&mut out);
        let mut bytes = out.as_slice();
        while let Some(step) = receiver.handle(&mut bytes, now).unwrap() {
            match step {
                ReceiveStep::Offered(offer) if offer.eager => receiver.accept(0, [0; HASH_LEN]),
                ReceiveStep::End { key, .. } => receiver.commit(key),
                ReceiveStep::Heard => panic!("not yet"),
                _ => {}
            }
        }
        let mut answers = Vec::new();
        receiver.poll_output(&mut answers);
        assert_eq!(sender.handle(&mut answers.as_slice(), now), Ok(Some(SendStep::Committed { key: key(2) })));
        assert!(sender.heard());
        let mut out = Vec::new();
        sender.poll_output(&mut out);
        assert_eq!(out[1], 0, "who doesn't know it skips it");
        assert_eq!(receiver.handle(&mut out.as_slice(), now), Ok(Some(ReceiveStep::Heard)));
        assert_eq!(receiver.is_over(), is_done);
    }
}

#[test]
fn what_is_all_there_takes_a_beginning_and_an_end_alone() {
    let now = Instant::now();
    let (mut sender, mut receiver) = (Sender::new(now), Receiver::new(now));
    let name = "a".into();
    sender.offer(Offer { key: key(1), kind: Kind::File, eager: false, size: 3, modified_ns: None, name }, now);
    let (mut out, mut answers) = (Vec::new(), Vec::new());
    sender.poll_output(&mut out);
    assert!(matches!(receiver.handle(&mut out.as_slice(), now), Ok(Some(ReceiveStep::Offered(_)))));
    receiver.accept(3, hash(b"all"));
    receiver.poll_output(&mut answers);
    let compare = SendStep::Compare { key: key(1), offset: 3, hash: hash(b"all") };
    assert_eq!(sender.handle(&mut answers.as_slice(), now), Ok(Some(compare)));
    assert!(sender.begin(true) && sender.data(1).is_none() && sender.end(hash(b"all")));
    out.clear();
    sender.poll_output(&mut out);
    let mut bytes = out.as_slice();
    assert_eq!(receiver.handle(&mut bytes, now), Ok(Some(ReceiveStep::Begin { offset: 3 })));
    assert_eq!(receiver.handle(&mut bytes, now), Ok(Some(ReceiveStep::End { key: key(1), hash: hash(b"all") })));
}
