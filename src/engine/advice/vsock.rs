//! Which kernel module vsock(7) lacks on the way to a machine.

use crate::model::{ContextId, Hint, Role};
use crate::net;
use crate::store::kernel;

/// What leads from a virtual machine to the one that it runs on, by hypervisor (virtio, VMware, Hyper-V).
const GUEST_TRANSPORTS: [&str; 3] = ["vmw_vsock_virtio_transport", "vmw_vsock_vmci_transport", "hv_sock"];

/// The transports that the kernel has now.
#[derive(Clone, Copy, Debug)]
struct Transports {
    /// To this machine itself, vsock_loopback.
    loopback: bool,
    /// To virtual machines on this one, vhost_vsock.
    host: bool,
    /// To the machine that this one runs on.
    guest: bool,
}

impl Transports {
    fn now() -> Self {
        Self {
            loopback: net::vsock_owns(ContextId::LOCAL),
            host: net::vsock_owns(ContextId::HOST),
            guest: GUEST_TRANSPORTS.into_iter().any(kernel::has_module),
        }
    }
}

/// The module without which a socket to listen at this machine's number, or to connect to it, gets nowhere; `None` where
/// it is there, as far as can be told.
pub(super) fn module(role: Role, machine: ContextId) -> Option<Hint> {
    module_beside(role, machine, Transports::now(), || net::vsock_owns(machine))
}

fn module_beside(role: Role, machine: ContextId, has: Transports, is_own: impl FnOnce() -> bool) -> Option<Hint> {
    let Transports { loopback, host, guest } = has;
    let (is_there, module) = match (role, machine) {
        (_, ContextId::LOCAL) => (loopback, "vsock_loopback"),
        (Role::Server, ContextId::HOST) => (host, "vhost_vsock"),
        (_, ContextId::ANY) => (loopback || host || guest, ""),
        (Role::Server, _) => return None,
        // On a machine that is no virtual one the loopback answers for the host.
        (Role::Client, ContextId::HOST) => (guest || loopback, ""),
        (Role::Client, _) if is_own() => (loopback, "vsock_loopback"),
        (Role::Client, _) => (host || guest, ""),
    };
    match module {
        _ if is_there => None,
        "" => Some(Hint::LoadVsockTransport),
        module => Some(Hint::LoadModule { module: module.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_module() {
        const NONE: Transports = Transports { loopback: false, host: false, guest: false };
        const LOOPBACK: Transports = Transports { loopback: true, ..NONE };
        const HOST: Transports = Transports { host: true, ..NONE };
        const GUEST: Transports = Transports { guest: true, ..NONE };
        let (client, server) = (Role::Client, Role::Server);
        let (local, host, any, machine) = (ContextId::LOCAL, ContextId::HOST, ContextId::ANY, ContextId(42));
        let load = |module: &str| Some(Hint::LoadModule { module: module.to_owned() });
        for (role, to, has, expected) in [
            (client, local, GUEST, load("vsock_loopback")),
            (client, local, LOOPBACK, None),
            (server, local, HOST, load("vsock_loopback")),
            (server, host, GUEST, load("vhost_vsock")),
            (server, host, HOST, None),
            (server, any, NONE, Some(Hint::LoadVsockTransport)),
            (server, any, GUEST, None),
            (server, machine, NONE, None),
            (client, host, NONE, Some(Hint::LoadVsockTransport)),
            (client, host, HOST, Some(Hint::LoadVsockTransport)),
            (client, host, GUEST, None),
            (client, host, LOOPBACK, None),
            (client, machine, LOOPBACK, Some(Hint::LoadVsockTransport)),
            (client, machine, HOST, None),
            (client, machine, GUEST, None),
        ] {
            assert_eq!(module_beside(role, to, has, || false), expected, "{role:?} {to} {has:?}");
        }
        // A machine's own number takes the loopback.
        assert_eq!(module_beside(client, machine, GUEST, || true), load("vsock_loopback"));
        assert_eq!(module_beside(client, machine, LOOPBACK, || true), None);
    }
}
