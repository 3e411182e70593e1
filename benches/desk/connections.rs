//! Ten thousand connections that stay open: whether all are accepted, what they cost, and what a window costs that lists
//! them.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{iter, thread};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sockeye::model::{ClientTab, ServerTab};

use super::support::child::Running;
use super::support::machine::{megabytes, memory};
use super::support::report::{Report, table};
use super::support::window::Window;
use super::support::{Measured, Trouble, median};

const CONNECTIONS: usize = 10_000;
const RESIDENT_TO_REACH: u64 = 250_000_000;
const FRAME_TO_REACH: Duration = Duration::from_millis(8);
const FRAMES: usize = 200;
/// Descriptors beside the connections' own.
const SPARE: u64 = 200;
const PATIENCE: Duration = Duration::from_secs(60);

/// The word after which this program only holds connections open.
pub(crate) const HOLD: &str = "hold";

/// The word after which this program is the window that lists the connections, and tells what that came to.
pub(crate) const CROWD: &str = "crowd";

/// Opens so many connections to the port, says so, and holds them until its input ends.
pub(crate) fn hold(port: &str, count: &str) -> Measured<()> {
    raise_limit()?;
    let (port, count): (u16, usize) = (port.parse()?, count.parse()?);
    let held = (0..count).map(|_| TcpStream::connect(("127.0.0.1", port))).collect::<Result<Vec<_>, _>>()?;
    println!("{}", held.len());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    if raise_limit()? < CONNECTIONS as u64 + SPARE {
        report.missing("ten thousand connections, for want of descriptors (ulimit -Hn)");
        return Ok(());
    }
    headless(report)?;
    window(report)
}

fn headless(report: &mut Report) -> Measured<()> {
    let mut command = Command::new(super::support::SOCKEYE);
    command.args(["listen", "tcp://127.0.0.1:0", "--json", "--quiet"]).stdin(Stdio::null()).stderr(Stdio::inherit());
    let (listener, output) = Running::with_output(command)?;
    let mut lines = BufReader::new(output).lines();
    let first: serde_json::Value = serde_json::from_str(&lines.next().ok_or(Trouble("no first line".into()))??)?;
    let port = first["endpoint"].as_str().and_then(|endpoint| endpoint.rsplit(':').next()?.parse().ok());
    let port: u16 = port.ok_or(Trouble("no port".into()))?;
    let before = memory(listener.id(), "VmRSS").unwrap_or(0);
    let began = Instant::now();
    let _peers = Holder::start(port)?;
    let (opened, told) = mpsc::channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok).filter(|line| line.contains("\"opened\"")) {
            // Nobody counts any more.
            if opened.send(line).is_err() {
                break;
            }
        }
    });
    let left = || (began + PATIENCE).saturating_duration_since(Instant::now());
    let accepted = iter::from_fn(|| told.recv_timeout(left()).ok()).take(CONNECTIONS).count();
    let took = began.elapsed();
    let resident = memory(listener.id(), "VmRSS").unwrap_or(0);
    println!("`listen`: {CONNECTIONS} connections that stay open, a thread each");
    table(
        ["accepted", "within", "resident before", "resident after"],
        &[[accepted.to_string(), format!("{took:.2?}"), megabytes(before), megabytes(resident)]],
    );
    let all = accepted == CONNECTIONS;
    report.verdict("10,000 connections, accepted", accepted.to_string(), "10000", all);
    report.verdict("10,000 connections, resident", megabytes(resident), "<= 250 MB", resident <= RESIDENT_TO_REACH);
    Ok(())
}

/// The window runs in a process of its own, which has nothing else to be weighed.
fn window(report: &mut Report) -> Measured<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CROWD).stdin(Stdio::null()).stderr(Stdio::inherit());
    let (process, output) = Running::with_output(command)?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    process.finish()?;
    let figures = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    let [middle, late, before, resident] = figures[..] else {
        return Err(Trouble(format!("the window told {line:?}")));
    };
    let (middle, late) = (Duration::from_nanos(middle), Duration::from_nanos(late));
    println!("the window with {CONNECTIONS} clients listed and journaled, laid out and tessellated; {FRAMES} frames");
    table(
        ["median", "99th percentile", "resident before", "resident after"],
        &[[format!("{middle:.2?}"), format!("{late:.2?}"), megabytes(before), megabytes(resident)]],
    );
    report.verdict("a frame that lists 10,000", format!("{middle:.2?}"), "< 8 ms", middle < FRAME_TO_REACH);
    report.verdict("a window with 10,000, resident", megabytes(resident), "<= 250 MB", resident <= RESIDENT_TO_REACH);
    Ok(())
}

/// Lists the connections in a window without a screen, and says on one line how long a frame then takes, the median and the
/// 99th percentile in nanoseconds, and what was resident before they came and after, in bytes.
pub(crate) fn crowd() -> Measured<()> {
    raise_limit()?;
    let mut window = Window::open(ServerTab { port: "0".to_owned(), ..ServerTab::default() }, ClientTab::default())?;
    let port = window.listen()?;
    let resident = || memory(std::process::id(), "VmRSS").ok_or_else(|| Trouble("no VmRSS in /proc".to_owned()));
    let before = resident()?;
    let _peers = Holder::start(port)?;
    window.step_until(&format!(" {CONNECTIONS} clients"))?;
    // The rows of the journal come behind the connections.
    for _ in 0..20 {
        window.harness.step();
    }
    let mut frames: Vec<Duration> = (0..FRAMES).map(|_| window.frame()).collect();
    frames.sort_unstable();
    let (middle, late) = (median(&frames).unwrap_or_default(), frames[FRAMES * 99 / 100]);
    println!("{} {} {before} {}", middle.as_nanos(), late.as_nanos(), resident()?);
    Ok(())
}

/// Another process that holds the peers, which has descriptors of its own.
struct Holder {
    _process: Running,
}

impl Holder {
    fn start(port: u16) -> Measured<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([HOLD, &port.to_string(), &CONNECTIONS.to_string()]).stdin(Stdio::piped());
        let (process, output) = Running::with_output(command)?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        if line.trim() == CONNECTIONS.to_string() {
            Ok(Self { _process: process })
        } else {
            Err(Trouble(format!("the peers did not all connect: {line}")))
        }
    }
}

/// As many descriptors as the system allows; returns how many.
fn raise_limit() -> Measured<u64> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    Ok(most)
}
