use std::io::{self, BufWriter, Write};

use serde::{Serialize, Serializer};

use super::super::commands::Verb;
use super::info::Info;
use super::interface::Interface;
use super::statistics::{All, Session};
use super::{Fact, Report, Summary};
use crate::i18n::{self, Language};
use crate::model::{Exchange, Notice, OptionAnswer, OptionValue, PeerProcess, SessionId, WaitingSocket};

/// One JSON object per fact and line, in English.
pub(super) struct JsonReport<W: Write> {
    out: BufWriter<W>,
    quiet: bool,
}

impl<W: Write> JsonReport<W> {
    pub(super) fn new(out: W, quiet: bool) -> Self {
        Self { out: BufWriter::with_capacity(64 << 10, out), quiet }
    }
}

impl<W: Write> Report for JsonReport<W> {
    fn tell(&mut self, fact: &Fact<'_>) -> io::Result<()> {
        let Some(line) = self.line(fact) else { return Ok(()) };
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> JsonReport<W> {
    fn line<'a>(&self, fact: &Fact<'a>) -> Option<Line<'a>> {
        Some(match *fact {
            Fact::Usage(error) => Line::Error {
                operation: "usage",
                argument: error.argument,
                line: None,
                word: None,
                endpoint: None,
                path: None,
                message: error.problem.clone(),
                hint: None,
            },
            Fact::Mistake { line, mistake } => Line::Error {
                operation: "command",
                argument: None,
                line: Some(line),
                word: Some(&mistake.word),
                endpoint: None,
                path: None,
                message: mistake.reason(Language::English).into_owned(),
                hint: None,
            },
            Fact::Commands => Line::Help { commands: Verb::ALL.map(Verb::usage) },
            Fact::Listening { endpoint } => Line::Listening { endpoint: endpoint.to_string() },
            Fact::Opened { session, peer, process } => Line::Opened { session: session.0, peer, process },
            Fact::Closed { session, reason } => Line::Closed { session: session.0, reason: reason.name() },
            Fact::Received { .. } | Fact::Sent { .. } if self.quiet => return None,
            Fact::Received { session, bytes, truncated, decoded } => {
                Line::Received { session: session.0, bytes: bytes.len(), hex: Hex(bytes), truncated, decoded }
            }
            Fact::Sent { session, bytes } => Line::Sent { session: session.0, bytes },
            Fact::PeerFinished { session } => Line::PeerFinished { session: session.0 },
            Fact::FinishedSending { session } => Line::FinishedSending { session: session.0 },
            Fact::Joined { group } => Line::Joined { group: group.to_string() },
            Fact::Left { group } => Line::Left { group: group.to_string() },
            Fact::Progress { file, progress } => Line::Progress { file, done: progress.done, size: progress.size },
            Fact::File { name, path, size, outcome } => {
                Line::File { name, path: path.to_string_lossy().into_owned(), size, outcome: outcome.name() }
            }
            Fact::Failed { failure, endpoint } => Line::Error {
                operation: failure.operation.name(),
                argument: None,
                line: None,
                word: None,
                endpoint,
                path: endpoint.is_none().then(|| failure.subject.clone()).filter(|subject| !subject.is_empty()),
                message: i18n::cause(Language::English, &failure.cause).into_owned(),
                hint: i18n::hint(Language::English, failure),
            },
            Fact::Noticed { notice, session } => Line::Notice {
                session: session.map(|SessionId(number)| number),
                notice: notice.clone(),
                message: i18n::notice(Language::English, notice),
            },
            Fact::Request { session, exchange } => {
                Line::Request { session: session.map(|SessionId(number)| number), exchange: exchange.clone() }
            }
            Fact::Option { session, answer: OptionAnswer { option, asked, answer } } => Line::Option {
                session: session.map(|SessionId(number)| number),
                name: option.name(),
                asked: Value::from(asked),
                answer: answer.as_ref().map(Value::from),
            },
            Fact::Info { session, state } => {
                Line::Info { session: session.map(|SessionId(number)| number), info: Box::new(Info::from(state)) }
            }
            Fact::Interface(interface) => Line::Interface(Interface::from(interface)),
            Fact::Waiting(socket) => Line::TimeWait(socket),
            Fact::SessionTotals(totals) => Line::Session(Session::from(totals)),
            Fact::Statistics(statistics) => Line::Statistics(Box::new(All::from(statistics))),
            Fact::Summary(summary) => Line::Summary(summary),
            // An attempt is of interest while a person waits for it; programs are told how it ended.
            // The endpoint says the same.
            Fact::ForBrowsers { .. } | Fact::Connecting { .. } => return None,
        })
    }
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'a> {
    Help {
        commands: [&'static str; Verb::ALL.len()],
    },
    Listening {
        endpoint: String,
    },
    Opened {
        session: u64,
        peer: &'a str,
        #[serde(flatten)]
        process: Option<&'a PeerProcess>,
    },
    Closed {
        session: u64,
        reason: &'static str,
    },
    Received {
        session: u64,
        bytes: usize,
        hex: Hex<'a>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        decoded: Option<&'a str>,
    },
    Sent {
        session: u64,
        bytes: u64,
    },
    PeerFinished {
        session: u64,
    },
    FinishedSending {
        session: u64,
    },
    Joined {
        group: String,
    },
    Left {
        group: String,
    },
    Progress {
        file: &'a str,
        done: u64,
        size: Option<u64>,
    },
    File {
        name: &'a str,
        path: String,
        size: u64,
        outcome: &'static str,
    },
    Error {
        operation: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        argument: Option<&'static str>,
        /// Of standard input, from 1 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        word: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        endpoint: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    Notice {
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<u64>,
        #[serde(flatten)]
        notice: Notice,
        message: String,
    },
    Request {
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<u64>,
        #[serde(flatten)]
        exchange: Exchange,
    },
    Option {
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<u64>,
        name: &'static str,
        asked: Value,
        /// `null` where the system doesn't say.
        answer: Option<Value>,
    },
    Info {
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<u64>,
        #[serde(flatten)]
        info: Box<Info>,
    },
    Interface(Interface<'a>),
    TimeWait(&'a WaitingSocket),
    Session(Session<'a>),
    Statistics(Box<All>),
    Summary(Summary),
}

/// An option's value.
#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Switch(bool),
    Number(u32),
    Text(String),
}

impl From<&OptionValue> for Value {
    fn from(value: &OptionValue) -> Self {
        match value {
            OptionValue::Switch(on) => Self::Switch(*on),
            OptionValue::Number(number) => Self::Number(*number),
            OptionValue::Off => Self::Switch(false),
            OptionValue::Text(text) => Self::Text(text.clone()),
            OptionValue::Protocol(protocol) => Self::Text(protocol.to_string()),
        }
    }
}

/// Bytes as unbroken lower-case hex.
struct Hex<'a>(&'a [u8]);

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // As bytes, which a flood needs: pushing characters takes several times as long.
        let mut text = vec![0; self.0.len() * 2];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        let text = String::from_utf8(text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::model::{
        Cause, CloseReason, Endpoint, Failure, Hint, HostPort, Operation, Outcome, PortOwner, Progress, SocketOption,
    };

    fn told(quiet: bool, facts: &[Fact<'_>]) -> String {
        let mut written = Vec::new();
        let mut report = JsonReport::new(&mut written, quiet);
        for fact in facts {
            report.tell(fact).expect("a Vec takes everything");
        }
        report.flush().expect("a Vec takes everything");
        drop(report);
        String::from_utf8(written).expect("JSON is UTF-8")
    }

    #[test]
    fn the_lines_are_those_of_the_documentation() {
        let session = SessionId(1);
        let endpoint = Endpoint::Tcp(HostPort::new("127.0.0.1", 40_123));
        let process = PeerProcess { pid: Some(7), uid: 1000, gid: 100, name: Some("python3".to_owned()) };
        let progress = Progress { done: 1 << 20, size: Some(4 << 20), elapsed: Duration::from_secs(1), rate: 1 << 20 };
        let facts = [
            Fact::Listening { endpoint: &endpoint },
            Fact::Opened { session, peer: "tcp://127.0.0.1:51734", process: None },
            Fact::Opened { session, peer: "unix:", process: Some(&process) },
            Fact::Received { session, bytes: "你好".as_bytes(), truncated: false, decoded: None },
            Fact::Received { session, bytes: &[0, 255], truncated: true, decoded: None },
            Fact::Received { session, bytes: b"x", truncated: false, decoded: Some("123#11") },
            Fact::Sent { session, bytes: 6 },
            Fact::Closed { session, reason: CloseReason::Eof },
            Fact::Progress { file: "a.bin", progress },
            Fact::File { name: "a.bin", path: Path::new("in/a.bin"), size: 4 << 20, outcome: Outcome::HandedOver },
            Fact::Option {
                session: Some(session),
                answer: &OptionAnswer {
                    option: SocketOption::ReceiveBuffer,
                    asked: OptionValue::Number(65_536),
                    answer: Some(OptionValue::Number(131_072)),
                },
            },
            Fact::Option {
                session: None,
                answer: &OptionAnswer {
                    option: SocketOption::KeepAlive,
                    asked: OptionValue::Switch(true),
                    answer: None,
                },
            },
            Fact::Summary(Summary {
                received: 2,
                received_bytes: 8,
                dropped: Some(0),
                truncated: 1,
                rows_removed: None,
            }),
            Fact::Summary(Summary {
                received: 2,
                received_bytes: 8,
                dropped: None,
                truncated: 1,
                rows_removed: Some(7),
            }),
        ];
        let expected = r#"{"event":"listening","endpoint":"tcp://127.0.0.1:40123"}
{"event":"opened","session":1,"peer":"tcp://127.0.0.1:51734"}
{"event":"opened","session":1,"peer":"unix:","pid":7,"uid":1000,"gid":100,"process":"python3"}
{"event":"received","session":1,"bytes":6,"hex":"e4bda0e5a5bd"}
{"event":"received","session":1,"bytes":2,"hex":"00ff","truncated":true}
{"event":"received","session":1,"bytes":1,"hex":"78","decoded":"123#11"}
{"event":"sent","session":1,"bytes":6}
{"event":"closed","session":1,"reason":"eof"}
{"event":"progress","file":"a.bin","done":1048576,"size":4194304}
{"event":"file","name":"a.bin","path":"in/a.bin","size":4194304,"outcome":"handed-over"}
{"event":"option","session":1,"name":"rcvbuf","asked":65536,"answer":131072}
{"event":"option","name":"keepalive","asked":true,"answer":null}
{"event":"summary","received":2,"received_bytes":8,"dropped":0,"truncated":1}
{"event":"summary","received":2,"received_bytes":8,"dropped":null,"truncated":1,"rows_removed":7}
"#;
        assert_eq!(told(false, &facts), expected);
    }

    #[test]
    fn quiet_leaves_out_what_crossed_and_nothing_else() {
        let session = SessionId(7);
        let facts = [
            Fact::Received { session, bytes: b"x", truncated: false, decoded: None },
            Fact::Sent { session, bytes: 1 },
            Fact::PeerFinished { session },
        ];
        assert_eq!(told(true, &facts), "{\"event\":\"peer-finished\",\"session\":7}\n");
    }

    #[test]
    fn a_failure_says_what_where_why_and_what_to_do() {
        let owner = PortOwner { pid: 7, name: "python3".to_owned() };
        let failure =
            Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse).with_hint(Hint::PortHeldBy { owner });
        let line = told(false, &[Fact::Failed { failure: &failure, endpoint: Some("tcp://127.0.0.1:9000") }]);
        let start = r#"{"event":"error","operation":"bind","endpoint":"tcp://127.0.0.1:9000","message":"address already in use","hint":""#;
        assert!(line.starts_with(start), "{line}");
        assert!(line.contains("python3"), "{line}");
    }

    #[test]
    fn a_request_and_its_answer_are_one_line() {
        let exchange = Exchange { method: "GET".to_owned(), target: "/a.html".to_owned(), status: 200, bytes: 1234 };
        let line = told(true, &[Fact::Request { session: Some(SessionId(3)), exchange: &exchange }]);
        let expected = r#"{"event":"request","session":3,"method":"GET","target":"/a.html","status":200,"bytes":1234}"#;
        assert_eq!(line.trim_end(), expected);
    }

    #[test]
    fn a_notice_carries_its_figures_and_its_words() {
        let notice = Notice::Dropped { datagrams: 12 };
        let line = told(false, &[Fact::Noticed { notice: &notice, session: None }]);
        assert!(line.starts_with(r#"{"event":"notice","notice":"dropped","datagrams":12,"message":""#), "{line}");
    }
}
