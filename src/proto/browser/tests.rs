mod hosts;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::codec::websocket::{Header, Opcode, apply_mask};
use crate::model::{BrowserContent, Exchange, FolderEntry, FolderList, Notice};

/// A folder that is nowhere.
fn files() -> BTreeMap<&'static str, &'static [u8]> {
    BTreeMap::from([
        ("a.html", &b"<p>hello"[..]),
        ("b.bin", &b"0123456789"[..]),
        ("empty.txt", &b""[..]),
        ("sub/index.html", &b"index"[..]),
        ("list/\u{4f60}.txt", &b"x"[..]),
        (".env", &b"secret"[..]),
    ])
}

struct Peer {
    conversation: Conversation,
    moment: Moment,
    /// All that was sent.
    sent: Vec<u8>,
    /// What was told, and what else happened, in a word.
    told: Vec<String>,
    opened: String,
}

impl Peer {
    fn new(content: &BrowserContent) -> Self {
        let moment = Moment { now: Instant::now(), wall: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) };
        let endpoint = "tcp://127.0.0.1:9000".parse().unwrap();
        let conversation = Conversation::new(content, Hosts::of(&endpoint, &endpoint));
        let mut peer = Self { conversation, moment, sent: Vec::new(), told: Vec::new(), opened: String::new() };
        peer.run();
        peer
    }

    fn folder() -> Self {
        Self::new(&BrowserContent::Folder("/nowhere".into()))
    }

    fn input(&mut self, bytes: &[u8]) {
        self.conversation.handle_input(bytes);
        self.run();
    }

    fn after(&mut self, time: Duration) {
        self.moment.now += time;
        self.conversation.handle_timeout(self.moment);
        self.run();
    }

    fn run(&mut self) {
        loop {
            match self.conversation.poll_step(self.moment) {
                Step::Wait => return,
                Step::End => return self.told.push("end".to_owned()),
                Step::Finish => self.told.push("finish".to_owned()),
                Step::Send(bytes) => self.sent.extend(bytes),
                Step::Open(segments) => {
                    self.opened = joined(&segments);
                    let inside = format!("{}/", self.opened);
                    let opened = match files().get(self.opened.as_str()) {
                        Some(content) => Opened::File(content.len() as u64),
                        None if self.opened == "denied" => Opened::Refused,
                        None if self.opened.is_empty() => Opened::Folder,
                        None if files().keys().any(|path| path.starts_with(&inside)) => Opened::Folder,
                        None => Opened::Missing,
                    };
                    self.conversation.handle_opened(opened, self.moment);
                }
                Step::List(segments) => {
                    let inside = joined(&segments);
                    let names = files().into_keys().filter_map(|path| path.strip_prefix(inside.as_str()));
                    let names = names.map(|name| name.trim_start_matches('/').split('/').next().unwrap_or_default());
                    let entry = |name: &str| FolderEntry { name: name.into(), is_folder: false, size: 1 };
                    self.conversation.handle_listed(
                        Some(FolderList { entries: names.map(entry).collect(), is_cut: false }),
                        self.moment,
                    );
                }
                Step::Content { from, len } => {
                    let content = files()[self.opened.as_str()];
                    self.sent.extend(&content[from as usize..(from + len) as usize]);
                }
                Step::Tell(Notice::Answered(exchange)) => {
                    let Exchange { method, target, status, bytes } = exchange;
                    self.told.push(format!("{method} {target} {status} {bytes}"));
                }
                Step::Tell(Notice::WebSocketClosed { code, by_peer, reason }) => {
                    self.told.push(format!("closed {code} {by_peer} {reason}"));
                }
                Step::Tell(other) => panic!("{other:?}"),
                Step::Upgraded { received } => self.told.push(format!("upgraded at {received}")),
                Step::Message { is_text, bytes } => {
                    self.told.push(format!("{is_text} {}", String::from_utf8_lossy(&bytes)));
                }
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.sent).into_owned()
    }
}

