use std::path::Path;
use std::process::Command;

use sockeye::model::{Call, CloseReason, Direction, Life, Row, RowBody, SaveRequest, SessionId, SocketId, Stamp};
use sockeye::store::journal::{JournalReader, JournalWriter};

/// Rows as the engine records them, one millisecond after the other.
#[derive(Default)]
pub(crate) struct Recording {
    pub(crate) rows: Vec<Row>,
    /// Bytes that crossed, by session and direction.
    offsets: std::collections::HashMap<(u64, bool), u64>,
}

/// When a recording begins, in nanoseconds since 1970.
pub(crate) const BEGIN: i64 = 1_790_000_000_123_456_789;

impl Recording {
    pub(crate) fn life(&mut self, session: u64, life: Life) {
        self.row(session, "", RowBody::Life(life), 0, b"");
    }

    pub(crate) fn connected(&mut self, session: u64, local: &str, peer: &str) {
        self.life(session, Life::Connected { local: local.to_owned(), peer: peer.to_owned(), process: None });
    }

    pub(crate) fn accepted(&mut self, session: u64, local: &str, peer: &str) {
        self.life(session, Life::Accepted { local: local.to_owned(), peer: peer.to_owned(), process: None });
    }

    pub(crate) fn closed(&mut self, session: u64, reason: CloseReason) {
        self.life(session, Life::Closed { reason });
    }

    /// Bytes of a stream.
    pub(crate) fn sent(&mut self, session: u64, bytes: &[u8]) {
        self.stream(session, Direction::Out, Call::Send, bytes);
    }

    pub(crate) fn received(&mut self, session: u64, bytes: &[u8]) {
        self.stream(session, Direction::In, Call::Recv, bytes);
    }

    fn stream(&mut self, session: u64, direction: Direction, call: Call, bytes: &[u8]) {
        let offset = self.offsets.entry((session, direction == Direction::In)).or_default();
        let before = std::mem::replace(offset, *offset + bytes.len() as u64);
        self.row(session, "", RowBody::Data { direction, call, truncated: false }, before, bytes);
    }

    pub(crate) fn datagram(&mut self, session: u64, direction: Direction, bytes: &[u8]) {
        let call = if direction == Direction::In { Call::RecvFrom } else { Call::SendTo };
        self.row(session, "", RowBody::Data { direction, call, truncated: false }, 0, bytes);
    }

    /// A session on a CAN bus, and what it received.
    pub(crate) fn can_frame(&mut self, session: u64) {
        self.life(session, Life::Opened { local: "can://vcan0".to_owned(), peer: "can://vcan0".to_owned() });
        let frame = "123#DEADBEEF".parse::<sockeye::codec::can::Frame>().expect("a frame");
        self.datagram(session, Direction::In, &frame.to_bytes());
    }

    pub(crate) fn row(&mut self, session: u64, peer: &str, body: RowBody, stream_offset: u64, bytes: &[u8]) {
        let mono_ns = self.rows.len() as u64 * 1_000_000;
        self.rows.push(Row {
            stamp: Stamp { wall_ns: BEGIN + mono_ns.cast_signed(), mono_ns, kernel_ns: None },
            socket: SocketId(session),
            session: Some(SessionId(session)),
            peer: peer.to_owned(),
            body,
            stream_offset,
            payload: bytes.to_vec(),
        });
    }

    pub(crate) fn keep(&self, journal: &Path) {
        JournalWriter::create(journal).and_then(|mut writer| writer.append(&self.rows)).expect("a journal");
    }
}

/// Every row of a journal with its whole payload, in order.
pub(crate) fn rows_of(journal: &Path) -> Vec<serde_json::Value> {
    let copy = journal.with_extension("copy.jsonl");
    let mut reader = JournalReader::open(journal).expect("a journal");
    reader.save(&SaveRequest::new(&copy), &[]).expect("it is saved");
    let text = std::fs::read_to_string(copy).expect("the copy");
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

/// What a tool of Wireshark says; it has to be content.
pub(crate) fn wireshark(tool: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(tool).args(arguments).env("LC_ALL", "C.UTF-8").env("TZ", "UTC").output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Fields of all packets that fit, by tshark, which checks every checksum.
pub(crate) fn fields(capture: &Path, which: &str, fields: &[&str]) -> Vec<Vec<String>> {
    let mut arguments =
        vec!["-n", "-r", capture.to_str().expect("UTF-8"), "-Y", which, "-T", "fields", "-E", "aggregator= "];
    for layer in ["ip", "tcp", "udp"] {
        arguments.extend([
            "-o",
            match layer {
                "ip" => "ip.check_checksum:TRUE",
                "tcp" => "tcp.check_checksum:TRUE",
                _ => "udp.check_checksum:TRUE",
            },
        ]);
    }
    fields.iter().for_each(|field| arguments.extend(["-e", field]));
    let text = wireshark("tshark", &arguments);
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Both directions of a stream of TCP as tshark follows it: what its first sender sent, and what the other.
pub(crate) fn followed(capture: &Path, stream: u32) -> [Vec<u8>; 2] {
    let text = wireshark(
        "tshark",
        &["-n", "-r", capture.to_str().expect("UTF-8"), "-q", "-z", &format!("follow,tcp,raw,{stream}")],
    );
    let mut sides = [Vec::new(), Vec::new()];
    let lines = text.lines().skip_while(|line| !line.starts_with("Node 1")).skip(1);
    for line in lines.take_while(|line| !line.starts_with('=')) {
        let side = usize::from(line.starts_with('\t'));
        let hex = sockeye::codec::hex::parse(line.trim()).unwrap_or_else(|error| panic!("{error:?}: {line}"));
        sides[side].extend(hex);
    }
    sides
}

/// Fails unless Wireshark's tools take the file, and see nothing wrong in it.
pub(crate) fn expect_sound(capture: &Path) {
    let path = capture.to_str().expect("UTF-8");
    let info = wireshark("capinfos", &[path]);
    assert!(info.contains("pcapng") && info.contains("nanoseconds (9)"), "{info}");
    let bad = fields(
        capture,
        "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0",
        &["frame.number", "frame.comment"],
    );
    assert!(bad.is_empty(), "{bad:?}");
}
