//! Network interfaces as Python finds them.

use core::net::IpAddr;

use super::literal;
use super::script::Script;
use crate::model::{InterfaceChoice, Obstacle};

/// Expressions for interfaces, and which functions of the program they call.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    looks_up_addresses: bool,
    looks_up_numbers: bool,
}

impl Interfaces {
    /// The interface's IPv4 address, as bytes.
    ///
    /// # Errors
    /// It is chosen by an IPv6 address.
    pub(super) fn address(&mut self, choice: &InterfaceChoice) -> Result<String, Obstacle> {
        match choice {
            InterfaceChoice::Address(IpAddr::V4(address)) => Ok(format!("socket.inet_aton(\"{address}\")")),
            InterfaceChoice::Address(IpAddr::V6(_)) => Err(Obstacle::InterfaceByAddress),
            InterfaceChoice::Name(name) => {
                self.looks_up_addresses = true;
                Ok(match name.parse::<u32>() {
                    Ok(index) => format!("address_of(socket.if_indextoname({index}))"),
                    Err(_) => format!("address_of({})", literal::text(name)),
                })
            }
        }
    }

    /// The interface's number.
    ///
    /// # Errors
    /// It is chosen by an IPv4 address.
    pub(super) fn index(&mut self, choice: &InterfaceChoice) -> Result<String, Obstacle> {
        match choice {
            InterfaceChoice::Address(IpAddr::V4(_)) => Err(Obstacle::InterfaceByAddress),
            InterfaceChoice::Address(IpAddr::V6(address)) => {
                self.looks_up_numbers = true;
                Ok(format!("index_of(\"{address}\")"))
            }
            InterfaceChoice::Name(name) => Ok(match name.parse::<u32>() {
                Ok(index) => index.to_string(),
                Err(_) => format!("socket.if_nametoindex({})", literal::text(name)),
            }),
        }
    }

    /// Whether the program calls ioctl(2), and packs what that takes.
    pub(super) fn need_fcntl(&self) -> bool {
        self.looks_up_addresses
    }

    pub(super) fn are_looked_up(&self) -> bool {
        self.looks_up_addresses || self.looks_up_numbers
    }

    /// The functions that the expressions call.
    pub(super) fn functions(&self, script: &mut Script) {
        if self.looks_up_addresses {
            script.gap();
            // SIOCGIFADDR fills in a struct ifreq: 16 bytes of the name, then a struct sockaddr_in.
            script.lines(
                r#"def address_of(name):
    """The IPv4 address of a network interface, see netdevice(7)."""
    SIOCGIFADDR = 0x8915
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("40s", name.encode()))[20:24]"#,
            );
        }
        if self.looks_up_numbers {
            script.gap();
            script.lines(
                r#"def index_of(address):
    """The number of the network interface that has an IPv6 address."""
    wanted = socket.inet_pton(socket.AF_INET6, address).hex()
    with open("/proc/net/if_inet6") as table:
        for line in table:
            found, number = line.split()[:2]
            if found == wanted:
                return int(number, 16)
    raise OSError(f"no network interface has the address {address}")"#,
            );
        }
    }
}
