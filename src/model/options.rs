//! Socket options as a query: `reuseaddr=1&nodelay=1&rcvbuf=4M`.

use std::fmt;
use std::str::FromStr;

/// What is set on a socket before it is bound or connected; `None` leaves the system's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// SO_REUSEADDR, socket(7). Unset means on for stream listeners (a restart meets TIME_WAIT) and off for datagrams
    /// (a second socket would take the traffic silently).
    pub reuse_address: Option<bool>,
    /// TCP_NODELAY, tcp(7). Unset means on: a tester that delays small writes would show times that are not the peer's.
    pub no_delay: Option<bool>,
    /// SO_KEEPALIVE, socket(7).
    pub keep_alive: Option<bool>,
    /// SO_BROADCAST, socket(7).
    pub broadcast: Option<bool>,
    /// SO_RCVBUF in bytes; the kernel doubles it for its own bookkeeping and caps it at `net.core.rmem_max`.
    pub receive_buffer: Option<u32>,
    /// SO_SNDBUF in bytes, with the same doubling and `net.core.wmem_max`.
    pub send_buffer: Option<u32>,
    /// Length of the accept queue, listen(2); unset means 4096, capped by `net.core.somaxconn`.
    pub backlog: Option<u32>,
    /// Bytes asked for in one receive call, 1 to 1048576; unset means 64 KiB (a full datagram for UDP).
    pub receive_size: Option<u32>,
}

/// Why an option text can't be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    #[error("unknown option {0:?}")]
    Unknown(String),
    #[error("option {name} can't be {value:?}")]
    BadValue { name: &'static str, value: String },
}

/// The most bytes that one receive call may ask for.
const RECEIVE_SIZE_MAX: u32 = 1 << 20;

fn parse_switch(name: &'static str, value: &str) -> Result<Option<bool>, OptionError> {
    match value {
        "1" | "on" | "true" | "yes" => Ok(Some(true)),
        "0" | "off" | "false" | "no" => Ok(Some(false)),
        _ => Err(OptionError::BadValue { name, value: value.to_owned() }),
    }
}

fn parse_size(name: &'static str, value: &str, max: u32) -> Result<Option<u32>, OptionError> {
    let bad = || OptionError::BadValue { name, value: value.to_owned() };
    let (digits, unit) = match value.char_indices().last() {
        Some((at, 'k' | 'K')) => (&value[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&value[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&value[..at], 1 << 30),
        _ => (value, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let size = digits.parse::<u32>().ok().and_then(|count| count.checked_mul(unit)).ok_or_else(bad)?;
    if (1..=max).contains(&size) { Ok(Some(size)) } else { Err(bad()) }
}

/// SO_RCVBUF and listen(2) take an `int`.
const INT_MAX: u32 = i32::MAX as u32;

impl FromStr for SocketOptions {
    type Err = OptionError;

    fn from_str(query: &str) -> Result<Self, Self::Err> {
        let mut options = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "1"));
            match name {
                "reuseaddr" => options.reuse_address = parse_switch("reuseaddr", value)?,
                "nodelay" => options.no_delay = parse_switch("nodelay", value)?,
                "keepalive" => options.keep_alive = parse_switch("keepalive", value)?,
                "broadcast" => options.broadcast = parse_switch("broadcast", value)?,
                "rcvbuf" => options.receive_buffer = parse_size("rcvbuf", value, INT_MAX)?,
                "sndbuf" => options.send_buffer = parse_size("sndbuf", value, INT_MAX)?,
                "backlog" => options.backlog = parse_size("backlog", value, INT_MAX)?,
                "recvsize" => options.receive_size = parse_size("recvsize", value, RECEIVE_SIZE_MAX)?,
                _ => return Err(OptionError::Unknown(name.to_owned())),
            }
        }
        Ok(options)
    }
}

impl fmt::Display for SocketOptions {
    /// The query that reads back as the same options; empty where all are left to the defaults.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switches = [
            ("reuseaddr", self.reuse_address),
            ("nodelay", self.no_delay),
            ("keepalive", self.keep_alive),
            ("broadcast", self.broadcast),
        ];
        let sizes = [
            ("rcvbuf", self.receive_buffer),
            ("sndbuf", self.send_buffer),
            ("backlog", self.backlog),
            ("recvsize", self.receive_size),
        ];
        let switches = switches.into_iter().filter_map(|(name, value)| Some((name, u32::from(value?))));
        let sizes = sizes.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (index, (name, value)) in switches.chain(sizes).enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_as_people_write_them() {
        let options: SocketOptions = "reuseaddr&nodelay=off&rcvbuf=64K&recvsize=1024".parse().unwrap();
        assert_eq!(options.reuse_address, Some(true));
        assert_eq!(options.no_delay, Some(false));
        assert_eq!(options.receive_buffer, Some(65_536));
        assert_eq!(options.receive_size, Some(1024));
        assert_eq!(options.keep_alive, None);
    }

    #[test]
    fn mistakes_name_the_option() {
        for (query, name) in [
            ("rcvbuf=4T", "rcvbuf"),
            ("rcvbuf=", "rcvbuf"),
            ("sndbuf=-1", "sndbuf"),
            ("rcvbuf=4G", "rcvbuf"),
            ("recvsize=2M", "recvsize"),
            ("recvsize=0", "recvsize"),
            ("nodelay=maybe", "nodelay"),
        ] {
            let Err(OptionError::BadValue { name: of, .. }) = query.parse::<SocketOptions>() else { panic!("{query}") };
            assert_eq!(of, name, "{query}");
        }
        assert_eq!("Reuseaddr".parse::<SocketOptions>(), Err(OptionError::Unknown("Reuseaddr".to_owned())));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_reads_back_the_same(
            query in prop_oneof![
                ".{0,40}",
                "((reuseaddr|nodelay|keepalive|broadcast)=(0|1|on|no)&|(rcvbuf|sndbuf|backlog|recvsize)=[0-9]{1,9}[kKmMgG]?&){0,6}",
            ],
        ) {
            if let Ok(options) = query.parse::<SocketOptions>() {
                prop_assert_eq!(options.to_string().parse::<SocketOptions>(), Ok(options));
            }
        }
    }
}
