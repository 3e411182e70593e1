//! Words: every string that a person reads, in English and Simplified Chinese, from `assets/locales/app.yml`.
//!
//! Keys are literals at the call sites, so that a test can tell which are missing and which are unused.

mod descriptor;
mod failure;
mod imported;
mod interface;
mod language;
mod life;
mod live;
mod mistake;
mod notice;
mod obstacle;
mod option;
mod process;
mod quantity;
mod saved;
mod statistics;

pub use descriptor::descriptor;
pub use failure::{cause, failure, hint, waiting_socket};
pub use imported::{imported, imported_details};
pub use interface::interface;
pub use language::Language;
pub use life::{close_reason, life, option_answer, outcome};
pub use live::{Figure, figures};
pub use mistake::{compose_error, endpoint_error, filter_error, group_error};
pub use notice::notice;
pub use obstacle::obstacle;
pub use option::{option_explained, option_name, option_sentence, option_value};
pub use process::{process, process_ids};
pub use quantity::{byte_size, bytes, duration, grouped, pace, rate, short_span};
pub use saved::{saved, saved_details};
pub use statistics::{answers, flows, gap_spreads, missed, session_name, size_spreads, span_of_ns};

/// The words for a key: `tr!(language, "journal.rows", count = 12)`.
#[macro_export]
macro_rules! tr {
    ($language:expr, $key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        rust_i18n::t!($key, locale = $language.tag() $(, $name = $value)*)
    };
}
