//! Multicast groups and broadcast, in networks that the tests make.

use std::net::{Ipv4Addr, SocketAddrV6, UdpSocket};

use socket2::{Domain, Socket, Type};
use sockeye::model::{
    Cause, Command, Direction, Event, Failure, Filter, Hint, HostPort, Life, MulticastGroup, NetworkInterface, Notice,
    Operation, Recipients, RowBody, SocketId,
};

use crate::harness::{Harness, port};
use crate::support::{in_own_network, ip, set_up};

/// A network card, with a wire to another one that has no address.
pub(crate) fn card(name: &str, address: &str) {
    let other = format!("{name}-end");
    ip(&["link", "add", name, "type", "veth", "peer", "name", &other]);
    ip(&["address", "add", address, "brd", "+", "dev", name]);
    set_up(&[&other, name]);
}

fn group(text: &str) -> MulticastGroup {
    text.parse().unwrap()
}

fn join(h: &mut Harness, socket: SocketId, text: &str) {
    h.engine.send(Command::JoinGroup { socket, group: group(text) });
    joined(h, socket, text);
}

fn joined(h: &mut Harness, socket: SocketId, text: &str) {
    h.wait("joining", |event| match event {
        Event::Joined { socket: of, group: joined } => (*of == socket && *joined == group(text)).then_some(()),
        Event::Failed { failure, .. } => panic!("{failure:?}"),
        _ => None,
    });
}

fn leave(h: &mut Harness, socket: SocketId, text: &str) {
    h.engine.send(Command::LeaveGroup { socket, group: group(text) });
    h.wait("leaving", |event| match event {
        Event::Left { socket: of, group: left } => (*of == socket && *left == group(text)).then_some(()),
        Event::Failed { failure, .. } => panic!("{failure:?}"),
        _ => None,
    });
}

fn refused(h: &mut Harness, command: Command) -> Failure {
    h.engine.send(command);
    h.failed()
}

/// Sends from this address, over the interface that has it.
pub(crate) fn say(from: Ipv4Addr, to: (&str, u16), bytes: &[u8]) {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    socket.set_multicast_if_v4(&from).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.bind(&std::net::SocketAddr::from((from, 0)).into()).unwrap();
    UdpSocket::from(socket).send_to(bytes, to).unwrap();
}

/// The first bytes of all datagrams that the socket was given, once there are `count` of them.
fn heard(h: &mut Harness, socket: SocketId, count: usize) -> Vec<Vec<u8>> {
    let filter = Filter { direction: Some(Direction::In), ..Filter::default() };
    let of = |rows: &[sockeye::model::PageRow]| {
        rows.iter().filter(|row| row.socket == socket).map(|row| row.preview.clone()).collect::<Vec<_>>()
    };
    let rows = h.rows(&filter, |rows| of(rows).len() >= count);
    of(&rows)
}

#[test]
fn groups_are_joined_and_left_while_it_runs() {
    in_own_network("groups::groups_are_joined_and_left_while_it_runs", || {
        card("d0", "10.9.0.1/24");
        let from = Ipv4Addr::new(10, 9, 0, 1);
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("udp://0.0.0.0:0?join=239.1.1.1@d0");
        let port = port(&endpoint);
        joined(&mut h, server, "239.1.1.1@d0");
        // Another socket of this machine hears a group: that doesn't bring it here.
        let other = UdpSocket::bind("0.0.0.0:0").unwrap();
        other.join_multicast_v4(&Ipv4Addr::new(239, 1, 1, 2), &from).unwrap();
        say(from, ("239.1.1.2", port), b"not joined");
        say(from, ("239.1.1.1", port), b"first");
        assert_eq!(heard(&mut h, server, 1), [b"first"]);

        join(&mut h, server, "239.1.1.2@10.9.0.1");
        say(from, ("239.1.1.2", port), b"second");
        assert_eq!(heard(&mut h, server, 2)[1], b"second");

        leave(&mut h, server, "239.1.1.1@d0");
        say(from, ("239.1.1.1", port), b"left");
        say(from, ("239.1.1.2", port), b"third");
        assert_eq!(heard(&mut h, server, 3)[2], b"third", "what is left is not heard");

        let rows = h.rows(&Filter::default(), |rows| rows.len() >= 7);
        let lives: Vec<_> = rows
            .iter()
            .filter_map(|row| match &row.body {
                RowBody::Life(Life::Joined { group }) => Some(format!("+{group}")),
                RowBody::Life(Life::Left { group }) => Some(format!("-{group}")),
                _ => None,
            })
            .collect();
        assert_eq!(lives, ["+239.1.1.1@d0", "+239.1.1.2@10.9.0.1", "-239.1.1.1@d0"]);
    });
}

