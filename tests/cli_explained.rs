//! Failures whose reason lies outside of the socket that fails: other sockets on the port, settings of the kernel,
//! modules, rights. The hint names it.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};

use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};
use support::{
    Process, Run, Sockeye, in_own_network, ip, kernel_has, require, require_tool, run, sockeye, tutorial, without_right,
};
use tempfile::tempdir;

/// The hint of the only error, which has to be of this operation and with this message.
#[track_caller]
fn hint(run: &Run, operation: &str, message: &str) -> String {
    let error = run.expect_error(1, operation);
    assert_eq!(error["message"], message, "{error}");
    error["hint"].as_str().unwrap_or_else(|| panic!("no hint in {error}")).to_owned()
}

#[track_caller]
fn says(hint: &str, parts: &[&str]) {
    for part in parts {
        assert!(hint.contains(part), "{part} in {hint}");
    }
}

/// What a person reads on standard error in Chinese.
fn in_chinese(arguments: &[&str]) -> String {
    let output = sockeye(arguments).env("LC_ALL", "zh_CN.UTF-8").output().expect("it runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Turns a setting of the kernel, in the test's own network.
fn set(setting: &str, value: &str) {
    fs::write(format!("/proc/sys/{setting}"), value).unwrap_or_else(|error| panic!("{setting}: {error}"));
}

/// Leaves a connection in TIME_WAIT at this port of 127.0.0.1.
fn leave_time_wait(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port");
    let client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let (server, _) = listener.accept().expect("the connection");
    drop((listener, server));
    // The end of its peer was seen: closing completes the farewell.
    assert_eq!(std::io::Read::read(&mut &client, &mut [0]).expect("the end"), 0);
}

/// The tutorial's server leaves SO_REUSEADDR off; that of its successor alone helps nothing.
#[test]
fn a_port_that_the_tutorials_server_left() {
    in_own_network("a_port_that_the_tutorials_server_left", || {
        if !require_tool("python3") {
            return;
        }
        let folder = tempdir().expect("a folder");
        let server = tutorial("text_server", 0, folder.path(), &[]);
        let endpoint = format!("tcp://127.0.0.1:{}", server.port);
        run(&["connect", &endpoint, "--send", "不好", "--wait", "20000"]).expect_code(0);
        assert_eq!(server.process.finish().code, Some(0));
        let listen = ["listen", &endpoint];
        let hint = hint(&run(&listen), "bind", "address already in use");
        says(&hint, &["TIME_WAIT", "SO_REUSEADDR is on here", "Nobody listens there, but 1 connection that is over"]);
        let words = in_chinese(&listen);
        says(&words, &["TIME_WAIT", "SO_REUSEADDR", "1 个已结束的连接"]);
    });
}

#[test]
fn who_listens_on_another_address_of_the_port_is_not_blamed() {
    in_own_network("who_listens_on_another_address_of_the_port_is_not_blamed", || {
        leave_time_wait(9555);
        let _innocent = TcpListener::bind("127.0.0.2:9555").expect("a port");
        let _innocent_v6 = TcpListener::bind("[::1]:9555").expect("a port");
        for asked in ["127.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]"] {
            let run = run(&["listen", &format!("tcp://{asked}:9555?reuseaddr=0")]);
            let hint = hint(&run, "bind", "address already in use");
            if asked == "0.0.0.0" {
                says(&hint, &["It is held by", &std::process::id().to_string()]);
            } else {
                says(&hint, &["1 connection that is over keeps", "SO_REUSEADDR is off"]);
            }
        }
        // Only sockets of IPv6 alone leave room for those of IPv4.
        let v6_only = Sockeye::listen(&["listen", "tcp://[::]:9777?v6only=1"]).0;
        leave_time_wait(9777);
        says(
            &hint(&run(&["listen", "tcp://127.0.0.1:9777?reuseaddr=0"]), "bind", "address already in use"),
            &["TIME_WAIT"],
        );
        v6_only.interrupt();
        let both = Sockeye::listen(&["listen", "tcp://[::]:9778"]).0;
        drop(TcpStream::connect("127.0.0.1:9778").expect("a connection"));
        says(
            &hint(&run(&["listen", "tcp://127.0.0.1:9778"]), "bind", "address already in use"),
            &["sockeye", &both.id().to_string()],
        );
        both.interrupt();
    });
}

/// Has Python bind a datagram socket of this protocol above IP to 127.0.0.1:9555.
fn held_by_python(protocol: &str) -> Process {
    let program = "import socket, sys\n\
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, int(sys.argv[1]))\n\
        s.bind(('127.0.0.1', 9555))\n\
        print('bound', file=sys.stderr, flush=True)\n\
        sys.stdin.read()\n";
    let mut holder = Process::run("python3", &["-c", program, protocol]);
    holder.read_errors_until("bound");
    holder
}

#[test]
fn who_has_another_address_of_the_udp_port_is_not_blamed() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("who_has_another_address_of_the_udp_port_is_not_blamed", || {
        let innocents = ["127.0.0.2:9555", "[::1]:9555"].map(|address| UdpSocket::bind(address).expect("a port"));
        let holder = held_by_python("17");
        let hint = hint(&run(&["listen", "udp://127.0.0.1:9555"]), "bind", "address already in use");
        says(&hint, &[&format!("(process {})", holder.id())]);
        drop(innocents);
    });
}

#[test]
fn who_has_the_port_of_udp_is_not_blamed_for_that_of_udp_lite() {
    let has_it = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::from(136))).is_ok();
    if !require_tool("python3") || !kernel_has(has_it, "UDP-Lite") {
        return;
    }
    in_own_network("who_has_the_port_of_udp_is_not_blamed_for_that_of_udp_lite", || {
        let _innocent = UdpSocket::bind("127.0.0.1:9555").expect("a port");
        let holder = held_by_python("136");
        let run = run(&["listen", "udp://127.0.0.1:9555?proto=udplite"]);
        says(&hint(&run, "bind", "address already in use"), &[&format!("(process {})", holder.id())]);
    });
}

