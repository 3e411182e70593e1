//! One file a part of the window; what is drawn twice is in `widgets`.

pub mod about;
pub mod answering_rows;
pub mod browser_options;
pub mod client;
pub mod client_rows;
pub mod code;
pub mod color_rules;
pub mod conversation;
pub mod inspector;
pub mod journal;
pub mod journal_path;
pub mod left_recordings;
pub mod menu_bar;
pub mod past_transfers;
pub mod server;
pub mod session_row;
pub mod shell;
pub mod socket_area;
pub mod statistics;
pub mod status_bar;
