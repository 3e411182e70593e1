//! Pictures of the window in each state that it can be in, made up from reports of an engine so that nothing in them
//! depends on the machine: see `ui_snapshots.rs` for how they are drawn anew.

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

use std::io::Write as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::UnixStream;

use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use sockeye::codec::can::Frame;
use sockeye::codec::decode::Decoder;
use sockeye::model::{
    Cause, ClientTab, CloseReason, Direction, Event, Failure, Hint, LanguageChoice, Notice, Operation, Outcome,
    PageRow, PortOwner, Protocol, Role, Saved, ServerTab, SessionId, Settings, SocketId, ThemeChoice, TransferId,
};

use crate::app::Window;
use crate::pictures::{SIZE, SMALL, THEMES, chinese, compare, english, open, report, shoot, themed};
use crate::reports::{
    CLIENT, SERVER, client_of_server, closed, data, decoded_as, ended, file, listening, opened, page, ping, plain,
    progress, verified,
};
use crate::support::in_own_network;

const MIB: u64 = 1 << 20;

/// A file of each kind on both sides: waiting, under way, ended well, cut off, refused.
fn files() -> Vec<Event> {
    let full = Failure::new(Operation::WriteFile, "/home/ann/inbox/image.iso", Cause::StorageFull);
    let denied = Failure::new(Operation::CreateFile, "/home/ann/inbox/配置.toml", Cause::PermissionDenied);
    let reset = Failure::new(Operation::Send, "127.0.0.1:9000", Cause::ConnectionReset);
    vec![
        listening("tcp://127.0.0.1:9000"),
        client_of_server(1, "127.0.0.1:51734", [8_400_000, 6]),
        opened(2, CLIENT, Role::Client, Protocol::Tcp, "127.0.0.1:9000", [6, 655_360_000]),
        file(1, 1, Direction::In, "move_info7.txt", None),
        ended(1, "move_info7.txt", 25_600, Outcome::Unverified, None),
        file(2, 1, Direction::In, "image.iso", Some(4096 * MIB)),
        ended(2, "image.iso.incomplete", 812 * MIB, Outcome::Incomplete, Some(full.with_hint(Hint::FreeSpace))),
        file(3, 1, Direction::In, "配置.toml", None),
        ended(3, "配置.toml", 0, Outcome::Refused, Some(denied.with_hint(Hint::CheckRights))),
        file(
            4,
            1,
            Direction::In,
            "a very long name that a peer has thought up to see what happens to the row.tar.gz",
            None,
        ),
        progress(4, 8_400_000, None, 3 * MIB),
        file(5, 2, Direction::Out, "firmware-2.1.bin", Some(40_960)),
        ended(5, "firmware-2.1.bin", 40_960, Outcome::HandedOver, None),
        file(6, 2, Direction::Out, "core.dump", Some(900 * MIB)),
        ended(6, "core.dump", 77 * MIB, Outcome::Incomplete, Some(reset)),
        file(7, 2, Direction::Out, "backup.tar", Some(1024 * MIB)),
        progress(7, 625 * MIB, Some(1024 * MIB), 210 * MIB),
        file(8, 2, Direction::Out, "next.tar", Some(12 * MIB)),
    ]
}

/// Verified files: one that is asked for, one that rests, one whose rate was seen, and those that both sides have.
fn verified_files() -> Vec<Event> {
    let mut events = vec![
        listening("tcp://127.0.0.1:9000"),
        client_of_server(1, "127.0.0.1:51734", [8_400_000, 6]),
        opened(2, CLIENT, Role::Client, Protocol::Tcp, "127.0.0.1:9000", [6, 655_360_000]),
        file(1, 1, Direction::In, "firmware.bin", Some(3 * MIB)),
        verified(1, "firmware.bin", 3 * MIB),
        file(2, 1, Direction::In, "image.iso", Some(4096 * MIB)),
        progress(2, 812 * MIB, Some(4096 * MIB), 0),
        Event::TransferPaused { transfer: TransferId(2), paused: true },
        file(3, 1, Direction::In, "offer.pdf", Some(640 * 1024)),
        Event::TransferAsks { transfer: TransferId(3) },
        file(5, 2, Direction::Out, "配置.toml", Some(812)),
        verified(5, "配置.toml", 812),
        file(6, 2, Direction::Out, "backup.tar", Some(1024 * MIB)),
    ];
    events.extend((1..=60).map(|at: u64| {
        let rate = 210 * MIB - (at % 17) * 7 * MIB;
        progress(6, at * 10 * MIB, Some(1024 * MIB), rate)
    }));
    events
}

