//! Round trips of small messages, beside echo servers that do nothing else, and what recording them costs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::support::child::Running;
use super::support::machine::{has, listens, poll};
use super::support::report::{Report, table};
use super::support::{Measured, Trouble, median};

const MESSAGE: usize = 64;
const TRIPS: u32 = 20_000;
const ROUNDS: usize = 7;
const TO_REACH: f64 = 0.9;

/// An echo server and what it made in each round.
struct Server {
    name: &'static str,
    port: u16,
    _process: Running,
    /// Round trips a second.
    rates: Vec<u64>,
}

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    // Declared first, to be removed after all that use it have ended.
    let folder = tempfile::Builder::new().prefix("sockeye-bench-").tempdir()?;
    let mut servers = vec![ours("sockeye", &[])?];
    match compiled(folder.path())? {
        Some((process, port)) => servers.push(Server { name: "C", port, _process: process, rates: Vec::new() }),
        None => report.missing("cc, for the echo server in C"),
    }
    if has("socat") {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("TCP4-LISTEN:{port},bind=127.0.0.1,fork,nodelay,reuseaddr");
        let process = Running::start("socat", &["-b", "65536", &address, "PIPE"], None, None)?;
        poll("socat listens", Duration::from_millis(10), Duration::from_secs(10), || listens(port).then_some(()))?;
        servers.push(Server { name: "socat", port, _process: process, rates: Vec::new() });
    } else {
        report.missing("socat");
    }
    // In turn, so that a busy machine slows all of them alike.
    for _ in 0..ROUNDS {
        for server in &mut servers {
            let rate = round(server.port)?;
            server.rates.push(rate);
        }
    }
    // Alone and last: what its recorder has still to write would fall into another's round.
    let journal = folder.path().join("journal.sqlite");
    let mut recording =
        ours("sockeye, recording", &["--journal", journal.to_str().ok_or(Trouble("not Unicode".into()))?])?;
    for _ in 0..ROUNDS {
        let rate = round(recording.port)?;
        recording.rates.push(rate);
    }
    println!("round trips a second of {MESSAGE} bytes on one connection, {TRIPS} a round, {ROUNDS} rounds in turn");
    let middle = |server: &Server| median(&server.rates).unwrap_or_default();
    let plain = middle(&servers[0]);
    let rows: Vec<[String; 3]> = servers
        .iter()
        .chain([&recording])
        .map(|server| {
            let ratio = plain as f64 / middle(server) as f64;
            [server.name.to_owned(), middle(server).to_string(), format!("{ratio:.2}")]
        })
        .collect();
    table(["server", "median", "sockeye to it"], &rows);
    for server in &servers[1..] {
        let ratio = plain as f64 / middle(server) as f64;
        report.verdict(
            &format!("echo, beside {}", server.name),
            format!("{ratio:.2} x"),
            ">= 0.90 x",
            ratio >= TO_REACH,
        );
    }
    Ok(())
}

fn ours(name: &'static str, more: &[&str]) -> Measured<Server> {
    let (process, port) = Running::listening("listen", &[&["--echo", "--quiet"], more].concat())?;
    Ok(Server { name, port, _process: process, rates: Vec::new() })
}

fn round(port: u16) -> Measured<u64> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let (message, mut answer) = ([7; MESSAGE], [0; MESSAGE]);
    let mut trip = || -> std::io::Result<()> {
        stream.write_all(&message)?;
        stream.read_exact(&mut answer)
    };
    // The first ones find threads asleep and pages untouched.
    for _ in 0..TRIPS / 20 {
        trip()?;
    }
    let began = Instant::now();
    for _ in 0..TRIPS {
        trip()?;
    }
    Ok((f64::from(TRIPS) / began.elapsed().as_secs_f64()) as u64)
}

/// The echo server in C, running; `None` without a compiler.
fn compiled(folder: &Path) -> Measured<Option<(Running, u16)>> {
    if !has("cc") {
        return Ok(None);
    }
    let program = folder.join("echo");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/desk/echo.c");
    let compiled = Command::new("cc").args(["-O2", "-pthread", "-o"]).args([&program, &source]).status()?;
    if !compiled.success() {
        return Err(Trouble("echo.c does not compile".to_owned()));
    }
    let (process, output) = Running::with_output(Command::new(&program))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    Ok(Some((process, line.trim().parse()?)))
}
