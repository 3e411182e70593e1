//! Multicast groups as people write them.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

/// A group to receive from: `239.1.2.3`, `239.1.2.3@eth0`, `ff02::1@eth0`; from one source alone (RFC 4607),
/// `232.1.1.1@eth0/10.0.0.5`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MulticastGroup {
    group: IpAddr,
    interface: Option<InterfaceChoice>,
    source: Option<IpAddr>,
}

/// Which network interface, by one of the ways to say it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum InterfaceChoice {
    /// 1 to 15 bytes; a number is an index.
    Name(String),
    /// The one that has this address.
    Address(IpAddr),
}

/// Why a text is no group that could be joined. Faces put it into words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    #[error("no group")]
    Empty,
    #[error("{0:?} is no address")]
    NotAnAddress(String),
    #[error("{0} is no multicast address: those are 224.0.0.0 to 239.255.255.255 and ff00::/8")]
    NotMulticast(IpAddr),
    #[error("{0:?} can't be an interface")]
    BadInterface(String),
    #[error("the source {0} is not one machine's address of the group's kind")]
    BadSource(IpAddr),
    #[error("only UDP sockets join groups")]
    NotUdp,
}

impl MulticastGroup {
    /// The address that is sent to.
    #[must_use]
    pub fn group(&self) -> IpAddr {
        self.group
    }

    /// Where it is joined; `None` leaves it to the routing table.
    #[must_use]
    pub fn interface(&self) -> Option<&InterfaceChoice> {
        self.interface.as_ref()
    }

    /// The only sender that is heard; `None` hears them all.
    #[must_use]
    pub fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// All groups of a list that commas separate.
    ///
    /// # Errors
    /// Of the first one that is none.
    pub fn list(text: &str) -> Result<Vec<Self>, GroupError> {
        text.split(',').map(str::parse).collect()
    }
}

impl FromStr for MulticastGroup {
    type Err = GroupError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (place, source) = text.split_once('/').map_or((text, None), |(place, source)| (place, Some(source)));
        // A scope is what people write after an IPv6 group; it says the same.
        let (group, interface) =
            place.split_once(['@', '%']).map_or((place, None), |(group, interface)| (group, Some(interface)));
        if group.is_empty() {
            return Err(GroupError::Empty);
        }
        let group = address(group)?;
        if !group.is_multicast() {
            return Err(GroupError::NotMulticast(group));
        }
        let interface = interface.map(str::parse).transpose()?;
        let source = source.map(address).transpose()?;
        if let Some(source) = source
            && (source.is_ipv4() != group.is_ipv4() || source.is_multicast() || source.is_unspecified())
        {
            return Err(GroupError::BadSource(source));
        }
        Ok(Self { group, interface, source })
    }
}

fn address(text: &str) -> Result<IpAddr, GroupError> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| GroupError::NotAnAddress(text.to_owned()))
}

impl fmt::Display for MulticastGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.group)?;
        if let Some(interface) = &self.interface {
            write!(f, "@{interface}")?;
        }
        match self.source {
            Some(source) => write!(f, "/{source}"),
            None => Ok(()),
        }
    }
}

impl FromStr for InterfaceChoice {
    type Err = GroupError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        // IFNAMSIZ less the closing NUL. What separates the parts of a query can't be a part of a name in it.
        let fits = (1..=15).contains(&text.len())
            && !text
                .contains(|c: char| matches!(c, '/' | ',' | '&' | '@' | '%') || c.is_whitespace() || c.is_control());
        if fits { Ok(Self::Name(text.to_owned())) } else { Err(GroupError::BadInterface(text.to_owned())) }
    }
}

impl fmt::Display for InterfaceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_written_as_they_are_read() {
        for (text, written) in [
            ("239.1.2.3", "239.1.2.3"),
            (" 239.1.2.3@eth0 ", "239.1.2.3@eth0"),
            ("239.1.2.3@10.0.0.5", "239.1.2.3@10.0.0.5"),
            ("232.1.1.1@eth0/10.0.0.5", "232.1.1.1@eth0/10.0.0.5"),
            ("232.1.1.1/10.0.0.5", "232.1.1.1/10.0.0.5"),
            ("ff02::1%eth0", "ff02::1@eth0"),
            ("[ff3e::1]@2/2001:db8::5", "ff3e::1@2/2001:db8::5"),
        ] {
            let group: MulticastGroup = text.parse().unwrap();
            assert_eq!(group.to_string(), written);
            assert_eq!(written.parse(), Ok(group));
        }
    }

    #[test]
    fn what_can_t_be_joined_is_told_apart() {
        let problem = |text: &str| text.parse::<MulticastGroup>().unwrap_err();
        assert_eq!(problem(""), GroupError::Empty);
        assert_eq!(problem("@eth0"), GroupError::Empty);
        assert_eq!(problem("news"), GroupError::NotAnAddress("news".to_owned()));
        assert_eq!(problem("10.0.0.1"), GroupError::NotMulticast("10.0.0.1".parse().unwrap()));
        assert_eq!(problem("239.1.2.3@"), GroupError::BadInterface(String::new()));
        assert_eq!(problem("239.1.2.3@a name"), GroupError::BadInterface("a name".to_owned()));
        for source in ["::1", "224.0.0.1", "0.0.0.0"] {
            assert_eq!(problem(&format!("232.1.1.1/{source}")), GroupError::BadSource(source.parse().unwrap()));
        }
        assert_eq!(MulticastGroup::list("239.1.2.3,").unwrap_err(), GroupError::Empty);
        assert_eq!(MulticastGroup::list("239.1.2.3, ff02::1@lo").unwrap().len(), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}|[0-9a-f:.@/%]{0,30}") {
            if let Ok(group) = text.parse::<MulticastGroup>() {
                prop_assert_eq!(group.to_string().parse(), Ok(group));
            }
        }
    }
}
