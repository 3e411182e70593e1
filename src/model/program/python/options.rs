//! Socket options as `setsockopt` calls.

use super::interface::Interfaces;
use super::literal;
use super::script::Script;
use crate::model::program::Recipe;
use crate::model::program::constant::{Constant, constants};
use crate::model::{InterfaceChoice, Obstacle, OptionValue, SocketOption};

/// What a program knows of its socket when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Whether it is of IPv6; where that is not known, it is in the variable `family`, once the name is resolved or the
    /// descriptor looked at.
    pub(super) v6: Option<bool>,
    /// Whether it is raw, and so of one family alone; not known of a descriptor.
    pub(super) raw: Option<bool>,
}

/// Sets an option.
#[derive(Debug)]
pub(super) enum Call {
    Line(String),
    If {
        condition: String,
        then: Vec<Call>,
        otherwise: Vec<Call>,
    },
    /// What may fail, and is let go then for this reason.
    Try {
        lines: Vec<Call>,
        reason: &'static str,
    },
}

impl Call {
    pub(super) fn write(&self, script: &mut Script) {
        match self {
            Self::Line(line) => script.line(line),
            Self::If { condition, then, otherwise } => {
                script.block(format!("if {condition}:"), |script| then.iter().for_each(|call| call.write(script)));
                if !otherwise.is_empty() {
                    script.block("else:", |script| otherwise.iter().for_each(|call| call.write(script)));
                }
            }
            Self::Try { lines, reason } => {
                script.block("try:", |script| lines.iter().for_each(|call| call.write(script)));
                script.block("except OSError:", |script| script.line(format!("pass  # {reason}")));
            }
        }
    }

    /// Whether a value is written with Python's `struct`.
    pub(super) fn needs_struct(&self) -> bool {
        match self {
            Self::Line(line) => line.contains("struct."),
            Self::If { then, otherwise, .. } => then.iter().chain(otherwise).any(Self::needs_struct),
            Self::Try { lines, .. } => lines.iter().any(Self::needs_struct),
        }
    }
}

/// Sets what the recipe asks for, and what this program sets of itself.
///
/// # Errors
/// A value that can't be written down.
pub(super) fn calls(
    recipe: &Recipe<'_>,
    socket: &str,
    known: Known,
    interfaces: &mut Interfaces,
) -> Result<Vec<Call>, Obstacle> {
    let mut calls = Vec::new();
    for (option, value) in recipe.options() {
        let Some((v4_or_both, v6)) = constants(option, recipe.role) else { continue };
        let mut line = |constant| Ok(Call::Line(call(socket, constant, &written(constant, &value, interfaces)?)));
        match v6.filter(|_| known.v6 != Some(false)) {
            None => calls.push(line(v4_or_both)?),
            Some(v6) => {
                let mut then = vec![line(v6)?];
                let otherwise = if known.v6.is_none() { vec![line(v4_or_both)?] } else { Vec::new() };
                then.extend(beside_v6(v4_or_both, &value, socket, known, interfaces)?);
                match known.v6 {
                    Some(_) => calls.extend(then),
                    None => calls.push(Call::If { condition: IS_V6.to_owned(), then, otherwise }),
                }
            }
        }
    }
    Ok(calls)
}

const IS_V6: &str = "family == socket.AF_INET6";

/// What a socket of IPv6 is given of IPv4, as this program does: one of both families has an option of each, which counts
/// for its peers of that family. Raw ones refuse it.
fn beside_v6(
    v4: Constant,
    value: &OptionValue,
    socket: &str,
    known: Known,
    interfaces: &mut Interfaces,
) -> Result<Vec<Call>, Obstacle> {
    if known.raw == Some(true) {
        return Ok(Vec::new());
    }
    let lines = match value {
        OptionValue::Text(text) => {
            let address = Call::Line(format!("interface = {}", interfaces.address(&interface(text)?)?));
            let lines = vec![address, Call::Line(call(socket, v4, "interface"))];
            vec![Call::Try { lines, reason: "It has no address of IPv4." }]
        }
        value => vec![Call::Line(call(socket, v4, &written(v4, value, interfaces)?))],
    };
    Ok(if known.raw.is_some() {
        lines
    } else {
        let condition = format!("{socket}.type != socket.SOCK_RAW");
        vec![Call::If { condition, then: lines, otherwise: Vec::new() }]
    })
}

/// A call that sets the constant to what `value` evaluates to.
pub(super) fn call(socket: &str, constant: Constant, value: &str) -> String {
    match constant.python() {
        Ok(name) => format!("{socket}.setsockopt(socket.{}, socket.{name}, {value})", constant.level()),
        Err(number) => {
            format!("{socket}.setsockopt(socket.{}, {number}, {value})  # {}", constant.level(), constant.name)
        }
    }
}

/// Whether IPv6 has another option for one of them.
pub(super) fn depend_on_family(recipe: &Recipe<'_>) -> bool {
    let mut all = recipe.options().into_iter().filter_map(|(option, _)| constants(option, recipe.role));
    all.any(|(_, v6)| v6.is_some())
}

/// Takes a struct of two ints: on, and for how many seconds (socket(7)).
const LINGER: &str = "SO_LINGER";

/// Take an interface: by its address, and by its number.
const INTERFACE: &str = "IP_MULTICAST_IF";
const INTERFACE_V6: &str = "IPV6_MULTICAST_IF";

