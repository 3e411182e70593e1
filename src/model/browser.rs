//! What a listener shows to a browser.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;

/// What is at the listener's address for who asks by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrowserContent {
    /// A text: HTML if it begins with `<`, else plain, in UTF-8.
    Page(String),
    /// One file, at `/` and at its name.
    File(PathBuf),
    /// A folder: its files, `index.html` or a list for folders; nothing that begins with a dot, no links.
    Folder(PathBuf),
}

impl BrowserContent {
    /// Where a browser on this machine finds what is listened at; `None` where none can go, as to a Unix socket.
    #[must_use]
    pub fn url(endpoint: &Endpoint) -> Option<String> {
        let Endpoint::Tcp(address) = endpoint else { return None };
        // "Any address" is one to listen at, not one to go to.
        let host = match address.host.as_str() {
            "0.0.0.0" => "127.0.0.1".to_owned(),
            // It may be for IPv6 alone, and the machine for IPv4 alone: the name is tried as both.
            "::" => "localhost".to_owned(),
            // A scope is written with an escaped percent sign, RFC 6874.
            host if host.contains(':') => format!("[{}]", host.replace('%', "%25")),
            host => host.to_owned(),
        };
        Some(format!("http://{host}:{}/", address.port))
    }
}

/// A request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Empty, as the target is, where the request could not be read so far.
    pub method: String,
    /// As the peer wrote it, cut at [`Self::TARGET_MAX`] bytes.
    pub target: String,
    pub status: u16,
    /// Of the answer's body.
    pub bytes: u64,
}

impl Exchange {
    /// The most that is kept of a target, in bytes.
    pub const TARGET_MAX: usize = 1024;
}

/// A file or folder in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// As the file system has it.
    pub name: Vec<u8>,
    pub is_folder: bool,
    /// Bytes; 0 for a folder.
    pub size: u64,
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderList {
    pub entries: Vec<FolderEntry>,
    /// There is more than is listed.
    pub is_cut: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_browser_goes() {
        for (endpoint, url) in [
            ("tcp://127.0.0.1:9000", Some("http://127.0.0.1:9000/")),
            ("tcp://localhost:80", Some("http://localhost:80/")),
            ("tcp://0.0.0.0:9000", Some("http://127.0.0.1:9000/")),
            ("tcp://[::]:9000", Some("http://localhost:9000/")),
            ("tcp://[::1]:9000", Some("http://[::1]:9000/")),
            ("tcp://[fe80::1%eth0]:9000", Some("http://[fe80::1%25eth0]:9000/")),
            ("udp://127.0.0.1:9000", None),
            ("unix:/run/x.sock", None),
        ] {
            let endpoint = endpoint.parse().unwrap();
            assert_eq!(BrowserContent::url(&endpoint).as_deref(), url);
        }
    }
}
