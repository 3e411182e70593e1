use proptest::prelude::*;

use super::*;

const CHINESE: [Encoding; 3] = [Encoding::Gbk, Encoding::Gb18030, Encoding::Big5];

/// The texts of a stream's pieces, each decoded with at most `context` bytes before it.
fn in_pieces(encoding: Encoding, stream: &[u8], cuts: &[usize], context: usize) -> String {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|ends| {
            let before = &stream[ends[0].saturating_sub(context)..ends[0]];
            encoding.decode_piece(before, ends[0] as u64, &stream[ends[0]..ends[1]]).text
        })
        .collect()
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop::sample::select(&Encoding::ALL[..])
}

fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        Just('7'),
        prop::char::range('\0', '\u{ff}'),
        prop::char::range('\u{4e00}', '\u{9fff}'),
        prop::char::range('\u{1f600}', '\u{1f64f}'),
        any::<char>(),
    ]
}

/// Text that the encoding has, with a letter after every `run` characters.
fn text(run: usize) -> impl Strategy<Value = (Encoding, String)> {
    (encoding(), prop::collection::vec(character(), 0..200)).prop_map(move |(encoding, characters)| {
        let mut text = String::new();
        for (index, character) in characters.into_iter().enumerate() {
            if encoding.encode(character.encode_utf8(&mut [0; 4])).is_ok() {
                text.push(character);
            }
            if index % run == 0 {
                text.push('a');
            }
        }
        (encoding, text)
    })
}