fn written(constant: Constant, value: &OptionValue, interfaces: &mut Interfaces) -> Result<String, Obstacle> {
    Ok(match constant.value(value) {
        OptionValue::Number(seconds) if constant.name == LINGER => format!("struct.pack(\"ii\", 1, {seconds})"),
        OptionValue::Off => "struct.pack(\"ii\", 0, 0)".to_owned(),
        // setsockopt takes a C int; the bits are what counts.
        OptionValue::Number(number) if number > i32::MAX.cast_unsigned() => format!("{number} - 2**32"),
        OptionValue::Text(text) if matches!(constant.name, INTERFACE | INTERFACE_V6) => {
            let choice = interface(&text)?;
            if constant.name == INTERFACE { interfaces.address(&choice)? } else { interfaces.index(&choice)? }
        }
        OptionValue::Text(text) => literal::bytes(text.as_bytes()),
        other => other.to_string(),
    })
}

fn interface(text: &str) -> Result<InterfaceChoice, Obstacle> {
    text.parse().map_err(|_| Obstacle::Option(SocketOption::MulticastInterface))
}

#[cfg(test)]
mod tests {
    use crate::model::{Program, Recipe, Role, Target};

    #[test]
    fn options_of_a_descriptor_are_those_of_its_own_family() {
        let written = |endpoint: &str| {
            let target: Target = endpoint.parse().unwrap();
            Program::Python.write(&Recipe::new(Role::Client, &target)).unwrap()
        };
        let text = written("fd://3?ttl=9&rcvbuf=64K");
        let lines = "
    family = client.family
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    if family == socket.AF_INET6:
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 9)
        if client.type != socket.SOCK_RAW:
            client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 9)
    else:
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 9)
";
        assert!(text.contains(lines), "{text}");
        assert!(!written("fd://3?rcvbuf=64K").contains("family = "));
        // What joins groups is known to be UDP's.
        let text = written("fd://3?join=239.1.1.1");
        assert!(text.contains("IP_ADD_MEMBERSHIP") && text.contains("client.recvfrom("), "{text}");
    }

    /// The lines that set what is asked for, of a client's program for this endpoint.
    fn set(endpoint: &str) -> Vec<String> {
        let target: Target = endpoint.parse().unwrap();
        let text = Program::Python.write(&Recipe::new(Role::Client, &target)).unwrap();
        let lines = text.lines().map(str::trim).filter(|line| line.contains("setsockopt(socket.IPPROTO_IP"));
        lines.map(|line| line.replace("client.setsockopt(socket.IPPROTO_", "").replace("socket.", "")).collect()
    }

    #[test]
    fn what_may_speak_ipv4_as_well_has_the_option_of_both() {
        for (asked, v6, v4) in [
            ("ttl=9", "IPV6, IPV6_UNICAST_HOPS, 9)", "IP, IP_TTL, 9)"),
            ("tos=0x10", "IPV6, IPV6_TCLASS, 16)", "IP, IP_TOS, 16)"),
            ("mttl=3", "IPV6, IPV6_MULTICAST_HOPS, 3)", "IP, IP_MULTICAST_TTL, 3)"),
            ("mloop=0", "IPV6, IPV6_MULTICAST_LOOP, 0)", "IP, IP_MULTICAST_LOOP, 0)"),
        ] {
            for host in ["[::]", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1%eth0]"] {
                assert_eq!(set(&format!("udp://{host}:1?{asked}")), [v6, v4], "{host}");
            }
            assert_eq!(set(&format!("udp://127.0.0.1:1?{asked}")), [v4]);
            assert_eq!(set(&format!("udp://a.name:1?{asked}")), [v6, v4, v4]);
            // The kernel refuses IPv4's of a raw socket of IPv6.
            assert_eq!(set(&format!("raw://[::1]?proto=253&{asked}")), [v6]);
            assert_eq!(set(&format!("raw://a.name?proto=253&{asked}")), [v6, v4]);
        }
        let v6 = "IPV6, IPV6_MULTICAST_IF, if_nametoindex(\"lo\"))";
        let v4 = "IP, IP_MULTICAST_IF, interface)";
        assert_eq!(set("udp://[::]:1?mif=lo"), [v6, v4]);
        let target: Target = "udp://[::]:1?mif=lo".parse().unwrap();
        let text = Program::Python.write(&Recipe::new(Role::Client, &target)).unwrap();
        let lines = "
    try:
        interface = address_of(\"lo\")
        client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
    except OSError:
        pass  # It has no address of IPv4.
";
        assert!(text.contains(lines) && text.contains("def address_of(name):"), "{text}");
    }

    #[test]
    fn a_struct_is_imported_where_it_is_used() {
        let imports = |endpoint: &str| {
            let target: Target = endpoint.parse().unwrap();
            let text = Program::Python.write(&Recipe::new(Role::Client, &target)).unwrap();
            assert_eq!(text.contains("import struct\n"), text.contains("struct.pack"), "{text}");
            text.contains("import struct\n")
        };
        for (endpoint, needed) in [
            ("udp://[::]:1?mif=lo", true),
            ("raw://[::1]?proto=253&mif=lo", false),
            ("udp://127.0.0.1:1?mif=127.0.0.1", false),
            ("tcp://a.name:1?linger=3", true),
            ("tcp://a.name:1?linger=off", true),
            ("tcp://a.name:1?ttl=3", false),
        ] {
            assert_eq!(imports(endpoint), needed, "{endpoint}");
        }
    }
}
