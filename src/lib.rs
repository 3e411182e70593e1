//! Sockeye, a desktop socket tester: nothing hidden, nothing lost, never frozen.
//!
//! The floors, top to bottom; imports point down only, which `tests/floors.rs` enforces:
//!
//! | floor | what lives there |
//! |---|---|
//! | [`ui`], [`cli`] | the two faces; neither imports the other |
//! | [`i18n`] | words |
//! | [`engine`] | threads |
//! | [`proto`], [`net`], [`store`] | decisions without I/O, sockets, files |
//! | [`model`] | nouns, and the command and event contract |
//! | [`codec`] | bytes |

rust_i18n::i18n!("assets/locales", fallback = "en");
/// Has cargo build again when nothing but words has changed, which the macro above does not.
const _: &str = include_str!("../assets/locales/app.yml");

pub mod cli;
pub mod codec;
pub mod engine;
pub mod i18n;
pub mod model;
pub mod net;
pub mod proto;
pub mod store;
pub mod ui;
