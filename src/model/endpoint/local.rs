//! Where a socket is bound before it connects.

use core::net::IpAddr;

use super::{Endpoint, EndpointError, parse};
use crate::model::{AddressForm, HostPort};

/// What is bound before connecting; what is `None` the system chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalPlace {
    /// An address in numbers, with the scope that it may need.
    pub host: Option<String>,
    pub port: Option<u16>,
}

impl Endpoint {
    /// Reads `127.0.0.2`, `127.0.0.2:5000`, `[fe80::1%eth0]:5000` or `:5000`, for a socket that connects to this endpoint.
    ///
    /// # Errors
    /// It is no address in numbers, of the other family than this endpoint's own, or nothing that its sockets have.
    pub fn local_place(&self, text: &str) -> Result<LocalPlace, EndpointError> {
        let text = text.trim();
        let not_local = || EndpointError::NotLocal(text.to_owned());
        let (host, port) = match text.strip_prefix(':').filter(|rest| !rest.contains(':')) {
            Some(port) => (None, Some(parse::parse_port(port)?)),
            None => match parse::addresses(text, 0).map_err(|_| not_local())?.as_slice() {
                [HostPort { host, port }] => (Some(host.clone()), (*port != 0).then_some(*port)),
                _ => return Err(not_local()),
            },
        };
        let remote = match self.protocol().address_form() {
            AddressForm::HostPort => self.host(),
            AddressForm::HostProtocol if port.is_none() => self.host(),
            _ => None,
        };
        let remote = remote.ok_or(EndpointError::NoLocalPlace)?;
        if let Some(host) = &host {
            let local = address(host).ok_or_else(not_local)?;
            if address(&remote.host).is_some_and(|remote| remote.is_ipv4() != local.is_ipv4()) {
                return Err(EndpointError::OtherFamily(host.clone()));
            }
        }
        Ok(LocalPlace { host, port })
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_a_port_or_both() {
        let read = |endpoint: &str, text: &str| endpoint.parse::<Endpoint>().unwrap().local_place(text);
        let place = |host: Option<&str>, port| Ok(LocalPlace { host: host.map(str::to_owned), port });
        let (v4, v6) = ("tcp://127.0.0.1:9", "udp://[::1]:9");
        assert_eq!(read(v4, "127.0.0.2"), place(Some("127.0.0.2"), None));
        assert_eq!(read(v4, " 127.0.0.2:5000"), place(Some("127.0.0.2"), Some(5000)));
        assert_eq!(read(v4, ":5000"), place(None, Some(5000)));
        assert_eq!(read(v6, "::1"), place(Some("::1"), None));
        assert_eq!(read(v6, "[fe80::1%eth0]:7"), place(Some("fe80::1%eth0"), Some(7)));
        assert_eq!(read("tcp://localhost:9", "::1"), place(Some("::1"), None), "a name may have either family");
        assert_eq!(read("raw://127.0.0.1?proto=icmp", "127.0.0.2"), place(Some("127.0.0.2"), None));

        assert_eq!(read(v4, "::1"), Err(EndpointError::OtherFamily("::1".to_owned())));
        assert_eq!(read(v6, "127.0.0.1:5"), Err(EndpointError::OtherFamily("127.0.0.1".to_owned())));
        for text in ["", "localhost", "localhost:5", "127.0.0.1,127.0.0.2", "127.0.0.1:x", "1.2.3"] {
            assert_eq!(read(v4, text), Err(EndpointError::NotLocal(text.to_owned())), "{text}");
        }
        assert_eq!(read(v4, ":70000"), Err(EndpointError::BadPort("70000".to_owned())));
        for (endpoint, text) in [("unix:/x", "127.0.0.1"), ("fd://3", ":5"), ("raw://127.0.0.1?proto=icmp", ":5")] {
            assert_eq!(read(endpoint, text), Err(EndpointError::NoLocalPlace), "{endpoint}");
        }
    }

    proptest! {
        #[test]
        fn a_place_is_an_address_and_a_port_whatever_is_typed(
            typed in prop_oneof![any::<String>(), "[0-9a-f.:%\\[\\]]{0,30}", "127\\.0\\.0\\.[0-9]:[0-9]{1,5}"],
        ) {
            let endpoint: Endpoint = "tcp://localhost:9".parse().unwrap();
            if let Ok(LocalPlace { host, port }) = endpoint.local_place(&typed) {
                prop_assert!(host.as_deref().is_none_or(|host| address(host).is_some()), "{host:?}");
                prop_assert!(host.is_some() || port.is_some());
                prop_assert!(port.is_none_or(|port| typed.contains(&port.to_string()) && port != 0));
            }
        }
    }
}
