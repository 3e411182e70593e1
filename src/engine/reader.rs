//! The one thread that reads the journal for the face, so that the face never waits for a file.

mod finding;
mod scanning;
mod talking;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};

use self::finding::Finder;
use self::scanning::Ahead;
use self::talking::Talk;
use super::outbox::Outbox;
use super::saves::{self, Saves};
use crate::codec::encoding::Encoding;
use crate::model::{
    Cause, Condition, ConversationRequest, Event, Failure, Filter, FindRequest, Imported, Operation, PageRequest,
    Removals, RowColor, SaveRequest, Statistics, StatisticsRequest,
};
use crate::store::journal::{Counting, JournalReader};
use crate::store::temporary::TemporaryJournal;

/// Rows scanned for a filter before the requests that came meanwhile are looked at.
const SCAN_ROWS: usize = 20_000;

/// How often is told how far a filter has come, which page has been told once.
const TELL_PAGES: Duration = Duration::from_millis(40);

/// How often is told how far the counting of messages has come.
const TELL_COUNTS: Duration = Duration::from_millis(100);

enum Job {
    Page(PageRequest),
    Row(u64),
    Count(Option<Box<StatisticsRequest>>),
    Find(Box<FindRequest>),
    CancelFind,
    Mark { number: u64, note: Option<String> },
    ColorRules(Vec<(Condition, RowColor)>),
    Talk(ConversationRequest),
    Encodings(Vec<Encoding>),
    Save(Box<SaveRequest>),
    Open(Box<Opened>),
    Close,
    Stop,
}

/// A journal to be read in place of the one that is being recorded.
pub(super) struct Opened {
    pub(super) reader: JournalReader,
    /// What was asked for.
    pub(super) path: PathBuf,
    pub(super) place: Place,
    pub(super) imported: Option<Imported>,
    /// Set when it was given up: it is then not shown, however late that is known.
    pub(super) cancelled: Arc<AtomicBool>,
}

/// Where a journal that was opened lies.
pub(super) enum Place {
    File(PathBuf),
    /// Made of a capture; it goes when another takes its place.
    Temporary(TemporaryJournal),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Temporary(journal) => journal.path(),
        }
    }
}

/// The face's end.
pub(super) struct Reader {
    jobs: Option<Sender<Job>>,
    /// Set when it is to stop: nothing that is under way holds it up then, whatever file it reads.
    ending: Arc<AtomicBool>,
}

impl Reader {
    pub(super) fn off() -> Self {
        Self { jobs: None, ending: Arc::default() }
    }

    /// # Errors
    /// The thread can't be started.
    pub(super) fn start(
        reader: JournalReader,
        journal: PathBuf,
        outbox: Arc<Outbox>,
        saves: Arc<Saves>,
        removals: Arc<Removals>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        Self::start_on(reader, journal, outbox, saves, removals, unbounded())
    }

    /// With jobs that may wait already.
    fn start_on(
        mut reader: JournalReader,
        journal: PathBuf,
        outbox: Arc<Outbox>,
        saves: Arc<Saves>,
        removals: Arc<Removals>,
        (jobs, queue): (Sender<Job>, Receiver<Job>),
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let ending = Arc::<AtomicBool>::default();
        end_by(&mut reader, &ending);
        let mut worker = Worker {
            reader,
            journal,
            opened: None,
            outbox,
            saves,
            removals,
            encodings: vec![Encoding::Utf8],
            color_rules: Vec::new(),
            wanted: None,
            ahead: None,
            page_told: Instant::now(),
            counting: None,
            counts: false,
            counts_told: Instant::now(),
            finder: None,
            talk: None,
            ending: Arc::clone(&ending),
            stopped: false,
        };
        let thread = std::thread::Builder::new().name("journal-reader".to_owned()).spawn(move || worker.run(&queue))?;
        Ok((Self { jobs: Some(jobs), ending }, thread))
    }

    pub(super) fn page(&self, request: PageRequest) {
        self.job(Job::Page(request));
    }

    pub(super) fn row(&self, number: u64) {
        self.job(Job::Row(number));
    }

    pub(super) fn count(&self, request: Option<Box<StatisticsRequest>>) {
        self.job(Job::Count(request));
    }

    pub(super) fn find(&self, request: Box<FindRequest>) {
        self.job(Job::Find(request));
    }

    pub(super) fn cancel_find(&self) {
        self.job(Job::CancelFind);
    }

    /// Of the journal that was opened; what is being recorded is the recorder's to write.
    pub(super) fn mark(&self, number: u64, note: Option<String>) {
        self.job(Job::Mark { number, note });
    }

    pub(super) fn conversation(&self, request: ConversationRequest) {
        self.job(Job::Talk(request));
    }

    pub(super) fn color_rules(&self, rules: Vec<(Condition, RowColor)>) {
        self.job(Job::ColorRules(rules));
    }

    pub(super) fn encodings(&self, encodings: Vec<Encoding>) {
        self.job(Job::Encodings(encodings));
    }

    pub(super) fn save(&self, request: Box<SaveRequest>) {
        self.job(Job::Save(request));
    }

