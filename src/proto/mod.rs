//! Decisions without I/O: bytes and the time come in, what to do comes out.

pub mod browser;
pub mod capture;
pub mod plain_file;
pub mod transfer;