#[test]
fn verified_files_are_asked_for_rest_and_end() {
    let mut results = SnapshotResults::new();
    let settings = english(ServerTab::default(), ClientTab::default());
    for (name, theme) in THEMES {
        let mut window = open(themed(&settings, theme), SIZE);
        report(&mut window, verified_files());
        shoot(&mut window, &format!("verified-files-{name}"), &mut results);
    }
    let mut window = open(themed(&settings, ThemeChoice::Light), SMALL);
    report(&mut window, verified_files());
    shoot(&mut window, "verified-files-small", &mut results);
}

#[test]
fn the_border_between_name_and_content_is_moved() {
    let mut results = SnapshotResults::new();
    let settings = english(ServerTab::default(), ClientTab::default());
    for (name, theme) in THEMES {
        let mut window = open(themed(&settings, theme), SIZE);
        report(
            &mut window,
            [
                listening("tcp://127.0.0.1:9000"),
                client_of_server(1, "127.0.0.1:51734", [8_400_000, 6]),
                file(1, 1, Direction::In, "received.bin", None),
                plain(1, "received.bin", "报告.txt\nThe first line\nThe second line\n"),
            ],
        );
        window.click("Server", "Move the border between name and content of received.bin");
        shoot(&mut window, &format!("split-{name}"), &mut results);
    }
}

#[test]
fn past_transfers_are_listed() {
    let mut results = SnapshotResults::new();
    let settings = english(ServerTab::default(), ClientTab::default());
    let pictures = [
        ("past-light", themed(&settings, ThemeChoice::Light), SIZE),
        ("past-dark", themed(&settings, ThemeChoice::Dark), SIZE),
        ("past-chinese", chinese(&settings), SMALL),
    ];
    for (name, settings, size) in pictures {
        let mut window = open(settings, size);
        report(&mut window, files().into_iter().chain(verified_files()));
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::H);
        window.harness.step();
        window.harness.step();
        window.harness.key_press(egui::Key::Home);
        window.harness.key_press(egui::Key::ArrowDown);
        window.harness.step();
        window.harness.step();
        shoot(&mut window, name, &mut results);
    }
}

#[test]
fn files_on_their_way_and_ended() {
    let mut results = SnapshotResults::new();
    let settings = english(ServerTab::default(), ClientTab::default());
    for (name, theme) in THEMES {
        let mut window = open(themed(&settings, theme), SIZE);
        report(&mut window, files());
        shoot(&mut window, &format!("files-{name}"), &mut results);
    }
}

#[test]
fn errors_with_what_to_do() {
    let mut results = SnapshotResults::new();
    let settings = english(ServerTab::default(), ClientTab::default());
    let owner = PortOwner { pid: 4242, name: "python3".to_owned() };
    let bind = Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse);
    let refused = Failure::new(Operation::Connect, "127.0.0.1:9000", Cause::Refused);
    for (name, theme) in THEMES {
        let mut window = open(themed(&settings, theme), SIZE);
        let failed = |socket, failure| Event::Failed { socket: Some(socket), session: None, failure };
        report(
            &mut window,
            [
                failed(SERVER, bind.clone().with_hint(Hint::PortHeldBy { owner: owner.clone() })),
                failed(CLIENT, refused.clone().with_hint(Hint::StartTheServer)),
                Event::JournalSaved {
                    path: "/home/ann/journal.txt".into(),
                    saved: Saved { rows: 12_345, ..Saved::default() },
                },
            ],
        );
        shoot(&mut window, &format!("errors-{name}"), &mut results);
    }
}

