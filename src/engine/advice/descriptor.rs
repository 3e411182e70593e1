//! What a descriptor is that is no socket.

use crate::model::{DescriptorName, Hint, ReceivedDescriptor};
use crate::net;
use crate::store::descriptor;

/// What stands behind it; `None` where the system doesn't say.
pub(super) fn found(name: &DescriptorName) -> Option<Hint> {
    let ReceivedDescriptor { kind, target } = descriptor::describe_number(net::number_of(name)?);
    (!target.is_empty()).then_some(Hint::DescriptorIs { found: kind, target: target.into() })
}
