//! Pages that the server makes by itself.

use super::response::reason;

/// The type of all of them.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A page around a body that is HTML already.
pub(super) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>body{{font-family:sans-serif;margin:2em;line-height:1.5}}td{{padding-right:2em}}</style></head>\n\
         <body><h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}

/// Says why there is nothing else to see.
pub(super) fn error(status: u16, why: &str) -> String {
    page(&format!("{status} {}", reason(status)), &format!("<p>{}</p>\n", escape(why)))
}

/// Text as it stands in HTML, in quotes too.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