/// Groups and addresses under "More", a group that can't be joined, and three who answer a client.
#[test]
fn udp_among_many() {
    let mut results = SnapshotResults::new();
    let udp = || "udp".to_owned();
    let (address, more_open) = ("0.0.0.0".to_owned(), true);
    let server = ServerTab { protocol: udp(), address, more_open, ..ServerTab::default() };
    let client = ClientTab { protocol: udp(), address: "239.1.2.3".to_owned(), more_open, ..ClientTab::default() };
    let client = ClientTab { options: "mif=eth0&mttl=4&mloop=0".to_owned(), ..client };
    for (name, language, size) in [
        ("light", LanguageChoice::English, SIZE),
        ("chinese", LanguageChoice::Chinese, SIZE),
        ("light-1024x700", LanguageChoice::English, (1024.0, 700.0)),
    ] {
        let mut window = open(Settings { language, ..english(server.clone(), client.clone()) }, size);
        let joined = |group: &str| Event::Joined { socket: SERVER, group: group.parse().expect("a group") };
        let names = ["lo", "eth0"].map(str::to_owned).to_vec();
        let failure = Failure::new(Operation::Join, "239.9.9.9@eth7", Cause::NoSuchDevice);
        let failure = failure.with_hint(Hint::ChooseAnInterface { names });
        let answering = |id, peer: &str, bytes| opened(id, CLIENT, Role::Client, Protocol::Udp, peer, bytes);
        report(
            &mut window,
            [
                listening("udp://0.0.0.0:9000"),
                joined("239.1.2.3@eth0"),
                joined("232.1.1.1@eth0/10.0.0.5"),
                opened(1, SERVER, Role::Server, Protocol::Udp, "10.0.0.7:51734", [12, 6]),
                opened(5, SERVER, Role::Server, Protocol::Udp, "10.0.0.8:40000", [1_024, 0]),
                Event::Failed { socket: Some(SERVER), session: None, failure },
                answering(2, "239.1.2.3:9000", [0, 6]),
                answering(3, "10.0.0.8:9000", [6, 0]),
                answering(4, "10.0.0.9:9000", [6, 0]),
            ],
        );
        if size.1 < SIZE.1 {
            for panel in ["Server", "Client"] {
                window.control(panel, "TTL to groups").scroll_to_me();
            }
            window.harness.run_steps(60);
        }
        shoot(&mut window, &format!("udp-{name}"), &mut results);
    }
}

/// What is crowded: "More" open on both sides, folders chosen, a client that is there, one that has gone, a file.
#[test]
fn more_is_open_on_both_sides() {
    let mut results = SnapshotResults::new();
    let server = ServerTab {
        more_open: true,
        respond: "reply".to_owned(),
        reply: r"OK\r\n".to_owned(),
        receive: "tutorial".to_owned(),
        folder: "/home/ann/inbox".to_owned(),
        options: "rcvbuf=4M".to_owned(),
        ..ServerTab::default()
    };
    let client = ClientTab {
        more_open: true,
        receive: "raw".to_owned(),
        folder: "/home/ann/a folder with quite a long name/for what the other side sends".to_owned(),
        local_host: "127.0.0.1".to_owned(),
        local_port: "40000".to_owned(),
        reconnect: true,
        ..ClientTab::default()
    };
    for (name, theme) in THEMES {
        let mut window = open(themed(&english(server.clone(), client.clone()), theme), SIZE);
        report(
            &mut window,
            [
                listening("tcp://127.0.0.1:9000"),
                client_of_server(1, "127.0.0.7:40312", [25_614, 4]),
                client_of_server(2, "127.0.0.1:51734", [12, 6]),
                closed(1, CloseReason::Eof),
                opened(3, CLIENT, Role::Client, Protocol::Tcp, "127.0.0.1:9000", [6, 12]),
                file(1, 1, Direction::In, "move_info7.txt", None),
                ended(1, "move_info7.txt", 25_600, Outcome::Unverified, None),
            ],
        );
        shoot(&mut window, &format!("more-{name}"), &mut results);
    }
}

#[test]
fn datagrams_that_were_dropped() {
    let mut results = SnapshotResults::new();
    let server = ServerTab { protocol: "udp".to_owned(), ..ServerTab::default() };
    let client = ClientTab { protocol: "udp".to_owned(), ..ClientTab::default() };
    let mut window = open(english(server, client), SIZE);
    let noticed = |notice| Event::Noticed { socket: Some(SERVER), session: None, notice };
    let peer = |id, address, bytes| opened(id, SERVER, Role::Server, Protocol::Udp, address, bytes);
    report(
        &mut window,
        [
            listening("udp://127.0.0.1:9000"),
            peer(1, "127.0.0.1:51734", [64_000_000, 0]),
            peer(2, "127.0.0.8:5000", [512, 8]),
            opened(3, CLIENT, Role::Client, Protocol::Udp, "127.0.0.1:9000", [0, 65_000_000]),
            noticed(Notice::Truncated { kept: 65_536 }),
            noticed(Notice::Dropped { datagrams: 12_345 }),
        ],
    );
    shoot(&mut window, "drops-light", &mut results);
}

