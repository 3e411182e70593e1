//! `export`: a journal as a capture, a hex dump, a table; and what Wireshark's tools make of it.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use sockeye::model::{Call, CloseReason, Direction, Life, RowBody};
use support::{
    BEGIN, Recording, Sockeye, expect_sound, fields, followed, listing, noise, require_tool, rows_of, sockeye,
    wireshark,
};
use tempfile::TempDir;

/// Exports a journal in a folder and returns the path with what was said of it.
fn export(journal: &Path, arguments: &[&str], name: &str) -> (PathBuf, String) {
    let out = journal.with_file_name(name);
    let mut command = sockeye(&["export"]);
    let output = command.arg(journal).args(arguments).arg(&out).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    (out, String::from_utf8(output.stderr).expect("words"))
}

fn kept(recording: &Recording) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    recording.keep(&journal);
    (folder, journal)
}

fn require_wireshark() -> bool {
    ["tshark", "capinfos", "text2pcap"].into_iter().all(require_tool)
}

#[test]
fn http_in_a_capture_is_dissected_and_a_long_body_put_together() {
    if !require_wireshark() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let body = noise(200_000);
    fs::write(folder.path().join("body.bin"), &body).expect("a file");
    let journal = folder.path().join("journal.sqlite");
    let (site, journal_path) = (folder.path().join("body.bin"), journal.to_str().expect("UTF-8").to_owned());
    let arguments =
        ["listen", "tcp://127.0.0.1:0", "--serve", site.to_str().expect("UTF-8"), "--journal", &journal_path];
    let (mut server, endpoint) = Sockeye::listen(&arguments);
    let mut client = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("a connection");
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client.write_all(request).expect("sent");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("the answer");
    assert!(answer.ends_with(&body));
    drop(client);
    server.expect("closed");
    server.interrupt();

    let (capture, words) = export(&journal, &["--pcapng"], "http.pcapng");
    assert!(words.contains("rows saved to"), "{words}");
    expect_sound(&capture);
    let dissected = fields(&capture, "http", &["http.request.method", "http.response.code", "http.content_length"]);
    assert_eq!(dissected, [vec!["GET", "", ""], vec!["", "200", "200000"]]);
    let reassembled = fields(&capture, "http.response", &["tcp.reassembled.length"]);
    assert_eq!(reassembled, [[answer.len().to_string()]]);
    assert_eq!(followed(&capture, 0), [request.to_vec(), answer]);
    let problems = fields(&capture, "tcp.analysis.flags", &["frame.number", "_ws.expert.message"]);
    assert!(problems.is_empty(), "{problems:?}");
    // From the handshake to both farewells.
    let flags = fields(&capture, "tcp.flags.syn == 1 || tcp.flags.fin == 1", &["tcp.flags.str", "frame.packet_flags"]);
    let short: Vec<_> = flags.iter().map(|fields| fields[0].replace('·', "")).collect();
    assert_eq!(short, ["S", "AS", "AF", "AF"], "{flags:?}");
}

#[test]
fn packets_say_when_which_way_and_for_which_row() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    let long = noise(140_000);
    recording.sent(1, &long);
    recording.received(1, b"yes");
    recording.closed(1, CloseReason::Reset);
    let (_folder, journal) = kept(&recording);
    let (capture, words) = export(&journal, &["--pcapng"], "a.pcapng");
    assert!(words.starts_with("4 rows saved to"), "{words}");
    expect_sound(&capture);
    let packets =
        fields(&capture, "tcp", &["frame.time_epoch", "frame.packet_flags_direction", "frame.comment", "tcp.len"]);
    let second = BEGIN / 1_000_000_000;
    let at = |millisecond: i64| format!("{second}.{:09}", BEGIN % 1_000_000_000 + millisecond * 1_000_000);
    let expected = [
        (at(0), "2", "row 1 connected", "0"),
        (at(0), "1", "row 1 connected", "0"),
        (at(0), "2", "row 1 connected", "0"),
        (at(1), "2", "row 2 send 1/3", "65495"),
        (at(1), "2", "row 2 send 2/3", "65495"),
        (at(1), "2", "row 2 send 3/3", "9010"),
        (at(2), "1", "row 3 recv", "3"),
        (at(3), "1", "row 4 reset", "0"),
    ];
    for (packet, (time, way, comment, len)) in packets.iter().zip(&expected) {
        let way_told = packet[1].trim_start_matches("0x0000000");
        assert_eq!(
            (packet[0].as_str(), way_told, packet[2].as_str(), packet[3].as_str()),
            (time.as_str(), *way, *comment, *len)
        );
    }
    assert_eq!(packets.len(), expected.len());
    assert_eq!(followed(&capture, 0), [long, b"yes".to_vec()]);
}

