//! The one thread that reads the journal for the face, so that the face never waits for a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};

use super::outbox::Outbox;
use super::saves::Saves;
use crate::codec::encoding::Encoding;
use crate::model::{Event, Failure, PageRequest, SaveRequest};
use crate::store::journal::JournalReader;

/// Rows scanned for a filter before the requests that came meanwhile are looked at.
const SCAN_ROWS: usize = 20_000;

enum Job {
    Page(PageRequest),
    Row(u64),
    Encodings(Vec<Encoding>),
    Save(Box<SaveRequest>),
    Stop,
}

/// The face's end.
pub(super) struct Reader {
    jobs: Option<Sender<Job>>,
}

impl Reader {
    pub(super) fn off() -> Self {
        Self { jobs: None }
    }

    /// # Errors
    /// The thread can't be started.
    pub(super) fn start(
        reader: JournalReader,
        journal: PathBuf,
        outbox: Arc<Outbox>,
        saves: Arc<Saves>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, queue) = unbounded();
        let mut worker =
            Worker { reader, journal, outbox, saves, encodings: vec![Encoding::Utf8], wanted: None, stopped: false };
        let thread = std::thread::Builder::new().name("journal-reader".to_owned()).spawn(move || worker.run(&queue))?;
        Ok((Self { jobs: Some(jobs) }, thread))
    }

    pub(super) fn page(&self, request: PageRequest) {
        self.job(Job::Page(request));
    }

    pub(super) fn row(&self, number: u64) {
        self.job(Job::Row(number));
    }

    pub(super) fn encodings(&self, encodings: Vec<Encoding>) {
        self.job(Job::Encodings(encodings));
    }

    pub(super) fn save(&self, request: Box<SaveRequest>) {
        self.job(Job::Save(request));
    }

    pub(super) fn stop(&self) {
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
    reader: JournalReader,
    journal: PathBuf,
    outbox: Arc<Outbox>,
    saves: Arc<Saves>,
    encodings: Vec<Encoding>,
    /// The request that is not answered in full: its filter has rows left to scan.
    wanted: Option<PageRequest>,
    stopped: bool,
}

impl Worker {
    fn run(&mut self, queue: &Receiver<Job>) {
        while !self.stopped {
            let job = if self.wanted.is_some() {
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
                Some(Job::Stop) => return,
                Some(Job::Page(request)) => {
                    let newest = self.latest(request, queue);
                    self.answer(newest)
                }
                Some(Job::Row(number)) => self.row(number),
                Some(Job::Encodings(encodings)) => {
                    self.encodings = encodings;
                    Ok(())
                }
                Some(Job::Save(save)) => {
                    self.save(*save);
                    Ok(())
                }
                None => self.wanted.take().map_or(Ok(()), |request| self.answer(Some(request))),
            };
            if let Err(failure) = result {
                self.wanted = None;
                self.outbox.send(Event::Failed { socket: None, session: None, failure });
            }
        }
    }

    /// Scans a step for the filter and sends what is known so far; what is left stays wanted.
    fn answer(&mut self, request: Option<PageRequest>) -> Result<(), Failure> {
        let Some(request) = request else { return Ok(()) };
        self.reader.set_filter(request.filter.clone(), &self.encodings);
        let complete = self.reader.scan(SCAN_ROWS)?;
        let mut page = self.reader.page(&request)?;
        page.complete = complete;
        self.outbox.send(Event::Page(Arc::new(page)));
        self.wanted = (!complete).then_some(request);
        Ok(())
    }

    /// The newest of the page requests that wait; other jobs among them are done at once.
    fn latest(&mut self, request: PageRequest, queue: &Receiver<Job>) -> Option<PageRequest> {
        let mut newest = request;
        loop {
            match queue.try_recv() {
                Ok(Job::Page(request)) => newest = request,
                Ok(Job::Row(number)) => {
                    if let Err(failure) = self.row(number) {
                        self.outbox.send(Event::Failed { socket: None, session: None, failure });
                    }
                }
                Ok(Job::Encodings(encodings)) => self.encodings = encodings,
                Ok(Job::Save(save)) => self.save(*save),
                Ok(Job::Stop) | Err(TryRecvError::Disconnected) => {
                    self.stopped = true;
                    return None;
                }
                Err(TryRecvError::Empty) => return Some(newest),
            }
        }
    }

    fn row(&mut self, number: u64) -> Result<(), Failure> {
        if let Some(payload) = self.reader.payload(number)? {
            self.outbox.send(Event::RowLoaded { number, payload: payload.into() });
        }
        Ok(())
    }

    /// On a connection of its own, as it goes on beside this thread.
    fn save(&self, request: SaveRequest) {
        let encodings = self.encodings.clone();
        let save = move |reader: &mut JournalReader| match reader.save(&request, &encodings) {
            Ok(saved) => Event::JournalSaved { path: request.path, saved },
            Err(failure) => Event::Failed { socket: None, session: None, failure },
        };
        let started =
            JournalReader::open(&self.journal).and_then(|reader| self.saves.start(reader, &self.outbox, save));
        if let Err(failure) = started {
            self.saves.answer(&self.outbox, Event::Failed { socket: None, session: None, failure });
        }
    }
}