#[test]
fn many_clients_and_many_tabs() {
    let mut results = SnapshotResults::new();
    let tab = |port: u16| ServerTab { port: port.to_string(), ..ServerTab::default() };
    let settings = Settings {
        servers: (9000..9009).map(tab).collect(),
        clients: (0..9).map(|at| ClientTab { address: format!("host-{at}.example"), ..ClientTab::default() }).collect(),
        server: 0,
        client: 8,
        ..english(ServerTab::default(), ClientTab::default())
    };
    let clients = (1..=200)
        .map(|id| client_of_server(id, &format!("127.0.{}.{}:{}", id / 100, id % 100, 40_000 + id), [id * id, id]));
    for (name, theme) in THEMES {
        let mut window = open(themed(&settings, theme), SMALL);
        report(&mut window, [listening("tcp://127.0.0.1:9000")].into_iter().chain(clients.clone()));
        report(&mut window, [closed(3, CloseReason::Reset)]);
        shoot(&mut window, &format!("crowd-{name}"), &mut results);
    }
}

#[test]
fn out_of_descriptors() {
    let mut results = SnapshotResults::new();
    let mut window = open(english(ServerTab::default(), ClientTab::default()), SIZE);
    let notice = Event::Noticed { socket: Some(SERVER), session: None, notice: Notice::AcceptingPaused };
    report(&mut window, [listening("tcp://127.0.0.1:9000"), client_of_server(1, "127.0.0.1:40312", [12, 0]), notice]);
    shoot(&mut window, "descriptors-light", &mut results);
}

#[test]
fn others_can_reach_it() {
    let mut results = SnapshotResults::new();
    let server = ServerTab { address: "0.0.0.0".to_owned(), ..ServerTab::default() };
    let mut window = open(english(server, ClientTab::default()), SIZE);
    report(&mut window, [listening("tcp://0.0.0.0:9000")]);
    shoot(&mut window, "reachable-light", &mut results);
}

#[test]
fn a_filter_that_is_mistaken() {
    let mut results = SnapshotResults::new();
    let mut window = open(english(ServerTab::default(), ClientTab::default()), SIZE);
    window.harness.get_by_label("Filter").focus();
    window.harness.step();
    window.harness.get_by_label("Filter").type_text("hex:e4b");
    window.harness.step();
    window.harness.step();
    window.harness.get_by_label("Filter").focus();
    shoot(&mut window, "filter-light", &mut results);
}

#[test]
fn a_menu_and_a_tooltip() {
    let mut results = SnapshotResults::new();
    for (name, theme) in THEMES {
        let settings = themed(&english(ServerTab::default(), ClientTab::default()), theme);
        let mut window = open(settings.clone(), SIZE);
        window.harness.get_by_label("File").click();
        window.harness.run_steps(20);
        shoot(&mut window, &format!("menu-{name}"), &mut results);

        let mut window = open(settings, SIZE);
        let more = window.panel("Server").get_by_label("More").rect().center();
        window.harness.hover_at(more);
        // It comes after a while of rest.
        window.harness.run_steps(60);
        compare(&mut window, &format!("tooltip-{name}"), &mut results);
    }
}

