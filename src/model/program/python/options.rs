//! Socket options as `setsockopt` calls.

use super::literal;
use super::script::Script;
use crate::model::OptionValue;
use crate::model::program::Recipe;
use crate::model::program::constant::{Constant, constants};

/// What a program knows of its socket's family when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Known {
        v6: bool,
    },
    /// In the variable `family`, once the name is resolved or the descriptor looked at.
    Variable,
}

/// Sets what the recipe asks for, and what this program sets of itself.
pub(super) fn write(script: &mut Script, recipe: &Recipe<'_>, socket: &str, family: Family) {
    for (option, value) in recipe.options() {
        let call = |constant: Constant| {
            let value = written(constant, &value);
            match constant.python() {
                Ok(name) => format!("{socket}.setsockopt(socket.{}, socket.{name}, {value})", constant.level()),
                Err(number) => {
                    format!("{socket}.setsockopt(socket.{}, {number}, {value})  # {}", constant.level(), constant.name)
                }
            }
        };
        match (constants(option, recipe.role), family) {
            (None, _) => {}
            (Some((both, None)), _) => script.line(call(both)),
            (Some((v4, Some(v6))), Family::Known { v6: is_v6 }) => script.line(call(if is_v6 { v6 } else { v4 })),
            (Some((v4, Some(v6))), Family::Variable) => {
                script.block("if family == socket.AF_INET6:", |script| script.line(call(v6)));
                script.block("else:", |script| script.line(call(v4)));
            }
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

fn written(constant: Constant, value: &OptionValue) -> String {
    match constant.value(value) {
        OptionValue::Number(seconds) if constant.name == LINGER => format!("struct.pack(\"ii\", 1, {seconds})"),
        // setsockopt takes a C int; the bits are what counts.
        OptionValue::Number(number) if number > i32::MAX.cast_unsigned() => format!("{number} - 2**32"),
        OptionValue::Text(text) => literal::bytes(text.as_bytes()),
        other => other.to_string(),
    }
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
        assert!(!written("fd://3?rcvbuf=64K").contains("family"));
    }
}
