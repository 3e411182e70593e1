//! Files of what arrives, one a connection: named by the first receive, or not at all.

use std::path::Path;

use super::literal;
use super::script::Script;
use crate::model::ReceiveMode;
use crate::model::program::Recipe;

/// Whether the first receive is the name.
fn is_named(recipe: &Recipe<'_>) -> bool {
    matches!(recipe.receive, ReceiveMode::Tutorial { .. })
}

/// The modules that the functions use.
pub(super) fn modules(recipe: &Recipe<'_>) -> &'static [&'static str] {
    if is_named(recipe) { &["itertools", "os", "re"] } else { &["itertools", "os"] }
}

/// Lines that say where the files go.
pub(super) fn constants(recipe: &Recipe<'_>, folder: &Path) -> Vec<String> {
    let mut lines = vec![format!("FOLDER = {}", literal::path(folder))];
    if is_named(recipe) {
        // As Windows gives them to devices, in any folder and with any extension.
        lines.push("DEVICE = re.compile(r\"(con|prn|aux|nul|(com|lpt)[0-9])\\s*(\\.|$)\", re.I)".to_owned());
    }
    lines
}

/// The functions that keep them; the last one is `keep(connection, peer)`.
pub(super) fn functions(script: &mut Script, recipe: &Recipe<'_>) {
    let asked = if recipe.admission.ask { NOBODY_ASKED } else { "" };
    let keep = if is_named(recipe) { KEEP_NAMED } else { KEEP };
    let keep = keep.replace("ASKED", asked).replace("SIZE", &recipe.receive_size().to_string());
    let name_of = is_named(recipe).then_some(NAME_OF);
    for function in name_of.into_iter().chain([CREATED, &*keep]) {
        script.gap();
        script.lines(function);
    }
}

const NOBODY_ASKED: &str = "
    # Nobody is asked before a file of another machine is taken.";

const NAME_OF: &str = r#"def name_of(sent):
    """A name without a path that no system takes for anything else; None where it is no name."""
    try:
        name = sent.decode()
    except UnicodeDecodeError:
        try:
            name = sent.decode("gbk")  # what a Chinese Windows sends
        except UnicodeDecodeError:
            return None
    if len(sent) > 255 or re.search(r"[\x00-\x1f\x7f-\x9f]", name):
        return None
    name = re.split(r"[/\\]", name.rstrip("/\\"))[-1].strip()
    # What can't be seen, and what some system gives a meaning.
    name = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in name)
    stem, extension = os.path.splitext(name.rstrip(". "))
    if len(extension.encode()) > 32:
        stem, extension = stem + extension, ""
    # Room for a number remains of the 255 bytes that file systems take.
    stem = stem.encode()[:190].decode(errors="ignore")
    if stem.startswith(".") or DEVICE.match(stem):
        stem = "_" + stem
    return stem + extension or "unnamed""#;

const CREATED: &str = r#"def created(name):
    """A new file of this name or, where there is one already, of this name with a number."""
    stem, extension = os.path.splitext(name)
    for number in itertools.count(2):
        try:
            return open(os.path.join(FOLDER, name), "xb")
        except FileExistsError:
            name = f"{stem} ({number}){extension}""#;

const KEEP: &str = r#"def keep(connection, peer):
    """All bytes of a connection become one file."""ASKED
    data = connection.recv(SIZE)
    with created("received.bin") as file:
        print(peer, "begins", file.name, flush=True)
        while data:
            file.write(data)
            file.flush()
            data = connection.recv(SIZE)
        print(peer, "ends", file.name, file.tell(), "bytes", flush=True)"#;

const KEEP_NAMED: &str = r#"def keep(connection, peer):
    """The first receive is a file's name, all that follows its content."""ASKED
    first = connection.recv(1024)
    if not first:
        return
    name = name_of(first)
    with created(name or "received.bin") as file:
        print(peer, "begins", file.name, flush=True)
        # Where it can't be a name alone, it is content too: no byte is lost.
        data = connection.recv(SIZE) if name else first
        while data:
            file.write(data)
            file.flush()
            data = connection.recv(SIZE)
        print(peer, "ends", file.name, file.tell(), "bytes", flush=True)"#;
