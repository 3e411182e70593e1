//! Pictures of what the window has for sockets other than TCP and UDP, and of what the kernel says of a socket; made up
//! from reports of an engine so that nothing in them depends on the machine. `ui_snapshots.rs` says how they are drawn anew.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/pictures.rs"]
mod pictures;
#[path = "support/raster.rs"]
mod raster;
#[path = "support/reports.rs"]
mod reports;
#[path = "support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role as Widget;
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use socket2::{Domain, Socket, Type};
use sockeye::codec::can::Frame;
use sockeye::codec::decode::Decoder;
use sockeye::engine::Surroundings;
use sockeye::model::{
    AcceptQueue, Cause, ClientTab, Direction, Event, Facility, Failure, Hint, Notice, Operation, PeerProcess, Protocol,
    Role, ServerTab, SessionId, SessionInfo, Settings, SocketId, SocketMemory, SocketState, TcpInfo, TcpState,
    WaitingSocket,
};

use crate::app::{Window, steady_surroundings};
use crate::pictures::{SIZE, SMALL, THEMES, chinese, english, open, open_in, report, shoot, themed};
use crate::reports::{CLIENT, SERVER, client_of_server, data, decoded_as, listening, opened, page, ping};
use crate::support::in_own_network;

fn server(protocol: &str, address: &str, port: &str) -> ServerTab {
    let (protocol, address, port) = (protocol.to_owned(), address.to_owned(), port.to_owned());
    ServerTab { protocol, address, port, ..ServerTab::default() }
}

fn client(protocol: &str, address: &str, port: &str) -> ClientTab {
    let (protocol, address, port) = (protocol.to_owned(), address.to_owned(), port.to_owned());
    ClientTab { protocol, address, port, ..ClientTab::default() }
}

/// What is typed for them, before anything is open: each empty field shows an example of what goes there.
#[test]
fn forms_of_other_sockets() {
    let mut results = SnapshotResults::new();
    let vsock_and_raw = english(server("vsock", "any", "9000"), client("raw", "127.0.0.1", "icmp"));
    let bus = english(server("can", "vcan0", ""), client("can-bcm", "vcan0", ""));
    for (name, settings, size) in [
        ("raw-vsock-light", vsock_and_raw.clone(), SIZE),
        ("raw-vsock-chinese", chinese(&vsock_and_raw), SMALL),
        ("can-light", bus.clone(), SMALL),
        ("can-dark", themed(&bus, THEMES[1].1), SIZE),
        ("can-chinese", chinese(&bus), SMALL),
        ("examples-light", bytes(), SMALL),
        ("examples-chinese", chinese(&bytes()), SMALL),
    ] {
        let mut window = open(settings, size);
        shoot(&mut window, name, &mut results);
    }
}

/// Escapes on one side and hex on the other.
fn bytes() -> Settings {
    let (mut server, mut client) = (ServerTab::default(), ClientTab::default());
    server.composer.format = "escapes".to_owned();
    client.composer.format = "hex".to_owned();
    english(server, client)
}

/// A module that isn't loaded, and a right that the user hasn't.
#[test]
fn sockets_that_the_system_lacks() {
    let mut results = SnapshotResults::new();
    let lacking = |facility: &Facility| {
        let (cause, hint) = match facility.protocol {
            Protocol::Raw => (Cause::PermissionDenied, Hint::NeedsRawRight),
            _ => (Cause::AddressFamilyMissing, Hint::LoadModule { module: "can-raw".to_owned() }),
        };
        Some(Failure::new(Operation::Open, facility.protocol.scheme(), cause).with_hint(hint))
    };
    let settings = english(server("can", "can0", ""), client("raw", "127.0.0.1", "icmp"));
    for (name, settings, size, words) in [
        ("missing-light", settings.clone(), SMALL, "Not available here"),
        ("missing-dark", themed(&settings, THEMES[1].1), SIZE, "Not available here"),
        ("missing-chinese", chinese(&settings), SMALL, "此处不可用"),
    ] {
        let surroundings = Surroundings { probe: lacking, ..steady_surroundings() };
        let mut window = open_in(surroundings, settings, size);
        window.until("both remarks", |window| window.harness.query_all_by_label_contains(words).count() == 2);
        shoot(&mut window, name, &mut results);
    }
}

