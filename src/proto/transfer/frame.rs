//! Frames as bytes.

use blake3::Hasher;

use crate::codec::prefix_hash::{HASH_LEN, Hash};
use crate::model::CancelReason;

/// Bytes before what a frame carries.
pub(super) const HEADER: usize = 8;

/// Says that a reader which doesn't know the type must give up.
const CRITICAL: u8 = 1;

/// Bytes at the end of a frame that is not data, by which damage shows.
const CHECK: usize = 8;

/// The most bytes of words in a cancel.
const WORDS_MAX: usize = 1024;

/// The most bytes of a name, so that an offer is no longer than a frame may be.
pub const NAME_MAX: usize = 16 << 10;

/// A transfer's random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferKey(pub [u8; 16]);

/// What is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    /// An empty folder, or one whose files follow as offers of their own. Its size is 0, and it has no data.
    Folder,
}

/// A file or a folder that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub key: TransferKey,
    pub kind: Kind,
    /// Its data follows at once.
    pub eager: bool,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970, UTC.
    pub modified_ns: Option<i64>,
    /// The sender's own name for it, with `/` between folders.
    pub name: String,
}

/// The first frame of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    pub lowest: u16,
    pub highest: u16,
    pub features: u64,
    /// Whether it will receive files; else it will send them.
    pub receives: bool,
}

/// A frame that is not data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    Hello(Hello),
    Offer(Offer),
    Accept { key: TransferKey, offset: u64, hash: Hash },
    Begin { key: TransferKey, offset: u64 },
    End { key: TransferKey, size: u64, hash: Hash },
    Commit { key: TransferKey },
    Cancel { key: TransferKey, reason: CancelReason, words: String },
    Working,
    Done,
    Heard,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) critical: bool,
    pub(super) len: u32,
}

pub(super) const HELLO: u8 = 1;
pub(super) const DATA: u8 = 5;

/// Bytes before those of a frame of data.
pub const DATA_HEADER: usize = HEADER;

/// What goes before `len` bytes of data, at most [`super::DATA_MAX`].
#[must_use]
pub fn data_header(len: u32) -> [u8; DATA_HEADER] {
    header(DATA, CRITICAL, len)
}

fn header(kind: u8, flags: u8, len: u32) -> [u8; HEADER] {
    let [a, b, c, d] = len.to_be_bytes();
    [kind, flags, 0, 0, a, b, c, d]
}

impl Header {
    /// `None` where a bit is set that has no meaning.
    pub(super) fn parse(bytes: [u8; HEADER]) -> Option<Self> {
        let [kind, flags @ 0..=CRITICAL, 0, 0, a, b, c, d] = bytes else { return None };
        Some(Self { kind, critical: flags & CRITICAL != 0, len: u32::from_be_bytes([a, b, c, d]) })
    }
}

const REASONS: [(u8, CancelReason); 9] = [
    (1, CancelReason::Declined),
    (2, CancelReason::NoRoom),
    (3, CancelReason::Limit),
    (4, CancelReason::Name),
    (5, CancelReason::Storage),
    (6, CancelReason::Changed),
    (7, CancelReason::Stopped),
    (8, CancelReason::Mismatch),
    (9, CancelReason::AllStopped),
];

fn number_of(reason: CancelReason) -> u8 {
    match reason {
        CancelReason::Other(number) => number,
        known => REASONS.iter().find(|(_, reason)| *reason == known).map_or(0, |(number, _)| *number),
    }
}

fn reason_of(number: u8) -> CancelReason {
    REASONS.iter().find(|(known, _)| *known == number).map_or(CancelReason::Other(number), |(_, reason)| *reason)
}

