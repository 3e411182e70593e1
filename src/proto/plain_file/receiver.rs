//! A file from a plain program.

use crate::codec::file_name::{SafeName, sender_text};
use crate::model::{Notice, Outcome, ReceiveMode};

/// How the bytes of one connection become a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All of them are content.
    Raw,
    /// The first receive is the name. If it can't be a name alone, all bytes are content, and a notice says so.
    Tutorial,
    /// [`Self::Tutorial`] if the first receive looks like a file's name, else [`Self::Raw`].
    Auto,
}

impl Way {
    /// `None` where bytes are shown, not kept as a file.
    #[must_use]
    pub fn of(mode: &ReceiveMode) -> Option<Self> {
        match mode {
            ReceiveMode::Show | ReceiveMode::Verified { .. } => None,
            ReceiveMode::Raw { .. } => Some(Self::Raw),
            ReceiveMode::Tutorial { .. } => Some(Self::Tutorial),
            ReceiveMode::Auto { .. } => Some(Self::Auto),
        }
    }
}

/// A file to create, before the content that comes with it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    pub name: SafeName,
    /// What the user should know of the name.
    pub notice: Option<Notice>,
}

/// What one receive means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// Given once, with the first bytes.
    pub begin: Option<Begin>,
    /// The part of the received bytes that belongs to the file.
    pub content: &'a [u8],
}

/// Decides what of a connection's bytes is a file's name and what its content.
#[derive(Clone, Debug)]
pub struct PlainReceiver {
    way: Way,
    begun: bool,
}

impl PlainReceiver {
    /// How a file is called whose sender gave no name.
    const UNNAMED: &str = "received.bin";

    /// The most bytes of a name: what file systems take.
    const NAME_MAX: usize = 255;

    /// What the tutorial's server asks for when it waits for the name.
    pub const FIRST_MAX: usize = 1024;

    #[must_use]
    pub fn new(way: Way) -> Self {
        Self { way, begun: false }
    }

    /// The most bytes that the next receive call should ask for; `None`: any number.
    #[must_use]
    pub fn receive_max(&self) -> Option<usize> {
        (!self.begun && self.way != Way::Raw).then_some(Self::FIRST_MAX)
    }

    /// The bytes of one receive call, as it returned them. Nothing is copied but the name.
    pub fn handle_bytes<'a>(&mut self, bytes: &'a [u8]) -> Received<'a> {
        if self.begun || bytes.is_empty() {
            return Received { begin: None, content: bytes };
        }
        self.begun = true;
        let name = sender_text(bytes).filter(|text| can_be_name(bytes, text));
        let (named, notice) = match (self.way, name) {
            (Way::Raw, _) => (false, None),
            (Way::Tutorial, name) => (name.is_some(), name.is_none().then_some(Notice::NameAndContentTogether)),
            (Way::Auto, name) => (name.is_some_and(|text| looks_like_name(&text)), None),
        };
        if !named {
            let name = Self::name_of(&[]);
            return Received { begin: Some(Begin { name, notice }), content: bytes };
        }
        let name = SafeName::new(bytes);
        let notice = name
            .is_changed()
            .then(|| Notice::NameChanged { from: name.as_sent().to_owned(), to: name.as_str().to_owned() });
        Received { begin: Some(Begin { name, notice }), content: &[] }
    }

    /// The name that these bytes of a stream stand for, once somebody says that they are one; none is that of a file
    /// without a name.
    #[must_use]
    pub fn name_of(bytes: &[u8]) -> SafeName {
        SafeName::new(if bytes.is_empty() { Self::UNNAMED.as_bytes() } else { bytes })
    }

    /// How the file ended, now that the stream has; `None` if no byte came, so that there is nothing to keep.
    /// `in_order` tells whether the peer finished sending, as opposed to a reset, a failure or a cancel.
    #[must_use]
    pub fn handle_end(&self, in_order: bool) -> Option<Outcome> {
        self.begun.then_some(if in_order { Outcome::Unverified } else { Outcome::Incomplete })
    }
}

/// Whether the bytes may be a name and nothing else. Content of a few printable bytes right after the name can't be
/// told from it.
fn can_be_name(bytes: &[u8], text: &str) -> bool {
    bytes.len() <= PlainReceiver::NAME_MAX && !text.chars().any(char::is_control)
}