/// A connection that has seen losses.
fn connection() -> SocketState {
    let tcp = TcpInfo {
        state: TcpState::Established,
        rtt: Some(Duration::from_micros(23_481)),
        rtt_variance: Some(Duration::from_micros(1_907)),
        min_rtt: Some(Duration::from_micros(18_250)),
        retransmit_timeout: Duration::from_millis(228),
        retransmits: 17,
        lost: 2,
        in_flight: 12,
        congestion_window: 24,
        send_mss: 1448,
        path_mtu: 1500,
        bytes_acknowledged: Some(655_360_000),
        bytes_received: Some(1_024),
        bytes_sent: Some(655_384_616),
        delivery_rate: Some(11_800_000),
    };
    SocketState {
        tcp: Some(tcp),
        unread: Some(0),
        unacknowledged: Some(17_376),
        unsent: Some(2_896),
        memory: Some(memory(0, 131_072, 46_080, 2_626_560, 0)),
        ..SocketState::default()
    }
}

fn memory(receive: u32, receive_max: u32, send: u32, send_max: u32, dropped: u32) -> SocketMemory {
    SocketMemory { receive, receive_max, send, send_max, dropped }
}

/// A listener whose program accepts too slowly.
fn listener() -> SocketState {
    let SocketState { tcp, .. } = connection();
    let tcp = tcp.map(|tcp| TcpInfo { state: TcpState::Listen, ..tcp });
    let memory = Some(memory(0, 131_072, 0, 16_384, 0));
    SocketState { tcp, accept_queue: Some(AcceptQueue { waiting: 5, max: 128 }), memory, ..SocketState::default() }
}

fn inspected(socket: SocketId, session: Option<u64>, state: SocketState) -> Event {
    Event::Inspected { socket, session: session.map(SessionId), state: Arc::new(state) }
}

fn with_more(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.servers[0].more_open = true;
    settings.clients[0].more_open = true;
    settings
}

#[test]
fn what_the_kernel_says_of_tcp() {
    let mut results = SnapshotResults::new();
    let settings = with_more(&english(ServerTab::default(), ClientTab::default()));
    for (name, settings, size, [live, server, client]) in [
        ("live-light", settings.clone(), SIZE, ["Live state", "Server", "Client"]),
        ("live-dark", themed(&settings, THEMES[1].1), SIZE, ["Live state", "Server", "Client"]),
        ("live-light-1024x700", settings.clone(), SMALL, ["Live state", "Server", "Client"]),
        ("live-chinese", chinese(&settings), SMALL, ["实时状态", "服务端", "客户端"]),
    ] {
        let mut window = open(settings, size);
        report(
            &mut window,
            [
                listening("tcp://127.0.0.1:9000"),
                client_of_server(1, "127.0.0.1:51734", [655_360_000, 1_024]),
                opened(2, CLIENT, Role::Client, Protocol::Tcp, "127.0.0.1:9000", [1_024, 655_360_000]),
            ],
        );
        unfold(&mut window, server, live);
        unfold(&mut window, client, live);
        report(&mut window, [inspected(SERVER, None, listener()), inspected(CLIENT, Some(2), connection())]);
        to_the_end(&mut window, client, live);
        to_the_end(&mut window, server, live);
        shoot(&mut window, name, &mut results);
    }
}

/// Opens what a panel has below its edge.
fn unfold(window: &mut Window, panel: &str, name: &str) {
    window.control(panel, name).scroll_to_me();
    window.harness.run_steps(40);
    window.click(panel, name);
}

/// Turns the wheel over a panel's list, of which this is shown, until its end is in view.
fn to_the_end(window: &mut Window, panel: &str, shown: &str) {
    let place = window.control(panel, shown).rect().center();
    window.harness.hover_at(place);
    window.harness.step();
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Page,
        delta: egui::vec2(0.0, -9.0),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
        source: egui::MouseWheelSource::Unknown,
    });
    window.harness.run_steps(40);
}

