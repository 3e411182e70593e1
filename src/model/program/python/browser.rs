//! Answers to browsers: HTTP/1.1 (RFC 9112) over a socket, one request a connection.

use super::script::Script;
use super::{hosts, literal, web_socket};
use crate::codec::content_type;
use crate::model::BrowserContent;
use crate::model::program::Recipe;

/// Lines that say what is shown.
pub(super) fn constants(content: &BrowserContent) -> Vec<String> {
    let kind = |kind: &str| format!("TYPE = {}", literal::text(kind));
    match content {
        BrowserContent::Page(text) => {
            let mut lines = literal::assignment("PAGE", text.as_bytes());
            lines.push(kind(content_type::of_text(text)));
            lines
        }
        BrowserContent::File(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            vec![format!("FILE = {}", literal::path(path)), kind(content_type::of(&name))]
        }
        // Without links: what is found below it can then be compared with where it really is.
        BrowserContent::Folder(path) => vec![format!("FOLDER = os.path.realpath({})", literal::path(path))],
    }
}

/// The modules that the functions use, for a recipe that shows browsers something.
pub(super) fn modules(recipe: &Recipe<'_>) -> Vec<&'static str> {
    let mut modules = vec!["io", "os", "urllib.parse"];
    if matches!(recipe.shown(), Some(BrowserContent::Folder(_))) {
        modules.extend(["html", "mimetypes"]);
    }
    if hosts::function(recipe).is_some() {
        modules.extend(["ipaddress", "re"]);
    }
    if web_socket::is_spoken(recipe) {
        modules.extend(["base64", "hashlib", "struct"]);
    }
    modules
}

/// The functions that answer.
pub(super) fn functions(script: &mut Script, recipe: &Recipe<'_>, content: &BrowserContent) {
    let is_own = hosts::function(recipe);
    let speaks = web_socket::is_spoken(recipe);
    let find: &[&str] = match content {
        BrowserContent::Page(_) => &[FIND_PAGE],
        BrowserContent::File(_) => &[FIND_FILE],
        BrowserContent::Folder(_) => &[LISTED, FIND_BELOW],
    };
    let or_nothing = |text: &'static str, is_needed: bool| if is_needed { text } else { "" };
    let answer = ANSWER
        .replace("CHECK_HOST", or_nothing(CHECK_HOST, is_own.is_some()))
        .replace("ASKS", or_nothing(web_socket::ASKS, speaks))
        .replace("ASKED", or_nothing(web_socket::ASKED, speaks));
    let dialogue = if speaks { web_socket::DIALOGUE } else { "show(connection, head, *answer(head))" };
    let serve = SERVE.replace("DIALOGUE", dialogue).replace("SIZE", &recipe.receive_size().to_string());
    let web_socket = speaks.then(|| web_socket::functions(recipe, is_own.is_some()));
    let functions = find.iter().copied().chain([SAY]).chain(is_own.as_deref());
    let functions = functions.chain(web_socket.iter().flatten().map(String::as_str));
    for function in functions.chain([&*answer, SHOW, &*serve]) {
        script.gap();
        script.lines(function);
    }
}

const FIND_PAGE: &str = r#"def find(names, is_folder):
    """What is at a path of these names: the page, at the root and as its index."""
    if names in ([], ["index.html"]):
        return "200 OK", [f"Content-Type: {TYPE}"], io.BytesIO(PAGE)
    return None"#;

const FIND_FILE: &str = r#"def find(names, is_folder):
    """What is at a path of these names: the file, at the root and at its name."""
    if not names or names == [os.path.basename(FILE)] and not is_folder:
        return "200 OK", [f"Content-Type: {TYPE}"], open(FILE, "rb")
    return None"#;

const LISTED: &str = r#"def listed(folder):
    """A page of links to what is in a folder."""
    items = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name.startswith(".") or not is_folder and not entry.is_file(follow_symlinks=False):
            continue
        name = entry.name + "/" * is_folder
        link = urllib.parse.quote(os.fsencode(name))
        items.append(f"<li><a href=\"{link}\">{html.escape(name)}</a></li>\n")
    page = "<!doctype html>\n<meta charset=\"utf-8\">\n<ul>\n" + "".join(items) + "</ul>\n"
    content = io.BytesIO(page.encode(errors="replace"))
    return "200 OK", ["Content-Type: text/html; charset=utf-8"], content"#;

const FIND_BELOW: &str = r#"def find(names, is_folder):
    """What these names lead to in the folder; nothing hidden, and nothing by a link."""
    if any(name.startswith(".") or "/" in name or "\0" in name for name in names):
        return None
    path = os.path.join(FOLDER, *names)
    if os.path.realpath(path) != path:
        return None
    if os.path.isdir(path):
        if not is_folder:
            url = "".join("/" + urllib.parse.quote(os.fsencode(name)) for name in names) + "/"
            return say("301 Moved Permanently", f"Location: {url}")
        index = os.path.join(path, "index.html")
        if os.path.islink(index) or not os.path.isfile(index):
            return listed(path)
        path = index
    elif is_folder or not os.path.isfile(path):
        return None
    kind, packing = mimetypes.guess_type(path)
    if kind is None or packing is not None:
        kind = "application/octet-stream"
    elif kind.startswith("text/"):
        kind += "; charset=utf-8"
    return "200 OK", [f"Content-Type: {kind}"], open(path, "rb")"#;

const SAY: &str = r#"def say(status, *lines):
    """An answer that is its status, in words."""
    text = f"{status}\n".encode()
    return status, ["Content-Type: text/plain; charset=utf-8", *lines], io.BytesIO(text)"#;

const ANSWER: &str = r#"def answer(head):
    """The status, the lines of the head and the content that a request is answered with."""
    request, *lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words, fields = request.split(" "), {}
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return say("400 Bad Request")
    for line in lines:
        name, _, value = line.partition(":")
        fields.setdefault(name.lower(), []).append(value.strip())ASKS
    if words[2] != "HTTP/1.0" and len(fields.get("host", [])) != 1:
        return say("400 Bad Request")CHECK_HOST
    if words[0] not in ("GET", "HEAD"):
        return say("405 Method Not Allowed", "Allow: GET, HEAD")ASKED
    path = words[1].split("?")[0]
    names = [name for name in path.split("/") if name]
    names = [urllib.parse.unquote(name, errors="surrogateescape") for name in names]
    try:
        return find(names, path.endswith("/")) or say("404 Not Found")
    except OSError:
        return say("404 Not Found")"#;

const CHECK_HOST: &str = r#"
    if not all(is_own(host) for host in fields.get("host", [])):
        return say("421 Misdirected Request")"#;

const SHOW: &str = r#"def show(connection, head, status, lines, content):
    """Sends an answer."""
    with content:
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        lines = [*lines, f"Content-Length: {size}", "Connection: close", "", ""]
        connection.sendall("\r\n".join([f"HTTP/1.1 {status}", *lines]).encode())
        if size > 0 and not head.startswith(b"HEAD "):
            connection.sendfile(content, count=size)"#;

const SERVE: &str = r#"def serve(connection, peer):
    """Answers one request, and closes."""
    print("accepted", peer, flush=True)
    try:
        with connection:
            connection.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head and len(head) < 16384:
                data = connection.recv(SIZE)
                if not data:
                    break
                head += data
            print(peer, head.decode(errors="backslashreplace"), flush=True)
            if not head:
                return
            DIALOGUE
            # To close before the peer has, with bytes of it unread, would reset the connection.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(SIZE):
                pass
        print("closed", peer, flush=True)
    except OSError as error:
        print(peer, error, flush=True)"#;
