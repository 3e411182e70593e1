//! The live state of connections on the command line, and a port that is waited for.

#![cfg(target_os = "linux")]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{PATIENCE, Sockeye, in_own_network, run, sockeye};

fn number(info: &Value, name: &str) -> u64 {
    info[name].as_u64().unwrap_or_else(|| panic!("no {name} in {info}"))
}

#[test]
fn a_connection_tells_its_state_when_asked_and_at_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    let mut client = Sockeye::start(&["connect", &endpoint, "--info"]);
    let (mut peer, _) = listener.accept().expect("a client");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    client.write(b"hello");
    peer.read_exact(&mut [0; 5]).expect("it is sent");
    peer.write_all(b"to you").expect("it is open");
    client.expect("received");

    client.signal(Signal::SIGUSR1);
    let info = client.expect("info");
    assert_eq!((&info["session"], &info["state"]), (&1.into(), &"ESTABLISHED".into()));
    assert_eq!((number(&info, "bytes_sent"), number(&info, "bytes_received")), (5, 6));
    assert!(number(&info, "rtt_us") < 20_000_000 && number(&info, "congestion_window") > 0, "{info}");
    assert_eq!((number(&info, "retransmits"), number(&info, "unread")), (0, 0));
    assert!(info["unacknowledged"].is_u64() && info["dropped"].is_u64(), "{info}");

    drop(peer);
    let run = client.finish();
    let infos = run.expect_code(0).all("info");
    assert_eq!(infos.len(), 2, "{:?}", run.events);
    assert_eq!((number(infos[1], "bytes_sent"), number(infos[1], "bytes_received")), (5, 6));
    let place = |event: &str| run.events.iter().rposition(|told| told["event"] == event);
    assert!(place("info") < place("closed"), "{:?}", run.events);
}

#[test]
fn a_listener_tells_of_itself_and_of_each_connection() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0?backlog=7", "--info"]);
    let address = endpoint.trim_start_matches("tcp://").to_owned();
    let peers = [(); 2].map(|()| TcpStream::connect(&address).expect("it listens"));
    for _ in &peers {
        server.expect("opened");
    }
    server.signal(Signal::SIGUSR1);
    let own = server.expect("info");
    assert_eq!((own.get("session"), &own["state"], number(&own, "accept_queue_max")), (None, &"LISTEN".into(), 7));
    assert!(own.get("rtt_us").is_none(), "nothing that means nothing: {own}");
    for session in [1, 2] {
        let info = server.expect("info");
        assert_eq!((number(&info, "session"), &info["state"]), (session, &"ESTABLISHED".into()));
    }
    let run = server.interrupt();
    assert_eq!(run.expect_code(0).all("info").len(), 3 + 3);
    drop(peers);
}

#[test]
fn datagrams_that_were_dropped_are_told() {
    const SENT: u64 = 64;
    // Room for one of these datagrams, or two.
    let (mut server, endpoint) = Sockeye::listen(&["listen", "udp://127.0.0.1:0?rcvbuf=1", "--info"]);
    let address = endpoint.trim_start_matches("udp://").to_owned();
    let peers = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a port"));
    for peer in &peers {
        peer.send_to(b"x", &address).expect("it is sent");
        server.expect("received");
    }
    server.signal(Signal::SIGUSR1);
    let info = server.expect("info");
    assert_eq!((info.get("session"), info.get("state"), number(&info, "dropped")), (None, None, 0));
    // Nobody receives meanwhile.
    server.signal(Signal::SIGSTOP);
    for _ in 0..SENT {
        peers[0].send_to(&[7; 1000], &address).expect("it is sent");
    }
    server.signal(Signal::SIGCONT);
    let run = server.interrupt();
    let infos = run.expect_code(0).all("info");
    let received = run.all("received").len() as u64 - peers.len() as u64;
    let dropped = number(infos[1], "dropped");
    assert!(infos.len() == 2 && dropped > SENT / 2, "{infos:?}");
    assert_eq!(dropped + received, SENT);
}

#[test]
fn nobody_is_told_who_has_not_asked() {
    let (server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--once"]);
    assert!(run(&["connect", &endpoint, "--send", "x", "--wait", "0"]).all("info").is_empty());
    assert!(server.finish().all("info").is_empty());
}

#[test]
fn a_person_reads_the_state_at_the_end() {
    let (server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--once"]);
    let mut client = sockeye(&["connect", &endpoint, "--send", "x", "--wait", "0", "--info"]);
    let output = client.output().expect("it runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.lines().any(|line| line.starts_with("#1: ") && line.contains("Retransmits 0")), "{words}");
    server.finish();
}

#[test]
fn a_port_is_waited_for_and_who_has_it_told() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", holder.local_addr().expect("an address"));
    let mut server = Sockeye::start(&["listen", &endpoint, "--wait-for-port"]);
    let notice = server.expect("notice");
    assert_eq!(
        (&notice["notice"], &notice["owner"]["pid"]),
        (&"waiting-for-address".into(), &std::process::id().into())
    );
    drop(holder);
    assert_eq!(server.expect("listening")["endpoint"], endpoint);
    server.interrupt().expect_code(0);
}

#[test]
fn a_port_in_time_wait_is_waited_for_until_a_signal_comes() {
    in_own_network("a_port_in_time_wait_is_waited_for_until_a_signal_comes", || {
        // Without SO_REUSEADDR on its listener, connections that this end closes first keep the port for a minute.
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        let any: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
        socket.bind(&any.into()).and_then(|()| socket.listen(1)).expect("a port");
        let listener: TcpListener = socket.into();
        let address = listener.local_addr().expect("an address");
        let mut client = TcpStream::connect(address).expect("it listens");
        drop(listener.accept().expect("a client"));
        drop(listener);
        assert_eq!(client.read(&mut [0]).expect("the end"), 0);
        drop(client);

        let endpoint = format!("tcp://{address}");
        let mut server = Sockeye::start(&["listen", &endpoint, "--wait-for-port"]);
        let notice = server.expect("notice");
        assert_eq!(notice["notice"], "waiting-for-address");
        assert!((1..=60).contains(&number(&notice, "seconds")), "{notice}");
        assert!(notice["message"].as_str().is_some_and(|message| message.contains("TIME_WAIT")), "{notice}");
        let run = server.interrupt();
        run.expect_code(1).summary();
        assert!(run.all("listening").is_empty());

        let mut command = sockeye(&["listen", &endpoint, "--wait-for-port"]);
        command.env("LC_ALL", "zh_CN.UTF-8");
        let mut process = support::Process::start(command);
        process.read_errors_until("TIME_WAIT");
        process.signal(Signal::SIGTERM);
        assert_eq!(process.finish().code, Some(1));
    });
}
