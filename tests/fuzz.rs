//! Every decoder against bytes that nobody would send: seeds that are right, changed at random, for a bounded time.
//!
//! `FUZZ_SECONDS=600 cargo test --test fuzz` goes on for so long with each target; `FUZZ_SEED` takes other ways than the
//! usual ones. What breaks a target is printed as hex.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::tz::TimeZone;
use sockeye::cli::Order;
use sockeye::codec::can::Frame;
use sockeye::codec::can::bcm::Message;
use sockeye::codec::capture::connection::{Connection, End};
use sockeye::codec::capture::frame::{self, Route};
use sockeye::codec::capture::reader::{Read, Reader};
use sockeye::codec::capture::{LinkType, Way, pcapng};
use sockeye::codec::compose::{Format, LineEnding, compose};
use sockeye::codec::decode::Decoder;
use sockeye::codec::decode::mqtt::Version;
use sockeye::codec::decode::recognize::{Circumstances, recognize};
use sockeye::codec::encoding::Encoding;
use sockeye::codec::file_name::SafeName;
use sockeye::codec::{escapes, hex, icmp, ipv4};
use sockeye::i18n::Language;
use sockeye::model::{
    BrowserContent, Call, CancelReason, Condition, ConversationPlace, ConversationRequest, Direction, Failure, Filter,
    FindRequest, Finding, PageRequest, Retention, Row, RowBody, SaveRequest, SessionId, SocketId, Stamp,
    StatisticsRequest, Target,
};
use sockeye::proto::browser::{Conversation, Hosts, Moment, Opened, Step};
use sockeye::proto::capture::Importer;
use sockeye::proto::transfer::{
    Answerer, Caller, Frame as FileFrame, Kind, Offer, ReceiveStep, Receiver, Role, SendStep, Sender, TransferKey,
    data_header,
};
use sockeye::store::journal::{Counting, Find, JournalReader, JournalWriter};

/// Time for each target unless `FUZZ_SECONDS` says otherwise: with all of them together, a few seconds.
const USUAL: Duration = Duration::from_millis(500);

/// A generator of Marsaglia's xorshift kind: what is wanted is variety that can be had again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A few changes of the kinds that break parsers: lengths at their limits, bits, cuts, repeats.
    fn change(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                2 => bytes.insert(at, self.next() as u8),
                3 => bytes.truncate(at),
                4 if at < bytes.len() => drop(bytes.drain(at..(at + 1 + self.below(8)).min(bytes.len()))),
                5 => {
                    let piece = bytes[at..].to_vec();
                    bytes.extend(piece.iter().take(64));
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[self.below(other.len() + 1)..]);
                }
            }
            bytes.truncate(4096);
        }
    }
}

fn fuzz(name: &str, seeds: &[&[u8]], target: impl Fn(&[u8])) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = number("FUZZ_SECONDS").map_or(USUAL, Duration::from_secs);
    let mut random = Random(number("FUZZ_SEED").unwrap_or(0x5eed_0f50_cceb) | 1);
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.to_vec()).collect();
    let try_on = |bytes: &[u8]| {
        let survived = catch_unwind(AssertUnwindSafe(|| target(bytes))).is_ok();
        assert!(survived, "{name} breaks on {}", hex::format(bytes));
    };
    seeds.iter().for_each(|seed| try_on(seed));
    let until = Instant::now() + time;
    let mut bytes = Vec::new();
    while Instant::now() < until {
        // A seed anew now and then; else the changes add up.
        if bytes.is_empty() || random.below(8) == 0 {
            bytes = seeds[random.below(seeds.len())].clone();
        }
        random.change(&mut bytes, &seeds);
        try_on(&bytes);
    }
}

fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn can_frames() {
    let classic = "123#DEADBEEF".parse::<Frame>().expect("a frame").to_bytes();
    let fd = "123##3112233".parse::<Frame>().expect("a frame").to_bytes();
    fuzz("a CAN frame", &[&classic, &fd], |bytes| {
        let _ = Decoder::CanFrame.decode(bytes);
        if let Ok(frame) = Frame::from_bytes(bytes) {
            assert_eq!(frame.to_string().parse().as_ref(), Ok(&frame), "it is written as it is read");
        }
    });
}

