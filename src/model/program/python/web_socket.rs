//! WebSockets (RFC 6455) in what answers browsers.

use crate::model::Respond;
use crate::model::program::Recipe;

/// Whether the program speaks them: it does where it has something to say to one.
pub(super) fn is_spoken(recipe: &Recipe<'_>) -> bool {
    recipe.shown().is_some() && (recipe.message().is_some() || *recipe.respond != Respond::Nothing)
}

/// The functions that are needed, each as its lines.
pub(super) fn functions(recipe: &Recipe<'_>, checks_hosts: bool) -> [String; 4] {
    let origins = if checks_hosts { ORIGINS } else { "" };
    // Text is what text can be; binary is what is no UTF-8.
    let kind = |payload: &[u8]| if std::str::from_utf8(payload).is_ok() { 1 } else { 2 };
    let greeting = recipe
        .message()
        .map_or_else(String::new, |message| format!("\n    send_frame(connection, {}, MESSAGE)", kind(message)));
    let answer = match (recipe.respond, recipe.reply()) {
        (Respond::Echo, _) => "\n        send_frame(connection, begun, message)".to_owned(),
        (_, Some(reply)) => format!("\n        send_frame(connection, {}, REPLY)", kind(reply)),
        _ => String::new(),
    };
    let speak = WEB_SOCKET.replace("GREETING", &greeting).replace("ANSWER", &answer);
    [UPGRADE.replace("ORIGINS", origins), SEND_FRAME.to_owned(), EXACTLY.to_owned(), speak]
}

/// What a request that asks for a WebSocket is told instead of a page.
pub(super) const ASKED: &str = r#"
    if words[0] == "GET" and asks("upgrade", "websocket") and asks("connection", "upgrade"):
        return upgrade(fields)"#;

/// What [`ASKED`] looks with.
pub(super) const ASKS: &str = r#"

    def asks(name, token):
        return token in ",".join(fields.get(name, [])).lower().replace(" ", "").split(",")
"#;

/// What `serve` does with an answer.
pub(super) const DIALOGUE: &str = r#"status, lines, content = answer(head)
            if content is None:
                connection.settimeout(None)
                with connection.makefile("rb") as stream:
                    web_socket(connection, stream, peer, lines)
            else:
                show(connection, head, status, lines, content)"#;

const ORIGINS: &str = r#"
    # Browsers let any page open a WebSocket to any address, and say which page it is.
    if not all(is_own(origin.partition("://")[2]) for origin in fields.get("origin", [])):
        return say("403 Forbidden")"#;

const UPGRADE: &str = r#"def upgrade(fields):
    """What a request for a WebSocket is answered with; it has no content."""ORIGINS
    if fields.get("sec-websocket-version") != ["13"]:
        lines = ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        return say("426 Upgrade Required", *lines)
    key = ",".join(fields.get("sec-websocket-key", []))
    try:
        if len(base64.b64decode(key, validate=True)) != 16:
            return say("400 Bad Request")
    except ValueError:
        return say("400 Bad Request")
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    accept = "Sec-WebSocket-Accept: " + base64.b64encode(digest).decode()
    return "101 Switching Protocols", ["Upgrade: websocket", "Connection: Upgrade", accept], None"#;

const SEND_FRAME: &str = r#"def send_frame(connection, kind, payload):
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 128 | kind, size)
    elif size < 65536:
        head = struct.pack("!BBH", 128 | kind, 126, size)
    else:
        head = struct.pack("!BBQ", 128 | kind, 127, size)
    connection.sendall(head + payload)"#;

const EXACTLY: &str = r#"def exactly(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise ConnectionError("ended without a close frame")
    return data"#;

const WEB_SOCKET: &str = r#"def web_socket(connection, stream, peer, lines):
    """Speaks WebSocket (RFC 6455) until the peer closes it or breaks its rules."""
    connection.sendall("\r\n".join(["HTTP/1.1 101 Switching Protocols", *lines, "", ""]).encode())
    begun, message = 0, b""GREETING
    while True:
        first, second = exactly(stream, 2)
        kind, is_last, size = first & 15, first & 128, second & 127
        if size > 125:
            size = int.from_bytes(exactly(stream, 2 if size == 126 else 8), "big")
        is_control = kind in (8, 9, 10) and is_last and size < 126
        fits = is_control or kind in ([0] if begun else [1, 2])
        if first & 112 or not second & 128 or not fits:
            return send_frame(connection, 8, struct.pack("!H", 1002))
        if len(message) + size > 1 << 20:
            return send_frame(connection, 8, struct.pack("!H", 1009))
        mask = exactly(stream, 4)
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(exactly(stream, size)))
        if kind == 8:
            return send_frame(connection, 8, payload)
        if kind == 9:
            send_frame(connection, 10, payload)
        if is_control:
            continue
        begun, message = kind or begun, message + payload
        if not is_last:
            continue
        try:
            message.decode()
        except UnicodeDecodeError:
            if begun == 1:
                return send_frame(connection, 8, struct.pack("!H", 1007))
        print(peer, message.decode(errors="backslashreplace"), flush=True)ANSWER
        begun, message = 0, b"""#;
