use super::Language;
use crate::codec::visible::visible;
use crate::model::PeerProcess;
use crate::tr;

/// Its numbers, for where there is little room: `pid 4711, uid 1000`.
#[must_use]
pub fn process_ids(language: Language, process: &PeerProcess) -> String {
    match process.pid {
        Some(pid) => tr!(language, "process.ids", pid = pid, uid = process.uid),
        None => tr!(language, "process.uid", uid = process.uid),
    }
    .into_owned()
}

/// The process at the other end: `python3 (process 4711), user 1000, group 1000`.
#[must_use]
pub fn process(language: Language, process: &PeerProcess) -> String {
    let PeerProcess { pid, uid, gid, name } = process;
    match (pid, name) {
        (Some(pid), Some(name)) => {
            tr!(language, "process.named", name = visible(name), pid = pid, uid = uid, gid = gid)
        }
        (Some(pid), None) => tr!(language, "process.unnamed", pid = pid, uid = uid, gid = gid),
        (None, _) => tr!(language, "process.unseen", uid = uid, gid = gid),
    }
    .into_owned()
}
