//! Socket options as `setsockopt` calls.

use super::interface::Interfaces;
use super::literal;
use super::script::Script;
use crate::model::program::Recipe;
use crate::model::program::constant::{Constant, constants};
use crate::model::{Obstacle, OptionValue, SocketOption};

/// What a program knows of its socket's family when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Known {
        v6: bool,
    },
    /// In the variable `family`, once the name is resolved or the descriptor looked at.
    Variable,
}

/// Sets an option.
#[derive(Debug)]
pub(super) enum Call {
    OfAll(String),
    OfFamily { v4: String, v6: String },
}

impl Call {
    pub(super) fn write(&self, script: &mut Script) {
        match self {
            Self::OfAll(line) => script.line(line),
            Self::OfFamily { v4, v6 } => {
                script.block("if family == socket.AF_INET6:", |script| script.line(v6));
                script.block("else:", |script| script.line(v4));
            }
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
    family: Family,
    interfaces: &mut Interfaces,
) -> Result<Vec<Call>, Obstacle> {
    let mut calls = Vec::new();
    for (option, value) in recipe.options() {
        let mut line = |constant| Ok(call(socket, constant, &written(constant, &value, interfaces)?));
        calls.push(match (constants(option, recipe.role), family) {
            (None, _) => continue,
            (Some((both, None)), _) => Call::OfAll(line(both)?),
            (Some((v4, Some(v6))), Family::Known { v6: is_v6 }) => Call::OfAll(line(if is_v6 { v6 } else { v4 })?),
            (Some((v4, Some(v6))), Family::Variable) => Call::OfFamily { v4: line(v4)?, v6: line(v6)? },
        });
    }
    Ok(calls)
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

/// Whether a value is written with Python's `struct`.
pub(super) fn need_struct(recipe: &Recipe<'_>) -> bool {
    let mut all = recipe.options().into_iter().filter_map(|(option, _)| constants(option, recipe.role));
    all.any(|(constant, _)| constant.name == LINGER)
}

/// Takes a struct of two ints: on, and for how many seconds (socket(7)).
const LINGER: &str = "SO_LINGER";

/// Take an interface: by its address, and by its number.
const INTERFACE: &str = "IP_MULTICAST_IF";
const INTERFACE_V6: &str = "IPV6_MULTICAST_IF";

fn written(constant: Constant, value: &OptionValue, interfaces: &mut Interfaces) -> Result<String, Obstacle> {
    Ok(match constant.value(value) {
        OptionValue::Number(seconds) if constant.name == LINGER => format!("struct.pack(\"ii\", 1, {seconds})"),
        // setsockopt takes a C int; the bits are what counts.
        OptionValue::Number(number) if number > i32::MAX.cast_unsigned() => format!("{number} - 2**32"),
        OptionValue::Text(text) if matches!(constant.name, INTERFACE | INTERFACE_V6) => {
            let choice = text.parse().map_err(|_| Obstacle::Option(SocketOption::MulticastInterface))?;
            if constant.name == INTERFACE { interfaces.address(&choice)? } else { interfaces.index(&choice)? }
        }
        OptionValue::Text(text) => literal::bytes(text.as_bytes()),
        other => other.to_string(),
    })
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
    else:
";
        assert!(text.contains(lines), "{text}");
        assert!(!written("fd://3?rcvbuf=64K").contains("family = "));
        // What joins groups is known to be UDP's.
        let text = written("fd://3?join=239.1.1.1");
        assert!(text.contains("IP_ADD_MEMBERSHIP") && text.contains("client.recvfrom("), "{text}");
    }
}
