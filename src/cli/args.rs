//! Step one of reading the command line: what clap sees, nothing interpreted yet.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::help;
use crate::model::ReceiveMode;

/// A socket tester that shows every byte. Without arguments it opens its window.
#[derive(Debug, Parser)]
#[command(name = "sockeye", version, after_help = help::short(), after_long_help = help::long())]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Accept connections or datagrams, and write what peers send to standard output
    #[command(after_help = help::short(), after_long_help = help::long_with_commands())]
    Listen(ListenArguments),
    /// Connect and send; without --send, join standard input and output to the socket
    #[command(after_help = help::short(), after_long_help = help::long_with_commands())]
    Connect(ConnectArguments),
    /// Connect and send files: verified ones, and folders, over one connection, plain ones over one each
    #[command(after_help = help::short(), after_long_help = help::long())]
    SendFile(SendFileArguments),
    /// Accept connections and keep what each sends as a file
    #[command(after_help = help::short(), after_long_help = help::long())]
    Receive(ReceiveArguments),
    /// Write the same as a program for Python, netcat, socat or curl
    #[command(after_help = help::short(), after_long_help = help::long())]
    Code(CodeArguments),
    /// Write a journal, or the part that a filter lets through, to a file for another program
    #[command(after_help = help::END)]
    Export(ExportArguments),
    /// Make a journal of a capture (pcap, pcapng): what TCP and UDP carried, a session for each connection
    #[command(after_help = help::END)]
    Import(ImportArguments),
    /// Count what crossed in a journal: totals and rates of each session, sizes, gaps, and how soon messages were answered
    #[command(after_help = help::END)]
    Statistics(StatisticsArguments),
    /// List this machine's network interfaces with their addresses
    #[command(after_help = help::END)]
    Interfaces(InterfacesArguments),
    /// List the sockets in TIME_WAIT that keep a TCP port: connections that are over
    #[command(after_help = help::END)]
    TimeWait(TimeWaitArguments),
}

