//! What this machine has, listed: network interfaces, and sockets in TIME_WAIT.

#![cfg(target_os = "linux")]

mod support;

use std::io::Read;
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use support::{in_own_network, ip, run, sockeye};

/// What a person reads on standard output and on standard error.
fn read(arguments: &[&str]) -> (String, String) {
    let output = sockeye(arguments).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).into()
}

#[test]
fn interfaces_are_listed_with_their_addresses() {
    in_own_network("interfaces_are_listed_with_their_addresses", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        ip(&["address", "add", "10.9.0.1/24", "brd", "+", "dev", "d0"]);
        // Addresses of IPv6 go with an interface that is switched off.
        ip(&["link", "set", "d0", "addrgenmode", "none", "up"]);
        ip(&["address", "add", "fe80::9/64", "dev", "d0", "nodad"]);
        let run = run(&["interfaces"]);
        run.expect_code(0);
        let listed = |name: &str| {
            let all = run.all("interface");
            (*all.iter().find(|event| event["name"] == name).unwrap_or_else(|| panic!("no {name}: {all:?}"))).clone()
        };
        let (lo, d0) = (listed("lo"), listed("d0"));
        assert_eq!((&lo["up"], &lo["loopback"], &lo["multicast"]), (&json!(true), &json!(true), &json!(false)));
        assert_eq!(lo["addresses"][0], json!({ "address": "127.0.0.1", "prefix": 8 }));
        assert_eq!((&d0["up"], &d0["loopback"], &d0["multicast"]), (&json!(true), &json!(false), &json!(true)));
        let broadcast = json!({ "address": "10.9.0.1", "prefix": 24, "broadcast": "10.9.0.255" });
        assert_eq!(d0["addresses"], json!([broadcast, { "address": "fe80::9", "prefix": 64 }]));

        let (out, errors) = read(&["interfaces"]);
        let index = &d0["index"];
        let line = format!("d0 ({index})  up, multicast  10.9.0.1/24  fe80::9%d0/64");
        assert!(out.lines().any(|written| written == line), "{line} in {out}");
        assert!(out.lines().any(|line| line.starts_with("d1 (") && line.ends_with(")  down, multicast")), "{out}");
        assert!(out.lines().any(|line| line.starts_with("lo (1)  up, loopback  127.0.0.1/8")), "{out}");
        assert_eq!(errors, "");
    });
}

/// Ends a connection from the listener's side; returns its client's address.
fn leave_time_wait(listener: &TcpListener) -> String {
    let mut client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    drop(listener.accept().expect("the connection"));
    // The end of its peer was seen: closing completes the farewell.
    assert_eq!(client.read(&mut [0]).expect("the end"), 0);
    client.local_addr().expect("an address").to_string()
}

#[test]
fn sockets_in_time_wait_are_listed_with_what_is_left_of_their_time() {
    in_own_network("sockets_in_time_wait_are_listed_with_what_is_left_of_their_time", || {
        let listener = TcpListener::bind("127.0.0.1:9000").expect("the port");
        let other = TcpListener::bind("127.0.0.2:9000").expect("the port");
        let (mut peers, apart) = ([leave_time_wait(&listener), leave_time_wait(&listener)], leave_time_wait(&other));
        peers.sort();
        let listed = |place: &str| -> Vec<(Value, String)> {
            let run = run(&["time-wait", place]);
            run.expect_code(0);
            let mut sockets: Vec<_> = run.all("time-wait").into_iter().map(described).collect();
            sockets.sort_by(|(_, a), (_, b)| a.cmp(b));
            assert_eq!(run.events.len(), sockets.len(), "{:?}", run.events);
            sockets
        };
        let ours = peers.map(|peer| ("127.0.0.1:9000".into(), peer));
        for place in ["tcp://127.0.0.1:9000", "tcp://localhost:9000?v6only=1"] {
            assert_eq!(listed(place), ours, "{place}");
        }
        let all = listed("9000");
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all.contains(&("127.0.0.2:9000".into(), apart.clone())), "{all:?}");
        assert_eq!(listed("tcp://127.0.0.1:9001"), []);

        let (out, errors) = read(&["time-wait", "tcp://127.0.0.2:9000"]);
        assert!(out.starts_with(&format!("127.0.0.2:9000 ← {apart}, ")) && out.ends_with(" s left\n"), "{out}");
        assert_eq!((out.lines().count(), errors.as_str()), (1, ""));
        assert_eq!(read(&["time-wait", "9001"]), (String::new(), "no socket is in TIME_WAIT there\n".to_owned()));
    });
}

/// Its own address and its peer's; the time that is left is at most the minute that Linux keeps it.
fn described(event: &Value) -> (Value, String) {
    let seconds = event["seconds"].as_u64().expect("a number");
    assert!((1..=60).contains(&seconds), "{event}");
    (event["local"].clone(), event["peer"].as_str().expect("a text").to_owned())
}

#[test]
fn a_name_that_nobody_has_is_said() {
    let run = run(&["time-wait", "tcp://nosuch..invalid:9"]);
    assert_eq!(run.expect_error(1, "resolve")["message"], "no such host");
}