#[test]
fn a_protocol_that_the_kernel_lacks() {
    in_own_network("a_protocol_that_the_kernel_lacks", || {
        let lacks = |endpoint: &str| {
            let run = run(&["listen", endpoint]);
            let error = run.expect_error(1, "open");
            assert_eq!(error["message"], "the kernel has no such protocol for this kind of socket", "{error}");
            error["hint"].as_str().unwrap_or_else(|| panic!("no hint in {error}")).to_owned()
        };
        if fs::exists("/proc/sys/net/mptcp/enabled").unwrap_or_default() {
            set("net/mptcp/enabled", "0");
            says(&lacks("tcp://127.0.0.1:0?proto=mptcp"), &["sudo sysctl -w net.mptcp.enabled=1"]);
            says(&in_chinese(&["listen", "tcp://127.0.0.1:0?proto=mptcp"]), &["sudo sysctl -w net.mptcp.enabled=1"]);
        }
        if Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::from(132))).is_err() {
            says(&lacks("tcp://127.0.0.1:0?proto=sctp"), &["sudo modprobe sctp"]);
        }
        says(&lacks("tcp://127.0.0.1:0?proto=dccp"), &["dccp_ipv4", "SOCK_DCCP", "mptcp"]);
        says(&lacks("tcp://127.0.0.1:0?proto=200"), &["tcp, mptcp or sctp"]);
        says(&lacks("udp://127.0.0.1:0?proto=200"), &["udp, udplite or icmp"]);
        // A new network begins with nobody's group.
        let run = run(&["listen", "udp://127.0.0.1:0?proto=icmp"]);
        says(&hint(&run, "open", "permission denied"), &["sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""]);
    });
}

#[test]
fn ipv6_that_is_switched_off() {
    in_own_network("ipv6_that_is_switched_off", || {
        for which in ["all", "default"] {
            set(&format!("net/ipv6/conf/{which}/disable_ipv6"), "1");
        }
        let not_here = "this machine does not have that address";
        for (arguments, operation) in [
            (&["listen", "tcp://[::1]:0"][..], "bind"),
            (&["listen", "udp://[::1]:0"], "bind"),
            (&["connect", "tcp://[::1]:9", "--send", "x"], "connect"),
            (&["connect", "udp://[::1]:9", "--send", "x"], "connect"),
            (&["connect", "tcp://[::]:9", "--send", "x"], "connect"),
        ] {
            let hint = hint(&run(arguments), operation, not_here);
            says(&hint, &["IPv6 is switched off", "net.ipv6.conf.all.disable_ipv6=0", "127.0.0.1"]);
            says(&in_chinese(arguments), &["IPv6", "net.ipv6.conf.all.disable_ipv6=0"]);
        }
        // IPv4 is none the worse for it.
        let hint = hint(&run(&["listen", "tcp://192.0.2.1:0"]), "bind", not_here);
        assert_eq!(hint, "Check the address and the network.");
    });
}

/// The program without a right, in the way that [`run`] runs it.
fn run_without(right: &str, arguments: &[&str]) -> Run {
    let mut command = without_right(right, env!("CARGO_BIN_EXE_sockeye"));
    command.args(arguments).arg("--json").env("LC_ALL", "C");
    Sockeye::watch(command).finish()
}

