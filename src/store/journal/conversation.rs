//! The calls of one session that moved bytes, a part at a time.

use std::ops::Range;

use super::JournalReader;
use crate::model::{
    Comparison, Condition, ConversationPart, ConversationPlace, ConversationRequest, Failure, Filter, Operator,
    PageRequest, PageRow,
};

impl JournalReader {
    /// Scans at most so many rows for the calls of the session; the part once it is known, until then `None`.
    ///
    /// # Errors
    /// A read error.
    pub fn conversation(
        &mut self,
        request: &ConversationRequest,
        rows: usize,
    ) -> Result<Option<ConversationPart>, Failure> {
        let bytes = Condition::Len(Comparison { operator: Operator::Greater, value: 0 });
        let ConversationRequest { socket, session, from } = *request;
        let filter = Filter { socket: Some(socket), session, condition: Some(bytes), ..Filter::default() };
        self.set_filter(filter.clone(), &[]);
        let complete = self.scan(rows)?;
        let (calls, most) = (self.matches(), ConversationPart::ROWS_MAX);
        // The calls that a part could have at most, and the one among them that it has in any case.
        let (first, end, anchor) = match from {
            ConversationPlace::From(number) if complete || self.is_scanned(number) => {
                let first = self.rank(number);
                (first, first.saturating_add(most), first)
            }
            ConversationPlace::Before(number) if complete || self.is_scanned(number) => {
                let end = self.rank(number);
                (end.saturating_sub(most), end, end.saturating_sub(1))
            }
            ConversationPlace::End if complete => (calls.saturating_sub(most), calls, calls.saturating_sub(1)),
            ConversationPlace::Around(number) if complete || self.is_scanned(number) => {
                let call = self.rank(number);
                let first = call.saturating_sub(most / 2);
                (first, first.saturating_add(most), call)
            }
            _ => return Ok(None),
        };
        if !complete && calls < end {
            return Ok(None);
        }
        let (first, end) = (first.min(calls), end.min(calls));
        let page = self.page(&PageRequest { filter, first, count: (end - first) as usize, from_end: false })?;
        let anchor = anchor.saturating_sub(page.first) as usize;
        let whole = ConversationPart::BYTES_MAX;
        let before = if matches!(from, ConversationPlace::Around(_)) { whole / 2 } else { whole };
        let fitting = fitting(&page.rows, anchor, before);
        let first = page.first + fitting.start as u64;
        let mut kept = page.rows;
        kept.truncate(fitting.end);
        kept.drain(..fitting.start);
        let mut left = ConversationPart::BYTES_MAX;
        for row in &mut kept {
            if row.len > row.preview.len() as u64 {
                // No more of a single row that is too long is kept.
                row.preview = self.payload(row.number)?.unwrap_or_default();
                row.preview.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                row.preview.shrink_to_fit();
            }
            left = left.saturating_sub(row.preview.len() as u64);
        }
        let request = request.clone();
        Ok(Some(ConversationPart {
            request,
            first,
            rows: kept,
            calls: page.matches.max(calls),
            complete: page.complete,
        }))
    }
}

/// The row `anchor`, or the last where there are fewer, and those before and after it whose payloads have room; those
/// before it take at most `before` bytes of it.
fn fitting(rows: &[PageRow], anchor: usize, before: u64) -> Range<usize> {
    let Some(last) = rows.len().checked_sub(1) else { return 0..0 };
    let anchor = anchor.min(last);
    let room = ConversationPart::BYTES_MAX.saturating_sub(rows[anchor].len);
    let (before, taken) = fit(rows[..anchor].iter().rev(), before.min(room));
    let (after, _) = fit(rows[anchor + 1..].iter(), room - taken);
    anchor - before..anchor + 1 + after
}

/// How many of the first rows' payloads have room, and how much of it they take.
fn fit<'a>(rows: impl Iterator<Item = &'a PageRow>, room: u64) -> (usize, u64) {
    let mut taken = 0_u64;
    let mut count = 0;
    for row in rows {
        let Some(sum) = taken.checked_add(row.len).filter(|sum| *sum <= room) else { break };
        (count, taken) = (count + 1, sum);
    }
    (count, taken)
}

#[cfg(test)]
mod tests;
