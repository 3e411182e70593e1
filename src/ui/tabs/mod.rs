//! What the window knows of its tabs: forms, drafts, clients and transfers, learnt from the user and from events.

mod browser_form;
mod client_tab;
mod code;
mod draft;
mod endpoint_form;
pub mod groups_query;
mod heights;
pub mod options_query;
mod port_wait;
mod receive_form;
mod server_tab;
mod socket_view;
mod transfers;
mod udp_form;

pub use browser_form::{BrowserForm, BrowserKind, PathMissing};
pub use client_tab::{ClientState, ClientTabState};
pub use code::NoCode;
pub use draft::{Draft, LARGE};
pub use endpoint_form::{EndpointForm, FormField, title};
pub use heights::{GAP, Heights};
pub use port_wait::PortWait;
pub use receive_form::{ReceiveForm, ReceiveKind};
pub use server_tab::{RecipientChoice, RespondKind, ServerState, ServerTabState};
pub use socket_view::{Alone, SocketView, Told};
pub use transfers::{TransferView, Transfers};
pub use udp_form::UdpForm;
