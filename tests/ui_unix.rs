//! Unix sockets and inherited descriptors in the window.

#[path = "support/app.rs"]
mod app;

use std::fs::File;
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Command, Stdio};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, UnixAddr, connect, sendmsg, socket,
};

use crate::app::{Window, listener};

fn open(protocol: &str, name: &str) -> Window {
    let mut window = Window::english();
    for panel in ["Server", "Client"] {
        window.choose(panel, "Protocol", protocol);
        assert!(window.panel(panel).query_by_label("Port").is_none());
        window.write(panel, "Address", name);
    }
    window.click("Server", "Start listening");
    window.until("listening", |window| window.shows("Server", "Listening on "));
    window.click("Client", "Connect");
    window
}

#[test]
fn unix_datagrams_cross_and_the_client_has_a_name_to_answer_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s").display().to_string();
    let mut window = open("Unix datagram", &path);
    window.until("open", |window| window.shows("Client", &format!("→ {path}")));
    assert!(window.shows("Client", "Socket open · @"), "a datagram socket is not connected to anybody who knows");
    window.click("Client", "Send");
    window.until("the empty one", |window| window.has_row(&["received", "0", "(empty datagram)"]));
    window.write("Client", "Message", "你好");
    window.click("Client", "Send");
    window.until("the greeting", |window| window.has_row(&["received", "6", "你好"]));
    window.until("a named peer", |window| window.has_client("@"));
    window.write("Server", "Message", "back");
    window.click("Server", "Send");
    window.until("the answer", |window| window.has_row(&["received", "4", "back"]));
    assert!(window.panel("Client").query_by_label("Finish sending").is_none(), "datagrams have no end");
    assert!(window.panel("Client").get_by_label("Send file…").accesskit_node().is_disabled());
}

#[test]
fn unix_messages_keep_their_borders_and_either_side_finishes() {
    let name = format!("@sockeye-window-seq-{}", std::process::id());
    let mut window = open("Unix seqpacket", &name);
    window.until("connected", |window| window.shows("Client", &format!("Connected to {name}")));
    for message in ["", "你好", "三"] {
        window.write("Client", "Message", message);
        window.click("Client", "Send");
    }
    window.until("each by itself", |window| {
        let cells: [&[&str]; 3] = [&["received", "0"], &["received", "6", "你好"], &["received", "3", "三"]];
        cells.iter().all(|cells| window.has_row(cells))
    });
    assert!(window.panel("Server").get_by_label("Send file…").accesskit_node().is_disabled());
    window.write("Server", "Message", "back");
    window.click("Server", "Send");
    window.until("the answer", |window| window.has_row(&["received", "4", "back"]));
    // Who it is, where the name would stand.
    let process = std::fs::read_to_string("/proc/self/comm").expect("a name");
    window.until("the process", |window| window.has_client(process.trim()));
    window.click("Client", "Finish sending");
    window.until("the end", |window| window.panel("Client").query_by_label("Connect").is_some());
}

/// How the window names this process and its user, where there is little room.
fn own_ids() -> String {
    format!("pid {}, uid {}", std::process::id(), nix::unistd::getuid())
}

#[test]
fn who_is_at_the_other_end_is_shown() {
    for protocol in ["Unix stream", "Unix datagram", "Unix seqpacket"] {
        let name = format!("@sockeye-window-{}-{}", protocol.replace(' ', "-"), std::process::id());
        let mut window = open(protocol, &name);
        window.until("the connection", |window| window.panel("Client").query_by_label("Disconnect").is_some());
        window.write("Client", "Message", "who");
        window.click("Client", "Send");
        window.until("the client's process", |window| window.has_client(&own_ids()));
        // Of a datagram socket's other end nothing is known before it has sent something.
        assert_eq!(window.shows("Client", &own_ids()), protocol != "Unix datagram", "{protocol}");
        window.write("Server", "Message", "me");
        window.click("Server", "Send");
        window.until("the server's process", |window| window.shows("Client", &own_ids()));
    }
}

#[test]
fn descriptors_that_came_along_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("passed.txt");
    let passed = File::create(&file).expect("a file");
    for (protocol, kind) in [("Unix stream", SockType::Stream), ("Unix datagram", SockType::Datagram)] {
        let name = format!("@sockeye-window-rights-{}-{}", protocol.replace(' ', "-"), std::process::id());
        let mut window = Window::english();
        window.choose("Server", "Protocol", protocol);
        window.write("Server", "Address", &name);
        window.click("Server", "Start listening");
        window.until("listening", |window| window.shows("Server", "Listening on "));
        let peer = socket(AddressFamily::Unix, kind, SockFlag::empty(), None).expect("a socket");
        let to = UnixAddr::new_abstract(&name.as_bytes()[1..]).expect("a name");
        connect(peer.as_raw_fd(), &to).expect("the listener");
        let rights = [passed.as_raw_fd()];
        let along = [ControlMessage::ScmRights(&rights)];
        let bytes = [std::io::IoSlice::new(b"take it")];
        sendmsg::<()>(peer.as_raw_fd(), &bytes, &along, MsgFlags::empty(), None).expect("it is sent");
        let path = file.display().to_string();
        window.until("the notice", |window| window.journal().iter().flatten().any(|cell| cell.contains(&path)));
        assert!(window.has_row(&["received", "7", "take it"]), "{protocol}");
        window.until("the words", |window| window.shows("Server", &path));
    }
}

