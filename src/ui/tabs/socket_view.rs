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
    pub own: Told,
    /// The connection of a listener whose options are shown in place of the listener's own.
    pub alone: Option<Alone>,
    /// Of one of a listener's connections.
    connection: Option<(SessionId, Arc<SocketState>)>,
    /// The round-trip time of the client's connection, told with its state or alone.
    rtt: Option<Duration>,
    /// When the state was last asked for, in seconds, and what had crossed by then.
    asked: Option<(f64, u64)>,
}

/// What was told of one socket.
#[derive(Debug, Default)]
pub struct Told {
    answers: BTreeMap<SocketOption, OptionAnswer>,
    state: Option<Arc<SocketState>>,
}

impl Told {
    fn answered(&mut self, answers: &[OptionAnswer]) {
        self.answers.extend(answers.iter().map(|answer| (answer.option, answer.clone())));
    }

    /// What the kernel says of an option.
    #[must_use]
    pub fn option(&self, option: SocketOption) -> Option<&OptionValue> {
        let now = self.state.as_ref().and_then(|state| state.options.iter().find(|(of, _)| *of == option));
        let told = || self.answers.get(&option).and_then(|answer| answer.answer.as_ref());
        now.map(|(_, value)| value).or_else(told)
    }

    /// What was last asked of the kernel for an option.
    #[must_use]
    pub fn asked(&self, option: SocketOption) -> Option<&OptionValue> {
        self.answers.get(&option).map(|answer| &answer.asked)
    }
}

/// A connection of a listener whose options are changed while those of the others stay.
#[derive(Debug)]
pub struct Alone {
    pub session: SessionId,
    /// It stays on screen when it has closed: what is clicked next is not to reach the listener and all of the others.
    pub is_open: bool,
    /// What is asked of it, as a query.
    pub options: String,
    /// Whether it is still to be scrolled to.
    pub is_new: bool,
    pub told: Told,
}

impl Alone {
    #[must_use]
    pub fn new(session: SessionId) -> Self {
        Self { session, is_open: true, options: String::new(), is_new: true, told: Told::default() }
    }

    fn on_event(&mut self, event: &Event) {
        match event {
            Event::OptionsAnswered { session: Some(session), answers, .. } if *session == self.session => {
                self.told.answered(answers);
            }
            Event::Inspected { session: Some(session), state, .. } if *session == self.session => {
                self.told.state = Some(Arc::clone(state));
            }
            Event::Closed { session, .. } if *session == self.session => self.is_open = false,
            _ => {}
        }
    }
}

impl SocketView {
    /// Takes in what the engine reports about this tab's sockets. `own` is the client's session, and `None` for a listener.
    pub fn on_event(&mut self, event: &Event, socket: SocketId, own: Option<SessionId>) {
        if let Some(alone) = &mut self.alone {
            alone.on_event(event);
        }
        match event {
            Event::OptionsAnswered { socket: of, session, answers } if *of == socket && *session == own => {
                self.own.answered(answers);
            }
            Event::Inspected { socket: of, session, state } if *of == socket => match session {
                Some(session) if self.alone.as_ref().is_some_and(|alone| alone.session == *session) => {}
                Some(session) if own != Some(*session) => self.connection = Some((*session, Arc::clone(state))),
                _ => {
                    self.rtt = state.tcp.and_then(|tcp| tcp.rtt);
                    self.own.state = Some(Arc::clone(state));
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
        let Some(wanted) = connection else { return self.own.state.as_deref() };
        match (&self.alone, &self.connection) {
            (Some(alone), _) if alone.session == wanted => alone.told.state.as_deref().filter(|_| alone.is_open),
            (_, Some((session, state))) if *session == wanted => Some(state),
            _ => None,
        }
    }

    /// The round-trip time of the client's connection, as last told.
    #[must_use]
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt
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
        let told = |view: &SocketView| view.own.option(SocketOption::ReceiveBuffer).cloned();
        view.on_event(&answered(2), SOCKET, OWN);
        assert_eq!(told(&view), Some(OptionValue::Number(2)));
        view.on_event(&inspected(OWN, 3), SOCKET, OWN);
        assert_eq!(told(&view), Some(OptionValue::Number(3)));
        view.on_event(&Event::Disconnected { socket: SocketId(8) }, SOCKET, OWN);
        assert_eq!(told(&view), Some(OptionValue::Number(3)), "another tab's");
        let closed = Event::Closed { socket: SOCKET, session: SessionId(1), reason: CloseReason::Eof };
        view.on_event(&closed, SOCKET, OWN);
        assert_eq!((told(&view), view.own.asked(SocketOption::ReceiveBuffer)), (None, None));
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
        assert_eq!(view.own.option(SocketOption::ReceiveBuffer), Some(&OptionValue::Number(1)));
        assert!(view.state(OWN).is_some() && view.state(Some(SessionId(2))).is_none());
        view.on_event(&Event::Closed { socket: SOCKET, session: SessionId(1), reason: CloseReason::Eof }, SOCKET, None);
        assert!(view.state(OWN).is_none() && view.state(None).is_some());
    }

    #[test]
    fn one_connection_s_options_are_told_apart_from_all_others() {
        let own = OWN.expect("it has one");
        let mut view = SocketView { alone: Some(Alone::new(own)), ..Default::default() };
        view.on_event(&inspected(None, 1), SOCKET, None);
        view.on_event(&inspected(Some(SessionId(2)), 2), SOCKET, None);
        view.on_event(&answered(3), SOCKET, None);
        let told = |view: &SocketView| {
            let alone = view.alone.as_ref().expect("it is shown");
            (alone.is_open, alone.told.option(SocketOption::ReceiveBuffer).cloned())
        };
        assert_eq!(told(&view), (true, Some(OptionValue::Number(3))));
        assert_eq!(view.own.asked(SocketOption::ReceiveBuffer), None);
        view.on_event(&inspected(OWN, 4), SOCKET, None);
        assert_eq!(told(&view).1, Some(OptionValue::Number(4)), "the latest look counts");
        let figures =
            |view: &SocketView, session| view.state(Some(SessionId(session))).map(|state| state.options.len());
        assert_eq!([1, 2].map(|session| figures(&view, session)), [Some(1); 2], "both are looked at");
        let closed = |session| Event::Closed { socket: SOCKET, session, reason: CloseReason::Eof };
        view.on_event(&closed(SessionId(2)), SOCKET, None);
        assert!(told(&view).0, "another one has closed");
        view.on_event(&closed(own), SOCKET, None);
        assert!(!told(&view).0 && view.state(OWN).is_none());
        view.on_event(&Event::StoppedListening { socket: SOCKET }, SOCKET, None);
        assert!(view.alone.is_none());
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