#[test]
fn one_source_of_a_group_is_heard_alone() {
    in_own_network("groups::one_source_of_a_group_is_heard_alone", || {
        card("d0", "10.9.0.1/24");
        ip(&["address", "add", "10.9.0.2/24", "dev", "d0"]);
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("udp://0.0.0.0:0?join=232.1.1.1@d0/10.9.0.2");
        let to = ("232.1.1.1", port(&endpoint));
        joined(&mut h, server, "232.1.1.1@d0/10.9.0.2");
        say(Ipv4Addr::new(10, 9, 0, 1), to, b"other");
        say(Ipv4Addr::new(10, 9, 0, 2), to, b"source");
        assert_eq!(heard(&mut h, server, 1), [b"source"]);
        let again = Command::JoinGroup { socket: server, group: group("232.1.1.1@d0/10.9.0.2") };
        assert_eq!(refused(&mut h, again).cause, Cause::AlreadyJoined);
        leave(&mut h, server, "232.1.1.1@d0/10.9.0.2");
    });
}

#[test]
fn ipv6_groups_have_interfaces_and_sources() {
    in_own_network("groups::ipv6_groups_have_interfaces_and_sources", || {
        card("d0", "10.9.0.1/24");
        for address in ["fd00::1/64", "fd00::2/64"] {
            ip(&["address", "add", address, "dev", "d0", "nodad"]);
        }
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("udp://[::]:0?join=ff02::77@d0,ff3e::1@d0/fd00::2");
        let port = port(&endpoint);
        joined(&mut h, server, "ff02::77@d0");
        joined(&mut h, server, "ff3e::1@d0/fd00::2");
        let index = nix::net::if_::if_nametoindex("d0").unwrap();
        let say_v6 = |from: &str, to: &str, bytes: &[u8]| {
            let socket = Socket::new(Domain::IPV6, Type::DGRAM, None).unwrap();
            socket.bind(&SocketAddrV6::new(from.parse().unwrap(), 0, 0, 0).into()).unwrap();
            let to = SocketAddrV6::new(to.parse().unwrap(), port, 0, index);
            UdpSocket::from(socket).send_to(bytes, to).unwrap();
        };
        // Another socket of this machine hears groups of both families: that doesn't bring them here.
        let other = UdpSocket::bind("[::]:0").unwrap();
        other.join_multicast_v6(&"ff02::78".parse().unwrap(), index).unwrap();
        let of_v4 = UdpSocket::bind("0.0.0.0:0").unwrap();
        of_v4.join_multicast_v4(&Ipv4Addr::new(239, 1, 1, 2), &Ipv4Addr::new(10, 9, 0, 1)).unwrap();
        say_v6("fd00::1", "ff02::78", b"not joined");
        say(Ipv4Addr::new(10, 9, 0, 1), ("239.1.1.2", port), b"not joined either");
        say_v6("fd00::1", "ff3e::1", b"other");
        say_v6("fd00::2", "ff3e::1", b"source");
        say_v6("fd00::1", "ff02::77", b"any source");
        assert_eq!(heard(&mut h, server, 2), [&b"source"[..], b"any source"]);
        // A dual-stack socket hears IPv4 groups as well.
        join(&mut h, server, "239.1.1.1@d0");
        say(Ipv4Addr::new(10, 9, 0, 1), ("239.1.1.1", port), b"v4");
        assert_eq!(heard(&mut h, server, 3)[2], b"v4");
        leave(&mut h, server, "ff02::77@d0");
        leave(&mut h, server, "ff3e::1@d0/fd00::2");
        say_v6("fd00::1", "ff02::77", b"left");
        say_v6("fd00::2", "ff3e::1", b"left too");
        say(Ipv4Addr::new(10, 9, 0, 1), ("239.1.1.1", port), b"still");
        assert_eq!(heard(&mut h, server, 4)[3], b"still", "what is left is not heard");
    });
}

