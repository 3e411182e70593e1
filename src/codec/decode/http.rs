//! HTTP/1 messages, as far as one piece of a stream shows them.

use httparse::{EMPTY_HEADER, Header, ParserConfig, Request, Response, Status};

use super::Decoded;

/// More headers than any sensible message has.
const HEADERS_MAX: usize = 128;

/// A request's or response's head at the beginning of the bytes. One that is cut short still shows its first line and the
/// headers before the cut. `None` for anything else, as for a body that goes on from an earlier piece.
pub(super) fn decode(bytes: &[u8], len: u64) -> Option<Decoded> {
    request(bytes, len).or_else(|| response(bytes, len))
}

fn request(bytes: &[u8], len: u64) -> Option<Decoded> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut request = Request::new(&mut headers);
    let status = request.parse(bytes).ok()?;
    let (method, target, version) = (request.method?, request.path?, version(request.version?));
    let mut fields =
        vec![("method", method.to_owned()), ("target", target.to_owned()), ("version", version.to_owned())];
    rest(&mut fields, request.headers, status, len);
    Some(Decoded { summary: format!("{method} {target} {version}"), fields })
}

fn response(bytes: &[u8], len: u64) -> Option<Decoded> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut response = Response::new(&mut headers);
    let status = ParserConfig::default().parse_response(&mut response, bytes).ok()?;
    let (version, code) = (version(response.version?), response.code?);
    let reason = response.reason.unwrap_or_default();
    let mut fields =
        vec![("version", version.to_owned()), ("status", format!("{code} {reason}").trim_end().to_owned())];
    rest(&mut fields, response.headers, status, len);
    Some(Decoded { summary: format!("{version} {code} {reason}").trim_end().to_owned(), fields })
}

fn rest(fields: &mut Vec<(&'static str, String)>, headers: &[Header<'_>], status: Status<usize>, len: u64) {
    let named = headers.iter().filter(|header| !header.name.is_empty());
    fields
        .extend(named.map(|header| ("header", format!("{}: {}", header.name, String::from_utf8_lossy(header.value)))));
    match status {
        Status::Complete(head) if (head as u64) < len => fields.push(("body", format!("{} bytes", len - head as u64))),
        Status::Complete(_) => {}
        Status::Partial => fields.push(("head", "goes on in the next row".to_owned())),
    }
}

fn version(minor: u8) -> &'static str {
    if minor == 0 { "HTTP/1.0" } else { "HTTP/1.1" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Option<Decoded> {
        super::decode(bytes, bytes.len() as u64)
    }

    fn field<'a>(decoded: &'a Decoded, name: &str) -> Vec<&'a str> {
        decoded.fields.iter().filter(|(field, _)| *field == name).map(|(_, value)| value.as_str()).collect()
    }

    #[test]
    fn a_request_and_its_answer() {
        let decoded = decode(b"GET /a.html?x=1 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n").unwrap();
        assert_eq!(decoded.summary, "GET /a.html?x=1 HTTP/1.1");
        assert_eq!(field(&decoded, "target"), ["/a.html?x=1"]);
        assert_eq!(field(&decoded, "header"), ["Host: h", "Accept: */*"]);

        let decoded = decode(b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!").unwrap();
        assert_eq!(decoded.summary, "HTTP/1.1 404 Not Found");
        assert_eq!((field(&decoded, "status"), field(&decoded, "body")), (vec!["404 Not Found"], vec!["3 bytes"]));
    }

    #[test]
    fn a_cut_head_shows_what_is_there() {
        let decoded = decode(b"GET / HTTP/1.1\r\nHost: h\r\nAcc").unwrap();
        assert_eq!(field(&decoded, "header"), ["Host: h"]);
        assert_eq!(field(&decoded, "head").len(), 1);
    }

    #[test]
    fn what_is_no_message_stays_bytes() {
        for bytes in [&b""[..], b"GET", b"<html>hello</html>\n", b"\x81\x05Hello", b"\r\n"] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
