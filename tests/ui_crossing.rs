//! Bytes that cross both ways in one window, over the sockets that the other tests of the window don't converse over.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::net::{Ipv4Addr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};
use sockeye::model::{ClientTab, ServerTab};

use crate::app::Window;
use crate::support::{in_own_network, ip, require};

struct Crossing {
    /// What is pasted into the server's and into the client's field for the address.
    listens: &'static str,
    connects: &'static str,
    /// What a row of the journal says only of this transport.
    told: &'static str,
    /// Bytes of the kernel's before each message that is received.
    before: usize,
}

const ALL: [Crossing; 7] = [
    Crossing {
        listens: "tcp://[::1]:9101",
        connects: "tcp://[::1]:9101",
        told: "listening on tcp://[::1]:9101",
        before: 0,
    },
    Crossing { listens: "udp://[::1]:9102", connects: "udp://[::1]:9102", told: "udp://[::1]:9102", before: 0 },
    Crossing {
        listens: "tcp://127.0.0.1:9103?proto=mptcp",
        connects: "tcp://127.0.0.1:9103?proto=mptcp",
        told: "proto is mptcp",
        before: 0,
    },
    Crossing {
        listens: "raw://127.0.0.1?proto=253",
        connects: "raw://127.0.0.1?proto=253",
        told: "raw://127.0.0.1?proto=253",
        // The header of IPv4, raw(7).
        before: 20,
    },
    Crossing {
        listens: "raw://[::1]?proto=253",
        connects: "raw://[::1]?proto=253",
        told: "raw://[::1]?proto=253",
        before: 0,
    },
    Crossing {
        listens: "packet://lo?proto=0x88b5",
        connects: "packet://lo?proto=0x88b5",
        told: "packet://lo?proto=0x88b5",
        before: 0,
    },
    Crossing {
        listens: "udp://0.0.0.0:9104?join=232.1.1.1@lo/127.0.0.1",
        connects: "udp://232.1.1.1:9104?mif=lo",
        told: "joined 232.1.1.1@lo/127.0.0.1",
        before: 0,
    },
];

/// Sends to a group from an address that nobody joined it for.
fn stranger_speaks(port: u16) {
    let sender = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
    sender.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).expect("an interface");
    sender.bind(&std::net::SocketAddr::from(([127, 0, 0, 2], 0)).into()).expect("an address");
    let sent = UdpSocket::from(sender).send_to(b"a stranger's", ("232.1.1.1", port));
    assert_eq!(sent.expect("it is sent"), 12);
}

/// The sessions that these words were sent or received over, in so many bytes: at their end, where they stand in hex.
fn sessions(window: &Window, direction: &str, words: &str, count: usize) -> Vec<String> {
    let bytes = words.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let count = count.to_string();
    let rows = window.journal().into_iter().filter(|row| {
        let has = |words: &str| row.iter().any(|cell| cell == words);
        has(direction) && has(&count) && row.last().is_some_and(|cell| cell.ends_with(&bytes))
    });
    rows.filter_map(|row| row.into_iter().find(|cell| cell.starts_with('#'))).collect()
}

#[test]
fn a_question_and_its_answer_cross_over_each() {
    in_own_network("a_question_and_its_answer_cross_over_each", || {
        const MPTCP: i32 = 262;
        ip(&["link", "set", "lo", "multicast", "on"]);
        let has_mptcp = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::from(MPTCP))).is_ok();
        for Crossing { listens, connects, told, before } in ALL {
            if listens.contains("mptcp") && !require(has_mptcp, "MPTCP in this kernel") {
                continue;
            }
            // A group answers from its members' own addresses.
            let client = ClientTab { connected: !connects.contains("mif="), ..ClientTab::default() };
            let mut window = Window::with_tabs(ServerTab::default(), client);
            window.write("Server", "Address", listens);
            window.listen();
            window.write("Client", "Address", connects);
            window.click("Client", "Connect");
            let is_open =
                |window: &Window| ["Connected · ", "Socket open · "].map(|words| window.shows("Client", words));
            window.until(connects, |window| is_open(window).contains(&true));
            let says = |window: &Window| window.journal().concat().iter().any(|cell| cell.contains(told));
            window.until(told, says);
            if let Some((_, port)) = connects.split_once("232.1.1.1:") {
                stranger_speaks(port.split('?').next().and_then(|port| port.parse().ok()).expect("a port"));
            }
            // What a session of one panel sends, one of the other receives.
            for (panel, words) in [("Client", "question"), ("Server", "the answer")] {
                window.write(panel, "Message", words);
                window.click(panel, "Send");
                window.until(&format!("{listens}: {words}"), |window| {
                    let sent = sessions(window, "sent", words, words.len());
                    let received = sessions(window, "received", words, before + words.len());
                    !sent.is_empty() && received.iter().any(|session| !sent.contains(session))
                });
            }
            assert!(!window.journal().concat().iter().any(|cell| cell.contains("stranger")), "{:?}", window.journal());
        }
    });
}
