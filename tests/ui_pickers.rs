//! What is there to choose from: this machine's addresses and network interfaces, wherever one of them is asked for.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use egui_kittest::kittest::Queryable as _;
use sockeye::model::{ClientTab, ServerTab};

use crate::app::{Window, any_port};
use crate::support::{in_own_network, ip};

/// A network with a link that has an address and one that has none, as a bus has.
fn links() {
    ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
    ip(&["address", "add", "10.1.1.1/24", "dev", "d0"]);
    for name in ["d0", "d1"] {
        ip(&["link", "set", name, "addrgenmode", "none"]);
        ip(&["link", "set", name, "up"]);
    }
}

/// Opens a menu and takes an entry, once it has been told; the others of the menu.
fn pick(window: &mut Window, panel: &str, menu: &str, entry: &str, others: &[&str]) {
    window.click(panel, menu);
    window.until("the entry", |window| window.harness.query_by_label(entry).is_some());
    // The list finds its place once it is known how large it is.
    window.harness.step();
    for other in others {
        assert!(window.harness.query_by_label_contains(other).is_none(), "{other} in {menu}");
    }
    window.harness.get_by_label(entry).click();
    window.harness.step();
    window.harness.step();
}

#[test]
fn a_client_s_own_address_is_picked_from_a_list() {
    in_own_network("a_client_s_own_address_is_picked_from_a_list", || {
        links();
        for protocol in ["tcp", "udp"] {
            let tab = ClientTab { protocol: protocol.to_owned(), ..ClientTab::default() };
            let mut window = Window::with_tabs(any_port(), tab);
            window.click("Client", "More");
            // A socket is not bound to all addresses to send from one.
            pick(&mut window, "Client", "Local addresses", "10.1.1.1 · d0", &["0.0.0.0", "every address"]);
            assert_eq!(window.value("Client", "Local address"), "10.1.1.1", "{protocol}");
        }
    });
}

#[test]
fn a_raw_server_s_address_is_picked_from_a_list() {
    in_own_network("a_raw_server_s_address_is_picked_from_a_list", || {
        links();
        let tab = ServerTab { protocol: "raw".to_owned(), port: "253".to_owned(), ..ServerTab::default() };
        let mut window = Window::with_tabs(tab, ClientTab::default());
        pick(&mut window, "Server", "Local addresses", "10.1.1.1 · d0", &[]);
        assert_eq!(window.value("Server", "Address"), "10.1.1.1");
    });
}

#[test]
fn the_interface_of_a_link_or_a_bus_is_picked_from_a_list() {
    in_own_network("the_interface_of_a_link_or_a_bus_is_picked_from_a_list", || {
        links();
        let tab = |protocol: &str| (protocol.to_owned(), protocol.to_owned());
        for protocol in ["packet", "can", "can-bcm"] {
            let (server, client) = tab(protocol);
            let server = ServerTab { protocol: server, address: String::new(), ..ServerTab::default() };
            let client = ClientTab { protocol: client, address: String::new(), ..ClientTab::default() };
            let mut window = Window::with_tabs(server, client);
            let is_link = protocol == "packet";
            let (entry, name, others) =
                if is_link { ("d0 · 10.1.1.1", "d0", &[][..]) } else { ("d1", "d1", &["d0", "lo · "][..]) };
            for panel in ["Server", "Client"] {
                pick(&mut window, panel, "Network interfaces", entry, others);
                assert_eq!(window.value(panel, "Address"), name, "{protocol}");
            }
            if is_link {
                // Whom to send to stays.
                window.write("Client", "Address", "02:00:00:00:00:01%lo");
                pick(&mut window, "Client", "Network interfaces", entry, &[]);
                assert_eq!(window.value("Client", "Address"), "02:00:00:00:00:01%d0");
            }
        }
    });
}

#[test]
fn the_interface_of_an_option_is_picked_from_a_list() {
    in_own_network("the_interface_of_an_option_is_picked_from_a_list", || {
        links();
        let tab = ServerTab { protocol: "raw".to_owned(), port: "253".to_owned(), ..ServerTab::default() };
        let mut window = Window::with_tabs(tab, ClientTab::default());
        window.click("Server", "More");
        window.click("Server", "All options");
        for (menu, query) in
            [("Choices for Network interface", "device=d0"), ("Choices for Multicast interface", "device=d0&mif=d0")]
        {
            pick(&mut window, "Server", menu, "d0 · 10.1.1.1", &[]);
            assert_eq!(window.value("Server", "Socket options"), query);
        }
    });
}
