use httparse::{EMPTY_HEADER, Error, Header, Status};

use super::hosts::Hosts;
use super::path::Path;
use super::range::Range;
use super::{BODY_MAX, HEAD_MAX};
use crate::codec::websocket;
use crate::model::Exchange;

/// More headers than browsers send.
const HEADERS_MAX: usize = 100;

/// A request that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// HEAD: the same answer without its body.
    pub(super) is_head: bool,
    pub(super) target: String,
    pub(super) path: Path,
    pub(super) keep_alive: bool,
    /// Bytes that follow the head and belong to it.
    pub(super) body: u64,
    pub(super) range: Option<Range>,
    pub(super) upgrade: Option<Upgrade>,
}

/// A wish to become a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upgrade {
    pub(super) accept: String,
    /// The first of the subprotocols on offer. Browsers fail a connection for which they offered some and none was taken,
    /// and to a tester one is as good as another.
    pub(super) subprotocol: Option<String>,
}

/// A request that is refused; the connection ends with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: &'static str,
    pub(super) method: String,
    pub(super) target: String,
}

impl Request {
    pub(super) fn method(&self) -> &'static str {
        if self.is_head { "HEAD" } else { "GET" }
    }
}

/// The request that the bytes begin with, and the length of its head; `None` while it is not all there.
///
/// # Errors
/// What is wrong with it, as soon as that can be seen.
pub(super) fn read(bytes: &[u8], hosts: &Hosts) -> Result<Option<(Request, usize)>, Refusal> {
    // Never more than that, so that the verdict doesn't depend on how much has come already.
    let bytes = &bytes[..bytes.len().min(HEAD_MAX)];
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(bytes);
    let method = parsed.method.unwrap_or_default().to_owned();
    let target = shortened(parsed.path.unwrap_or_default());
    let refuse = |(status, why)| Refusal { status, why, method: method.clone(), target: target.clone() };
    match status {
        Ok(Status::Partial) if bytes.len() < HEAD_MAX => Ok(None),
        Ok(Status::Partial) if parsed.version.is_none() => Err(refuse((414, "The address is longer than 16 KiB."))),
        Ok(Status::Partial) => Err(refuse((431, "The head of the request is longer than 16 KiB."))),
        Ok(Status::Complete(len)) => {
            let is_1_1 = parsed.version == Some(1);
            let path = parsed.path.unwrap_or_default();
            let request = check(&method, path, is_1_1, parsed.headers, hosts).map_err(refuse)?;
            Ok(Some((request, len)))
        }
        Err(Error::TooManyHeaders) => Err(refuse((431, "The request has more than 100 headers."))),
        Err(Error::Version) => Err(refuse((505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."))),
        Err(Error::Token) if method.is_empty() => Err(refuse((400, "This is no HTTP request."))),
        Err(Error::Token) => Err(refuse((400, "The address has a character that may not be there."))),
        Err(_) => Err(refuse((400, "A header of the request can't be read."))),
    }
}

type Wrong = (u16, &'static str);

fn check(method: &str, target: &str, is_1_1: bool, headers: &[Header<'_>], hosts: &Hosts) -> Result<Request, Wrong> {
    // Required exactly once, RFC 9112 section 3.2.
    if is_1_1 && all(headers, "host").count() != 1 {
        return Err((400, "A request has to name its host, once."));
    }
    // A target in absolute form names one too. Browsers have both agree, and neither may be a foreign one.
    if !all(headers, "host").chain(Path::authority(target).map(str::as_bytes)).all(|host| hosts.has(host.trim_ascii()))
    {
        let why = "This listener is at a loopback address: it answers to localhost, to loopback addresses and to the name \
            that it listens at, and to no other host, so that no page of the web gets in by a name of its own.";
        return Err((421, why));
    }
    if has(headers, "transfer-encoding") {
        return Err((501, "Request bodies in chunks are not taken here."));
    }
    let body = content_length(headers)?;
    let is_head = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err((405, "Pages can be read here (GET, HEAD), and nothing else.")),
    };
    if body > BODY_MAX {
        return Err((413, "The body of the request is longer than 1 MiB."));
    }
    let path = Path::of_target(target).map_err(|why| (400, why))?;
    let upgrade = if is_1_1 && !is_head { upgrade(headers, body, hosts)? } else { None };
    // A condition on a version of the file can't be met, since none is told: the range is then to be ignored.
    let range = if has(headers, "if-range") { None } else { text(headers, "range").and_then(Range::read) };
    Ok(Request {
        is_head,
        target: shortened(target),
        path,
        keep_alive: is_1_1 && !has_token(headers, "connection", "close"),
        body,
        range,
        upgrade,
    })
}

fn upgrade(headers: &[Header<'_>], body: u64, hosts: &Hosts) -> Result<Option<Upgrade>, Wrong> {
    if !has_token(headers, "upgrade", "websocket") || !has_token(headers, "connection", "upgrade") {
        return Ok(None);
    }
    // Browsers let any page open a WebSocket to any address: it is the server that has to look (RFC 6455, section 10.2).
    if !all(headers, "origin").all(|origin| hosts.has_origin(origin.trim_ascii())) {
        let why = "This listener is at a loopback address: it takes WebSockets from programs, and from pages at such an \
            address. This page comes from elsewhere, or from a file.";
        return Err((403, why));
    }
    if text(headers, "sec-websocket-version") != Some("13") {
        return Err((426, "Only version 13 of the WebSocket protocol is spoken here."));
    }
    let mut keys = all(headers, "sec-websocket-key");
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err((400, "A WebSocket needs its key, once."));
    };
    let accept = std::str::from_utf8(key).ok().and_then(|key| websocket::accept_key(key.trim()));
    let Some(accept) = accept else { return Err((400, "The WebSocket key has to be 16 bytes in base64.")) };
    if body > 0 {
        return Err((400, "A WebSocket's request has no body."));
    }
    let subprotocol = tokens(headers, "sec-websocket-protocol").next().map(str::to_owned);
    Ok(Some(Upgrade { accept, subprotocol }))
}

/// # Errors
/// Lengths that differ, or are no numbers: who reads on by another length takes a body for a request.
fn content_length(headers: &[Header<'_>]) -> Result<u64, Wrong> {
    let mut length = None;
    for value in all(headers, "content-length") {
        let number = std::str::from_utf8(value)
            .ok()
            .map(str::trim)
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(number) = number else { return Err((400, "The length of the body is no number.")) };
        // What doesn't fit is too long for certain.
        let number = number.parse().unwrap_or(u64::MAX);
        if length.is_some_and(|before| before != number) {
            return Err((400, "The request gives two lengths for its body."));
        }
        length = Some(number);
    }
    Ok(length.unwrap_or(0))
}

fn all<'h>(headers: &'h [Header<'_>], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

fn has(headers: &[Header<'_>], name: &str) -> bool {
    all(headers, name).next().is_some()
}

/// The value of the first header of that name.
fn text<'h>(headers: &'h [Header<'_>], name: &'h str) -> Option<&'h str> {
    all(headers, name).next().and_then(|value| std::str::from_utf8(value).ok()).map(str::trim)
}

/// The parts of all headers of that name, which are separated by commas.
fn tokens<'h>(headers: &'h [Header<'_>], name: &'h str) -> impl Iterator<Item = &'h str> {
    let values = all(headers, name).filter_map(|value| std::str::from_utf8(value).ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

fn has_token(headers: &[Header<'_>], name: &str, token: &str) -> bool {
    tokens(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

fn shortened(target: &str) -> String {
    target[..target.floor_char_boundary(Exchange::TARGET_MAX)].to_owned()
}
