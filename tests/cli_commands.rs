//! `--commands`: lines of standard input say what is to be done with an open socket.

#![cfg(target_os = "linux")]

mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};

use serde_json::Value;
use support::{PATIENCE, Process, Sockeye, folder, in_own_network, ip, noise, port_of, sockeye, write};

/// A peer of a listener over TCP, and how it is told.
fn tcp_peer(server: &mut Sockeye, endpoint: &str) -> (TcpStream, String) {
    let peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("it listens");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let opened = server.expect("opened");
    (peer, opened["peer"].as_str().expect("a peer is a text").to_owned())
}

fn udp_peer() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

fn read(peer: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    peer.read_exact(&mut bytes).expect("it is sent");
    bytes
}

/// The next datagram, and where it came from.
fn datagram(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 64];
    let (len, from) = socket.recv_from(&mut buffer).expect("a datagram");
    (buffer[..len].to_vec(), from)
}

fn say(sockeye: &mut Sockeye, line: &str) {
    sockeye.write(format!("{line}\n").as_bytes());
}

/// As the window's setting; without it the connection ends with the peer's half.
#[test]
fn a_peer_that_has_finished_sending_is_answered_where_its_connection_stays_half_open() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--commands", "--stay-half-open"]);
    let (mut peer, _) = tcp_peer(&mut server, &endpoint);
    peer.write_all(b"question").expect("it is sent");
    peer.shutdown(Shutdown::Write).expect("it is open");
    server.expect("peer-finished");
    say(&mut server, "send answer");
    assert_eq!(read(&mut peer, 6), b"answer");
    say(&mut server, "finish");
    assert_eq!(peer.read(&mut [0]).expect("the end"), 0);
    assert_eq!(server.expect("closed")["reason"], "eof");
    say(&mut server, "quit");
    let run = server.finish();
    run.expect_code(0);
    assert_eq!(run.received(), b"question");
}

#[test]
fn of_two_clients_one_is_answered_alone_and_one_disconnected() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--commands"]);
    let (mut first, first_told) = tcp_peer(&mut server, &endpoint);
    let (mut second, _) = tcp_peer(&mut server, &endpoint);

    say(&mut server, &format!("to {first_told} 你好"));
    let sent = server.expect("sent");
    assert_eq!((&sent["session"], &sent["bytes"]), (&1.into(), &6.into()));
    say(&mut server, "to-hex #2 00 ff");
    say(&mut server, "send both");
    assert_eq!(read(&mut first, 10), "你好both".as_bytes());
    assert_eq!(read(&mut second, 6), b"\0\xffboth");

    say(&mut server, &format!("disconnect {}", first_told.trim_start_matches("tcp://")));
    let closed = server.expect("closed");
    assert_eq!((&closed["session"], &closed["reason"]), (&1.into(), &"local".into()));
    assert_eq!(first.read(&mut [0]).expect("the end"), 0);
    say(&mut server, "send who is left");
    assert_eq!(read(&mut second, 11), b"who is left");

    // Half-closed, it still hears.
    say(&mut server, "finish #2");
    assert_eq!(server.expect("finished-sending")["session"], 2);
    assert_eq!(second.read(&mut [0]).expect("the end"), 0);
    second.write_all(b"after all").expect("the other half is open");
    assert_eq!(server.expect("received")["hex"], "616674657220616c6c");

    say(&mut server, "quit");
    let ended = server.finish();
    ended.expect_code(0).summary();
    assert!(ended.all("error").is_empty());
}

#[test]
fn a_server_over_udp_speaks_first_and_to_one_of_many() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--commands"]);
    let ours: SocketAddr = endpoint.trim_start_matches("udp://").parse().expect("an address");
    let [(first, first_at), (second, second_at)] = [udp_peer(), udp_peer()];
    // None of them has said anything.
    say(&mut server, &format!("to {first_at} first of all"));
    assert_eq!(datagram(&first), (b"first of all".to_vec(), ours));
    assert_eq!(server.expect("opened")["peer"], format!("udp://{first_at}"));
    say(&mut server, &format!("to localhost:{},{first_at} both", second_at.port()));
    assert_eq!((datagram(&first).0, datagram(&second).0), (b"both".to_vec(), b"both".to_vec()));

    second.send_to(b"me", ours).expect("it is sent");
    let heard = server.expect("received");
    say(&mut server, &format!("to #{} you", heard["session"]));
    assert_eq!(datagram(&second).0, b"you");
    // Also an empty one is a datagram.
    say(&mut server, &format!("to udp://{second_at}"));
    assert_eq!(datagram(&second).0, b"");
    say(&mut server, "send all");
    assert_eq!((datagram(&first).0, datagram(&second).0), (b"all".to_vec(), b"all".to_vec()));

    say(&mut server, &format!("disconnect {first_at}"));
    server.expect("closed");
    say(&mut server, "send one");
    assert_eq!(datagram(&second).0, b"one");
    server.interrupt().expect_code(0);
    first.set_nonblocking(true).expect("it is open");
    assert!(first.recv(&mut [0]).is_err(), "nobody sends to it any more");
}

