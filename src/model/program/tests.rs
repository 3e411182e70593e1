use super::*;
use crate::model::{BrowserContent, Endpoint, HostPort, SocketOption, Target, UnixName};

fn target(text: &str) -> Target {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn written(
    program: Program,
    role: Role,
    endpoint: &str,
    message: Option<&str>,
    respond: &Respond,
) -> Result<String, Obstacle> {
    let target = target(endpoint);
    let recipe = Recipe { message: message.map(str::as_bytes), respond, ..Recipe::new(role, &target) };
    program.write(&recipe)
}

fn client(program: Program, endpoint: &str) -> Result<String, Obstacle> {
    written(program, Role::Client, endpoint, Some("hi"), &Respond::Nothing)
}

fn server(program: Program, endpoint: &str) -> Result<String, Obstacle> {
    written(program, Role::Server, endpoint, None, &Respond::Echo)
}

/// Every transport, with the lines that set its sockets apart in Python: how one is opened, how a client and how a server
/// takes its place.
const PYTHON: [(&str, &str, &str, &str); 22] = [
    (
        "packet://eth0?proto=0x88b5",
        "socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)",
        "peer = (\"eth0\", 0x88b5, 0, 0, b\"\\xff\\xff\\xff\\xff\\xff\\xff\")",
        "server.bind((\"eth0\", 0x88b5, 0, 0, b\"\\xff\\xff\\xff\\xff\\xff\\xff\"))",
    ),
    (
        "packet://02:00:00:00:00:01%eth0?proto=all",
        "socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)",
        "peer = (\"eth0\", 0x0003, 0, 0, b\"\\x02\\x00\\x00\\x00\\x00\\x01\")",
        "server.setsockopt(263, 23, 1)  # SOL_PACKET, PACKET_IGNORE_OUTGOING",
    ),
    (
        "tcp://127.0.0.1:9000",
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0)",
        "client.connect((\"127.0.0.1\", 9000))",
        "server.bind((\"127.0.0.1\", 9000))",
    ),
    (
        "tcp://[::1]:9000",
        "socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 0)",
        "client.connect((\"::1\", 9000))",
        "server.bind((\"::1\", 9000))",
    ),
    (
        "tcp://[fe80::1%eth0]:9000",
        "socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 0)",
        "client.connect((\"fe80::1\", 9000, 0, socket.if_nametoindex(\"eth0\")))",
        "server.bind((\"fe80::1\", 9000, 0, socket.if_nametoindex(\"eth0\")))",
    ),
    (
        "tcp://example.org:9000",
        "socket.socket(family, socket.SOCK_STREAM, 0)",
        "client.connect(address)",
        "server.bind(address)",
    ),
    (
        "udp://127.0.0.1:9000",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0)",
        "client.connect((\"127.0.0.1\", 9000))",
        "server.bind((\"127.0.0.1\", 9000))",
    ),
    (
        "udp://example.org:9000",
        "socket.getaddrinfo(\"example.org\", 9000, type=socket.SOCK_DGRAM)",
        "client.connect(address)",
        "server.bind(address)",
    ),
    (
        "unix:/run/x.sock",
        "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)",
        "client.connect(\"/run/x.sock\")",
        "PATH = \"/run/x.sock\"",
    ),
    (
        "unix:@name",
        "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)",
        "client.connect(\"\\0name\")",
        "server.bind(\"\\0name\")",
    ),
    (
        "unix:@1",
        "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)",
        "client.connect(\"\\x001\")",
        "server.bind(\"\\x001\")",
    ),
    (
        "unix-dgram:@name",
        "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0)",
        "client.bind(\"\")",
        "server.bind(\"\\0name\")",
    ),
    (
        "unix-seqpacket:@name",
        "socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0)",
        "client.connect(\"\\0name\")",
        "server.bind(\"\\0name\")",
    ),
    ("fd://3", "with socket.socket(fileno=3) as ", "client.sendall(MESSAGE)", "server.accept()"),
    (
        "fd://web",
        "fileno=3 + os.environ[\"LISTEN_FDNAMES\"].split(\":\").index(\"web\")",
        "import os",
        "server.accept()",
    ),
    (
        "tcp://127.0.0.1:9000?proto=mptcp",
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)",
        "socket.TCP_NODELAY, 1)",
        "socket.SO_REUSEADDR, 1)",
    ),
    (
        "raw://127.0.0.1?proto=icmp",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
        "client.connect((\"127.0.0.1\", 0))",
        "server.bind((\"127.0.0.1\", 0))",
    ),
    (
        "raw://[::1]?proto=253",
        "socket.socket(socket.AF_INET6, socket.SOCK_RAW, 253)",
        "client.connect((\"::1\", 0))",
        "server.bind((\"::1\", 0))",
    ),
    (
        "vsock://host:9000",
        "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM, 0)",
        "client.connect((socket.VMADDR_CID_HOST, 9000))",
        "server.bind((socket.VMADDR_CID_HOST, 9000))",
    ),
    (
        "can://vcan0",
        "socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)",
        "client.setsockopt(socket.SOL_CAN_RAW, 2, socket.CAN_ERR_MASK)  # CAN_RAW_ERR_FILTER\n    client.bind((\"vcan0\",))",
        "server.setsockopt(socket.SOL_CAN_RAW, 2, socket.CAN_ERR_MASK)  # CAN_RAW_ERR_FILTER\n    server.bind((\"vcan0\",))",
    ),
    (
        "can-bcm://vcan0",
        "socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_BCM)",
        "client.connect((\"vcan0\",))",
        "server.connect((\"vcan0\",))",
    ),
    (
        "rds://10.0.0.1:9000",
        "socket.socket(socket.AF_RDS, socket.SOCK_SEQPACKET, 0)",
        "client.bind((source, 0))",
        "server.bind((\"10.0.0.1\", 9000))",
    ),
];

