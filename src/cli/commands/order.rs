//! What a line of standard input asks for. Nothing here knows what is open.

use std::path::PathBuf;

use super::mistake::{Mistake, Problem};
use super::peer_name::PeerName;
use super::verb::Verb;
use super::words::{BLANKS, Words};
use crate::codec::compose::{ComposeError, Format, LineEnding, compose};
use crate::codec::encoding::Encoding;
use crate::codec::hex;
use crate::model::{EndpointError, MulticastGroup, SocketOptions};

/// A line that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A message for everybody or, over a connection, for its other end.
    Send(Vec<u8>),
    To(PeerName, Vec<u8>),
    SendFile {
        path: PathBuf,
        /// `None`: everybody.
        to: Option<PeerName>,
    },
    Join(Vec<MulticastGroup>),
    Leave(Vec<MulticastGroup>),
    Set {
        /// At least one.
        options: SocketOptions,
        /// `None`: the socket itself and, of a listener, all of its connections.
        of: Option<PeerName>,
    },
    /// Half-close; `None`: every connection.
    Finish(Option<PeerName>),
    Disconnect(PeerName),
    Help,
    Quit,
}

impl Order {
    /// Reads a line without its end; `format` is how the transport's messages are written. `None` for an empty line.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read(line: &str, format: Format) -> Result<Option<Self>, Mistake> {
        let line = line.trim_start_matches(BLANKS);
        if line.is_empty() {
            return Ok(None);
        }
        let (word, rest) = line.split_once(BLANKS).unwrap_or((line, ""));
        let verb = Verb::named(word).ok_or_else(|| Mistake::new(word, Problem::NoSuchCommand))?;
        let mut words = Words::new(verb, rest);
        let order = match verb {
            Verb::Send => return Ok(Some(Self::Send(in_text(rest, format)?))),
            Verb::SendHex => return Ok(Some(Self::Send(in_hex(rest)?))),
            Verb::To => return Ok(Some(Self::To(words.peer()?, in_text(words.rest(), format)?))),
            Verb::ToHex => return Ok(Some(Self::To(words.peer()?, in_hex(words.rest())?))),
            Verb::SendFile => {
                let path = PathBuf::from(words.needed()?.text);
                Self::SendFile { path, to: words.peer_after("to")? }
            }
            Verb::Join => Self::Join(groups(&mut words)?),
            Verb::Leave => Self::Leave(groups(&mut words)?),
            Verb::Set => {
                let word = words.needed()?;
                let wrong = |error| Mistake::new(&word.text, Problem::Endpoint(EndpointError::Option(error)));
                let options: SocketOptions = word.text.parse().map_err(wrong)?;
                if options.is_empty() {
                    return Err(words.misplaced(&word));
                }
                Self::Set { options, of: words.peer_after("of")? }
            }
            Verb::Finish => Self::Finish(words.next()?.map(PeerName::from)),
            Verb::Disconnect => Self::Disconnect(words.peer()?),
            Verb::Help => Self::Help,
            Verb::Quit => Self::Quit,
        };
        words.end()?;
        Ok(Some(order))
    }
}

fn groups(words: &mut Words<'_>) -> Result<Vec<MulticastGroup>, Mistake> {
    let word = words.needed()?;
    MulticastGroup::list(&word.text).map_err(|error| Mistake::new(&word.text, Problem::Group(error)))
}

/// As `--send` has it.
fn in_text(text: &str, format: Format) -> Result<Vec<u8>, Mistake> {
    compose(text, format, Encoding::Utf8, LineEnding::None).map_err(|error| in_message(text, error))
}

/// As `--send-hex` has it.
fn in_hex(text: &str) -> Result<Vec<u8>, Mistake> {
    hex::parse(text).map_err(|error| in_message(text, error))
}

fn in_message(text: &str, error: ComposeError) -> Mistake {
    let place = text.get(error.at.clone()).filter(|place| !place.is_empty());
    Mistake::new(place.unwrap_or(text), Problem::Message(error))
}
