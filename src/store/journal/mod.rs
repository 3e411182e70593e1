//! The journal on disk: one `SQLite` file, written by one thread and read by another.
//!
//! The writer and each reader own a connection; the write-ahead log lets a reader see whole transactions while the
//! writer goes on. What the file looks like is documented in [`schema`].

mod clock;
mod coloring;
mod columns;
mod connection;
mod conversation;
mod counting;
mod describe;
mod export;
mod find;
mod marks;
mod match_set;
mod matcher;
mod needle;
mod reader;
pub mod schema;
mod search;
mod selection;
mod trim;
mod visit;
mod whole;
mod writer;

pub use connection::is_database;
pub use counting::Counting;
pub use export::{NextBatch, RowBatch, RowBatches};
pub use find::Find;
pub use reader::{JournalReader, SaveCanceller};
pub use search::{Scanned, Stretch};
pub use whole::{WholeJournal, part_name};
pub use writer::JournalWriter;

#[cfg(test)]
mod tests;