#[test]
fn python_opens_every_transport_in_both_roles() {
    for (endpoint, opens, connects, binds) in PYTHON {
        let text = client(Program::Python, endpoint).unwrap();
        assert!(text.contains(opens) && text.contains(connects) && text.contains("MESSAGE = b\"hi\""), "{text}");
        let text = server(Program::Python, endpoint).unwrap();
        assert!(text.contains(opens) && text.contains(binds), "{text}");
        let accepts = target(endpoint).endpoint.protocol().delivery() != crate::model::Delivery::Datagrams;
        assert_eq!(text.contains("server.listen(4096)"), accepts, "{text}");
        assert_eq!(text.contains("threading.Thread"), accepts, "{text}");
    }
    for protocol in Protocol::ALL {
        let shown = PYTHON.iter().any(|(endpoint, ..)| target(endpoint).endpoint.protocol() == protocol);
        assert!(shown, "{protocol:?} is in no line of the table");
    }
}

/// Each transport with the lines of a client (that says "hi") and of a server (that sends everything back), or why there
/// is none; of netcat, socat and curl in turn.
#[test]
fn lines_for_a_shell() {
    use Obstacle::{Answering, Listening, Transport};
    type Line = Result<&'static str, Obstacle>;
    let cases: [(&str, Program, Line, Line); 26] = [
        ("tcp://127.0.0.1:9000", Program::Netcat, Ok("printf 'hi' | nc -w 1 127.0.0.1 9000"), Err(Answering)),
        (
            "tcp://127.0.0.1:9000",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof TCP:127.0.0.1:9000,tcp-nodelay=1"),
            Ok("socat TCP-LISTEN:9000,bind=127.0.0.1,fork,so-reuseaddr=1,tcp-nodelay=1 SYSTEM:'tee /dev/stderr'"),
        ),
        (
            "tcp://[::1]:9000",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof 'TCP:[::1]:9000,tcp-nodelay=1'"),
            Ok("socat 'TCP6-LISTEN:9000,bind=[::1],fork,so-reuseaddr=1,tcp-nodelay=1' SYSTEM:'tee /dev/stderr'"),
        ),
        ("tcp://[::1]:9000", Program::Curl, Ok("printf 'hi' | curl -sN -m 1 'telnet://[::1]:9000'"), Err(Listening)),
        ("udp://[::1]:9000", Program::Netcat, Ok("printf 'hi' | nc -u -w 1 ::1 9000"), Err(Answering)),
        (
            "udp://127.0.0.1:9000",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof UDP:127.0.0.1:9000"),
            Ok("socat UDP-RECVFROM:9000,bind=127.0.0.1,fork SYSTEM:'tee /dev/stderr'"),
        ),
        ("udp://127.0.0.1:9000", Program::Curl, Err(Transport), Err(Listening)),
        ("unix:/run/it's", Program::Netcat, Ok("printf 'hi' | nc -U -w 1 '/run/it'\\''s'"), Err(Answering)),
        ("unix:@name", Program::Netcat, Ok("printf 'hi' | nc -U -w 1 @name"), Err(Answering)),
        (
            "unix:/run/a,b",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof 'UNIX-CONNECT:/run/a\\,b'"),
            Ok("socat 'UNIX-LISTEN:/run/a\\,b,fork' SYSTEM:'tee /dev/stderr'"),
        ),
        (
            "unix:@name",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof ABSTRACT-CONNECT:name"),
            Ok("socat ABSTRACT-LISTEN:name,fork SYSTEM:'tee /dev/stderr'"),
        ),
        ("unix:@name", Program::Curl, Err(Transport), Err(Listening)),
        ("raw://127.0.0.1?proto=253", Program::Netcat, Err(Transport), Err(Answering)),
        (
            "raw://127.0.0.1?proto=253",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof IP-SENDTO:127.0.0.1:253"),
            Err(Obstacle::OwnAnswers),
        ),
        ("unix-dgram:/run/x", Program::Netcat, Ok("printf 'hi' | nc -uU -w 1 /run/x"), Err(Answering)),
        (
            "unix-dgram:/run/x",
            Program::Socat,
            Err(Obstacle::Unnamed),
            Ok("socat UNIX-RECVFROM:/run/x,fork SYSTEM:'tee /dev/stderr'"),
        ),
        ("unix-seqpacket:/run/x", Program::Netcat, Err(Transport), Err(Answering)),
        (
            "unix-seqpacket:/run/x",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof UNIX-CONNECT:/run/x,socktype=5"),
            Ok("socat UNIX-LISTEN:/run/x,socktype=5,fork SYSTEM:'tee /dev/stderr'"),
        ),
        (
            "tcp://h:9?proto=mptcp",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof TCP:h:9,tcp-nodelay=1,protocol=262"),
            Ok("socat TCP-LISTEN:9,bind=h,fork,so-reuseaddr=1,tcp-nodelay=1,protocol=262 SYSTEM:'tee /dev/stderr'"),
        ),
        ("fd://3", Program::Socat, Err(Transport), Err(Transport)),
        ("vsock://host:7", Program::Netcat, Err(Transport), Err(Answering)),
        (
            "vsock://host:7",
            Program::Socat,
            Ok("printf 'hi' | socat -T 1 -,ignoreeof VSOCK-CONNECT:2:7"),
            Ok("socat VSOCK-LISTEN:7,bind=2,fork SYSTEM:'tee /dev/stderr'"),
        ),
        ("can://vcan0", Program::Netcat, Err(Transport), Err(Answering)),
        ("can://vcan0", Program::Socat, Err(Transport), Err(Transport)),
        ("can-bcm://vcan0", Program::Socat, Err(Transport), Err(Transport)),
        ("rds://10.0.0.1:9", Program::Socat, Err(Transport), Err(Transport)),
    ];
    for (endpoint, program, connects, listens) in cases {
        let line = |line: Line| line.map(|line| format!("{line}\n"));
        assert_eq!(client(program, endpoint), line(connects), "{endpoint}");
        assert_eq!(server(program, endpoint), line(listens), "{endpoint}");
    }
}

