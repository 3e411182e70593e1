//! Reading captures, pcap and pcapng, out of a buffer that somebody else fills.

mod pcap;
mod pcapng;

use serde::{Deserialize, Serialize};

use self::pcap::Pcap;
use self::pcapng::Pcapng;
use super::{LinkType, Way};

/// The most bytes that have to be in memory at once: a packet with what is said of it.
pub const RECORD_MAX: usize = 1 << 20;

/// One packet, as far as it was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub link: LinkType,
    /// Nanoseconds since 1970; `None` where the file doesn't tell.
    pub time_ns: Option<i64>,
    /// `None` where the file doesn't tell.
    pub way: Option<Way>,
    pub bytes: &'a [u8],
}

/// What a look at the buffer brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<'a> {
    /// So many bytes, at most [`RECORD_MAX`], have to be in the buffer, counted from its beginning.
    More(usize),
    /// So many bytes, in the buffer or still to come, are done with.
    Used(u64, Option<Packet<'a>>),
}

/// The file is none, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureError {
    /// The byte of the file where what is wrong begins.
    pub at: u64,
    pub problem: CaptureProblem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureProblem {
    /// Neither pcap nor pcapng.
    NotACapture,
    Version,
    ByteOrder,
    Length,
    /// Of a packet that says it came from there.
    Interface,
    TooManyInterfaces,
}

/// Reads one file, from its first byte on.
#[derive(Debug, Default)]
pub struct Reader {
    form: Option<Form>,
    /// Where in the file the buffer begins.
    at: u64,
}

#[derive(Debug)]
enum Form {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Reader {
    /// Looks at the next record. The buffer begins where the one before ended.
    ///
    /// # Errors
    /// The file is damaged there; what follows can't be found.
    pub fn read<'a>(&mut self, buffer: &'a [u8]) -> Result<Read<'a>, CaptureError> {
        let wrong = |at| move |problem| CaptureError { at, problem };
        let read = match &mut self.form {
            Some(Form::Pcap(pcap)) => pcap.read(buffer),
            Some(Form::Pcapng(pcapng)) => pcapng.read(buffer),
            None => self.begin(buffer),
        };
        let read = read.map_err(wrong(self.at))?;
        if let Read::Used(used, _) = &read {
            self.at += used;
        }
        Ok(read)
    }

    /// Where in the file the next record begins.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    fn begin<'a>(&mut self, buffer: &'a [u8]) -> Result<Read<'a>, CaptureProblem> {
        let Some(magic) = buffer.first_chunk::<4>() else { return Ok(Read::More(4)) };
        if Pcapng::begins(*magic) {
            let mut pcapng = Pcapng::default();
            let read = pcapng.read(buffer);
            if matches!(read, Ok(Read::Used(..))) {
                self.form = Some(Form::Pcapng(pcapng));
            }
            return read;
        }
        let Some(header) = buffer.first_chunk() else {
            return if Pcap::begins(*magic) { Ok(Read::More(Pcap::HEADER)) } else { Err(CaptureProblem::NotACapture) };
        };
        self.form = Some(Form::Pcap(Pcap::new(header)?));
        Ok(Read::Used(Pcap::HEADER as u64, None))
    }
}

/// Numbers in the order that a file has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    /// The caller has seen to it that the bytes are there.
    fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk().copied()).unwrap_or_default();
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk().copied()).unwrap_or_default();
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests;
