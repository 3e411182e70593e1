//! Networks in which a connection can't come about, each made for its test.

#![cfg(target_os = "linux")]

mod support;

use support::{in_own_network, ip, run, sockeye};

#[test]
fn no_host_and_no_network_there() {
    in_own_network("no_host_and_no_network_there", || {
        ip(&["route", "add", "unreachable", "10.9.9.0/24"]);
        // 10.9.9.0/24 has a route that says so; of 10.9.8.0/24 no route knows.
        for (address, message) in [("10.9.9.9:9", "host unreachable"), ("10.9.8.9:9", "network unreachable")] {
            for scheme in ["tcp", "udp"] {
                let endpoint = format!("{scheme}://{address}");
                let run = run(&["connect", &endpoint, "--send", "x"]);
                run.expect_code(1);
                let error = run.one("error");
                assert_eq!((&error["operation"], &error["endpoint"]), (&"connect".into(), &endpoint.as_str().into()));
                assert_eq!(error["message"], message);
                assert_eq!(error["hint"], "Check the address and the network.");
                assert!(run.all("opened").is_empty());
                run.summary();

                let output = sockeye(&["connect", &endpoint, "--send", "x"]).output().expect("it runs");
                let words = String::from_utf8_lossy(&output.stderr).into_owned();
                assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{words}");
                for part in ["connect", address, message, "Check the address and the network."] {
                    assert!(words.contains(part), "{part} in {words}");
                }
            }
        }
    });
}

/// With one port to choose from, the system gives the socket the very port that it connects to.
#[test]
fn a_port_that_nobody_holds_does_not_answer_itself() {
    in_own_network("a_port_that_nobody_holds_does_not_answer_itself", || {
        std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40001 40001").expect("the network is the test's own");
        let run = run(&["connect", "tcp://127.0.0.1:40001", "--send", "x"]);
        run.expect_code(1);
        let error = run.one("error");
        assert_eq!((&error["operation"], &error["message"]), (&"connect".into(), &"connection refused".into()));
        assert!(run.all("opened").is_empty());
        std::net::TcpListener::bind("127.0.0.1:40001").expect("nothing holds the port");
    });
}
