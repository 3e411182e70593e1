//! A peer's file name, made safe by the strictest platform's rules.

/// A single path component that is safe on every platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeName {
    name: String,
    changed: bool,
}

impl SafeName {
    #[must_use]
    pub fn new(_raw: &[u8]) -> Self {
        todo!()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Whether it differs from what the peer sent.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// `name (2).txt`, never longer than 255 bytes.
    #[must_use]
    pub fn numbered(&self, _number: u32) -> Self {
        todo!()
    }
}
