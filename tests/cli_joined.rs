//! `connect` with standard input and output joined to the socket.

#![cfg(unix)]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use support::{Process, noise, sockeye};

/// A listener and the endpoint to connect to.
fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    (listener, endpoint)
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (peer, _) = listener.accept().expect("a connection");
    peer.set_read_timeout(Some(support::PATIENCE)).expect("a timeout");
    peer
}

/// More than all buffers hold, to a peer that reads nothing at first, and back.
#[test]
fn ten_megabytes_each_way_at_once() {
    let (listener, endpoint) = listener();
    let (ours, theirs) = (noise(10_000_000), noise(10_000_001));
    let mut client = Process::start(sockeye(&["connect", &endpoint]));
    let writer = client.write_all_and_close(ours.clone());
    let peer = accept(&listener);
    let answer = theirs.clone();
    let mut sender = peer.try_clone().expect("a second handle");
    let answering = std::thread::spawn(move || {
        sender.write_all(&answer).expect("it is taken");
        sender.shutdown(Shutdown::Write).expect("it is open");
    });
    let mut received = Vec::new();
    (&peer).read_to_end(&mut received).expect("an end");
    let finished = client.finish();
    writer.join().expect("the writer ends");
    answering.join().expect("the peer's sender ends");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(received == ours, "{} bytes arrived there", received.len());
    assert!(finished.stdout == theirs, "{} bytes arrived here", finished.stdout.len());
}

#[test]
fn a_peer_that_finishes_first_still_gets_everything() {
    let (listener, endpoint) = listener();
    // More than lies on the way while nobody reads: the client is not through before the peer has finished.
    let ours = noise(20_000_000);
    let mut client = Process::start(sockeye(&["connect", &endpoint]));
    let peer = accept(&listener);
    let writer = client.write_all_and_close(ours.clone());
    peer.shutdown(Shutdown::Write).expect("it is open");
    let mut received = Vec::new();
    (&peer).read_to_end(&mut received).expect("an end");
    let finished = client.finish();
    writer.join().expect("the writer ends");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(received == ours, "{} bytes arrived", received.len());
}

#[test]
fn nothing_to_send_is_an_answer_to_wait_for() {
    let (listener, endpoint) = listener();
    let mut client = Process::start(sockeye(&["connect", &endpoint]));
    client.close_input();
    let mut peer = accept(&listener);
    assert_eq!(peer.read(&mut [0; 1]).expect("the half-close"), 0);
    peer.write_all(b"late").expect("it reads still");
    drop(peer);
    let finished = client.finish();
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), &b"late"[..]), "{}", finished.stderr);
}

#[test]
fn a_peer_that_resets_is_a_failure() {
    let (listener, endpoint) = listener();
    let mut client = Process::start(sockeye(&["connect", &endpoint]));
    let peer = accept(&listener);
    client.read_errors_until("opened");
    socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).expect("an option");
    drop(peer);
    let words = client.read_errors_until("closed");
    assert!(words.contains("reset"), "{words}");
    assert_eq!(client.finish().code, Some(1));
}
