//! What is wrong with a line.

use std::borrow::Cow;

use super::lines::Lines;
use super::verb::Verb;
use crate::codec::compose::ComposeError;
use crate::codec::size::format_bytes;
use crate::i18n::{self, Language};
use crate::model::{EndpointError, GroupError, SessionId};
use crate::tr;

/// Why a line is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The part of the line that is wrong, or its beginning where that is long.
    pub word: String,
    pub problem: Problem,
}

/// What can be wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// More than a line may have.
    TooLong,
    NotUtf8,
    NoSuchCommand,
    /// Something is missing, or one word too many.
    Written(Verb),
    /// It begins with a quotation mark and is no text as JSON writes it.
    Quotes,
    Message(ComposeError),
    Group(GroupError),
    /// An option, or an address.
    Endpoint(EndpointError),
    /// No open session has this number.
    NoSuchSession,
    /// No open session has this peer.
    NoSuchPeer,
    /// More than one session has this peer, this one among them.
    Several(SessionId),
    /// No session is open.
    Nobody,
    /// A message without bytes, for a stream.
    NothingToSend,
    /// The option is looked at once, when a socket is bound or connected.
    NotLive,
    /// All peers have one socket, and so its options.
    OneSocketForAll,
    /// There is no connection that could be half-closed.
    NoHalves,
    NotAStream,
    /// The socket is connected, and so can send to nobody else.
    ConnectedToOne,
}

impl Mistake {
    /// Characters of a word that are told.
    pub(super) const SHOWN: usize = 80;

    pub(super) fn new(word: &str, problem: Problem) -> Self {
        let word = match word.char_indices().nth(Self::SHOWN) {
            Some((end, _)) => format!("{}…", &word[..end]),
            None => word.to_owned(),
        };
        Self { word, problem }
    }

    /// Why, without the word.
    #[must_use]
    pub fn reason(&self, language: Language) -> Cow<'static, str> {
        match &self.problem {
            Problem::TooLong => tr!(language, "command.too_long", most = format_bytes(Lines::MOST as u64)),
            Problem::NotUtf8 => tr!(language, "command.not_utf8"),
            Problem::NoSuchCommand => tr!(language, "command.unknown"),
            Problem::Written(verb) => tr!(language, "command.written", usage = verb.usage()),
            Problem::Quotes => tr!(language, "command.quotes"),
            Problem::Message(error) => i18n::compose_error(language, error).into(),
            Problem::Group(error) => i18n::group_error(language, error).into(),
            Problem::Endpoint(error) => i18n::endpoint_error(language, error).into(),
            Problem::NoSuchSession => tr!(language, "command.no_such_session"),
            Problem::NoSuchPeer => tr!(language, "command.no_such_peer"),
            Problem::Several(session) => tr!(language, "command.several", session = session),
            Problem::Nobody => tr!(language, "command.nobody"),
            Problem::NothingToSend => tr!(language, "command.nothing_to_send"),
            Problem::NotLive => tr!(language, "command.not_live"),
            Problem::OneSocketForAll => tr!(language, "command.one_socket_for_all"),
            Problem::NoHalves => tr!(language, "command.no_halves"),
            Problem::NotAStream => tr!(language, "cli.files_need_a_stream"),
            Problem::ConnectedToOne => tr!(language, "command.connected_to_one"),
        }
    }
}