#[test]
fn what_can_t_be_joined_says_why() {
    in_own_network("groups::what_can_t_be_joined_says_why", || {
        card("d0", "10.9.0.1/24");
        let mut h = Harness::new();
        let (server, _) = h.listen("udp://0.0.0.0:0?join=239.1.1.1@d0");
        let mut refuse = |join: bool, text: &str| {
            let group = group(text);
            let socket = server;
            let command =
                if join { Command::JoinGroup { socket, group } } else { Command::LeaveGroup { socket, group } };
            let failure = refused(&mut h, command);
            let operation = if join { Operation::Join } else { Operation::Leave };
            assert_eq!((failure.operation, failure.subject.as_str()), (operation, text));
            (failure.cause, failure.hint)
        };
        assert_eq!(refuse(true, "239.1.1.1@d0"), (Cause::AlreadyJoined, None));
        assert_eq!(refuse(false, "239.9.9.9@d0"), (Cause::NotJoined, None));
        assert_eq!(refuse(true, "ff02::77@d0"), (Cause::OtherFamily, Some(Hint::ListenOnV6)));
        // The last has no route to it.
        for nowhere in ["239.1.1.2@nosuch", "239.1.1.2@10.9.9.9", "232.1.1.1@nosuch/10.9.0.2", "239.1.1.2"] {
            let (cause, hint) = refuse(true, nowhere);
            assert_eq!(cause, Cause::NoSuchDevice, "{nowhere}");
            let Some(Hint::ChooseAnInterface { mut names }) = hint else { panic!("{nowhere}: {hint:?}") };
            names.sort_unstable();
            assert_eq!(names, ["d0", "d0-end", "lo"]);
        }

        let (_, _) = h.listen("udp://10.9.0.1:0?join=239.1.1.1@d0");
        let local = h.wait("a notice", |event| match event {
            Event::Noticed { notice: Notice::GroupOutOfReach { group, local }, .. } if group == "239.1.1.1" => {
                Some(local.clone())
            }
            _ => None,
        });
        assert!(local.starts_with("10.9.0.1:"), "{local}");

        let failed = h.engine.new_socket();
        h.listen_as(failed, "udp://0.0.0.0:0?join=239.1.1.1@nosuch", |_| {});
        assert_eq!(h.failed().operation, Operation::Join);
        h.stopped(failed);
        assert!(h.take(|event| matches!(event, Event::Listening { socket, .. } if *socket == failed)).is_none());
    });
}

#[test]
fn an_answer_to_a_group_is_its_senders() {
    in_own_network("groups::an_answer_to_a_group_is_its_senders", || {
        card("d0", "10.9.0.1/24");
        let mut h = Harness::new();
        let member = UdpSocket::bind("0.0.0.0:0").unwrap();
        member.set_read_timeout(Some(crate::harness::DEADLINE)).unwrap();
        member.join_multicast_v4(&Ipv4Addr::new(239, 1, 1, 1), &Ipv4Addr::new(10, 9, 0, 1)).unwrap();
        let to = format!("udp://239.1.1.1:{}?mif=d0&mttl=7", member.local_addr().unwrap().port());
        let (client, own) = h.connect_with(&to, |spec| spec.connected = false);
        h.send(client, b"who?");
        let mut buffer = [0; 8];
        let (len, from) = member.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], from.ip()), (&b"who?"[..], Ipv4Addr::new(10, 9, 0, 1).into()));
        member.send_to(b"me", from).unwrap();
        let answering = h.opened(client);
        assert_ne!(answering.id, own.id);
        assert_eq!(h.bytes(answering.id, Direction::In, 2), b"me");
        let rows = h.rows(&Filter::default(), |rows| rows.len() >= 5);
        let set: Vec<_> = rows
            .iter()
            .filter_map(|row| match &row.body {
                RowBody::Life(Life::OptionSet { option, asked, answer }) => {
                    Some((&**option, &**asked, answer.as_deref()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(set, [("mttl", "7", Some("7")), ("mif", "d0", Some("d0"))]);
    });
}

#[test]
fn an_answer_to_a_group_of_ipv6_is_its_senders() {
    in_own_network("groups::an_answer_to_a_group_of_ipv6_is_its_senders", || {
        card("d0", "10.9.0.1/24");
        ip(&["address", "add", "fd00::1/64", "dev", "d0", "nodad"]);
        let index = nix::net::if_::if_nametoindex("d0").unwrap();
        let mut h = Harness::new();
        let member = UdpSocket::bind("[::]:0").unwrap();
        member.set_read_timeout(Some(crate::harness::DEADLINE)).unwrap();
        member.join_multicast_v6(&"ff05::77".parse().unwrap(), index).unwrap();
        let to = format!("udp://[ff05::77]:{}?mif=d0&mttl=7", member.local_addr().unwrap().port());
        let (client, own) = h.connect_with(&to, |spec| spec.connected = false);
        let names = ["mttl", "mif"];
        assert_eq!(h.answers(client, Some(own.id)).iter().map(|one| one.option.name()).collect::<Vec<_>>(), names);
        h.send(client, b"who?");
        let mut buffer = [0; 8];
        let (len, from) = member.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], from.ip().to_string().as_str()), (&b"who?"[..], "fd00::1"));
        member.send_to(b"me", from).unwrap();
        let answering = h.opened(client);
        assert_ne!(answering.id, own.id);
        assert_eq!(h.bytes(answering.id, Direction::In, 2), b"me");
    });
}

