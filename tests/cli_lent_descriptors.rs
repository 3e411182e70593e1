//! Inherited descriptors of families that the kernel lacks: a socket of another family is passed, and strace(1) changes what
//! the kernel answers when it is asked for the family and for addresses. Type and protocol are the passed socket's own, and
//! what crosses are the real bytes, whole.

#![cfg(target_os = "linux")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};
use sockeye::codec::can::Frame;
use sockeye::codec::can::bcm::{Message, Opcode};
use support::{PATIENCE, Sockeye, in_own_network, ip, require, require_tool, sockeye};

/// Whether strace is there, may look at other programs, and changes what system calls have written.
fn can_change_answers() -> bool {
    if !require_tool("strace") {
        return false;
    }
    let inject = "inject=getpid:poke_exit=@arg1=00";
    let traced = Command::new("strace").args(["-o", "/dev/null", "-e", inject, "true"]).output();
    require(traced.is_ok_and(|output| output.status.success()), "the right to trace programs, with strace 6 or later")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// This program with the socket as its standard input. The family is the second option that the thread which adopts it
/// asks for, after the type.
fn adopting(passed: Socket, family: i32, address: &[u8], arguments: &[&str]) -> Sockeye {
    let address = format!("@arg2={},@arg3={}", hex(address), hex(&(address.len() as u32).to_ne_bytes()));
    let command = sockeye(arguments);
    let mut strace = Command::new("strace");
    strace.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "signal=none",
        "-e",
        "trace=getsockopt,getsockname,getpeername",
    ]);
    strace.args(["-e", &format!("inject=getsockopt:poke_exit=@arg4={}:when=2", hex(&family.to_ne_bytes()))]);
    strace.args(["-e", &format!("inject=getsockname:poke_exit={address}")]);
    // CAN's sockets have no peer (EOPNOTSUPP), whatever the passed one is connected to.
    let peer = if family == libc::AF_CAN { "error=EOPNOTSUPP".to_owned() } else { format!("poke_exit={address}") };
    strace.args(["-e", &format!("inject=getpeername:{peer}")]);
    strace.arg(command.get_program()).args(arguments).arg("--json");
    strace.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE");
    strace.stdin(std::os::fd::OwnedFd::from(passed)).process_group(0);
    Sockeye::watch_with_own_input(strace)
}

fn opened(domain: Domain, kind: Type, protocol: i32) -> Socket {
    let socket = Socket::new(domain, kind, Some(Protocol::from(protocol))).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket
}

/// `struct sockaddr_can` of the loopback interface, whose number is 1 in every network.
fn on_lo() -> Vec<u8> {
    let mut address = vec![0; 24];
    address[..2].copy_from_slice(&(libc::AF_CAN as u16).to_ne_bytes());
    address[4..8].copy_from_slice(&1_u32.to_ne_bytes());
    address
}

/// Raw sockets of IPv6 with CAN_RAW's number as their protocol carry frames as they are, without a header.
#[test]
fn a_descriptor_of_can_is_adopted_and_its_frames_are_decoded() {
    if !can_change_answers() {
        return;
    }
    in_own_network("a_descriptor_of_can_is_adopted_and_its_frames_are_decoded", || {
        let [ours, wire] = ["fd00::7", "fd00::8"].map(|address| {
            ip(&["address", "add", &format!("{address}/128"), "dev", "lo", "nodad"]);
            let socket = opened(Domain::IPV6, Type::RAW, libc::CAN_RAW);
            let address: SocketAddr = format!("[{address}]:0").parse().expect("an address");
            socket.bind(&address.into()).expect("the address is there");
            socket
        });
        let to = wire.local_addr().expect("its address");
        ours.connect(&to).expect("it is reached");
        wire.connect(&"[fd00::7]:0".parse::<SocketAddr>().expect("an address").into()).expect("it is reached");
        let mut sockeye = adopting(ours, libc::AF_CAN, &on_lo(), &["listen", "fd://0", "--echo", "--once"]);
        assert_eq!(sockeye.listening(), "can://lo");
        let frame: Frame = "123#DEADBEEF".parse().expect("a frame");
        (&wire).write_all(&frame.to_bytes()).expect("it is sent");
        let mut buffer = [0; 128];
        let len = (&wire).read(&mut buffer).expect("the echo");
        assert_eq!(Frame::from_bytes(&buffer[..len]), Ok(frame));
        let run = sockeye.finish();
        assert_eq!(run.expect_code(0).one("received")["decoded"], "123#DEADBEEF");
        assert_eq!(run.one("opened")["peer"], "can://lo");
    });
}

