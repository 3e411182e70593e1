use std::path::Path;
use std::process::Command;

use super::process::Process;
use super::tools::tutorial_folder;

/// One of the tutorial's programs, run as it stands on another port than 9000.
pub(crate) struct Tutorial {
    pub(crate) process: Process,
    /// Where it listens, for the servers.
    pub(crate) port: u16,
}

/// Starts `NAME.py` in `folder`. A server (`port` 0) is awaited until it listens; a client gets the port to go to.
/// `replace` changes words of the program text, such as a file's name.
pub(crate) fn tutorial(name: &str, port: u16, folder: &Path, replace: &[(&str, &str)]) -> Tutorial {
    let mut command = Command::new("python3");
    command.arg(tutorial_folder().join("on_port.py")).arg(port.to_string());
    command.arg(tutorial_folder().join(name).with_extension("py"));
    command.args(replace.iter().flat_map(|(from, to)| [from, to])).current_dir(folder);
    command.env("PYTHONIOENCODING", "utf-8");
    let mut process = Process::start(command);
    let mut bound = port;
    if port == 0 {
        let words = process.read_errors_until("listening ");
        let text = words.trim().strip_prefix("listening ").unwrap_or_else(|| process_failed(&words));
        bound = text.parse().expect("a port");
    }
    Tutorial { process, port: bound }
}

/// Does again, a few times, what needs a receiver to read a file's name within the tutorial's pause, which it may miss on a
/// busy machine. `attempt` returns whether it was in time: then nothing is kept under another name.
pub(crate) fn within_the_pause(attempt: impl FnMut() -> bool) {
    let is_in_time = std::iter::repeat_with(attempt).take(5).any(|is_in_time| is_in_time);
    assert!(is_in_time, "name and content stick together each time");
}

fn process_failed(words: &str) -> ! {
    panic!("the program did not say where it listens: {words}")
}

/// The port at the end of an endpoint's text.
pub(crate) fn port_of(endpoint: &str) -> u16 {
    endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no port in {endpoint}"))
}
