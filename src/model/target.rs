//! An endpoint with its socket options.

use std::fmt;
use std::str::FromStr;

use super::endpoint::{Endpoint, EndpointError};
use super::options::SocketOptions;

/// An endpoint with the socket options of its query: `tcp://127.0.0.1:9000?reuseaddr=1&rcvbuf=4M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub endpoint: Endpoint,
    pub options: SocketOptions,
}

impl Target {
    /// # Errors
    /// [`EndpointError::Option`]: the endpoint's sockets have no such option.
    pub fn new(endpoint: Endpoint, options: SocketOptions) -> Result<Self, EndpointError> {
        options.check(endpoint.protocol())?;
        Ok(Self { endpoint, options })
    }
}

impl FromStr for Target {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (endpoint, query) = text.split_once('?').unwrap_or((text, ""));
        let (endpoint, query) = Endpoint::read(endpoint, query)?;
        Self::new(endpoint, query.parse()?)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.endpoint)?;
        let query = self.options.to_string();
        if query.is_empty() {
            return Ok(());
        }
        // A raw socket's protocol stands in the query already.
        let mark = if matches!(self.endpoint, Endpoint::Raw(_)) { '&' } else { '?' };
        write!(f, "{mark}{query}")
    }
}
