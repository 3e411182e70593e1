//! The one thread that writes the journal.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::budget::ByteBudget;
use super::clock::Clock;
use super::outbox::Outbox;
use crate::model::{Event, Failure, Notice, Removals, Retention, Row, RowBody, SocketId};
use crate::store::journal::JournalWriter;

/// Bytes of rows that may wait for the disk: a flood blocks its workers and not the memory.
const WAITING_MAX: u64 = 8 << 20;
/// A transaction ends at so many bytes even when more rows wait.
const TRANSACTION_MAX: u64 = 4 << 20;
/// What a row without payload costs on its way.
const ROW_COST: u64 = 256;
/// After a failed write, how long rows are only counted before the next try.
const RETRY: Duration = Duration::from_secs(1);
/// Slices of the oldest rows that go after a transaction: more than one brings, and not so many that rows wait long.
const SLICES: usize = 8;
/// Sockets that waited for less than this are not worth a row.
const HELD_UP_LEAST: Duration = Duration::from_millis(100);
/// How often is told for how long they waited.
const TELL_HELD_UP: Duration = Duration::from_secs(1);

enum Job {
    Rows { rows: Vec<Row>, cost: u64 },
    Retain(Retention),
    Mark { number: u64, note: Option<String> },
    Clear,
    Stop,
}

/// The workers' end; without a journal it drops every row at once.
pub(super) struct Recorder {
    jobs: Option<Sender<Job>>,
    waiting: Arc<ByteBudget>,
}

impl Recorder {
    pub(super) fn off() -> Self {
        Self { jobs: None, waiting: Arc::new(ByteBudget::new(0)) }
    }

    /// # Errors
    /// The thread can't be started.
    pub(super) fn start(
        writer: JournalWriter,
        clock: Arc<Clock>,
        outbox: Arc<Outbox>,
        removals: Arc<Removals>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        // Bounded by `waiting`, in bytes.
        let (jobs, queue) = unbounded();
        let waiting = Arc::new(ByteBudget::new(WAITING_MAX));
        // Rows that an earlier run cleared may still be in a kept journal.
        let reclaim = Some(Tidying::due());
        let waits = Arc::clone(&waiting);
        let mut worker = Worker {
            writer,
            clock,
            outbox,
            removals,
            waiting: waits,
            tell_held_up_at: Instant::now(),
            paused: None,
            reclaim,
            trim: None,
            long_told: false,
        };
        let thread = std::thread::Builder::new().name("recorder".to_owned()).spawn(move || worker.run(&queue))?;
        Ok((Self { jobs: Some(jobs), waiting }, thread))
    }

    /// Whether rows are kept at all; if not, none needs to be made.
    pub(super) fn is_on(&self) -> bool {
        self.jobs.is_some()
    }

    /// Blocks while [`WAITING_MAX`] bytes wait for the disk.
    pub(super) fn record(&self, rows: Vec<Row>) {
        let Some(jobs) = &self.jobs else { return };
        if rows.is_empty() {
            return;
        }
        let cost = rows.iter().map(|row| ROW_COST + row.payload.len() as u64).sum();
        self.waiting.take(cost);
        if jobs.send(Job::Rows { rows, cost }).is_err() {
            self.waiting.give_back(cost);
        }
    }

    pub(super) fn clear(&self) {
        self.job(Job::Clear);
    }

    pub(super) fn retain(&self, retention: Retention) {
        self.job(Job::Retain(retention));
    }

    pub(super) fn mark(&self, number: u64, note: Option<String>) {
        self.job(Job::Mark { number, note });
    }

    /// Nobody waits for the disk any more: the program ends.
    pub(super) fn hurry(&self) {
        self.waiting.open();
    }

    /// After what was recorded until now.
    pub(super) fn stop(&self) {
        self.job(Job::Stop);
    }

    fn job(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread ends only by `Stop`, after which nobody records.
            let _ = jobs.send(job);
        }
    }
}

struct Worker {
    writer: JournalWriter,
    clock: Arc<Clock>,
    outbox: Arc<Outbox>,
    removals: Arc<Removals>,
    waiting: Arc<ByteBudget>,
    /// Not before this is told for how long sockets waited.
    tell_held_up_at: Instant,
    paused: Option<Paused>,
    /// Cleared rows are still in the file.
    reclaim: Option<Tidying>,
    /// The journal may take more of the disk than it is allowed.
    trim: Option<Tidying>,
    /// Whether it was looked, since there is this limit, if the file stays longer.
    long_told: bool,
}

/// Rows have to leave the file.
#[derive(Clone, Copy)]
struct Tidying {
    /// When the next slice of them goes.
    at: Instant,
    /// A failure was told; those that follow are the same one.
    told: bool,
}

impl Tidying {
    fn due() -> Self {
        Self { at: Instant::now(), told: false }
    }
}

/// The journal can't be written; rows are counted instead.
struct Paused {
    missed: u64,
    /// How many of them were told.
    told: u64,
    next_try: Instant,
}

