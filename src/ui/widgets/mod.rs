//! What more than one panel draws.

pub mod hex_cells;
pub mod hex_view;
pub mod row_scroll;
pub mod row_table;