    pub(super) fn open(&self, opened: Opened) {
        self.job(Job::Open(Box::new(opened)));
    }

    pub(super) fn close(&self) {
        self.job(Job::Close);
    }

    pub(super) fn stop(&self) {
        self.ending.store(true, Ordering::Release);
        self.job(Job::Stop);
    }

    fn job(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread ends only by `Stop`, after which nobody asks.
            let _ = jobs.send(job);
        }
    }
}

struct Worker {
    /// Of what is being recorded.
    reader: JournalReader,
    journal: PathBuf,
    /// What is read in its place. The reader before the place: it is closed before its file goes.
    opened: Option<(JournalReader, Place)>,
    outbox: Arc<Outbox>,
    saves: Arc<Saves>,
    /// Of what is being recorded.
    removals: Arc<Removals>,
    encodings: Vec<Encoding>,
    color_rules: Vec<(Condition, RowColor)>,
    /// The request that is not answered in full: its filter has rows left to scan.
    wanted: Option<PageRequest>,
    ahead: Option<Ahead>,
    page_told: Instant,
    /// Messages, as far as they have been counted; `None` while nobody looks.
    counting: Option<Counting>,
    /// There are rows that have not been looked at for it.
    counts: bool,
    counts_told: Instant,
    /// A row that is looked for.
    finder: Option<Finder>,
    talk: Option<Talk>,
    /// As [`Reader`] has it.
    ending: Arc<AtomicBool>,
    stopped: bool,
}

/// A reader that is not told goes on to its end, which comes as well with any journal that is whole.
fn end_by(reader: &mut JournalReader, ending: &Arc<AtomicBool>) {
    if let Err(failure) = reader.end_by(Arc::clone(ending)) {
        tracing::warn!(%failure, "a reader can't be ended early");
    }
}

impl Worker {
    fn run(&mut self, queue: &Receiver<Job>) {
        while !self.stopped {
            let is_talking = self.talk.as_ref().is_some_and(Talk::is_asked);
            let job = if self.wanted.is_some() || self.finder.is_some() || self.counts || is_talking {
                match queue.try_recv() {
                    Ok(job) => Some(job),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return,
                }
            } else {
                match queue.recv() {
                    Ok(job) => Some(job),
                    Err(_) => return,
                }
            };
            let result = match job {
                Some(job) => self.carry_out(job, queue),
                // In turns: none waits for another's last row. Counting is for when nobody waits for anything.
                None if self.wanted.is_none() && self.finder.is_none() && !is_talking => self.go_on_counting(),
                None => self.go_on_finding().and_then(|()| self.go_on_talking()).and_then(|()| self.go_on_answering()),
            };
            if let Err(failure) = result {
                self.wanted = None;
                self.ahead = None;
                self.counts = false;
                self.finder = None;
                self.talk = None;
                self.fail(failure);
            }
        }
    }

    fn carry_out(&mut self, job: Job, queue: &Receiver<Job>) -> Result<(), Failure> {
        match job {
            Job::Page(request) => {
                let newest = self.latest(request, queue);
                return self.answer(newest);
            }
            Job::Row(number) => return self.row(number),
            Job::Find(request) => self.finder = Some(Finder::new(*request, &self.encodings)),
            Job::CancelFind => self.finder = None,
            Job::Mark { number, note } => return self.mark(number, note),
            Job::ColorRules(rules) => self.color_rules = rules,
            Job::Talk(request) => return self.talk(request),
            Job::Count(request) => self.count(request),
            Job::Encodings(encodings) => self.read_as(encodings),
            Job::Save(save) => self.save(*save),
            Job::Open(opened) => self.open(*opened),
            Job::Close => self.close(),
            Job::Stop => self.stopped = true,
        }
        Ok(())
    }

    fn fail(&self, failure: Failure) {
        self.outbox.send(Event::Failed { socket: None, session: None, failure });
    }

    /// Scans a step more for the filter; what is known is sent again from time to time, and in the end.
    fn go_on_answering(&mut self) -> Result<(), Failure> {
        let Some(request) = self.wanted.take() else { return Ok(()) };
        let complete = self.scan()?;
        if complete || self.page_told.elapsed() >= TELL_PAGES {
            return self.tell(request, complete);
        }
        self.wanted = Some(request);
        Ok(())
    }

    /// Scans a step for the filter and sends what is known so far; what is left stays wanted.
    fn answer(&mut self, request: Option<PageRequest>) -> Result<(), Failure> {
        let Some(request) = request else { return Ok(()) };
        let reader = self.opened.as_mut().map_or(&mut self.reader, |(reader, _)| reader);
        reader.set_filter(request.filter.clone(), &self.encodings);
        reader.set_color_rules(&self.color_rules, &self.encodings);
        let complete = self.scan()?;
        self.tell(request, complete)
    }

    fn tell(&mut self, request: PageRequest, complete: bool) -> Result<(), Failure> {
        let reader = self.opened.as_mut().map_or(&mut self.reader, |(reader, _)| reader);
        let mut page = reader.page(&request)?;
        page.complete = complete;
        self.outbox.send(Event::Page(Arc::new(page)));
        self.page_told = Instant::now();
        self.wanted = (!complete).then_some(request);
        Ok(())
    }

