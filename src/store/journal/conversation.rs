//! The calls of one session that moved bytes, a part at a time.

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
        let (first, end) = match from {
            ConversationPlace::Call(first) => (first, first.saturating_add(most)),
            ConversationPlace::Before(end) => (end.saturating_sub(most), end),
            ConversationPlace::End if complete => (calls.saturating_sub(most), calls),
            ConversationPlace::Row(number) if complete || self.is_scanned(number) => {
                let first = self.rank(number);
                (first, first.saturating_add(most))
            }
            ConversationPlace::End | ConversationPlace::Row(_) => return Ok(None),
        };
        if !complete && calls < end {
            return Ok(None);
        }
        let (first, end) = (first.min(calls), end.min(calls));
        let count = (end - first) as usize;
        let page = self.page(&PageRequest { filter, first, count, from_end: false })?;
        let is_backward = matches!(from, ConversationPlace::Before(_) | ConversationPlace::End);
        let mut kept = fitting(page.rows, is_backward);
        let first = if is_backward { end - kept.len() as u64 } else { page.first };
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

/// The first rows, or the last, whose payloads have room, one at least.
fn fitting(mut rows: Vec<PageRow>, from_end: bool) -> Vec<PageRow> {
    let mut bytes = 0_u64;
    let mut fits = |row: &PageRow| {
        let is_first = bytes == 0;
        bytes = bytes.saturating_add(row.len);
        is_first || bytes <= ConversationPart::BYTES_MAX
    };
    if from_end {
        let count = rows.iter().rev().take_while(|row| fits(row)).count();
        rows.split_off(rows.len() - count)
    } else {
        let count = rows.iter().take_while(|row| fits(row)).count();
        rows.truncate(count);
        rows
    }
}

#[cfg(test)]
mod tests;