#[test]
fn the_lowest_port_for_all_is_the_kernels() {
    if !require_tool("setpriv") {
        return;
    }
    in_own_network("the_lowest_port_for_all_is_the_kernels", || {
        set("net/ipv4/ip_unprivileged_port_start", "2000");
        let denied =
            |arguments: &[&str]| hint(&run_without("net_bind_service", arguments), "bind", "permission denied");
        for endpoint in ["tcp://127.0.0.1:1999", "udp://[::1]:80"] {
            says(&denied(&["listen", endpoint]), &["CAP_NET_BIND_SERVICE", "2000"]);
        }
        // What a firewall forbids is no matter of files either.
        ip(&["route", "add", "prohibit", "10.9.9.0/24"]);
        let run = run(&["connect", "tcp://10.9.9.9:9", "--send", "x"]);
        says(&hint(&run, "connect", "permission denied"), &["firewall"]);
        set("net/ipv4/ip_unprivileged_port_start", "0");
        let (listener, _) = Sockeye::listen(&["listen", "tcp://127.0.0.1:80"]);
        listener.interrupt().expect_code(0);
    });
}

#[test]
fn a_port_for_virtual_machines_that_needs_rights() {
    if !require_tool("setpriv") || !kernel_has_vsock() {
        return;
    }
    let run = run_without("net_bind_service", &["listen", "vsock://any:80"]);
    says(&hint(&run, "bind", "permission denied"), &["CAP_NET_BIND_SERVICE", "1024"]);
}

fn kernel_has_vsock() -> bool {
    kernel_has(Socket::new(Domain::VSOCK, Type::STREAM, None).is_ok(), "vsock")
}

/// Whether the kernel lets a machine talk to itself over vsock.
fn has_vsock_loopback() -> bool {
    let bind = |socket: Socket| socket.bind(&socket2::SockAddr::vsock(1, u32::MAX));
    Socket::new(Domain::VSOCK, Type::STREAM, None).and_then(bind).is_ok()
}

#[test]
fn this_machine_over_vsock_without_a_loopback() {
    if !kernel_has_vsock() || !kernel_has(!has_vsock_loopback(), "lack of vsock_loopback") {
        return;
    }
    let connect = ["connect", "vsock://local:9", "--send", "x"];
    let message = "no transport of this kernel leads to that machine";
    says(&hint(&run(&connect), "connect", message), &["sudo modprobe vsock_loopback"]);
    says(&in_chinese(&connect), &["sudo modprobe vsock_loopback"]);
    let listen = run(&["listen", "vsock://local:0"]);
    says(&hint(&listen, "bind", "this machine does not have that address"), &["sudo modprobe vsock_loopback"]);
    if !fs::exists("/dev/vhost-vsock").unwrap_or_default() {
        let listen = run(&["listen", "vsock://host:0"]);
        says(&hint(&listen, "bind", "this machine does not have that address"), &["sudo modprobe vhost_vsock"]);
    }
}

/// Most hosts forward nothing from one of their machines to another.
#[test]
fn a_machine_over_vsock_that_does_not_answer() {
    if !kernel_has_vsock() {
        return;
    }
    let run = run(&["connect", "vsock://7777:9", "--send", "x"]);
    let hint = run.expect_error(1, "connect")["hint"].as_str().unwrap_or_default().to_owned();
    let is_told = ["vhost_vsock", "Check the number"].iter().any(|part| hint.contains(part));
    assert!(is_told && !hint.contains("network"), "{hint}");
}

#[test]
fn a_unix_socket_in_use_is_a_matter_of_its_path() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("x.sock");
    let _held = UnixListener::bind(&path).expect("a socket");
    let listen = ["listen", &format!("unix:{}", path.display())];
    let in_use = hint(&run(&listen), "bind", "address already in use");
    let owner = format!("(process {})", std::process::id());
    says(&in_use, &["path", &owner]);
    assert!(!in_use.contains("port"), "{in_use}");
    says(&in_chinese(&listen), &["路径"]);
    // By another way to the same file, and for datagrams.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &link).expect("a link");
    let by_link = format!("unix:{}", link.join("x.sock").display());
    says(&hint(&run(&["listen", &by_link]), "bind", "address already in use"), &[&owner]);
    let path = folder.path().join("datagrams");
    let _bound = UnixDatagram::bind(&path).expect("a socket");
    let datagrams = format!("unix-dgram:{}", path.display());
    says(&hint(&run(&["listen", &datagrams]), "bind", "address already in use"), &[&owner]);

    let name = format!("unix:@sockeye-explained-{}", std::process::id());
    let (held, _) = Sockeye::listen(&["listen", &name]);
    let in_use = hint(&run(&["listen", &name]), "bind", "address already in use");
    says(&in_use, &["another path or name", &format!("sockeye (process {})", held.id())]);
    held.interrupt();
}