/// Sockets of NETLINK_USERSOCK, whose number is CAN_BCM's, carry whatever programs send each other.
#[test]
fn a_descriptor_of_the_broadcast_manager_is_adopted_and_its_messages_are_decoded() {
    if !can_change_answers() {
        return;
    }
    in_own_network("a_descriptor_of_the_broadcast_manager_is_adopted_and_its_messages_are_decoded", || {
        use nix::sys::socket::{NetlinkAddr, bind, connect};
        use std::os::fd::AsRawFd as _;
        let [ours, wire] = [(1001, 1002), (1002, 1001)].map(|(own, other)| {
            let socket = opened(Domain::from(libc::AF_NETLINK), Type::DGRAM, libc::CAN_BCM);
            bind(socket.as_raw_fd(), &NetlinkAddr::new(own, 0)).expect("its number is free");
            connect(socket.as_raw_fd(), &NetlinkAddr::new(other, 0)).expect("numbers are not looked at");
            socket
        });
        let message = |opcode| Message {
            opcode,
            flags: 0,
            count: 0,
            first_interval: std::time::Duration::ZERO,
            second_interval: std::time::Duration::ZERO,
            id: 0x123,
            frames: vec!["123#CAFE".parse().expect("a frame")],
        };
        let asks = message(Opcode::TxSend);
        let arguments = ["connect", "fd://0", "--send-hex", &hex(&asks.to_bytes()), "--wait", "20000"];
        let mut sockeye = adopting(ours, libc::AF_CAN, &on_lo(), &arguments);
        let mut buffer = [0; 1024];
        let len = (&wire).read(&mut buffer).expect("the message");
        assert_eq!(Message::from_bytes(&buffer[..len]), Ok(asks));
        (&wire).write_all(&message(Opcode::RxChanged).to_bytes()).expect("it is sent");
        sockeye.expect("received");
        let run = sockeye.interrupt_group();
        let decoded = run.expect_code(0).one("received")["decoded"].as_str().unwrap_or_default().to_owned();
        assert!(decoded.starts_with("RX_CHANGED 123 123#CAFE"), "{decoded}");
        assert_eq!(run.one("opened")["peer"], "can-bcm://any");
    });
}

/// A pair of the same type; who the datagrams are from, which RDS would say, is the peer that it is connected to.
#[test]
fn a_descriptor_of_rds_is_adopted_and_conversed_over() {
    if !can_change_answers() {
        return;
    }
    let (ours, mut wire) = Socket::pair(Domain::UNIX, Type::SEQPACKET, None).expect("two sockets");
    wire.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    // struct sockaddr_in of 127.0.0.1:9000.
    let address =
        [&(libc::AF_INET as u16).to_ne_bytes()[..], &9000_u16.to_be_bytes(), &[127, 0, 0, 1], &[0; 8]].concat();
    let mut sockeye =
        adopting(ours, libc::AF_RDS, &address, &["connect", "fd://0", "--send", "question", "--wait", "20000"]);
    let mut buffer = [0; 16];
    let len = wire.read(&mut buffer).expect("the question");
    assert_eq!(&buffer[..len], b"question");
    wire.write_all(b"answer").expect("it is sent");
    sockeye.expect("received");
    let run = sockeye.interrupt_group();
    assert_eq!(run.expect_code(0).received(), b"answer");
    assert_eq!(run.one("opened")["peer"], "rds://127.0.0.1:9000");
}
