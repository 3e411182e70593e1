//! How a run ends: by a signal at any time, in order, the summary last, and the port free again.

#![cfg(unix)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::Signal;
use support::{Process, Run, Sockeye, in_own_network, sockeye, within_a_second};

fn address(endpoint: &str) -> &str {
    endpoint.split_once("://").expect("a scheme").1
}

/// The run that the signal ends, and how long that takes.
fn ends(sockeye: Sockeye, signal: Signal) -> (Run, Duration) {
    let told = Instant::now();
    sockeye.signal(signal);
    (sockeye.finish(), told.elapsed())
}

/// Somebody who sends as fast as the system lets them, until dropped.
struct Flood {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flood {
    fn start(mut send: impl FnMut() -> bool + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || while !stopped.load(Ordering::Relaxed) && send() {});
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn either_signal_ends_in_order() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        within_a_second(|| {
            let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0"]);
            let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
            peer.write_all(b"hi").expect("it is sent");
            sockeye.expect("received");
            let (run, took) = ends(sockeye, signal);
            run.expect_code(0);
            assert_eq!(run.one("closed")["reason"], "stopped");
            assert_eq!(run.summary()["received_bytes"], 2);
            assert_eq!(peer.read(&mut [0; 1]).expect("an end, not a reset"), 0);
            took
        });
    }
}

/// timeout(1) signals its child, and then its group, the child among it.
#[test]
fn two_signals_at_once_are_one_wish() {
    within_a_second(|| {
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0"]);
        let _peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
        sockeye.expect("opened");
        sockeye.signal(Signal::SIGINT);
        let (run, took) = ends(sockeye, Signal::SIGTERM);
        run.expect_code(0);
        assert_eq!(run.one("closed")["reason"], "stopped");
        run.summary();
        took
    });
}

#[test]
fn a_tcp_flood_does_not_delay_the_end() {
    for quiet in [false, true] {
        within_a_second(|| {
            let arguments: &[&str] = if quiet { &["--quiet"] } else { &[] };
            let arguments: Vec<&str> = ["listen", "tcp://127.0.0.1:0"].iter().chain(arguments).copied().collect();
            let (mut sockeye, endpoint) = Sockeye::listen(&arguments);
            let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
            let block = vec![7; 64 << 10];
            let flood = Flood::start(move || peer.write_all(&block).is_ok());
            sockeye.expect(if quiet { "opened" } else { "received" });
            let (run, took) = ends(sockeye, Signal::SIGINT);
            run.expect_code(0);
            assert!(run.summary()["received_bytes"].as_u64().is_some_and(|bytes| quiet || bytes > 0));
            drop(flood);
            took
        });
    }
}

#[test]
fn a_datagram_flood_does_not_delay_the_end() {
    within_a_second(|| {
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "udp://127.0.0.1:0"]);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(address(&endpoint)).expect("an address");
        let flood = Flood::start(move || {
            // Refused once the listener is gone; until then everything counts.
            socket.send(&[7; 64]).ok();
            true
        });
        sockeye.expect("received");
        let (run, took) = ends(sockeye, Signal::SIGTERM);
        run.expect_code(0);
        assert_eq!(run.all("received").len() as u64, run.summary()["received"].as_u64().expect("a count"));
        drop(flood);
        took
    });
}

#[test]
fn an_echo_that_nobody_reads_does_not_delay_the_end() {
    within_a_second(|| {
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--echo", "--quiet"]);
        let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
        peer.set_write_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        let block = vec![7; 64 << 10];
        sockeye.expect("opened");
        // Until both directions are full.
        while peer.write_all(&block).is_ok() {}
        let (run, took) = ends(sockeye, Signal::SIGINT);
        run.expect_code(0);
        took
    });
}

#[test]
fn a_client_ends_by_a_signal() {
    within_a_second(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
        let mut sockeye = Sockeye::start(&["connect", &endpoint]);
        let (mut peer, _) = listener.accept().expect("a connection");
        sockeye.expect("opened");
        let (run, took) = ends(sockeye, Signal::SIGINT);
        run.expect_code(0);
        run.summary();
        assert_eq!(peer.read(&mut [0; 1]).expect("an end, not a reset"), 0);
        took
    });
}

