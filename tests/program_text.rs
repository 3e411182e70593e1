//! Programs that are written down say exactly what they were to say, however hostile the texts: read back by Python and
//! by a shell.

#![cfg(unix)]

mod support;

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sockeye::codec::can::bcm::Message;
use sockeye::model::{
    Endpoint, HostPort, Program, ReceiveMode, Recipe, Respond, Role, SocketOption, SocketOptions, Target, UnixName,
};
use support::{Process, require_tool};

/// Reads lines of JSON: a program's text, and what its names and literals have to be.
const READER: &str = r#"
import ast, json, socket, sys

def value(node):
    return eval(compile(ast.Expression(node), "literal", "eval"), {"__builtins__": {}})

for line in sys.stdin:
    case = json.loads(line)
    tree = ast.parse(case["text"])
    names = {node.targets[0].id: value(node.value) for node in tree.body if isinstance(node, ast.Assign)}
    calls = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            calls.setdefault(node.func.attr, node.args)
    for name, hex in case["names"].items():
        found = names[name].encode() if isinstance(names[name], str) else names[name]
        assert found == bytes.fromhex(hex), (name, found, hex)
    if case["path"] is not None:
        name = value(calls["connect"][0])
        name = name.encode() if isinstance(name, str) else name
        assert name == bytes.fromhex(case["path"]), (name, case["path"])
    if case["local"] is not None:
        assert value(calls["bind"][0])[0] == case["local"], case["local"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socket":
            assert hasattr(socket, node.attr), node.attr
    # It has to be a program as a whole.
    compile(case["text"], "program", "exec")
print("all read back")
"#;

/// What tools take for something else than itself, and what terminals do.
const HOSTILE: [&str; 30] = [
    "'",
    "\"",
    "\\",
    "\n",
    "\r",
    "\t",
    "$HOME",
    "`id`",
    "!!",
    "%s",
    "%",
    "{}",
    "-",
    "@",
    "#",
    "~",
    "*",
    "?",
    "[a]",
    ",",
    ":",
    ";",
    "&",
    "|",
    "你好",
    "\u{301}",
    "\u{202e}",
    "\u{1f600}",
    "0",
    " ",
];

fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => proptest::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        1 => "[a-z0-9]{1,3}",
        1 => any::<char>().prop_filter("a NUL ends a path", |c| *c != '\0').prop_map(String::from),
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        hostile_text().prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 1..40),
        proptest::collection::vec(0u8..128, 1..200),
        (hostile_text(), 1usize..60).prop_map(|(text, times)| text.repeat(times).into_bytes()),
    ]
}

