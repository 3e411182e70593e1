//! Values of socket options.

use std::fmt;

use super::service_class;
use crate::model::IpProtocol;

/// The value of one option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionValue {
    Switch(bool),
    Number(u32),
    /// Of a number that need not be there: none.
    Off,
    Text(String),
    Protocol(IpProtocol),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    None,
    Bytes,
    Seconds,
    Milliseconds,
}

/// Which values an option can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    Switch,
    Number {
        min: u32,
        max: u32,
        unit: Unit,
        /// Whether there may be none, `off`, which is not the same as 0.
        or_off: bool,
    },
    /// Letters, digits and `-_.`, so many bytes at most.
    Text {
        max: usize,
    },
    /// The name or number of an IP protocol.
    Protocol,
    /// A number of so many bits, or the name of a class of service, which is the upper six of them: the byte of IP's header,
    /// or the code point alone (RFC 2474, section 3).
    ServiceClass {
        bits: u32,
    },
}

impl OptionKind {
    /// The value that a text stands for; `None` where it can't be one. Bytes may end in `K`, `M` or `G`, other numbers
    /// begin with `0x`, and protocols and classes have names, in any case.
    #[must_use]
    pub fn read(self, text: &str) -> Option<OptionValue> {
        match self {
            Self::Switch => match text {
                "1" | "on" | "true" | "yes" => Some(OptionValue::Switch(true)),
                "0" | "off" | "false" | "no" => Some(OptionValue::Switch(false)),
                _ => None,
            },
            Self::Number { or_off: true, .. } if matches!(text, "" | "off" | "false" | "no") => Some(OptionValue::Off),
            Self::Number { min, max, unit, .. } => {
                let number = if unit == Unit::Bytes { size(text) } else { number(text) }?;
                (min..=max).contains(&number).then_some(OptionValue::Number(number))
            }
            Self::Text { max } => {
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                let is_name = (1..=max).contains(&text.len()) && text.chars().all(fits);
                is_name.then(|| OptionValue::Text(text.to_owned()))
            }
            Self::Protocol => text.parse().ok().map(OptionValue::Protocol),
            Self::ServiceClass { bits } => {
                // What a code point leaves of the byte is ECN's, RFC 3168.
                let class = || Some(service_class::code_point(text)? << (bits - service_class::BITS));
                let fits = |number: &u32| *number < 1 << bits;
                number(text).filter(fits).or_else(class).map(OptionValue::Number)
            }
        }
    }
}

fn decimal(text: &str) -> Option<u32> {
    // `parse` alone would take a sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Decimal, or hexadecimal after `0x`, as fields of headers are written.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None => decimal(text),
    }
}

/// Bytes, with `K`, `M` or `G` for powers of 1024.
fn size(text: &str) -> Option<u32> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    decimal(digits)?.checked_mul(unit)
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(on) => write!(f, "{}", u8::from(*on)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Off => f.write_str("off"),
            Self::Text(text) => f.write_str(text),
            Self::Protocol(protocol) => protocol.fmt(f),
        }
    }
}
