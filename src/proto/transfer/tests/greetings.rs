use super::*;

#[test]
fn a_plain_program_is_told_by_its_first_bytes() {
    for len in 0..8 {
        assert_eq!(First::of(&MAGIC[..len]), First::Undecided);
    }
    assert_eq!(First::of(&[&MAGIC[..], b"more"].concat()), First::Speaks);
    for bytes in [&b"a.txt"[..], b"\xffSOCKS\0\n", b"\xfe"] {
        assert_eq!(First::of(bytes), First::Plain);
    }
}

#[test]
fn versions_and_roles_have_to_fit() {
    let now = Instant::now();
    let call = |lowest, highest, receives| {
        let mut bytes = MAGIC.to_vec();
        Frame::Hello(Hello { lowest, highest, features: 0, receives }).write(&mut bytes);
        Answerer::new(Some(Role::Receives), now).handle(&mut bytes.as_slice(), now).unwrap().1
    };
    assert_eq!(call(1, 9, false), Ok(Agreed { version: 1, role: Role::Receives }));
    assert_eq!(call(2, 9, false), Err(Misunderstanding::Version { lowest: 2, highest: 9 }));
    assert_eq!(call(0, 0, false), Err(Misunderstanding::Version { lowest: 0, highest: 0 }));
    assert_eq!(call(1, 1, true), Err(Misunderstanding::SameRole));

    let answer = |bytes: &[u8]| Caller::new(Role::Sends, now).handle(&mut &*bytes, now);
    assert_eq!(answer(b"HTTP/1.1 400 Bad Request\r\n"), Err(Misunderstanding::NotSpoken));
    assert_eq!(answer(&MAGIC), Ok(None));
    // Two callers that met by chance.
    assert_eq!(answer(&Caller::new(Role::Sends, now).greeting()), Err(Misunderstanding::SameRole));
}

#[test]
fn nothing_but_a_hello_is_read_before_one() {
    let now = Instant::now();
    let answer = |bytes: &[u8]| Caller::new(Role::Sends, now).handle(&mut [&MAGIC[..], bytes].concat().as_slice(), now);
    for kind in [0, 2, 5, 9, 200] {
        assert_eq!(answer(&[kind]), Err(Misunderstanding::NotSpoken), "{kind}");
    }
    let header = |len: u32| [&[1, 1, 0, 0][..], &len.to_be_bytes()].concat();
    assert_eq!(answer(&header(HELLO_MAX)), Ok(None));
    let len = HELLO_MAX + 1;
    assert_eq!(answer(&header(len)), Err(Fault::TooLong { kind: 1, len }.into()));
}
