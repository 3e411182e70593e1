use std::collections::BTreeMap;

use crate::model::{Endpoint, Event, Life, PageRow, RowBody, SocketId};

/// Where each tab's socket was opened, and from which row of the journal on: rows that concern none of its sessions are
/// known by it.
#[derive(Debug, Default)]
pub struct Places {
    /// By the number that a row has at least.
    begun: BTreeMap<(SocketId, u64), Endpoint>,
    /// Rows in the journal.
    total: u64,
    /// Numbers that cleared rows had, which are never used again.
    cleared: u64,
}

impl Places {
    /// To be called before the engine is asked to open a tab's socket there.
    pub fn begin(&mut self, socket: SocketId, endpoint: Endpoint) {
        self.begun.insert((socket, self.cleared + self.total + 1), endpoint);
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        match event {
            // Port 0 has become one.
            Event::Listening { socket, endpoint } => {
                match self.begun.range_mut((*socket, 0)..=(*socket, u64::MAX)).last() {
                    Some((_, place)) => place.clone_from(endpoint),
                    None => _ = self.begun.insert((*socket, 0), endpoint.clone()),
                }
            }
            Event::Recorded { total } => self.total = *total,
            Event::JournalCleared => self.cleared += std::mem::take(&mut self.total),
            _ => {}
        }
    }

    /// Where the row's socket was opened; `None` where this window didn't open it.
    #[must_use]
    pub fn of(&self, row: &PageRow) -> Option<Endpoint> {
        // The journal follows the events by some milliseconds: the last row of a place may come after the next has begun.
        if let RowBody::Life(
            Life::Listening { endpoint } | Life::StoppedListening { endpoint } | Life::Connecting { endpoint },
        ) = &row.body
        {
            return endpoint.parse().ok();
        }
        self.begun.range((row.socket, 0)..=(row.socket, row.number)).next_back().map(|(_, place)| place.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stamp;

    fn row(number: u64, socket: u64) -> PageRow {
        PageRow {
            number,
            stamp: Stamp::default(),
            socket: SocketId(socket),
            session: None,
            peer: String::new(),
            body: RowBody::Life(Life::PeerFinished),
            stream_offset: 0,
            len: 0,
            preview: Vec::new(),
            context: Vec::new(),
            delta_ns: None,
            note: None,
            color: None,
        }
    }

    #[test]
    fn rows_are_of_the_place_that_their_socket_had_then() {
        let endpoint = |text: &str| text.parse::<Endpoint>().unwrap();
        let mut places = Places::default();
        places.begin(SocketId(1), endpoint("tcp://127.0.0.1:0"));
        places.on_event(&Event::Listening { socket: SocketId(1), endpoint: endpoint("tcp://127.0.0.1:9000") });
        places.on_event(&Event::Recorded { total: 4 });
        places.begin(SocketId(1), endpoint("udp://127.0.0.1:9001"));
        places.on_event(&Event::Recorded { total: 6 });
        places.on_event(&Event::JournalCleared);
        places.on_event(&Event::Recorded { total: 2 });
        places.begin(SocketId(1), endpoint("tcp://127.0.0.1:9002"));
        let of = |number, socket| places.of(&row(number, socket)).as_ref().map(ToString::to_string);
        for (number, place) in [
            (1, "tcp://127.0.0.1:9000"),
            (4, "tcp://127.0.0.1:9000"),
            (5, "udp://127.0.0.1:9001"),
            (8, "udp://127.0.0.1:9001"),
            (9, "tcp://127.0.0.1:9002"),
        ] {
            assert_eq!(of(number, 1).as_deref(), Some(place), "{number}");
        }
        assert_eq!(of(9, 2), None, "another tab's");
        let body = RowBody::Life(Life::StoppedListening { endpoint: "udp://127.0.0.1:9001".to_owned() });
        assert_eq!(
            places.of(&PageRow { body, ..row(9, 1) }),
            Some(endpoint("udp://127.0.0.1:9001")),
            "it says so itself"
        );
    }
}
