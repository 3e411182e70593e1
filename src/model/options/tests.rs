use proptest::prelude::*;

use super::*;

#[test]
fn values_as_people_write_them() {
    let options: SocketOptions = "reuseaddr&nodelay=off&rcvbuf=64K&recvsize=1024".parse().unwrap();
    assert_eq!(options.switch(SocketOption::ReuseAddress), Some(true));
    assert_eq!(options.switch(SocketOption::NoDelay), Some(false));
    assert_eq!(options.number(SocketOption::ReceiveBuffer), Some(65_536));
    assert_eq!(options.number(SocketOption::ReceiveSize), Some(1024));
    assert_eq!(options.get(SocketOption::KeepAlive), None);
}

#[test]
fn to_linger_for_no_time_is_not_to_linger_off() {
    let linger = |query: &str| {
        let options: SocketOptions = query.parse().unwrap();
        assert_eq!(options.to_string().parse(), Ok(options.clone()), "{query}");
        options.get(SocketOption::Linger).cloned()
    };
    assert_eq!(linger("linger=0"), Some(OptionValue::Number(0)));
    for query in ["linger=off", "linger=", "linger=no"] {
        assert_eq!(linger(query), Some(OptionValue::Off), "{query}");
    }
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

#[test]
fn a_class_of_service_is_the_upper_bits_of_its_byte() {
    let tos = |query: &str| query.parse::<SocketOptions>().map(|options| options.to_string());
    assert_eq!(tos("dscp=46").as_deref(), Ok("tos=184"));
    assert_eq!(tos("tos=0xb8").as_deref(), Ok("tos=184"));
    for query in ["dscp=EF", "tos=ef", "dscp=0x2e"] {
        assert_eq!(tos(query).as_deref(), Ok("tos=184"), "{query}");
    }
    assert_eq!((tos("tos=AF41"), tos("dscp=le")), (Ok("tos=136".to_owned()), Ok("tos=4".to_owned())));
    let class = |option: SocketOption, byte| option.class_of(byte);
    assert_eq!(class(SocketOption::TypeOfService, 184), Some("EF"));
    assert_eq!(class(SocketOption::TypeOfService, 187), Some("EF"), "beside ECN");
    assert_eq!((class(SocketOption::TypeOfService, 0), class(SocketOption::TimeToLive, 184)), (None, None));
    for (query, name) in [
        ("dscp=64", "dscp"),
        ("dscp=+1", "dscp"),
        ("dscp=AF14", "dscp"),
        ("tos=256", "tos"),
        ("tos=0x", "tos"),
        ("tos=", "tos"),
        ("ttl=EF", "ttl"),
    ] {
        assert!(matches!(tos(query), Err(OptionError::BadValue { name: of, .. }) if of == name), "{query}");
    }
}

#[test]
fn protocols_by_name_or_number() {
    let proto = |query: &str| query.parse::<SocketOptions>().ok()?.ip_protocol();
    assert_eq!(proto("proto=mptcp"), Some(IpProtocol(262)));
    assert_eq!(proto("proto=262"), Some(IpProtocol(262)));
    assert_eq!(proto("proto=UDPLite"), Some(IpProtocol(136)));
    assert_eq!(proto("proto=200").map(|protocol| protocol.to_string()).as_deref(), Some("200"));
    for query in ["proto=", "proto=-1", "proto=65536", "proto=nonsense"] {
        assert_eq!(proto(query), None, "{query}");
    }
}

#[test]
fn sockets_that_have_none_of_an_option_refuse_it() {
    let check = |query: &str, protocol| query.parse::<SocketOptions>().unwrap().check(protocol);
    assert_eq!(check("nodelay=1&rcvbuf=4M", Protocol::Tcp), Ok(()));
    let refused = |name, protocol| Err(OptionError::NotFor { name, protocol });
    assert_eq!(check("rcvbuf=4M&nodelay=1", Protocol::Udp), refused("nodelay", Protocol::Udp));
    assert_eq!(check("backlog=1", Protocol::Udp), refused("backlog", Protocol::Udp));
    assert_eq!(check("ttl=1", Protocol::UnixStream), refused("ttl", Protocol::UnixStream));
    assert_eq!(check("broadcast=1", Protocol::Tcp), refused("broadcast", Protocol::Tcp));
}

#[test]
fn a_descriptor_takes_what_is_not_too_late_for_a_socket_that_is_bound() {
    let check = |query: &str| query.parse::<SocketOptions>().unwrap().check(Protocol::Descriptor);
    assert_eq!(check("nodelay=1&broadcast=1&backlog=5&maxseg=900&mttl=3"), Ok(()));
    for (query, name) in [
        ("proto=mptcp", "proto"),
        ("nodelay=1&reuseaddr=1", "reuseaddr"),
        ("reuseport=1", "reuseport"),
        ("v6only=1", "v6only"),
    ] {
        assert_eq!(check(query), Err(OptionError::TooLate { name }), "{query}");
    }
}

#[test]
fn an_example_is_of_options_that_the_transport_has() {
    for protocol in Protocol::ALL {
        let example = SocketOptions::example(protocol);
        let options: SocketOptions = example.parse().unwrap();
        assert_eq!((options.check(protocol), options.iter().count()), (Ok(()), 2), "{protocol:?}: {example}");
        for role in [Role::Server, Role::Client] {
            assert_eq!(options.check_role(protocol, role), Ok(()), "{protocol:?}: {example}");
        }
    }
    assert_eq!(SocketOptions::example(Protocol::Tcp), "reuseaddr=1&rcvbuf=4M");
}

#[test]
fn an_option_is_given_once() {
    let twice = |query: &str| match query.parse::<SocketOptions>() {
        Err(OptionError::Twice { first, second }) => (first, second),
        other => panic!("{query}: {other:?}"),
    };
    for (query, first, second) in [
        ("rcvbuf=1&nodelay&rcvbuf=2", "rcvbuf=1", "rcvbuf=2"),
        ("nodelay&nodelay=0", "nodelay", "nodelay=0"),
        ("tos=3&dscp=46", "tos=3", "dscp=46"),
        ("ttl=1&ttl=1", "ttl=1", "ttl=1"),
    ] {
        assert_eq!(twice(query), (first.to_owned(), second.to_owned()));
    }
}

#[test]
fn a_client_has_none_of_a_listeners_options() {
    let check = |query: &str, protocol, role| query.parse::<SocketOptions>().unwrap().check_role(protocol, role);
    assert_eq!(check("nodelay=1&backlog=5", Protocol::Tcp, Role::Server), Ok(()));
    let for_listeners = Err(OptionError::ForListeners { name: "backlog" });
    assert_eq!(check("nodelay=1&backlog=5", Protocol::Tcp, Role::Client), for_listeners);
    assert_eq!(check("maxseg=900", Protocol::Tcp, Role::Client), Ok(()));
    let too_late = Err(OptionError::TooLate { name: "maxseg" });
    assert_eq!(check("maxseg=900", Protocol::Descriptor, Role::Client), too_late);
    assert_eq!(check("maxseg=900", Protocol::Descriptor, Role::Server), Ok(()));
}

#[test]
fn the_table_has_each_option_once_and_in_order() {
    for pair in SocketOption::ALL.windows(2) {
        assert!(pair[0] < pair[1], "{pair:?}");
    }
    let mut names: Vec<_> = SocketOption::ALL.iter().map(|option| option.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SocketOption::ALL.len());
    for option in SocketOption::ALL {
        assert!(Protocol::ALL.iter().any(|protocol| option.applies_to(*protocol)), "{option:?} is for nobody");
    }
}

/// Any option with something that looks like a value of it.
fn pair() -> impl Strategy<Value = String> {
    let names: Vec<_> = SocketOption::ALL.iter().map(|option| option.name()).chain(["dscp", "else"]).collect();
    let value = "0|1|on|no|[0-9]{1,6}|[0-9]{1,4}[kKmMgG]|0x[0-9a-f]{1,3}|[a-z0-9_.-]{0,16}|.{0,4}";
    (proptest::sample::select(names), value).prop_map(|(name, value)| format!("{name}={value}"))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_reads_back_the_same(
        query in prop_oneof![".{0,40}", proptest::collection::vec(pair(), 0..6).prop_map(|pairs| pairs.join("&"))],
    ) {
        if let Ok(options) = query.parse::<SocketOptions>() {
            prop_assert_eq!(options.to_string().parse::<SocketOptions>(), Ok(options));
        }
    }

    #[test]
    fn each_value_that_an_option_takes_reads_back_the_same(pair in pair()) {
        if let Ok(options) = pair.parse::<SocketOptions>() {
            prop_assert_eq!(options.iter().count(), 1);
            prop_assert_eq!(options.to_string().parse::<SocketOptions>(), Ok(options));
        }
    }
}
