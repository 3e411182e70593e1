//! How bytes are shown as text.

use std::collections::HashMap;

use super::ids::{SessionId, SocketId};
use crate::codec::encoding::Encoding;

/// The encodings that people chose to read bytes in. They change no byte.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShownAs {
    /// Of listeners and clients; UTF-8 for one that is not here.
    pub sockets: HashMap<SocketId, Encoding>,
    /// Of the sessions that differ from their listener: one of its clients may write GBK and another UTF-8.
    pub sessions: HashMap<(SocketId, SessionId), Encoding>,
}

impl ShownAs {
    /// The encoding of a session's rows, or with `None` of what concerns the listener or client as a whole.
    #[must_use]
    pub fn encoding(&self, socket: SocketId, session: Option<SessionId>) -> Encoding {
        let of_session = session.and_then(|session| self.sessions.get(&(socket, session)));
        of_session.or_else(|| self.sockets.get(&socket)).copied().unwrap_or_default()
    }

    /// Chooses for one session, or with `None` for the listener or client and all of its sessions.
    pub fn choose(&mut self, socket: SocketId, session: Option<SessionId>, encoding: Encoding) {
        match session {
            Some(session) => _ = self.sessions.insert((socket, session), encoding),
            None => {
                self.sessions.retain(|(of, _), _| *of != socket);
                self.sockets.insert(socket, encoding);
            }
        }
    }

    /// Chooses for every listener, client and session.
    pub fn choose_for_all(&mut self, encoding: Encoding) {
        self.sessions.clear();
        self.sockets.values_mut().for_each(|shown_as| *shown_as = encoding);
    }

    /// The one encoding of all; `None` while they differ.
    #[must_use]
    pub fn common(&self) -> Option<Encoding> {
        let mut encodings = self.all();
        let first = encodings.next().unwrap_or_default();
        encodings.all(|encoding| encoding == first).then_some(first)
    }

    /// Every choice, in no order.
    pub fn all(&self) -> impl Iterator<Item = Encoding> {
        self.sockets.values().chain(self.sessions.values()).copied()
    }

    /// Forgets a listener or client that is gone.
    pub fn forget(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
        self.sessions.retain(|(of, _), _| *of != socket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: SocketId = SocketId(1);
    const OTHER: SocketId = SocketId(2);

    #[test]
    fn a_session_may_differ_from_its_listener() {
        let mut shown_as = ShownAs::default();
        shown_as.choose(SERVER, None, Encoding::Utf8);
        shown_as.choose(OTHER, None, Encoding::Utf8);
        shown_as.choose(SERVER, Some(SessionId(3)), Encoding::Gbk);
        let of = |shown_as: &ShownAs, session| shown_as.encoding(SERVER, Some(SessionId(session)));
        assert_eq!((of(&shown_as, 3), of(&shown_as, 4)), (Encoding::Gbk, Encoding::Utf8));
        assert_eq!(shown_as.encoding(SERVER, None), Encoding::Utf8);
        assert_eq!(shown_as.common(), None);

        shown_as.choose(SERVER, None, Encoding::Big5);
        assert_eq!((of(&shown_as, 3), of(&shown_as, 4)), (Encoding::Big5, Encoding::Big5));
        assert_eq!(shown_as.encoding(OTHER, None), Encoding::Utf8);

        shown_as.choose(SERVER, Some(SessionId(3)), Encoding::Gbk);
        shown_as.choose_for_all(Encoding::Latin1);
        assert_eq!((of(&shown_as, 3), shown_as.common()), (Encoding::Latin1, Some(Encoding::Latin1)));
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut shown_as = ShownAs::default();
        shown_as.choose(SERVER, None, Encoding::Gbk);
        shown_as.choose(SERVER, Some(SessionId(3)), Encoding::Big5);
        shown_as.forget(SERVER);
        assert_eq!(shown_as, ShownAs::default());
    }
}
