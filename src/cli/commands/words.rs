//! The words of a line, one after the other.

use super::mistake::{Mistake, Problem};
use super::peer_name::PeerName;
use super::verb::Verb;

/// What stands between two words. A name may have any other white space in it.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// A word, or what stands in quotation marks.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) is_quoted: bool,
}

impl Word {
    /// Whether it is this word of the language.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.text == word
    }
}

/// What follows the word that a line begins with.
#[derive(Debug)]
pub(super) struct Words<'a> {
    verb: Verb,
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(verb: Verb, rest: &'a str) -> Self {
        Self { verb, rest }
    }

    /// What has not been read, from behind one blank on.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// The next word, where there is one. In quotation marks stands a text as JSON writes it.
    pub(super) fn next(&mut self) -> Result<Option<Word>, Mistake> {
        let rest = self.rest.trim_start_matches(BLANKS);
        if rest.is_empty() {
            return Ok(None);
        }
        let (word, behind) = if rest.starts_with('"') {
            let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let text = texts.next().and_then(Result::ok);
            let behind = rest.get(texts.byte_offset()..).unwrap_or_default();
            match text.filter(|_| behind.is_empty() || behind.starts_with(BLANKS)) {
                Some(text) => (Word { text, is_quoted: true }, behind),
                None => return Err(Mistake::new(rest, Problem::Quotes)),
            }
        } else {
            let (text, behind) = rest.split_at(rest.find(BLANKS).unwrap_or(rest.len()));
            (Word { text: text.to_owned(), is_quoted: false }, behind)
        };
        self.rest = behind.strip_prefix(BLANKS).unwrap_or(behind);
        Ok(Some(word))
    }

    /// The next word, without which the line says nothing.
    pub(super) fn needed(&mut self) -> Result<Word, Mistake> {
        self.next()?.ok_or_else(|| Mistake::new(self.verb.word(), Problem::Written(self.verb)))
    }

    pub(super) fn peer(&mut self) -> Result<PeerName, Mistake> {
        self.needed().map(PeerName::from)
    }

    /// The peer behind this word, where anything follows.
    pub(super) fn peer_after(&mut self, preposition: &str) -> Result<Option<PeerName>, Mistake> {
        match self.next()? {
            None => Ok(None),
            Some(word) if word.is(preposition) => self.peer().map(Some),
            Some(word) => Err(self.misplaced(&word)),
        }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Mistake> {
        self.next()?.map_or(Ok(()), |word| Err(self.misplaced(&word)))
    }

    /// A word that has no place there.
    pub(super) fn misplaced(&self, word: &Word) -> Mistake {
        Mistake::new(&word.text, Problem::Written(self.verb))
    }
}
