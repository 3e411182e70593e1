//! The names under which a program that answers browsers may be asked: at a loopback address, those of this machine only.

use super::literal;
use crate::model::program::Recipe;
use crate::model::{Endpoint, HostPort};

/// The function that tells whether a request may name a host; `None` where it may name any, as at an address that others
/// reach under names that nobody here knows.
pub(super) fn function(recipe: &Recipe<'_>) -> Option<String> {
    let (only_known_there, own) = match &recipe.target.endpoint {
        Endpoint::Tcp(address) if address.is_loopback() => ("", String::new()),
        Endpoint::Tcp(address) if address.is_literal() => return None,
        Endpoint::Tcp(HostPort { host, .. }) => {
            (NAMED, format!("name == {} or ", literal::text(&host.to_ascii_lowercase())))
        }
        Endpoint::Descriptor(_) => (OPEN, String::new()),
        _ => return None,
    };
    Some(IS_OWN.replace("ONLY_KNOWN_THERE", only_known_there).replace("OWN", &own))
}

/// A name's address is known once it is bound.
const NAMED: &str = r#"
    if not is_loopback(server.getsockname()[0]):
        return True"#;

/// What a descriptor is, too.
const OPEN: &str = r#"
    if server.family not in (socket.AF_INET, socket.AF_INET6):
        return True
    if not is_loopback(server.getsockname()[0]):
        return True"#;

const IS_OWN: &str = r#"def is_loopback(host):
    address = ipaddress.ip_address(host.split("%")[0])
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_own(host):
    """Whether a request may name this host: any page can give its own name to 127.0.0.1."""ONLY_KNOWN_THERE
    literal = r"\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]"
    found = re.fullmatch(literal + r"(?::\d*)?|([\w.-]+?)\.?(?::\d*)?", host, re.ASCII)
    if not found:
        return False
    name = (found[1] or found[2]).lower()
    try:
        return is_loopback(name)
    except ValueError:
        return OWNname.split(".")[-1] == "localhost""#;