impl Worker {
    fn run(&mut self, queue: &Receiver<Job>) {
        let mut next = None;
        loop {
            let tidying = self.reclaim.iter().chain(&self.trim).map(|tidying| tidying.at);
            let at = tidying.chain(self.held_up_due()).min();
            let job = match (next.take(), at) {
                (Some(job), _) => Ok(job),
                (None, Some(at)) => queue.recv_deadline(at),
                (None, None) => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => return self.try_last(),
                Ok(Job::Clear) => self.clear(),
                Ok(Job::Retain(retention)) => {
                    self.writer.set_retention(retention);
                    self.long_told = false;
                    self.trim.get_or_insert_with(Tidying::due);
                }
                Ok(Job::Mark { number, note }) => self.mark(number, note),
                Ok(Job::Rows { rows, cost }) => next = self.append_waiting(rows, cost, queue),
                Err(RecvTimeoutError::Timeout) => {}
            }
            // In turns with what waits: neither a flood nor a long journal holds the other up.
            self.reclaim();
            self.trim();
            self.tell_held_up();
        }
    }

    /// Appends these rows and, as far as one transaction goes, those that wait behind them; returns the job after them.
    fn append_waiting(&mut self, mut rows: Vec<Row>, mut cost: u64, queue: &Receiver<Job>) -> Option<Job> {
        let mut next = None;
        while cost < TRANSACTION_MAX {
            match queue.try_recv() {
                Ok(Job::Rows { rows: more, cost: more_cost }) => {
                    rows.extend(more);
                    cost += more_cost;
                }
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        self.append(rows);
        self.waiting.give_back(cost);
        next
    }

    fn append(&mut self, mut rows: Vec<Row>) {
        let count = rows.len() as u64;
        if let Some(paused) = &mut self.paused {
            if Instant::now() < paused.next_try {
                paused.missed += count;
                return;
            }
            rows.insert(0, self.notice_row(Notice::RecordingResumed { missed: self.missed() }));
        }
        match self.writer.append(&rows) {
            Ok(total) => {
                self.trim.get_or_insert_with(Tidying::due);
                if let Some(Paused { missed, .. }) = self.paused.take() {
                    self.notice(Notice::RecordingResumed { missed });
                }
                self.outbox.recorded(total);
            }
            Err(failure) => self.pause(count, failure),
        }
    }

    /// The journal says how many rows it lacks, if it can be written by now; else it is told. And for how long it held
    /// sockets up until now.
    fn try_last(&mut self) {
        if let Some(paused) = &mut self.paused {
            paused.next_try = Instant::now();
            self.append(Vec::new());
        }
        self.tell_held_up_at = Instant::now();
        self.tell_held_up();
    }

    /// When is to be told for how long sockets waited; `None` where they did not, or nothing can be written.
    fn held_up_due(&self) -> Option<Instant> {
        let is_due = self.paused.is_none() && self.waiting.waited() >= HELD_UP_LEAST;
        is_due.then_some(self.tell_held_up_at)
    }

    /// Tells it, if it's time: what is slow then is not the peer.
    fn tell_held_up(&mut self) {
        let now = Instant::now();
        if self.held_up_due().is_none_or(|at| at > now) {
            return;
        }
        self.tell_held_up_at = now + TELL_HELD_UP;
        let milliseconds = u64::try_from(self.waiting.take_waited().as_millis()).unwrap_or(u64::MAX);
        let notice = Notice::HeldUp { milliseconds };
        self.append(vec![self.notice_row(notice.clone())]);
        self.notice(notice);
    }

    fn missed(&self) -> u64 {
        self.paused.as_ref().map_or(0, |paused| paused.missed)
    }

    fn pause(&mut self, count: u64, failure: Failure) {
        let missed = self.missed() + count;
        let told = self.paused.as_ref().map_or(0, |paused| paused.told);
        if self.paused.is_none() {
            tracing::warn!(%failure, "recording pauses");
            self.outbox.send(Event::Failed { socket: None, session: None, failure });
        }
        self.paused = Some(Paused { missed, told: missed, next_try: Instant::now() + RETRY });
        if missed > told {
            self.notice(Notice::RecordingPaused { missed });
        }
    }

    fn mark(&mut self, number: u64, note: Option<String>) {
        match self.writer.mark(number, note.as_deref()) {
            Ok(true) => self.outbox.send(Event::Marked { number, note, opened: false }),
            Ok(false) => {}
            Err(failure) => self.outbox.send(Event::Failed { socket: None, session: None, failure }),
        }
    }

    fn clear(&mut self) {
        match self.writer.clear() {
            Ok(()) => {
                self.removals.reset();
                self.outbox.cleared();
                self.reclaim = Some(Tidying::due());
            }
            Err(failure) => self.outbox.send(Event::Failed { socket: None, session: None, failure }),
        }
    }

    /// Takes the next slice of cleared rows out of the file, if it's time.
    fn reclaim(&mut self) {
        let Some(due) = self.reclaim.filter(|due| due.at <= Instant::now()) else { return };
        self.reclaim = match self.writer.reclaim() {
            Ok(true) => Some(Tidying { at: Instant::now(), ..due }),
            Ok(false) => None,
            Err(failure) => self.try_later(due, failure),
        };
    }

    /// Has the oldest rows make room for those that came, if they have to.
    fn trim(&mut self) {
        let Some(due) = self.trim.filter(|due| due.at <= Instant::now()) else { return };
        let mut removed = 0;
        let mut result = Ok(Some(0));
        for _ in 0..SLICES {
            result = self.writer.trim();
            match result {
                Ok(Some(rows)) => removed += rows,
                _ => break,
            }
        }
        if removed > 0 {
            self.removals.add(removed);
            self.outbox.recorded(self.writer.total());
        }
        self.trim = match result {
            Ok(Some(_)) => Some(Tidying { at: Instant::now(), ..due }),
            Ok(None) => {
                self.tell_long();
                None
            }
            Err(failure) => self.try_later(due, failure),
        };
    }

    /// Says once of each limit that the file stays longer, though its rows don't.
    fn tell_long(&mut self) {
        if !std::mem::replace(&mut self.long_told, true)
            && let Ok(Some(bytes)) = self.writer.stays_long()
        {
            self.notice(Notice::JournalStaysLong { bytes });
        }
    }

    fn try_later(&self, due: Tidying, failure: Failure) -> Option<Tidying> {
        if !due.told {
            self.outbox.send(Event::Failed { socket: None, session: None, failure });
        }
        Some(Tidying { at: Instant::now() + RETRY, told: true })
    }

    fn notice(&self, notice: Notice) {
        self.outbox.send(Event::Noticed { socket: None, session: None, notice });
    }

    fn notice_row(&self, notice: Notice) -> Row {
        Row {
            stamp: self.clock.stamp(None),
            socket: SocketId(0),
            session: None,
            peer: String::new(),
            body: RowBody::Notice { notice },
            stream_offset: 0,
            payload: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossbeam_channel::bounded;

    use super::*;
    use crate::engine::outbox::EVENTS;
    use crate::model::{Filter, Life, PageRequest};
    use crate::store::journal::JournalReader;

    /// Far beyond what anything here takes; reached only by a fault.
    const DEADLINE: Duration = Duration::from_secs(20);

    fn row() -> Row {
        Row {
            stamp: crate::model::Stamp::default(),
            socket: SocketId(1),
            session: None,
            peer: String::new(),
            body: RowBody::Life(Life::PeerFinished),
            stream_offset: 0,
            payload: Vec::new(),
        }
    }

    /// In milliseconds, of each row that tells it.
    fn held_up(journal: &Path) -> Vec<u64> {
        let request = PageRequest { filter: Filter::default(), first: 0, count: 100, from_end: false };
        let page = JournalReader::open(journal).unwrap().page(&request).unwrap();
        let told = page.rows.into_iter().filter_map(|row| match row.body {
            RowBody::Notice { notice: Notice::HeldUp { milliseconds } } => Some(milliseconds),
            _ => None,
        });
        told.collect()
    }

    #[test]
    fn a_journal_that_holds_sockets_up_says_for_how_long_and_not_each_time() {
        const WAITS: u64 = 5;
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("a.sqlite");
        let writer = JournalWriter::create(&journal).unwrap();
        let (sender, events) = bounded(EVENTS);
        let outbox = Arc::new(Outbox::new(sender, Arc::new(|| ())));
        let begun = Instant::now();
        let (recorder, thread) = Recorder::start(writer, Arc::new(Clock::system()), outbox, Arc::default()).unwrap();
        let mut told = Vec::new();
        let mut listen = |event| match event {
            Event::Noticed { socket: None, session: None, notice: Notice::HeldUp { milliseconds } } => {
                told.push(milliseconds);
                true
            }
            _ => false,
        };
        for wait in 0..WAITS {
            // Like rows that a slow disk has not taken yet.
            recorder.waiting.take(WAITING_MAX);
            std::thread::scope(|scope| {
                scope.spawn(|| recorder.record(vec![row()]));
                let before = recorder.waiting.waited();
                while recorder.waiting.waited() < before + HELD_UP_LEAST {
                    std::thread::yield_now();
                }
                recorder.waiting.give_back(WAITING_MAX);
            });
            while wait == 0 && !listen(events.recv_timeout(DEADLINE).unwrap()) {}
        }
        recorder.stop();
        thread.join().unwrap();
        let seconds = begun.elapsed().as_secs();
        events.try_iter().for_each(|event| _ = listen(event));
        assert_eq!(held_up(&journal), told);
        // The first at once, then one a second, and the rest in the end.
        assert!(told.len() as u64 <= seconds + 2, "{told:?} in {seconds} s");
        assert!(told.iter().sum::<u64>() + told.len() as u64 >= WAITS * 100, "{told:?}");
    }
}
