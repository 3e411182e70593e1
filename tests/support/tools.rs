use std::io::Write as _;
use std::path::Path;

/// Whether a program is there to test with. If not, says which, and fails where `CI=true` promises all of them.
pub(crate) fn require_tool(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    require(std::env::split_paths(&path).any(|folder| folder.join(name).is_file()), name)
}

/// As [`require_tool`], for what is looked for in another way.
pub(crate) fn require(found: bool, name: &str) -> bool {
    if !found {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} is missing, and CI=true");
        // Not by `eprintln!`: the test runner hides what passing tests print with it.
        let _ = writeln!(std::io::stderr(), "skipped: {name} is missing");
    }
    found
}

/// Whether the kernel has what a test is about. If not, says so; `CI=true` doesn't ask for it, as nothing that could be
/// installed would bring it.
pub(crate) fn kernel_has(has: bool, what: &str) -> bool {
    if !has {
        // As above.
        let _ = writeln!(std::io::stderr(), "skipped: this kernel has no {what}");
    }
    has
}

/// The folder of the tutorial's programs.
pub(crate) fn tutorial_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tutorial"))
}
