//! A listener that runs out of descriptors, as the window shows it. Alone in its process: the limit is the process's.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;

use std::fs::File;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

use crate::app::Window;

const PEERS: usize = 24;
/// Descriptors that are left when the peers come.
const LEFT: u64 = 8;

/// The number that the next descriptor gets: the lowest that is free.
fn next_descriptor() -> u64 {
    let file = File::open("/dev/null").expect("it is there");
    u64::try_from(file.as_raw_fd()).expect("not negative")
}

fn clients(window: &Window) -> usize {
    if window.shows("Server", "· 1 client") {
        return 1;
    }
    (2..=PEERS).rev().find(|count| window.shows("Server", &format!("· {count} clients"))).unwrap_or(0)
}

#[test]
fn accepting_waits_says_so_and_goes_on_when_some_close() {
    let mut window = Window::english();
    window.listen();
    let to = SocketAddr::from(([127, 0, 0, 1], window.listening_port().parse().expect("a port")));
    // The peers' own descriptors are there before the limit is.
    let sockets: Vec<Socket> =
        (0..PEERS).map(|_| Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket")).collect();
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the system tells");
    setrlimit(Resource::RLIMIT_NOFILE, next_descriptor() + LEFT, hard).expect("less is always allowed");

    let mut peers: Vec<TcpStream> = Vec::new();
    for socket in sockets {
        // The system takes them for the listener, who does not have to accept for that.
        socket.connect(&to.into()).expect("a place in the queue");
        peers.push(socket.into());
    }
    window.until("the notice", |window| window.shows("Server", "Out of file descriptors"));
    window.until("some clients", |window| clients(window) > 0);
    let accepted = clients(&window);
    assert!(accepted < PEERS, "{accepted} of {PEERS}");
    // The queue that the others wait in is a part of the listener's live state.
    let toggle = |window: &mut Window, name| {
        window.control("Server", name).click_accesskit();
        window.harness.step();
        window.harness.step();
    };
    toggle(&mut window, "More");
    toggle(&mut window, "Live state");
    let waiting = |window: &Window| {
        let words = format!("{} of ", PEERS - clients(window));
        let labels = window.panel("Server").query_all_by_role(Role::Label);
        labels.filter_map(|label| label.accesskit_node().value()).any(|value| value.starts_with(&words))
    };
    window.until("those that wait", waiting);
    toggle(&mut window, "More");
    // Those that are there are served meanwhile.
    peers[0].write_all(b"still here").expect("sent");
    window.until("its bytes", |window| window.has_client("received 10 B"));
    assert!(window.shows("Server", "Out of file descriptors"));

    // The first that came go; those that waited take their places, until all have been served.
    let waited: Vec<TcpStream> = peers.split_off(accepted);
    drop(peers);
    let mut last = waited.into_iter().next_back().expect("one that waited");
    // All others are gone, and so is the lack.
    window.until("accepting goes on", |window| window.shows("Server", "Accepting connections again"));
    last.write_all(b"my turn").expect("sent");
    window.until("the last one's bytes", |window| window.has_client("received 7 B"));
    window.until("nobody else", |window| clients(window) == 1);
    let mut later = TcpStream::connect(to).expect("a connection");
    later.write_all(b"as before").expect("sent");
    window.until("a new one's bytes", |window| window.has_client("received 9 B"));
    assert!(!window.shows("Server", "Out of file descriptors"));
}
