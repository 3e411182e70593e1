use proptest::prelude::*;

use super::*;
use crate::model::{OptionError, Target};

fn read(text: &str) -> Result<String, EndpointError> {
    text.parse::<Target>().map(|target| target.to_string())
}

#[test]
fn endpoints_as_people_write_them() {
    for (text, meant) in [
        ("tcp://127.0.0.1:9000", "tcp://127.0.0.1:9000"),
        (" TCP://localhost:0/ ", "tcp://localhost:0"),
        ("udp:10.0.0.1:5", "udp://10.0.0.1:5"),
        ("tcp://[::1]:9000", "tcp://[::1]:9000"),
        ("tcp://[fe80::1%eth0]:9000", "tcp://[fe80::1%eth0]:9000"),
        ("unix:/run/x.sock", "unix:/run/x.sock"),
        ("unix:///run/x.sock", "unix:/run/x.sock"),
        ("unix:relative.sock", "unix:relative.sock"),
        ("unix:@abstract", "unix:@abstract"),
        ("unix-dgram:/run/x.sock", "unix-dgram:/run/x.sock"),
        ("unix-dgram:///run/x.sock", "unix-dgram:/run/x.sock"),
        ("UNIX-SEQPACKET:@x?rcvbuf=4M", "unix-seqpacket:@x?rcvbuf=4194304"),
        ("packet://eth0?proto=0x88b5", "packet://eth0?proto=0x88b5"),
        (
            "packet://02:00:00:00:00:0A%eth0/?rcvbuf=1K&proto=all",
            "packet://02:00:00:00:00:0a%eth0?proto=all&rcvbuf=1024",
        ),
        ("fd://3", "fd://3"),
        ("fd:03?recvsize=1K", "fd://3?recvsize=1024"),
        ("fd://web", "fd://web"),
        ("fd://my unit.socket", "fd://my unit.socket"),
        ("tcp://h:1?reuseaddr=on&rcvbuf=4M", "tcp://h:1?reuseaddr=1&rcvbuf=4194304"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
    }
}

#[test]
fn mistakes_are_told_apart() {
    use EndpointError as Error;
    for (text, error) in [
        ("127.0.0.1:9000", Error::NoScheme),
        ("", Error::NoScheme),
        ("http://h:80", Error::UnknownScheme("http".to_owned())),
        ("tcp://", Error::EmptyHost),
        ("tcp://:9000", Error::EmptyHost),
        ("tcp://h", Error::NoPort),
        ("tcp://h:", Error::NoPort),
        ("tcp://[::1]", Error::NoPort),
        ("tcp://h:70000", Error::BadPort("70000".to_owned())),
        ("tcp://h:+1", Error::BadPort("+1".to_owned())),
        ("tcp://::1:9000", Error::BadHost("::1".to_owned())),
        ("tcp://a b:1", Error::BadHost("a b".to_owned())),
        ("unix:", Error::EmptyPath),
        ("unix:@", Error::EmptyAbstractName),
        ("unix-dgram:", Error::EmptyPath),
        ("unix-seqpacket:@", Error::EmptyAbstractName),
        ("packet://?proto=1", Error::EmptyInterface),
        ("packet://eth0", Error::NoEtherType),
        ("packet://eth0?proto=ip", Error::BadEtherType("ip".to_owned())),
        ("packet://02:00%eth0?proto=1", Error::BadHardwareAddress("02:00".to_owned())),
        ("packet://02:00:00:00:00:01?proto=1", Error::NoInterfaceBeside("02:00:00:00:00:01".to_owned())),
        ("fd://", Error::EmptyDescriptor),
        ("fd://-1", Error::BadDescriptor("-1".to_owned())),
        ("fd://2147483648", Error::BadDescriptor("2147483648".to_owned())),
        ("fd://a:b", Error::BadDescriptor("a:b".to_owned())),
        ("fd://名", Error::BadDescriptor("名".to_owned())),
        ("tcp://h:1?x=1", Error::Option(OptionError::Unknown("x".to_owned()))),
        ("udp://h:1?nodelay=1", Error::Option(OptionError::NotFor { name: "nodelay", protocol: Protocol::Udp })),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
    let longest = format!("unix:/{}", "a".repeat(UNIX_PATH_MAX - 1));
    assert!(read(&longest).is_ok());
    assert_eq!(read(&format!("{longest}a")), Err(Error::PathTooLong { len: UNIX_PATH_MAX + 1 }));
    let longest = format!("unix:@{}", "a".repeat(UNIX_PATH_MAX));
    assert!(read(&longest).is_ok());
    assert_eq!(read(&format!("{longest}a")), Err(Error::AbstractNameTooLong { len: UNIX_PATH_MAX + 1 }));
}

#[test]
fn forms_take_brackets_and_spaces_off() {
    let form = |address: &str, port: &str| Endpoint::from_fields(Protocol::Tcp, address, port);
    assert_eq!(form(" [::1] ", " 9000 ").unwrap().to_string(), "tcp://[::1]:9000");
    assert_eq!(form("", "1"), Err(EndpointError::EmptyHost));
    assert_eq!(form("h", ""), Err(EndpointError::NoPort));
}

#[test]
fn who_can_reach_it() {
    for (text, is_local) in [
        ("tcp://127.9.9.9:1", true),
        ("tcp://LocalHost:1", true),
        ("tcp://[::1]:1", true),
        ("udp://[::ffff:127.0.0.1]:1", true),
        ("tcp://0.0.0.0:1", false),
        ("tcp://[::]:1", false),
        ("tcp://example.org:1", false),
        ("unix:/x", true),
        ("packet://lo?proto=all", true),
        ("packet://eth0?proto=all", false),
        ("unix-dgram:@x", true),
        ("unix-seqpacket:/x", true),
        ("fd://3", true),
    ] {
        assert_eq!(text.parse::<Endpoint>().unwrap().is_local(), is_local, "{text}");
    }
}

#[test]
fn a_descriptor_becomes_what_it_is_and_a_path_stays_as_written() {
    let opened = |asked: &str, protocol, local: Peer| {
        let carried = (protocol == Protocol::Raw).then_some(IpProtocol::ICMP);
        asked.parse::<Endpoint>().unwrap().opened(protocol, carried, &local).to_string()
    };
    let ip = || Peer::Ip(([127, 0, 0, 1], 9000).into());
    let path = || Peer::Unix(UnixName::Path("/run/x".into()));
    assert_eq!(opened("fd://3", Protocol::Tcp, ip()), "tcp://127.0.0.1:9000");
    assert_eq!(opened("fd://web", Protocol::Udp, ip()), "udp://127.0.0.1:9000");
    assert_eq!(opened("fd://3", Protocol::UnixSeqpacket, path()), "unix-seqpacket:/run/x");
    assert_eq!(opened("fd://3", Protocol::UnixDatagram, Peer::Unix(UnixName::Unnamed)), "unix-dgram:");
    assert_eq!(opened("unix-dgram:../x", Protocol::UnixDatagram, path()), "unix-dgram:../x");
    assert_eq!(opened("tcp://localhost:0", Protocol::Tcp, ip()), "tcp://127.0.0.1:9000");
    let host = || Peer::Host(([127, 0, 0, 1], 0).into());
    assert_eq!(opened("fd://3", Protocol::Raw, host()), "raw://127.0.0.1?proto=icmp");
    assert_eq!(opened("raw://localhost?proto=icmp", Protocol::Raw, host()), "raw://127.0.0.1?proto=icmp");
    let link = || {
        Peer::Link(crate::model::LinkAddress {
            hardware: Some(crate::model::HardwareAddress([2, 0, 0, 0, 0, 1])),
            interface: InterfaceName::new("eth0").unwrap(),
            ether_type: crate::model::EtherType(0x88b5),
        })
    };
    assert_eq!(opened("fd://3", Protocol::Packet, link()), "packet://02:00:00:00:00:01%eth0?proto=0x88b5");
    assert_eq!(opened("packet://eth0?proto=0x88b5", Protocol::Packet, link()), "packet://eth0?proto=0x88b5");
    let bus = || Peer::Can(InterfaceName::new("can0").unwrap());
    assert_eq!(opened("fd://3", Protocol::Can, bus()), "can://can0");
    assert_eq!(opened("fd://3", Protocol::CanBroadcast, bus()), "can-bcm://can0");
    assert_eq!(opened("fd://3", Protocol::Rds, ip()), "rds://127.0.0.1:9000");
}

#[test]
fn places_that_the_system_reports_read_back() {
    let ip = |text: &str| Peer::Ip(text.parse().unwrap());
    let host = |text: &str| Peer::Host((text.parse::<core::net::IpAddr>().unwrap(), 0).into());
    for (protocol, place, written) in [
        (Protocol::Tcp, ip("127.0.0.1:9"), "tcp://127.0.0.1:9"),
        (Protocol::Udp, ip("[::1]:9"), "udp://[::1]:9"),
        (Protocol::Raw, host("127.0.0.1"), "raw://127.0.0.1"),
        (Protocol::Raw, host("::1"), "raw://[::1]"),
        (Protocol::UnixDatagram, Peer::Unix(UnixName::Abstract(b"x".to_vec())), "unix-dgram:@x"),
        (Protocol::Can, Peer::Can(InterfaceName::new("can0").unwrap()), "can://can0"),
    ] {
        let text = protocol.with_scheme(&place.to_string());
        assert_eq!(text, written);
        let whole = if protocol == Protocol::Raw { format!("{text}?proto=icmp") } else { text };
        assert_eq!(whole.parse::<Endpoint>().map(|read| read.to_string()), Ok(whole));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        let _ = text.parse::<Target>();
    }

    #[test]
    fn what_is_read_reads_back_the_same(
        text in prop_oneof![
            "(tcp|udp)://[a-z0-9._-]{1,9}(:[0-9]{0,6})?",
            "(tcp|udp)://\\[[0-9a-f:]{1,9}(%[a-z0-9]{1,4})?\\]:[0-9]{1,5}",
            "unix(-dgram|-seqpacket)?:(//)?[@/a-z. ]{0,20}",
            "packet:(//)?([0-9a-f:]{0,3}02:00:00:00:00%)?[a-z0-9]{0,4}\\?proto=(0x)?[0-9a-f]{1,5}(&rcvbuf=1K)?",
            "(can|can-bcm)://[a-z0-9.]{0,6}",
            "vsock://(any|host|local|hypervisor|[0-9]{1,11})(:[0-9]{0,11})?",
            "rds://[0-9a-z.:\\[\\]]{1,12}(:[0-9]{0,6})?",
            "fd:(//)?[ -~]{0,20}",
            "fd://[0-9]{1,11}",
            "raw://[a-z0-9.:]{1,9}\\?proto=(icmp|ipv6-icmp|[0-9]{1,3})",
            "raw://\\[[0-9a-f:]{1,9}(%[a-z0-9]{1,4})?\\](/|\\?ttl=1&proto=icmp|\\?proto=[0-9]{1,3})",
        ],
    ) {
        if let Ok(target) = text.parse::<Target>() {
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
        }
    }
}

#[test]
fn lists_of_addresses_take_the_port_of_their_endpoint() {
    let endpoint: Endpoint = "udp://127.0.0.1:9000".parse().unwrap();
    let written =
        |text: &str| endpoint.addresses(text).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
    let all =
        ["127.0.0.2:9000", "10.0.0.255:7", "[::1]:9000", "[fe80::1%eth0]:9", "[ff02::1%2]:9000"].map(String::from);
    assert_eq!(written(" 127.0.0.2，10.0.0.255:7, ::1 [fe80::1%eth0]:9,[ff02::1%2],"), Ok(all.to_vec()));
    assert_eq!(written(""), Ok(Vec::new()));
    let names = ["localhost:9", "news:9000", "2.pool.example:9000"].map(String::from);
    assert_eq!(written("localhost:9,news，2.pool.example"), Ok(names.to_vec()));
    assert_eq!(written("10.0.0.1:7,10.0.0.2:0"), Err(EndpointError::PortZero));
    let any_port: Endpoint = "udp://127.0.0.1:0".parse().unwrap();
    assert_eq!(any_port.addresses("127.0.0.2"), Err(EndpointError::PortZero));
    assert_eq!(any_port.addresses("127.0.0.2:7").map(|all| all.len()), Ok(1));
    assert_eq!(written("10.0.0.1:x"), Err(EndpointError::BadPort("x".to_owned())));
    for mistyped in ["10.0.0", "127.1", "10.0.0.256", "0x7f.1", "7", "10.0.0.", "a/b", "0x7f000001"] {
        assert_eq!(written(mistyped), Err(EndpointError::BadHost(mistyped.to_owned())));
        let with_port = format!("{mistyped}:9");
        assert_eq!(written(&with_port), Err(EndpointError::BadHost(mistyped.to_owned())));
    }
}

proptest! {
    #[test]
    fn lists_of_addresses_read_back_as_they_are_shown(
        typed in prop_oneof![any::<String>(), "[0-9a-fx.:,， %\\[\\]]{0,40}"],
    ) {
        let endpoint: Endpoint = "udp://127.0.0.1:9000".parse().unwrap();
        if let Ok(all) = endpoint.addresses(&typed) {
            let shown: Vec<_> = all.iter().map(ToString::to_string).collect();
            prop_assert_eq!(endpoint.addresses(&shown.join(", ")), Ok(all));
        }
    }
}
