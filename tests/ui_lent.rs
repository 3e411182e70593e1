//! Families that the kernel lacks, in the window: sockets are lent in their place, as `cli_lent.rs` says. What the window
//! sends and receives are the real bytes, whole.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use egui_kittest::kittest::Queryable as _;
use socket2::{Domain, SockAddr, Socket, Type};
use sockeye::codec::can::Frame;
use sockeye::codec::can::bcm::{Message, Opcode, SET_TIMER, START_TIMER};
use sockeye::engine::Surroundings;
use sockeye::model::{LanguageChoice, Settings};

use crate::app::{Window, any_port};
use crate::support::{Calls, Process, bus, can_lend, connected, heard, lending, listening};

/// A window that draws while each of its system calls is looked at takes its time.
const CHILD_PATIENCE: Duration = Duration::from_secs(90);

/// Set for a run of this test program that is a child of another: what its window opens, says and hears.
const TALK: &str = "SOCKEYE_TEST_TALK";

/// One side's, which a listener hears first and a client begins.
struct Talk<'a> {
    panel: &'a str,
    endpoint: &'a str,
    /// As it is typed, its bytes, and how its row begins to show them.
    says: (&'a str, usize, &'a str),
    /// Bytes, and how their row begins to show them.
    hears: (usize, &'a str),
}

impl Talk<'_> {
    fn write(&self) -> String {
        let Self { panel, endpoint, says: (typed, said, shown), hears: (heard, heard_shown) } = self;
        format!("{panel}\n{endpoint}\n{typed}\n{said}\n{shown}\n{heard}\n{heard_shown}")
    }

    fn read(text: &str) -> Talk<'_> {
        let parts: Vec<_> = text.split('\n').collect();
        let [panel, endpoint, typed, said, shown, heard, heard_shown] = parts[..] else { panic!("{text}") };
        let count = |text: &str| text.parse().expect("a number");
        Talk { panel, endpoint, says: (typed, count(said), shown), hears: (count(heard), heard_shown) }
    }
}

/// Does nothing by itself: what a process is lent is its standard input, which it has from the start.
#[test]
fn child_that_talks_over_what_it_is_lent() {
    let Ok(talk) = std::env::var(TALK) else { return };
    let Talk { panel, endpoint, says, hears } = Talk::read(&talk);
    let settings = Settings { language: LanguageChoice::English, servers: vec![any_port()], ..Settings::default() };
    // To probe would take the first socket of its thread, which is the lent one.
    let mut window =
        Window::build_in(Surroundings { probe: |_| None, ..Surroundings::system() }, settings, |builder| {
            builder.with_size(egui::vec2(1100.0, 760.0))
        });
    let has_row = |window: &Window, direction: &str, count: usize, shown: &str| {
        let count = count.to_string();
        let is_it = |row: &Vec<String>| {
            [direction, &count].iter().all(|words| row.iter().any(|cell| cell == words))
                && row.iter().any(|cell| cell.starts_with(shown))
        };
        window.journal().iter().any(is_it)
    };
    let say = |window: &mut Window| {
        let (typed, said, shown) = says;
        window.write(panel, "Message", typed);
        window.click(panel, "Send");
        window.until("what is said", |window| has_row(window, "sent", said, shown));
    };
    let hear = |window: &mut Window| {
        window.until("what is heard", |window| has_row(window, "received", hears.0, hears.1));
    };
    window.write(panel, "Address", endpoint);
    if panel == "Server" {
        window.listen();
        hear(&mut window);
        say(&mut window);
    } else {
        window.click("Client", "Connect");
        window.until("open", |window| window.panel("Client").query_by_label("Disconnect").is_some());
        say(&mut window);
        hear(&mut window);
    }
}

/// Opens a window over a lent socket, in a process of its own; `peer` is at the other end meanwhile. `nth` and `granted` are
/// those of [`lending`].
fn window(talk: &Talk<'_>, lent: Socket, (nth, granted): (u32, &str), calls: &[&str], peer: impl FnOnce() + Send) {
    let made = Calls::new();
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child_that_talks_over_what_it_is_lent", "--nocapture"]).env(TALK, talk.write());
    let mut child = Process::start_with_own_input(lending(lent, nth, granted, &made, &command));
    child.patience = CHILD_PATIENCE;
    let (finished, talked) = std::thread::scope(|scope| {
        let peer = scope.spawn(peer);
        (child.finish(), peer.join())
    });
    let told = String::from_utf8_lossy(&finished.stdout);
    // What went wrong in the window is why the peer had no answer.
    assert!(finished.code == Some(0) && told.contains("1 passed"), "{}\n{told}\n{}", talk.endpoint, finished.stderr);
    assert!(talked.is_ok(), "{}: not what was to be heard", talk.endpoint);
    made.expect(calls);
}

/// The other end of what keeps borders: hears these bytes, or says those, in the order of the window's side.
fn talks_over(wire: &Socket, panel: &str, hears: &[u8], mut says: impl FnMut()) {
    wire.set_read_timeout(Some(CHILD_PATIENCE)).expect("a time-out");
    if panel == "Server" {
        says();
        assert_eq!(heard(wire), hears);
    } else {
        assert_eq!(heard(wire), hears);
        says();
    }
}

