//! Frames of a link, over cards with a wire between them.

use std::process::Command;

use sockeye::model::{self, Cause, Direction, Event, Hint, Operation, Protocol, Recipients, Respond};

use crate::harness::Harness;
use crate::support::{in_own_network, ip, set_up};

/// Two cards, each with its hardware address.
fn wire() -> [String; 2] {
    ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
    set_up(&["d0", "d1"]);
    ["d0", "d1"].map(|name| {
        let output = Command::new("ip").args(["-brief", "link", "show", name]).output().expect("ip runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().nth(2).expect("its address").to_owned()
    })
}

#[test]
fn frames_of_a_link_reach_everybody_or_one_and_each_is_answered_alone() {
    in_own_network("packet::frames_of_a_link_reach_everybody_or_one_and_each_is_answered_alone", || {
        let [own, other] = wire();
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("packet://d1?proto=0x88b5");
        assert_eq!(endpoint.to_string(), "packet://d1?proto=0x88b5");
        for (to, peer) in [("d0".to_owned(), "ff:ff:ff:ff:ff:ff"), (format!("{other}%d0"), other.as_str())] {
            let (client, at_client) = h.connect_with(&format!("packet://{to}?proto=0x88b5"), |_| {});
            assert_eq!(at_client.protocol, Protocol::Packet);
            assert_eq!(at_client.peer.to_string(), format!("{peer}%d0?proto=0x88b5"));
            assert_eq!(at_client.local.to_string(), format!("{own}%d0?proto=0x88b5"));
            h.send(client, b"question");
            let at_server = h.opened(server);
            assert_eq!(at_server.peer.to_string(), format!("{own}%d1?proto=0x88b5"));
            assert_eq!(h.bytes(at_server.id, Direction::In, 8), b"question");
            let one = Recipients::Sessions(vec![at_server.id]);
            h.engine.send(model::Command::Send { socket: server, to: one, bytes: "你好".as_bytes().to_vec() });
            assert_eq!(h.bytes(at_client.id, Direction::In, 6), "你好".as_bytes());
            h.engine.send(model::Command::Disconnect { socket: client });
            h.closed(at_client.id);
            h.engine.send(model::Command::Close { session: at_server.id });
            h.closed(at_server.id);
        }
    });
}

/// Of another protocol, nothing is heard; of all, what this machine sends itself is no frame that came.
#[test]
fn a_protocol_is_heard_alone_and_all_without_what_goes_out() {
    in_own_network("packet::a_protocol_is_heard_alone_and_all_without_what_goes_out", || {
        let [own, listening] = wire();
        let mut h = Harness::new();
        let (one, _) = h.listen("packet://d1?proto=0x88b6");
        let (all, _) = h.listen_with("packet://d1?proto=all", |spec| spec.respond = Respond::Echo);
        let (first, at_first) = h.connect_with("packet://d0?proto=0x88b5", |_| {});
        h.send(first, b"first");
        // Back with the protocol that it came with.
        assert_eq!(h.bytes(at_first.id, Direction::In, 5), b"first");
        let (second, at_second) = h.connect_with("packet://d0?proto=0x88b6", |_| {});
        h.send(second, b"second");
        assert_eq!(h.bytes(at_second.id, Direction::In, 6), b"second");
        let heard = h.opened(one);
        assert_eq!(heard.peer.to_string(), format!("{own}%d1?proto=0x88b6"));
        assert_eq!(h.bytes(heard.id, Direction::In, 6), b"second", "and nothing before it");
        for ether_type in ["0x88b5", "0x88b6"] {
            let of = h.wait("a peer for each protocol", |event| match event {
                Event::Opened { info, .. } if info.socket == all && info.peer.to_string().ends_with(ether_type) => {
                    Some(info.peer.to_string())
                }
                _ => None,
            });
            assert_eq!(of, format!("{own}%d1?proto={ether_type}"));
        }
        // It would have heard its own answers before this question, which came after them.
        h.send(first, b"third");
        assert_eq!(h.bytes(at_first.id, Direction::In, 10), b"firstthird");
        let is_own = |event: &Event| {
            matches!(event, Event::Opened { info, .. }
                if info.socket == all && info.peer.to_string().starts_with(&listening))
        };
        assert_eq!(h.take(is_own).map(|_| "its own"), None);
    });
}

#[test]
fn a_link_that_is_not_there_and_an_address_of_another_card_are_refused() {
    in_own_network("packet::a_link_that_is_not_there_and_an_address_of_another_card_are_refused", || {
        let [own, other] = wire();
        let mut h = Harness::new();
        for (endpoint, cause, hint) in [
            ("packet://none?proto=0x88b5".to_owned(), Cause::NoSuchDevice, Some(Hint::CheckTheInterface)),
            (format!("packet://{other}%d0?proto=0x88b5"), Cause::AddressNotAvailable, Some(Hint::CheckTheAddress)),
        ] {
            let socket = h.engine.new_socket();
            h.listen_as(socket, &endpoint, |_| {});
            let failure = h.failed();
            assert_eq!((failure.operation, failure.cause, failure.subject), (Operation::Bind, cause, endpoint));
            assert_eq!(failure.hint, hint);
            h.stopped(socket);
        }
        h.listen(&format!("packet://{own}%d0?proto=0x88b5"));
    });
}
