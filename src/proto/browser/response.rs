use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::Moment;

/// A response's head, with what all of them have.
#[derive(Clone, Debug)]
pub(super) struct Head {
    status: u16,
    fields: Vec<(&'static str, String)>,
}

impl Head {
    pub(super) fn new(status: u16) -> Self {
        Self { status, fields: Vec::new() }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// `value` must hold no line break.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// What a body of so many bytes is.
    pub(super) fn with_body(self, content_type: &str, len: u64) -> Self {
        self.with("Content-Type", content_type)
            .with("Content-Length", len.to_string())
            // The type is what it is said to be, not what its bytes look like.
            .with("X-Content-Type-Options", "nosniff")
            // Every reload is a request that can be seen.
            .with("Cache-Control", "no-store")
    }

    pub(super) fn to_bytes(&self, moment: Moment) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        // A clock that stands before the year 0 or after 9999 leaves it out.
        let date = Timestamp::try_from(moment.wall)
            .ok()
            .and_then(|moment| DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).ok());
        if let Some(date) = date {
            text.push_str(&format!("Date: {date}\r\n"));
        }
        text.push_str("Server: Sockeye\r\n");
        for (name, value) in &self.fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}

/// The words for a status, RFC 9110 section 15.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
