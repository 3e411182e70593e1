//! Which rows begin with a WebSocket frame, as far as the rows that were at hand prove it.
//!
//! A row is what a call moved: frames begin in the middle of one and end in another, and the inside of a frame may look like
//! a frame. So they are followed from the first byte on, header by header. Where a row was never at hand the trail ends.

use std::collections::HashMap;

use crate::codec::decode::Decoder;
use crate::codec::websocket::Header;
use crate::model::{Direction, Page, PageRow, RowBody, SessionId};
use crate::ui::view::Sessions;

/// One direction of a session.
type Way = (SessionId, Direction);

/// How far frames were followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trail {
    /// Offset of the end of the row that was read last.
    end: u64,
    /// Offset of the latest frame whose beginning is known. Its header may not have come yet; its end may lie far ahead.
    frame: u64,
}

#[derive(Debug, Default)]
pub(super) struct Frames {
    /// By number of the row: the trail before it, for the rows of the page.
    before: HashMap<u64, Trail>,
    /// The trail that reached farthest.
    farthest: HashMap<Way, Trail>,
    /// The page has been read.
    is_read: bool,
}

impl Frames {
    /// Another page has come.
    pub(super) fn outdate(&mut self) {
        self.is_read = false;
    }

    /// Reads the page, if it has not been.
    pub(super) fn follow(&mut self, page: &Page, sessions: &Sessions) {
        if std::mem::replace(&mut self.is_read, true) {
            return;
        }
        self.farthest.retain(|(session, _), _| sessions.by_id.contains_key(session));
        let known = std::mem::take(&mut self.before);
        let mut trails: HashMap<Way, Trail> = HashMap::new();
        for row in &page.rows {
            let Some((way, first)) = way(row, sessions) else { continue };
            let start = row.stream_offset;
            let begun =
                || (bytes_from(row) <= first && first <= end(row)).then_some(Trail { end: start, frame: first });
            let trail = [trails.get(&way), known.get(&row.number), self.farthest.get(&way)].into_iter().flatten();
            let Some(before) = trail.copied().find(|trail| trail.end == start).or_else(begun) else { continue };
            self.before.insert(row.number, before);
            let after = Trail { end: end(row), frame: next(row, before.frame, end(row)) };
            trails.insert(way, after);
            let farthest = self.farthest.entry(way).or_insert(after);
            if after.end >= farthest.end {
                *farthest = after;
            }
        }
    }

    /// What may be said of this row: [`Decoder::WebSocket`] only where a frame is known to begin with its first byte.
    pub(super) fn decoder_of(&self, row: &PageRow, sessions: &Sessions) -> Decoder {
        match sessions.decoder_of(row) {
            Decoder::WebSocket if !self.begins(row) => Decoder::Text,
            decoder => decoder,
        }
    }

    fn begins(&self, row: &PageRow) -> bool {
        let start = row.stream_offset;
        self.before.get(&row.number).is_some_and(|trail| next(row, trail.frame, start) == start)
    }
}

/// The row's direction and where frames begin in it; `None` for a row that has none.
fn way(row: &PageRow, sessions: &Sessions) -> Option<(Way, u64)> {
    let RowBody::Data { direction, .. } = row.body else { return None };
    let id = row.session?;
    let first = sessions.frames_from(id, direction)?;
    (end(row) >= first).then_some(((id, direction), first))
}

fn end(row: &PageRow) -> u64 {
    row.stream_offset + row.len
}

/// Offset of the first byte that is at hand, before the row's own.
fn bytes_from(row: &PageRow) -> u64 {
    row.stream_offset.saturating_sub(row.context.len() as u64)
}

