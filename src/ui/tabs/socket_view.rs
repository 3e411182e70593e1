use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Event, OptionAnswer, OptionValue, SessionId, SocketId, SocketOption, SocketState};

/// Seconds between two looks at a socket while its state is on screen.
const PERIOD: f64 = 0.25;

/// What a tab knows of its sockets' options and live state, and what of it is unfolded.
#[derive(Debug, Default)]
pub struct SocketView {
    pub options_open: bool,
    pub state_open: bool,
    /// Of the listener's own socket, or of the client's.
    answers: BTreeMap<SocketOption, OptionAnswer>,
    own: Option<Arc<SocketState>>,
    /// Of one of a listener's connections.
    connection: Option<(SessionId, Arc<SocketState>)>,
    /// The round-trip time of the client's connection, told with its state or alone.
    rtt: Option<Duration>,
    /// When the state was last asked for, in seconds, and what had crossed by then.
    asked: Option<(f64, u64)>,
}

impl SocketView {
    /// Takes in what the engine reports about this tab's sockets. `own` is the client's session, and `None` for a listener.
    pub fn on_event(&mut self, event: &Event, socket: SocketId, own: Option<SessionId>) {
        match event {
            Event::OptionsAnswered { socket: of, session, answers } if *of == socket && *session == own => {
                self.answers.extend(answers.iter().map(|answer| (answer.option, answer.clone())));
            }
            Event::Inspected { socket: of, session, state } if *of == socket => match session {
                Some(session) if own != Some(*session) => self.connection = Some((*session, Arc::clone(state))),
                _ => {
                    self.rtt = state.tcp.and_then(|tcp| tcp.rtt);
                    self.own = Some(Arc::clone(state));
                }
            },
            Event::RoundTripInspected { socket: of, session, rtt } if *of == socket && own == Some(*session) => {
                self.rtt = *rtt;
            }
            Event::Closed { session, .. } if self.connection.as_ref().is_some_and(|(of, _)| of == session) => {
                self.connection = None;
            }
            Event::Closed { socket: of, session, .. } if *of == socket && own == Some(*session) => self.forget(),
            Event::StoppedListening { socket: of } | Event::Disconnected { socket: of } if *of == socket => {
                self.forget();
            }
            _ => {}
        }
    }

    /// The socket is closed: nothing of it is true any more.
    fn forget(&mut self) {
        *self = Self { options_open: self.options_open, state_open: self.state_open, ..Self::default() };
    }

    /// The state of the tab's own socket, or of one of a listener's connections, as last told.
    #[must_use]
    pub fn state(&self, connection: Option<SessionId>) -> Option<&SocketState> {
        match (connection, &self.connection) {
            (None, _) => self.own.as_deref(),
            (Some(wanted), Some((session, state))) if wanted == *session => Some(state),
            (Some(_), _) => None,
        }
    }

    /// The round-trip time of the client's connection, as last told.
    #[must_use]
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// What the kernel says of an option of the tab's own socket.
    #[must_use]
    pub fn option(&self, option: SocketOption) -> Option<&OptionValue> {
        let now = self.own.as_ref().and_then(|state| state.options.iter().find(|(of, _)| *of == option));
        let told = || self.answers.get(&option).and_then(|answer| answer.answer.as_ref());
        now.map(|(_, value)| value).or_else(told)
    }

    /// What was last asked of the kernel for an option.
    #[must_use]
    pub fn asked(&self, option: SocketOption) -> Option<&OptionValue> {
        self.answers.get(&option).map(|answer| &answer.asked)
    }

    /// Seconds until the state is worth asking for, 0 for now; `None` while nothing has crossed since the last time and
    /// it is not on screen. `crossed` are bytes in both directions.
    #[must_use]
    pub fn due_in(&self, now: f64, crossed: u64, on_screen: bool) -> Option<f64> {
        match self.asked {
            None => Some(0.0),
            Some((at, before)) => (on_screen || crossed != before).then(|| (at + PERIOD - now).max(0.0)),
        }
    }