#[test]
fn can_frames_as_text() {
    fuzz("a CAN frame's text", &[b"123#DEADBEEF", b"1F334455#11.22", b"7DF#R8", b"123##3112233"], |bytes| {
        let text = as_text(bytes);
        if let Err(error) = text.parse::<Frame>() {
            assert!(text.get(error.at).is_some(), "the mistake is in the text");
        }
    });
}

#[test]
fn broadcast_manager_messages() {
    let mut message = vec![0; 56 + 16];
    message[0] = 1;
    message[52] = 1;
    fuzz("a broadcast manager's message", &[&message], |bytes| {
        let _ = Decoder::CanBroadcast.decode(bytes);
        if let Ok(message) = Message::from_bytes(bytes) {
            assert_eq!(Message::from_bytes(&message.to_bytes()).as_ref(), Ok(&message));
            assert_eq!(message.to_string().parse().as_ref(), Ok(&message), "it is written as it is read");
        }
    });
}

#[test]
fn broadcast_manager_messages_as_text() {
    let seeds: [&[u8]; 3] = [
        b"TX_SETUP count=3 ival1=10ms ival2=500us 123#DEADBEEF 124#11",
        b"RX_SETUP flags=RX_FILTER_ID|0x1000 id=12345678",
        b"TX_SEND id=0xC0000123 123##1AABB",
    ];
    fuzz("a broadcast manager's message in words", &seeds, |bytes| {
        let text = as_text(bytes);
        match text.parse::<Message>() {
            Ok(message) => {
                assert_eq!(message.to_string().parse().as_ref(), Ok(&message), "it is read as it is written");
            }
            Err(error) => assert!(text.get(error.at).is_some(), "the mistake is in the text"),
        }
    });
}

#[test]
fn packets() {
    let ping = icmp::echo_request(icmp::Version::V4, 7, 3, b"hello");
    let mut packet = vec![0x45, 0, 0, 33, 0, 1, 0, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2];
    packet.extend(&ping);
    fuzz("a packet", &[&packet, &ping], |bytes| {
        for decoder in [Decoder::Ipv4 { protocol: 1 }, Decoder::IcmpV4, Decoder::IcmpV6] {
            let _ = decoder.decode(bytes);
            let _ = decoder.decode_head(bytes, bytes.len() as u64 + 9);
        }
        if let Some((header, payload)) = ipv4::Header::read(bytes) {
            assert_eq!(header.len + payload.len(), bytes.len());
        }
    });
}

/// A browser's connection that is given the bytes in these pieces: all that it would send, and how it ends.
fn conversation(pieces: [&[u8]; 2]) -> (Vec<u8>, bool) {
    let moment = Moment { now: Instant::now(), wall: SystemTime::UNIX_EPOCH };
    let endpoint = "tcp://127.0.0.1:9000".parse().expect("an endpoint");
    let hosts = Hosts::of(&endpoint, &endpoint);
    let mut conversation = Conversation::new(&BrowserContent::Folder("/nowhere".into()), hosts);
    let mut sent = Vec::new();
    for piece in pieces {
        conversation.handle_input(piece);
        loop {
            match conversation.poll_step(moment) {
                Step::Wait | Step::End => break,
                Step::Send(bytes) => sent.extend(bytes),
                Step::Open(names) => {
                    for name in &names {
                        assert!(!matches!(name.as_slice(), b"" | b"." | b".."), "{names:?}");
                        assert!(!name.contains(&b'/') && !name.contains(&0) && !name.starts_with(b"."), "{names:?}");
                    }
                    let opened = if names.is_empty() { Opened::Folder } else { Opened::File(names[0].len() as u64) };
                    conversation.handle_opened(opened, moment);
                }
                Step::List(_) => conversation.handle_listed(None, moment),
                Step::Content { from, len } => sent.extend(format!("{from}+{len}").bytes()),
                Step::Message { bytes, .. } => sent.extend(bytes),
                Step::Tell(_) | Step::Upgraded { .. } | Step::Finish => {}
            }
        }
    }
    (sent, conversation.is_web_socket())
}