/// Where the first frame at or after `until` begins, found from the one at `frame`; an earlier one where the bytes at hand
/// don't lead there.
fn next(row: &PageRow, mut frame: u64, until: u64) -> u64 {
    let from = bytes_from(row);
    // Most rows are inside of a frame or begin with one: nothing is put together for them.
    if frame < from || frame >= until {
        return frame;
    }
    let bytes = [row.context.as_slice(), &row.preview].concat();
    while frame < until {
        let head = usize::try_from(frame - from).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        match Header::read(head) {
            Ok(Some((header, size))) if header.reserved == 0 => {
                frame = frame.saturating_add(size as u64).saturating_add(header.len);
            }
            _ => break,
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Call, Event, Peer, Protocol, Purpose, Role, SessionInfo, SocketId, Stamp};
    use crate::ui::view::FramesFrom;

    /// Offset of the first frame.
    const FIRST: u64 = 100;

    fn sessions() -> Sessions {
        let peer = Peer::Ip(([127, 0, 0, 1], 80).into());
        let info = SessionInfo {
            id: SessionId(1),
            socket: SocketId(1),
            role: Role::Server,
            purpose: Purpose::Talk,
            protocol: Protocol::Tcp,
            decoder: Decoder::Http,
            local: peer.clone(),
            peer,
            process: None,
            since_wall_ns: 0,
        };
        let mut sessions = Sessions::default();
        sessions.on_event(&Event::Opened { info, traffic: Arc::default() });
        if let Some(view) = sessions.by_id.get_mut(&SessionId(1)) {
            view.frames_from = Some(FramesFrom { received: FIRST, sent: 0 });
        }
        sessions
    }

    /// What the session received, cut as it came: rows with what came just before them.
    fn rows(pieces: &[&[u8]]) -> Vec<PageRow> {
        let mut all = vec![b'-'; FIRST as usize];
        let mut rows = vec![row(1, 0, &[], &all)];
        for (number, piece) in (2..).zip(pieces) {
            let context = &all[all.len() - PageRow::CONTEXT_MAX..];
            rows.push(row(number, all.len() as u64, context, piece));
            all.extend_from_slice(piece);
        }
        rows
    }

    fn row(number: u64, stream_offset: u64, context: &[u8], bytes: &[u8]) -> PageRow {
        PageRow {
            number,
            stamp: Stamp::default(),
            socket: SocketId(1),
            session: Some(SessionId(1)),
            peer: String::new(),
            body: RowBody::Data { direction: Direction::In, call: Call::Recv, truncated: false },
            stream_offset,
            len: bytes.len() as u64,
            preview: bytes[..bytes.len().min(PageRow::PREVIEW_MAX)].to_vec(),
            context: context.to_vec(),
            delta_ns: None,
            note: None,
            color: None,
        }
    }

    fn follow(frames: &mut Frames, rows: &[PageRow]) {
        frames.outdate();
        frames.follow(&Page { rows: rows.to_vec(), ..Page::default() }, &sessions());
    }

    /// Numbers of the rows that begin with a frame.
    fn begin(frames: &Frames, rows: &[PageRow]) -> Vec<u64> {
        let is_frame = |row: &&PageRow| frames.decoder_of(row, &sessions()) == Decoder::WebSocket;
        rows.iter().filter(is_frame).map(|row| row.number).collect()
    }

    fn begin_at_once(pieces: &[&[u8]]) -> Vec<u64> {
        let rows = rows(pieces);
        let mut frames = Frames::default();
        follow(&mut frames, &rows);
        begin(&frames, &rows)
    }

    #[test]
    fn the_inside_of_a_frame_may_look_like_one() {
        assert_eq!(begin_at_once(&[b"\x81\x05Hello", b"\x81\x01a\x81\x01b", b"\x89\0"]), [2, 3, 4]);
        // The second row is the first one's payload, whatever it looks like.
        assert_eq!(begin_at_once(&[b"\x82\x07", b"\x81\x05Hello", b"\x81\x01a"]), [2, 4]);
        assert_eq!(begin_at_once(&[b"\x81\x05Hel", b"lo\x81\x01a", b"\x81\x01b"]), [2, 4]);
        // A header that comes in two pieces.
        assert_eq!(begin_at_once(&[b"\x81\x01a\x81", b"\x05Hello", b"\x89\0"]), [2, 4]);
        // What is no frame, and a length that is none.
        assert_eq!(begin_at_once(&[b"\x81\x01a\xf1\x01b", b"\x81\x01a"]), [2]);
        assert_eq!(begin_at_once(&[b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x81\x01a"]), [2]);
    }

    #[test]
    fn a_long_frame_is_followed_to_its_end() {
        let long = [&[0x82, 126, 3, 0xe8][..], &[0x81; 1000]].concat();
        assert_eq!(begin_at_once(&[&long, b"\x89\0"]), [2, 3]);
        assert_eq!(begin_at_once(&[&long[..300], &long[300..], b"\x89\0"]), [2, 4]);
        // Of what comes behind it in the same row, the row after has the last bytes, and no more.
        assert_eq!(begin_at_once(&[&[&long[..], b"\x89\0"].concat(), b"\x89\0"]), [2, 3]);
        let next = [&[0x82, 100][..], &[0; 100]].concat();
        assert_eq!(begin_at_once(&[&[long, next].concat(), b"\x89\0", b"\x89\0"]), [2]);
    }

    #[test]
    fn the_trail_goes_on_from_page_to_page_and_is_not_taken_up_elsewhere() {
        let frame = |number: u64| [&[0x82, 100][..], &[number as u8; 100]].concat();
        let pieces: Vec<_> = (0..10).map(frame).collect();
        let rows = rows(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut frames = Frames::default();
        follow(&mut frames, &rows[4..6]);
        assert_eq!(begin(&frames, &rows[4..6]), [0; 0], "where they began was never at hand");
        follow(&mut frames, &rows[..4]);
        assert_eq!(begin(&frames, &rows[..4]), [2, 3, 4]);
        follow(&mut frames, &rows[4..7]);
        assert_eq!(begin(&frames, &rows[4..7]), [5, 6, 7]);
        follow(&mut frames, &rows[5..8]);
        assert_eq!(begin(&frames, &rows[5..8]), [6, 7, 8]);
        follow(&mut frames, &rows[..3]);
        follow(&mut frames, &rows[8..9]);
        assert_eq!(begin(&frames, &rows[8..9]), [9], "scrolling back loses nothing");
        follow(&mut frames, &rows[10..]);
        assert_eq!(begin(&frames, &rows[10..]), [0; 0]);
    }

    #[test]
    fn the_bytes_before_a_row_lead_back_to_the_beginning() {
        let rows = rows(&[b"\x81\x05Hello", b"\x81\x01a"]);
        let mut frames = Frames::default();
        follow(&mut frames, &rows[2..]);
        assert_eq!(begin(&frames, &rows[2..]), [3]);
    }
}
