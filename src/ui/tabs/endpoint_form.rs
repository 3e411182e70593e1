use core::net::IpAddr;
use std::collections::BTreeMap;

use crate::codec::compose::Format;
use crate::model::Target;
use crate::model::{
    AddressForm, Endpoint, EndpointError, Facility, IpVersion, OptionValue, Protocol, Role, SecondField, SocketOption,
};

/// The part of a form that a mistake is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormField {
    Address,
    Port,
    Options,
}

/// Where to listen or connect to, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointForm {
    pub protocol: Protocol,
    pub address: String,
    pub port: String,
    /// Socket options as a query.
    pub options: String,
    /// Whose options they are; `None` takes those of either side.
    role: Option<Role>,
    /// Address and port, or what stands in its place, of the other kinds, to come back to.
    others: BTreeMap<AddressForm, (String, String)>,
    /// What the engine was last asked about, whether the system has it; `None` has it asked once more.
    pub probed: Option<Facility>,
    /// Whether a start was tried, so that empty fields count as mistakes too.
    pub tried: bool,
}

impl EndpointForm {
    /// Where it leads to, as typed.
    #[must_use]
    pub fn place(&self) -> (Protocol, String, String) {
        (self.protocol, self.address.clone(), self.port.clone())
    }

    #[must_use]
    pub fn new(scheme: &str, address: &str, port: &str, options: &str) -> Self {
        let protocol = Protocol::from_scheme(scheme).unwrap_or_default();
        Self {
            protocol,
            others: BTreeMap::new(),
            address: address.to_owned(),
            port: port.to_owned(),
            options: options.to_owned(),
            role: None,
            probed: None,
            tried: false,
        }
    }

    /// For one side: options of the other's sockets are mistakes.
    #[must_use]
    pub fn for_role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// To be called after the protocol was changed from `before`: a host is no path and no descriptor.
    pub fn protocol_changed(&mut self, before: Protocol) {
        let (before, now) = (before.address_form(), self.protocol.address_form());
        if before == now {
            return;
        }
        let (address, port) = self.others.remove(&now).unwrap_or_else(|| {
            let (address, port) = usual_fields(now, self.role);
            (address.to_owned(), port.to_owned())
        });
        let address = std::mem::replace(&mut self.address, address);
        let port = std::mem::replace(&mut self.port, port);
        self.others.insert(before, (address, port));
        self.tried = false;
    }

    /// The endpoint with its options.
    ///
    /// # Errors
    /// What is wrong with the first field that is.
    pub fn target(&self) -> Result<Target, EndpointError> {
        let target = if self.holds_endpoint_text() {
            self.address.parse()?
        } else {
            let endpoint = Endpoint::from_fields(self.protocol, &self.address, &self.port)?;
            Target::with_query(endpoint, self.options.trim().trim_start_matches('?'))?
        };
        self.role.map_or(Ok(()), |role| target.check_role(role))?;
        Ok(target)
    }

