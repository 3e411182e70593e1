//! Many at once: a thousand connections, more than there are descriptors, and every datagram accounted for.

#![cfg(unix)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::Command;
use std::sync::Barrier;

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{Sockeye, require_tool, sockeye};

fn address(endpoint: &str) -> &str {
    endpoint.split_once("://").expect("a scheme").1
}

/// A thousand connections, begun by several threads at once.
fn burst(address: &str) -> Vec<TcpStream> {
    const THREADS: usize = 8;
    let start = Barrier::new(THREADS);
    let address = address.parse().expect("an address");
    std::thread::scope(|scope| {
        let connect = || {
            start.wait();
            (0..1000 / THREADS)
                .map(|_| TcpStream::connect_timeout(&address, support::PATIENCE).expect("somebody listens"))
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(connect)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread of the burst")).collect()
    })
}

/// A SYN that finds the queue full is dropped and sent again after a second; the kernel counts both.
#[test]
#[cfg(target_os = "linux")]
fn a_thousand_quick_connects_lose_no_syn() {
    support::in_own_network("a_thousand_quick_connects_lose_no_syn", || {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};

        getrlimit(Resource::RLIMIT_NOFILE)
            .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard.min(65_536), hard))
            .expect("a thousand descriptors");
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--quiet"]);
        // Against a listener that takes none meanwhile, and one that does.
        for is_busy in [true, false] {
            if is_busy {
                sockeye.signal(Signal::SIGSTOP);
            }
            let peers = burst(address(&endpoint));
            sockeye.signal(Signal::SIGCONT);
            for mut peer in &peers {
                sockeye.expect("opened");
                peer.write_all(b"x").expect("it is open");
            }
            drop(peers);
            for _ in 0..1000 {
                sockeye.expect("closed");
            }
        }
        for count in ["ListenOverflows", "ListenDrops", "TCPSynRetrans"] {
            assert_eq!(support::tcp_count(count), 0, "{count}");
        }
        let run = sockeye.interrupt();
        run.expect_code(0);
        assert_eq!((run.all("opened").len(), &run.summary()["received_bytes"]), (2000, &2000.into()));
    });
}

#[test]
fn out_of_descriptors_it_waits_and_says_so() {
    if !require_tool("prlimit") {
        return;
    }
    let inner = sockeye(&["listen", "tcp://127.0.0.1:0", "--echo", "--json", "--quiet", "--info"]);
    let mut command = Command::new("prlimit");
    command.arg("--nofile=40:40").arg(inner.get_program()).args(inner.get_args());
    let mut sockeye = Sockeye::watch(command);
    let endpoint = sockeye.listening();

    // More than 40 fit into the queue of those that wait to be accepted.
    let mut peers: Vec<TcpStream> =
        (0..60).map(|_| TcpStream::connect(address(&endpoint)).expect("somebody listens")).collect();
    let paused = |value: &Value| value["event"] == "notice" && value["notice"] == "accepting-paused";
    let notice = sockeye.expect_where("pause", paused);
    assert!(notice["message"].as_str().is_some_and(|message| message.contains("descriptor")), "{notice}");
    let accepted = sockeye.events.iter().filter(|event| event["event"] == "opened").count();
    assert!((10..40).contains(&accepted), "{accepted} were accepted");
    // The kernel knows of the others.
    sockeye.signal(Signal::SIGUSR1);
    let info = sockeye.expect("info");
    assert_eq!(info["accept_queue"], 60 - accepted, "{info}");

    // Those that got in are served meanwhile, and the last ones once the first have left.
    is_echoed(&mut peers[0]);
    let mut last = peers.split_off(40);
    drop(peers);
    let resumed = |value: &Value| value["event"] == "notice" && value["notice"] == "accepting-resumed";
    sockeye.expect_where("resumption", resumed);
    for peer in &mut last {
        is_echoed(peer);
    }
    let run = sockeye.interrupt();
    run.expect_code(0);
    assert_eq!(run.all("opened").len(), 60);
    assert!(run.all("notice").len() < 20, "a pause is told once, not at every try");
}

