//! An engine whose events can be waited for, one by one, with a deadline.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sockeye::engine::{Engine, EngineConfig, JournalPlace, Surroundings};
use sockeye::model::{
    CloseReason, Command, ConnectSpec, Endpoint, Event, Failure, Filter, ListenSpec, Notice, Outcome, Page,
    PageRequest, PageRow, Recipients, RowBody, SessionId, SessionInfo, SocketId,
};
use sockeye::proto::transfer::Patience;

/// Far beyond what anything here takes; reached only by a fault.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Waits for what no event tells. That something is closed everywhere is such: a program that another test starts holds
/// copies of all descriptors until it is executed.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain waited for: {what}");
        std::thread::yield_now();
    }
}

pub(crate) struct Harness {
    pub(crate) engine: Engine,
    /// Seen while waiting for something else.
    waiting: VecDeque<Event>,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// One whose tutorial's sender waits until a receiver on a busy machine has read the name as well.
    pub(crate) fn that_sends_slowly() -> Self {
        let tutorial_pause = Duration::from_secs(2);
        Self::with_in(Surroundings { tutorial_pause, ..Surroundings::system() }, |_| {})
    }

    /// One that waits only so long for the other side of verified files.
    pub(crate) fn that_waits(patience: Patience) -> Self {
        Self::with_in(Surroundings { patience, ..Surroundings::system() }, |_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut EngineConfig)) -> Self {
        Self::with_in(Surroundings::system(), change)
    }

    fn with_in(surroundings: Surroundings, change: impl FnOnce(&mut EngineConfig)) -> Self {
        let mut config = EngineConfig::new(JournalPlace::Temporary);
        change(&mut config);
        Self { engine: Engine::start_in(config, surroundings).unwrap(), waiting: VecDeque::new() }
    }

    /// The first event, seen or to come, that `pick` takes; the others stay for later waits.
    pub(crate) fn wait<T>(&mut self, what: &str, pick: impl FnMut(&Event) -> Option<T>) -> T {
        self.wait_as_long_as(DEADLINE, what, pick)
    }

    /// As [`Self::wait`], for what takes a disk a while.
    pub(crate) fn wait_as_long_as<T>(
        &mut self,
        patience: Duration,
        what: &str,
        mut pick: impl FnMut(&Event) -> Option<T>,
    ) -> T {
        for index in 0..self.waiting.len() {
            if let Some(found) = pick(&self.waiting[index]) {
                self.waiting.remove(index);
                return found;
            }
        }
        let deadline = Instant::now() + patience;
        loop {
            self.engine.acknowledge_wake();
            let Ok(event) = self.engine.events().recv_deadline(deadline) else {
                panic!("waited in vain for {what}; meanwhile came {:#?}", self.waiting);
            };
            if let Some(found) = pick(&event) {
                return found;
            }
            // They come with every row and nobody waits for one here.
            if !matches!(event, Event::Recorded { .. }) {
                self.waiting.push_back(event);
            }
        }
    }

    /// The first event that has come so far and that `pick` takes.
    pub(crate) fn take(&mut self, pick: impl Fn(&Event) -> bool) -> Option<Event> {
        self.waiting.extend(self.engine.events().try_iter());
        let index = self.waiting.iter().position(pick)?;
        self.waiting.remove(index)
    }

    pub(crate) fn listen(&mut self, endpoint: &str) -> (SocketId, Endpoint) {
        self.listen_with(endpoint, |_| {})
    }

    pub(crate) fn listen_with(&mut self, endpoint: &str, change: impl FnOnce(&mut ListenSpec)) -> (SocketId, Endpoint) {
        let socket = self.engine.new_socket();
        self.listen_as(socket, endpoint, change);
        (socket, self.listening(socket))
    }

    pub(crate) fn listen_as(&mut self, socket: SocketId, endpoint: &str, change: impl FnOnce(&mut ListenSpec)) {
        let mut spec = ListenSpec::new(endpoint.parse().unwrap());
        change(&mut spec);
        self.engine.send(Command::Listen { socket, spec: Box::new(spec) });
    }

    pub(crate) fn listening(&mut self, socket: SocketId) -> Endpoint {
        self.wait("listening", |event| match event {
            Event::Listening { socket: of, endpoint } if *of == socket => Some(endpoint.clone()),
            _ => None,
        })
    }

    pub(crate) fn connect(&mut self, endpoint: &Endpoint) -> (SocketId, SessionInfo) {
        self.connect_with(&endpoint.to_string(), |_| {})
    }