#[test]
fn frames_of_can_cross_in_the_window() {
    if !can_lend() {
        return;
    }
    let frame = |text: &str| text.parse::<Frame>().expect("a frame").to_bytes();
    let (ours, theirs) = ("123##1DEADBEEF", "1F334455#11");
    let (says, hears) = (frame(ours), frame(theirs));
    for panel in ["Client", "Server"] {
        // Any interface has a name and a number.
        let endpoint = "can://lo";
        let talk = Talk { panel, endpoint, says: (ours, says.len(), ours), hears: (hears.len(), theirs) };
        let ([lent, wire], calls) = (bus(), ["socket(AF_CAN, SOCK_RAW", "bind(0, {sa_family=AF_CAN"]);
        window(&talk, lent, (1, "setsockopt,bind,connect"), &calls, || {
            talks_over(&wire, panel, &says, || (&wire).write_all(&hears).expect("it is sent"));
        });
    }
}

#[test]
fn messages_of_the_broadcast_manager_cross_in_the_window() {
    if !can_lend() {
        return;
    }
    let message = |opcode, flags, second_interval| Message {
        opcode,
        flags,
        count: 0,
        first_interval: Duration::ZERO,
        second_interval,
        id: 0x123,
        frames: vec!["123#DEADBEEF".parse().expect("a frame")],
    };
    let says = message(Opcode::TxSetup, SET_TIMER | START_TIMER, Duration::from_millis(100)).to_bytes();
    let hears = message(Opcode::RxChanged, 0, Duration::ZERO).to_bytes();
    for panel in ["Client", "Server"] {
        let typed = ("TX_SETUP ival2=100ms 123#DEADBEEF", says.len(), "TX_SETUP ");
        let hears_shown = (hears.len(), "RX_CHANGED 123 123#DEADBEEF");
        let talk = Talk { panel, endpoint: "can-bcm://lo", says: typed, hears: hears_shown };
        let ([lent, wire], calls) = (bus(), ["socket(AF_CAN, SOCK_DGRAM", "connect(0, {sa_family=AF_CAN"]);
        window(&talk, lent, (1, "setsockopt,bind,connect"), &calls, || {
            talks_over(&wire, panel, &says, || (&wire).write_all(&hears).expect("it is sent"));
        });
    }
}

#[test]
fn bytes_cross_over_vsock_in_the_window() {
    if !can_lend() {
        return;
    }
    let talk = |panel, endpoint| Talk { panel, endpoint, says: ("你好", 6, "你好"), hears: (6, "answer") };
    let says = "你好".as_bytes();
    let (lent, peer) = Socket::pair(Domain::UNIX, Type::STREAM, None).expect("two sockets");
    let calls =
        ["socket(AF_VSOCK, SOCK_STREAM", "connect(0, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_HOST, svm_port=0x2328"];
    window(&talk("Client", "vsock://host:9000"), lent, (1, "setsockopt,connect"), &calls, || {
        talks_over(&peer, "Client", says, || (&peer).write_all(b"answer").expect("it is sent"));
    });

    let (lent, name) = listening("window");
    let calls =
        ["socket(AF_VSOCK, SOCK_STREAM", "bind(0, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_ANY, svm_port=0x2328"];
    window(&talk("Server", "vsock://any:9000"), lent, (1, "setsockopt,bind"), &calls, || {
        let peer = connected(&name);
        talks_over(&peer, "Server", says, || (&peer).write_all(b"answer").expect("it is sent"));
    });
}

/// UDP's datagrams have the addresses of RDS.
#[test]
fn reliable_datagrams_cross_in_the_window() {
    if !can_lend() {
        return;
    }
    let bound = || {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
        let any: SockAddr = std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into();
        socket.bind(&any).expect("a port");
        socket.set_read_timeout(Some(CHILD_PATIENCE)).expect("a time-out");
        let endpoint = format!("rds://{}", socket.local_addr().ok().and_then(|at| at.as_socket()).expect("an address"));
        (socket, endpoint)
    };
    let (says, hears) = (("你好", 6, "你好"), (6, "answer"));
    let (peer, endpoint) = bound();
    let talk = Talk { panel: "Client", endpoint: &endpoint, says, hears };
    let unbound = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
    // A client's first socket looks the route up.
    window(&talk, unbound, (2, ""), &["socket(AF_RDS, SOCK_SEQPACKET"], || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 64];
        let (len, from) = peer.recv_from(&mut buffer).expect("the question");
        assert_eq!(len, 6);
        peer.send_to(b"answer", &from).expect("it is sent");
    });

    // What is lent is bound already.
    let ((lent, endpoint), (peer, _)) = (bound(), bound());
    let to = lent.local_addr().expect("an address");
    let talk = Talk { panel: "Server", endpoint: &endpoint, says, hears };
    window(&talk, lent, (1, "bind"), &["socket(AF_RDS, SOCK_SEQPACKET"], || {
        talks_over(&peer, "Server", "你好".as_bytes(), || _ = peer.send_to(b"answer", &to).expect("it is sent"));
    });
}
