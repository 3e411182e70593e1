//! A file to a plain program, the tutorial's way.

use std::time::{Duration, Instant};

use crate::model::Notice;

/// What the sender is to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendStep<'a> {
    /// Send these bytes in one call.
    Name(&'a [u8]),
    /// Wait until [`TutorialSender::poll_timeout`].
    Pause,
    /// Send all bytes of the file.
    Content,
    /// Shut down sending, so that the peer reads the end.
    Finish,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Name,
    Pause { until: Instant },
    Content,
    Finish,
    Done,
}

/// The order in which the tutorial's client sends a file: name, pause, content, end.
#[derive(Clone, Debug)]
pub struct TutorialSender {
    name: String,
    pause: Duration,
    state: State,
}

impl TutorialSender {
    /// How long the tutorial waits after the name, so that it and the content don't stick together in one receive.
    pub const PAUSE: Duration = Duration::from_millis(100);

    /// The bytes of content that the tutorial's server reads, in its only call for them.
    pub const CONTENT_MAX: u64 = 40_960;

    /// `name` goes out as UTF-8, and `pause` later the content; [`Self::PAUSE`] is the tutorial's. An empty name can't be
    /// told from nothing, so there the content comes at once.
    #[must_use]
    pub fn new(name: &str, pause: Duration) -> Self {
        let state = if name.is_empty() { State::Content } else { State::Name };
        Self { name: name.to_owned(), pause, state }
    }

    /// What the user should know before a file of `size` bytes goes out.
    #[must_use]
    pub fn notice(size: u64) -> Option<Notice> {
        (size > Self::CONTENT_MAX).then_some(Notice::LongForTutorial { size })
    }

    /// What to do now; the same until it is reported as done, or the pause is over.
    #[must_use]
    pub fn poll_step(&self) -> SendStep<'_> {
        match self.state {
            State::Name => SendStep::Name(self.name.as_bytes()),
            State::Pause { .. } => SendStep::Pause,
            State::Content => SendStep::Content,
            State::Finish => SendStep::Finish,
            State::Done => SendStep::Done,
        }
    }

    /// When to call [`Self::handle_timeout`]; `None` outside the pause.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Pause { until } => Some(until),
            _ => None,
        }
    }

    /// The present step's call has returned with all of its bytes taken. A pause ends by time alone.
    pub fn handle_done(&mut self, now: Instant) {
        self.state = match self.state {
            State::Name => State::Pause { until: now + self.pause },
            State::Content => State::Finish,
            State::Finish => State::Done,
            waiting @ (State::Pause { .. } | State::Done) => waiting,
        };
    }

    /// The time is `now`. Early calls change nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let State::Pause { until } = self.state
            && now >= until
        {
            self.state = State::Content;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn name_pause_content_end() {
        let start = Instant::now();
        let mut sender = TutorialSender::new("报告.txt", TutorialSender::PAUSE);
        assert_eq!(sender.poll_step(), SendStep::Name("报告.txt".as_bytes()));
        assert_eq!(sender.poll_timeout(), None);
        sender.handle_timeout(start + Duration::from_secs(9));
        assert_eq!(sender.poll_step(), SendStep::Name("报告.txt".as_bytes()));

        sender.handle_done(start);
        assert_eq!((sender.poll_step(), sender.poll_timeout()), (SendStep::Pause, Some(start + TutorialSender::PAUSE)));
        sender.handle_done(start);
        sender.handle_timeout(start + TutorialSender::PAUSE - Duration::from_nanos(1));
        assert_eq!(sender.poll_step(), SendStep::Pause);

        sender.handle_timeout(start + TutorialSender::PAUSE);
        assert_eq!((sender.poll_step(), sender.poll_timeout()), (SendStep::Content, None));
        sender.handle_done(start);
        assert_eq!(sender.poll_step(), SendStep::Finish);
        sender.handle_done(start);
        sender.handle_done(start);
        assert_eq!(sender.poll_step(), SendStep::Done);
    }

    #[test]
    fn an_empty_name_is_not_sent() {
        assert_eq!(TutorialSender::new("", TutorialSender::PAUSE).poll_step(), SendStep::Content);
    }

    #[test]
    fn a_file_that_the_tutorials_server_cuts_is_told() {
        assert_eq!(TutorialSender::notice(40_960), None);
        assert_eq!(TutorialSender::notice(40_961), Some(Notice::LongForTutorial { size: 40_961 }));
    }

    proptest! {
        #[test]
        fn content_never_follows_the_name_early(events in prop::collection::vec((any::<bool>(), 0..60_u64), 0..30)) {
            let mut now = Instant::now();
            let mut sender = TutorialSender::new("a.txt", TutorialSender::PAUSE);
            let mut named = None;
            for (done, millis) in events {
                now += Duration::from_millis(millis);
                if done {
                    if matches!(sender.poll_step(), SendStep::Name(_)) {
                        named = Some(now);
                    }
                    sender.handle_done(now);
                } else {
                    sender.handle_timeout(now);
                }
                if sender.poll_step() == SendStep::Content {
                    prop_assert!(named.is_some_and(|named| now - named >= TutorialSender::PAUSE));
                }
            }
        }
    }
}
