//! One file a part of the window; what is drawn twice is in `widgets`.

pub mod inspector;
pub mod journal;