/// As the program itself, which goes to no address where nobody would answer.
#[test]
fn a_protocol_of_one_version_of_ip_goes_to_a_name_s_addresses_of_that_version() {
    for (endpoint, family, version) in [
        ("raw://example.org?proto=icmp", "socket.AF_INET, ", "4"),
        ("raw://example.org?proto=ipv6-icmp", "socket.AF_INET6, ", "6"),
        ("raw://example.org?proto=253", "", ""),
    ] {
        let asked = format!("socket.getaddrinfo(\"example.org\", 0, {family}type=socket.SOCK_RAW)");
        for text in [client(Program::Python, endpoint), server(Program::Python, endpoint)].map(Result::unwrap) {
            assert!(text.contains(&asked), "{text}");
        }
        let connects = client(Program::Socat, endpoint).unwrap();
        assert!(connects.contains(&format!(" IP{version}-SENDTO:example.org:")), "{connects}");
        let listens = written(Program::Socat, Role::Server, endpoint, None, &Respond::Nothing).unwrap();
        assert!(version.is_empty() || listens.contains(&format!(" IP{version}-RECVFROM:")), "{listens}");
    }
    let text = client(Program::Python, "udp://example.org:7?proto=icmp").unwrap();
    assert!(text.contains("socket.getaddrinfo(\"example.org\", 7, socket.AF_INET, type=socket.SOCK_DGRAM)"), "{text}");
}

#[test]
fn lines_that_listen() {
    let line = |program, endpoint, message, respond| written(program, Role::Server, endpoint, message, respond);
    let tcp = "tcp://127.0.0.1:9000";
    assert_eq!(line(Program::Netcat, tcp, None, &Respond::Nothing).unwrap(), "nc -lk 127.0.0.1 9000\n");
    // The first peer gets all of its input.
    assert_eq!(
        line(Program::Netcat, tcp, Some("hi"), &Respond::Nothing).unwrap(),
        "printf 'hi' | nc -l 127.0.0.1 9000\n"
    );
    let socat = "socat -u UDP-RECVFROM:9,bind=127.0.0.1,fork -\n";
    assert_eq!(line(Program::Socat, "udp://127.0.0.1:9", None, &Respond::Nothing).unwrap(), socat);
    let socat = "REPLY='a\\040b' socat UDP-RECVFROM:9,bind=127.0.0.1,fork SYSTEM:'cat >&2; printf $REPLY'\n";
    let reply = Respond::Reply(b"a b".to_vec());
    assert_eq!(line(Program::Socat, "udp://127.0.0.1:9", None, &reply).unwrap(), socat);
    assert_eq!(line(Program::Socat, "udp://127.0.0.1:9", Some("hi"), &reply), Err(Obstacle::Greeting));
    let greeting = line(Program::Socat, tcp, Some("hi"), &Respond::Nothing).unwrap();
    assert!(greeting.starts_with("MESSAGE='hi' socat ") && greeting.ends_with(" SYSTEM:'printf $MESSAGE; cat >&2'\n"));
}

