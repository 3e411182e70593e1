use std::ffi::OsStr;
use std::process::Command;

use super::tools::{require, require_tool};

/// Set in the process that runs a test once more, without a right.
const WITHOUT: &str = "SOCKEYE_TEST_WITHOUT_RIGHT";

/// A command that starts a program without one of root's rights, as setpriv(1) calls it, or several: `net_raw`,
/// `dac_override,dac_read_search`.
pub(crate) fn without_right(right: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    let right = right.replace(',', ",-");
    command.args([format!("--bounding-set=-{right}"), format!("--inh-caps=-{right}")]).arg(program);
    command
}

/// Runs a test as a user who lacks this right. The test's executable runs once more for that, with `name` (modules
/// included) as the only test; who has no rights anyway runs it as it is. Where it can't be, says so.
pub(crate) fn lacking_right(right: &str, name: &str, test: impl FnOnce()) {
    if std::env::var_os(WITHOUT).is_some() || !nix::unistd::Uid::effective().is_root() {
        return test();
    }
    let is_possible = || without_right(right, "true").output().is_ok_and(|output| output.status.success());
    if !require_tool("setpriv") || !require(is_possible(), "the right to give up a right") {
        return;
    }
    let mut command = without_right(right, std::env::current_exe().expect("the test's own path"));
    let output = command.args(["--exact", name, "--nocapture"]).env(WITHOUT, "1").output().expect("setpriv runs");
    let [told, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success() && told.contains("1 passed"), "{name} without {right}\n{told}\n{errors}");
}
