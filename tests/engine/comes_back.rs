//! Automatic answers that arrive at the socket that sent them: they are rows, and are not answered again.

use std::net::SocketAddr;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use sockeye::model::{Endpoint, Event, Recipients, Respond, SocketId};

use crate::harness::Harness;
use crate::support::in_own_network;

/// Each question is answered once. What arrives ends with the question or the answer: raw sockets of IPv4 have headers.
fn each_is_answered_once(h: &mut Harness, server: SocketId, answer: Option<&[u8]>, ask: impl Fn(&Harness, &[u8])) {
    for question in [&b"first"[..], b"second", b"third"] {
        ask(h, question);
        for expected in [question, answer.unwrap_or(question)] {
            let heard = h.wait("what arrives", |event| match event {
                Event::Received { bytes, .. } => Some(bytes.clone()),
                _ => None,
            });
            assert!(heard.ends_with(expected), "{:?} where {:?} is expected", heard.escape_ascii(), expected);
        }
    }
    assert_eq!(h.opened(server).socket, server);
}

fn answering(respond: Respond, endpoint: &str) -> (Harness, SocketId) {
    let mut h = Harness::with(|config| config.payload_events = true);
    let (server, _) = h.listen_with(endpoint, |spec| spec.respond = respond);
    (h, server)
}

#[test]
fn raw_sockets_do_not_answer_themselves() {
    in_own_network("comes_back::raw_sockets_do_not_answer_themselves", || {
        for (domain, address, endpoint) in [
            (Domain::IPV4, "127.0.0.16:0", "raw://127.0.0.16?proto=253"),
            (Domain::IPV6, "[::1]:0", "raw://[::1]?proto=253"),
        ] {
            let peer = Socket::new(domain, Type::RAW, Some(Protocol::from(253))).unwrap();
            let to = SockAddr::from(address.parse::<SocketAddr>().unwrap());
            peer.bind(&to).unwrap();
            for respond in [Respond::Reply(b"pong".to_vec()), Respond::Echo] {
                let answer = matches!(respond, Respond::Reply(_)).then_some(&b"pong"[..]);
                let (mut h, server) = answering(respond, endpoint);
                each_is_answered_once(&mut h, server, answer, |_, question| {
                    peer.send_to(question, &to).unwrap();
                });
            }
        }
    });
}

#[test]
fn the_loopback_of_a_link_does_not_answer_itself() {
    in_own_network("comes_back::the_loopback_of_a_link_does_not_answer_itself", || {
        let (mut h, server) = answering(Respond::Echo, "packet://lo?proto=0x88b5");
        let mut other = Harness::new();
        let (client, _) = other.connect_with("packet://lo?proto=0x88b5", |_| {});
        each_is_answered_once(&mut h, server, None, |_, question| other.send(client, question));
    });
}

/// A server that writes to its own address hears that, and its answer.
#[test]
fn a_datagram_to_itself_is_answered_once() {
    let mut h = Harness::with(|config| config.payload_events = true);
    let (server, endpoint) = h.listen_with("udp://127.0.0.1:0", |spec| spec.respond = Respond::Reply(b"pong".to_vec()));
    let Endpoint::Udp(own) = endpoint else { unreachable!("it was asked for") };
    each_is_answered_once(&mut h, server, Some(b"pong"), |h, question| {
        let to = Recipients::Addresses(vec![own.clone()]);
        h.engine.send(sockeye::model::Command::Send { socket: server, to, bytes: question.to_vec() });
    });
}