/// strace(1) has four calls in a row that start a thread say that there are too many (RLIMIT_NPROC, pids.max).
#[test]
#[cfg(target_os = "linux")]
fn out_of_threads_it_waits_and_says_so() {
    use std::os::unix::process::CommandExt as _;

    if !require_tool("strace") {
        return;
    }
    let inner = sockeye(&["listen", "tcp://127.0.0.1:0", "--echo", "--json", "--quiet"]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", "trace=clone,clone3"]);
    // Counted in each thread: nobody but the listener starts so many.
    strace.args(["-e", "inject=clone,clone3:error=EAGAIN:when=12..15"]).arg(inner.get_program()).args(inner.get_args());
    strace.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE").process_group(0);
    let mut sockeye = Sockeye::watch(strace);
    let endpoint = sockeye.listening();
    let mut peers: Vec<TcpStream> =
        (0..20).map(|_| TcpStream::connect(address(&endpoint)).expect("somebody listens")).collect();
    for peer in &mut peers {
        is_echoed(peer);
    }
    let run = sockeye.interrupt_group();
    run.expect_code(0);
    assert_eq!(run.all("opened").len(), 20);
    let error = run.one("error");
    assert_eq!((&error["operation"], &error["endpoint"]), (&"accept".into(), &endpoint.into()));
    // Nobody is accepted between the two.
    let told: Vec<&Value> = run.events.iter().map(|event| &event["event"]).collect();
    let paused = told.iter().position(|event| *event == "error").expect("it was told");
    assert_eq!(told[..paused].iter().filter(|event| **event == "opened").count(), 12);
    assert_eq!(run.events[paused + 1]["notice"], "accepting-resumed");
}

fn is_echoed(peer: &mut TcpStream) {
    peer.set_read_timeout(Some(support::PATIENCE)).expect("a timeout");
    peer.write_all(b"ping").expect("it is open");
    let mut answer = [0; 4];
    peer.read_exact(&mut answer).expect("an echo");
    assert_eq!(&answer, b"ping");
}

/// Sends datagrams as fast as the system takes them; every one has to be in the summary. Returns how many were dropped.
fn all_are_accounted_for(arguments: &[&str], count: u64, is_held: bool) -> u64 {
    let (sockeye, endpoint) = Sockeye::listen(arguments);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(address(&endpoint)).expect("an address");
    if is_held {
        sockeye.signal(Signal::SIGSTOP);
    }
    for _ in 0..count {
        socket.send(&[7; 64]).expect("somebody listens");
    }
    sockeye.signal(Signal::SIGCONT);
    let run = sockeye.interrupt();
    run.expect_code(0);
    let summary = run.summary();
    let (received, dropped) = (summary["received"].as_u64(), summary["dropped"].as_u64());
    let (received, dropped) = (received.expect("a count"), dropped.expect("known on this system"));
    assert_eq!(received + dropped, count, "{summary}");
    assert_eq!(summary["received_bytes"], received * 64);
    let told = run.all("received").len() as u64;
    assert_eq!(told, if arguments.contains(&"--quiet") { 0 } else { received });
    dropped
}

#[test]
#[cfg(target_os = "linux")]
fn received_and_dropped_are_sent() {
    all_are_accounted_for(&["listen", "udp://127.0.0.1:0", "--quiet"], 100_000, false);
    // One line a datagram: slower, so that the kernel has to drop more.
    all_are_accounted_for(&["listen", "udp://127.0.0.1:0?rcvbuf=16K"], 20_000, false);
    // Nobody receives meanwhile: the buffer has room for some dozens.
    let dropped = all_are_accounted_for(&["listen", "udp://127.0.0.1:0?rcvbuf=16K"], 20_000, true);
    assert!(dropped > 10_000, "{dropped}");
}

#[test]
fn a_cut_datagram_is_counted_and_marked() {
    let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "udp://127.0.0.1:0?recvsize=4"]);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(address(&endpoint)).expect("an address");
    for datagram in [&b"1234"[..], b"12345", b""] {
        socket.send(datagram).expect("somebody listens");
        let received = sockeye.expect("received");
        assert_eq!(received["bytes"], datagram.len().min(4));
        assert_eq!(received["truncated"] == true, datagram.len() > 4, "{received}");
    }
    let run = sockeye.interrupt();
    let summary = run.summary();
    assert_eq!((&summary["received"], &summary["truncated"]), (&3.into(), &1.into()));
}

/// The most memory that a process had resident, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(sockeye: &Sockeye) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", sockeye.id())).expect("it runs");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak").trim();
    most.trim_end_matches(" kB").parse().expect("a number")
}

#[test]
#[cfg(target_os = "linux")]
fn an_idle_connection_takes_little() {
    let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--quiet"]);
    let before = peak_kib(&sockeye);
    let peers: Vec<TcpStream> =
        (0..200).map(|_| TcpStream::connect(address(&endpoint)).expect("somebody listens")).collect();
    for _ in &peers {
        sockeye.expect("opened");
    }
    let each = (peak_kib(&sockeye) - before) / 200;
    assert!(each < 40, "{each} KiB each");
    sockeye.interrupt().expect_code(0);
}

#[test]
#[cfg(target_os = "linux")]
fn memory_stays_small_whatever_arrives() {
    let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--quiet"]);
    let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
    let block = vec![7; 1 << 20];
    for _ in 0..256 {
        peer.write_all(&block).expect("it is taken");
    }
    drop(peer);
    sockeye.expect("closed");
    let kib = peak_kib(&sockeye);
    assert!(kib < 32 << 10, "{kib} KiB");
    assert_eq!(sockeye.interrupt().expect_code(0).summary()["received_bytes"], 256 << 20);
}

#[test]
#[cfg(target_os = "linux")]
fn memory_stays_small_while_all_of_it_is_recorded() {
    const BLOCKS: u64 = 128;
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    let path = journal.to_str().expect("UTF-8");
    let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--quiet", "--journal", path]);
    let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
    let block = vec![7; 1 << 20];
    for _ in 0..BLOCKS {
        peer.write_all(&block).expect("it is taken");
    }
    drop(peer);
    sockeye.expect("closed");
    let kib = peak_kib(&sockeye);
    // What may wait for the disk, a transaction, and SQLite's cache and index of its log are in it.
    assert!(kib < 64 << 10, "{kib} KiB");
    assert_eq!(sockeye.interrupt().expect_code(0).summary()["received_bytes"], BLOCKS << 20);
    assert!(std::fs::metadata(&journal).expect("the journal").len() > BLOCKS << 20, "all is on disk");
}
