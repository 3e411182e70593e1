//! Descriptors that a Unix peer sends along: looked at, told, and closed at once.

use std::os::fd::AsFd;

use super::core::Core;
use super::session::Session;
use crate::model::Notice;
use crate::net::Rights;
use crate::store;

/// Tells what came and closes it. After the row of the message that brought it.
pub(super) fn tell_and_close(core: &Core, session: &Session, rights: Rights) {
    let descriptors: Vec<_> = rights.descriptors.iter().map(|one| store::descriptor::describe(one.as_fd())).collect();
    let lost = rights.lost;
    drop(rights);
    if !descriptors.is_empty() {
        core.notice(session.info.socket, Some(session), Notice::DescriptorsClosed { descriptors });
    }
    if lost {
        core.notice(session.info.socket, Some(session), Notice::DescriptorsLost);
    }
}