#[test]
fn browsers() {
    let upgrade = b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let frames = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x01\x81\0\0\0\0a\x89\x80\0\0\0\0\x80\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8";
    let seeds: [&[u8]; 7] = [
        upgrade,
        &[&upgrade[..], frames].concat(),
        frames,
        b"GET /a%20b/../%2e%2e/c.html?x#y HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://localhost/a HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0\r\nContent-Length: 3\r\n\r\nabcHEAD / HTTP/1.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ];
    fuzz("a browser's connection", &seeds, |bytes| {
        for decoder in [Decoder::Http, Decoder::WebSocket] {
            let _ = decoder.decode(bytes);
            let _ = decoder.decode_head(bytes, bytes.len() as u64 + 9);
        }
        let halves = bytes.split_at(bytes.len() / 2);
        let whole = conversation([bytes, b""]);
        assert_eq!(whole, conversation([halves.0, halves.1]), "how it is cut makes no difference");
    });
}

/// Reads the bytes whole and as the beginning of more, and looks for what they might be taken for.
fn decode(decoders: &[Decoder], bytes: &[u8]) {
    for decoder in decoders {
        for len in [bytes.len(), bytes.len() + 9, bytes.len() + (1 << 20)] {
            if let Some(decoded) = decoder.decode_head(bytes, len as u64) {
                assert!(decoded.fields.len() < 3000, "what is listed has an end");
                assert!(!decoded.summary.is_empty() && !decoded.fields.is_empty(), "it says something");
            }
        }
    }
    for is_stream in [Some(true), Some(false), None] {
        for port in [None, Some(53), Some(502), Some(1883)] {
            let circumstances = Circumstances { ports: [port, None], is_stream };
            if let Some((decoder, _)) = recognize(bytes, bytes.len() as u64, circumstances) {
                assert!(decoder.decode(bytes).is_some(), "what is taken for {} is read as it", decoder.name());
            }
        }
    }
}

#[test]
fn dns_messages() {
    let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    let answer = b"\x12\x34\x81\x80\0\x01\0\x03\0\0\0\x01\x07example\x03com\0\0\x01\0\x01\
        \xc0\x0c\0\x05\0\x01\0\0\x0e\x10\0\x06\x03www\xc0\x0c\xc0\x0c\0\x10\0\x01\0\0\0\0\0\x03\x02hi\
        \xc0\x29\0\x06\0\x01\0\0\0\0\0\x18\xc0\x0c\xc0\x29\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05\
        \0\0\x29\x10\0\0\0\0\0\0\0";
    let framed = [&b"\0\x1d"[..], query].concat();
    fuzz("a DNS message", &[query, answer, &framed], |bytes| decode(&[Decoder::Dns, Decoder::DnsStream], bytes));
}

#[test]
fn modbus_messages() {
    let seeds: [&[u8]; 5] = [
        b"\0\x01\0\0\0\x06\x11\x03\0\x6b\0\x03",
        b"\0\x01\0\0\0\x09\x11\x03\x06\x02\x2b\0\0\0\x64",
        b"\0\x01\0\0\0\x03\x11\x83\x02",
        b"\0\x01\0\0\0\x0d\x11\x17\0\x03\0\x06\0\x0e\0\x01\x02\0\xff",
        b"\0\x01\0\0\0\x09\x11\x0f\0\x13\0\x0a\x02\xcd\x01",
    ];
    fuzz("a Modbus message", &seeds, |bytes| decode(&[Decoder::Modbus], bytes));
}

#[test]
fn mqtt_packets() {
    let seeds: [&[u8]; 6] = [
        b"\x10\x20\0\x04MQTT\x04\xc6\0\x3c\0\x02me\0\x04last\0\x03bye\0\x01u\0\x02pw",
        b"\x10\x14\0\x04MQTT\x05\x02\0\x3c\x05\x11\0\0\0\x0a\0\x02me",
        b"\x3b\x12\0\x03a/b\0\x07\x09\x23\0\x02\x26\0\x01k\0\0x",
        b"\x30\x0a\0\x03a/bhello\xc0\0\xe0\0",
        b"\x82\x0a\0\x01\0\x03a/#\x01\0\x01b\0",
        b"\x90\x04\0\x01\0\x87\xe0\x02\x8e\0\x20\x03\x01\0\0",
    ];
    fuzz("an MQTT packet", &seeds, |bytes| {
        decode(&[Version::V3, Version::V5].map(Decoder::Mqtt), bytes);
    });
}

#[test]
fn json_texts() {
    let seeds: [&[u8]; 5] = [
        br#"{"a":1.10,"b":{"c":[true,null,"\u4f60"]}}"#,
        b"{\"a\":1}\n{\"a\":[2,{}]}\n",
        "[\"你\",-0,1e400,[],[[[[[[[[[[1]]]]]]]]]]]".as_bytes(),
        br#"{"all":[{"a":"],\"","b":2},{"a":3,"#,
        &[b'['; 300],
    ];
    fuzz("a JSON text", &seeds, |bytes| decode(&[Decoder::Json], bytes));
}

#[test]
fn tls_records() {
    let seeds: [&[u8]; 4] = [
        b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03",
        b"\x16\x03\x03\0\x08\x02\0\0\0\x0e\0\0\0\x14\x03\x03\0\x01\x01",
        b"\x15\x03\x03\0\x02\x02\x28",
        b"\x17\x03\x03\0\x03abc\x17\x03\x04\x40\0a",
    ];
    fuzz("a TLS record", &seeds, |bytes| decode(&[Decoder::Tls], bytes));
}

/// Frames that a script of bytes asks for: each names one and gives it small numbers, so that they often fit each other.
fn frames(script: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for step in script.chunks(4) {
        let [what, key, number, more] = std::array::from_fn(|at| step.get(at).copied().unwrap_or(0));
        let key = TransferKey([key % 3; 16]);
        let (offset, hash) = (u64::from(number % 5), [more % 2; 32]);
        match what % 13 {
            0 | 1 => FileFrame::Offer(Offer {
                key,
                kind: if more.is_multiple_of(4) { Kind::Folder } else { Kind::File },
                eager: more.is_multiple_of(3),
                size: if more.is_multiple_of(4) { 0 } else { offset },
                modified_ns: None,
                name: "../a".to_owned(),
            })
            .write(&mut out),
            2 => FileFrame::Accept { key, offset, hash }.write(&mut out),
            3 => FileFrame::Begin { key, offset }.write(&mut out),
            4 | 5 => {
                out.extend(data_header(u32::from(number % 5)));
                out.extend(vec![more; usize::from(number % 5)]);
            }
            6 => FileFrame::End { key, size: offset, hash }.write(&mut out),
            7 => FileFrame::Commit { key }.write(&mut out),
            8 => FileFrame::Cancel { key, reason: CancelReason::Other(more), words: String::new() }.write(&mut out),
            9 => FileFrame::Working.write(&mut out),
            10 => FileFrame::Done.write(&mut out),
            11 => FileFrame::Heard.write(&mut out),
            _ => out.extend_from_slice(step),
        }
    }
    out
}

/// What a receiver makes of the bytes in these pieces: what it would write, and whether it goes on.
fn received(pieces: [&[u8]; 2]) -> (Vec<u8>, Vec<u8>, bool) {
    let now = Instant::now();
    let mut receiver = Receiver::new(now);
    let (mut kept, mut said) = (Vec::new(), Vec::new());
    let mut offered: Option<Offer> = None;
    let mut at = 0;
    for mut piece in pieces {
        loop {
            match receiver.handle(&mut piece, now) {
                Ok(None) => break,
                Ok(Some(ReceiveStep::Offered(offer))) => {
                    match offer.kind {
                        Kind::Folder => receiver.commit(offer.key),
                        // Every other is taken where it stands, some are not taken.
                        Kind::File if offer.size == 1 => receiver.cancel(offer.key, CancelReason::Declined, ""),
                        Kind::File => receiver.accept(if offer.eager { 0 } else { offer.size / 2 }, [1; 32]),
                    }
                    offered = Some(offer);
                }
                Ok(Some(ReceiveStep::Begin { offset })) => at = offset,
                Ok(Some(ReceiveStep::Data(bytes))) => {
                    at += bytes.len() as u64;
                    kept.extend_from_slice(bytes);
                    assert!(offered.as_ref().is_some_and(|offer| at <= offer.size), "beyond the size that was offered");
                }
                Ok(Some(ReceiveStep::End { key, hash })) => {
                    assert_eq!(offered.as_ref().map(|offer| (offer.key, offer.size)), Some((key, at)), "whole");
                    if hash == [0; 32] {
                        receiver.commit(key);
                    } else {
                        receiver.cancel(key, CancelReason::Mismatch, "");
                    }
                }
                Ok(Some(ReceiveStep::Cancelled { .. } | ReceiveStep::Heard | ReceiveStep::Done)) => {}
                Err(_) => {
                    receiver.poll_output(&mut said);
                    return (kept, said, false);
                }
            }
        }
        receiver.poll_output(&mut said);
    }
    (kept, said, true)
}

/// Has a sender that offers one file after the other hear these bytes.
fn answered(pieces: [&[u8]; 2]) {
    let now = Instant::now();
    let mut sender = Sender::new(now);
    let mut number = 0;
    for mut piece in pieces {
        loop {
            if sender.can_offer() && number < 3 {
                let (key, kind) = (TransferKey([number; 16]), Kind::File);
                let name = String::from("a");
                sender.offer(Offer { key, kind, eager: number == 1, size: 4, modified_ns: None, name }, now);
                number += 1;
                if number == 2 {
                    assert!(sender.data(4).is_some() && sender.end([0; 32]), "an eager one needs no answer");
                }
            }
            match sender.handle(&mut piece, now) {
                Ok(None) => break,
                Ok(Some(SendStep::Compare { offset, .. })) => {
                    assert!((1..=4).contains(&offset));
                    sender.begin(offset == 2);
                    let left = if offset == 2 { 2 } else { 4 };
                    assert!(sender.data(left).is_some() && sender.data(1).is_none() && sender.end([0; 32]));
                }
                Ok(Some(SendStep::Begin { .. })) => {
                    assert!(sender.data(4).is_some() && sender.end([0; 32]));
                }
                Ok(Some(SendStep::Committed { key } | SendStep::Cancelled { key, .. })) => {
                    assert!(key.0[0] < number, "an answer to what was never offered");
                }
                Err(_) => return,
            }
        }
    }
}

#[test]
fn verified_files() {
    let mut hello = Caller::new(Role::Sends, Instant::now()).greeting();
    let seeds: [&[u8]; 4] = [
        &[0, 1, 4, 1, 3, 1, 0, 0, 4, 0, 4, 0, 6, 1, 4, 0, 10, 0, 0, 0],
        &[0, 0, 0, 4, 1, 2, 3, 3, 4, 0, 3, 9, 6, 2, 3, 1, 9, 0, 0, 0, 8, 2, 0, 5],
        &[2, 0, 2, 0, 7, 0, 0, 0, 7, 1, 0, 0, 2, 2, 0, 0, 8, 2, 0, 1],
        &hello.clone(),
    ];
    fuzz("verified files", &seeds, |script| {
        for bytes in [frames(script), script.to_vec()] {
            let halves = bytes.split_at(bytes.len() / 3);
            let (whole, cut) = (received([&bytes, b""]), received([halves.0, halves.1]));
            assert_eq!((&whole.1, whole.2), (&cut.1, cut.2), "how it is cut makes no difference");
            // Bytes before those that are too many are handed out if they come alone.
            assert!(cut.0.starts_with(&whole.0) && (whole.2 <= (cut.0 == whole.0)), "{whole:?} {cut:?}");
            answered([halves.0, halves.1]);
            let now = Instant::now();
            let _ = Answerer::new(None, now).handle(&mut bytes.as_slice(), now);
            let _ = Caller::new(Role::Receives, now).handle(&mut bytes.as_slice(), now);
        }
    });
    // The greeting that every seed of bytes begins with is one.
    hello.truncate(hello.len() - 1);
    let now = Instant::now();
    assert!(Answerer::new(None, now).handle(&mut hello.as_slice(), now).is_none(), "a byte is missing");
}

#[test]
fn names_of_files() {
    let seeds: [&[u8]; 8] = [
        b"C:\\a\\..\\com1.txt",
        b"../../etc/passwd",
        "\u{202e}gnp.exe\u{301}".as_bytes(),
        b"\\\\server\\share\\NUL.tar.gz. ",
        b"a:b\0c<>|?*.",
        b".profile",
        b"\xc4\xe3.txt",
        &[b'x'; 300],
    ];
    fuzz("a name", &seeds, |raw| {
        let safe = SafeName::new(raw);
        let name = safe.as_str();
        assert!(!name.is_empty() && name.len() <= SafeName::MAX, "{name:?}");
        assert!(
            !name.contains(['/', '\\', '\0', ':']) && !name.starts_with('.') && !name.ends_with(['.', ' ']),
            "{name:?}"
        );
        assert_eq!(std::path::Path::new(name).components().count(), 1, "{name:?}");
        assert_eq!(SafeName::new(name.as_bytes()).as_str(), name, "what is safe stays as it is");
        let numbered = safe.numbered(u32::MAX);
        assert!(numbered.as_str().len() <= 255, "{numbered:?}");
    });
}

#[test]
fn endpoints() {
    let seeds: [&[u8]; 9] = [
        b"tcp://127.0.0.1:9000?reuseaddr=1&rcvbuf=4M",
        b"udp://[fe80::1%eth0]:1",
        b"unix:/run/x.sock",
        b"raw://[::1]?proto=ipv6-icmp&rcvbuf=1K",
        b"can://vcan0",
        b"packet://02:00:00:00:00:01%eth0?proto=0x88b5&rcvbuf=1K",
        b"vsock://any:1",
        b"can-bcm://vcan0",
        b"rds://127.0.0.1:9000",
    ];
    fuzz("an endpoint", &seeds, |bytes| {
        if let Ok(target) = as_text(bytes).parse::<Target>() {
            assert_eq!(target.to_string().parse::<Target>().as_ref(), Ok(&target), "it is read as it is written");
        }
    });
}

#[test]
fn messages_and_filters() {
    let seeds: [&[u8]; 4] =
        [b"\\r\\n\\x41\xe4\xbd\xa0", b"e4 bd 0xA0", b"id=7 seq=2 hello", b"hex:e4bd \"two words\" in peer:x"];
    let formats = [
        Format::Text,
        Format::Escapes,
        Format::Hex,
        Format::CanFrame,
        Format::CanBroadcast,
        Format::Ping(icmp::Version::V4),
    ];
    fuzz("a message", &seeds, |bytes| {
        let text = as_text(bytes);
        for format in formats {
            for encoding in [Encoding::Utf8, Encoding::Gbk, Encoding::Utf16Le] {
                if let Err(error) = compose(&text, format, encoding, LineEnding::CrLf) {
                    assert!(text.get(error.at).is_some(), "the mistake is in the text");
                }
            }
        }
        let _ = Filter::parse(&text, &TimeZone::UTC);
        let _ = escapes::parse(&text, Encoding::Big5);
    });
}

#[test]
fn commands() {
    let seeds: [&[u8]; 8] = [
        b"to #2 hello",
        "to \"unix:/a b\\u00e9\" 你好".as_bytes(),
        b"to-hex tcp://[fe80::1%eth0]:80 e4 bd 0xA0",
        b"send 123#DEADBEEF",
        b"send-file \"a b.bin\" to 127.0.0.1:9000",
        b"join 239.1.2.3@eth0,232.1.1.1@eth0/10.0.0.5",
        b"set nodelay=0&rcvbuf=4M&dscp=AF41",
        b"finish #18446744073709551615",
    ];
    fuzz("a command", &seeds, |bytes| {
        let text = as_text(bytes);
        for format in [Format::Text, Format::CanFrame, Format::CanBroadcast, Format::Ping(icmp::Version::V6)] {
            match Order::read(&text, format) {
                Err(mistake) => assert!(!mistake.reason(Language::Chinese).is_empty(), "it says why"),
                Ok(Some(Order::To(peer, _) | Order::Disconnect(peer))) => {
                    let again = Order::read(&format!("disconnect {peer}"), format);
                    assert_eq!(again, Ok(Some(Order::Disconnect(peer))), "it is written as it is read");
                }
                Ok(_) => {}
            }
        }
    });
}

#[test]
fn texts_in_every_encoding() {
    fuzz("a text", &["你好 不好".as_bytes(), b"\xc4\xe3\xba\xc3", b"\x60\x4f\x7d\x59"], |bytes| {
        for encoding in Encoding::ALL {
            let (before, piece) = bytes.split_at(bytes.len() / 2);
            let _ = encoding.decode_piece(before, before.len() as u64, piece);
        }
    });
}

/// A small capture: a handshake, bytes of both ends and a farewell.
fn capture() -> Vec<u8> {
    let mut file = Vec::new();
    pcapng::section(&mut file, "a test", "a comment");
    pcapng::interface(&mut file, LinkType::ETHERNET, "socket 1");
    let address = |text: &str| text.parse().expect("an address");
    let route = Route::new(address("127.0.0.1:40000"), address("127.0.0.1:80")).expect("one family");
    let mut connection = Connection::new(1);
    let mut segments: Vec<_> = connection.open(End::A).expect("new").map(|(end, segment)| (end, segment, "")).into();
    segments.push((End::A, connection.data(End::A, 0, 5, true), "hello"));
    segments.push((End::B, connection.data(End::B, 3, 3, true), "you"));
    segments.extend(connection.finish(End::A).map(|segment| (End::A, segment, "")));
    for (end, segment, payload) in segments {
        let (way, route) = if end == End::A { (Way::Out, route) } else { (Way::In, route.back()) };
        let mut headers = Vec::new();
        assert!(frame::segment(&mut headers, way, route, &segment, payload.as_bytes()));
        let head = pcapng::PacketHead { interface: 0, time_ns: 7, way, comment: "row 1" };
        pcapng::packet(&mut file, &head, &headers, payload.as_bytes());
    }
    file
}

#[test]
fn captures() {
    let mut old = [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0; 8], &[0, 0, 4, 0, 101, 0, 0, 0], &[0; 8]].concat();
    let packet = [
        &[0x45, 0, 0, 33, 0, 1, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2][..],
        &[0, 7, 0, 9, 0, 13, 0, 0],
        b"hello",
    ];
    old.extend([33, 0, 0, 0, 33, 0, 0, 0]);
    old.extend(packet.concat());
    fuzz("a capture", &[&capture(), &old], |file| {
        let (mut reader, mut importer) = (Reader::default(), Importer::default());
        let mut rest = file;
        let mut bytes = 0;
        while let Ok(Read::Used(used, packet)) = reader.read(rest) {
            assert!(used > 0, "it goes on");
            if let Some(packet) = packet {
                assert!(packet.bytes.len() as u64 <= used);
                bytes += packet.bytes.len();
                importer.handle(&packet);
            }
            rest = rest.get(used as usize..).unwrap_or_default();
        }
        importer.finish();
        let rows: usize = importer.take_rows().iter().map(|row| row.payload.len()).sum();
        assert!(rows <= bytes, "no byte comes from nowhere");
    });
}

