//! Socket options as a query: `reuseaddr=1&nodelay=1&rcvbuf=4M`.

mod answer;
mod option;
mod service_class;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{IpProtocol, Protocol, Role};
pub use answer::OptionAnswer;
pub use option::SocketOption;
pub use value::{OptionKind, OptionValue, Unit};

/// What is set on a socket; an option that is not in here keeps the program's default, see [`SocketOption`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions(BTreeMap<SocketOption, OptionValue>);

/// Why an option text can't be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    #[error("unknown option {0:?}")]
    Unknown(String),
    #[error("option {name} can't be {value:?}")]
    BadValue { name: &'static str, value: String, takes: OptionKind },
    /// The two as they are written: the same option, or two names of one.
    #[error("{first} and {second} are the same option")]
    Twice { first: String, second: String },
    #[error("sockets of {} have no option {name}", protocol.scheme())]
    NotFor { name: &'static str, protocol: Protocol },
    #[error("a socket that was passed is bound already, too late for option {name}")]
    TooLate { name: &'static str },
    #[error("a client has no option {name}")]
    ForListeners { name: &'static str },
}

impl SocketOptions {
    #[must_use]
    pub fn get(&self, option: SocketOption) -> Option<&OptionValue> {
        self.0.get(&option)
    }

    /// Sets an option; `None` gives it back to the default.
    pub fn set(&mut self, option: SocketOption, value: Option<OptionValue>) {
        match value {
            Some(value) => _ = self.0.insert(option, value),
            None => _ = self.0.remove(&option),
        }
    }

    /// The value of an option that is on or off.
    #[must_use]
    pub fn switch(&self, option: SocketOption) -> Option<bool> {
        match self.get(option) {
            Some(OptionValue::Switch(on)) => Some(*on),
            _ => None,
        }
    }

    /// The value of an option that is a number.
    #[must_use]
    pub fn number(&self, option: SocketOption) -> Option<u32> {
        match self.get(option) {
            Some(OptionValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The value of an option that is a text.
    #[must_use]
    pub fn text(&self, option: SocketOption) -> Option<&str> {
        match self.get(option) {
            Some(OptionValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The protocol that the socket is opened for, where it is not the transport's usual one.
    #[must_use]
    pub fn ip_protocol(&self) -> Option<IpProtocol> {
        match self.get(SocketOption::IpProtocol) {
            Some(OptionValue::Protocol(protocol)) => Some(*protocol),
            _ => None,
        }
    }

    /// Whether all of them are options of this transport's sockets.
    ///
    /// # Errors
    /// The first that is none.
    pub fn check(&self, protocol: Protocol) -> Result<(), OptionError> {
        match self.iter().find(|(option, _)| !option.applies_to(protocol)) {
            Some((option, _)) if protocol == Protocol::Descriptor => Err(OptionError::TooLate { name: option.name() }),
            Some((option, _)) => Err(OptionError::NotFor { name: option.name(), protocol }),
            None => Ok(()),
        }
    }

    /// How options are written for sockets of this transport: two that it has, of those that are asked for most.
    #[must_use]
    pub fn example(protocol: Protocol) -> String {
        const COMMON: [&str; 4] = ["reuseaddr=1", "rcvbuf=4M", "ttl=8", "recvsize=1024"];
        let fits = |query: &&str| query.parse::<Self>().is_ok_and(|options| options.check(protocol).is_ok());
        COMMON.into_iter().filter(fits).take(2).collect::<Vec<_>>().join("&")
    }

    /// Whether all of them are options of this side's sockets, of a transport that [`Self::check`] found to have them.
    ///
    /// # Errors
    /// The first that is none.
    pub fn check_role(&self, protocol: Protocol, role: Role) -> Result<(), OptionError> {
        for (option, _) in self.iter() {
            if !option.is_for(role) {
                return Err(OptionError::ForListeners { name: option.name() });
            }
            if protocol == Protocol::Descriptor && !option.counts_later(role) {
                return Err(OptionError::TooLate { name: option.name() });
            }
        }
        Ok(())
    }

    /// In the order of [`SocketOption::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (SocketOption, &OptionValue)> {
        self.0.iter().map(|(option, value)| (*option, value))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for SocketOptions {
    type Err = OptionError;

    fn from_str(query: &str) -> Result<Self, Self::Err> {
        let mut options = Self::default();
        let mut written = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "1"));
            let (option, value) = SocketOption::read(name, value)?;
            if let Some(first) = written.insert(option, pair) {
                return Err(OptionError::Twice { first: first.to_owned(), second: pair.to_owned() });
            }
            options.set(option, Some(value));
        }
        Ok(options)
    }
}

impl fmt::Display for SocketOptions {
    /// The query that reads back as the same options; empty where all are left to the defaults.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (option, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(f, "{separator}{}={value}", option.name())?;
        }
        Ok(())
    }
}
