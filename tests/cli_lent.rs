//! Families that the kernel lacks, with sockets lent in their place: strace(1) answers the calls that the kernel would refuse
//! with a socket of another family, which the program takes for what it asked for. What it sends and receives are the real
//! bytes, whole.

#![cfg(target_os = "linux")]

mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use socket2::{Domain, Socket, Type};
use sockeye::codec::can::Frame;
use sockeye::codec::can::bcm::{Message, Opcode, SET_TIMER, START_TIMER};
use support::{
    Calls, Process, Sockeye, Written, bus, can_lend, code, connected, heard, lending, listening, patient, require_tool,
    sockeye,
};

/// Python itself: `python3` may be a script of a version manager, in which the shell makes the first sockets (to ask nscd
/// who its user is).
fn interpreter() -> PathBuf {
    let asked = Process::run("python3", &["-c", "import sys; print(sys.executable)"]).finish();
    String::from_utf8(asked.stdout).expect("it is text").trim_end().into()
}

/// This program, with a lent socket.
fn with(lent: Socket, nth: u32, granted: &str, calls: &Calls, arguments: &[&str]) -> Sockeye {
    let mut command = sockeye(arguments);
    command.arg("--json");
    Sockeye::watch_with_own_input(lending(lent, nth, granted, calls, &command))
}

/// This program at one end of a bus.
fn on_bus(end: Socket, calls: &Calls, arguments: &[&str]) -> Sockeye {
    with(end, 1, "setsockopt,bind,connect", calls, arguments)
}

fn frame(text: &str) -> Frame {
    text.parse().expect("a frame")
}

const ERROR_FRAMES: &str = "SOL_CAN_RAW, CAN_RAW_ERR_FILTER, [536870911]";

#[test]
fn frames_of_can_are_sent_received_and_decoded() {
    if !can_lend() {
        return;
    }
    let ([ours, wire], calls) = (bus(), Calls::new());
    // Any interface has a name and a number.
    let arguments = ["connect", "can://lo", "--send", "123##1DEADBEEF", "--wait", "20000"];
    let mut sockeye = on_bus(ours, &calls, &arguments);
    assert_eq!(Frame::from_bytes(&heard(&wire)), Ok(frame("123##1DEADBEEF")));
    let incoming = ["1F334455#11", "7DF#R4", "123##1112233", "20000004#0000000000000000"];
    for text in incoming {
        (&wire).write_all(&frame(text).to_bytes()).expect("it is sent");
    }
    for _ in incoming {
        sockeye.expect("received");
    }
    let run = sockeye.interrupt_group();
    assert_eq!(run.expect_code(0).one("opened")["peer"], "can://lo");
    let decoded: Vec<_> = run.all("received").iter().map(|event| event["decoded"].clone()).collect();
    assert_eq!(decoded, incoming);
    let frames_of_fd = "SOL_CAN_RAW, CAN_RAW_FD_FRAMES, [1]";
    calls.expect(&["socket(AF_CAN, SOCK_RAW", frames_of_fd, ERROR_FRAMES, "bind(0, {sa_family=AF_CAN"]);
}

#[test]
fn a_listener_on_can_answers_each_frame() {
    if !can_lend() {
        return;
    }
    let ([ours, wire], calls) = (bus(), Calls::new());
    let mut sockeye = on_bus(ours, &calls, &["listen", "can://lo", "--echo", "--once"]);
    assert_eq!(sockeye.listening(), "can://lo");
    (&wire).write_all(&frame("123#CAFE").to_bytes()).expect("it is sent");
    assert_eq!(Frame::from_bytes(&heard(&wire)), Ok(frame("123#CAFE")));
    assert_eq!(sockeye.finish().expect_code(0).one("received")["decoded"], "123#CAFE");
}

#[test]
fn messages_of_the_broadcast_manager_are_sent_received_and_decoded() {
    if !can_lend() {
        return;
    }
    let message = |opcode, flags| Message {
        opcode,
        flags,
        count: 0,
        first_interval: std::time::Duration::ZERO,
        second_interval: std::time::Duration::from_millis(100),
        id: 0x123,
        frames: vec![frame("123#DEADBEEF")],
    };
    let ([ours, wire], calls) = (bus(), Calls::new());
    let setup = message(Opcode::TxSetup, SET_TIMER | START_TIMER);
    let hex: String = setup.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let arguments = ["connect", "can-bcm://lo", "--send-hex", &hex, "--wait", "20000"];
    let mut sockeye = on_bus(ours, &calls, &arguments);
    assert_eq!(Message::from_bytes(&heard(&wire)), Ok(setup));
    (&wire).write_all(&message(Opcode::RxChanged, 0).to_bytes()).expect("it is sent");
    sockeye.expect("received");
    let run = sockeye.interrupt_group();
    let decoded = run.expect_code(0).one("received")["decoded"].as_str().unwrap_or_default().to_owned();
    assert!(decoded.starts_with("RX_CHANGED 123 123#DEADBEEF"), "{decoded}");
    calls.expect(&["socket(AF_CAN, SOCK_DGRAM", "connect(0, {sa_family=AF_CAN"]);
}