/// Many cases for one process.
fn batch<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, test: impl Fn(Vec<T>)) {
    let mut runner = TestRunner::new(Config { cases: 4, failure_persistence: None, ..Config::default() });
    let many = proptest::collection::vec(strategy, 10..25);
    runner
        .run(&many, |cases| {
            test(cases);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unix(path: &str) -> Target {
    Target {
        endpoint: Endpoint::UnixStream(UnixName::Path(PathBuf::from(path))),
        options: SocketOptions::default(),
        groups: Vec::new(),
    }
}

fn tcp() -> Target {
    Target {
        endpoint: Endpoint::Tcp(HostPort::new("127.0.0.1", 9)),
        options: SocketOptions::default(),
        groups: Vec::new(),
    }
}

#[test]
fn python_reads_messages_paths_and_hosts_back() {
    if !require_tool("python3") {
        return;
    }
    batch((hostile_bytes(), hostile_bytes(), hostile_text()), |cases| {
        let mut lines = String::new();
        let mut add = |recipe: &Recipe<'_>, names: Value, path: Option<Vec<u8>>, local: Option<&str>| {
            let text = Program::Python.write(recipe).expect("Python can do everything");
            let path = path.map(|path| hex(&path));
            lines += &format!("{}\n", json!({ "text": text, "names": names, "path": path, "local": local }));
        };
        for (message, reply, text) in &cases {
            let (tcp, path) = (tcp(), unix(text));
            let respond = Respond::Reply(reply.clone());
            let server = Recipe { message: Some(message), respond: &respond, ..Recipe::new(Role::Server, &tcp) };
            add(&server, json!({ "MESSAGE": hex(message), "REPLY": hex(reply) }), None, None);
            let client = Recipe { message: Some(message), ..Recipe::new(Role::Client, &path) };
            add(&client, json!({ "MESSAGE": hex(message) }), Some(text.as_bytes().to_vec()), None);
            let name = UnixName::Abstract(text.as_bytes().to_vec());
            let name =
                Target { endpoint: Endpoint::UnixStream(name), options: SocketOptions::default(), groups: Vec::new() };
            let wanted = [b"\0", text.as_bytes()].concat();
            add(&Recipe::new(Role::Client, &name), json!({}), Some(wanted), None);
            let bound = Recipe { local_host: Some(text), ..Recipe::new(Role::Client, &tcp) };
            add(&bound, json!({}), None, Some(text));
            let receive = ReceiveMode::Raw { into: text.into() };
            let keeper = Recipe { receive: &receive, ..Recipe::new(Role::Server, &tcp) };
            add(&keeper, json!({ "FOLDER": hex(text.as_bytes()) }), None, None);
        }
        let mut python = Process::run("python3", &["-c", READER]);
        let writer = python.write_all_and_close(lines.into_bytes());
        let finished = python.finish();
        writer.join().expect("the writer ends");
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert_eq!(finished.stdout, b"all read back\n");
    });
}

/// Every option, with a value that it takes, on every transport that has it.
fn options() -> Vec<Target> {
    let values = ["1", "1000", "lo", "127.0.0.1", "tcp"];
    let mut targets = Vec::new();
    for option in SocketOption::ALL {
        let query = values.iter().find_map(|value| format!("{}={value}", option.name()).parse::<SocketOptions>().ok());
        let options = query.unwrap_or_else(|| panic!("no value for {}", option.name()));
        for endpoint in
            ["tcp://127.0.0.1:9", "tcp://[::1]:9", "tcp://localhost:9", "udp://127.0.0.1:9", "udp://[::1]:9"]
        {
            let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
            if option.applies_to(endpoint.protocol()) {
                targets.push(Target { endpoint, options: options.clone(), groups: Vec::new() });
            }
        }
    }
    targets
}

#[test]
fn python_knows_every_option() {
    if !require_tool("python3") {
        return;
    }
    let mut lines = String::new();
    for target in options() {
        for role in [Role::Server, Role::Client] {
            let text = Program::Python.write(&Recipe::new(role, &target));
            let text = text.unwrap_or_else(|obstacle| panic!("{target}: {obstacle:?}"));
            let case = json!({ "text": text, "names": {}, "path": null, "local": null });
            lines += &format!("{case}\n");
        }
    }
    let mut python = Process::run("python3", &["-c", READER]);
    let writer = python.write_all_and_close(lines.into_bytes());
    let finished = python.finish();
    writer.join().expect("the writer ends");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

/// A message for the CAN broadcast manager, by the native layout of `struct bcm_msg_head` and `struct can_frame`.
const UNPACKED: &str = r#"
import ast, struct, sys
for node in ast.parse(sys.argv[1]).body:
    if isinstance(node, ast.Assign):
        message = eval(compile(ast.Expression(node.value), "literal", "eval"), {"__builtins__": {}})
head = struct.Struct("@3I4l2I0q")
print(*head.unpack_from(message))
for at in range(head.size, len(message), 16):
    number, length, data = struct.unpack_from("@IB3x8s", message, at)
    print(hex(number), data[:length].hex())
"#;

#[test]
fn python_unpacks_a_broadcast_manager_s_message_as_the_kernel_does() {
    if !require_tool("python3") {
        return;
    }
    let target: Target = "can-bcm://vcan0".parse().expect("an endpoint");
    let message = "TX_SETUP count=3 ival1=10ms ival2=2500ms id=12345678 123#DEADBEEF 124#11";
    let message = message.parse::<Message>().expect("a message").to_bytes();
    let recipe = Recipe { message: Some(&message), ..Recipe::new(Role::Client, &target) };
    let text = Program::Python.write(&recipe).expect("Python has them");
    let finished = Process::run("python3", &["-c", UNPACKED, &text]).finish();
    // TX_SETUP is 1; SETTIMER and STARTTIMER are 3.
    let told = "1 3 3 0 10000 2 500000 2452903544 2\n0x123 deadbeef\n0x124 11\n";
    assert_eq!(String::from_utf8_lossy(&finished.stdout), told, "{}", finished.stderr);
}

#[test]
fn socat_knows_every_option() {
    if !require_tool("socat") {
        return;
    }
    let help = Process::run("socat", &["-hhh"]).finish();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let known: Vec<&str> = help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for target in options() {
        for role in [Role::Server, Role::Client] {
            // What it can't be told is said, and nothing written.
            let Ok(line) = Program::Socat.write(&Recipe::new(role, &target)) else { continue };
            let address = line.split([' ', '\'']).find(|word| word.contains("TCP") || word.contains("UDP"));
            for option in address.expect("an address").split(',').skip(1) {
                let name = option.split('=').next().unwrap_or_default();
                assert!(known.contains(&name), "{name} in {line}");
            }
        }
    }
}

/// In place of the tools: what came through the pipe, and each word, both as hex.
const STAND_INS: &str = r#"
dump() { od -An -v -tx1 | tr -d ' \n'; }
show() { for word; do printf %s "$word" | dump; printf ' '; done; }
nc() { cat | dump; printf ' '; show "$@"; echo; }
curl() { nc "$@"; }
socat() {
    if [ -n "$REPLY" ]; then printf $REPLY | dump; printf ' '; else cat | dump; printf ' '; fi
    show "$@"; echo
}
"#;

#[test]
fn a_shell_reads_messages_paths_and_hosts_back() {
    if !require_tool("sh") {
        return;
    }
    batch((hostile_bytes(), hostile_text()), |cases| {
        let mut script = STAND_INS.to_owned();
        let mut wanted = Vec::new();
        for (message, text) in &cases {
            let (tcp, path) = (tcp(), unix(text));
            let client = Recipe { message: Some(message), local_host: Some(text), ..Recipe::new(Role::Client, &tcp) };
            let line = Program::Netcat.write(&client).expect("it can");
            let local = ["-s", text.as_str(), "-w", "1", "127.0.0.1", "9"];
            wanted.push((line, message.clone(), local.map(|word| hex(word.as_bytes())).to_vec()));
            if let Ok(line) = Program::Curl.write(&client) {
                let words = ["-sN", "--interface", text, "-m", "1", "telnet://127.0.0.1:9"];
                wanted.push((line, message.clone(), words.map(|word| hex(word.as_bytes())).to_vec()));
            }
            let unix = Recipe { message: Some(message), ..Recipe::new(Role::Client, &path) };
            let line = Program::Netcat.write(&unix).expect("it can");
            // A path that begins like an option or an abstract name is the same path from here.
            let path = if text.starts_with(['-', '@']) { format!("./{text}") } else { text.clone() };
            wanted.push((line, message.clone(), ["-U", "-w", "1", &path].map(|word| hex(word.as_bytes())).to_vec()));
            let respond = Respond::Reply(message.clone());
            let server = Recipe { respond: &respond, ..Recipe::new(Role::Server, &tcp) };
            let line = Program::Socat.write(&server).expect("it can");
            wanted.push((line, message.clone(), Vec::new()));
        }
        for (line, ..) in &wanted {
            assert_eq!(line.matches('\n').count(), 1 + line.trim_end().matches('\n').count());
            script.push_str(line);
            script.push_str("REPLY=\n");
        }
        let mut shell = Process::run("sh", &["-s"]);
        let writer = shell.write_all_and_close(script.into_bytes());
        let finished = shell.finish();
        writer.join().expect("the writer ends");
        let told = String::from_utf8(finished.stdout).expect("hex is ASCII");
        let told: Vec<&str> = told.lines().collect();
        assert_eq!(told.len(), wanted.len(), "{}", finished.stderr);
        for (told, (line, message, words)) in told.into_iter().zip(&wanted) {
            let told: Vec<&str> = told.split(' ').collect();
            assert_eq!(told[0], hex(message), "{line}");
            if !words.is_empty() {
                assert_eq!(
                    told[1..].iter().filter(|word| !word.is_empty()).collect::<Vec<_>>(),
                    words.iter().collect::<Vec<_>>(),
                    "{line}"
                );
            }
        }
    });
}

#[test]
fn socat_reads_paths_back() {
    if !require_tool("socat") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let name = "a,b:c\"d'e\\f!!g(h[i{j}k]l)m n\no,fork|p$q`r%s#t*u?v~w";
    let path = folder.path().join(name);
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a listener");
    let target = unix(path.to_str().expect("UTF-8"));
    let recipe = Recipe { message: Some(b"here"), ..Recipe::new(Role::Client, &target) };
    let line = Program::Socat.write(&recipe).expect("it can");
    // It ends after a second of quiet, whether anybody has accepted or not.
    let finished = Process::run("sh", &["-c", &line]).finish();
    assert_eq!(finished.code, Some(0), "{line}: {}", finished.stderr);
    listener.set_nonblocking(true).expect("it need not wait");
    let (mut peer, _) = listener.accept().expect("it has connected");
    let mut heard = Vec::new();
    std::io::Read::read_to_end(&mut peer, &mut heard).expect("all that it said");
    assert_eq!(heard, b"here");
}
