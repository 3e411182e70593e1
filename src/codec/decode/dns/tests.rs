use super::*;

/// A header with these flags and counts.
fn header(flags: u16, counts: [u16; 4]) -> Vec<u8> {
    [0x1234, flags].into_iter().chain(counts).flat_map(u16::to_be_bytes).collect()
}

const QUESTION: &[u8] = b"\x07example\x03com\0\0\x01\0\x01";

fn query() -> Vec<u8> {
    [&header(0x0100, [1, 0, 0, 0])[..], QUESTION].concat()
}

/// An answer to [`query`] with these records, their names pointing to the question's.
fn answer(records: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = [&header(0x8180, [1, records.len() as u16, 0, 0])[..], QUESTION].concat();
    for (kind, data) in records {
        message.extend([0xc0, 12]);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0x0e, 0x10]);
        message.extend((data.len() as u16).to_be_bytes());
        message.extend_from_slice(data);
    }
    message
}

fn whole(bytes: &[u8]) -> Decoded {
    decode(bytes, bytes.len() as u64).unwrap()
}

fn of<'a>(decoded: &'a Decoded, name: &str) -> Vec<&'a str> {
    decoded.fields.iter().filter(|(field, _)| *field == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_query_and_its_answer() {
    let decoded = whole(&query());
    assert_eq!(decoded.summary, "query example.com. IN A");
    assert_eq!((of(&decoded, "id"), of(&decoded, "flags")), (vec!["0x1234"], vec!["recursion desired"]));

    let decoded = whole(&answer(&[(5, b"\x03www\xc0\x0c"), (1, &[93, 184, 215, 14])]));
    assert_eq!(decoded.summary, "response example.com. IN A, 2 answers");
    let expected = ["example.com. 3600 IN CNAME www.example.com.", "example.com. 3600 IN A 93.184.215.14"];
    assert_eq!(of(&decoded, "answer"), expected);
    assert_eq!(of(&decoded, "result"), ["no error"]);

    let refused = [&header(0x8183, [1, 0, 0, 0])[..], QUESTION].concat();
    assert_eq!(whole(&refused).summary, "response example.com. IN A, no such name");
}

#[test]
fn data_is_written_as_in_a_zone_file() {
    let soa = [&b"\x02ns\xc0\x0c\x04root\xc0\x0c"[..], &[0, 0, 0, 7].repeat(5)].concat();
    for (kind, data, expected) in [
        (2, &b"\x02ns\xc0\x0c"[..], "NS ns.example.com."),
        (6, &soa, "SOA ns.example.com. root.example.com. 7 7 7 7 7"),
        (12, b"\0", "PTR ."),
        (15, b"\0\x0a\x04mail\xc0\x0c", "MX 10 mail.example.com."),
        (16, b"\x05v=\"1\"\x01b", r#"TXT "v=\"1\"" "b""#),
        (28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "AAAA 2001:db8::1"),
        (33, b"\0\x01\0\x02\x1f\x90\x03a.b\0", r"SRV 1 2 8080 a\.b."),
        (257, b"\0\x05issueca.example", "CAA 0 issue \"ca.example\""),
        (65, b"\0\x01\0", "HTTPS \\# 3 00 01 00"),
        (1000, b"", "TYPE1000 \\# 0"),
        // Data that is not what its type has.
        (1, b"\x01\x02\x03", "A \\# 3 01 02 03"),
        (2, b"\xc0\xff", "NS \\# 2 c0 ff"),
    ] {
        let decoded = whole(&answer(&[(kind, data)]));
        assert_eq!(of(&decoded, "answer"), [format!("example.com. 3600 IN {expected}")], "{kind}");
    }
}

#[test]
fn what_follows_or_is_missing_is_told() {
    let message = answer(&[(1, &[1, 2, 3, 4]), (1, &[5, 6, 7, 8])]);
    let cut = whole(&message[..message.len() - 3]);
    assert_eq!((of(&cut, "answer").len(), of(&cut, "cut").len()), (1, 1), "{cut:?}");
    let head = decode(&message[..message.len() - 3], message.len() as u64).unwrap();
    assert_eq!(of(&head, "cut"), ["goes on beyond these bytes"]);
    assert_eq!(of(&whole(&[&message[..], b"xyz"].concat()), "more"), ["3 bytes"]);
    let many = answer(&vec![(1, &[1, 2, 3, 4][..]); 300]);
    let decoded = whole(&many);
    assert_eq!((of(&decoded, "answer").len(), of(&decoded, "more")), (99, vec!["201 of section answer"]));
    // It counts more than can ever come.
    let counts = [&header(0x8000, [1, 65535, 65535, 65535])[..], QUESTION].concat();
    assert_eq!(of(&whole(&counts), "question"), ["example.com. IN A"]);
}

#[test]
fn over_a_stream_it_stands_behind_its_length() {
    let query = query();
    let framed = [&(query.len() as u16).to_be_bytes()[..], &query].concat();
    let two = [&framed[..], &framed].concat();
    let decoded = decode_stream(&two, two.len() as u64).unwrap();
    assert_eq!(decoded.summary, "query example.com. IN A");
    assert_eq!((of(&decoded, "length"), of(&decoded, "more")), (vec!["29 bytes"], vec!["31 bytes"]));
    let cut = decode_stream(&two[..28], 28);
    assert_eq!(cut, None, "not even a question");
    assert!(is_certain_stream(&framed, framed.len() as u64) && !is_certain_stream(&two, two.len() as u64));
}

#[test]
fn names_end() {
    let pointing = |name: &[u8]| [&header(0, [1, 0, 0, 0])[..], name, b"\0\x01\0\x01"].concat();
    for name in [
        // To itself, in a circle, ahead, out of the message, and a label of a kind that is none.
        &b"\xc0\x0c"[..],
        b"\x01a\xc0\x0c",
        b"\xc0\x0e\0",
        b"\xff\xff",
        b"\x40a\0",
    ] {
        assert_eq!(decode(&pointing(name), 12 + name.len() as u64 + 4), None, "{name:02x?}");
    }
    let long = [&b"\x3f"[..], &[b'a'; 63]].concat().repeat(4);
    assert_eq!(decode(&pointing(&[&long[..], b"\0"].concat()), 300), None);
    let odd = pointing(b"\x04a\x20\xff\\\0");
    assert_eq!(of(&whole(&odd), "question"), [r"a\032\255\\. IN A"]);
}

#[test]
fn certain_is_one_question_to_the_last_byte() {
    let certain = |bytes: &[u8]| is_certain(bytes, bytes.len() as u64);
    let (query, answer) = (query(), answer(&[(1, &[1, 2, 3, 4])]));
    assert!(certain(&query) && certain(&answer));
    assert!(!certain(&[&query[..], b"\0"].concat()) && !certain(&answer[..answer.len() - 1]) && !certain(b""));
    assert!(!certain(&header(0, [0; 4])) && !certain(b"GET / HTTP/1.1\r\n\r\n"));
    let mut other = query.clone();
    other[2] |= 0x08;
    assert!(!certain(&other), "another opcode");
    let asking = |name: &[u8], kind: u16, class: u16| {
        [&header(0x0100, [1, 0, 0, 0])[..], name, &kind.to_be_bytes(), &class.to_be_bytes()].concat()
    };
    assert!(certain(&asking(b"\x06MYTYPE\0", 1, 1)), "a name may say what it will");
    assert!(certain(&asking(b"\x01a\0", 12, 0x8001)), "asked for by multicast");
    assert!(!certain(&asking(b"\x01a\0", 1000, 1)) && !certain(&asking(b"\x01a\0", 1000, 0x8001)));
    assert!(!certain(&asking(b"\x01a\0", 1, 2)), "another class");
}