#[test]
fn both_sides_of_a_connection_in_one_journal_are_one_stream() {
    if !require_wireshark() {
        return;
    }
    let (server, client) = ("tcp://[::1]:9000", "tcp://[::1]:40000");
    let mut recording = Recording::default();
    let mut said = Vec::new();
    // The same port is used twice, for two connections.
    for round in 0..2_u8 {
        let (near, far) = (u64::from(round) * 2 + 1, u64::from(round) * 2 + 2);
        recording.connected(near, client, server);
        recording.accepted(far, server, client);
        let message = noise(1000 + usize::from(round));
        recording.sent(near, &message);
        recording.received(far, &message[..10]);
        recording.received(far, &message[10..]);
        recording.sent(far, b"you too");
        recording.received(near, b"you too");
        recording.life(far, Life::PeerFinished);
        recording.closed(far, CloseReason::Eof);
        recording.closed(near, CloseReason::Local);
        said.push(message);
    }
    let (_folder, journal) = kept(&recording);
    let (capture, _) = export(&journal, &["--pcapng"], "a.pcapng");
    expect_sound(&capture);
    for (stream, message) in said.into_iter().enumerate() {
        assert_eq!(followed(&capture, stream as u32), [message, b"you too".to_vec()], "{stream}");
    }
    let streams = fields(&capture, "tcp.flags.syn == 1 && tcp.flags.ack == 0", &["tcp.stream"]);
    assert_eq!(streams, [["0"], ["1"]], "one handshake each");
}

#[test]
fn datagrams_are_whole_over_both_families() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    let longest = noise(65_507);
    recording.accepted(1, "udp://0.0.0.0:5000", "udp://127.0.0.1:40000");
    recording.datagram(1, Direction::In, b"");
    recording.datagram(1, Direction::In, &longest);
    recording.connected(2, "udp://[fe80::1%eth0]:5000", "udp://[fe80::2%eth0]:9999");
    recording.datagram(2, Direction::Out, b"hello");
    let (_folder, journal) = kept(&recording);
    let (capture, words) = export(&journal, &["--pcapng"], "a.pcapng");
    assert!(words.starts_with("3 rows saved"), "{words}");
    expect_sound(&capture);
    let packets =
        fields(&capture, "udp", &["ip.src", "ip.dst", "ipv6.dst", "udp.dstport", "udp.length", "udp.checksum.status"]);
    assert_eq!(
        packets,
        [
            ["127.0.0.1", "0.0.0.0", "", "5000", "8", "1"],
            ["127.0.0.1", "0.0.0.0", "", "5000", "65515", "1"],
            ["", "", "fe80::2", "9999", "13", "1"]
        ]
    );
}

#[test]
fn unix_sockets_and_buses_have_files_of_their_own_and_the_rest_is_counted() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    recording.connected(1, "tcp://127.0.0.1:40000", "tcp://127.0.0.1:80");
    recording.sent(1, b"over TCP");
    recording.accepted(2, "unix:/run/x.sock", "");
    recording.received(2, b"over a Unix socket");
    recording.connected(3, "vsock://2:1024", "vsock://3:5000");
    recording.sent(3, b"left out");
    recording.life(4, Life::Opened { local: "can://vcan0".to_owned(), peer: "can://vcan0".to_owned() });
    let frame = "123#DEADBEEF".parse::<sockeye::codec::can::Frame>().expect("a frame");
    recording.datagram(4, Direction::In, &frame.to_bytes());
    let (folder, journal) = kept(&recording);
    fs::write(folder.path().join("a.unix.pcapng"), "mine").expect("a file");

    let (capture, words) = export(&journal, &["--pcapng"], "a.pcapng");
    assert!(words.contains("a.unix-2.pcapng") && words.contains("a.can.pcapng"), "{words}");
    assert!(words.contains("1 row is left out"), "{words}");
    let names = ["a.can.pcapng", "a.pcapng", "a.unix-2.pcapng", "a.unix.pcapng", "journal.sqlite"];
    let found: Vec<_> =
        listing(folder.path()).into_iter().filter(|name| !name.starts_with("journal.sqlite-")).collect();
    assert_eq!(found, names);
    assert_eq!(fs::read(folder.path().join("a.unix.pcapng")).expect("the file"), b"mine");
    expect_sound(&capture);
    let [unix, can] = ["a.unix-2.pcapng", "a.can.pcapng"].map(|name| folder.path().join(name));
    expect_sound(&unix);
    expect_sound(&can);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let said = fields(&unix, "exported_pdu", &["data.data", "frame.comment", "exported_pdu.p2p_dir"]);
    assert_eq!((said.len(), said[0][0].as_str()), (1, hex(b"over a Unix socket").as_str()), "{said:?}");
    assert_eq!((said[0][1].as_str(), said[0][2].as_str()), ("row 4 recv session 2 unix:/run/x.sock", "1"));
    assert_eq!(fields(&can, "can", &["can.id", "can.len", "data.data"]), [["291", "4", "deadbeef"]]);

    // Where there is one kind alone, it has the name that was asked for.
    let (alone, words) = export(&journal, &["--pcapng", "--filter", "session:2"], "b.pcapng");
    assert!(words.starts_with("1 row saved to") && !words.contains("own"), "{words}");
    assert_eq!(fields(&alone, "exported_pdu", &["frame.number"]), [["1"]]);
}

