use super::*;

#[test]
fn a_file_is_given_up_after_its_end_too_unless_it_was_answered_for() {
    let now = Instant::now();
    for is_done in [false, true] {
        let (mut sender, mut receiver) = (Sender::new(now), Receiver::new(now));
        let [lost, kept] = [1, 2].map(key);
        let mut out = Vec::new();
        for key in [lost, kept] {
            let offer = Offer { key, kind: Kind::File, eager: true, size: 0, modified_ns: None, name: "a".into() };
            sender.offer(offer, now);
            assert!(sender.end(hash(b"")));
        }
        if is_done {
            sender.done();
        }
        assert!(sender.cancel(lost, CancelReason::Stopped, "") && sender.cancel(kept, CancelReason::Stopped, ""));
        assert!(!sender.cancel(lost, CancelReason::Stopped, ""), "once");
        sender.poll_output(&mut out);
        let mut given_up = Vec::new();
        let mut bytes = out.as_slice();
        while let Some(step) = receiver.handle(&mut bytes, now).unwrap() {
            match step {
                ReceiveStep::Offered(_) => receiver.accept(0, [0; HASH_LEN]),
                ReceiveStep::End { key, .. } if key == kept => receiver.commit(key),
                ReceiveStep::Cancelled { key, .. } => given_up.push(key),
                _ => {}
            }
        }
        assert_eq!(given_up, [lost]);
        assert_eq!(receiver.is_over(), is_done);
        let mut answers = Vec::new();
        receiver.poll_output(&mut answers);
        assert_eq!(sender.handle(&mut answers.as_slice(), now), Ok(None), "it is late");
        assert_eq!(sender.is_over(), is_done);
    }
}
