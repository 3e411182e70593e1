use super::Language;
use crate::model::NetworkInterface;
use crate::tr;

/// A network interface on one line: its name, number and state, and its addresses as they can be bound, each with the
/// length of its network's prefix.
#[must_use]
pub fn interface(language: Language, interface: &NetworkInterface) -> String {
    let mut words = vec![match interface.is_up {
        true => tr!(language, "interface.up"),
        false => tr!(language, "interface.down"),
    }];
    if interface.is_loopback {
        words.push(tr!(language, "interface.loopback"));
    }
    if interface.has_multicast {
        words.push(tr!(language, "interface.multicast"));
    }
    let name = match interface.index {
        0 => interface.name.clone(),
        index => tr!(language, "interface.numbered", name = interface.name, index = index).into_owned(),
    };
    let state = words.join(&tr!(language, "interface.separator"));
    let addresses = interface.addresses.iter();
    let parts = [name, state].into_iter();
    let addresses = addresses.map(|at| format!("{}/{}", interface.bindable(at.address), at.prefix));
    parts.chain(addresses).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InterfaceAddress;

    #[test]
    fn an_interface_is_one_line_in_both_languages() {
        let at = |address: &str| InterfaceAddress { address: address.parse().unwrap(), prefix: 64, broadcast: None };
        let eth = NetworkInterface {
            name: "eth0".to_owned(),
            index: 2,
            is_up: true,
            is_loopback: false,
            has_multicast: true,
            addresses: vec![at("fe80::1"), at("2001:db8::1")],
        };
        let addresses = "fe80::1%eth0/64  2001:db8::1/64";
        assert_eq!(interface(Language::English, &eth), format!("eth0 (2)  up, multicast  {addresses}"));
        assert_eq!(interface(Language::Chinese, &eth), format!("eth0（2）  已启用、可组播  {addresses}"));
        let lo = NetworkInterface {
            name: "lo".to_owned(),
            index: 0,
            is_up: false,
            is_loopback: true,
            has_multicast: false,
            addresses: Vec::new(),
        };
        assert_eq!(interface(Language::English, &lo), "lo  down, loopback");
        assert_eq!(interface(Language::Chinese, &lo), "lo  未启用、环回");
    }
}
