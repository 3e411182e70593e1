//! What helps where an address is not what was meant: the hint fits what was tried, and following it works.

#![cfg(target_os = "linux")]

mod support;

use std::fs;

use support::{Process, Run, Sockeye, in_own_network, ip, run, sockeye};
use tempfile::tempdir;

/// The message and the hint of the only error, which has to be of this operation.
#[track_caller]
fn told(run: &Run, operation: &str) -> (String, String) {
    let error = run.expect_error(1, operation);
    let text = |key: &str| error[key].as_str().unwrap_or_else(|| panic!("no {key} in {error}")).to_owned();
    (text("message"), text("hint"))
}

/// What a person reads on standard error in Chinese.
fn in_chinese(arguments: &[&str]) -> String {
    let output = sockeye(arguments).env("LC_ALL", "zh_CN.UTF-8").output().expect("it runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is there belongs to somebody: to connect to it is a mistake in the path, and no reason to remove it.
#[test]
fn what_is_no_socket_is_not_to_be_removed_by_who_connects() {
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("precious");
    fs::write(&file, "x").expect("a file");
    for scheme in ["unix", "unix-dgram", "unix-seqpacket"] {
        for (path, message) in [(file.as_path(), "is a file and not a socket"), (folder.path(), "that is a folder")] {
            let endpoint = format!("{scheme}:{}", path.display());
            let connect = ["connect", &endpoint, "--send", "x"];
            let (why, hint) = told(&run(&connect), "connect");
            assert!(why.contains(message), "{endpoint}: {why}");
            assert!(hint.contains("Check the path") && !hint.to_lowercase().contains("remove"), "{endpoint}: {hint}");
            let chinese = in_chinese(&connect);
            assert!(chinese.contains("请检查路径") && !chinese.contains("移除"), "{chinese}");
        }
        // To bind there is another matter, unless it is a folder.
        let (_, hint) = told(&run(&["listen", &format!("{scheme}:{}", file.display())]), "bind");
        assert!(hint.contains("Remove or rename"), "{hint}");
        let (why, hint) = told(&run(&["listen", &format!("{scheme}:{}", folder.path().display())]), "bind");
        assert_eq!(why, "that is a folder");
        assert!(hint.contains("the socket's own name") && !hint.contains("emove"), "{hint}");
    }
    // Without a connection it is the send that is refused.
    let endpoint = format!("unix-dgram:{}", file.display());
    let (why, hint) = told(&run(&["connect", &endpoint, "--unconnected", "--send", "x"]), "send");
    assert!(why.contains("not a socket") && hint.contains("Check the path"), "{why}: {hint}");
}

#[test]
fn an_unreachable_network_is_explained_without_a_connection_too() {
    in_own_network("an_unreachable_network_is_explained_without_a_connection_too", || {
        for arguments in [
            &["connect", "udp://8.8.8.8:53", "--unconnected", "--send", "x", "--wait", "0"][..],
            &["connect", "udp://8.8.8.9:53", "--to", "8.8.8.8:53", "--send", "x", "--wait", "0"],
            &["connect", "raw://8.8.8.8?proto=253", "--unconnected", "--send", "x", "--wait", "0"],
        ] {
            let run = run(arguments);
            let errors = run.expect_code(1).all("error");
            assert!(!errors.is_empty(), "{arguments:?}");
            for error in errors {
                assert_eq!((&error["operation"], &error["message"]), (&"send".into(), &"network unreachable".into()));
                assert_eq!(error["hint"], "Check the address and the network.", "{arguments:?}");
            }
        }
    });
}

#[test]
fn no_route_to_a_group_is_cured_by_naming_the_interface() {
    in_own_network("no_route_to_a_group_is_cured_by_naming_the_interface", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        ip(&["address", "add", "10.1.1.1/24", "dev", "d0"]);
        for name in ["d0", "d1"] {
            ip(&["link", "set", name, "up"]);
        }
        for (endpoint, cures, with_it) in [
            ("udp://239.1.2.3:5000", ["?mif=d0", "?mif=d1"], "udp://239.1.2.3:5000?mif=d0"),
            (
                "udp://255.255.255.255:5000",
                ["?device=d0", "?device=d1"],
                "udp://255.255.255.255:5000?device=d0&broadcast=1",
            ),
            ("raw://239.1.2.3?proto=253", ["?mif=d0", "?mif=d1"], "raw://239.1.2.3?proto=253&mif=d0"),
        ] {
            let is_cured = |words: &str| cures.iter().any(|cure| words.contains(cure));
            for (manner, operation) in [(&[][..], "connect"), (&["--unconnected"], "send")] {
                let arguments = [&["connect", endpoint, "--send", "x", "--wait", "0"], manner].concat();
                let (message, hint) = told(&run(&arguments), operation);
                assert_eq!(message, "network unreachable", "{arguments:?}");
                // In the system's order.
                let has_both = hint.contains("d1, d0") || hint.contains("d0, d1");
                assert!(is_cured(&hint) && has_both, "{arguments:?}: {hint}");
                let cured = [&["connect", with_it, "--send", "x", "--wait", "0"], manner].concat();
                run(&cured).expect_code(0);
            }
            assert!(is_cured(&in_chinese(&["connect", endpoint, "--send", "x"])));
        }
    });
}

#[test]
fn a_group_of_ipv6_takes_a_socket_of_ipv6() {
    let (_, hint) = told(&run(&["listen", "udp://0.0.0.0:0?join=ff02::77@lo"]), "join");
    assert!(hint.contains("[::]"), "{hint}");
    let (listener, _) = Sockeye::listen(&["listen", "udp://[::]:0?join=ff02::77@lo"]);
    listener.interrupt().expect_code(0);
}

#[test]
fn a_mistake_in_an_address_is_named_as_what_it_is() {
    let long = format!("unix:@{}", "n".repeat(108));
    for (endpoint, part, chinese) in [
        ("packet://02:00:00:00:00:01?proto=0x88b5", "after a %, such as 02:00:00:00:00:01%eth0", "写明接口"),
        ("unix:@", "a name after the @", "输入名称"),
        (&long, "The name after the @ has 108 bytes", "名称有 108 字节"),
    ] {
        let run = run(&["connect", endpoint, "--send", "x"]);
        run.expect_code(2);
        let message = run.one("error")["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(part) && !message.contains("path"), "{endpoint}: {message}");
        assert!(in_chinese(&["connect", endpoint, "--send", "x"]).contains(chinese), "{endpoint}");
    }
}

/// A new network begins with nobody's group for pings.
#[test]
fn a_denied_socket_is_named_with_its_protocol() {
    in_own_network("a_denied_socket_is_named_with_its_protocol", || {
        let endpoint = "udp://127.0.0.1:1?proto=icmp";
        let run = run(&["connect", endpoint, "--send", "x"]);
        let error = run.expect_error(1, "open");
        assert_eq!((&error["message"], &error["endpoint"]), (&"permission denied".into(), &endpoint.into()));
    });
}

#[test]
fn where_a_browser_finds_the_page_is_said() {
    let mut listener = Process::start(sockeye(&["listen", "tcp://127.0.0.1:0", "--page", "hello"]));
    listener.read_errors_until("in a browser: http://127.0.0.1:");
    let mut silent = Process::start(sockeye(&["listen", "tcp://127.0.0.1:0"]));
    silent.read_errors_until("listening on");
    for process in [listener, silent] {
        process.signal(nix::sys::signal::Signal::SIGINT);
        let finished = process.finish();
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert!(finished.stderr.matches("http://").count() <= 1, "{}", finished.stderr);
    }
}