#[test]
fn a_filter_takes_what_it_lets_through_and_leaves_gaps() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    for session in [1, 2] {
        recording.connected(session, &format!("tcp://127.0.0.1:4000{session}"), "tcp://127.0.0.1:80");
        recording.sent(session, b"apple");
        recording.sent(session, b"pear");
        recording.received(session, b"apple pie");
        recording.life(session, Life::PeerFinished);
        recording.closed(session, CloseReason::Eof);
    }
    let (_folder, journal) = kept(&recording);
    let (capture, words) = export(&journal, &["--pcapng", "--filter", "apple session:2 out"], "a.pcapng");
    assert!(words.starts_with("1 row saved to"), "{words}");
    expect_sound(&capture);
    let packets = fields(&capture, "tcp", &["tcp.srcport", "tcp.len", "tcp.seq"]);
    let expected = [
        ["40002", "0", "0"],
        ["80", "0", "0"],
        ["40002", "0", "1"],
        ["40002", "5", "1"],
        ["80", "0", "10"],
        ["40002", "0", "10"],
    ];
    assert_eq!(packets, expected);

    let (empty, words) = export(&journal, &["--pcapng", "--filter", "cherry"], "b.pcapng");
    assert!(words.starts_with("0 rows saved to"), "{words}");
    expect_sound(&empty);
}

#[test]
fn what_raw_sockets_and_links_carry_gets_the_headers_that_it_lacks() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    let ping = sockeye::codec::icmp::echo_request(sockeye::codec::icmp::Version::V4, 7, 3, b"hello");
    recording.life(1, Life::Connecting { endpoint: "raw://127.0.0.1?proto=icmp".to_owned() });
    recording.connected(1, "raw://127.0.0.1", "raw://127.0.0.2");
    recording.datagram(1, Direction::Out, &ping);
    let mut packet = vec![0x45, 0, 0, 33, 0, 1, 0, 0, 64, 1, 0x7c, 0xd8, 127, 0, 0, 2, 127, 0, 0, 1];
    packet.extend(&ping);
    recording.datagram(1, Direction::In, &packet);
    recording.life(
        2,
        Life::Opened {
            local: "packet://02:00:00:00:00:07%eth0?proto=0x88b5".to_owned(),
            peer: "packet://02:00:00:00:00:08%eth0?proto=0x88b5".to_owned(),
        },
    );
    recording.datagram(2, Direction::In, b"a frame");
    let (_folder, journal) = kept(&recording);
    let (capture, words) = export(&journal, &["--pcapng"], "a.pcapng");
    assert!(words.starts_with("3 rows saved to"), "{words}");
    expect_sound(&capture);
    assert_eq!(
        fields(&capture, "icmp", &["ip.src", "ip.dst", "icmp.type", "icmp.checksum.status"]),
        [["127.0.0.1", "127.0.0.2", "8", "1"], ["127.0.0.2", "127.0.0.1", "8", "1"]]
    );
    assert_eq!(
        fields(&capture, "eth.type == 0x88b5", &["eth.src", "eth.dst"]),
        [["02:00:00:00:00:08", "02:00:00:00:00:07"]]
    );
}

