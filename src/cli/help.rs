//! What stands below each verb's own help: every transport and every socket option, from their tables.

use super::commands::Verb;
use crate::i18n::{self, Language};
use crate::model::{Protocol, SocketOption};

/// Characters in a line.
const WIDTH: usize = 100;

/// Below all of it.
pub(super) const END: &str = "\
Environment: SOCKEYE_LOG=debug writes diagnostics to standard error.

Exit status: 0 done, 1 the operation failed, a file ended incomplete or refused, a command was a
mistake, or the journal lacks rows, 2 bad usage.";

/// With `-h`.
pub(super) fn short() -> String {
    format!("{}\nSocket options follow as a query, {QUERY}; --help lists them.\n\n{END}", endpoints())
}

/// With `--help` and `help`.
pub(super) fn long() -> String {
    with_options("")
}

/// The same where lines of standard input can be commands.
pub(super) fn long_with_commands() -> String {
    let commands = Verb::ALL.map(|verb| (verb.usage().to_owned(), verb.explained(Language::English).into_owned()));
    with_options(&format!("\n{COMMANDS}\n{}", table(&commands)))
}

const COMMANDS: &str = "\
Commands, one a line of standard input, with --commands. PEER is a peer as it is told (its scheme
may be left out), the number of a session (#1) or, over UDP, any address. A peer or a PATH with
blanks in it stands in quotation marks, as JSON writes a text:";

/// Endpoints, options, and what `more` says.
fn with_options(more: &str) -> String {
    let options = SocketOption::ALL.map(|option| {
        let sentence = i18n::option_sentence(Language::English, option);
        (option.name().to_owned(), format!("{sentence} ({})", option.constant()))
    });
    format!(
        "{}\nSocket options follow as a query, {QUERY}\n(0 or 1 for off and on; bytes with K, M or G):\n{}{more}\n{END}",
        endpoints(),
        table(&options)
    )
}

const QUERY: &str = "tcp://127.0.0.1:9000?nodelay=0&rcvbuf=4M";

fn endpoints() -> String {
    let lines = Protocol::ALL.map(|protocol| {
        let (address, explained) = explained(protocol);
        (protocol.with_scheme(address), explained.to_owned())
    });
    format!("Endpoints:\n{}", table(&lines))
}

/// An address as an example, and what it is.
fn explained(protocol: Protocol) -> (&'static str, &'static str) {
    match protocol {
        Protocol::Tcp => ("127.0.0.1:9000", "TCP; [::1]:9000 and example.org:80 as well; port 0 binds any free one"),
        Protocol::Udp => (
            "127.0.0.1:9000",
            "UDP; the groups to hear follow as ?join=239.1.2.3@eth0,232.1.1.1@eth0/10.0.0.5 (of one source)",
        ),
        Protocol::UnixStream => ("/run/x.sock", "a Unix stream socket; @name, here and below, is an abstract name"),
        Protocol::UnixDatagram => ("/run/x.sock", "a Unix datagram socket"),
        Protocol::UnixSeqpacket => ("/run/x.sock", "a Unix socket that keeps the borders of messages, in order"),
        Protocol::Raw => {
            ("127.0.0.1?proto=icmp", "IP packets of one protocol, by name or number; takes root, or CAP_NET_RAW")
        }
        Protocol::Packet => (
            "eth0?proto=0x88b5",
            "frames of one EtherType, or of all, on a link; 02:00:00:00:00:01%eth0 sends to one card and not to \
             everybody; takes root, or CAP_NET_RAW",
        ),
        Protocol::Vsock => ("any:9000", "between a virtual machine and its host: any, local, host or a number"),
        Protocol::Can => ("can0", "CAN frames, written as 123#DEADBEEF"),
        Protocol::CanBroadcast => {
            ("can0", "the CAN broadcast manager: TX_SETUP ival2=100ms 123#DEADBEEF repeats a frame")
        }
        Protocol::Rds => ("10.0.0.1:9000", "reliable datagrams between hosts"),
        Protocol::Descriptor => (
            "3",
            "a socket that was passed to this process, by number or, as fd://web, by its name in LISTEN_FDNAMES \
             (systemd socket activation)",
        ),
    }
}

/// Names beside texts, which are broken at words.
fn table(rows: &[(String, String)]) -> String {
    let name_width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, explained) in rows {
        let mut line = format!("  {name:name_width$} ");
        for word in explained.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                text += line.trim_end();
                text.push('\n');
                line = " ".repeat(name_width + 3);
            }
            line.push(' ');
            line += word;
        }
        text += &line;
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_words_beside_their_names() {
        let rows = [("a".to_owned(), "word ".repeat(30).trim_end().to_owned()), ("long".to_owned(), "x".to_owned())];
        let text = table(&rows);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].starts_with("  a     word word") && lines[1].starts_with("        word"), "{text}");
        assert_eq!(lines[2], "  long  x");
        assert!(lines.iter().all(|line| line.len() <= WIDTH && !line.ends_with(' ')), "{text}");
    }
}