/// Whether a text is more likely a file's name than a message: it ends with a dot and 1 to 10 ASCII letters and digits
/// after something else, has no space at its ends and none of the characters that no Windows name has (a path may stand
/// before it, even one with a drive letter), and is not just a number or an address such as `3.14` or `10.0.0.1`.
/// `README` is therefore content, and a message `see a.txt` is a name.
fn looks_like_name(text: &str) -> bool {
    let path = match text.as_bytes() {
        [drive, b':', ..] if drive.is_ascii_alphabetic() => &text[2..],
        _ => text,
    };
    let component = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let Some((stem, extension)) = component.rsplit_once('.') else { return false };
    !stem.trim_matches('.').is_empty()
        && (1..=10).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.trim() == text
        && !path.contains(['<', '>', ':', '"', '|', '?', '*'])
        && component.contains(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-' | ' '))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::encoding::Encoding;

    const WAYS: [Way; 3] = [Way::Raw, Way::Tutorial, Way::Auto];

    fn first(way: Way, bytes: &[u8]) -> (String, Option<Notice>, usize) {
        let received = PlainReceiver::new(way).handle_bytes(bytes);
        let begin = received.begin.unwrap();
        (begin.name.as_str().to_owned(), begin.notice, received.content.len())
    }

    #[test]
    fn the_tutorials_name_then_its_bytes() {
        for way in [Way::Tutorial, Way::Auto] {
            let mut receiver = PlainReceiver::new(way);
            assert_eq!(receiver.receive_max(), Some(1024));
            let received = receiver.handle_bytes(b"move_info7.txt");
            let begin = received.begin.unwrap();
            assert_eq!((begin.name.as_str(), begin.notice, received.content), ("move_info7.txt", None, &b""[..]));
            assert_eq!(receiver.receive_max(), None);
            assert_eq!(receiver.handle_bytes(b"b.txt"), Received { begin: None, content: b"b.txt" });
            assert_eq!(receiver.handle_end(true), Some(Outcome::Unverified));
            assert_eq!(receiver.handle_end(false), Some(Outcome::Incomplete));
        }
    }

    #[test]
    fn raw_bytes_have_no_name() {
        assert_eq!(PlainReceiver::new(Way::Raw).receive_max(), None);
        assert_eq!(first(Way::Raw, b"a.txt"), ("received.bin".to_owned(), None, 5));
        assert_eq!(first(Way::Auto, b"hello"), ("received.bin".to_owned(), None, 5));
    }

    #[test]
    fn name_and_content_in_one_receive_are_all_kept() {
        let together = Some(Notice::NameAndContentTogether);
        for bytes in [
            &b"a.txt\nline\n"[..],
            b"a.txt\0",
            b"a.png\x89PNG\r\n",
            b"a.txt\xff\xff",
            &[b'a'; 256],
            &[0xe4, 0xbd, 0xff],
        ] {
            assert_eq!(first(Way::Tutorial, bytes), ("received.bin".to_owned(), together.clone(), bytes.len()));
            assert_eq!(first(Way::Auto, bytes), ("received.bin".to_owned(), None, bytes.len()));
        }
        assert_eq!(first(Way::Tutorial, &[b'a'; 255]).2, 0);
    }

    #[test]
    fn a_name_is_made_safe_and_told() {
        let changed = |from: &str, to: &str| Some(Notice::NameChanged { from: from.to_owned(), to: to.to_owned() });
        for way in [Way::Tutorial, Way::Auto] {
            let raw = "../../etc/cron.d/x.sh";
            assert_eq!(first(way, raw.as_bytes()), ("x.sh".to_owned(), changed(raw, "x.sh"), 0));
            let gbk = Encoding::Gbk.encode("报告.docx").unwrap();
            assert_eq!(first(way, &gbk), ("报告.docx".to_owned(), None, 0));
        }
        assert_eq!(first(Way::Tutorial, b".."), ("unnamed".to_owned(), changed("..", "unnamed"), 0));
        assert_eq!(first(Way::Tutorial, b"README").0, "README");
    }

    #[test]
    fn what_looks_like_a_name() {
        for name in ["a.b", "move_info7.txt", "报告 1.docx", "C:\\dir\\a.7z", "/tmp/a.tar.gz", ".a.txt", "backup.001"]
        {
            assert!(looks_like_name(name), "{name}");
        }
        for text in [
            "",
            "hello",
            "README",
            "Well.",
            "Well. Yes, I think so",
            "3.14",
            "-1.5",
            "10.0.0.1",
            ".txt",
            "..txt",
            "a.b/c",
            "http://example.com/a.html",
            "{\"a\":1.5}",
            " a.txt",
            "a.txt ",
            "a.averylongone",
            "你好。好",
        ] {
            assert!(!looks_like_name(text), "{text}");
        }
    }

    #[test]
    fn no_byte_no_file() {
        for way in WAYS {
            let mut receiver = PlainReceiver::new(way);
            assert_eq!(receiver.handle_bytes(b""), Received { begin: None, content: b"" });
            assert_eq!(receiver.handle_end(true), None);
            assert!(receiver.handle_bytes(b"a.txt").begin.is_some());
        }
    }

    #[test]
    fn ways_of_modes() {
        let into = std::path::PathBuf::from("in");
        assert_eq!(Way::of(&ReceiveMode::Show), None);
        assert_eq!(Way::of(&ReceiveMode::Raw { into: into.clone() }), Some(Way::Raw));
        assert_eq!(Way::of(&ReceiveMode::Tutorial { into: into.clone() }), Some(Way::Tutorial));
        assert_eq!(Way::of(&ReceiveMode::Auto { into }), Some(Way::Auto));
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_however_the_stream_is_cut(
            way in prop::sample::select(&WAYS[..]),
            receives in prop::collection::vec(
                prop_oneof!["[a-z./ ]{0,8}\\.[a-z]{1,3}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..300)],
                0..6,
            ),
        ) {
            let mut receiver = PlainReceiver::new(way);
            let mut kept = Vec::new();
            let mut files = 0;
            for bytes in &receives {
                let received = receiver.handle_bytes(bytes);
                if let Some(begin) = received.begin {
                    files += 1;
                    if received.content.is_empty() {
                        prop_assert!(way != Way::Raw);
                        let sent = sender_text(bytes);
                        prop_assert_eq!(Some(begin.name.as_sent()), sent.as_deref());
                        kept.extend_from_slice(bytes);
                    }
                }
                kept.extend_from_slice(received.content);
            }
            prop_assert_eq!(&kept, &receives.concat());
            prop_assert_eq!(files, usize::from(!kept.is_empty()));
            prop_assert_eq!(receiver.handle_end(true).is_some(), !kept.is_empty());
        }
    }
}