#[test]
fn options_become_what_each_tool_has_for_them() {
    let text = client(Program::Python, "tcp://h:1?rcvbuf=4K&nodelay=0&recvsize=1024").unwrap();
    assert!(text.contains("client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)"), "{text}");
    assert!(text.contains("client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)"), "{text}");
    assert!(text.contains("client.recv(1024)") && !text.contains("SO_REUSEADDR"), "{text}");
    let text = client(Program::Python, "tcp://h:1?ttl=3&linger=0&fastopen=5&mark=4294967295").unwrap();
    for line in [
        "if family == socket.AF_INET6:",
        "client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 3)",
        "client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 3)",
        "client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(\"ii\", 1, 0))",
        "client.setsockopt(socket.IPPROTO_TCP, 30, 1)  # TCP_FASTOPEN_CONNECT",
        "client.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 4294967295 - 2**32)",
    ] {
        assert!(text.lines().any(|shown| shown.trim() == line), "{line} in {text}");
    }
    let text = server(Program::Python, "tcp://127.0.0.1:1?backlog=5&reuseaddr=0").unwrap();
    assert!(text.contains("server.listen(5)") && text.contains("socket.SO_REUSEADDR, 0)"), "{text}");
    for (program, endpoint, end) in [
        (Program::Netcat, "tcp://h:1?rcvbuf=4K", Ok("nc -I 4096 -w 1 h 1\n")),
        (Program::Netcat, "tcp://h:1?ttl=3&tos=0xb8", Ok("nc -M 3 -T 0xb8 -w 1 h 1\n")),
        (Program::Netcat, "tcp://h:1?proto=mptcp", Err(Obstacle::Option(SocketOption::IpProtocol))),
        (Program::Socat, "tcp://h:1?usertimeout=5", Ok("TCP:h:1,tcp-nodelay=1,setsockopt-int=6:18:5\n")),
        (Program::Socat, "tcp://h:1?congestion=reno", Ok("TCP:h:1,tcp-nodelay=1,setsockopt-string=6:13:reno\n")),
        (Program::Socat, "udp://[::1]:1?ttl=3", Ok("'UDP:[::1]:1,ipv6-unicast-hops=3,ip-ttl=3'\n")),
        (Program::Socat, "udp://[::1]:1?mttl=3", Ok("'UDP:[::1]:1,setsockopt-int=41:18:3,ip-multicast-ttl=3'\n")),
        (Program::Socat, "raw://[::1]?proto=253&ttl=3", Ok("'IP-SENDTO:[::1]:253,ipv6-unicast-hops=3'\n")),
        (Program::Netcat, "udp://h:1?broadcast=1", Ok("nc -u -b -w 1 h 1\n")),
        (Program::Netcat, "tcp://h:1?keepalive=1", Err(Obstacle::Option(SocketOption::KeepAlive))),
        (Program::Socat, "tcp://h:1?keepalive=1", Ok("TCP:h:1,tcp-nodelay=1,so-keepalive=1\n")),
        (Program::Socat, "tcp://h:1?recvsize=1", Err(Obstacle::Option(SocketOption::ReceiveSize))),
        (Program::Curl, "tcp://h:1?nodelay=0", Ok("curl -sN --no-tcp-nodelay -m 1 telnet://h:1\n")),
        (Program::Netcat, "tcp://h:1?linger=off", Ok("nc -w 1 h 1\n")),
        (Program::Curl, "tcp://h:1?linger=off", Ok("curl -sN -m 1 telnet://h:1\n")),
        (Program::Curl, "tcp://h:1?linger=5", Err(Obstacle::Option(SocketOption::Linger))),
        (Program::Curl, "tcp://h:1?rcvbuf=1", Err(Obstacle::Option(SocketOption::ReceiveBuffer))),
    ] {
        match (client(program, endpoint), end) {
            (Ok(line), Ok(end)) => assert!(line.ends_with(end), "{line}"),
            (line, end) => assert_eq!(line.err(), end.err(), "{endpoint}"),
        }
    }
}