#[test]
fn a_client_over_udp_speaks_to_others_where_it_is_not_connected() {
    let [(first, first_at), (second, second_at)] = [udp_peer(), udp_peer()];
    let endpoint = format!("udp://{first_at}");
    let mut client = Sockeye::start(&["connect", &endpoint, "--unconnected", "--commands"]);
    say(&mut client, &format!("to {second_at} aside"));
    assert_eq!(datagram(&second).0, b"aside");
    let opened = client.expect_where("the other", |event| event["peer"] == format!("udp://{second_at}"));
    // Who is forgotten takes nobody else along.
    say(&mut client, &format!("disconnect #{}", opened["session"]));
    client.expect("closed");
    say(&mut client, "send on");
    assert_eq!(datagram(&first).0, b"on");
    client.interrupt().expect_code(0);

    let mut client = Sockeye::start(&["connect", &endpoint, "--commands"]);
    say(&mut client, &format!("to {second_at} aside"));
    let error = client.expect("error");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("--unconnected")), "{error}");
    say(&mut client, "send on");
    assert_eq!(datagram(&first).0, b"on");
    // Nothing follows, and a second of quiet ends it as it would without commands.
    client.finish().expect_code(1);
}

#[test]
fn groups_are_joined_and_left_by_a_command() {
    in_own_network("groups_are_joined_and_left_by_a_command", || {
        ip(&["link", "set", "lo", "multicast", "on"]);
        let (mut server, endpoint) = Sockeye::listen(&["listen", "udp://0.0.0.0:0", "--commands"]);
        let port = port_of(&endpoint);
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).expect("a socket");
        socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).expect("lo");
        let sender: UdpSocket = socket.into();
        // Of what goes over lo, the one that was sent later arrives later: what comes at once was not for this socket.
        let next = |server: &mut Sockeye, said: &str| {
            sender.send_to(said.as_bytes(), ("239.1.2.3", port)).expect("it is sent");
            sender.send_to(b"alone", ("127.0.0.1", port)).expect("it is sent");
            server.expect("received")["hex"].clone()
        };
        assert_eq!(next(&mut server, "before"), "616c6f6e65");
        say(&mut server, "join 239.1.2.3@lo");
        assert_eq!(server.expect("joined")["group"], "239.1.2.3@lo");
        assert_eq!(next(&mut server, "between"), "6265747765656e");
        assert_eq!(server.expect("received")["hex"], "616c6f6e65");
        say(&mut server, "leave 239.1.2.3@lo");
        assert_eq!(server.expect("left")["group"], "239.1.2.3@lo");
        assert_eq!(next(&mut server, "after"), "616c6f6e65");

        // The system has the last word, and the run goes on.
        say(&mut server, "leave 239.1.2.3@lo");
        assert_eq!(server.expect("error")["operation"], "leave");
        say(&mut server, "join 239.7.7.7@nosuch");
        assert_eq!(server.expect("error")["operation"], "join");
        assert_eq!(next(&mut server, "still"), "616c6f6e65");
        server.interrupt().expect_code(1);

        // A client hears what is sent to its port.
        let (peer, at) = udp_peer();
        let mut client = Sockeye::start(&["connect", &format!("udp://{at}"), "--unconnected", "--commands"]);
        say(&mut client, "send x");
        let (_, SocketAddr::V4(from)) = datagram(&peer) else { panic!("IPv4") };
        say(&mut client, "join 239.1.2.4@lo");
        client.expect("joined");
        sender.send_to(b"group", ("239.1.2.4", from.port())).expect("it is sent");
        assert_eq!(client.expect("received")["hex"], "67726f7570");
        client.interrupt().expect_code(0);
    });
}