    pub(crate) fn connect_with(
        &mut self,
        endpoint: &str,
        change: impl FnOnce(&mut ConnectSpec),
    ) -> (SocketId, SessionInfo) {
        let socket = self.begin_connect(endpoint, change);
        (socket, self.opened(socket))
    }

    pub(crate) fn begin_connect(&mut self, endpoint: &str, change: impl FnOnce(&mut ConnectSpec)) -> SocketId {
        let socket = self.engine.new_socket();
        let mut spec = ConnectSpec::new(endpoint.parse().unwrap());
        change(&mut spec);
        self.engine.send(Command::Connect { socket, spec: Box::new(spec) });
        socket
    }

    pub(crate) fn opened(&mut self, socket: SocketId) -> SessionInfo {
        self.wait("a session", |event| match event {
            Event::Opened { info, .. } if info.socket == socket => Some(info.clone()),
            _ => None,
        })
    }

    pub(crate) fn closed(&mut self, session: SessionId) -> CloseReason {
        self.wait("a close", |event| match event {
            Event::Closed { session: of, reason, .. } if *of == session => Some(*reason),
            _ => None,
        })
    }

    pub(crate) fn failed(&mut self) -> Failure {
        self.wait("a failure", |event| match event {
            Event::Failed { failure, .. } => Some(failure.clone()),
            _ => None,
        })
    }

    pub(crate) fn noticed(&mut self, notice: &Notice) {
        self.wait("a notice", |event| {
            matches!(event, Event::Noticed { notice: told, .. } if told == notice).then_some(())
        });
    }

    pub(crate) fn stopped(&mut self, socket: SocketId) {
        self.wait("the end of listening", |event| match event {
            Event::StoppedListening { socket: of } if *of == socket => Some(()),
            _ => None,
        });
    }

    pub(crate) fn send(&self, socket: SocketId, bytes: &[u8]) {
        self.engine.send(Command::Send { socket, to: Recipients::All, bytes: bytes.to_vec() });
    }

    pub(crate) fn transfer_ended(&mut self) -> (Outcome, std::path::PathBuf, u64, Option<Failure>) {
        self.wait("the end of a transfer", |event| match event {
            Event::TransferEnded { end, .. } => Some((end.outcome, end.path.clone(), end.size, end.failure.clone())),
            _ => None,
        })
    }

    pub(crate) fn page(&mut self, filter: &Filter) -> Arc<Page> {
        let request = PageRequest { filter: filter.clone(), first: 0, count: PageRequest::COUNT_MAX, from_end: false };
        self.engine.send(Command::ReadPage(request));
        self.wait("a page", |event| match event {
            Event::Page(page) if page.filter == *filter && page.complete => Some(Arc::clone(page)),
            _ => None,
        })
    }

    /// The rows once `enough` holds of them: the journal follows the sockets by some milliseconds.
    pub(crate) fn rows(&mut self, filter: &Filter, enough: impl Fn(&[PageRow]) -> bool) -> Vec<PageRow> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let page = self.page(filter);
            if enough(&page.rows) {
                return page.rows.clone();
            }
            assert!(Instant::now() < deadline, "rows never became enough: {:#?}", page.rows);
        }
    }

    /// All bytes that rows of a session hold in one direction, once there are `len` of them.
    pub(crate) fn bytes(&mut self, session: SessionId, direction: sockeye::model::Direction, len: usize) -> Vec<u8> {
        let filter = Filter { session: Some(session), direction: Some(direction), ..Filter::default() };
        let total = |rows: &[PageRow]| rows.iter().map(|row| row.len).sum::<u64>() as usize;
        let rows = self.rows(&filter, |rows| total(rows) >= len);
        let mut bytes = Vec::new();
        for row in rows.iter().filter(|row| matches!(row.body, RowBody::Data { .. })) {
            self.engine.send(Command::LoadRow { number: row.number });
            let payload = self.wait("a row's payload", |event| match event {
                Event::RowLoaded { number, payload } if *number == row.number => Some(Arc::clone(payload)),
                _ => None,
            });
            assert_eq!(payload.len() as u64, row.len);
            bytes.extend_from_slice(&payload);
        }
        bytes
    }
}

/// Bytes without a pattern that a mistake in offsets could hide in.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

pub(crate) fn port(endpoint: &Endpoint) -> u16 {
    endpoint.host().expect("an endpoint with a port").port
}