/// Of a journal's file.
const PAGE: usize = 16_384;

/// What takes longer than anything here does: a statement that never ends.
const ENDLESS: Duration = Duration::from_secs(120);

fn row(number: u64) -> Row {
    // One in a chain of pages, the others on a few.
    let len = if number == 7 { 3 * PAGE } else { 20 * number as usize };
    Row {
        stamp: Stamp { wall_ns: number as i64, mono_ns: number, kernel_ns: None },
        socket: SocketId(1),
        session: Some(SessionId(1)),
        peer: "127.0.0.1:9000".to_owned(),
        body: RowBody::Data { direction: Direction::In, call: Call::Recv, truncated: false },
        stream_offset: 0,
        payload: b"row".iter().copied().cycle().take(len).collect(),
    }
}

/// A journal, and its log with rows that are not in the file yet.
fn journal() -> [Vec<u8>; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sqlite");
    let rows: Vec<Row> = (1..60).map(row).collect();
    let mut writer = JournalWriter::create(&path).expect("a journal");
    writer.append(&rows).expect("rows");
    writer.mark(2, Some("a note")).expect("a mark");
    drop(writer);
    let mut writer = JournalWriter::create(&path).expect("the journal");
    writer.append(&rows[..30]).expect("rows");
    [path.clone(), path.with_extension("sqlite-wal")].map(|path| fs::read(path).expect("a file"))
}

