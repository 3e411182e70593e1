//! Groups and many recipients on the command line, with Python at the other end.

#![cfg(target_os = "linux")]

mod support;

use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use serde_json::Value;
use support::{
    PATIENCE, Process, Run, Sockeye, ask, in_own_network, ip, port_of, require_tool, run, sockeye, without_names,
};

/// As a manual of Python has it: joins a group, answers whoever writes to it, and sends to another.
const PEER: &str = r#"
import socket, struct, sys
group, answers_from = sys.argv[1], sys.argv[2]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 0))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton("127.0.0.1")))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
print(s.getsockname()[1], flush=True)
data, who = s.recvfrom(2048)
s.sendto(answers_from.encode() + b":" + data, who)
data, who = s.recvfrom(2048)
host, port = data.decode().rsplit(":", 1)
s.sendto("你好".encode(), (host, int(port)))
"#;

fn python(group: &str, name: &str) -> (Process, u16) {
    let mut command = Command::new("python3");
    command.args(["-c", PEER, group, name]);
    let mut process = Process::start(command);
    process.read_until("its port", |bytes| bytes.contains(&b'\n'));
    let port = String::from_utf8_lossy(&process.stdout).trim().parse().expect("a port");
    (process, port)
}

#[test]
fn python_is_heard_in_a_group_and_answers_there() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_is_heard_in_a_group_and_answers_there", || {
        ip(&["link", "set", "lo", "multicast", "on"]);
        let (peer, port) = python("239.1.2.3", "python");
        let (mut server, endpoint) = Sockeye::listen(&["listen", "udp://0.0.0.0:0?join=239.7.7.7@lo"]);
        assert_eq!(server.expect("joined")["group"], "239.7.7.7@lo");

        let group = format!("udp://239.1.2.3:{port}?mif=lo");
        // Of the group's own address nothing comes: `--to` opens a socket that hears whoever answers.
        let to = format!("127.0.0.1:{}", port_of(&endpoint));
        let asked = ask(&["connect", &group, "--to", &to, "--send", "who?"], b"python:who?");
        asked.expect_code(0);
        assert_eq!(asked.received(), b"python:who?");
        assert_eq!(asked.all("opened").len(), 3, "the group, the other address, and who answers");
        assert_eq!(asked.all("sent").len(), 2);
        assert_eq!(server.expect("received")["hex"], "77686f3f");

        let group = format!("239.7.7.7:{}", port_of(&endpoint));
        run(&["connect", &format!("udp://127.0.0.1:{port}"), "--send", &group, "--wait", "0"]).expect_code(0);
        assert_eq!(server.expect("received")["hex"], "e4bda0e5a5bd");
        assert_eq!(peer.finish().code, Some(0));
        server.interrupt().expect_code(0);
    });
}

#[test]
fn a_group_that_can_t_be_joined_ends_the_run_with_the_interfaces() {
    let failed = run(&["listen", "udp://0.0.0.0:0?join=239.1.2.3@nosuch"]);
    let error = failed.expect_error(1, "join");
    assert_eq!(error["endpoint"], "udp://239.1.2.3@nosuch");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("lo")), "{error}");

    let output = sockeye(&["listen", "udp://0.0.0.0:0?join=10.0.0.1"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("10.0.0.1 is no group"));
}