proptest! {
    #[test]
    fn what_encodes_decodes_to_the_same((encoding, text) in text(1000)) {
        let bytes = encoding.encode(&text).unwrap();
        let decoded = encoding.decode_piece(&[], 0, &bytes);
        prop_assert_eq!(decoded, Decoded { text, pending: 0, malformed: false });
    }

    #[test]
    fn pieces_hold_each_character_once((encoding, text) in text(12), cuts in prop::collection::vec(any::<usize>(), 0..60)) {
        let bytes = encoding.encode(&text).unwrap();
        prop_assert_eq!(in_pieces(encoding, &bytes, &cuts, 64), text);
    }

    #[test]
    fn pieces_are_right_with_all_that_came_before(
        (encoding, text) in text(1000),
        cuts in prop::collection::vec(any::<usize>(), 0..60),
    ) {
        let bytes = encoding.encode(&text).unwrap();
        prop_assert_eq!(in_pieces(encoding, &bytes, &cuts, usize::MAX), text);
    }

    #[test]
    fn any_bytes_decode_alike_however_they_are_cut(
        encoding in encoding(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cuts in prop::collection::vec(any::<usize>(), 0..60),
    ) {
        let whole = StreamDecoder::new(encoding).push(&bytes);
        prop_assert_eq!(in_pieces(encoding, &bytes, &cuts, usize::MAX), &*whole);
        if !CHINESE.contains(&encoding) {
            prop_assert_eq!(in_pieces(encoding, &bytes, &cuts, 3), &*whole);
        }
    }

    #[test]
    fn context_that_was_cut_anywhere_is_enough_after_a_sure_end(
        encoding in prop::sample::select(&CHINESE[..]),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x2f..=0x41_u8, 0x7e..=0x82_u8, 0xfd..=0xff_u8], 1..40),
        keep in any::<prop::sample::Index>(),
    ) {
        let (before, piece) = bytes.split_at(keep.index(bytes.len()));
        let Some(end) = before.iter().rposition(|byte| encoding.surely_ends(*byte)) else { return Ok(()) };
        let offset = before.len() as u64;
        prop_assert_eq!(
            encoding.decode_piece(&before[end..], offset, piece),
            encoding.decode_piece(before, offset, piece)
        );
    }

    #[test]
    fn a_stream_decodes_as_the_standard_says(
        encoding in encoding(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let Some(standard) = encoding.standard() else { return Ok(()) };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let mut decoder = StreamDecoder::new(encoding);
        let mut text: String = cuts.windows(2).map(|ends| decoder.push(&bytes[ends[0]..ends[1]])).collect();
        text.push_str(&decoder.finish());
        prop_assert_eq!(text, standard.decode_without_bom_handling(&bytes).0);
    }

    #[test]
    fn pending_bytes_begin_a_character(encoding in encoding(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let pending = encoding.decode_piece(&[], 0, &bytes).pending;
        let alone = encoding.decode_piece(&[], 0, &bytes[bytes.len() - pending..]);
        prop_assert_eq!(alone, Decoded { text: String::new(), pending, malformed: false });
    }
}

#[test]
fn every_character_that_a_chinese_encoding_writes_is_read_back() {
    for encoding in CHINESE {
        let mut written = 0;
        for character in ('\0'..='\u{ffff}').chain('\u{20000}'..='\u{2ffff}') {
            let mut utf8 = [0; 4];
            let text: &str = character.encode_utf8(&mut utf8);
            match encoding.encode(text) {
                Ok(bytes) => {
                    written += 1;
                    assert_eq!(encoding.decode_piece(&[], 0, &bytes).text, text, "{encoding:?} {bytes:x?}");
                }
                Err(error) => assert_eq!(error, (0..text.len(), character)),
            }
        }
        assert!(written > 13_000, "{encoding:?} wrote {written}");
    }
}

#[test]
fn known_bytes() {
    assert_eq!(Encoding::Utf8.encode("你好").unwrap(), [0xe4, 0xbd, 0xa0, 0xe5, 0xa5, 0xbd]);
    assert_eq!(Encoding::Gbk.encode("你好€").unwrap(), [0xc4, 0xe3, 0xba, 0xc3, 0x80]);
    assert_eq!(Encoding::Gb18030.encode("你😀€").unwrap(), [0xc4, 0xe3, 0x94, 0x39, 0xfc, 0x36, 0xa2, 0xe3]);
    assert_eq!(Encoding::Big5.encode("你好").unwrap(), [0xa7, 0x41, 0xa6, 0x6e]);
    assert_eq!(Encoding::Utf16Le.encode("你😀").unwrap(), [0x60, 0x4f, 0x3d, 0xd8, 0x00, 0xde]);
    assert_eq!(Encoding::Utf16Be.encode("你").unwrap(), [0x4f, 0x60]);
    assert_eq!(Encoding::Latin1.encode("é\u{85}").unwrap(), [0xe9, 0x85]);
    assert_eq!(Encoding::Latin1.decode_piece(&[], 0, &[0x80, 0xff]).text, "\u{80}ÿ");
    assert_eq!(Encoding::Utf8.decode_piece(&[], 0, b"\xef\xbb\xbfa").text, "\u{feff}a");
}

#[test]
fn a_character_that_is_lacking_is_named_with_its_place() {
    assert_eq!(Encoding::Gbk.encode("你好😀!"), Err((6..10, '😀')));
    assert_eq!(Encoding::Big5.encode("a们b"), Err((1..4, '们')));
    assert_eq!(Encoding::Latin1.encode("aé你"), Err((3..6, '你')));
    // Written as A6 D9, which is read as U+FE10.
    assert_eq!(Encoding::Gb18030.encode("a\u{e78d}"), Err((1..4, '\u{e78d}')));
    assert_eq!(Encoding::Gbk.encode("😀\u{e78d}"), Err((0..4, '😀')));
    let long = format!("{}😀", "你".repeat(100_000));
    assert_eq!(Encoding::Gbk.encode(&long), Err((300_000..300_004, '😀')));
}

#[test]
fn a_split_character_is_shown_with_the_piece_that_completes_it() {
    for encoding in [Encoding::Utf8, Encoding::Gb18030, Encoding::Utf16Le, Encoding::Utf16Be] {
        let bytes = encoding.encode("好😀").unwrap();
        let cut = bytes.len() - 1;
        let first = encoding.decode_piece(&[], 0, &bytes[..cut]);
        assert_eq!(first, Decoded { text: "好".to_owned(), pending: 3, malformed: false }, "{encoding:?}");
        let second = encoding.decode_piece(&bytes[..cut], cut as u64, &bytes[cut..]);
        assert_eq!(second, Decoded { text: "😀".to_owned(), pending: 0, malformed: false }, "{encoding:?}");
    }
    let middle = Encoding::Utf8.decode_piece(&[0xf0], 1, &[0x9f]);
    assert_eq!(middle, Decoded { text: String::new(), pending: 1, malformed: false });
}

#[test]
fn bytes_that_are_no_character_are_marked() {
    for (encoding, bytes) in [
        (Encoding::Utf8, &b"a\xffb"[..]),
        (Encoding::Gbk, b"a\xffb"),
        (Encoding::Big5, b"a\xffb"),
        (Encoding::Utf16Be, b"\0a\xdc\x00\0b"),
    ] {
        let decoded = encoding.decode_piece(&[], 0, bytes);
        assert_eq!(decoded, Decoded { text: "a\u{fffd}b".to_owned(), pending: 0, malformed: true }, "{encoding:?}");
    }
    assert!(!Encoding::Utf8.decode_piece(&[], 0, "\u{fffd}".as_bytes()).malformed);
    let long = Encoding::Gbk.decode_piece(&[], 0, &[&[0xff], &[0xc4, 0xe3].repeat(1000)[..]].concat());
    assert_eq!((long.text, long.malformed), (format!("\u{fffd}{}", "你".repeat(1000)), true));
    let torn = Encoding::Utf16Le.decode_piece(&[], 7, b"\x4fa\0");
    assert_eq!(torn, Decoded { text: "\u{fffd}a".to_owned(), pending: 0, malformed: true });
}

#[test]
fn a_decoder_begins_anew_after_the_end() {
    let mut decoder = StreamDecoder::new(Encoding::Gbk);
    assert_eq!(decoder.push(&[0xc4]), "");
    assert_eq!(decoder.finish(), "\u{fffd}");
    assert_eq!(decoder.push(&[0xc4, 0xe3]), "你");
    assert_eq!(decoder.finish(), "");
}

#[test]
fn labels_are_read_back() {
    for encoding in Encoding::ALL {
        assert_eq!(Encoding::from_label(encoding.label()), Some(encoding));
        assert_eq!(Encoding::from_label(encoding.name()), Some(encoding));
    }
    assert_eq!(Encoding::from_label("ebcdic"), None);
}