/// What a script of bytes asks for: each step names a file, a place in it, mostly where a page says what is on it, and
/// what becomes of it.
fn damage(files: &mut [Vec<u8>; 2], script: &[u8]) {
    for step in script.chunks_exact(5).take(32) {
        let &[what, page, high, low, value] = step else { continue };
        let file = &mut files[usize::from(what & 0x30 == 0)];
        let pages = file.len().div_ceil(PAGE).max(1);
        let [page, other] = [page, value].map(|page| usize::from(page) % pages * PAGE);
        let offset = if what & 0x40 == 0 { usize::from(low) } else { usize::from(high) << 8 | usize::from(low) };
        let at = page + offset % PAGE;
        let ends = [page, other].map(|begin| (begin + PAGE).min(file.len()));
        match what % 8 {
            0 | 1 if at < file.len() => file[at] ^= 1 << (value % 8),
            2 | 3 if at < file.len() => file[at] = value,
            4 if value < 64 => file.truncate(at),
            5 if ends[0] - page == ends[1] - other => file.copy_within(other..ends[1], page),
            6 if ends[0] - page == ends[1] - other => {
                let (one, two) = (file[page..ends[0]].to_vec(), file[other..ends[1]].to_vec());
                file[page..ends[0]].copy_from_slice(&two);
                file[other..ends[1]].copy_from_slice(&one);
            }
            7 => file[page..ends[0]].fill(0),
            _ => {}
        }
    }
}

