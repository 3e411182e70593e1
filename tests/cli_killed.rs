//! kill -9 in the middle of a flood: the journal opens, has no gap, and lacks nothing but the last moments.

#![cfg(unix)]

mod support;

use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

use sockeye::model::{Direction, Filter, Page, PageRequest, Row, RowBody, SocketId, Stamp};
use sockeye::store::journal::{JournalReader, JournalWriter};
use support::{PATIENCE, Sockeye};

const ROUNDS: usize = 20;
/// What may be missing of the end.
const MAY_BE_MISSING: Duration = Duration::from_millis(100);
/// Where no answer came for so long the machine did other things, and not the program alone waits for it to come back.
const STALLED: Duration = Duration::from_millis(30);
/// Rounds that may say nothing.
const SILENT_MAX: usize = 100;
/// Something else on the machine may hold the recorder alone up, which nobody sees from outside. What is late by itself is
/// late each time.
const ATTEMPTS: usize = 5;
/// Datagrams on their way at once: too few for any of them to be dropped.
const ON_THEIR_WAY: u64 = 32;

struct Killed {
    /// When each datagram's echo came, in their order: the program had received it by then.
    answered: Vec<Instant>,
    at: Instant,
    /// The longest that no answer came, or that the kill took.
    longest: Duration,
}

/// What may be missing where nothing moved for so long: on a machine that stands still, the recorder may have waited as long
/// for what it was to write, and once more while it did.
fn may_be_missing(longest: Duration) -> Duration {
    if longest > STALLED { MAY_BE_MISSING + 2 * longest } else { MAY_BE_MISSING }
}

/// Floods an echo and kills it between two answers, once there were enough and it is long enough that they began.
fn flood_and_kill(journal: &Path, answers: usize) -> Killed {
    let path = journal.to_str().expect("UTF-8");
    let (mut sockeye, endpoint) =
        Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--echo", "--quiet", "--journal", path]);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(endpoint.trim_start_matches("udp://")).expect("an address");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let send = |number: u64| {
        let mut payload = [7; 64];
        payload[..8].copy_from_slice(&number.to_be_bytes());
        socket.send(&payload).expect("somebody listens");
    };
    let begun = Instant::now();
    (0..ON_THEIR_WAY).for_each(send);
    let (mut answered, mut longest): (Vec<Instant>, _) = (Vec::new(), Duration::ZERO);
    let mut buffer = [0; 64];
    while answered.len() < answers || begun.elapsed() < 2 * may_be_missing(longest) {
        socket.recv(&mut buffer).expect("an echo");
        assert_eq!(buffer[..8], (answered.len() as u64).to_be_bytes(), "echoes come in order");
        let now = Instant::now();
        longest = longest.max(now - *answered.last().unwrap_or(&begun));
        answered.push(now);
        send(answered.len() as u64 - 1 + ON_THEIR_WAY);
    }
    let at = Instant::now();
    sockeye.kill();
    Killed { answered, at, longest: longest.max(at.elapsed()) }
}

fn page(reader: &mut JournalReader, filter: &Filter, first: u64) -> Page {
    let request = PageRequest { filter: filter.clone(), first, count: PageRequest::COUNT_MAX, from_end: false };
    reader.page(&request).expect("a page")
}

/// The numbers that the rows of received datagrams carry, and of how many rows.
fn recorded(journal: &Path) -> (Vec<u64>, u64) {
    let mut reader = JournalReader::open(journal).expect("it opens");
    let everything = Filter::default();
    let (mut numbers, mut rows) = (Vec::new(), 0);
    loop {
        let page = page(&mut reader, &everything, rows);
        for row in &page.rows {
            rows += 1;
            assert_eq!(row.number, rows, "rows are contiguous");
            if matches!(row.body, RowBody::Data { direction: Direction::In, .. }) {
                assert_eq!(row.preview.len(), 64);
                numbers.push(u64::from_be_bytes(*row.preview.first_chunk().expect("64 bytes")));
            }
        }
        if page.rows.is_empty() {
            assert_eq!(rows, page.total);
            return (numbers, rows);
        }
    }
}

/// It can be gone on with where it ends.
fn goes_on(journal: &Path, rows: u64) {
    let row = Row {
        stamp: Stamp::default(),
        socket: SocketId(1),
        session: None,
        peer: String::new(),
        body: RowBody::Life(sockeye::model::Life::PeerFinished),
        stream_offset: 0,
        payload: Vec::new(),
    };
    let mut writer = JournalWriter::create(journal).expect("it opens");
    assert_eq!(writer.append(&[row]).expect("it is written to"), rows + 1);
}

#[test]
fn twenty_kills_cost_a_tenth_of_a_second_each_at_most() {
    // Where there is room in memory, no disk holds anybody up.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder");
    let (mut told, mut attempts) = (0, 0);
    let mut late = Vec::new();
    while told < ROUNDS {
        attempts += 1;
        assert!(attempts < ROUNDS + SILENT_MAX, "this machine stands still in each round");
        let journal = folder.path().join(format!("killed-{attempts}.sqlite"));
        let killed = flood_and_kill(&journal, 500 + 137 * told);
        let (numbers, rows) = recorded(&journal);
        assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "each datagram once and in order: {numbers:?}");
        goes_on(&journal, rows);
        let may_be_missing = may_be_missing(killed.longest);
        let old_enough = killed.answered.partition_point(|at| killed.at - *at > may_be_missing);
        if old_enough == 0 {
            // All that time the kill took.
            continue;
        }
        if numbers.len() < old_enough {
            late.push((numbers.len(), old_enough));
            assert!(late.len() < ATTEMPTS, "round {told}, rows that are there and datagrams that are old: {late:?}");
            continue;
        }
        late.clear();
        told += 1;
        std::fs::remove_file(&journal).expect("it is closed");
    }
}