#[test]
fn a_listener_on_the_broadcast_manager_answers_each_message() {
    if !can_lend() {
        return;
    }
    let ([ours, wire], calls) = (bus(), Calls::new());
    let mut sockeye = on_bus(ours, &calls, &["listen", "can-bcm://lo", "--echo", "--once"]);
    assert_eq!(sockeye.listening(), "can-bcm://lo");
    (&wire).write_all(&received_one().to_bytes()).expect("it is sent");
    assert_eq!(Message::from_bytes(&heard(&wire)), Ok(received_one()));
    let decoded = sockeye.finish().expect_code(0).one("received")["decoded"].as_str().unwrap_or_default().to_owned();
    assert!(decoded.starts_with("RX_CHANGED 123 123#DEADBEEF"), "{decoded}");
    calls.expect(&["socket(AF_CAN, SOCK_DGRAM", "connect(0, {sa_family=AF_CAN"]);
}

/// What the broadcast manager tells when a frame has changed.
fn received_one() -> Message {
    let frames = vec![frame("123#DEADBEEF")];
    let (first_interval, second_interval) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
    Message { opcode: Opcode::RxChanged, flags: 0, count: 0, first_interval, second_interval, id: 0x123, frames }
}

/// A program that is written down for Python, with a lent socket.
fn python(lent: Socket, granted: &str, calls: &Calls, arguments: &[&str]) -> Written {
    python_of(code(arguments), lent, granted, calls)
}

/// As [`python`], for a client that is ended by [`Written::once_it_told`]: each call of either end is looked at, which may
/// take more than the second that it waits.
fn patient_python(lent: Socket, granted: &str, calls: &Calls, arguments: &[&str]) -> Written {
    python_of(patient(&code(arguments)), lent, granted, calls)
}

fn python_of(text: String, lent: Socket, granted: &str, calls: &Calls) -> Written {
    // A shell may have run the tests in its background, where SIGINT is ignored; Python takes that over.
    let mut command = Command::new("env");
    command.arg("--default-signal=INT").arg(interpreter()).args(["-c", &text]).env("PYTHONIOENCODING", "utf-8");
    Written::start_with_own_input(lending(lent, 1, granted, calls, &command), text)
}

/// The program that is written down for Python, over the same bus as this one.
#[test]
fn python_answers_frames_of_can() {
    if !can_lend() || !require_tool("python3") {
        return;
    }
    let ([ours, theirs], calls) = (bus(), [Calls::new(), Calls::new()]);
    let mut python = python(theirs, "setsockopt,bind", &calls[1], &["can://lo", "--listen", "--echo"]);
    python.listening();
    let mut sockeye = on_bus(ours, &calls[0], &["connect", "can://lo", "--send", "123#DEADBEEF", "--wait", "20000"]);
    sockeye.expect("received");
    let run = sockeye.interrupt_group();
    assert_eq!(run.expect_code(0).one("received")["decoded"], "123#DEADBEEF");
    python.has_told("23 01 00 00 04 00 00 00 de ad be ef 00 00 00 00");
    calls[1].expect(&["socket(AF_CAN, SOCK_RAW", ERROR_FRAMES]);
}

#[test]
fn python_answers_the_broadcast_manager() {
    if !can_lend() || !require_tool("python3") {
        return;
    }
    let ([ours, theirs], calls) = (bus(), [Calls::new(), Calls::new()]);
    let mut python = python(theirs, "setsockopt,connect", &calls[1], &["can-bcm://lo", "--listen", "--echo"]);
    python.listening();
    let message = "TX_SETUP ival2=100ms 123#DEADBEEF";
    let mut sockeye = on_bus(ours, &calls[0], &["connect", "can-bcm://lo", "--send", message, "--wait", "20000"]);
    sockeye.expect("received");
    let run = sockeye.interrupt_group();
    let decoded = run.expect_code(0).one("received")["decoded"].as_str().unwrap_or_default().to_owned();
    assert!(decoded.starts_with("TX_SETUP ") && decoded.contains("123#DEADBEEF"), "{decoded}");
    calls[1].expect(&["socket(AF_CAN, SOCK_DGRAM", "connect(0, {sa_family=AF_CAN"]);
}

