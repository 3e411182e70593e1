//! The window: it knows the engine, its commands and its events, and nothing lower that does I/O.

pub mod action;
pub mod context;
pub mod panels;
pub mod theme;
pub mod view;
pub mod widgets;