#[test]
fn options_are_changed_and_the_kernel_s_answer_is_told() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--commands"]);
    let (_peer, _) = tcp_peer(&mut server, &endpoint);
    let answer = |sockeye: &mut Sockeye| {
        let told = sockeye.expect("option");
        (told["name"].clone(), told["asked"].clone(), told["answer"].clone())
    };
    let expected = |name: &str, asked: Value, answer: Value| (Value::from(name), asked, answer);
    say(&mut server, "set nodelay=0&ttl=9");
    for _ in ["the listener's own", "its connection's"] {
        // In the order of the socket's options, each for both.
        let told = answer(&mut server);
        assert!(
            told == expected("ttl", 9.into(), 9.into()) || told == expected("nodelay", false.into(), false.into()),
            "{told:?}"
        );
    }
    let rest = [answer(&mut server), answer(&mut server)];
    assert!(rest.iter().all(|(_, asked, answer)| asked == answer), "{rest:?}");
    server.interrupt().expect_code(0);

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    let mut client = Sockeye::start(&["connect", &endpoint, "--commands"]);
    let (mut peer, _) = listener.accept().expect("a client");
    say(&mut client, "set rcvbuf=65536");
    // The kernel doubles it: socket(7).
    assert_eq!(answer(&mut client), expected("rcvbuf", 65_536.into(), 131_072.into()));
    for (line, asked) in
        [("set linger=0", Value::from(0)), ("set linger=off", false.into()), ("set linger=", false.into())]
    {
        say(&mut client, line);
        assert_eq!(answer(&mut client), expected("linger", asked.clone(), asked), "{line}");
    }
    say(&mut client, "set congestion=nosuch");
    assert_eq!(client.expect("error")["operation"], "set-option");
    say(&mut client, "set ttl=7");
    assert_eq!(answer(&mut client), expected("ttl", 7.into(), 7.into()));
    // What was sent just before the end still goes out.
    client.write(b"send bye\nquit\nsend never\n");
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).expect("an end");
    assert_eq!(heard, b"bye");
    client.finish().expect_code(1);
}

#[test]
fn one_connection_of_a_listener_is_given_an_option_alone() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--commands"]);
    let (_one, name) = tcp_peer(&mut server, &endpoint);
    let (_other, _) = tcp_peer(&mut server, &endpoint);
    let mut told = |line: &str, event: &str| {
        say(&mut server, line);
        server.expect(event)
    };
    for (line, session, answer) in [("set ttl=9 of #2", 2, 9), (&format!("set ttl=8 of {name}"), 1, 8)] {
        let told = told(line, "option");
        assert_eq!((&told["session"], &told["answer"]), (&session.into(), &answer.into()), "{told}");
    }
    for (line, word) in [
        ("set ttl=9 of #3", "#3"),
        ("set ttl=9 of 127.0.0.1:1", "127.0.0.1:1"),
        ("set backlog=9 of #2", "backlog"),
        ("set ttl=256 of #2", "ttl=256"),
    ] {
        assert_eq!(told(line, "error")["word"], word, "{line}");
    }
    let ended = server.interrupt();
    ended.expect_code(1);
    assert_eq!(ended.all("option").len(), 2, "neither the listener nor the other connection was given any");
}

#[test]
fn a_mistake_names_its_line_and_changes_nothing() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--commands"]);
    server.write(b"send too early\n\n");
    let error = server.expect("error");
    assert_eq!((&error["operation"], &error["line"], &error["word"]), (&"command".into(), &1.into(), &"send".into()));
    let (mut peer, _) = tcp_peer(&mut server, &endpoint);
    // The empty line is counted, and is no mistake.
    for (number, line, word, message) in [
        (3, "sned hello", "sned", "no such command"),
        (4, "to #7 hello", "#7", "no open session"),
        (5, "to 127.0.0.1:1 hello", "127.0.0.1:1", "no open session"),
        (6, "send-hex 0", "0", "partner"),
        (7, "join 239.1.2.3", "join", "UDP"),
        (8, "set reuseaddr=0", "reuseaddr", "in use"),
        (9, "set ttl=256", "ttl=256", "1 to 255"),
        (10, "disconnect", "disconnect", "disconnect PEER"),
    ] {
        say(&mut server, line);
        let error = server.expect("error");
        assert_eq!((&error["line"], &error["word"]), (&number.into(), &word.into()), "{error}");
        assert!(error["message"].as_str().is_some_and(|told| told.contains(message)), "{error}");
    }
    server.write(b"\xff\n");
    assert_eq!(server.expect("error")["line"], 11);
    // The last line needs no end, and the run goes on after it.
    server.write(b"send hello");
    server.close_input();
    assert_eq!(read(&mut peer, 5), b"hello");
    peer.write_all(b"still there").expect("it is open");
    assert_eq!(server.expect("received")["bytes"], 11);
    let ended = server.interrupt();
    ended.expect_code(1).summary();
    assert_eq!(ended.all("sent").len(), 1, "nothing else was sent");
}

