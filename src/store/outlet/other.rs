//! No such things have a path that files have too.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

#[derive(Debug)]
pub(in crate::store) enum Outlet {}

impl Outlet {
    pub(in crate::store) fn at(_path: &Path, _cancelled: &Arc<AtomicBool>) -> io::Result<Option<Self>> {
        Ok(None)
    }
}

impl Write for Outlet {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}
