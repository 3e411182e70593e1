use proptest::prelude::*;

use super::*;
use crate::codec::capture::pcapng;

/// A packet with bytes of its own.
type Found = (LinkType, Option<i64>, Option<Way>, Vec<u8>);

/// Everything that a file holds, with the buffer filled as little at a time as the reader asks for.
fn read_all(file: &[u8]) -> Result<Vec<Found>, CaptureError> {
    let mut reader = Reader::default();
    let mut packets = Vec::new();
    let (mut at, mut len) = (0, 0);
    loop {
        match reader.read(&file[at..(at + len).min(file.len())])? {
            Read::More(wanted) => {
                assert!(wanted > len && wanted <= RECORD_MAX);
                if at + wanted > file.len() {
                    assert!(reader.at() == at as u64 || at == file.len());
                    return Ok(packets);
                }
                len = wanted;
            }
            Read::Used(used, packet) => {
                packets.extend(packet.map(|packet| (packet.link, packet.time_ns, packet.way, packet.bytes.to_vec())));
                at = (at as u64 + used).min(file.len() as u64) as usize;
                len = 0;
            }
        }
    }
}

fn pcap(big: bool, magic: u32, link: u32, packets: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let word = |word: u32| if big { word.to_be_bytes() } else { word.to_le_bytes() };
    let half = |half: u16| if big { half.to_be_bytes() } else { half.to_le_bytes() };
    let mut file = Vec::new();
    file.extend(word(magic));
    file.extend([half(2), half(4)].concat());
    [0, 0, 65_535, link].into_iter().for_each(|value| file.extend(word(value)));
    for (seconds, part, bytes) in packets {
        [*seconds, *part, bytes.len() as u32, 9999].into_iter().for_each(|value| file.extend(word(value)));
        file.extend_from_slice(bytes);
    }
    file
}

#[test]
fn pcap_is_read_in_both_orders_and_resolutions() {
    for big in [false, true] {
        for (magic, time_ns) in [(0xa1b2_c3d4, 7_000_009_000), (0xa1b2_3c4d, 7_000_000_009)] {
            let file = pcap(big, magic, 0x1000_0001, &[(7, 9, b"one"), (7, 9, b"")]);
            let packet = |bytes: &[u8]| (LinkType::ETHERNET, Some(time_ns), None, bytes.to_vec());
            assert_eq!(read_all(&file), Ok(vec![packet(b"one"), packet(b"")]));
        }
    }
}

#[test]
fn damage_is_told_with_its_place() {
    let error = |file: &[u8]| read_all(file).map_err(|error| (error.at, error.problem));
    assert_eq!(error(b"%PDF-1.7"), Err((0, CaptureProblem::NotACapture)));
    let mut file = pcap(false, 0xa1b2_c3d4, 1, &[(7, 9, b"one"), (7, 9, b"two")]);
    file[24 + 19 + 8..][..4].copy_from_slice(&0x0004_0001_u32.to_le_bytes());
    assert_eq!(error(&file), Err((43, CaptureProblem::Length)), "a packet of 262,145 bytes");
    file[4] = 3;
    assert_eq!(error(&file), Err((0, CaptureProblem::Version)));

    let mut file = Vec::new();
    pcapng::section(&mut file, "", "");
    let interface = file.len();
    let head = pcapng::PacketHead { interface: 0, time_ns: 1, way: Way::In, comment: "" };
    pcapng::packet(&mut file, &head, b"x", b"");
    assert_eq!(error(&file), Err((interface as u64, CaptureProblem::Interface)));
    let mut wrong = file.clone();
    wrong[8] = 0;
    assert_eq!(error(&wrong), Err((0, CaptureProblem::ByteOrder)));
    let mut wrong = file.clone();
    wrong[interface + 4..][..4].copy_from_slice(&[0xfc, 0xff, 0xff, 0xff]);
    assert_eq!(error(&wrong), Err((interface as u64, CaptureProblem::Length)), "nobody waits for four gigabytes");
    let mut wrong = file;
    let end = wrong.len() - 4;
    wrong[end] += 4;
    assert_eq!(
        error(&wrong),
        Err((interface as u64, CaptureProblem::Length)),
        "the length before it and after it differ"
    );
}

/// A block in big-endian order.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32 + 12).to_be_bytes();
    [&kind.to_be_bytes()[..], &len, body, &len].concat()
}

#[test]
fn every_kind_of_packet_block_is_read_and_others_are_passed_over() {
    let mut file = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_be_bytes()[..], &[0, 1, 0, 0], &[0xff; 8]].concat());
    // Raw IP, cut at 3 bytes, times in 1/1024 s from 10 s on.
    let offset = [&[0, 14, 0, 8][..], &10_u64.to_be_bytes()].concat();
    file.extend(block(1, &[&[0, 101, 0, 0, 0, 0, 0, 3, 0, 9, 0, 1, 0x8a, 0, 0, 0][..], &offset, &[0; 4]].concat()));
    file.extend(block(0x0000_0bad, &[7; 400]));
    file.extend(block(3, b"\0\0\0\x09abc\0"));
    file.extend(block(
        2,
        &[&[0, 0, 0, 0][..], &[0, 0, 0, 0, 0, 0, 4, 0], &[0, 0, 0, 2, 0, 0, 0, 2], b"de\0\0"].concat(),
    ));
    let flags = [0, 2, 0, 4, 0, 0, 0, 1];
    file.extend(block(
        6,
        &[&[0; 4][..], &[0, 0, 0, 0, 0, 0, 2, 0], &[0, 0, 0, 1, 0, 0, 0, 1], b"f\0\0\0", &flags].concat(),
    ));
    // The next section, in the other order, knows nothing of the first one's interface.
    let second = file.len();
    pcapng::section(&mut file, "", "");
    pcapng::interface(&mut file, LinkType::ETHERNET, "");
    let head = pcapng::PacketHead { interface: 0, time_ns: 5, way: Way::Out, comment: "a comment" };
    pcapng::packet(&mut file, &head, b"ghi", b"jk");
    let raw = LinkType(101);
    let expected = vec![
        (raw, None, None, b"abc".to_vec()),
        (raw, Some(11_000_000_000), None, b"de".to_vec()),
        (raw, Some(10_500_000_000), Some(Way::In), b"f".to_vec()),
        (LinkType::ETHERNET, Some(5), Some(Way::Out), b"ghijk".to_vec()),
    ];
    assert_eq!(read_all(&file), Ok(expected.clone()));
    // What is cut off in the middle of a block is not read, and all before it is.
    assert_eq!(read_all(&file[..file.len() - 1]), Ok(expected[..3].to_vec()));
    assert_eq!(read_all(&file[..second + 20]), Ok(expected[..3].to_vec()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        ng: bool,
        big: bool,
        words in prop::collection::vec(prop_oneof![0_u32..40, any::<u32>()], 0..60),
    ) {
        let word = |word: u32| if big { word.to_be_bytes() } else { word.to_le_bytes() };
        let mut file = if ng {
            block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_be_bytes()[..], &[0, 1, 0, 0], &[0xff; 8]].concat())
        } else {
            pcap(big, 0xa1b2_c3d4, 1, &[])
        };
        words.into_iter().for_each(|value| file.extend(word(value)));
        let _ = read_all(&file);
    }
}