/// A conversation with a peer outside, over a Unix socket, which has no port that changes.
#[test]
fn a_conversation_in_chinese() {
    in_own_network("a_conversation_in_chinese", || {
        let mut results = SnapshotResults::new();
        for (name, theme) in THEMES {
            let ours = format!("sockeye-交谈-{name}");
            let server = ServerTab { protocol: "unix".to_owned(), address: format!("@{ours}"), ..ServerTab::default() };
            let settings = Settings { language: LanguageChoice::Chinese, ..english(server, ClientTab::default()) };
            let mut window = open(themed(&settings, theme), SIZE);
            window.harness.get_by_label("开始监听").click();
            until_rows(&mut window, 1);
            let address = std::os::unix::net::SocketAddr::from_abstract_name(&ours).expect("a name");
            let mut peer = UnixStream::connect_addr(&address).expect("a connection");
            until_rows(&mut window, 2);
            for (count, message) in [(3, "朱镕基、陶喆、赵堃"), (4, "温度 21.5 ℃，湿度 40 %\r\n")] {
                peer.write_all(message.as_bytes()).expect("sent");
                until_rows(&mut window, count);
            }
            window.write("服务端", "消息", "你好，再见！");
            window.click("服务端", "发送");
            until_rows(&mut window, 5);
            window
                .until("the last row", |window| window.harness.query_all_by_label_contains("你好，再见！").count() > 0);
            window.harness.get_all_by_label("朱镕基、陶喆、赵堃").next().expect("a row").click();
            window.harness.step();
            window.until("the chosen row's bytes", |window| window.harness.query_by_label("复制").is_some());
            shoot(&mut window, &format!("chinese-talk-{name}"), &mut results);
        }
    });
}

fn until_rows(window: &mut Window, count: usize) {
    let words = format!("共 {count} 行");
    window.until(&words, |window| window.harness.query_all_by_label_contains(&words).next().is_some());
}

/// Pings, frames of a bus and a browser's conversation: what bytes mean, beside rows that are shown as they came.
#[test]
fn what_bytes_mean() {
    in_own_network("what_bytes_mean", || {
        let mut results = SnapshotResults::new();
        for (name, theme, width) in [("light", ThemeChoice::Light, SIZE.0), ("dark", ThemeChoice::Dark, 1024.0)] {
            let ours = format!("sockeye-decoded-{name}");
            let server = ServerTab { protocol: "unix".to_owned(), address: format!("@{ours}"), ..ServerTab::default() };
            let raw = ClientTab { protocol: "raw".to_owned(), port: "icmp".to_owned(), ..ClientTab::default() };
            let mut window = open(themed(&english(server, raw), theme), (width, 1000.0));
            // Once the engine has answered for its only row, it is not asked again for those that are made up here.
            window.click("Server", "Start listening");
            window.until("the listener's row", |window| window.journal().len() == 1);
            let web = |id| opened(id, SERVER, Role::Server, Protocol::UnixStream, "127.0.0.1:51734", [148, 90]);
            let ping = |id| opened(id, CLIENT, Role::Client, Protocol::Raw, "127.0.0.1", [84, 64]);
            let bus = opened(3, SocketId(9), Role::Client, Protocol::Can, "vcan0", [16, 72]);
            report(
                &mut window,
                [
                    decoded_as(web(1), Decoder::Http),
                    Event::Upgraded {
                        session: SessionId(1),
                        received: REQUEST.len() as u64,
                        sent: ANSWER.len() as u64,
                    },
                    decoded_as(ping(2), Decoder::Ipv4 { protocol: 1 }),
                    decoded_as(bus, Decoder::CanFrame),
                ],
            );
            report(&mut window, [page(decoded_rows())]);
            window.harness.get_by_label("text 你好").click();
            window.harness.step();
            shoot(&mut window, &format!("decoded-{name}"), &mut results);
        }
    });
}

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

fn decoded_rows() -> Vec<PageRow> {
    let [request, reply] = ping();
    let frame = |text: &str| text.parse::<Frame>().expect("a frame").to_bytes();
    let (asked, answered) = (REQUEST.len() as u64, ANSWER.len() as u64);
    let masked = b"\x81\x86\0\0\0\0\xe4\xbd\xa0\xe5\xa5\xbd";
    let (received, sent) = (Direction::In, Direction::Out);
    vec![
        data(1, CLIENT, 2, sent, 0, &request),
        data(2, CLIENT, 2, received, 0, &reply),
        data(3, SocketId(9), 3, received, 0, &frame("123#DEADBEEF")),
        data(4, SocketId(9), 3, sent, 0, &frame("18DAF110##1021001")),
        data(5, SERVER, 1, received, 0, REQUEST),
        data(6, SERVER, 1, sent, 0, ANSWER),
        data(7, SERVER, 1, received, asked, masked),
        data(8, SERVER, 1, sent, answered, b"\x81\x0dline 1\r\nline"),
        data(9, SERVER, 1, sent, answered + 15, b" 2\xff\x88\x02\x03\xe9"),
        data(10, CLIENT, 2, received, 0, b"no packet at all"),
    ]
}
