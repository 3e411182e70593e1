use std::io::{self, BufWriter, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::super::commands::Verb;
use super::{Fact, Report, Summary, statistics};
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Notice, OptionAnswer, Progress};
use crate::tr;

/// What peers sent to standard output as it came, words to standard error.
pub(super) struct HumanReport<O: Write, E: Write> {
    out: BufWriter<O>,
    words: E,
    language: Language,
    /// Whether a line can be written over, which progress needs.
    terminal: bool,
    /// A progress line stands unfinished on the terminal.
    progress_shown: bool,
    pace: Pace,
}

impl<O: Write> HumanReport<O, io::Stderr> {
    pub(super) fn new(out: O, words: io::Stderr, language: Language) -> Self {
        let terminal = words.is_terminal();
        Self::with_terminal(out, words, language, terminal)
    }
}

impl<O: Write, E: Write> HumanReport<O, E> {
    fn with_terminal(out: O, words: E, language: Language, terminal: bool) -> Self {
        Self {
            out: BufWriter::with_capacity(64 << 10, out),
            words,
            language,
            terminal,
            progress_shown: false,
            pace: Pace::new(Instant::now()),
        }
    }

    /// Writes a line that must not be left out. Peers, files and arguments have a part in its text: their control
    /// characters are shown, not obeyed by the terminal.
    fn line(&mut self, text: &str) -> io::Result<()> {
        // The bytes that came before these words are to be seen before them.
        self.out.flush()?;
        self.clear_progress()?;
        if let Some(count) = self.pace.take_left_out() {
            let words = tr!(self.language, "cli.left_out", count = count);
            writeln!(self.words, "{words}")?;
        }
        writeln!(self.words, "{}", visible(text))
    }

    /// Writes a line of which there may be thousands a second.
    fn passing_line(&mut self, text: &str) -> io::Result<()> {
        if self.pace.allows(Instant::now()) { self.line(text) } else { Ok(()) }
    }

    fn clear_progress(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.progress_shown) {
            write!(self.words, "\r\x1b[K")?;
        }
        Ok(())
    }

    fn progress(&mut self, file: &str, progress: &Progress) -> io::Result<()> {
        if !self.terminal {
            return Ok(());
        }
        self.clear_progress()?;
        self.progress_shown = true;
        let language = self.language;
        let done = i18n::byte_size(progress.done);
        let rate = i18n::pace(language, progress);
        let words = match (progress.size, progress.left()) {
            (Some(size), Some(left)) => {
                let size = i18n::byte_size(size);
                let left = i18n::duration(language, left);
                tr!(language, "cli.progress_left", file = file, done = done, size = size, rate = rate, left = left)
            }
            _ => tr!(language, "cli.progress", file = file, done = done, rate = rate),
        };
        write!(self.words, "{}", visible(&words))?;
        self.words.flush()
    }

    fn summary(&mut self, summary: Summary) -> io::Result<()> {
        let Summary { received, received_bytes, dropped, truncated, rows_removed } = summary;
        let bytes = i18n::bytes(received_bytes);
        let dropped = dropped.map_or_else(|| tr!(self.language, "cli.unknown").into_owned(), |count| count.to_string());
        let words = tr!(
            self.language,
            "cli.summary",
            received = received,
            bytes = bytes,
            dropped = dropped,
            truncated = truncated
        );
        self.line(&words)?;
        match rows_removed {
            Some(rows) if rows > 0 => self.line(&tr!(self.language, "cli.rows_removed", rows = rows)),
            _ => Ok(()),
        }
    }
}

