//! The conversation that the face shows beside the journal, read on a connection of its own: its filter is another.

use std::sync::Arc;

use super::{SCAN_ROWS, Worker, end_by};
use crate::model::{ConversationRequest, Event, Failure};
use crate::store::journal::JournalReader;

pub(super) struct Talk {
    reader: JournalReader,
    /// What is not answered yet.
    wanted: Option<ConversationRequest>,
}

impl Talk {
    pub(super) fn is_asked(&self) -> bool {
        self.wanted.is_some()
    }
}

impl Worker {
    /// The latest request counts.
    pub(super) fn talk(&mut self, request: ConversationRequest) -> Result<(), Failure> {
        match &mut self.talk {
            Some(talk) => talk.wanted = Some(request),
            None => {
                let mut reader = JournalReader::open(self.shown_path())?;
                end_by(&mut reader, &self.ending);
                self.talk = Some(Talk { reader, wanted: Some(request) });
            }
        }
        Ok(())
    }

    pub(super) fn go_on_talking(&mut self) -> Result<(), Failure> {
        let Some(talk) = &mut self.talk else { return Ok(()) };
        let Some(request) = talk.wanted.take() else { return Ok(()) };
        match talk.reader.conversation(&request, SCAN_ROWS)? {
            Some(part) => self.outbox.send(Event::Conversation(Arc::new(part))),
            None => talk.wanted = Some(request),
        }
        Ok(())
    }
}
