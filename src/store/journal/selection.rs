//! Queries for what matchers look at.

use super::columns;
use super::marks::Marks;
use super::matcher::{Candidate, Column, Matcher};
use super::visit::{self, Columns};

/// What is fetched behind the number, in this order.
const COLUMNS: [(Column, &str); 9] = [
    (Column::Kind, "kind"),
    (Column::Socket, "socket"),
    (Column::Session, "session"),
    (Column::Direction, "direction"),
    (Column::Peer, "peer"),
    (Column::Body, "body"),
    (Column::Payload, "payload"),
    (Column::Time, "wall_ns"),
    (Column::Len, "len"),
];

/// A query for [`Candidate`]s.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) sql: String,
    /// Where each of [`COLUMNS`] is in its rows; `None` for what is not fetched, which takes a tenth of a scan's time each.
    places: [Option<usize>; COLUMNS.len()],
}

impl Selection {
    /// Of what this matcher reads; `which` comes after `WHERE`.
    pub(super) fn new(matcher: &Matcher, which: &str) -> Self {
        Self::with(matcher, |names| format!("SELECT {names} FROM rows WHERE {which}"))
    }

    /// The same as arguments of a function that looks at the rows with numbers from `?1` to `?2`, see [`visit::each`].
    pub(super) fn visited(matcher: &Matcher, function: &str) -> Self {
        Self::with(matcher, |names| visit::query(function, names))
    }

    fn with(matcher: &Matcher, sql: impl FnOnce(&str) -> String) -> Self {
        let mut names = vec!["number"];
        let places = COLUMNS.map(|(column, name)| {
            let place = matcher.reads(column).then_some(names.len());
            names.extend(place.map(|_| name));
            place
        });
        Self { sql: sql(&names.join(", ")), places }
    }

    /// Of all of them, with this expression for the payload, and `also` as the last column.
    pub(super) fn all(payload: &str, also: Option<&str>, which: &str) -> Self {
        let names = COLUMNS.map(|(column, name)| if column == Column::Payload { payload } else { name });
        let names: Vec<&str> = ["number"].into_iter().chain(names).chain(also).collect();
        let mut place = 0;
        let places = COLUMNS.map(|_| {
            place += 1;
            Some(place)
        });
        Self { sql: format!("SELECT {} FROM rows WHERE {which}", names.join(", ")), places }
    }

    /// What a matcher looks at, out of a row of it with this number. What can't be right in a damaged file reads as 0,
    /// empty or none.
    pub(super) fn candidate<'row>(
        &self,
        number: u64,
        row: &'row impl Columns,
        marks: &Marks,
    ) -> rusqlite::Result<Candidate<'row>> {
        let signed = |place: Option<usize>| place.map_or(Ok(None), |place| columns::signed(row, place));
        let [kind, socket, session, direction, peer, body, payload, wall_ns, len] = self.places;
        Ok(Candidate {
            number,
            wall_ns: signed(wall_ns)?.unwrap_or(0),
            len: signed(len)?.map_or(0, i64::cast_unsigned),
            kind: signed(kind)?.unwrap_or(-1),
            socket: signed(socket)?.unwrap_or(0),
            session: signed(session)?,
            direction: signed(direction)?.unwrap_or(0),
            peer: bytes(row, peer)?,
            body: bytes(row, body)?,
            payload: bytes(row, payload)?,
            is_marked: marks.contains(number),
        })
    }
}

fn bytes(row: &impl Columns, place: Option<usize>) -> rusqlite::Result<&[u8]> {
    place.map_or(Ok(&[]), |place| columns::bytes(row, place))
}