#[derive(Debug, Args)]
pub(super) struct ListenArguments {
    /// Where to listen
    pub endpoint: String,
    /// Send every received byte back
    #[arg(long, conflicts_with = "reply")]
    pub echo: bool,
    /// Send this text (UTF-8, as it stands) after each receive
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub reply: Option<String>,
    /// Show browsers this file, or what is in this folder, over HTTP/1.1; --echo and --reply answer WebSocket messages
    #[arg(long, value_name = "PATH", conflicts_with = "page")]
    pub serve: Option<PathBuf>,
    /// Show browsers this text: HTML if it begins with `<`
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub page: Option<String>,
    /// Keep a connection open for answers when its peer has finished sending, until this side ends it
    ///
    /// Otherwise what waits is sent and the connection closed.
    #[arg(long, conflicts_with_all = ["serve", "page"])]
    pub stay_half_open: bool,
    /// Take each line of standard input as a command: send to one peer or to all, join groups, set options, disconnect
    ///
    /// `help` as a line lists them. What is wrong with one is told, and the run goes on; so it does at the end of
    /// standard input.
    #[arg(long)]
    pub commands: bool,
    /// While the address is in use, or kept by connections that are over (TIME_WAIT), wait until it is free
    #[arg(long)]
    pub wait_for_port: bool,
    /// Tell the live state of each connection (TCP_INFO, queues, drops) at its end, and of all whenever SIGUSR1 comes
    #[arg(long)]
    pub info: bool,
    /// Stop after the first session has ended; with datagrams, after the first one and its answer
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    pub journal: JournalArguments,
    /// Write one JSON object per event and line to standard output
    #[arg(long)]
    pub json: bool,
    /// Leave out `received` and `sent`
    #[arg(long, requires = "json")]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct ConnectArguments {
    /// Where to connect
    pub endpoint: String,
    /// Send this text (UTF-8, as it stands: no line ending, no escapes), then wait for the answer
    ///
    /// To CAN it is a frame (`123#DEADBEEF`), to its broadcast manager a message (`TX_SETUP ival2=100ms 123#DEADBEEF`),
    /// to raw sockets for ICMP the payload of a ping (`id=7 seq=2 hello`).
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "send_hex")]
    pub send: Option<String>,
    /// Send these bytes (`e4 bd a0`, `0xE4BDA0`), then wait for the answer
    #[arg(long, value_name = "HEX", allow_hyphen_values = true)]
    pub send_hex: Option<String>,
    /// Take each line of standard input as a command instead of as bytes to send: groups, options, half-close, files
    ///
    /// `help` as a line lists them. What is wrong with one is told, and the run goes on.
    #[arg(long, conflicts_with_all = ["send", "send_hex"])]
    pub commands: bool,
    /// Send to these addresses too (UDP; names, groups and broadcast addresses among them), and hear all who answer
    ///
    /// One without a port has the endpoint's. Where one is not found, nothing is sent, to the endpoint neither. A
    /// broadcast address takes the socket option `broadcast=1`.
    #[arg(long, value_name = "ADDRESS,…")]
    pub to: Option<String>,
    /// Bind this local address, port or both (`127.0.0.2`, `[::1]:5000`, `:5000`) before connecting
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub bind: Option<String>,
    /// Datagrams: don't connect the socket, but name the endpoint in each send, and hear all who answer; --to does so
    /// too
    #[arg(long)]
    pub unconnected: bool,
    /// Tell the live state of the connection (TCP_INFO, queues, drops) at its end, and whenever SIGUSR1 comes
    #[arg(long)]
    pub info: bool,
    /// End after so many milliseconds of quiet, once all is sent [default: 1000; joined to a stream: none]
    ///
    /// Without it, `connect` that joins standard input to a stream ends when the peer closes.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32))]
    pub wait: Option<u32>,
    #[command(flatten)]
    pub journal: JournalArguments,
    /// Write one JSON object per event and line to standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct JournalArguments {
    /// Record every call in this file, a new SQL database
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Let it take so much of the disk (`500MB`, `16GiB`; 64MB at least), and its oldest rows make room for new ones
    #[arg(long, value_name = "SIZE", requires = "journal")]
    pub journal_limit: Option<String>,
    /// Keep so many bytes of each call, from the first on, and how many there were
    #[arg(long, value_name = "N", requires = "journal", value_parser = clap::value_parser!(u32).range(1..))]
    pub snap_length: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct SendFileArguments {
    /// Where to connect
    pub endpoint: String,
    /// The files; with `--protocol verified` folders too
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// How a file crosses
    #[arg(long, value_enum, default_value_t = SendProtocol::Raw)]
    pub protocol: SendProtocol,
    /// Write one JSON object per event and line to standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReceiveArguments {
    /// Where to listen
    pub endpoint: String,
    /// The folder to write into; nothing outside it is touched and nothing in it is overwritten
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// How a file is told from what arrives
    #[arg(long, value_enum, default_value_t = ReceiveProtocol::Auto)]
    pub protocol: ReceiveProtocol,
    /// Take no file that is larger (`500MB`, `1.5GiB`)
    #[arg(long, value_name = "SIZE")]
    pub largest: Option<String>,
    /// Take so many files and folders, and no more
    #[arg(long, value_name = "N")]
    pub most: Option<u64>,
    /// While the address is in use, or kept by connections that are over (TIME_WAIT), wait until it is free
    #[arg(long)]
    pub wait_for_port: bool,
    /// Stop after the first connection has ended
    #[arg(long)]
    pub once: bool,
    /// Write one JSON object per event and line to standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CodeArguments {
    /// Where to connect or to listen
    pub endpoint: String,
    /// Listen, instead of connecting
    #[arg(long)]
    pub listen: bool,
    /// Datagrams: name the peer in each send, instead of connecting the socket
    #[arg(long, conflicts_with = "listen")]
    pub unconnected: bool,
    /// Send the message to these addresses too, as `connect` does (UDP); a server sends it to them and greets nobody
    #[arg(long, value_name = "ADDRESS,…")]
    pub to: Option<String>,
    /// Bind this local address, port or both (`127.0.0.2`, `[::1]:5000`, `:5000`) before connecting
    #[arg(long, value_name = "ADDRESS[:PORT]", conflicts_with = "listen")]
    pub bind: Option<String>,
    /// What to write it for
    #[arg(long = "as", value_name = "TOOL", value_enum, default_value_t = Tool::Python)]
    pub tool: Tool,
    /// The message to send, read as by `connect`; a server greets each peer with it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "send_hex")]
    pub send: Option<String>,
    /// The message to send as bytes (`e4 bd a0`, `0xE4BDA0`)
    #[arg(long, value_name = "HEX", allow_hyphen_values = true)]
    pub send_hex: Option<String>,
    /// Send this text (UTF-8, as it stands) after each receive
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, requires = "listen", conflicts_with = "echo")]
    pub reply: Option<String>,
    /// Send every received byte back
    #[arg(long, requires = "listen")]
    pub echo: bool,
    /// Show browsers this file, or what is in this folder, over HTTP/1.1
    #[arg(long, value_name = "PATH", requires = "listen", conflicts_with = "page")]
    pub serve: Option<PathBuf>,
    /// Show browsers this text: HTML if it begins with `<`
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, requires = "listen")]
    pub page: Option<String>,
    /// Keep what each connection sends as a file in this folder, as `receive` does
    #[arg(long, value_name = "DIR", requires = "listen", conflicts_with_all = ["echo", "reply", "serve", "page"])]
    pub into: Option<PathBuf>,
    /// How a file is told from what arrives
    #[arg(long, value_enum, default_value_t = ReceiveProtocol::Auto, requires = "into")]
    pub protocol: ReceiveProtocol,
}

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// What `--journal` recorded, or the window saved as SQLite
    pub journal: PathBuf,
    #[command(flatten)]
    pub format: ExportFormat,
    /// Where to; a file that is there is replaced, a pipe or a device (`/dev/stdout`) is written to
    pub out: PathBuf,
    /// Only these rows, as in the window: `in`, `error`, `peer:10.0.0.*:80`, `peer=10.0.0.5:80`, `len>100`,
    /// `hex:e4bd??a0`, `/GET|POST/i`, `since:10:21`, text; `and`, `or`, `not` and parentheses combine them
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub filter: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// What tcpdump, dumpcap or `sockeye export --pcapng` wrote; a journal is copied, even while it is recorded
    pub capture: PathBuf,
    /// The journal to make; a file that is there is left alone
    pub journal: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct StatisticsArguments {
    /// What `--journal` recorded, or the window saved as SQLite
    pub journal: PathBuf,
    /// Only these rows, as `export` has it
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// Write one JSON object per session and line to standard output, and one of all at the end
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct ExportFormat {
    /// A capture for Wireshark: TCP, UDP and raw IP in Ethernet; Unix sockets and CAN in files of their own beside it.
    /// Through a pipe goes the first of these kinds that there is
    #[arg(long)]
    pub pcapng: bool,
    /// Each row in words, with its bytes as text and as a hex dump
    #[arg(long)]
    pub text: bool,
    /// Bytes as a hex dump, which text2pcap -D -t "%Y-%m-%d %H:%M:%S.%f" reads
    #[arg(long)]
    pub hex: bool,
    /// A table, bytes in hex
    #[arg(long)]
    pub csv: bool,
    /// One JSON object per row and line, bytes in hex
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct InterfacesArguments {
    /// Write one JSON object per interface and line to standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct TimeWaitArguments {
    /// Where somebody is to listen (`tcp://127.0.0.1:9000`), or a port at any address (`9000`)
    pub endpoint: String,
    /// Write one JSON object per socket and line to standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Tool {
    /// Python 3.8 or later, with nothing but its `socket`
    Python,
    /// OpenBSD's nc, from a shell
    Netcat,
    /// socat, from a shell
    Socat,
    /// curl with its telnet, from a shell
    Curl,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SendProtocol {
    /// Offered first, hashed on both sides, resumed where it broke off, and confirmed once it is kept
    Verified,
    /// The name in the first send, a pause, the bytes, close
    Tutorial,
    /// The bytes and nothing else
    Raw,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ReceiveProtocol {
    /// Verified if that is offered; else the tutorial's way if the first receive can be a file's name, else raw
    Auto,
    /// The first receive is the name, the rest the content
    Tutorial,
    /// All bytes of a connection are the content
    Raw,
}

impl ReceiveProtocol {
    /// What is kept in this folder.
    pub(super) fn into_mode(self, into: PathBuf) -> ReceiveMode {
        match self {
            Self::Auto => ReceiveMode::Auto { into },
            Self::Tutorial => ReceiveMode::Tutorial { into },
            Self::Raw => ReceiveMode::Raw { into },
        }
    }
}
