//! What more than one panel draws.

pub mod button;
pub mod choice;
pub mod composer;
pub mod disclosure;
pub mod endpoint_row;
pub mod field;
pub mod file_sender;
pub mod format_choices;
pub mod frame_form;
pub mod group_list;
pub mod hex_cells;
pub mod hex_view;
pub mod icon;
pub mod interface_menu;
pub mod live_state;
pub mod message_line;
pub mod multicast_row;
pub mod options_form;
pub mod receive_options;
pub mod row_scroll;
pub mod row_table;
pub mod state_dot;
pub mod tab_strip;
pub mod table_header;
pub mod time_wait;
pub mod transfer_rows;