#[test]
fn a_client_sends_a_file_and_finishes_at_the_end_of_its_commands() {
    let inside = folder();
    let content = noise(300_000);
    let file = write(inside.path(), "a b.bin", &content);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    let mut client = Sockeye::start(&["connect", &endpoint, "--commands"]);
    let (mut peer, _) = listener.accept().expect("a client");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    say(&mut client, "send head");
    say(&mut client, &format!("send-file {}", Value::from(file.to_str().expect("UTF-8"))));
    client.close_input();
    let mut received = Vec::new();
    peer.read_to_end(&mut received).expect("an end");
    assert!(received == [b"head", content.as_slice()].concat(), "{} bytes arrived", received.len());
    // What is said then is heard, as without commands.
    peer.write_all(b"thanks").and_then(|()| peer.shutdown(Shutdown::Both)).expect("it is open");
    let ended = client.finish();
    ended.expect_code(0);
    assert_eq!(ended.received(), b"thanks");
    assert_eq!(ended.one("file")["outcome"], "handed-over");
}

#[test]
fn a_file_goes_to_one_of_the_clients() {
    let inside = folder();
    let file = write(inside.path(), "a.bin", b"content");
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--commands"]);
    let (mut first, _) = tcp_peer(&mut server, &endpoint);
    let (mut second, _) = tcp_peer(&mut server, &endpoint);
    say(&mut server, &format!("send-file {} to #2", Value::from(file.to_str().expect("UTF-8"))));
    say(&mut server, "finish");
    let mut received = [Vec::new(), Vec::new()];
    first.read_to_end(&mut received[0]).expect("an end");
    second.read_to_end(&mut received[1]).expect("an end");
    assert_eq!(received, [b"".to_vec(), b"content".to_vec()]);
    server.interrupt().expect_code(0);
}

#[test]
fn a_person_is_told_in_their_language() {
    let mut command = sockeye(&["listen", "udp://127.0.0.1:0", "--commands"]);
    command.env("LC_ALL", "zh_CN.UTF-8");
    let mut server = Process::start(command);
    server.read_errors_until("udp://");
    server.write("帮助\nhelp\nfinish\nquit\n".as_bytes());
    let finished = server.finish();
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(1), &b""[..]), "{}", finished.stderr);
    for line in ["第 1 行，“帮助”：没有这个命令", "disconnect PEER", "第 3 行，“finish”：只有连接可以半关闭"]
    {
        assert!(finished.stderr.lines().any(|told| told.starts_with(line)), "{line} in {}", finished.stderr);
    }
}

#[test]
fn programs_are_told_what_can_be_asked_for() {
    let endpoint = format!("unix-dgram:@sockeye-commands-help-{}", std::process::id());
    let (mut server, _) = Sockeye::listen(&["listen", &endpoint, "--commands"]);
    say(&mut server, "help");
    let help = server.expect("help");
    let commands = help["commands"].as_array().expect("a list");
    assert!(commands.contains(&"send-file PATH [to PEER]".into()), "{help}");
    // The help of the program has all of them too.
    let output = sockeye(&["listen", "--help"]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for command in commands {
        let command = command.as_str().expect("a text");
        assert!(text.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command} in {text}");
    }
    server.interrupt().expect_code(0);
}

#[test]
fn commands_need_standard_input_for_themselves() {
    for arguments in [
        &["listen", "fd://0", "--commands"][..],
        &["connect", "fd://0", "--commands"],
        &["connect", "tcp://127.0.0.1:9", "--commands", "--send", "x"],
        &["connect", "tcp://127.0.0.1:9", "--commands", "--send-hex", "00"],
    ] {
        let output = sockeye(arguments).output().expect("it runs");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains("--commands"), "{words}");
    }
}
