//! What a file is, by its name, as HTTP says it.

/// The `Content-Type` for a file of this name. Text is labelled as UTF-8; what is not known is bytes to be saved.
#[must_use]
pub fn of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "text" | "log" | "md" | "toml" | "yml" | "yaml" | "ini" | "conf" | "py" | "rs" | "c" | "h" | "cpp"
        | "java" | "go" | "sh" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "text/xml; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "ico" => "image/x-icon",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" => "audio/ogg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        _ => "application/octet-stream",
    }
}

/// The type of a text that was typed: a page of HTML if it begins as one, else plain.
#[must_use]
pub fn of_text(text: &str) -> &'static str {
    if text.trim_start().starts_with('<') { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_says_its_encoding_and_the_unknown_is_bytes() {
        for (name, expected) in [
            ("index.HTML", "text/html; charset=utf-8"),
            ("报告.txt", "text/plain; charset=utf-8"),
            ("a.tar.gz", "application/gzip"),
            ("photo.JPG", "image/jpeg"),
            ("Makefile", "application/octet-stream"),
            ("txt", "application/octet-stream"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }

    #[test]
    fn a_typed_page_is_html_if_it_begins_as_such() {
        assert_eq!(of_text("\n <h1>你好</h1>"), "text/html; charset=utf-8");
        assert_eq!(of_text("你好 <b>"), "text/plain; charset=utf-8");
    }
}
