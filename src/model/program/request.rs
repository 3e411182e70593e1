//! What the other end of a listener that answers browsers asks it.

use crate::model::{Endpoint, Exchange, HostPort};

/// A request of HTTP/1.1 (RFC 9112) that a listener answers: for a page, a file or a folder, or for a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserRequest {
    method: &'static str,
    /// With its query, as it stands in a request.
    path: String,
    opens_web_socket: bool,
}

/// The lines of a request's head that open a WebSocket, with the key that RFC 6455, section 1.3, has for an example: any
/// will do where nobody looks for an old answer.
const OPENING: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

impl BrowserRequest {
    /// The one that a session had answered last, again. Where it had none, or one that is not to be written down (cut, with
    /// bytes that no path has, or to another server), it is for what is at the root.
    #[must_use]
    pub fn again(last: Option<&Exchange>) -> Self {
        let path = last.map_or("/", |exchange| &exchange.target);
        let is_path = path.starts_with('/') && path.len() < Exchange::TARGET_MAX;
        let path = if is_path && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') { path } else { "/" };
        Self {
            method: if last.is_some_and(|exchange| exchange.method == "HEAD") { "HEAD" } else { "GET" },
            path: path.to_owned(),
            opens_web_socket: last.is_some_and(|exchange| exchange.status == 101),
        }
    }

    /// The request's bytes, for a listener that is reached at this endpoint. But for a WebSocket, the listener closes once
    /// it has answered.
    #[must_use]
    pub fn to_bytes(&self, endpoint: &Endpoint) -> Vec<u8> {
        let host = match endpoint {
            // On which of the machine's links an address is, means nothing elsewhere (RFC 6874, section 4).
            Endpoint::Tcp(HostPort { host, port }) => {
                HostPort::new(host.split('%').next().unwrap_or_default(), *port).to_string()
            }
            _ => LOCAL.to_owned(),
        };
        let fields = if self.opens_web_socket { &OPENING[..] } else { &[("Connection", "close")] };
        let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{} {} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n", self.method, self.path).into_bytes()
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn wants_no_content(&self) -> bool {
        self.method == "HEAD"
    }

    /// Lines of the head as they stand there; none where no WebSocket is opened.
    pub(super) fn opening(&self) -> impl Iterator<Item = String> {
        let fields = OPENING.into_iter().filter(|_| self.opens_web_socket);
        fields.map(|(name, value)| format!("{name}: {value}"))
    }
}

/// Who a listener without an address is to who asks it.
pub(super) const LOCAL: &str = "localhost";

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(method: &str, target: &str, status: u16) -> Exchange {
        Exchange { method: method.to_owned(), target: target.to_owned(), status, bytes: 0 }
    }

    fn bytes(request: &BrowserRequest, endpoint: &str) -> String {
        String::from_utf8(request.to_bytes(&endpoint.parse().unwrap())).unwrap()
    }

    #[test]
    fn what_was_asked_for_is_asked_for_again() {
        let again = |exchange: &Exchange| BrowserRequest::again(Some(exchange));
        let at = "tcp://127.0.0.1:9000";
        assert_eq!(
            bytes(&again(&exchange("GET", "/a.html?b=c", 404)), at),
            "GET /a.html?b=c HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nConnection: close\r\n\r\n"
        );
        assert!(bytes(&again(&exchange("HEAD", "/", 200)), at).starts_with("HEAD / HTTP/1.1\r\n"));
        assert!(bytes(&again(&exchange("PUT", "/x", 405)), at).starts_with("GET /x HTTP/1.1\r\n"));
        let opening = bytes(&again(&exchange("GET", "/chat", 101)), at);
        assert!(
            opening.starts_with("GET /chat HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nConnection: Upgrade\r\n"),
            "{opening}"
        );
        assert!(opening.ends_with("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), "{opening}");
    }

    #[test]
    fn what_is_no_path_is_the_root() {
        let root = bytes(&BrowserRequest::again(None), "unix:/run/x");
        assert_eq!(root, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let long = format!("/{}", "x".repeat(Exchange::TARGET_MAX - 1));
        for target in ["", "*", "http://other.example/", "/a b", "/a\r\nHost: x", "/你好", "/a#b", &long] {
            assert_eq!(
                BrowserRequest::again(Some(&exchange("GET", target, 400))),
                BrowserRequest::again(None),
                "{target}"
            );
        }
    }

    #[test]
    fn a_host_is_named_without_its_link() {
        for (endpoint, host) in [("tcp://[fe80::1%eth0]:80", "[fe80::1]:80"), ("tcp://a.test:1", "a.test:1")] {
            let request = bytes(&BrowserRequest::again(None), endpoint);
            assert!(request.contains(&format!("\r\nHost: {host}\r\n")), "{request}");
        }
    }
}
