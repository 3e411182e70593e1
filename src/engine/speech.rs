//! How messages have to go out, where a browser may be at the other end.

use std::sync::Arc;

use crate::codec::websocket;
use crate::model::Cause;

/// What goes over a session's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// Whatever is sent.
    Bytes,
    /// Answers to a browser's requests, between which nothing may come.
    Http,
    /// Messages in frames.
    WebSocket,
    /// Verified files, between which nothing may come.
    Files,
    /// A WebSocket or a browser's connection that this side has ended.
    Over,
}

impl Speech {
    /// The message as it has to go out.
    ///
    /// # Errors
    /// Why it can't.
    pub(super) fn message(self, bytes: &Arc<[u8]>) -> Result<Arc<[u8]>, Cause> {
        match self {
            Self::Bytes => Ok(Arc::clone(bytes)),
            Self::WebSocket => Ok(websocket::message(bytes).into()),
            Self::Http => Err(Cause::ToABrowser),
            Self::Files => Err(Cause::FilesOnly),
            Self::Over => Err(Cause::BrokenPipe),
        }
    }

    pub(super) fn takes_messages(self) -> bool {
        matches!(self, Self::Bytes | Self::WebSocket)
    }
}
