//! Python at the other end of a listener of both families, and of broadcasts.

#![cfg(target_os = "linux")]

mod support;

use support::{Process, Sockeye, in_own_network, ip, port_of, require_tool, set_up};

/// Asks one server over both families and both transports at once: `PORT_OF_TCP PORT_OF_UDP`.
const OF_EITHER_FAMILY: &str = "
import socket, sys
for family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
    for kind, port in zip((socket.SOCK_STREAM, socket.SOCK_DGRAM), sys.argv[1:]):
        with socket.socket(family, kind) as s:
            s.settimeout(20)
            s.connect((host, int(port)))
            s.send(host.encode())
            print(s.getsockname()[:2], s.recv(1024).decode())
";

#[test]
fn python_of_either_family_is_answered_by_one_listener() {
    if !require_tool("python3") {
        return;
    }
    let mut servers = ["tcp", "udp"].map(|scheme| {
        let (server, endpoint) = Sockeye::listen(&["listen", &format!("{scheme}://[::]:0?v6only=0"), "--echo"]);
        (server, port_of(&endpoint).to_string())
    });
    let python = Process::run("python3", &["-c", OF_EITHER_FAMILY, &servers[0].1, &servers[1].1]).finish();
    let told = String::from_utf8(python.stdout).expect("text");
    assert_eq!(python.code, Some(0), "{told}{}", python.stderr);
    let told: Vec<_> = told.lines().collect();
    let hosts = ["127.0.0.1", "127.0.0.1", "::1", "::1"];
    assert_eq!(told.len(), hosts.len(), "{told:?}");
    for (line, host) in told.iter().zip(hosts) {
        assert!(line.starts_with(&format!("('{host}', ")) && line.ends_with(&format!(" {host}")), "{line}");
    }
    // An IPv4 peer is one, and no mapped address.
    for (server, scheme) in servers.iter_mut().map(|(server, _)| server).zip(["tcp", "udp"]) {
        for host in ["127.0.0.1:", "[::1]:"] {
            let peer = server.expect("opened")["peer"].as_str().unwrap_or_default().to_owned();
            assert!(peer.starts_with(&format!("{scheme}://{host}")), "{peer}");
        }
    }
    for (server, _) in servers {
        assert_eq!(server.interrupt().expect_code(0).received(), b"127.0.0.1::1");
    }
}

/// Sends to everybody at `ADDRESS PORT` and hears who answers; then says where it hears broadcasts itself, and answers one.
const BROADCASTS: &str = "
import socket, sys
address = (sys.argv[1], int(sys.argv[2]))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(20)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.sendto(b'who is there?', address)
    print(s.recvfrom(1024), flush=True)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(20)
    s.bind(('', 0))
    print(s.getsockname()[1], flush=True)
    data, peer = s.recvfrom(1024)
    s.sendto(b'I heard ' + data, peer)
";

#[test]
fn python_sends_broadcasts_and_answers_one() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_sends_broadcasts_and_answers_one", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        ip(&["address", "add", "10.9.0.1/24", "brd", "+", "dev", "d0"]);
        set_up(&["d0", "d1"]);
        let (mut server, endpoint) = Sockeye::listen(&["listen", "udp://0.0.0.0:0", "--reply", "me"]);
        let port = port_of(&endpoint).to_string();
        let mut python = Process::run("python3", &["-c", BROADCASTS, "10.9.0.255", &port]);
        python.read_until("where it hears", |bytes| bytes.iter().filter(|byte| **byte == b'\n').count() == 2);
        let told = String::from_utf8_lossy(&python.stdout).into_owned();
        let (answer, hears) = told.trim_end().split_once('\n').expect("two lines");
        assert_eq!(answer, format!("(b'me', ('10.9.0.1', {port}))"));
        assert_eq!(server.expect("received")["bytes"], 13);

        let everybody = format!("udp://10.9.0.255:{hears}?broadcast=1");
        // With a second address it opens a socket that hears whoever answers, which is never the broadcast address.
        let to = format!("10.9.0.1:{port}");
        let mut client = Sockeye::start(&["connect", &everybody, "--to", &to, "--send", "it", "--wait", "20000"]);
        for _ in 0..2 {
            client.expect("received");
        }
        let client = client.interrupt();
        let heard = client.expect_code(0).all("received").into_iter().map(|event| event["hex"].as_str());
        let heard: Vec<_> = heard.flatten().collect();
        assert!(heard.contains(&"49206865617264206974") && heard.len() == 2, "{heard:?}");
        assert_eq!(python.finish().code, Some(0));
        server.interrupt().expect_code(0);
    });
}