#[test]
fn a_client_binds_where_it_was_told() {
    let target = target("tcp://127.0.0.1:9000");
    let recipe = Recipe { local_host: Some("127.0.0.2"), local_port: Some(7), ..Recipe::new(Role::Client, &target) };
    for (program, part) in [
        (Program::Python, "socket.SO_REUSEADDR, 1)"),
        (Program::Python, "client.bind((\"127.0.0.2\", 7))"),
        (Program::Netcat, "nc -s 127.0.0.2 -p 7 127.0.0.1 9000"),
        (Program::Socat, "bind=127.0.0.2,sourceport=7"),
        (Program::Curl, "--interface 127.0.0.2 --local-port 7"),
    ] {
        let text = program.write(&recipe).unwrap();
        assert!(text.contains(part), "{text}");
    }
    let of_a_link = Recipe { local_host: Some("fe80::8%d0"), ..recipe };
    let text = Program::Python.write(&of_a_link).unwrap();
    assert!(text.contains("client.bind((\"fe80::8\", 7, 0, socket.if_nametoindex(\"d0\")))"), "{text}");
    let port_alone = Recipe { local_host: None, ..recipe };
    assert!(Program::Python.write(&port_alone).unwrap().contains("client.bind((\"\", 7))"));
}

#[test]
fn datagrams_without_a_connection() {
    let target = target("udp://127.0.0.1:9000");
    let recipe = Recipe { connected: false, message: Some(b"hi"), ..Recipe::new(Role::Client, &target) };
    let text = Program::Python.write(&recipe).unwrap();
    assert!(text.contains("client.sendto(MESSAGE, peer)") && !text.contains("client.connect"), "{text}");
    assert_eq!(Program::Netcat.write(&recipe), Err(Obstacle::Unconnected));
    let line = Program::Socat.write(&recipe).unwrap();
    assert_eq!(line, "printf 'hi' | socat -T 1 -,ignoreeof UDP-DATAGRAM:127.0.0.1:9000\n");
}

#[test]
fn messages_to_many() {
    let target = target("udp://127.0.0.1:9000");
    let recipients = [HostPort::new("127.0.0.1", 9000), HostPort::new("localhost", 9001)];
    let recipe = Recipe { recipients: &recipients, message: Some(b"hi"), ..Recipe::new(Role::Client, &target) };
    let text = Program::Python.write(&recipe).unwrap();
    for part in ["    (\"localhost\", 9001),\n]\n", "client.sendto(MESSAGE, recipient)", "client.recvfrom("] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // A connected socket hears its peer alone.
    assert!(!text.contains("client.connect") && !text.contains("\n    peer = "), "{text}");
    assert_eq!(Program::Netcat.write(&recipe), Err(Obstacle::Recipients));
    assert_eq!(Program::Socat.write(&recipe), Err(Obstacle::Recipients));
    // One is instead of the target.
    let recipe = Recipe { recipients: &recipients[1..], ..recipe };
    assert_eq!(Program::Netcat.write(&recipe), Err(Obstacle::Unconnected));
    let line = Program::Socat.write(&recipe).unwrap();
    assert_eq!(line, "printf 'hi' | socat -T 1 -,ignoreeof UDP-DATAGRAM:localhost:9001\n");
}

#[test]
fn a_server_sends_to_addresses_instead_of_greeting() {
    let target = target("udp://127.0.0.1:9000");
    let recipients = [HostPort::new("localhost", 9001)];
    let recipe = Recipe { message: Some(b"hi"), ..Recipe::new(Role::Server, &target) };
    assert!(Program::Python.write(&recipe).unwrap().contains("greeted"));
    let recipe = Recipe { recipients: &recipients, ..recipe };
    let text = Program::Python.write(&recipe).unwrap();
    for part in ["    (\"localhost\", 9001),\n]\n", "server.family", "server.sendto(MESSAGE, recipient)"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("greeted") && !text.contains("client"), "{text}");
    for tool in [Program::Netcat, Program::Socat] {
        assert_eq!(tool.write(&recipe), Err(Obstacle::Greeting));
        assert!(tool.write(&Recipe { message: None, ..recipe.clone() }).is_ok(), "nothing is sent to them");
    }
}

#[test]
fn messages_that_a_tool_can_t_carry() {
    let say = |program: Program, endpoint: &str, message: &[u8]| {
        let target = target(endpoint);
        program.write(&Recipe { message: Some(message), ..Recipe::new(Role::Client, &target) }).err()
    };
    let (tcp, udp) = ("tcp://127.0.0.1:1", "udp://127.0.0.1:1");
    for program in Program::ALL {
        assert_eq!(say(program, tcp, &[b'x'; Program::MESSAGE_MAX]), None);
        let longer = [b'x'; Program::MESSAGE_MAX + 1];
        assert_eq!(say(program, tcp, &longer), Some(Obstacle::TooLong { max: Program::MESSAGE_MAX }));
    }
    for program in [Program::Netcat, Program::Socat] {
        assert_eq!(say(program, udp, &[0; 4096]), None);
        assert_eq!(say(program, udp, &[0; 4097]), Some(Obstacle::TooLong { max: 4096 }));
    }
    assert_eq!(say(Program::Netcat, udp, b""), Some(Obstacle::EmptyDatagram));
    assert_eq!(say(Program::Socat, udp, b""), None);
    assert_eq!(say(Program::Python, udp, b""), None);
    assert_eq!(say(Program::Curl, tcp, b"\xff"), Some(Obstacle::TelnetCommand));
}