/// What a listener for datagrams has no room for is lost.
#[test]
fn what_the_kernel_says_of_datagrams() {
    let mut results = SnapshotResults::new();
    let settings = with_more(&english(server("udp", "127.0.0.1", "9000"), client("udp", "127.0.0.1", "9000")));
    let mut window = open(settings, SIZE);
    report(
        &mut window,
        [
            listening("udp://127.0.0.1:9000"),
            opened(1, SERVER, Role::Server, Protocol::Udp, "127.0.0.1:51734", [64_000_000, 0]),
            opened(2, CLIENT, Role::Client, Protocol::Udp, "127.0.0.1:9000", [0, 65_000_000]),
        ],
    );
    unfold(&mut window, "Server", "Live state");
    unfold(&mut window, "Client", "Live state");
    let of = |memory| SocketState { memory: Some(memory), ..SocketState::default() };
    let receiving = of(memory(212_480, 212_992, 0, 212_992, 12_345));
    let sending = of(memory(0, 212_992, 66_816, 212_992, 0));
    report(&mut window, [inspected(SERVER, None, receiving), inspected(CLIENT, Some(2), sending)]);
    to_the_end(&mut window, "Client", "Live state");
    to_the_end(&mut window, "Server", "Live state");
    shoot(&mut window, "live-udp-light", &mut results);
}

/// The lesson of "Address already in use": what keeps the port, and the cure.
#[test]
fn a_port_that_old_connections_keep() {
    let mut results = SnapshotResults::new();
    let waiting = |port: u16, seconds| WaitingSocket {
        local: "127.0.0.1:9000".to_owned(),
        peer: format!("127.0.0.1:{port}"),
        state: TcpState::TimeWait,
        seconds: Some(seconds),
    };
    let sockets: Vec<_> = (0..6).map(|at| waiting(51_734 + at, 59 - 7 * u32::from(at))).collect();
    let bind = Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse);
    let strict = ServerTab { options: "reuseaddr=0".to_owned(), ..ServerTab::default() };
    let settings = english(strict, ClientTab::default());
    let one = || vec![waiting(51_734, 59)];
    for (name, settings, size, sockets, reuse) in [
        ("time-wait-light", settings.clone(), SIZE, sockets.clone(), false),
        ("time-wait-dark", themed(&settings, THEMES[1].1), SMALL, sockets.clone(), false),
        ("time-wait-one-light", settings.clone(), SMALL, one(), true),
        ("time-wait-chinese", chinese(&settings), SMALL, sockets.clone(), false),
    ] {
        let mut window = open(settings, size);
        let failure = bind.clone().with_hint(Hint::PortInTimeWait { sockets: sockets.into(), more: 0, reuse });
        report(&mut window, [Event::Failed { socket: Some(SERVER), session: None, failure }]);
        shoot(&mut window, name, &mut results);
    }
}

/// The lesson's second half: the cure was pressed, and the state line counts down to when the port should be free.
#[test]
fn a_port_that_is_waited_for() {
    let mut results = SnapshotResults::new();
    // Held for as long as the pictures take, by every run of this test at once: the engine waits in earnest. One that is
    // bound and doesn't listen is of nobody whose name and number would stand in them.
    let address = SocketAddr::from(([127, 83, 79, 67], 9000));
    let holder = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    holder.set_reuse_port(true).expect("a shared port");
    holder.bind(&address.into()).expect("the address");
    let settings = english(server("tcp", "127.83.79.67", "9000"), ClientTab::default());
    for (name, settings, size, cure) in [
        ("waiting-light", settings.clone(), SIZE, "Listen once it is free"),
        ("waiting-dark", themed(&settings, THEMES[1].1), SMALL, "Listen once it is free"),
        ("waiting-chinese", chinese(&settings), SMALL, "端口释放后监听"),
    ] {
        let panel = if name == "waiting-chinese" { "服务端" } else { "Server" };
        let mut window = open(settings, size);
        let peer = "127.83.79.67:51734".to_owned();
        let state = TcpState::TimeWait;
        let sockets = [WaitingSocket { local: address.to_string(), peer, state, seconds: Some(59) }];
        let hint = Hint::PortInTimeWait { sockets: sockets.into(), more: 0, reuse: true };
        let failure = Failure::new(Operation::Bind, address, Cause::AddressInUse).with_hint(hint);
        report(&mut window, [Event::Failed { socket: Some(SERVER), session: None, failure }]);
        let began = window.harness.ctx.input(|input| input.time);
        window.click(panel, cure);
        window.until("the listener's row", |window| {
            let journal = window.harness.get_by_role(Widget::Table);
            journal.query_all_by_role(Widget::Row).count() == 1
        });
        // However long that took, this is what stands there then.
        window.harness.input_mut().time = Some(began + 30.5);
        window.harness.step();
        shoot(&mut window, name, &mut results);
    }
}