#[test]
fn a_conversation_whose_beginning_was_cleared_goes_on_at_its_offset() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    let data = |call| RowBody::Data { direction: Direction::In, call, truncated: false };
    recording.row(1, "[::1]:80", data(Call::Recv), 5000, b"later");
    recording.row(1, "[::1]:80", data(Call::Recv), 5005, b" on");
    recording.row(2, "127.0.0.1:9999", data(Call::RecvFrom), 0, b"datagram");
    recording.row(3, "", data(Call::Recv), 9, b"Unix");
    let (_folder, journal) = kept(&recording);
    let (capture, words) = export(&journal, &["--pcapng"], "a.pcapng");
    assert!(words.starts_with("4 rows saved to") && words.contains("a.unix.pcapng"), "{words}");
    expect_sound(&capture);
    let packets = fields(&capture, "tcp || udp", &["ipv6.src", "ip.src", "ip.dst", "tcp.seq", "tcp.len", "udp.length"]);
    assert_eq!(
        packets,
        [["::1", "", "", "1", "5", ""], ["::1", "", "", "6", "3", ""], ["", "127.0.0.1", "0.0.0.0", "", "", "16"]]
    );
}

#[test]
fn a_hex_dump_is_read_by_text2pcap() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    recording.connected(1, "tcp://127.0.0.1:40000", "tcp://127.0.0.1:80");
    let bytes: Vec<u8> = (0..=255).collect();
    recording.sent(1, &bytes);
    recording.received(1, b"0001 de ad");
    let (_folder, journal) = kept(&recording);
    let (dump, words) = export(&journal, &["--hex"], "a.hex");
    assert!(words.starts_with("2 rows saved to"), "{words}");
    let capture = dump.with_extension("pcapng");
    let [dump, out] = [&dump, &capture].map(|path| path.to_str().expect("UTF-8"));
    wireshark("text2pcap", &["-q", "-D", "-t", "%Y-%m-%d %H:%M:%S.%f", "-l", "147", dump, out]);
    let packets = fields(&capture, "frame", &["frame.len", "frame.packet_flags_direction"]);
    let told: Vec<_> =
        packets.iter().map(|packet| (packet[0].as_str(), packet[1].trim_start_matches("0x0000000"))).collect();
    assert_eq!(told, [("256", "2"), ("10", "1")]);
}

#[test]
fn tables_and_lines_have_every_row() {
    let mut recording = Recording::default();
    recording.connected(1, "tcp://127.0.0.1:40000", "tcp://127.0.0.1:80");
    recording.row(
        1,
        "a \"name\", and\nmore",
        RowBody::Data { direction: Direction::Out, call: Call::Send, truncated: false },
        7,
        "你".as_bytes(),
    );
    let (_folder, journal) = kept(&recording);
    let (table, words) = export(&journal, &["--csv"], "a.csv");
    assert!(words.starts_with("2 rows saved to"), "{words}");
    let table = fs::read_to_string(table).expect("the table");
    let records: Vec<_> = table.split("\r\n").collect();
    assert_eq!(records.len(), 4, "{table}");
    assert_eq!(
        records[2],
        format!("2,{},1000000,,1,1,\"a \"\"name\"\", and\nmore\",out,send,7,3,e4bda0,0,", BEGIN + 1_000_000)
    );
    let fields = records[0].split(',').count();
    assert_eq!((fields, records[3]), (14, ""));

    let (lines, _) = export(&journal, &["--json"], "a.jsonl");
    let lines = fs::read_to_string(lines).expect("the lines");
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(rows_of(&journal)[1]["hex"], "e4bda0");
    let (text, _) = export(&journal, &["--text", "--filter", "out"], "a.txt");
    assert!(fs::read_to_string(text).expect("the text").starts_with("#2  "));
}

#[test]
fn what_cannot_be_exported_is_told_and_nothing_is_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("a.pcapng");
    fs::write(&out, "old").expect("a file");
    let other = folder.path().join("other");
    fs::write(&other, "not a journal, and long enough to be looked at ".repeat(30)).expect("a file");
    for (journal, why) in [(folder.path().join("missing.sqlite"), "not found"), (other, "not a Sockeye journal")] {
        let mut command = sockeye(&["export", "--pcapng"]);
        let output = command.arg(&journal).arg(&out).output().expect("it runs");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(why) && words.contains(journal.to_str().expect("UTF-8")), "{words}");
        assert_eq!(fs::read(&out).expect("the file"), b"old");
    }
    assert_eq!(listing(folder.path()), ["a.pcapng", "other"]);
}
