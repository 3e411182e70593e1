//! From a text to conditions: a parser by recursive descent, one function a level of binding.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use regex::bytes::Regex;

use super::{BytePattern, Comparison, Condition, Filter, FilterError, FilterProblem, Moment, Operator};
use crate::model::ids::SessionId;
use crate::model::row::Direction;

/// What a value may stand after.
const KEYS: [&str; 7] = ["text:", "peer:", "peer=", "hex:", "session:", "since:", "until:"];

const AND: [&str; 2] = ["and", "&&"];
const OR: [&str; 2] = ["or", "||"];

type Compared = fn(Comparison) -> Condition;

/// What is compared with a number.
const NUMBERS: [(&str, Compared); 2] = [("len", Condition::Len), ("row", Condition::Row)];

/// `None` for a text that asks for nothing.
pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<Option<Condition>, FilterError> {
    let mut parser = Parser { text, at: 0, open: 0, depth: 0, zone };
    parser.skip_space();
    if parser.is_over() {
        return Ok(None);
    }
    let condition = parser.any()?;
    Ok(Some(condition).filter(|condition| !is_nothing(condition)))
}

struct Parser<'text> {
    text: &'text str,
    at: usize,
    /// Parentheses that are open: where there are none, one that closes is a character as any other within a word.
    open: usize,
    /// With the negations.
    depth: usize,
    zone: &'text TimeZone,
}

