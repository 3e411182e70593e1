//! Processor time while nothing happens: with nothing open, and with a listener, a connection and a journal.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::support::child::Running;
use super::support::display::{self, Display};
use super::support::machine::poll;
use super::support::processor::{cpu_ticks, sleeps, tick};
use super::support::report::{Report, table};
use super::support::{Measured, SOCKEYE, Trouble, median};
use super::window::SETTLES;

const SPAN: Duration = Duration::from_secs(10);
const SPANS: usize = 3;

/// A program that should be doing nothing.
struct Idler {
    what: &'static str,
    process: Running,
    /// Clock ticks of processor time, and how often a thread was woken, in each span.
    ticks: Vec<u64>,
    wakes: Vec<u64>,
}

impl Idler {
    fn new(what: &'static str, process: Running) -> Self {
        Self { what, process, ticks: Vec::new(), wakes: Vec::new() }
    }
}

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    // Declared first, to be dropped after the window on it.
    let display = match display::missing() {
        Some(program) => {
            report.missing(program);
            None
        }
        None => Some(Display::start()?),
    };
    let folder = tempfile::Builder::new().prefix("sockeye-bench-").tempdir()?;
    let (listener, _) = Running::listening("listen", &[])?;
    let (talked, _connections) = connected(folder.path())?;
    let mut idlers = vec![Idler::new("headless listen", listener)];
    idlers.extend(talked);
    if let Some(display) = &display {
        let window = display.open_window()?;
        let look = || display.shows_a_window().unwrap_or(false).then_some(());
        poll("the first frame", Duration::from_millis(20), Duration::from_secs(20), look)?;
        idlers.push(Idler::new("window", window));
    }
    sleep(SETTLES);
    for _ in 0..SPANS {
        let before: Vec<_> = idlers.iter().map(reading).collect::<Measured<_>>()?;
        sleep(SPAN);
        for (idler, (ticks, wakes)) in idlers.iter_mut().zip(before) {
            let (ticks_now, wakes_now) = reading(idler)?;
            idler.ticks.push(ticks_now - ticks);
            idler.wakes.push(wakes_now.saturating_sub(wakes));
        }
    }
    println!("processor time in {SPAN:?} without input, in ticks of {:?}; {SPANS} spans", tick());
    let list = |values: &[u64]| values.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let rows: Vec<[String; 3]> =
        idlers.iter().map(|idler| [idler.what.to_owned(), list(&idler.ticks), list(&idler.wakes)]).collect();
    table(["", "ticks", "threads woken"], &rows);
    for idler in &idlers {
        let ticks = median(&idler.ticks).unwrap_or_default();
        report.verdict(&format!("idle {}, 10 s", idler.what), format!("{ticks} ticks"), "0", ticks == 0);
    }
    Ok(())
}

/// A listener that echoes and writes a journal, with `connect` of this program and a plain socket connected to it; a
/// word has crossed on the plain one, which has to stay open meanwhile.
fn connected(folder: &Path) -> Measured<(Vec<Idler>, TcpStream)> {
    let journal = folder.join("journal.sqlite");
    let journal = journal.to_str().ok_or(Trouble("not Unicode".to_owned()))?;
    let (listener, port) = Running::listening("listen", &["--echo", "--journal", journal])?;
    let mut peer = TcpStream::connect(("127.0.0.1", port))?;
    peer.write_all(b"echo")?;
    std::io::Read::read_exact(&mut peer, &mut [0; 4])?;
    let mut command = Command::new(SOCKEYE);
    // What it would read stays open and silent.
    command.args(["connect", &format!("tcp://127.0.0.1:{port}")]).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let client = Running::spawn(command)?;
    let idlers =
        vec![Idler::new("headless listen, connected, journal", listener), Idler::new("headless connect", client)];
    Ok((idlers, peer))
}

fn reading(idler: &Idler) -> Measured<(u64, u64)> {
    let id = idler.process.id();
    Ok((cpu_ticks(id)?, sleeps(id)))
}
