//! Rows that are taken where `SQLite` steps through them: a function in the condition of a query gets their columns as its
//! arguments. To have each row handed out and to ask for each of its columns takes about as long again as to find them in
//! the file.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, types::ValueRef};

/// A row's columns, wherever they are to be had from.
pub(super) trait Columns {
    fn value(&self, index: usize) -> rusqlite::Result<ValueRef<'_>>;
}

impl Columns for rusqlite::Row<'_> {
    fn value(&self, index: usize) -> rusqlite::Result<ValueRef<'_>> {
        self.get_ref(index)
    }
}

impl Columns for Context<'_> {
    fn value(&self, index: usize) -> rusqlite::Result<ValueRef<'_>> {
        Ok(self.get_raw(index))
    }
}

/// Gives the connection a function of any number of arguments, in place of one that had the name. It says of each row
/// whether the way through them ends there. A panic in it is a read error.
pub(super) fn define(
    connection: &Connection,
    name: &str,
    visit: impl Fn(&Context<'_>) -> rusqlite::Result<bool> + Send + 'static,
) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(name, -1, flags, visit)
}

/// The query that takes the way through the rows with numbers from `?1` to `?2`, for [`each`].
pub(super) fn query(function: &str, arguments: &str) -> String {
    format!("SELECT 1 FROM rows WHERE number BETWEEN ?1 AND ?2 AND {function}({arguments}) ORDER BY number LIMIT 1")
}

/// Calls the function in a [`query`] for each row until it says that it has had enough; false where it never did.
pub(super) fn each(connection: &Connection, query: &str, first: u64, last: u64) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(query)?;
    statement.exists((first.cast_signed(), last.cast_signed()))
}
