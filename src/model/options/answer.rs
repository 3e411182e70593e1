//! What became of an option that was asked for.

use super::{OptionValue, SocketOption};

/// An option with what the kernel said when it was asked again after setting: it doubles sizes, caps them, masks bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionAnswer {
    pub option: SocketOption,
    pub asked: OptionValue,
    /// `None` where the system doesn't say.
    pub answer: Option<OptionValue>,
}