    pub fn set_asked(&mut self, now: f64, crossed: u64) {
        self.asked = Some((now, crossed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CloseReason;

    const SOCKET: SocketId = SocketId(7);
    const OWN: Option<SessionId> = Some(SessionId(1));

    fn answered(value: u32) -> Event {
        let (option, asked) = (SocketOption::ReceiveBuffer, OptionValue::Number(1));
        let answers = vec![OptionAnswer { option, asked, answer: Some(OptionValue::Number(value)) }];
        Event::OptionsAnswered { socket: SOCKET, session: OWN, answers }
    }

    fn inspected(session: Option<SessionId>, value: u32) -> Event {
        let options = vec![(SocketOption::ReceiveBuffer, OptionValue::Number(value))];
        Event::Inspected { socket: SOCKET, session, state: Arc::new(SocketState { options, ..Default::default() }) }
    }

    #[test]
    fn the_latest_look_counts_and_nothing_after_the_close() {
        let mut view = SocketView { options_open: true, ..Default::default() };
        let told = |view: &SocketView| view.option(SocketOption::ReceiveBuffer).cloned();
        view.on_event(&answered(2), SOCKET, OWN);
        assert_eq!(told(&view), Some(OptionValue::Number(2)));
        view.on_event(&inspected(OWN, 3), SOCKET, OWN);
        assert_eq!(told(&view), Some(OptionValue::Number(3)));
        view.on_event(&Event::Disconnected { socket: SocketId(8) }, SOCKET, OWN);
        assert_eq!(told(&view), Some(OptionValue::Number(3)), "another tab's");
        let closed = Event::Closed { socket: SOCKET, session: SessionId(1), reason: CloseReason::Eof };
        view.on_event(&closed, SOCKET, OWN);
        assert_eq!((told(&view), view.asked(SocketOption::ReceiveBuffer)), (None, None));
        assert!(view.options_open);
    }

    #[test]
    fn a_round_trip_is_told_with_the_state_or_alone() {
        let mut view = SocketView::default();
        let told = |session, micros| {
            let rtt = Some(Duration::from_micros(micros));
            Event::RoundTripInspected { socket: SOCKET, session: SessionId(session), rtt }
        };
        view.on_event(&told(2, 5), SOCKET, OWN);
        assert_eq!(view.rtt(), None, "a connection beside it, for files");
        view.on_event(&told(1, 7), SOCKET, OWN);
        assert_eq!((view.rtt(), view.state(None)), (Some(Duration::from_micros(7)), None));
        view.on_event(&inspected(OWN, 1), SOCKET, OWN);
        assert_eq!(view.rtt(), None, "what was told last counts");
        view.on_event(&told(1, 9), SOCKET, OWN);
        let closed = Event::Closed { socket: SOCKET, session: SessionId(1), reason: CloseReason::Eof };
        view.on_event(&closed, SOCKET, OWN);
        assert_eq!(view.rtt(), None);
    }

    #[test]
    fn a_listeners_connections_are_told_apart_from_it() {
        let mut view = SocketView::default();
        view.on_event(&inspected(None, 1), SOCKET, None);
        view.on_event(&inspected(OWN, 2), SOCKET, None);
        assert_eq!(view.option(SocketOption::ReceiveBuffer), Some(&OptionValue::Number(1)));
        assert!(view.state(OWN).is_some() && view.state(Some(SessionId(2))).is_none());
        view.on_event(&Event::Closed { socket: SOCKET, session: SessionId(1), reason: CloseReason::Eof }, SOCKET, None);
        assert!(view.state(OWN).is_none() && view.state(None).is_some());
    }

    #[test]
    fn what_is_not_on_screen_and_quiet_is_not_asked_for() {
        let mut view = SocketView::default();
        assert_eq!(view.due_in(9.0, 0, false), Some(0.0), "once, to begin with");
        view.set_asked(9.0, 5);
        assert_eq!(view.due_in(99.0, 5, false), None);
        assert_eq!(view.due_in(9.0, 6, false), Some(PERIOD), "something crossed");
        assert_eq!(view.due_in(99.0, 5, true), Some(0.0));
    }
}
