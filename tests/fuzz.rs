//! Every decoder against bytes that nobody would send: seeds that are right, changed at random, for a bounded time.
//!
//! `FUZZ_SECONDS=600 cargo test --test fuzz` goes on for so long with each target; `FUZZ_SEED` takes other ways than the
//! usual ones. What breaks a target is printed as hex.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use sockeye::codec::can::Frame;
use sockeye::codec::can::bcm::Message;
use sockeye::codec::compose::{Format, LineEnding, compose};
use sockeye::codec::decode::Decoder;
use sockeye::codec::encoding::Encoding;
use sockeye::codec::{escapes, hex, icmp, ipv4};
use sockeye::model::{BrowserContent, Filter, Target};
use sockeye::proto::browser::{Conversation, Hosts, Moment, Opened, Step};

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
    let until = Instant::now() + time;
    let mut bytes = Vec::new();
    while Instant::now() < until {
        // A seed anew now and then; else the changes add up.
        if bytes.is_empty() || random.below(8) == 0 {
            bytes = seeds[random.below(seeds.len())].clone();
        }
        random.change(&mut bytes, &seeds);
        let survived = catch_unwind(AssertUnwindSafe(|| target(&bytes))).is_ok();
        assert!(survived, "{name} breaks on {}", hex::format(&bytes));
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

#[test]
fn endpoints() {
    let seeds: [&[u8]; 7] = [
        b"tcp://127.0.0.1:9000?reuseaddr=1&rcvbuf=4M",
        b"udp://[fe80::1%eth0]:1",
        b"unix:/run/x.sock",
        b"raw://[::1]?proto=ipv6-icmp&rcvbuf=1K",
        b"can://vcan0",
        b"packet://02:00:00:00:00:01%eth0?proto=0x88b5&rcvbuf=1K",
        b"vsock://any:1",
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
        let _ = Filter::parse(&text);
        let _ = escapes::parse(&text, Encoding::Big5);
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