#[test]
fn a_client_that_never_got_through_has_failed() {
    within_a_second(|| {
        // Nobody answers: the queue of one that never accepts is full.
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("an address").into()).expect("a port");
        listener.listen(0).expect("it listens");
        let address = listener.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
        let fillers: Vec<_> =
            (0..4).filter_map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok()).collect();
        let sockeye = Sockeye::start(&["connect", &format!("tcp://{address}"), "--send", "x"]);
        assert!(!fillers.is_empty());
        wait_for_handlers(&sockeye);
        let (run, took) = ends(sockeye, Signal::SIGINT);
        run.expect_code(1);
        assert!(run.all("opened").is_empty());
        run.summary();
        took
    });
}

/// Waits until a process catches SIGINT: before, the system would end it without a word.
fn wait_for_handlers(sockeye: &Sockeye) {
    let status = format!("/proc/{}/status", sockeye.id());
    let deadline = Instant::now() + support::PATIENCE;
    let catches = || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).unwrap_or_default();
        u64::from_str_radix(mask, 16).is_ok_and(|mask| mask & (1 << (Signal::SIGINT as u32 - 1)) != 0)
    };
    while !catches() {
        assert!(Instant::now() < deadline, "it never catches SIGINT");
        std::thread::yield_now();
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    // Standard output is full and nobody reads it: an orderly end would wait for its reader.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let output = writer.try_clone().expect("a descriptor");
    let mut command = sockeye(&["listen", "udp://127.0.0.1:0", "--json"]);
    command.stdout(writer).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("it runs");
    drop(command);
    let mut lines = std::io::BufReader::new(&reader);
    let mut first = String::new();
    std::io::BufRead::read_line(&mut lines, &mut first).expect("the first line");
    let told: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let endpoint = told["endpoint"].as_str().expect("an endpoint").to_owned();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(address(&endpoint)).expect("an address");
    let flood = Flood::start(move || {
        socket.send(&[7; 1000]).ok();
        true
    });
    let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("ids are ints"));
    let deadline = Instant::now() + support::PATIENCE;
    while has_room(&output) {
        assert!(Instant::now() < deadline, "its output is never full");
        std::thread::yield_now();
    }
    let code = loop {
        nix::sys::signal::kill(id, Signal::SIGTERM).expect("it is there until it is waited for");
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status.code();
        }
        assert!(Instant::now() < deadline, "it goes on");
        std::thread::yield_now();
    };
    assert_eq!(code, Some(130));
    drop(flood);
}

/// Whether a write to the pipe would go through.
fn has_room(pipe: &std::io::PipeWriter) -> bool {
    let mut room = [PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)];
    nix::poll::poll(&mut room, PollTimeout::ZERO).expect("a pipe can be polled") > 0
}

#[test]
fn the_port_is_free_again_at_once() {
    // Where nobody else gets it meanwhile.
    in_own_network("the_port_is_free_again_at_once", || {
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0"]);
        let peers: Vec<TcpStream> =
            (0..5).map(|_| TcpStream::connect(address(&endpoint)).expect("somebody listens")).collect();
        for _ in &peers {
            sockeye.expect("opened");
        }
        // It closes first, so its side of each connection is what stays in TIME_WAIT.
        sockeye.interrupt().expect_code(0);
        drop(peers);
        let (sockeye, again) = Sockeye::listen(&["listen", &endpoint]);
        assert_eq!(again, endpoint);
        sockeye.interrupt().expect_code(0);
    });
}

#[test]
fn once_is_one_connection() {
    // Where nobody else gets its port in the end.
    in_own_network("once_is_one_connection", || {
        let mut process = Process::start(sockeye(&["listen", "tcp://127.0.0.1:0", "--once"]));
        let words = process.read_errors_until("listening");
        let endpoint = words.split_whitespace().last().expect("an endpoint").to_owned();
        let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
        peer.write_all(&[0, 255, 10]).expect("it is sent");
        drop(peer);
        let finished = process.finish();
        assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), &[0, 255, 10][..]), "{}", finished.stderr);
        assert!(TcpStream::connect(address(&endpoint)).is_err(), "nobody listens any more");
    });
}