/// Steps until one fails or says that it was the last.
fn take_steps(mut step: impl FnMut() -> Result<bool, Failure>) {
    const MOST: usize = 10_000;
    let taken = (0..MOST).take_while(|_| matches!(step(), Ok(false))).count();
    assert!(taken < MOST, "it goes on and on");
}

/// All that is done with a file that somebody opens. What fails has said so.
fn use_journal(path: &Path, copy: &str) {
    if let Ok(mut reader) = JournalReader::open(path) {
        let encodings = [Encoding::Utf8];
        let filter = Filter::parse("len>100 or is:marked", &TimeZone::UTC).expect("a filter");
        let page = |reader: &mut JournalReader, filter: &Filter, from_end| {
            let _ = reader.page(&PageRequest { filter: filter.clone(), first: 0, count: 100, from_end });
        };
        page(&mut reader, &Filter::default(), false);
        page(&mut reader, &Filter::default(), true);
        let _ = reader.payload(7);
        reader.set_filter(filter.clone(), &encodings);
        take_steps(|| reader.scan(16));
        page(&mut reader, &filter, false);
        let condition = Condition::Text("no such text".to_owned());
        let wanted = FindRequest { id: 1, filter, condition, from: Some(9), backward: copy == "txt", wraps: true };
        let mut find = Find::new(wanted, &encodings);
        take_steps(|| Ok(!matches!(reader.find(&mut find, 16)?, Finding::Looking { .. })));
        let mut counting = Counting::new(StatisticsRequest::default(), &encodings);
        take_steps(|| counting.go_on(&reader, 16, 0));
        let from = ConversationPlace::Around(20);
        let request = ConversationRequest { socket: SocketId(1), session: Some(SessionId(1)), from };
        take_steps(|| Ok(reader.conversation(&request, 16)?.is_some()));
        let _ = reader.save(&SaveRequest::new(path.with_file_name(format!("copy.{copy}"))), &encodings);
        let _ = reader.mark(3, Some("another"));
    }
    if let Ok(mut writer) = JournalWriter::create(path) {
        writer.set_retention(Retention { disk: Some(4 * PAGE as u64), ..Retention::default() });
        let _ = writer.append(&[row(1), row(7)]);
        take_steps(|| Ok(writer.trim()?.is_none()));
        let _ = writer.clear();
        take_steps(|| Ok(!writer.reclaim()?));
    }
}

