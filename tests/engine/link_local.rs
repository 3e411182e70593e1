//! Link-local addresses of IPv6, which say nothing without their interface.

use nix::net::if_::if_nametoindex;
use sockeye::model::{Cause, Event, Failure, Hint, Operation};

use crate::harness::Harness;
use crate::support::{in_own_network, ip, set_up};

/// Two interfaces that lead to each other, of which the first has fe80::9.
fn make_interfaces() {
    ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
    set_up(&["d0", "d1"]);
    ip(&["address", "add", "fe80::9/64", "dev", "d0", "nodad"]);
}

fn not_bound(h: &mut Harness, endpoint: &str) -> Failure {
    let socket = h.engine.new_socket();
    h.listen_as(socket, endpoint, |_| {});
    h.failed()
}

fn not_connected(h: &mut Harness, endpoint: &str) -> Failure {
    h.begin_connect(endpoint, |_| {});
    h.failed()
}

fn scopes(addresses: &[&str]) -> Option<Hint> {
    Some(Hint::AddAScope { addresses: addresses.iter().map(ToString::to_string).collect() })
}

#[test]
fn without_an_interface_only_those_that_could_be_meant_are_offered() {
    in_own_network("link_local::without_an_interface_only_those_that_could_be_meant_are_offered", || {
        let mut h = Harness::new();
        // Nobody is behind the loopback.
        let failure = not_connected(&mut h, "tcp://[fe80::1]:9000");
        assert_eq!((failure.cause, failure.hint), (Cause::NoScope, scopes(&[])));
        make_interfaces();
        for scheme in ["udp", "tcp"] {
            let failure = not_bound(&mut h, &format!("{scheme}://[fe80::9]:9000"));
            assert_eq!((failure.operation, failure.cause), (Operation::Bind, Cause::NoScope));
            assert_eq!(failure.hint, scopes(&["fe80::9%d0"]), "the one that has it");
            let failure = not_bound(&mut h, &format!("{scheme}://[fe80::8]:9000"));
            assert_eq!((failure.cause, failure.hint), (Cause::AddressNotAvailable, Some(Hint::CheckTheAddress)));
            let failure = not_bound(&mut h, &format!("{scheme}://[fe80::9%d1]:9000"));
            assert_eq!((failure.cause, failure.hint), (Cause::AddressNotAvailable, scopes(&["fe80::9%d0"])));
            let failure = not_bound(&mut h, &format!("{scheme}://[fe80::9%nosuch]:9000"));
            assert_eq!((failure.cause, failure.hint), (Cause::NoSuchDevice, scopes(&["fe80::9%d0"])));
            let failure = not_connected(&mut h, &format!("{scheme}://[fe80::7]:9000"));
            let Some(Hint::AddAScope { mut addresses }) = failure.hint else { panic!("{:?}", failure.hint) };
            addresses.sort_unstable();
            assert_eq!(
                (failure.cause, addresses),
                (Cause::NoScope, ["fe80::7%d0", "fe80::7%d1"].map(String::from).into())
            );
        }
    });
}

#[test]
fn an_interface_is_shown_by_its_name() {
    in_own_network("link_local::an_interface_is_shown_by_its_name", || {
        make_interfaces();
        let number = if_nametoindex("d0").expect("it was made");
        let mut h = Harness::new();
        for scheme in ["udp", "tcp"] {
            let socket = h.engine.new_socket();
            h.listen_as(socket, &format!("{scheme}://[fe80::9%{number}]:9000"), |_| {});
            let named = format!("{scheme}://[fe80::9%d0]:9000");
            assert_eq!(h.listening(socket).to_string(), named);
            let failure = not_bound(&mut h, &format!("{scheme}://[fe80::9%{number}]:9000"));
            assert_eq!((failure.subject, failure.cause), (named, Cause::AddressInUse));
        }
        h.begin_connect(&format!("tcp://[fe80::9%{number}]:9001"), |_| {});
        let attempt = h.wait("an attempt", |event| match event {
            Event::Connecting { attempt, .. } => Some(attempt.clone()),
            _ => None,
        });
        assert_eq!(attempt, "tcp://[fe80::9%d0]:9001");
        let failure = h.failed();
        assert_eq!((failure.subject, failure.cause), (attempt, Cause::Refused));
    });
}
