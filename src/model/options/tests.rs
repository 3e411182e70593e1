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