impl<O: Write, E: Write> Report for HumanReport<O, E> {
    fn tell(&mut self, fact: &Fact<'_>) -> io::Result<()> {
        let language = self.language;
        match *fact {
            Fact::Usage(error) => {
                let problem = &error.problem;
                match error.argument {
                    Some(argument) => self.line(&tr!(language, "cli.usage", argument = argument, problem = problem)),
                    None => self.line(problem),
                }
            }
            Fact::Mistake { line, mistake } => {
                let (word, problem) = (&mistake.word, mistake.reason(language));
                self.line(&tr!(language, "command.mistake", line = line, word = word, problem = problem))
            }
            Fact::Commands => {
                let width = Verb::ALL.map(|verb| verb.usage().len()).into_iter().max().unwrap_or_default();
                Verb::ALL
                    .into_iter()
                    .try_for_each(|verb| self.line(&format!("{:width$}  {}", verb.usage(), verb.explained(language))))
            }
            Fact::Listening { endpoint } => self.line(&tr!(language, "cli.listening", endpoint = endpoint)),
            Fact::ForBrowsers { url } => self.line(&tr!(language, "cli.for_browsers", url = url)),
            Fact::Connecting { attempt } => self.passing_line(&tr!(language, "cli.connecting", attempt = attempt)),
            Fact::Opened { session, peer, process } => {
                let words = tr!(language, "cli.opened", session = session, peer = peer);
                match process {
                    Some(process) => self.passing_line(&format!("{words} · {}", i18n::process(language, process))),
                    None => self.passing_line(&words),
                }
            }
            Fact::Closed { session, reason } => {
                let reason = i18n::close_reason(language, reason);
                self.passing_line(&tr!(language, "cli.closed", session = session, reason = reason))
            }
            Fact::Received { decoded: Some(decoded), .. } => writeln!(self.out, "{decoded}"),
            Fact::Received { bytes, .. } => self.out.write_all(bytes),
            Fact::Sent { .. } | Fact::PeerFinished { .. } | Fact::FinishedSending { .. } => Ok(()),
            Fact::Joined { group } => self.line(&tr!(language, "cli.joined", group = group)),
            Fact::Left { group } => self.line(&tr!(language, "cli.left", group = group)),
            Fact::Progress { file, progress } => self.progress(file, &progress),
            Fact::File { name, path, size, outcome } => {
                let (path, size) = (path.display(), i18n::bytes(size));
                let outcome = i18n::outcome(language, outcome);
                self.line(&tr!(language, "cli.file", name = name, path = path, size = size, outcome = outcome))
            }
            Fact::Failed { failure, .. } => {
                self.line(&i18n::failure(language, failure))?;
                i18n::hint(language, failure).map_or(Ok(()), |hint| self.line(&format!("  {hint}")))
            }
            Fact::Noticed { notice, .. } => self.passing_line(&i18n::notice(language, notice)),
            Fact::Request { exchange, .. } => {
                self.passing_line(&i18n::notice(language, &Notice::Answered(exchange.clone())))
            }
            Fact::Option { session, answer: OptionAnswer { option, asked, answer } } => {
                let answer = answer.as_ref().map(ToString::to_string);
                let words = i18n::option_answer(language, option.name(), &asked.to_string(), answer.as_deref());
                match session {
                    Some(session) => self.line(&tr!(language, "cli.of_session", session = session, words = words)),
                    None => self.line(&words),
                }
            }
            Fact::Info { session, state } => {
                let figures = i18n::figures(language, state).into_iter();
                let figures: Vec<_> = figures
                    .map(|figure| tr!(language, "cli.figure", name = figure.name, value = figure.value).into_owned())
                    .collect();
                let figures = figures.join(" · ");
                match session {
                    Some(session) => {
                        self.passing_line(&tr!(language, "cli.info", session = session, figures = figures))
                    }
                    None => self.passing_line(&figures),
                }
            }
            Fact::Interface(interface) => writeln!(self.out, "{}", visible(&i18n::interface(language, interface))),
            Fact::Waiting(socket) => writeln!(self.out, "{}", i18n::waiting_socket(language, socket)),
            Fact::SessionTotals(one) => {
                let (name, flows) = (i18n::session_name(language, one), i18n::flows(language, &one.totals));
                writeln!(self.out, "{}", tr!(language, "statistics.line", name = name, flows = flows))
            }
            Fact::Statistics(all) => {
                statistics::lines(language, all).iter().try_for_each(|line| writeln!(self.out, "{line}"))
            }
            Fact::Summary(summary) => self.summary(summary),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Lets a person's share of lines through: what scrolls by faster than anybody reads only slows the run down.
struct Pace {
    second_began: Instant,
    told: u32,
    left_out: u64,
}

impl Pace {
    const LINES_A_SECOND: u32 = 50;

    fn new(now: Instant) -> Self {
        Self { second_began: now, told: 0, left_out: 0 }
    }

    fn allows(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.second_began) >= Duration::from_secs(1) {
            self.second_began = now;
            self.told = 0;
        }
        let allowed = self.told < Self::LINES_A_SECOND;
        if allowed {
            self.told += 1;
        } else {
            self.left_out += 1;
        }
        allowed
    }

    fn take_left_out(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.left_out)).filter(|count| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::commands::{Mistake, Problem};
    use super::super::UsageError;
    use super::*;
    use crate::model::{Endpoint, Outcome, SessionId, UnixName};

    fn told(terminal: bool, facts: &[Fact<'_>]) -> (Vec<u8>, String) {
        let (mut out, mut words) = (Vec::new(), Vec::new());
        let mut report = HumanReport::with_terminal(&mut out, &mut words, Language::English, terminal);
        for fact in facts {
            report.tell(fact).expect("a Vec takes everything");
        }
        report.flush().expect("a Vec takes everything");
        drop(report);
        (out, String::from_utf8(words).expect("words are UTF-8"))
    }

    #[test]
    fn bytes_and_words_go_separate_ways() {
        let session = SessionId(1);
        let (out, words) = told(
            false,
            &[
                Fact::Opened { session, peer: "tcp://127.0.0.1:51734", process: None },
                Fact::Received { session, bytes: &[0, 255, b'\n'], truncated: false, decoded: None },
                Fact::Sent { session, bytes: 6 },
            ],
        );
        assert_eq!(out, [0, 255, b'\n']);
        assert_eq!(words.lines().count(), 1, "{words}");
        assert!(words.contains("tcp://127.0.0.1:51734"), "{words}");
    }

    #[test]
    fn progress_is_for_terminals() {
        let progress = Progress { done: 1, size: None, elapsed: Duration::ZERO, rate: 0 };
        let facts = [Fact::Progress { file: "a.bin", progress }];
        assert_eq!(told(false, &facts).1, "");
        assert!(told(true, &facts).1.contains("a.bin"));
    }

    #[test]
    fn nothing_that_others_chose_drives_the_terminal() {
        const HOSTILE: &str = "报告\u{1b}[2J\n\u{9b}2J\u{7f}.txt";
        let progress = Progress { done: 1, size: None, elapsed: Duration::ZERO, rate: 0 };
        let usage = UsageError { argument: None, problem: HOSTILE.to_owned() };
        let file = Fact::File { name: HOSTILE, path: Path::new(HOSTILE), size: 1, outcome: Outcome::Unverified };
        let endpoint = Endpoint::UnixStream(UnixName::Path(HOSTILE.into()));
        let mistake = Mistake { word: HOSTILE.to_owned(), problem: Problem::NoSuchCommand };
        for fact in [
            Fact::Usage(&usage),
            Fact::Mistake { line: 1, mistake: &mistake },
            Fact::Listening { endpoint: &endpoint },
            Fact::Connecting { attempt: HOSTILE },
            Fact::Opened { session: SessionId(1), peer: HOSTILE, process: None },
            Fact::Progress { file: HOSTILE, progress },
            file,
        ] {
            let words = told(true, &[fact]).1;
            assert!(words.contains("报告␛[2J␊·2J␡.txt"), "{words:?}");
            assert!(!words.trim_end().contains(char::is_control), "{words:?}");
        }
    }

    #[test]
    fn a_storm_of_lines_is_counted_instead_of_shown() {
        let facts: Vec<Fact<'_>> =
            (1..=60).map(|number| Fact::Opened { session: SessionId(number), peer: "x", process: None }).collect();
        let (_, words) = told(false, &facts);
        assert_eq!(words.lines().count(), 50);

        let began = Instant::now();
        let mut pace = Pace::new(began);
        let allowed = (0..60).filter(|_| pace.allows(began)).count();
        assert_eq!((allowed, pace.left_out), (50, 10));
        assert!(pace.allows(began + Duration::from_secs(1)));
        assert_eq!(pace.take_left_out(), Some(10));
        assert_eq!(pace.take_left_out(), None);
    }
}