impl Frame {
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => HELLO,
            Self::Offer(_) => 2,
            Self::Accept { .. } => 3,
            Self::Begin { .. } => 4,
            Self::End { .. } => 6,
            Self::Commit { .. } => 7,
            Self::Cancel { .. } => 8,
            Self::Working => 9,
            Self::Done => 10,
            Self::Heard => 11,
        }
    }

    /// Appends the frame. Words and names that are too long lose their end.
    pub fn write(&self, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(&[0; HEADER]);
        match self {
            Self::Hello(hello) => {
                out.extend_from_slice(&hello.lowest.to_be_bytes());
                out.extend_from_slice(&hello.highest.to_be_bytes());
                out.extend_from_slice(&hello.features.to_be_bytes());
                out.push(u8::from(hello.receives));
            }
            Self::Offer(offer) => {
                out.extend_from_slice(&offer.key.0);
                out.push(u8::from(offer.kind == Kind::Folder));
                out.push(u8::from(offer.eager));
                out.extend_from_slice(&offer.size.to_be_bytes());
                out.extend_from_slice(&offer.modified_ns.unwrap_or(i64::MIN).to_be_bytes());
                out.extend_from_slice(start(&offer.name, NAME_MAX));
            }
            Self::Accept { key, offset, hash } | Self::End { key, size: offset, hash } => {
                out.extend_from_slice(&key.0);
                out.extend_from_slice(&offset.to_be_bytes());
                out.extend_from_slice(hash);
            }
            Self::Begin { key, offset } => {
                out.extend_from_slice(&key.0);
                out.extend_from_slice(&offset.to_be_bytes());
            }
            Self::Commit { key } => out.extend_from_slice(&key.0),
            Self::Cancel { key, reason, words } => {
                out.extend_from_slice(&key.0);
                out.push(number_of(*reason));
                out.extend_from_slice(start(words, WORDS_MAX));
            }
            Self::Working | Self::Done | Self::Heard => {}
        }
        let flags = if matches!(self, Self::Working | Self::Heard) { 0 } else { CRITICAL };
        let len = u32::try_from(out.len() + CHECK - at - HEADER).unwrap_or(u32::MAX);
        let header = header(self.kind(), flags, len);
        out[at..at + HEADER].copy_from_slice(&header);
        let check = check(header, &out[at + HEADER..]);
        out.extend_from_slice(&check);
    }

    /// The frame with this header, of a type that [`Self::is_known`]; `None` if it was damaged or makes no sense.
    pub(super) fn parse(header: Header, bytes: &[u8]) -> Option<Self> {
        let (fields, found) = bytes.split_last_chunk()?;
        let flags = if header.critical { CRITICAL } else { 0 };
        if *found != check(self::header(header.kind, flags, header.len), fields) {
            return None;
        }
        let mut fields = Fields(fields);
        Some(match header.kind {
            HELLO => Self::Hello(Hello {
                lowest: u16::from_be_bytes(fields.take()?),
                highest: u16::from_be_bytes(fields.take()?),
                features: u64::from_be_bytes(fields.take()?),
                receives: fields.flag()?,
            }),
            2 => Self::Offer(Offer {
                key: fields.key()?,
                kind: if fields.flag()? { Kind::Folder } else { Kind::File },
                eager: fields.flag()?,
                size: u64::from_be_bytes(fields.take()?),
                modified_ns: Some(i64::from_be_bytes(fields.take()?)).filter(|time| *time != i64::MIN),
                name: fields.text()?,
            }),
            3 => Self::Accept { key: fields.key()?, offset: u64::from_be_bytes(fields.take()?), hash: fields.hash()? },
            4 => Self::Begin { key: fields.key()?, offset: u64::from_be_bytes(fields.take()?) },
            6 => Self::End { key: fields.key()?, size: u64::from_be_bytes(fields.take()?), hash: fields.hash()? },
            7 => Self::Commit { key: fields.key()? },
            8 => {
                let (key, [reason]) = (fields.key()?, fields.take()?);
                Self::Cancel { key, reason: reason_of(reason), words: fields.text()? }
            }
            9 => Self::Working,
            10 => Self::Done,
            11 => Self::Heard,
            _ => return None,
        })
    }

    /// Whether a frame of this type is one of [`Frame`].
    pub(super) fn is_known(kind: u8) -> bool {
        matches!(kind, HELLO..=4 | 6..=11)
    }
}

/// TCP's own sums miss damage now and then; what a frame says must not be taken for something else.
fn check(header: [u8; HEADER], fields: &[u8]) -> [u8; CHECK] {
    let hash = Hasher::new().update(&header).update(fields).finalize();
    let mut check = [0; CHECK];
    check.copy_from_slice(&hash.as_bytes()[..CHECK]);
    check
}

/// As much of a text as has room, in whole characters.
fn start(text: &str, room: usize) -> &[u8] {
    &text.as_bytes()[..text.floor_char_boundary(room)]
}

/// What is left of a frame.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const LEN: usize>(&mut self) -> Option<[u8; LEN]> {
        let (field, rest) = self.0.split_first_chunk::<LEN>()?;
        self.0 = rest;
        Some(*field)
    }

    fn key(&mut self) -> Option<TransferKey> {
        self.take().map(TransferKey)
    }

    fn hash(&mut self) -> Option<Hash> {
        self.take::<HASH_LEN>()
    }

    fn flag(&mut self) -> Option<bool> {
        match self.take()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    /// The rest.
    fn text(&mut self) -> Option<String> {
        Some(std::str::from_utf8(std::mem::take(&mut self.0)).ok()?.to_owned())
    }
}
