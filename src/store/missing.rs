//! Why a path leads nowhere.

use std::fs;
use std::path::Path;

use crate::model::Hint;

/// The first thing on the way to the end of a path that isn't there, or isn't what it would have to be; `None` where the
/// path leads somewhere by now, or can't be looked at.
#[must_use]
pub fn on_the_way(path: &Path) -> Option<Hint> {
    let path = std::path::absolute(path).ok()?;
    let mut ancestors: Vec<&Path> = path.ancestors().collect();
    ancestors.reverse();
    for (index, here) in ancestors.iter().enumerate() {
        let is_on_the_way = index + 1 < ancestors.len();
        let Ok(found) = fs::symlink_metadata(here) else { return nothing(here, is_on_the_way) };
        if found.is_symlink() && !here.try_exists().ok()? {
            return Some(Hint::DanglingLink { path: text(here) });
        }
        if is_on_the_way && !here.is_dir() {
            return Some(Hint::NotAFolder { path: text(here) });
        }
    }
    None
}

/// That the folder of a path, which is there, takes nothing new; `None` for a path without one.
#[must_use]
pub fn nothing_to_create(path: &Path) -> Option<Hint> {
    let path = std::path::absolute(path).ok()?;
    Some(Hint::NothingToCreateIn { path: text(path.parent()?) })
}

fn nothing(path: &Path, is_on_the_way: bool) -> Option<Hint> {
    // A folder that may not be searched hides what it has.
    if path.try_exists().ok()? {
        return None;
    }
    Some(Hint::NothingNamed { path: text(path), is_on_the_way })
}

fn text(path: &Path) -> Box<str> {
    path.to_string_lossy().into()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        fs::write(place.join("file"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", place.join("link")).unwrap();
        std::os::unix::fs::symlink("file", place.join("good")).unwrap();
        let at = text(place);
        let named =
            |name: &str, is_on_the_way| Some(Hint::NothingNamed { path: format!("{at}/{name}").into(), is_on_the_way });
        for (path, expected) in [
            ("none", named("none", false)),
            ("none/below", named("none", true)),
            ("none/below/it", named("none", true)),
            ("file/below", Some(Hint::NotAFolder { path: format!("{at}/file").into() })),
            ("link", Some(Hint::DanglingLink { path: format!("{at}/link").into() })),
            ("link/below", Some(Hint::DanglingLink { path: format!("{at}/link").into() })),
            ("file", None),
            ("good", None),
            ("", None),
        ] {
            assert_eq!(on_the_way(&place.join(path)), expected, "{path}");
        }
    }
}
