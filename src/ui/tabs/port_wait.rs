use crate::model::{Endpoint, WaitingSocket};

/// How long sockets of closed connections keep a port, counted down by the window's clock.
#[derive(Debug)]
pub struct PortWait {
    /// What could not be listened on.
    pub endpoint: Option<Endpoint>,
    /// Seconds that the last of the sockets had when the failure came; 0 where that is for the other side to decide.
    whole: u32,
    /// Seconds of these that are over.
    passed: u32,
    /// When the failure came, in seconds of the window's clock; reports themselves carry no such time.
    began: Option<f64>,
}

impl PortWait {
    #[must_use]
    pub fn new(endpoint: Option<Endpoint>, sockets: &[WaitingSocket]) -> Self {
        // What the kernel rounds down to no second at all still has a part of one; what waits for the other side has none.
        let whole = sockets.iter().filter_map(|socket| socket.seconds).max().map_or(0, |seconds| seconds.max(1));
        Self { endpoint, whole, passed: 0, began: None }
    }

    /// Whole seconds that passed since the last call; `now` is in seconds of the window's clock, and the first is the start.
    pub fn pass(&mut self, now: f64) -> u32 {
        let began = *self.began.get_or_insert(now);
        let passed = (now - began) as u32;
        let more = passed.saturating_sub(self.passed);
        self.passed += more;
        more
    }

    /// Seconds until the kernel lets go of the last socket; `None` once that should have happened.
    #[must_use]
    pub fn left(&self) -> Option<u32> {
        self.whole.checked_sub(self.passed).filter(|left| *left > 0)
    }

    /// Seconds from `now` until [`Self::left`] changes, above 0 and up to 1; `None` once it no longer does.
    #[must_use]
    pub fn changes_in(&self, now: f64) -> Option<f64> {
        self.left()?;
        Some(1.0 - (now - self.began?).max(0.0).fract())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TcpState;

    #[test]
    fn it_begins_with_the_first_look_and_ends() {
        let socket =
            |seconds| WaitingSocket { local: String::new(), peer: String::new(), state: TcpState::TimeWait, seconds };
        assert_eq!(PortWait::new(None, &[socket(None)]).left(), None);
        let mut wait = PortWait::new(None, &[socket(Some(2)), socket(None), socket(Some(3))]);
        assert_eq!((wait.pass(100.0), wait.left()), (0, Some(3)));
        assert_eq!((wait.pass(100.75), wait.changes_in(100.75)), (0, Some(0.25)));
        assert_eq!((wait.pass(102.5), wait.left()), (2, Some(1)));
        assert_eq!((wait.pass(102.75), wait.left()), (0, Some(1)));
        assert_eq!((wait.pass(110.0), wait.left(), wait.changes_in(110.0)), (8, None, None));
    }
}
