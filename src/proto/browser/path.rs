use crate::codec::percent;

/// What a request's target means below the chosen folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// Decoded; none is empty, `.`, `..`, or has a slash or NUL in it.
    pub(super) segments: Vec<Vec<u8>>,
    /// It ends with a slash.
    pub(super) is_folder: bool,
}

impl Path {
    /// Of a target in origin form (`/a/b?query`) or absolute form (`http://host/a/b`), RFC 9112 section 3.2. The query is
    /// for programs, which this server has none of.
    ///
    /// # Errors
    /// Why it is no path that may be served.
    pub(super) fn of_target(target: &str) -> Result<Self, &'static str> {
        let target = absolute(target).map_or(target, |rest| rest.find('/').map_or("/", |at| &rest[at..]));
        let path = target.split('?').next().unwrap_or_default();
        if !path.starts_with('/') || path.contains('#') {
            return Err("The target has to be a path that begins with a slash.");
        }
        let mut segments = Vec::new();
        for segment in path.split('/') {
            let segment = percent::decode(segment).ok_or("A percent sign has to be followed by two hex digits.")?;
            match segment.as_slice() {
                b"" => {}
                b"." | b".." => return Err("The path would leave its folder: a browser resolves dots before it asks."),
                other if other.contains(&b'/') || other.contains(&0) => {
                    return Err("A slash or a NUL byte can't be part of a name.");
                }
                _ => segments.push(segment),
            }
        }
        Ok(Self { segments, is_folder: path.ends_with('/') })
    }

    /// The host, and the port that may follow it, of a target in absolute form; `None` where it has another.
    pub(super) fn authority(target: &str) -> Option<&str> {
        absolute(target).map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default())
    }

    /// Whether a segment begins with a dot: such files are not meant for others, and are as if they weren't there.
    pub(super) fn is_hidden(&self) -> bool {
        self.segments.iter().any(|segment| segment.starts_with(b"."))
    }

    /// Where the folder of this path is. Built anew from the segments: a peer that asks for `//host` would be led away by
    /// its own words.
    pub(super) fn folder_url(&self) -> String {
        let mut url = "/".to_owned();
        for segment in &self.segments {
            url.push_str(&percent::encode(segment));
            url.push('/');
        }
        url
    }
}

/// What follows the scheme of a target in absolute form.
fn absolute(target: &str) -> Option<&str> {
    target.split_once("://").filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http")).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn targets_and_their_paths() {
        let table: [(&str, &[&str], bool); 8] = [
            ("/", &[], true),
            ("/a.html", &["a.html"], false),
            ("/a/b/?x=/../", &["a", "b"], true),
            ("/%E4%BD%A0%20.txt", &["你 .txt"], false),
            ("//a//b", &["a", "b"], false),
            ("http://127.0.0.1:9000/a", &["a"], false),
            ("HTTP://h", &[], true),
            ("/a:b\\c", &["a:b\\c"], false),
        ];
        for (target, segments, is_folder) in table {
            let segments = segments.iter().map(|segment| segment.as_bytes().to_vec()).collect();
            assert_eq!(Path::of_target(target), Ok(Path { segments, is_folder }), "{target}");
        }
    }

    #[test]
    fn hostile_targets() {
        for target in [
            "",
            "*",
            "a.html",
            "example.org:443",
            "ftp://h/a",
            "/..",
            "/../etc/passwd",
            "/a/../../b",
            "/a/./b",
            "/%2e%2e/a",
            "/.%2E/a",
            "/%2e/a",
            "/a%2fb",
            "/..%2fetc",
            "/a%00.txt",
            "/a%",
            "/a%zz",
            "/a#b",
        ] {
            assert!(Path::of_target(target).is_err(), "{target}");
        }
        for target in ["/.git/config", "/a/.env", "/%2Egit"] {
            assert!(Path::of_target(target).is_ok_and(|path| path.is_hidden()), "{target}");
        }
    }

    #[test]
    fn a_redirect_stays_here() {
        let url = |target| Path::of_target(target).map(|path| path.folder_url());
        assert_eq!(url("//example.org").as_deref(), Ok("/example.org/"));
        assert_eq!(url("/a%0d%0ab").as_deref(), Ok("/a%0D%0Ab/"));
    }

    proptest! {
        #[test]
        fn no_target_leaves_the_folder(target in "(/|\\.|%2e|%2F|%5c|\\\\|a|%00|\\?|%|:){0,20}") {
            if let Ok(path) = Path::of_target(&format!("/{target}")) {
                for segment in &path.segments {
                    prop_assert!(!segment.is_empty() && !segment.contains(&b'/') && !segment.contains(&0));
                    prop_assert!(segment != b"." && segment != b"..");
                }
                let mut url = path.folder_url();
                prop_assert!(!url.starts_with("//"));
                if !path.is_folder && !path.segments.is_empty() {
                    url.pop();
                }
                prop_assert_eq!(Path::of_target(&url), Ok(path));
            }
        }
    }
}