fn joined(segments: &[Vec<u8>]) -> String {
    segments.iter().map(|segment| String::from_utf8_lossy(segment)).collect::<Vec<_>>().join("/")
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn answer(input: &[u8]) -> (String, Vec<String>) {
    let mut peer = Peer::folder();
    peer.input(input);
    (peer.text(), peer.told)
}

#[test]
fn a_file_with_all_that_belongs_to_it() {
    let (text, told) = answer(get("/a.html?x").as_bytes());
    let expected = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Sockeye\r\n\
        Content-Type: text/html; charset=utf-8\r\nContent-Length: 8\r\nX-Content-Type-Options: nosniff\r\n\
        Cache-Control: no-store\r\nAccept-Ranges: bytes\r\n\r\n<p>hello";
    assert_eq!(text, expected);
    assert_eq!(told, ["GET /a.html?x 200 8"]);
}

#[test]
fn what_a_folder_answers() {
    for (target, status, body) in [
        ("/b.bin", 200, "0123456789"),
        ("/empty.txt", 200, ""),
        ("/sub/", 200, "index"),
        ("/", 200, "</html>\n"),
        ("/list/", 200, "</html>\n"),
        ("/sub", 301, "</html>\n"),
        ("/a.html/", 404, "</html>\n"),
        ("/none", 404, "</html>\n"),
        ("/.env", 404, "</html>\n"),
        ("/denied", 403, "</html>\n"),
    ] {
        let (text, told) = answer(get(target).as_bytes());
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")) && text.ends_with(body), "{target}: {text}");
        assert!(told.len() == 1 && told[0].starts_with(&format!("GET {target} {status} ")), "{told:?}");
    }
    assert!(answer(get("/sub").as_bytes()).0.contains("\r\nLocation: /sub/\r\n"));
    assert!(answer(get("/list/").as_bytes()).0.contains("href=\"%E4%BD%A0.txt\">\u{4f60}.txt<"));
    assert!(!answer(get("/").as_bytes()).0.contains(".env"));
}

#[test]
fn a_page_and_a_single_file() {
    for (content, target, status) in [
        (BrowserContent::Page("<h1>hi".into()), "/", 200),
        (BrowserContent::Page("<h1>hi".into()), "/index.html", 200),
        (BrowserContent::Page("<h1>hi".into()), "/favicon.ico", 404),
        (BrowserContent::File("/x/a.html".into()), "/a.html", 200),
        (BrowserContent::File("/x/a.html".into()), "/b.html", 404),
        (BrowserContent::File("/x/a.html".into()), "/a.html/", 404),
    ] {
        let mut peer = Peer::new(&content);
        // The test's own file system has the one file at its root.
        peer.conversation.handle_input(get(target).as_bytes());
        let mut step = peer.conversation.poll_step(peer.moment);
        if step == Step::Open(Vec::new()) {
            peer.conversation.handle_opened(Opened::File(3), peer.moment);
            step = peer.conversation.poll_step(peer.moment);
        }
        let Step::Send(head) = step else { panic!("{step:?}") };
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{content:?} {target}: {head}");
        assert!(head.contains("Content-Type: text/html; charset=utf-8\r\n"), "{head}");
    }
}

#[test]
fn what_is_refused_and_why() {
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_MAX));
    let header = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n", "a".repeat(HEAD_MAX));
    let headers = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: 1\r\n".repeat(100));
    let with = |fields: &str| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    let table = [
        (400, "\0\0\0\0".to_owned()),
        (400, "hello world\r\n\r\n".to_owned()),
        (400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        (400, with("Host: other\r\n")),
        (400, with("Content-Length: 1\r\nContent-Length: 2\r\n")),
        (400, with("Content-Length: +1\r\n")),
        (400, with("Content-Length: \r\n")),
        (400, with("Bad Name: 1\r\n")),
        (400, get("/../etc/passwd")),
        (400, get("/%2e%2e/etc/passwd")),
        (400, get("/%zz")),
        (400, get("*")),
        (405, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc".to_owned()),
        (405, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()),
        (405, "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()),
        (413, with("Content-Length: 1048577\r\n")),
        (413, with("Content-Length: 99999999999999999999999\r\n")),
        (414, long),
        (431, header),
        (431, headers),
        (501, with("Transfer-Encoding: chunked\r\n")),
        (505, "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n".to_owned()),
        (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
    ];
    for (status, input) in table {
        let (text, told) = answer(format!("{input}{}", get("/a.html")).as_bytes());
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{input:?}: {text}");
        assert!(text.contains("Connection: close\r\n") && text.contains("<p>"), "{text}");
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "one answer, and none to what follows: {text}");
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[1], "finish");
    }
    assert!(answer(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n").0.contains("\r\nAllow: GET, HEAD\r\n"));
}

#[test]
fn requests_in_a_row_are_answered_in_order() {
    let body = "GET /b.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nGET /empty.txt HTTP/1";
    let last = "HEAD /b.bin HTTP/1.1\r\nHost: localhost\r\nConnection: x, Close\r\n\r\n";
    let input = [get("/a.html"), get("/none"), body[..body.len() - 1].to_owned(), last.to_owned(), get("/a.html")];
    let (text, told) = answer(input.concat().as_bytes());
    assert_eq!(told[0], "GET /a.html 200 8");
    assert!(told[1].starts_with("GET /none 404 "));
    assert_eq!(told[2..], ["GET /b.bin 200 10", "HEAD /b.bin 200 0", "finish"]);
    assert!(text.ends_with("Content-Length: 10\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nAccept-Ranges: bytes\r\nConnection: close\r\n\r\n"), "{text}");
    let (_, told) = answer(b"GET /a.html HTTP/1.0\r\n\r\n");
    assert_eq!(told, ["GET /a.html 200 8", "finish"]);
}

#[test]
fn parts_of_a_file() {
    let part =
        |range: &str| answer(format!("GET /b.bin HTTP/1.1\r\nHost: localhost\r\nRange: {range}\r\n\r\n").as_bytes());
    let (text, told) = part("bytes=2-4");
    assert!(text.starts_with("HTTP/1.1 206 ") && text.contains("Content-Range: bytes 2-4/10\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\n234"), "{text}");
    assert_eq!(told, ["GET /b.bin 206 3"]);
    let (text, _) = part("bytes=10-");
    assert!(text.starts_with("HTTP/1.1 416 ") && text.contains("Content-Range: bytes */10\r\n"), "{text}");
    assert!(part("bytes=0-1,4-5").0.ends_with("\r\n\r\n0123456789"));
}

#[test]
fn slow_peers_run_out_of_time() {
    let mut peer = Peer::folder();
    peer.after(IDLE - Duration::from_millis(1));
    assert!(peer.told.is_empty());
    peer.after(Duration::from_millis(1));
    peer.after(LINGER);
    assert_eq!((peer.text().as_str(), peer.told), ("", vec!["finish".to_owned(), "end".to_owned()]));

    let mut peer = Peer::folder();
    for byte in b"GET / HT" {
        peer.after(HEAD_TIME / 8 - Duration::from_millis(1));
        peer.input(&[*byte]);
        assert!(peer.sent.is_empty());
    }
    peer.after(HEAD_TIME / 4);
    assert!(peer.text().starts_with("HTTP/1.1 408 "), "{}", peer.text());
    assert!(peer.told.len() == 2 && peer.told[0].starts_with("  408 ") && peer.told[1] == "finish", "{:?}", peer.told);

    let mut peer = Peer::folder();
    peer.input(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1234");
    peer.after(BODY_TIME);
    assert!(peer.text().starts_with("HTTP/1.1 408 "), "{}", peer.text());

    // Between two requests the time begins anew.
    let mut peer = Peer::folder();
    peer.after(IDLE - Duration::from_secs(1));
    peer.input(get("/a.html").as_bytes());
    peer.after(IDLE - Duration::from_secs(1));
    assert_eq!(peer.told, ["GET /a.html 200 8"]);
}

const HANDSHAKE: &str = "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let opcode = Opcode::from_bits(first);
    let len = payload.len() as u64;
    let header = Header { is_final: first & 0x80 != 0, reserved: first >> 4 & 7, opcode, mask: Some(mask), len };
    let mut bytes = header.to_bytes();
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    apply_mask(mask, 0, &mut bytes[start..]);
    bytes
}

#[test]
fn a_web_socket_from_its_handshake_to_its_end() {
    let mut peer = Peer::folder();
    peer.input(HANDSHAKE.as_bytes());
    let text = peer.text();
    assert!(text.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{text}");
    assert!(text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{text}");
    assert!(peer.conversation.is_web_socket() && peer.conversation.poll_timeout().is_none());
    assert_eq!(peer.told, [format!("upgraded at {}", HANDSHAKE.len()), "GET /chat 101 0".to_owned()]);

    peer.sent.clear();
    peer.told.clear();
    peer.input(&[client_frame(0x81, b"Hello"), client_frame(0x89, b"p"), client_frame(0x82, b"\0")].concat());
    assert_eq!(peer.sent, b"\x8a\x01p");
    peer.input(&client_frame(0x88, b"\x03\xe8bye"));
    assert_eq!(peer.sent, b"\x8a\x01p\x88\x05\x03\xe8bye");
    assert_eq!(peer.told, ["true Hello", "false \0", "closed 1000 true bye", "finish"]);
    peer.input(&client_frame(0x81, b"late"));
    peer.after(LINGER);
    assert_eq!(peer.told.last().map(String::as_str), Some("end"));
}

#[test]
fn a_close_of_this_side_waits_for_the_peers_but_not_for_ever() {
    for answers in [true, false] {
        let mut peer = Peer::folder();
        peer.input(HANDSHAKE.as_bytes());
        peer.sent.clear();
        peer.conversation.close(1001, &"\u{4f60}".repeat(100));
        peer.run();
        assert!(!peer.conversation.is_web_socket());
        assert_eq!((peer.sent.len(), &peer.sent[..4]), (127, &b"\x88\x7d\x03\xe9"[..]));
        peer.input(&client_frame(0x81, b"crossed"));
        assert!(!peer.told.iter().any(|told| told.contains("crossed")));
        if answers {
            peer.input(&client_frame(0x88, b"\x03\xe9"));
            assert_eq!(peer.told.last().map(String::as_str), Some("finish"));
        } else {
            peer.after(LINGER);
            assert_eq!(peer.told.last().map(String::as_str), Some("end"));
        }
    }
}

#[test]
fn handshakes_that_are_none() {
    for (from, to, status) in [
        ("Version: 13", "Version: 8", 426),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", 400),
        ("Sec-WebSocket-Key", "X-Key", 400),
        ("Upgrade: websocket", "Upgrade: h2c", 404),
        ("keep-alive, Upgrade", "keep-alive", 404),
        ("GET ", "HEAD ", 404),
        ("Host: localhost\r\n", "Host: localhost\r\nContent-Length: 1\r\n", 400),
    ] {
        let (text, _) = answer(HANDSHAKE.replacen(from, to, 1).as_bytes());
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{from} {to}: {text}");
        assert_eq!(text.contains("Sec-WebSocket-Version: 13\r\n"), status == 426, "{text}");
    }
    let offered =
        HANDSHAKE.replacen("Host: localhost", "Host: localhost\r\nSec-WebSocket-Protocol: chat, superchat", 1);
    assert!(answer(offered.as_bytes()).0.contains("\r\nSec-WebSocket-Protocol: chat\r\n"));
}

/// Inputs of which much is nearly right.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        "GET / HTTP/1.1\r\n",
        "GET /a.html HTTP/1.1\r\n",
        "HEAD /b.bin HTTP/1.0\r\n",
        "POST / HTTP/1.1\r\n",
        "GET /../x HTTP/1.1\r\n",
        "GET /%2e%2e/%00 HTTP/1.1\n",
        "Host: localhost\r\n",
        "Content-Length: 3\r\n",
        "Range: bytes=1-2\r\n",
        "Transfer-Encoding: chunked\r\n",
        "\r\n",
        "abc",
        HANDSHAKE,
    ]);
    let frame = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..6)).prop_map(|(first, payload)| {
        client_frame(if first < 128 { [0x81, 0x01, 0x80, 0x89][usize::from(first % 4)] } else { first }, &payload)
    });
    let piece = prop_oneof![
        6 => line.prop_map(|line| line.as_bytes().to_vec()),
        3 => frame,
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    let after = |start: &'static str| move |pieces: Vec<Vec<u8>>| [start.as_bytes(), &pieces.concat()].concat();
    let pieces = || prop::collection::vec(piece.clone(), 0..10);
    prop_oneof![
        pieces().prop_map(after("")),
        pieces().prop_map(after("GET /a.html HTTP/1.1\r\nHost: localhost\r\n\r\n")),
        pieces().prop_map(after(HANDSHAKE)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_answered_or_refused_and_any_split_gives_the_same(
        input in inputs(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut whole = Peer::folder();
        whole.input(&input);
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Peer::folder();
        let mut from = 0;
        for cut in cuts.into_iter().chain([input.len()]) {
            pieces.input(&input[from..cut]);
            from = cut;
        }
        prop_assert_eq!(whole.text(), pieces.text());
        prop_assert_eq!(&whole.told, &pieces.told);
        prop_assert!(!whole.text().contains("secret"));
        // However it stands, time brings it to an end, unless it is a WebSocket, which may be silent.
        for _ in 0..3 {
            whole.after(IDLE);
        }
        prop_assert!(whole.conversation.is_web_socket() || whole.told.last().is_some_and(|told| told == "end"));
    }

    #[test]
    fn a_byte_at_a_time_is_no_different(input in inputs()) {
        let mut whole = Peer::folder();
        whole.input(&input);
        let mut bytes = Peer::folder();
        for byte in &input {
            bytes.input(&[*byte]);
        }
        prop_assert_eq!(whole.text(), bytes.text());
        prop_assert_eq!(whole.told, bytes.told);
    }
}