    /// The ways to write a message for the transport, the most fitting one first.
    #[must_use]
    pub fn formats(&self) -> &'static [Format] {
        self.protocol.formats(self.port.trim().parse().ok())
    }

    /// Takes an endpoint text such as `udp://[::1]:9000?rcvbuf=4M` that stands in the address apart; false when it is
    /// none.
    pub fn take_endpoint_text(&mut self) -> bool {
        let Ok(target) = self.address.parse::<Target>() else { return false };
        let before = std::mem::replace(&mut self.protocol, target.endpoint.protocol());
        self.protocol_changed(before);
        (self.address, self.port) = target.endpoint.fields();
        self.options = target.query();
        self.tried = false;
        true
    }

    /// Turns SO_REUSEADDR on; the other options stay as they are.
    pub fn reuse_address(&mut self) {
        if let Ok(mut target) = self.target() {
            target.options.set(SocketOption::ReuseAddress, Some(OptionValue::Switch(true)));
            self.options = target.query();
        }
    }

    /// The kind of socket that the form asks for.
    #[must_use]
    pub fn facility(&self, role: Role) -> Facility {
        let protocol = self.protocol;
        let target = self.target().ok();
        let carried = match protocol {
            Protocol::Raw => self.port.trim().parse().ok(),
            _ => target.as_ref().and_then(|target| target.options.ip_protocol()),
        };
        // A client's is the other side's.
        let of_ours = |endpoint: &&Endpoint| role == Role::Server && endpoint.protocol() == protocol;
        let endpoint = target.as_ref().map(|target| &target.endpoint).filter(of_ours);
        let port = endpoint.and_then(Endpoint::restricted_port);
        let (version, ipv6) = match target.and_then(|target| target.endpoint.host()?.literal()) {
            Some(IpAddr::V6(address)) => (Some(IpVersion::V6), Some(address)),
            Some(IpAddr::V4(_)) => (Some(IpVersion::V4), None),
            None => (None, None),
        };
        let machine = if protocol == Protocol::Vsock { self.address.trim().parse().ok() } else { None };
        Facility { role, protocol, carried, version, ipv6, machine, port }
    }

    /// Whether the address is a name that has to be resolved, and no literal or path.
    #[must_use]
    pub fn is_name(&self) -> bool {
        self.target().is_ok_and(|target| target.endpoint.host().is_some_and(|address| !address.is_literal()))
    }

    fn holds_endpoint_text(&self) -> bool {
        let address = self.address.trim_start();
        let scheme = address.split_once(':').and_then(|(scheme, _)| Protocol::from_scheme(scheme));
        address.contains("://") || scheme.is_some_and(|protocol| protocol.separator() == ":")
    }

    /// The mistake to show now and its field. An empty field is none before a start was tried.
    #[must_use]
    pub fn mistake(&self) -> Option<(FormField, EndpointError)> {
        let error = self.target().err()?;
        let field = match error {
            _ if self.holds_endpoint_text() => FormField::Address,
            EndpointError::NoPort
            | EndpointError::BadPort(_)
            | EndpointError::PortZero
            | EndpointError::VsockPortZero
            | EndpointError::BadVsockPort(_)
            | EndpointError::NoIpProtocol
            | EndpointError::BadIpProtocol(_)
            | EndpointError::NoEtherType
            | EndpointError::BadEtherType(_) => FormField::Port,
            EndpointError::Option(_) | EndpointError::Group(_) => FormField::Options,
            _ => FormField::Address,
        };
        let incomplete = matches!(
            error,
            EndpointError::NoPort
                | EndpointError::EmptyHost
                | EndpointError::EmptyPath
                | EndpointError::EmptyAbstractName
                | EndpointError::EmptyDescriptor
                | EndpointError::NoIpProtocol
                | EndpointError::NoEtherType
                | EndpointError::EmptyInterface
                | EndpointError::EmptyMachine
        );
        (self.tried || !incomplete).then_some((field, error))
    }

    /// Whether the mistake is in a field that "More" hides.
    #[must_use]
    pub fn options_are_mistaken(&self) -> bool {
        self.mistake().is_some_and(|(field, _)| field == FormField::Options)
    }

    /// As a tab's title: `127.0.0.1:9000`, `UDP 127.0.0.1:9000`, `/run/x.sock`; the protocol's name while there is no
    /// address.
    #[must_use]
    pub fn title(&self) -> String {
        match Endpoint::from_fields(self.protocol, &self.address, &self.port) {
            Ok(endpoint) => title(&endpoint),
            Err(_) if self.address.trim().is_empty() => self.protocol.scheme().to_uppercase(),
            Err(_) if self.protocol.second_field() == Some(SecondField::Port) => {
                format!("{}:{}", self.address, self.port)
            }
            Err(_) => self.address.clone(),
        }
    }
}

/// What a form of this kind begins with.
fn usual_fields(form: AddressForm, role: Option<Role>) -> (&'static str, &'static str) {
    match form {
        AddressForm::HostPort => ("127.0.0.1", "9000"),
        AddressForm::HostProtocol => ("127.0.0.1", "icmp"),
        AddressForm::Link => ("eth0", "0x88b5"),
        // No client connects to any.
        AddressForm::MachinePort if role == Some(Role::Client) => ("local", "9000"),
        AddressForm::MachinePort => ("any", "9000"),
        AddressForm::Interface => ("can0", ""),
        AddressForm::Path | AddressForm::Descriptor => ("", ""),
    }
}