/// As if it had been there when the program started.
fn inherited(socket: &(impl AsFd + AsRawFd)) -> String {
    fcntl(socket, FcntlArg::F_SETFD(FdFlag::empty())).expect("it is open");
    socket.as_raw_fd().to_string()
}

#[test]
fn a_descriptor_is_adopted_and_shown_as_what_it_is() {
    let listener = listener();
    let address = listener.local_addr().expect("an address");
    let number = inherited(&listener);
    let mut window = Window::english();
    window.choose("Server", "Protocol", "Descriptor");
    window.click("Server", "Start listening");
    assert!(window.shows("Server", "Type the descriptor's number or name"));
    window.write("Server", "Address", "2147483647");
    window.click("Server", "Start listening");
    window.until("the refusal", |window| window.shows("Server", "adopt fd://2147483647: no such descriptor is open"));
    window.write("Server", "Address", &number);
    window.click("Server", "Start listening");
    window.until("listening", |window| window.shows("Server", &format!("Listening on {address}")));
    let words = format!("fd://{number} is tcp://{address}.");
    window.until("the row", |window| window.has_row(&[&words]));
    window.write("Client", "Port", &address.port().to_string());
    window.click("Client", "Connect");
    window.until("connected", |window| window.shows("Client", "Connected · ") && window.shows("Server", "1 client"));
    window.write("Client", "Message", "你好");
    window.click("Client", "Send");
    window.until("the greeting", |window| window.has_row(&["received", "6", "你好"]));
    window.click("Server", "Stop listening");
    window.until("stopped", |window| window.panel("Server").query_by_label("Start listening").is_some());
    assert!(listener.local_addr().is_ok(), "it stays open");
}

/// Nothing of it is unfolded.
#[test]
fn the_round_trip_time_of_a_connection_that_is_adopted_is_told() {
    let peer = listener();
    let connection = TcpStream::connect(peer.local_addr().expect("an address")).expect("a connection");
    let mut window = Window::english();
    window.choose("Client", "Protocol", "Descriptor");
    window.write("Client", "Address", &inherited(&connection));
    window.click("Client", "Connect");
    window.until("connected", |window| window.shows("Client", "Connected · "));
    window.until("the round-trip time", |window| window.shows("Client", "RTT "));
}

/// Set for the run of this test in a process of its own, which is started as a service manager would.
const PASSED: &str = "LISTEN_FDNAMES";

/// The sockets that a panel offers, each as its button has it.
fn offered(window: &mut Window, panel: &str) -> Vec<String> {
    window.choose(panel, "Protocol", "Descriptor");
    let labels = window.panel(panel).query_all_by_role(Role::Button);
    labels.filter_map(|button| button.accesskit_node().label()).filter(|label| label.contains(" · ")).collect()
}

#[test]
fn what_a_service_manager_passed_is_offered_to_the_side_that_it_fits() {
    if std::env::var_os(PASSED).is_none() {
        // The connection comes as standard output, in whose place the test tells what it has to by standard error.
        let script = format!("LISTEN_PID=$$ LISTEN_FDS=2 {PASSED}=web:talk exec \"$@\" 3<&0 4<&1 1>&2");
        let this = std::env::current_exe().expect("a test program");
        let peer = listener();
        let connection = TcpStream::connect(peer.local_addr().expect("an address")).expect("it listens");
        let output = Command::new("sh")
            .args(["-c", &script, "sh"])
            .arg(this)
            .args(["--exact", "what_a_service_manager_passed_is_offered_to_the_side_that_it_fits", "--nocapture"])
            .stdin(Stdio::from(OwnedFd::from(listener())))
            .stdout(Stdio::from(OwnedFd::from(connection)))
            .output()
            .expect("sh");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let mut window = Window::english();
    let [to_listen, to_connect] = ["Server", "Client"].map(|panel| {
        let offers = offered(&mut window, panel);
        assert_eq!(offers.len(), 1, "{panel}: {offers:?}");
        offers.into_iter().next().expect("one")
    });
    let part = |offer: &str, start: &str, end: &str| {
        let inner = offer.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        inner.unwrap_or_else(|| panic!("{start} and {end} in {offer}")).to_owned()
    };
    let address = part(&to_listen, "3 · web tcp://", " · listens");
    window.click("Server", &to_listen);
    assert_eq!(window.value("Server", "Address"), "3");
    window.click("Server", "Start listening");
    window.until("listening", |window| window.shows("Server", &format!("Listening on {address}")));
    let peer = part(&to_connect, "4 · talk tcp://", " · connected");
    window.click("Client", &to_connect);
    assert_eq!(window.value("Client", "Address"), "4");
    window.click("Client", "Connect");
    window.until("connected", |window| window.shows("Client", "Connected · ") && window.shows("Client", &peer));
}