#[test]
fn a_refusal_is_told_for_the_address_that_it_is_of() {
    in_own_network("a_refusal_is_told_for_the_address_that_it_is_of", || {
        let socket = |port: u16| {
            let socket = UdpSocket::bind(("127.0.0.1", port)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        let open = socket(0);
        let closed = socket(0).local_addr().unwrap().port();
        let to = format!("127.0.0.1:{closed}");
        let endpoint = format!("udp://{}", open.local_addr().unwrap());
        let mut client = Sockeye::start(&["connect", &endpoint, "--to", &to, "--send", "x", "--wait", "20000"]);
        client.expect("error");
        let ended = client.interrupt();
        let error = ended.expect_error(1, "receive");
        assert_eq!(
            (&error["endpoint"], &error["message"]),
            (&format!("udp://{to}").into(), &"connection refused".into())
        );
        assert_eq!(open.recv(&mut [0; 8]).unwrap(), 1, "the other one has it");
    });
}

#[test]
fn names_are_sent_to_beside_the_endpoint_and_one_that_is_not_found_keeps_all_back() {
    in_own_network("names_are_sent_to_beside_the_endpoint_and_one_that_is_not_found_keeps_all_back", || {
        without_names();
        let [first, second] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a port"));
        for socket in [&first, &second] {
            socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        }
        let endpoint = format!("udp://{}", first.local_addr().expect("an address"));
        let name = format!("localhost:{}", second.local_addr().expect("an address").port());
        let failed = run(&["connect", &endpoint, "--to", &format!("{name},no-such-host.invalid"), "--send", "nobody"]);
        let error = failed.expect_error(1, "resolve");
        assert!(error["endpoint"].as_str().is_some_and(|place| place.contains("no-such-host.invalid")), "{error}");
        assert_eq!(error["message"], "no such host");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("sent to nobody")), "{error}");
        assert!(failed.all("sent").is_empty());

        // Line by line from standard input: the order stays.
        let mut command = sockeye(&["connect", &endpoint, "--to", &name, "--wait", "200", "--json"]);
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        command.stdin(reader).stdout(std::process::Stdio::null());
        let mut child = command.spawn().expect("it runs");
        drop(command);
        for line in ["one", "two", "three"] {
            std::io::Write::write_all(&mut writer, line.as_bytes()).expect("somebody reads");
            for socket in [&first, &second] {
                let mut buffer = [0; 16];
                let len = socket.recv(&mut buffer).expect("a datagram");
                assert_eq!(&buffer[..len], line.as_bytes());
            }
        }
        drop(writer);
        assert_eq!(child.wait().expect("it ends").code(), Some(0));

        let output = sockeye(&["connect", &endpoint, "--to", "127.0.0", "--send", "x"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
    });
}

/// Several senders and several receivers: each sender's message goes to all receivers, each receiver hears all senders
/// and answers each alone. What is typed is nobody's: without `--commands`, a listener says nothing of its own.
#[test]
fn many_send_to_many_and_each_is_answered_by_each() {
    const SENDERS: [&str; 3] = ["one", "two", "three"];
    let mut receivers =
        ["left", "right"].map(|name| Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--reply", name]));
    let (first, second) = (receivers[0].1.clone(), receivers[1].1.replacen("udp://", "", 1));
    for (receiver, _) in &mut receivers {
        receiver.write(b"typed");
    }
    let connect = |words| Sockeye::start(&["connect", &first, "--to", &second, "--send", words, "--wait", "20000"]);
    // All of them have their sockets open before the first one ends.
    let mut senders = SENDERS.map(connect);
    let place = |sender: &Run, event: &Value| {
        let of = |opened: &&Value| opened["session"] == event["session"];
        let opened = sender.all("opened");
        opened.into_iter().find(of).map(|opened| opened["peer"].clone()).expect("its session")
    };
    for sender in &mut senders {
        for _ in 0..receivers.len() {
            sender.expect("received");
        }
    }
    for sender in senders {
        let ended = sender.interrupt();
        ended.expect_code(0);
        let mut heard: Vec<_> =
            ended.all("received").iter().map(|event| (place(&ended, event), event["hex"].clone())).collect();
        heard.sort_by_key(|(_, hex)| hex.to_string());
        let answers = [(first.clone(), "6c656674"), (format!("udp://{second}"), "7269676874")];
        assert_eq!(heard, answers.map(|(peer, hex)| (peer.into(), hex.into())));
    }
    let mut sockets = receivers.map(|(receiver, endpoint)| {
        let ended = receiver.interrupt();
        ended.expect_code(0);
        let mut heard: Vec<_> = ended.all("received").iter().map(|event| event["hex"].to_string()).collect();
        heard.sort();
        assert_eq!(heard, ["\"6f6e65\"", "\"7468726565\"", "\"74776f\""], "{endpoint}");
        assert_eq!(ended.all("sent").len(), SENDERS.len(), "{endpoint}: an answer each, and nothing that was typed");
        ended.all("opened").iter().map(|opened| opened["peer"].to_string()).collect::<Vec<_>>()
    });
    sockets.iter_mut().for_each(|peers| peers.sort());
    let [left, right] = sockets;
    assert_eq!((left.len(), &left), (SENDERS.len(), &right), "each sender has one socket for both receivers");
}

/// More of them than a socket keeps apart.
#[test]
fn strangers_that_are_let_go_don_t_end_the_sending() {
    const KEPT: u16 = 4096;
    const AT_ONCE: u16 = 64;
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let endpoint = format!("udp://{}", peer.local_addr().expect("an address"));
    let mut client = Sockeye::start(&["connect", &endpoint, "--unconnected"]);
    let mut buffer = [0; 16];
    client.write(b"before");
    let (len, at) = peer.recv_from(&mut buffer).expect("a datagram");
    assert_eq!(&buffer[..len], b"before");
    client.expect("opened");
    for first in (0..=KEPT).step_by(usize::from(AT_ONCE)) {
        for stranger in first..first + AT_ONCE {
            let [high, low] = stranger.to_be_bytes();
            let socket = UdpSocket::bind((Ipv4Addr::new(127, 1, high, low), 0)).expect("an address of the loopback's");
            socket.send_to(b"x", ("127.0.0.1", at.port())).expect("it is sent");
        }
        // No more of them than the socket's buffer holds.
        for _ in 0..AT_ONCE {
            client.expect("received");
        }
    }
    assert!(client.events.iter().any(|event| event["reason"] == "evicted"), "nobody was let go");
    client.write(b"after");
    let len = peer.recv(&mut buffer).expect("a datagram");
    assert_eq!(&buffer[..len], b"after");
    client.interrupt().expect_code(0);
}

/// strace(1) has the first receive call say that the network is down: of that no error queue knows.
#[test]
fn an_error_of_the_socket_itself_is_told_and_receiving_goes_on() {
    if !require_tool("strace") {
        return;
    }
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let endpoint = format!("udp://{}", peer.local_addr().expect("an address"));
    for more in [&[][..], &["--unconnected"]] {
        let arguments = [&["connect", &endpoint, "--send", "question", "--wait", "20000", "--json"], more].concat();
        let mut client = Sockeye::watch(with_network_down(&arguments));
        let (_, at) = peer.recv_from(&mut [0; 16]).expect("the question");
        peer.send_to(b"answer", at).expect("it is sent");
        let error = client.expect("error");
        assert_eq!((&error["operation"], &error["message"]), (&"receive".into(), &"network unreachable".into()));
        // Of a socket that is not connected it is not known whom it concerns.
        let own = format!("udp://0.0.0.0:{}", at.port());
        assert_eq!(error["endpoint"], if more.is_empty() { &*endpoint } else { &own });
        client.expect("received");
        let run = client.interrupt_group();
        run.expect_error(1, "receive");
        assert_eq!(run.received(), b"answer");
    }

    let mut server = Sockeye::watch(with_network_down(&["listen", "udp://127.0.0.1:0", "--json"]));
    let endpoint = server.listening();
    peer.send_to(b"question", endpoint.strip_prefix("udp://").expect("its scheme")).expect("it is sent");
    assert_eq!(server.expect("error")["endpoint"], *endpoint);
    server.expect("received");
    server.interrupt_group();
}

/// The program, whose first receive call fails with ENETDOWN.
fn with_network_down(arguments: &[&str]) -> Command {
    let inner = sockeye(arguments);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", "trace=recvmmsg"]);
    strace.args(["-e", "inject=recvmmsg:error=ENETDOWN:when=1"]).arg(inner.get_program()).args(inner.get_args());
    strace.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE").process_group(0);
    strace
}