/// A stream is a stream; who is at the other end is not told, for it has no address of vsock.
#[test]
fn bytes_cross_both_ways_over_vsock() {
    if !can_lend() {
        return;
    }
    let (ours, mut peer) = Socket::pair(Domain::UNIX, Type::STREAM, None).expect("two sockets");
    let calls = Calls::new();
    let arguments = ["connect", "vsock://host:9000", "--send", "question", "--wait", "20000"];
    let client = with(ours, 1, "setsockopt,connect", &calls, &arguments);
    assert_eq!(heard(&peer), b"question");
    peer.write_all(b"answer").expect("it is sent");
    drop(peer);
    assert_eq!(client.finish().expect_code(0).received(), b"answer");
    calls.expect(&[
        "socket(AF_VSOCK, SOCK_STREAM",
        "connect(0, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_HOST, svm_port=0x2328",
    ]);

    let (listening, name) = listening("own");
    let calls = Calls::new();
    let mut server = with(listening, 1, "setsockopt,bind", &calls, &["listen", "vsock://any:9000", "--echo", "--once"]);
    assert_eq!(server.listening(), "vsock://any:9000");
    let mut peer = connected(&name);
    peer.write_all(b"hello").expect("it is sent");
    assert_eq!(heard(&peer), b"hello");
    drop(peer);
    assert_eq!(server.finish().expect_code(0).received(), b"hello");
    calls.expect(&["bind(0, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_ANY, svm_port=0x2328"]);
}

/// The programs that are written down for Python, each with this one at the other end.
#[test]
fn python_over_vsock_lent() {
    if !can_lend() || !require_tool("python3") {
        return;
    }
    let calls = [(); 4].map(|()| Calls::new());
    let (socket, name) = listening("python");
    let mut server = python(socket, "bind", &calls[0], &["vsock://any:9000", "--listen", "--echo"]);
    server.listening();
    let arguments = ["connect", "vsock://host:9000", "--send", "你好", "--wait", "20000"];
    let mut client = with(connected(&name), 1, "setsockopt,connect", &calls[1], &arguments);
    client.expect("received");
    assert_eq!(client.interrupt_group().expect_code(0).received(), "你好".as_bytes());
    server.has_told("你好");
    calls[0].expect(&[
        "socket(AF_VSOCK, SOCK_STREAM|SOCK_CLOEXEC, 0",
        "bind(0, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_ANY, svm_port=0x2328",
    ]);

    let (socket, name) = listening("ours");
    let arguments = ["listen", "vsock://any:9000", "--echo", "--once"];
    let mut server = with(socket, 1, "setsockopt,bind", &calls[2], &arguments);
    server.listening();
    let client = patient_python(connected(&name), "connect", &calls[3], &["vsock://host:9000", "--send", "再见"]);
    assert_eq!(client.once_it_told("再见\n"), "再见\n");
    assert_eq!(server.finish().expect_code(0).received(), "再见".as_bytes());
    calls[3].expect(&["connect(0, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_HOST, svm_port=0x2328"]);
}

/// RDS has the addresses of IP, so that UDP's datagrams can stand in for its own: these calls are really made.
#[test]
fn reliable_datagrams_go_both_ways() {
    if !can_lend() {
        return;
    }
    let udp = || Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
    let calls = [Calls::new(), Calls::new()];
    let mut server = with(udp(), 1, "", &calls[0], &["listen", "rds://127.0.0.1:0", "--echo", "--once"]);
    let endpoint = server.listening();
    assert!(endpoint.starts_with("rds://127.0.0.1:") && !endpoint.ends_with(":0"), "{endpoint}");
    // A client's first socket looks the route up.
    let mut client = with(udp(), 2, "", &calls[1], &["connect", &endpoint, "--send", "question", "--wait", "20000"]);
    client.expect("received");
    assert_eq!(client.interrupt_group().expect_code(0).received(), b"question");
    let run = server.finish();
    assert_eq!(run.expect_code(0).one("received")["bytes"], 8);
    let peer = run.one("opened")["peer"].as_str().unwrap_or_default().to_owned();
    assert!(peer.starts_with("rds://127.0.0.1:"), "{peer}");
    for calls in calls {
        calls.expect(&["socket(AF_RDS, SOCK_SEQPACKET"]);
    }
}

/// Python's RDS has the addresses of IP as well.
#[test]
fn python_over_rds_lent() {
    if !can_lend() || !require_tool("python3") {
        return;
    }
    let udp = || Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
    let calls = [(); 4].map(|()| Calls::new());
    let mut server = python(udp(), "", &calls[0], &["rds://127.0.0.1:0", "--listen", "--echo"]);
    let endpoint = format!("rds://127.0.0.1:{}", server.port());
    let mut client = with(udp(), 2, "", &calls[1], &["connect", &endpoint, "--send", "question", "--wait", "20000"]);
    client.expect("received");
    assert_eq!(client.interrupt_group().expect_code(0).received(), b"question");
    server.has_told("question");

    let mut server = with(udp(), 1, "", &calls[2], &["listen", "rds://127.0.0.1:0", "--reply", "answer", "--once"]);
    let endpoint = server.listening();
    let client = patient_python(udp(), "", &calls[3], &[&endpoint, "--send", "question"]);
    let shown = client.once_it_told("answer\n");
    assert!(shown.ends_with("answer\n"), "{shown}");
    assert_eq!(server.finish().expect_code(0).received(), b"question");
    for calls in [&calls[0], &calls[3]] {
        calls.expect(&["socket(AF_RDS, SOCK_SEQPACKET"]);
    }
}
