//! A row that the face looks for, some rows at a time between the pages that it asks for.

use std::time::{Duration, Instant};

use super::{SCAN_ROWS, Worker};
use crate::codec::encoding::Encoding;
use crate::model::{Event, Failure, FindRequest, Finding};
use crate::store::journal::Find;

/// Between two tellings of how far it is.
const TELL_EVERY: Duration = Duration::from_millis(50);

pub(super) struct Finder {
    id: u64,
    find: Find,
    told: Instant,
}

impl Finder {
    pub(super) fn new(request: FindRequest, encodings: &[Encoding]) -> Self {
        Self { id: request.id, find: Find::new(request, encodings), told: Instant::now() }
    }
}

impl Worker {
    pub(super) fn go_on_finding(&mut self) -> Result<(), Failure> {
        let Some(mut finder) = self.finder.take() else { return Ok(()) };
        let reader = self.opened.as_mut().map_or(&mut self.reader, |(reader, _)| reader);
        let finding = reader.find(&mut finder.find, SCAN_ROWS)?;
        let is_over = !matches!(finding, Finding::Looking { .. });
        if is_over || finder.told.elapsed() >= TELL_EVERY {
            finder.told = Instant::now();
            self.outbox.send(Event::Finding { id: finder.id, finding });
        }
        self.finder = (!is_over).then_some(finder);
        Ok(())
    }
}