    /// The newest of the page requests that wait; other jobs among them are done at once.
    fn latest(&mut self, request: PageRequest, queue: &Receiver<Job>) -> Option<PageRequest> {
        let mut newest = request;
        loop {
            match queue.try_recv() {
                Ok(Job::Page(request)) => newest = request,
                Ok(Job::Stop) | Err(TryRecvError::Disconnected) => {
                    self.stopped = true;
                    return None;
                }
                Ok(other) => {
                    if let Err(failure) = self.carry_out(other, queue) {
                        self.fail(failure);
                    }
                }
                Err(TryRecvError::Empty) => return Some(newest),
            }
        }
    }

    fn open(&mut self, opened: Opened) {
        let Opened { mut reader, path, place, imported, cancelled } = opened;
        if cancelled.load(Ordering::Acquire) {
            return;
        }
        self.forget();
        end_by(&mut reader, &self.ending);
        match reader.page(&PageRequest { filter: Filter::default(), first: 0, count: 0, from_end: false }) {
            Ok(page) => {
                self.opened = Some((reader, place));
                self.outbox.send(Event::JournalOpened { path, rows: page.total, imported });
            }
            Err(failure) => self.outbox.send(Event::JournalNotOpened { path, failure }),
        }
    }

    /// Whoever asked has asked for another journal.
    fn forget(&mut self) {
        self.wanted = None;
        self.ahead = None;
        self.count(None);
        self.finder = None;
        self.talk = None;
    }

    fn close(&mut self) {
        self.forget();
        self.opened = None;
        self.outbox.send(Event::JournalClosed);
    }

    fn count(&mut self, request: Option<Box<StatisticsRequest>>) {
        self.counts = request.is_some();
        match request {
            None => self.counting = None,
            Some(request) if self.counting.as_ref().is_some_and(|one| one.is_of(&request, &self.encodings)) => {}
            Some(request) => self.counting = Some(Counting::new(*request, &self.encodings)),
        }
    }

    fn read_as(&mut self, encodings: Vec<Encoding>) {
        self.encodings = encodings;
        if let Some(counting) = &self.counting {
            self.count(Some(Box::new(counting.statistics().request().clone())));
        }
    }

    /// Looks at some rows, and tells now and then what has been counted, and in the end.
    fn go_on_counting(&mut self) -> Result<(), Failure> {
        let Some(counting) = &mut self.counting else { return Ok(()) };
        let (reader, clearings) = match &self.opened {
            None => (&self.reader, self.removals.clearings()),
            Some((reader, _)) => (reader, 0),
        };
        self.counts = !counting.go_on(reader, SCAN_ROWS, clearings)?;
        if !self.counts || self.counts_told.elapsed() >= TELL_COUNTS {
            self.counts_told = Instant::now();
            self.outbox.send(Event::Counted(Arc::new(counting.statistics().clone())));
        }
        Ok(())
    }

    fn row(&mut self, number: u64) -> Result<(), Failure> {
        let reader = self.opened.as_mut().map_or(&mut self.reader, |(reader, _)| reader);
        if let Some(payload) = reader.payload(number)? {
            self.outbox.send(Event::RowLoaded { number, payload: payload.into() });
        }
        Ok(())
    }

    /// Where what is read lies.
    fn shown_path(&self) -> &Path {
        self.opened.as_ref().map_or(self.journal.as_path(), |(_, place)| place.path())
    }

    fn mark(&mut self, number: u64, note: Option<String>) -> Result<(), Failure> {
        let Some((reader, _)) = &mut self.opened else { return Ok(()) };
        if reader.mark(number, note.as_deref())? {
            self.outbox.send(Event::Marked { number, note, opened: true });
        }
        Ok(())
    }

    /// On a connection of its own, as it goes on beside this thread.
    fn save(&self, request: SaveRequest) {
        let encodings = self.encodings.clone();
        let save = move |reader: &mut JournalReader| match saves::save(reader, &request, &encodings) {
            Ok(saved) => Event::JournalSaved { path: request.path, saved },
            Err(failure) => Event::Failed { socket: None, session: None, failure },
        };
        let started =
            JournalReader::open(self.shown_path()).and_then(|reader| self.saves.start(reader, &self.outbox, save));
        if let Err(failure) = started {
            self.saves.answer(&self.outbox, Event::Failed { socket: None, session: None, failure });
        }
    }
}

/// See [`super::Engine::count_messages`].
pub(super) fn count_messages(
    journal: &Path,
    request: StatisticsRequest,
    cancelled: &AtomicBool,
) -> Result<Statistics, Failure> {
    let reader = JournalReader::open(journal)?;
    let mut counting = Counting::new(request, &[Encoding::Utf8]);
    while !counting.go_on(&reader, SCAN_ROWS, 0)? {
        if cancelled.load(Ordering::Acquire) {
            return Err(Failure::new(Operation::ReadFile, journal.display(), Cause::Cancelled));
        }
    }
    Ok(counting.statistics().clone())
}

#[cfg(test)]
mod tests;