#[test]
fn journals() {
    let whole = journal();
    let seeds: [&[u8]; 8] = [
        &[0x10, 0, 0, 100, 3, 0x12, 1, 0, 0, 5, 0x13, 2, 0, 8, 0xff],
        &[0x15, 2, 0, 0, 3, 0x16, 1, 0, 0, 4],
        &[0x54, 5, 0x20, 0, 1],
        &[0x00, 0, 0, 33, 7, 0x02, 0, 0, 8, 1, 0x44, 1, 9, 9, 9],
        &[0x12, 3, 0, 12, 0, 0x12, 3, 0, 13, 8, 0x17, 4, 0, 0, 0],
        &[0x52, 1, 0x3f, 0xf0, 0xff, 0x50, 2, 0x3f, 0x80, 1],
        // Rows in no order: the oldest is not the first.
        &[0x7f, 0x3f, 0xf0, 0xff, 0x26, 0xee, 0x99, 0x50, 0x80, 0x3f],
        // Making room came to no end.
        &[0x12, 0x15, 2, 0, 0x40, 0x9b, 0xae, 3, 0x16, 1, 2],
    ];
    fuzz("a journal", &seeds, |script| {
        let mut files = whole.clone();
        damage(&mut files, script);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sqlite");
        for (file, name) in files.iter().zip(["a.sqlite", "a.sqlite-wal"]) {
            fs::write(folder.path().join(name), file).expect("a file");
        }
        let kinds = ["txt", "jsonl", "csv", "hex", "pcapng", "sqlite"];
        let copy = kinds[script.first().map_or(0, |byte| usize::from(*byte)) % kinds.len()];
        let (end, ended) = mpsc::channel::<()>();
        let user = thread::spawn(move || {
            let _end = end;
            use_journal(&path, copy);
        });
        assert_eq!(ended.recv_timeout(ENDLESS), Err(RecvTimeoutError::Disconnected), "it ends");
        user.join().expect("no panic");
    });
}