#[test]
fn literals_that_read_well() {
    for (message, line) in [
        (&b"hello\r\n"[..], r#"MESSAGE = b"hello\r\n""#),
        (b"say \"hi\" \\", r#"MESSAGE = b"say \"hi\" \\""#),
        ("你好".as_bytes(), r#"MESSAGE = "你好".encode()"#),
        (b"\x01\x03\x00\xff", r#"MESSAGE = b"\x01\x03\x00\xff""#),
        ("\u{202e}".as_bytes(), r#"MESSAGE = b"\xe2\x80\xae""#),
        ("é\u{200b}".as_bytes(), r#"MESSAGE = "é\u200b".encode()"#),
    ] {
        let target = target("tcp://127.0.0.1:1");
        let text = Program::Python.write(&Recipe { message: Some(message), ..Recipe::new(Role::Client, &target) });
        let text = text.unwrap();
        assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
    }
}

#[test]
fn groups_are_joined_or_the_tool_says_that_it_can_t() {
    use Obstacle::{GroupSource, Groups, InterfaceByAddress, Listening, Option, Transport};
    let at = |query: &str| target(&format!("udp://0.0.0.0:1?{query}"));
    let mif = Option(SocketOption::MulticastInterface);
    for (query, obstacles) in [
        ("join=239.1.2.3", [None, Some(Groups), None]),
        ("join=239.1.2.3@lo", [None, Some(Groups), None]),
        ("join=239.1.2.3@::1", [Some(InterfaceByAddress), Some(Groups), Some(InterfaceByAddress)]),
        ("join=ff02::1@127.0.0.1", [Some(InterfaceByAddress), Some(Groups), Some(InterfaceByAddress)]),
        // Python looks the number up; socat has no way to.
        ("join=ff02::1@::1", [None, Some(Groups), Some(InterfaceByAddress)]),
        ("join=232.1.1.1@lo/10.0.0.5", [None, Some(Groups), Some(GroupSource)]),
        ("mif=lo", [None, Some(mif), Some(mif)]),
        ("mif=127.0.0.1", [None, Some(mif), None]),
    ] {
        let target = at(query);
        let recipe = Recipe::new(Role::Server, &target);
        for (program, obstacle) in [Program::Python, Program::Netcat, Program::Socat].into_iter().zip(obstacles) {
            assert_eq!(program.write(&recipe).err(), obstacle, "{program:?} {query}");
        }
        assert_eq!(Program::Curl.write(&recipe), Err(Listening));
        assert_eq!(Program::Curl.write(&Recipe::new(Role::Client, &target)), Err(Transport));
    }
    let by_v4_address = target("udp://[::]:1?mif=127.0.0.1");
    assert_eq!(Program::Python.write(&Recipe::new(Role::Server, &by_v4_address)), Err(InterfaceByAddress));
    // Which of the two families a name has is not known yet.
    let named = target("udp://localhost:1?mif=lo");
    let text = Program::Python.write(&Recipe::new(Role::Client, &named)).unwrap();
    for line in [
        "client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(\"lo\"))",
        "client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address_of(\"lo\"))",
        "def address_of(name):",
        "import fcntl",
    ] {
        assert!(text.lines().any(|shown| shown.trim() == line), "{line} in {text}");
    }
    let groups = at("join=239.1.2.3@lo,ff02::1&mif=127.0.0.1");
    let line = Program::Socat.write(&Recipe::new(Role::Server, &groups)).unwrap();
    let options = "bind=0.0.0.0,fork,ip-multicast-if=127.0.0.1,ip-add-membership=239.1.2.3:lo,\
        ipv6-join-group=[ff02::1]:0,setsockopt-int=0:49:0,setsockopt-int=41:29:0";
    assert!(line.contains(options), "{line}");
}

#[test]
fn browsers_are_answered_or_the_tool_says_that_it_can_t() {
    let target = target("tcp://127.0.0.1:1");
    let page = BrowserContent::Page("<p>你好".to_owned());
    let recipe = Recipe { browser: Some(&page), ..Recipe::new(Role::Server, &target) };
    for (program, obstacle) in [
        (Program::Python, None),
        (Program::Netcat, Some(Obstacle::Browsers)),
        (Program::Socat, Some(Obstacle::Browsers)),
        (Program::Curl, Some(Obstacle::Listening)),
    ] {
        assert_eq!(program.write(&recipe).err(), obstacle, "{program:?}");
    }
    // WebSockets are spoken where there is something to say, and hosts looked at where only this machine is to ask.
    let text = |recipe: &Recipe<'_>| Program::Python.write(recipe).unwrap();
    assert!(!text(&recipe).contains("websocket") && text(&recipe).contains("def is_own"));
    let greets = text(&Recipe { message: Some(b"hi"), ..recipe.clone() });
    assert!(greets.contains("send_frame(connection, 1, MESSAGE)") && greets.contains("def is_own"), "{greets}");
    let binary = Respond::Reply(vec![0xFF]);
    let answers = text(&Recipe { respond: &binary, ..recipe.clone() });
    assert!(answers.contains("send_frame(connection, 2, REPLY)") && !answers.contains("MESSAGE"), "{answers}");
    for (endpoint, checks, at_run_time) in [
        ("tcp://[::1]:1", true, false),
        ("tcp://Mine.test:1", true, true),
        ("fd://3", true, true),
        ("tcp://0.0.0.0:1", false, false),
        ("tcp://10.0.0.1:1", false, false),
        ("unix:/run/x", false, false),
    ] {
        let target = endpoint.parse().unwrap();
        let text = text(&Recipe { target: &target, respond: &Respond::Echo, ..recipe.clone() });
        assert_eq!(text.contains("is_own(host)"), checks, "{endpoint}");
        assert_eq!(text.contains("is_own(origin"), checks, "{endpoint}");
        assert_eq!(text.contains("is_loopback(server"), at_run_time, "{endpoint}");
        assert_eq!(text.contains("name == \"mine.test\""), endpoint.contains("Mine"), "{endpoint}");
    }
    let long = BrowserContent::Page("x".repeat(Program::MESSAGE_MAX + 1));
    let recipe = Recipe { browser: Some(&long), ..recipe };
    assert_eq!(Program::Python.write(&recipe), Err(Obstacle::TooLong { max: Program::MESSAGE_MAX }));
}

/// What would be heard of a raw socket's answers is left to who remembers them.
#[test]
fn socat_shows_packets_and_answers_none() {
    let raw = "raw://127.0.0.1?proto=253";
    let line = |respond| written(Program::Socat, Role::Server, raw, None, respond);
    assert_eq!(line(&Respond::Nothing).unwrap(), "socat -u IP4-RECVFROM:253,bind=127.0.0.1,fork -\n");
    assert_eq!(line(&Respond::Reply(b"pong".to_vec())), Err(Obstacle::OwnAnswers));
}

/// netcat sets one option, of the socket's own family.
#[test]
fn netcat_sets_no_option_for_half_of_its_peers() {
    use SocketOption::{TimeToLive, TypeOfService};
    let line = |role, endpoint: &str| written(Program::Netcat, role, endpoint, None, &Respond::Nothing);
    for (endpoint, option) in [("tcp://[::]:1?ttl=9", TimeToLive), ("udp://[::]:1?tos=0x10", TypeOfService)] {
        assert_eq!(line(Role::Server, endpoint), Err(Obstacle::Option(option)));
    }
    assert_eq!(line(Role::Client, "tcp://[::ffff:127.0.0.1]:1?ttl=9"), Err(Obstacle::Option(TimeToLive)));
    assert_eq!(line(Role::Client, "tcp://[::]:1?ttl=9").unwrap(), "nc -M 9 :: 1\n");
    assert_eq!(line(Role::Server, "udp://[::1]:1?ttl=9&tos=0x10").unwrap(), "nc -lku -M 9 -T 0x10 ::1 1\n");
}

#[test]
fn who_answers_browsers_is_asked_by_http() {
    let exchange = |method: &str, target: &str, status| crate::model::Exchange {
        method: method.to_owned(),
        target: target.to_owned(),
        status,
        bytes: 0,
    };
    let opening = "-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
        -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='";
    for (endpoint, last, line) in [
        ("tcp://127.0.0.1:9", None, "curl -sN --noproxy '*' http://127.0.0.1:9/".to_owned()),
        (
            "tcp://[fe80::1%eth0]:9",
            Some(exchange("GET", "/it's?a=b&c", 200)),
            "curl -sN --noproxy '*' 'http://[fe80::1%25eth0]:9/it'\\''s?a=b&c'".to_owned(),
        ),
        (
            "tcp://127.0.0.1:9?nodelay=0",
            Some(exchange("HEAD", "/../{a,[1]}", 400)),
            "curl -sIg --path-as-is --noproxy '*' --no-tcp-nodelay 'http://127.0.0.1:9/../{a,[1]}'".to_owned(),
        ),
        (
            "tcp://127.0.0.1:9",
            Some(exchange("GET", "/chat", 101)),
            format!("curl -sN -i -m 1 --noproxy '*' {opening} http://127.0.0.1:9/chat"),
        ),
        ("unix:/run/a b", None, "curl -sN --noproxy '*' --unix-socket '/run/a b' http://localhost/".to_owned()),
        ("unix:@name", None, "curl -sN --noproxy '*' --abstract-unix-socket name http://localhost/".to_owned()),
    ] {
        let target = target(endpoint);
        let request = BrowserRequest::again(last.as_ref());
        let bytes = request.to_bytes(&target.endpoint);
        let recipe = Recipe { message: Some(&bytes), request: Some(&request), ..Recipe::new(Role::Client, &target) };
        assert_eq!(Program::Curl.write(&recipe), Ok(format!("{line}\n")));
        let text = Program::Python.write(&recipe).unwrap();
        assert!(
            text.contains(" HTTP/1.1\\r\\n") && text.contains("Host: ") && text.contains("client.sendall(MESSAGE)"),
            "{text}"
        );
        assert!(Program::Socat.write(&recipe).unwrap().starts_with("printf "), "{endpoint}");
    }
    // A client that says the same of itself says bytes.
    let plain =
        written(Program::Curl, Role::Client, "tcp://127.0.0.1:9", Some("GET / HTTP/1.0\r\n\r\n"), &Respond::Nothing);
    assert!(plain.unwrap().ends_with("| curl -sN -m 1 telnet://127.0.0.1:9\n"));
    // Nor does it listen, or have sockets that are no streams.
    let vsock = target("vsock://local:7");
    let request = BrowserRequest::again(None);
    let recipe = Recipe { request: Some(&request), ..Recipe::new(Role::Client, &vsock) };
    assert_eq!(Program::Curl.write(&recipe), Err(Obstacle::Transport));
}

#[test]
fn a_server_at_all_addresses_answers_from_the_one_that_was_asked() {
    let text = |endpoint: &str, respond| written(Program::Python, Role::Server, endpoint, None, respond).unwrap();
    for (endpoint, asks) in [
        ("udp://0.0.0.0:1", Some(false)),
        ("udp://0.0.0.0:1?proto=udplite", Some(false)),
        ("udp://[::]:1", Some(true)),
        ("udp://127.0.0.1:1", None),
        ("udp://localhost:1", None),
        ("tcp://0.0.0.0:1", None),
        ("raw://0.0.0.0?proto=253", None),
    ] {
        let answers = text(endpoint, &Respond::Echo);
        assert_eq!(answers.contains("server.sendmsg([data], from_asked(told), 0, peer)"), asks.is_some(), "{answers}");
        assert_eq!(answers.contains("def from_asked(told):"), asks.is_some(), "{answers}");
        assert_eq!(answers.contains("socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO"), asks.is_some(), "{answers}");
        assert_eq!(answers.contains("IPV6_RECVPKTINFO"), asks == Some(true), "{answers}");
        assert!(!text(endpoint, &Respond::Nothing).contains("recvmsg"), "{endpoint}");
    }
    let greets = written(Program::Python, Role::Server, "udp://0.0.0.0:1", Some("hi"), &Respond::Nothing).unwrap();
    assert!(greets.contains("server.sendmsg([MESSAGE], from_asked(told), 0, peer)"), "{greets}");
}

#[test]
fn a_program_fits_into_a_window() {
    let message = "一行长长的文字，".repeat(100);
    let target = Target {
        endpoint: Endpoint::UnixStream(UnixName::Path("/run/x.sock".into())),
        options: crate::model::SocketOptions::default(),
        groups: Vec::new(),
    };
    let respond = Respond::Reply(vec![0xFF; 1000]);
    let recipe = Recipe { message: Some(message.as_bytes()), respond: &respond, ..Recipe::new(Role::Server, &target) };
    let text = Program::Python.write(&recipe).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let named = Target { endpoint: Endpoint::Tcp(HostPort::new("a.example", 1)), ..target.clone() };
    let text = Program::Python.write(&Recipe { target: &named, ..recipe }).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let folder = BrowserContent::Folder("/srv/site".into());
    let recipe = Recipe { browser: Some(&folder), respond: &Respond::Echo, ..Recipe::new(Role::Server, &named) };
    let text = Program::Python.write(&recipe).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let everywhere: Target = "udp://[::]:1".parse().unwrap();
    let text = Program::Python.write(&Recipe { respond: &Respond::Echo, ..Recipe::new(Role::Server, &everywhere) });
    assert!(text.unwrap().lines().all(|line| line.chars().count() <= 100));
    let joins = "udp://[::]:1?mif=eth0&join=ff3e::1:2:3:4@a-long-name-012/2001:db8:1:2:3:4:5:6";
    let joins: Target = joins.parse().unwrap();
    let text = Program::Python.write(&Recipe::new(Role::Server, &joins)).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
