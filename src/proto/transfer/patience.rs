use std::time::Duration;

use super::{HELLO_WITHIN, IDLE};

/// How long one side waits for the other; as the protocol has it by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From the connection to the end of the hello.
    pub hello: Duration,
    /// For a frame, or for [`super::IDLE_BYTES`].
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { hello: HELLO_WITHIN, idle: IDLE }
    }
}
