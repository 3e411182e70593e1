//! Hex as people write it.

/// # Errors
/// The place of the first mistake.
pub fn parse(_text: &str) -> Result<Vec<u8>, super::compose::ComposeError> {
    todo!()
}

/// `e4 bd a0`.
#[must_use]
pub fn format(_bytes: &[u8]) -> String {
    todo!()
}