/// An endpoint as a tab's title. A stream is what is meant where nothing is said.
#[must_use]
pub fn title(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Tcp(_) | Endpoint::UnixStream(_) => endpoint.address(),
        Endpoint::UnixDatagram(name) => format!("DGRAM {name}"),
        Endpoint::UnixSeqpacket(name) => format!("SEQPACKET {name}"),
        Endpoint::Descriptor(_) => endpoint.to_string(),
        Endpoint::Raw(address) => format!("RAW {} {}", address.protocol, address.host().host),
        Endpoint::Vsock(address) => format!("vsock {address}"),
        other => format!("{} {}", other.protocol().scheme().to_uppercase(), other.address()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_endpoint_fills_the_form() {
        let mut form = EndpointForm::new("tcp", "udp://[::1]:9001?reuseaddr=1", "9000", "nodelay=1");
        assert!(form.take_endpoint_text());
        assert_eq!(form, EndpointForm::new("udp", "::1", "9001", "reuseaddr=1"));
        assert_eq!(form.title(), "UDP [::1]:9001");
        assert_eq!(EndpointForm::new("raw", "127.0.0.1", "icmp", "").title(), "RAW icmp 127.0.0.1");
    }

    #[test]
    fn pasted_unix_and_descriptor_texts_fill_the_form() {
        for (text, scheme, address, title) in [
            ("unix-dgram:/run/x.sock", "unix-dgram", "/run/x.sock", "DGRAM /run/x.sock"),
            ("unix-seqpacket:@x", "unix-seqpacket", "@x", "SEQPACKET @x"),
            ("unix:@x", "unix", "@x", "@x"),
            ("fd://3", "fd", "3", "fd://3"),
        ] {
            let mut form = EndpointForm::new("tcp", text, "9000", "");
            assert_eq!(form.target().unwrap().to_string(), text);
            assert!(form.take_endpoint_text(), "{text}");
            assert_eq!(
                (form.protocol.scheme(), form.address.as_str(), form.title().as_str()),
                (scheme, address, title)
            );
        }
    }

    #[test]
    fn a_side_begins_with_an_address_that_it_can_use() {
        for (role, address) in [(Role::Server, "vsock://any:9000"), (Role::Client, "vsock://local:9000")] {
            let mut form = EndpointForm::new("tcp", "127.0.0.1", "9000", "").for_role(role);
            form.protocol = Protocol::Vsock;
            form.protocol_changed(Protocol::Tcp);
            assert_eq!((form.target().unwrap().to_string().as_str(), form.mistake()), (address, None));
        }
        let to_any = EndpointForm::new("vsock", "any", "9000", "").for_role(Role::Client);
        assert_eq!(to_any.mistake(), Some((FormField::Address, EndpointError::AnyMachine)));
    }

    #[test]
    fn a_tab_without_an_address_is_called_by_its_protocol() {
        for (scheme, title) in [("tcp", "TCP"), ("udp", "UDP"), ("unix", "UNIX")] {
            assert_eq!(EndpointForm::new(scheme, " ", "9000", "").title(), title);
        }
    }

    #[test]
    fn a_plain_host_stays_as_typed() {
        for address in ["127.0.0.1", "example.com", "::1", "tcp://", "tcp://127.0.0.1", ""] {
            let mut form = EndpointForm::new("tcp", address, "9000", "");
            assert!(!form.take_endpoint_text(), "{address}");
            assert_eq!(form.address, address);
        }
    }

    #[test]
    fn an_address_of_ipv6_asks_whether_there_is_any() {
        for (scheme, address, asks) in [
            ("tcp", "::1", true),
            ("udp", "fe80::1%eth0", true),
            ("raw", "[::1]", true),
            ("tcp", "127.0.0.1", false),
            ("tcp", "localhost", false),
            ("unix", "/run/::1", false),
        ] {
            let port = if scheme == "raw" { "icmp" } else { "9000" };
            let facility = EndpointForm::new(scheme, address, port, "").facility(Role::Client);
            assert_eq!((facility.ipv6.is_some(), facility.may_be_missing()), (asks, asks), "{scheme} {address}");
        }
    }

    #[test]
    fn a_port_to_listen_at_may_take_a_right() {
        for (scheme, address, port, role, expected) in [
            ("tcp", "127.0.0.1", "80", Role::Server, Some(80)),
            ("udp", "localhost", "9000", Role::Server, Some(9000)),
            ("vsock", "any", "7", Role::Server, Some(7)),
            // Not taken apart yet.
            ("tcp", "udp://127.0.0.1:7", "", Role::Server, None),
            // Any, which the system chooses.
            ("tcp", "127.0.0.1", "0", Role::Server, None),
            ("vsock", "any", "0", Role::Server, None),
            ("tcp", "127.0.0.1", "", Role::Server, None),
            ("tcp", "127.0.0.1", "80", Role::Client, None),
            ("rds", "127.0.0.1", "80", Role::Server, None),
            ("raw", "127.0.0.1", "icmp", Role::Server, None),
        ] {
            let facility = EndpointForm::new(scheme, address, port, "").facility(role);
            assert_eq!(facility.port, expected, "{scheme} {address} {port} {role:?}");
            assert_eq!(facility.of_any_port().port, None);
        }
    }

    #[test]
    fn only_names_are_resolved() {
        for (scheme, address, is_name) in [
            ("tcp", "localhost", true),
            ("udp", "example.com", true),
            ("tcp", "127.0.0.1", false),
            ("udp", "[::1]", false),
            ("tcp", "fe80::1%eth0", false),
            ("unix", "/run/x.sock", false),
        ] {
            assert_eq!(EndpointForm::new(scheme, address, "9000", "").is_name(), is_name, "{address}");
        }
    }

    #[test]
    fn a_host_is_not_taken_for_a_path_or_a_descriptor() {
        let mut form = EndpointForm::new("tcp", "192.0.2.1", "9000", "");
        form.protocol = Protocol::UnixStream;
        form.protocol_changed(Protocol::Tcp);
        assert_eq!(form.address, "");
        form.address = "/run/x.sock".to_owned();
        form.protocol = Protocol::Descriptor;
        form.protocol_changed(Protocol::UnixStream);
        assert_eq!(form.address, "");
        form.address = "3".to_owned();
        form.protocol = Protocol::UnixSeqpacket;
        form.protocol_changed(Protocol::Descriptor);
        assert_eq!(form.address, "/run/x.sock");
        form.protocol = Protocol::Udp;
        form.protocol_changed(Protocol::UnixSeqpacket);
        assert_eq!(form.address, "192.0.2.1");
        form.protocol = Protocol::Tcp;
        form.protocol_changed(Protocol::Udp);
        assert_eq!(form.address, "192.0.2.1");
    }

    #[test]
    fn mistakes_are_found_in_their_fields() {
        let field = |address: &str, port: &str, options: &str, tried: bool| {
            let form = EndpointForm { tried, ..EndpointForm::new("tcp", address, port, options) };
            form.mistake().map(|(field, _)| field)
        };
        assert_eq!(field("127.0.0.1", "9000", "", true), None);
        assert_eq!(field("127.0.0.1", "70000", "", false), Some(FormField::Port));
        assert_eq!(field("127.0.0.1", "", "", false), None);
        assert_eq!(field("127.0.0.1", "", "", true), Some(FormField::Port));
        assert_eq!(field("", "9000", "", true), Some(FormField::Address));
        assert_eq!(field("a b", "9000", "", false), Some(FormField::Address));
        assert_eq!(field("127.0.0.1", "9000", "nonsense=1", false), Some(FormField::Options));
        // Whatever is wrong with a whole endpoint is wrong where it was written.
        for text in ["tcp://127.0.0.1", "tcp://127.0.0.1:70000", "tcp://a b:1", "gopher://x:1", "udp://x:1?ttl=many"] {
            assert_eq!(field(text, "9000", "", true), Some(FormField::Address), "{text}");
        }
        let raw = |protocol| EndpointForm::new("raw", "127.0.0.1", protocol, "").mistake();
        assert_eq!(raw("1"), None);
        assert_eq!(raw("0"), Some((FormField::Port, EndpointError::BadIpProtocol("0".to_owned()))));
        let of_listeners = EndpointForm::new("tcp", "127.0.0.1", "9000", "backlog=5");
        assert_eq!(of_listeners.clone().for_role(Role::Server).mistake(), None);
        let mistake = of_listeners.for_role(Role::Client).mistake();
        assert_eq!(mistake.map(|(field, _)| field), Some(FormField::Options));
    }
}
