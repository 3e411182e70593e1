//! Bytes as text to copy: hex dump, C array, Python bytes.

/// One line of a hex dump, 16 bytes: `00000000  e4 bd a0 …  |...|`.
#[must_use]
pub fn hex_dump(_bytes: &[u8]) -> String {
    todo!()
}

/// `{ 0xe4, 0xbd }`.
#[must_use]
pub fn c_array(_bytes: &[u8]) -> String {
    todo!()
}

/// `b'\xe4\xbd'`.
#[must_use]
pub fn python_bytes(_bytes: &[u8]) -> String {
    todo!()
}