#[test]
fn what_is_missing_of_a_path_is_named() {
    let folder = tempdir().expect("a folder");
    let place = folder.path().to_str().expect("UTF-8");
    fs::write(folder.path().join("file"), "x").expect("a file");
    std::os::unix::fs::symlink("nowhere", folder.path().join("link")).expect("a link");
    let nothing = format!("There is nothing named “x.sock” in {place}.");
    let no_folder = format!("There is no folder “none” in {place}.");
    let no_page = format!("There is nothing named “site” in {place}.");
    let link = format!("{place}/link is a link to something that is not there.");
    let file = format!("{place}/file is a file and no folder, so nothing can be in it.");
    let unix = |path: &str| format!("unix:{place}/{path}");
    let at = |path: &str| format!("{place}/{path}");
    let serve = |path: &str| vec!["listen".to_owned(), "tcp://127.0.0.1:0".to_owned(), "--serve".to_owned(), at(path)];
    let (connect, listen) =
        (|path: &str| vec!["connect".to_owned(), unix(path)], |path: &str| vec!["listen".to_owned(), unix(path)]);
    for (arguments, operation, message, expected) in [
        (connect("x.sock"), "connect", "not found", &nothing),
        (connect("none/x.sock"), "connect", "not found", &no_folder),
        (connect("link"), "connect", "not found", &link),
        (connect("file/x.sock"), "connect", "that is not a folder", &file),
        (listen("none/x.sock"), "bind", "not found", &no_folder),
        (listen("file/x.sock"), "bind", "that is not a folder", &file),
        (serve("site"), "open-file", "not found", &no_page),
        (serve("none/index.html"), "open-file", "not found", &no_folder),
        (serve("link"), "open-file", "not found", &link),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert_eq!(hint(&run(&arguments), operation, message), *expected, "{arguments:?}");
    }
    says(&in_chinese(&["connect", &unix("none/x.sock")]), &["没有名为“none”的文件夹"]);
    let run = run(&["listen", "unix:/proc/sockeye.sock"]);
    let nothing_new = hint(&run, "bind", "not found");
    assert_eq!(nothing_new, "Nothing can be created in /proc. Choose a path in another folder.");
}

#[test]
fn a_port_is_shared_by_those_alone_that_all_want_it() {
    // Elsewhere, a program that another test starts holds a copy of it until it is executed.
    in_own_network("a_port_is_shared_by_those_alone_that_all_want_it", || {
        let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("tcp://{}?reuseport=1", holder.local_addr().expect("an address"));
        let in_use = hint(&run(&["listen", &endpoint]), "bind", "address already in use");
        says(&in_use, &["SO_REUSEPORT is on here", "all sockets", &format!("(process {})", std::process::id())]);
        says(&in_chinese(&["listen", &endpoint]), &["SO_REUSEPORT"]);
        drop(holder);
        // Both have it.
        let (first, _) = Sockeye::listen(&["listen", &endpoint]);
        let (second, _) = Sockeye::listen(&["listen", &endpoint]);
        for one in [first, second] {
            one.interrupt().expect_code(0);
        }
    });
}

#[test]
fn what_is_too_long_is_held_against_what_carries_it() {
    in_own_network("what_is_too_long_is_held_against_what_carries_it", || {
        let over_udp = UdpSocket::bind("[::1]:0").expect("a port");
        let udp = format!("udp://{}", over_udp.local_addr().expect("an address"));
        for (endpoint, most, parts) in [
            (udp.as_str(), 65_527, ["IPv6", "65,527"]),
            ("raw://127.0.0.1?proto=253", 65_515, ["IPv4", "65,515"]),
            ("raw://[::1]?proto=253", 65_535, ["IPv6", "65,535"]),
        ] {
            let send = |count: usize| run(&["connect", endpoint, "--send", &"x".repeat(count), "--wait", "0"]);
            says(&hint(&send(most + 1), "send", "the message is too long to be sent in one piece"), &parts);
            send(most).expect_code(0);
        }
    });
}

/// IPPROTO_RAW, raw(7).
#[test]
fn a_raw_socket_for_whole_packets() {
    if !require(
        Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255))).is_ok(),
        "the right to open raw sockets",
    ) {
        return;
    }
    let endpoint = "raw://127.0.0.1?proto=raw";
    let run_it = |arguments: &[&str]| run(&[&["connect", endpoint, "--wait", "0"], arguments].concat());
    let error: Value = run_it(&["--send", "x"]).expect_error(1, "send").clone();
    says(error["hint"].as_str().unwrap_or_default(), &["header"]);
    // The least that is a packet: a header of 20 bytes, from 127.0.0.1 to itself, of protocol 253.
    run_it(&["--send-hex", "45000014000000004ffd00007f0000017f000001"]).expect_code(0);
    let listen = run(&["listen", endpoint]);
    let error = listen.expect_error(1, "open");
    says(error["message"].as_str().unwrap_or_default(), &["only sends"]);
    says(error["hint"].as_str().unwrap_or_default(), &["protocol"]);
}
