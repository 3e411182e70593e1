//! The window: it knows the engine, its commands and its events, and nothing lower that does I/O.

pub mod action;
mod app;
mod browser_actions;
mod carry_out;
pub mod clock;
mod closing;
pub mod context;
mod dialogs;
pub mod fonts;
mod layout;
mod pacing;
pub mod panels;
mod reading;
mod run;
mod saver;
#[cfg(unix)]
mod signals;
mod socket_actions;
mod tab_actions;
pub mod tabs;
pub mod theme;
mod typed_ahead;
pub mod view;
pub mod widgets;

pub use app::App;
pub use dialogs::{Choice, Picker, Wanted};
pub use run::run;