/// Open sockets of these kinds, what crossed them, and a ping's reply field by field.
#[test]
fn a_ping_in_the_inspector() {
    in_own_network("a_ping_in_the_inspector", || {
        let mut results = SnapshotResults::new();
        for ((name, theme), size) in THEMES.into_iter().zip([SIZE, SMALL]) {
            let ours = format!("@sockeye-ping-{name}");
            let settings = english(server("unix", &ours, ""), client("raw", "127.0.0.1", "icmp"));
            let mut window = open(themed(&settings, theme), size);
            // Once the engine has answered for its only row, it is not asked again for those that are made up here.
            window.click("Server", "Start listening");
            window.until("the listener's row", |window| window.journal().len() == 1);
            let session = opened(2, CLIENT, Role::Client, Protocol::Raw, "127.0.0.1", [84, 64]);
            report(&mut window, [decoded_as(session, Decoder::Ipv4 { protocol: 1 })]);
            let [request, reply] = ping();
            let rows = vec![
                data(1, CLIENT, 2, Direction::Out, 0, &request),
                data(2, CLIENT, 2, Direction::In, 0, &reply),
                data(3, CLIENT, 2, Direction::In, 0, b"no packet at all"),
            ];
            report(&mut window, [page(rows)]);
            window.harness.get_by_label_contains("echo reply id=7 seq=1").click();
            window.harness.step();
            shoot(&mut window, &format!("ping-{name}"), &mut results);
        }
    });
}

/// Who is at the other ends of Unix sockets, in the rows and in the state line.
#[test]
fn processes_at_the_other_ends() {
    let mut results = SnapshotResults::new();
    for ((name, theme), size) in THEMES.into_iter().zip([SMALL, SIZE]) {
        let ours = format!("@sockeye-unix-{name}");
        let settings = english(server("unix", &ours, ""), client("unix-dgram", "/run/clock.sock", ""));
        let mut window = open(themed(&settings, theme), size);
        let process =
            |pid, name: Option<&str>| PeerProcess { pid, uid: 1000, gid: 100, name: name.map(ToOwned::to_owned) };
        let with = |event: Event, process: PeerProcess| match event {
            Event::Opened { info, traffic } => {
                Event::Opened { info: SessionInfo { process: Some(process), ..info }, traffic }
            }
            other => other,
        };
        let accepted = |id, bytes| opened(id, SERVER, Role::Server, Protocol::UnixStream, "", bytes);
        let notice = Notice::PeerKnown { process: process(Some(612), Some("clockd")) };
        report(
            &mut window,
            [
                listening(&format!("unix:{ours}")),
                with(accepted(1, [12, 6]), process(Some(4711), Some("python3"))),
                with(accepted(2, [655_360_000, 1_024]), process(None, None)),
                opened(3, CLIENT, Role::Client, Protocol::UnixDatagram, "/run/clock.sock", [8, 4]),
                Event::Noticed { socket: Some(CLIENT), session: Some(SessionId(3)), notice },
            ],
        );
        shoot(&mut window, &format!("unix-{name}"), &mut results);
    }
}

#[test]
fn open_sockets_of_other_families() {
    let mut results = SnapshotResults::new();
    for ((name, theme), size) in THEMES.into_iter().zip([SMALL, SIZE]) {
        let settings = english(server("vsock", "any", "9000"), client("can", "vcan0", ""));
        let mut window = open(themed(&settings, theme), size);
        let bus = opened(3, CLIENT, Role::Client, Protocol::Can, "vcan0", [16, 72]);
        report(
            &mut window,
            [
                listening("vsock://any:9000"),
                opened(1, SERVER, Role::Server, Protocol::Vsock, "3:1024", [12, 6]),
                opened(2, SERVER, Role::Server, Protocol::Vsock, "4294967294:4294967294", [655_360_000, 1_024]),
                decoded_as(bus, Decoder::CanFrame),
            ],
        );
        let frame = |text: &str| text.parse::<Frame>().expect("a frame").to_bytes();
        let mut rows = vec![
            data(1, CLIENT, 3, Direction::In, 0, &frame("123#DEADBEEF")),
            data(2, CLIENT, 3, Direction::Out, 0, &frame("1F334455##1021001")),
            data(3, CLIENT, 3, Direction::In, 0, &frame("7DF#R")),
        ];
        rows.iter_mut().for_each(|row| row.peer = "vcan0".to_owned());
        report(&mut window, [page(rows)]);
        window.harness.get_by_label_contains("1F334455##1").click();
        window.write("Client", "Message", "123#DEADBEEFF");
        shoot(&mut window, &format!("families-{name}"), &mut results);
    }
}
