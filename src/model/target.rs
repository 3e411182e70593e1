//! An endpoint with its socket options and groups.

use std::fmt;
use std::str::FromStr;

use super::device::{ContextId, VsockAddress};
use super::endpoint::{Endpoint, EndpointError};
use super::ip_protocol::IpProtocol;
use super::multicast::{GroupError, MulticastGroup};
use super::options::SocketOptions;
use super::protocol::{AddressForm, Protocol};
use super::session::Role;

/// What the groups of a query are called in it.
const JOIN: &str = "join";

/// An endpoint with what its query asks for: `tcp://127.0.0.1:9000?reuseaddr=1&rcvbuf=4M`,
/// `udp://0.0.0.0:5000?join=239.1.2.3@eth0,ff02::1@eth0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub endpoint: Endpoint,
    pub options: SocketOptions,
    /// To be joined once the socket is there.
    pub groups: Vec<MulticastGroup>,
}

impl Target {
    /// An endpoint without its query, and the query.
    ///
    /// # Errors
    /// What can't be read, or is nothing that the endpoint's sockets have.
    pub fn with_query(endpoint: Endpoint, query: &str) -> Result<Self, EndpointError> {
        let is_join = |pair: &&str| pair.split('=').next() == Some(JOIN);
        let (joins, options): (Vec<_>, Vec<_>) = query.split('&').partition(is_join);
        let mut groups = Vec::new();
        for join in joins {
            groups.extend(MulticastGroup::list(join.split_once('=').map_or("", |(_, list)| list))?);
        }
        // What a descriptor is, is known once it is used.
        if !groups.is_empty() && !matches!(endpoint.protocol(), Protocol::Udp | Protocol::Descriptor) {
            return Err(GroupError::NotUdp.into());
        }
        let options: SocketOptions = options.join("&").parse()?;
        options.check(endpoint.protocol())?;
        Ok(Self { endpoint, options, groups })
    }

    /// The protocol above IP, where another one is asked for than the transport's own.
    #[must_use]
    pub fn carried(&self) -> Option<IpProtocol> {
        match &self.endpoint {
            Endpoint::Raw(address) => Some(address.protocol),
            _ => self.options.ip_protocol(),
        }
    }

    /// Whether all of its options are those of this side's sockets, and its address is one to connect to or to
    /// bind.
    ///
    /// # Errors
    /// The first that is none.
    pub fn check_role(&self, role: Role) -> Result<(), EndpointError> {
        let has_port = self.endpoint.protocol().address_form() == AddressForm::HostPort;
        // connect(2) takes it, and what is sent fails.
        if role == Role::Client && has_port && self.endpoint.host().is_some_and(|address| address.port == 0) {
            return Err(EndpointError::PortZero);
        }
        match &self.endpoint {
            Endpoint::Vsock(address) if role == Role::Client && address.cid == ContextId::ANY => {
                return Err(EndpointError::AnyMachine);
            }
            Endpoint::Vsock(address) if role == Role::Client && address.port == VsockAddress::ANY_PORT => {
                return Err(EndpointError::VsockPortZero);
            }
            _ => {}
        }
        Ok(self.options.check_role(self.endpoint.protocol(), role)?)
    }

    /// What is asked for beside the endpoint, without the question mark.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = self.options.to_string();
        if !self.groups.is_empty() {
            let groups: Vec<_> = self.groups.iter().map(ToString::to_string).collect();
            let separator = if query.is_empty() { "" } else { "&" };
            query += &format!("{separator}{JOIN}={}", groups.join(","));
        }
        query
    }
}

impl FromStr for Target {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (endpoint, query) = text.split_once('?').unwrap_or((text, ""));
        let (endpoint, query) = Endpoint::read(endpoint, query)?;
        Self::with_query(endpoint, &query)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.endpoint)?;
        let query = self.query();
        if query.is_empty() {
            return Ok(());
        }
        // What it carries stands in the query already.
        let mark = if self.endpoint.protocol().carries_any() { '&' } else { '?' };
        write!(f, "{mark}{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SocketOption;

    #[test]
    fn groups_stand_beside_the_options() {
        let target: Target =
            "udp://0.0.0.0:5000?join=239.1.2.3@eth0&mttl=4&join=ff02::1@lo,232.1.1.1/10.0.0.5".parse().unwrap();
        assert_eq!(target.options.number(SocketOption::MulticastTtl), Some(4));
        let written = "udp://0.0.0.0:5000?mttl=4&join=239.1.2.3@eth0,ff02::1@lo,232.1.1.1/10.0.0.5";
        assert_eq!(target.to_string(), written);
        assert_eq!(written.parse(), Ok(target));
        let for_client = |text: &str| text.parse::<Target>().unwrap().check_role(Role::Client);
        assert_eq!(for_client("udp://127.0.0.1:0"), Err(EndpointError::PortZero));
        assert_eq!(for_client("raw://127.0.0.1?proto=icmp"), Ok(()));
        assert_eq!(for_client("vsock://any:9"), Err(EndpointError::AnyMachine));
        assert_eq!(for_client("vsock://host:0"), Err(EndpointError::VsockPortZero));
        assert_eq!(for_client("vsock://host:9"), Ok(()));
        assert_eq!("vsock://any:0".parse::<Target>().unwrap().check_role(Role::Server), Ok(()));
        let problem = |text: &str| text.parse::<Target>().unwrap_err();
        assert_eq!(problem("tcp://0.0.0.0:5000?join=239.1.2.3"), EndpointError::Group(GroupError::NotUdp));
        assert_eq!(problem("udp://0.0.0.0:5000?join"), EndpointError::Group(GroupError::Empty));
        assert!(matches!(problem("udp://0.0.0.0:5000?join=10.0.0.1"), EndpointError::Group(_)));
        let passed = "fd://3?mttl=4&join=239.1.2.3@eth0";
        assert_eq!(passed.parse::<Target>().unwrap().to_string(), passed);
    }
}
