use super::Language;
use crate::codec::visible::visible;
use crate::model::PeerProcess;
use crate::tr;

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
