//! What the journal file looks like.
//!
//! It is a `SQLite` 3 database, `application_id` [`APPLICATION_ID`] ("SOCK"), `user_version` [`VERSION`], in WAL mode.
//! New ones have `auto_vacuum` 2, so that a limit makes the file shorter too; older ones don't, and are read and
//! written as they are. In a folder that can't be written to, other programs open it as
//! `file:journal.sqlite?immutable=1`. What else there is in it, such as indexes, views and triggers, which people add
//! in other programs, is left alone: views and triggers are never carried out, and indexes are kept up to date by `SQLite`,
//! whatever that costs. The tables themselves have to be as they are made here.
//!
//! Table `rows`, one row a call that returned or an event of a connection's life:
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `number` | integer, key | from 1, in the order of recording, never reused |
//! | `wall_ns` | integer | nanoseconds since 1970, wall clock, after the call returned |
//! | `mono_ns` | integer | nanoseconds by the monotonic clock since the recording program started |
//! | `kernel_ns` | integer or null | nanoseconds since 1970 at which the kernel had the last byte; null: unknown |
//! | `socket` | integer | the listener or client |
//! | `session` | integer or null | the conversation; null: concerns the whole listener |
//! | `peer` | text | the other end without a scheme; empty: none |
//! | `kind` | integer | 0 data, 1 life, 2 file, 3 failure, 4 notice |
//! | `direction` | integer | 0 none, 1 in, 2 out |
//! | `call` | integer or null | of data: 1 recv, 2 send, 3 recvfrom, 4 sendto, 5 recvmsg, 6 sendmsg |
//! | `truncated` | integer | 1: the datagram or message was longer than `payload` (`MSG_TRUNC`) |
//! | `body` | text or null | of anything but data: all there is to say, as JSON |
//! | `stream_offset` | integer | bytes that crossed in this session and direction before this row |
//! | `previous` | integer or null | of stream data: number of the row that brought the bytes just before |
//! | `len` | integer | bytes that crossed |
//! | `payload` | blob | the bytes, or as many of them as a snap length leaves |
//!
//! Unsigned 64-bit values above 2^63 − 1 are stored as the negative number with the same bits.
//!
//! `previous` chains the stream data of a session and direction. It takes the place of an index over session and
//! direction, which would cost every insert; the writer knows it for nothing.
//!
//! Table `meta` has one row:
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `last_cleared` | integer | the highest number that was given away when the journal was last cleared, or of the rows that have made room for newer ones |
//! | `last_session` | integer | the highest `session` that a row ever had, cleared ones included |
//!
//! Table `marks`, one row a row that the user marked; since version 3:
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `number` | integer, key | of the row |
//! | `note` | text | what the user wrote beside it; empty: nothing |
//!
//! Rows up to `last_cleared` are not part of the journal any more, whether they are still in the file or not: clearing a
//! long journal takes them out of sight at once and out of the file bit by bit. Where the journal has a limit, the oldest
//! rows leave it the same way.
//!
//! Invariant: rows are only ever appended, or go from the oldest on, so the numbers above `last_cleared` have no gaps. Among
//! them the row at position `p` has number `min(number) + p`, and the count is `max(number) − min(number) + 1`: neither
//! needs a scan.

/// "SOCK" in the header's bytes 68 to 71.
pub const APPLICATION_ID: i32 = 0x534f_434b;

/// In the header's bytes 60 to 63. A higher one was written by a newer Sockeye and is refused.
pub const VERSION: i32 = 3;

/// The lowest that is read as it is; whoever writes to such a journal raises it.
pub(super) const OLDEST: i32 = 2;

pub(super) const CREATE: &str = "
CREATE TABLE rows (
    number        INTEGER PRIMARY KEY,
    wall_ns       INTEGER NOT NULL,
    mono_ns       INTEGER NOT NULL,
    kernel_ns     INTEGER,
    socket        INTEGER NOT NULL,
    session       INTEGER,
    peer          TEXT NOT NULL,
    kind          INTEGER NOT NULL,
    direction     INTEGER NOT NULL,
    call          INTEGER,
    truncated     INTEGER NOT NULL,
    body          TEXT,
    stream_offset INTEGER NOT NULL,
    previous      INTEGER,
    len           INTEGER NOT NULL,
    payload       BLOB NOT NULL
);
CREATE TABLE meta (last_cleared INTEGER NOT NULL, last_session INTEGER NOT NULL);
INSERT INTO meta VALUES (0, 0);
CREATE TABLE marks (number INTEGER PRIMARY KEY, note TEXT NOT NULL);
";

/// The name of each table that a journal of a version has, with what `sqlite_schema` says of it but for white space.
pub(super) fn tables(version: i32) -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = |statement: &'static str| {
        let name = statement.trim().strip_prefix("CREATE TABLE ")?.split(' ').next()?;
        Some((name, statement))
    };
    CREATE.split(';').filter_map(named).filter(move |(name, _)| version > OLDEST || *name != "marks")
}

/// From version 2 to 3.
pub(super) const RAISE: &str = "CREATE TABLE marks (number INTEGER PRIMARY KEY, note TEXT NOT NULL);";

/// Stands in for what a journal of version 2 lacks, for one who only reads it.
pub(super) const STAND_IN: &str = "CREATE TEMP TABLE marks (number INTEGER PRIMARY KEY, note TEXT NOT NULL);";

/// The journal has it by now.
pub(super) const NO_STAND_IN: &str = "DROP TABLE IF EXISTS temp.marks;";