impl<'text> Parser<'text> {
    fn rest(&self) -> &'text str {
        &self.text[self.at..]
    }

    fn is_over(&self) -> bool {
        self.rest().is_empty()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Where the word that begins here ends.
    fn word_end(&self) -> usize {
        self.rest().find(|c| self.ends_word(c)).map_or(self.text.len(), |len| self.at + len)
    }

    fn ends_word(&self, character: char) -> bool {
        character.is_whitespace() || (character == ')' && self.open > 0)
    }

    fn is_border(&self, at: usize) -> bool {
        self.text[at..].chars().next().is_none_or(|next| self.ends_word(next))
    }

    /// Takes one of these words, and returns its place.
    fn take_word(&mut self, words: [&str; 2]) -> Option<Range<usize>> {
        self.skip_space();
        let at = self.at..self.word_end();
        words.contains(&&self.text[at.clone()]).then(|| {
            self.at = at.end;
            at
        })
    }

    fn any(&mut self) -> Result<Condition, FilterError> {
        let mut conditions = vec![self.all()?];
        while let Some(at) = self.take_word(OR) {
            self.needs_condition(at)?;
            conditions.push(self.all()?);
        }
        Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::Any(conditions) })
    }

    fn all(&mut self) -> Result<Condition, FilterError> {
        let mut conditions = Vec::new();
        let mut is_first = true;
        loop {
            if let Some(at) = self.take_word(AND) {
                match is_first {
                    true => return Err(FilterError { at, problem: FilterProblem::NoCondition }),
                    false => self.needs_condition(at)?,
                }
            }
            self.skip_space();
            if self.is_over() || self.is_group_over() || self.is_or() {
                break;
            }
            is_first = false;
            // Nothing is part of everything: an empty text is no condition.
            conditions.extend(Some(self.one()?).filter(|condition| !is_nothing(condition)));
        }
        if is_first {
            // It begins with an `or`: whoever opens a group or negates has looked for anything else.
            return Err(FilterError { at: self.at..self.word_end(), problem: FilterProblem::NoCondition });
        }
        Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::All(conditions) })
    }

    fn is_group_over(&self) -> bool {
        self.open > 0 && self.rest().starts_with(')')
    }

    fn is_or(&self) -> bool {
        OR.contains(&&self.text[self.at..self.word_end()])
    }

    /// After an operator, which is at `at`.
    fn needs_condition(&mut self, at: Range<usize>) -> Result<(), FilterError> {
        self.skip_space();
        let is_and = AND.contains(&&self.text[self.at..self.word_end()]);
        if self.is_over() || is_and || self.is_or() || self.is_group_over() {
            return Err(FilterError { at, problem: FilterProblem::NoCondition });
        }
        Ok(())
    }

    fn one(&mut self) -> Result<Condition, FilterError> {
        let start = self.at;
        let not = self.take_word(["not", "!"]).or_else(|| {
            let is_not = self.rest().starts_with('!') && !self.rest().starts_with("!=");
            is_not.then(|| {
                self.at += 1;
                start..self.at
            })
        });
        if let Some(at) = not {
            self.needs_condition(at.clone())?;
            let refused = self.deeper(at, Self::one)?;
            return Ok(if is_nothing(&refused) { refused } else { Condition::Not(Box::new(refused)) });
        }
        match self.rest().as_bytes().first() {
            Some(b'(') => self.group(),
            Some(b')') => Err(FilterError { at: self.at..self.at + 1, problem: FilterProblem::CloseParenthesis }),
            Some(b'"') => Ok(Condition::Text(self.quoted()?)),
            Some(b'/') => self.regex(),
            _ => self.word(),
        }
    }

    fn deeper(
        &mut self,
        at: Range<usize>,
        read: impl FnOnce(&mut Self) -> Result<Condition, FilterError>,
    ) -> Result<Condition, FilterError> {
        if self.depth == Filter::DEPTH_MAX {
            return Err(FilterError { at, problem: FilterProblem::TooDeep });
        }
        self.depth += 1;
        let condition = read(self)?;
        self.depth -= 1;
        Ok(condition)
    }

    fn group(&mut self) -> Result<Condition, FilterError> {
        let at = self.at..self.at + 1;
        self.at += 1;
        self.open += 1;
        self.needs_condition(at.clone())?;
        let condition = self.deeper(at.clone(), Self::any)?;
        if !self.rest().starts_with(')') {
            return Err(FilterError { at, problem: FilterProblem::OpenParenthesis });
        }
        self.at += 1;
        self.open -= 1;
        Ok(condition)
    }

    /// Between double quotes.
    fn quoted(&mut self) -> Result<String, FilterError> {
        let mut text = String::new();
        let mut rest = self.rest().char_indices().skip(1);
        while let Some((index, character)) = rest.next() {
            match character {
                '"' => {
                    self.at += index + 1;
                    return Ok(text);
                }
                '\\' => match rest.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                _ => text.push(character),
            }
        }
        Err(FilterError { at: self.at..self.text.len(), problem: FilterProblem::OpenQuote })
    }

    /// `/…/` with its flags, without spaces; what has no end that is followed by a border is a word, as paths are.
    fn regex(&mut self) -> Result<Condition, FilterError> {
        let start = self.at;
        let mut pattern = String::new();
        let mut rest = self.rest().char_indices().skip(1).peekable();
        while let Some((index, character)) = rest.next() {
            match (character, rest.peek()) {
                ('\\', Some((_, '/'))) => {
                    rest.next();
                    pattern.push('/');
                }
                ('\\', Some((_, escaped))) => {
                    pattern.extend(['\\', *escaped]);
                    rest.next();
                }
                ('/', _) if !pattern.is_empty() => {
                    let end = self.flags_end(start + index + 1);
                    if self.is_border(end) {
                        self.at = end;
                        return prepared(&pattern, &self.text[start + index + 1..end], start..end);
                    }
                    pattern.push('/');
                }
                // It would reach into the next word, which may be a path as well.
                (space, _) if space.is_whitespace() => break,
                _ => pattern.push(character),
            }
        }
        self.word()
    }

    /// Where an expression's flags end, of which each is there once at most.
    fn flags_end(&self, begin: usize) -> usize {
        let rest = &self.text[begin..];
        let flags = ["is", "si", "i", "s"].into_iter().find(|flags| rest.starts_with(flags));
        begin + flags.map_or(0, str::len)
    }

    fn word(&mut self) -> Result<Condition, FilterError> {
        let start = self.at;
        if let Some(condition) = self.comparison()? {
            return Ok(condition);
        }
        for key in KEYS {
            if let Some(value) = self.rest().strip_prefix(key) {
                self.at = self.text.len() - value.len();
                let is_quoted = value.starts_with('"');
                let value = if is_quoted { self.quoted()? } else { self.plain().to_owned() };
                let read = self.keyed(key, &value, is_quoted);
                return read.map_err(|problem| FilterError { at: start..self.at, problem });
            }
        }
        Ok(match self.plain() {
            "in" => Condition::Direction(Direction::In),
            "out" => Condition::Direction(Direction::Out),
            "error" => Condition::Error,
            "is:marked" => Condition::Marked,
            text => Condition::Text(text.to_owned()),
        })
    }

    /// What is left of a word.
    fn plain(&mut self) -> &'text str {
        let end = self.word_end();
        let word = &self.text[self.at..end];
        self.at = end;
        word
    }

    /// `len>100`, with spaces or without.
    fn comparison(&mut self) -> Result<Option<Condition>, FilterError> {
        let start = self.at;
        for (name, condition) in NUMBERS {
            let Some(after) = self.rest().strip_prefix(name).map(str::trim_start) else { continue };
            let operators = Operator::WRITTEN.iter();
            let mut found = operators.filter_map(|(written, operator)| Some((after.strip_prefix(written)?, *operator)));
            let Some((value, operator)) = found.next() else { continue };
            self.at = self.text.len() - value.trim_start().len();
            let value = self.plain().parse();
            let bad = |_| FilterError { at: start..self.at, problem: FilterProblem::BadNumber };
            return Ok(Some(condition(Comparison { operator, value: value.map_err(bad)? })));
        }
        Ok(None)
    }

    fn keyed(&self, key: &str, value: &str, is_quoted: bool) -> Result<Condition, FilterProblem> {
        Ok(match key {
            "text:" => Condition::Text(value.to_owned()),
            // Nothing is part of every peer, and whoever has begun to write a whole one means none yet.
            "peer:" | "peer=" if value.is_empty() => Condition::Text(String::new()),
            "peer:" if !is_quoted && value.contains(['*', '?']) => Condition::PeerLike(value.to_owned()),
            "peer:" => Condition::Peer(value.to_owned()),
            "peer=" => Condition::PeerIs(value.to_owned()),
            "hex:" => Condition::Bytes(BytePattern::parse(value).ok_or(FilterProblem::BadHex)?),
            "session:" => Condition::Session(SessionId(value.parse().map_err(|_| FilterProblem::BadSession)?)),
            "since:" => Condition::Since(self.moment(value).ok_or(FilterProblem::BadTime)?),
            _ => Condition::Until(self.moment(value).ok_or(FilterProblem::BadTime)?),
        })
    }

    fn moment(&self, text: &str) -> Option<Moment> {
        let at = |date_time: DateTime| {
            let zoned = date_time.to_zoned(self.zone.clone()).ok()?;
            Some(Moment::At(nanoseconds(zoned.timestamp())))
        };
        // With an offset, or in UTC.
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Moment::At(nanoseconds(timestamp)));
        }
        if let Ok(date) = text.parse::<Date>() {
            // A date alone is its first moment; with a time it is read as both.
            return at(text.parse::<DateTime>().unwrap_or_else(|_| date.at(0, 0, 0, 0)));
        }
        // Digits alone could be anything, and an offset is of a day.
        let is_time = text.contains(':') && !text.contains(['+', '-']);
        let time: Time = is_time.then(|| text.parse().ok()).flatten()?;
        Some(Moment::Daily { time, zone: self.zone.clone() })
    }
}

/// Whether it asks for nothing, as whoever has only begun to write does.
fn is_nothing(condition: &Condition) -> bool {
    match condition {
        Condition::Text(text) => text.is_empty(),
        Condition::All(conditions) => conditions.is_empty(),
        _ => false,
    }
}

/// Nanoseconds since 1970, of the years 1678 to 2262; before and after, the first and the last of these.
fn nanoseconds(timestamp: Timestamp) -> i64 {
    let ns = timestamp.as_nanosecond();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

fn prepared(pattern: &str, flags: &str, at: Range<usize>) -> Result<Condition, FilterError> {
    let pattern = if flags.is_empty() { pattern.to_owned() } else { format!("(?{flags}){pattern}") };
    match Regex::new(&pattern) {
        Ok(_) => Ok(Condition::Regex(pattern)),
        Err(error) => {
            // The last line says what; those before show where.
            let words = error.to_string();
            let reason = words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(FilterError { at, problem: FilterProblem::BadRegex(reason) })
        }
    }
}