#[test]
fn a_broadcast_has_to_be_allowed() {
    in_own_network("groups::a_broadcast_has_to_be_allowed", || {
        card("d0", "10.9.0.1/24");
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("udp://0.0.0.0:0");
        let port = port(&endpoint);
        let (client, own) = h.connect_with(&format!("udp://127.0.0.1:{port}"), |spec| spec.connected = false);
        let to = Recipients::Addresses(vec![HostPort::new("10.9.0.255", port)]);
        h.engine.send(Command::Send { socket: client, to: to.clone(), bytes: b"no".to_vec() });
        let failure = h.failed();
        assert_eq!((failure.cause, failure.hint), (Cause::PermissionDenied, Some(Hint::AllowBroadcast)));
        h.begin_connect(&format!("udp://10.9.0.255:{port}"), |_| {});
        let failure = h.failed();
        assert_eq!((failure.operation, failure.hint), (Operation::Connect, Some(Hint::AllowBroadcast)));
        h.engine.send(Command::Close { session: own.id });
        h.closed(own.id);

        let allowed = format!("udp://127.0.0.1:{port}?broadcast=1");
        let (client, _) = h.connect_with(&allowed, |spec| spec.connected = false);
        h.engine.send(Command::Send { socket: client, to, bytes: b"everybody".to_vec() });
        assert_eq!(heard(&mut h, server, 1), [b"everybody"]);
    });
}

#[test]
fn interfaces_are_listed_with_their_networks() {
    in_own_network("groups::interfaces_are_listed_with_their_networks", || {
        card("d0", "10.9.0.1/24");
        ip(&["address", "add", "fe80::9/64", "dev", "d0", "nodad"]);
        let mut h = Harness::new();
        h.engine.send(Command::ListInterfaces);
        let all = h.wait("interfaces", |event| match event {
            Event::Interfaces(all) => Some(all.to_vec()),
            _ => None,
        });
        let named = |name: &str| all.iter().find(|interface| interface.name == name).expect("an interface");
        assert!(named("lo").is_loopback && named("lo").is_up);
        let NetworkInterface { index, is_up, is_loopback, has_multicast, addresses, .. } = named("d0");
        assert_eq!((*is_up, *is_loopback, *has_multicast), (true, false, true));
        assert_eq!(*index, nix::net::if_::if_nametoindex("d0").unwrap());
        let v4 = addresses.iter().find(|at| at.address.is_ipv4()).unwrap();
        assert_eq!((v4.address.to_string(), v4.prefix), ("10.9.0.1".to_owned(), 24));
        assert_eq!(v4.broadcast, Some(Ipv4Addr::new(10, 9, 0, 255)));
        let local = addresses.iter().find(|at| at.address.to_string() == "fe80::9").unwrap();
        assert_eq!(
            (local.prefix, local.broadcast, named("d0").bindable(local.address)),
            (64, None, "fe80::9%d0".into())
        );
    });
}

#[test]
fn as_many_groups_are_heard_as_the_system_allows_a_socket() {
    in_own_network("groups::as_many_groups_are_heard_as_the_system_allows_a_socket", || {
        card("d0", "10.9.0.1/24");
        for (limit, value) in [("igmp_max_memberships", "3"), ("igmp_max_msf", "2")] {
            std::fs::write(format!("/proc/sys/net/ipv4/{limit}"), value).unwrap();
        }
        let mut h = Harness::new();
        let (first, _) = h.listen("udp://0.0.0.0:0?join=239.1.1.1@d0,239.1.1.2@d0,239.1.1.3@d0");
        let (second, _) = h.listen("udp://0.0.0.0:0?join=232.1.1.1@d0/10.9.0.2,232.1.1.1@d0/10.9.0.3");
        let groups = "net.ipv4.igmp_max_memberships=3".to_owned();
        for (socket, one_more, settings) in [
            (first, "239.1.1.4@d0", vec![groups.clone()]),
            (second, "232.1.1.1@d0/10.9.0.4", vec![groups.clone(), "net.ipv4.igmp_max_msf=2".to_owned()]),
        ] {
            let failure = refused(&mut h, Command::JoinGroup { socket, group: group(one_more) });
            assert_eq!((failure.operation, failure.subject.as_str()), (Operation::Join, one_more));
            assert_eq!((failure.cause, failure.hint), (Cause::TooManyGroups, Some(Hint::RaiseGroupLimit { settings })));
        }
        let third = h.engine.new_socket();
        h.listen_as(third, "udp://0.0.0.0:0?join=239.1.1.1@d0,239.1.1.2@d0,239.1.1.3@d0,239.1.1.4@d0", |_| {});
        let failure = h.failed();
        assert_eq!(failure.cause, Cause::TooManyGroups);
        assert_eq!(failure.hint, Some(Hint::RaiseGroupLimit { settings: vec![groups] }));
    });
}
