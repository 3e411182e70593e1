use super::page;
use crate::codec::percent;
use crate::codec::visible::visible;
use crate::model::{FolderEntry, FolderList};

/// A page that lists a folder: folders first, each by name.
pub(super) fn listing(segments: &[Vec<u8>], list: FolderList) -> String {
    let FolderList { mut entries, is_cut } = list;
    entries.retain(|entry| !entry.name.starts_with(b"."));
    entries.sort_by(|a, b| b.is_folder.cmp(&a.is_folder).then_with(|| a.name.cmp(&b.name)));
    let mut title = "/".to_owned();
    for segment in segments {
        title.push_str(&visible(&String::from_utf8_lossy(segment)));
        title.push('/');
    }
    let mut body = "<table>\n".to_owned();
    if !segments.is_empty() {
        body.push_str("<tr><td><a href=\"../\">../</a></td><td></td></tr>\n");
    }
    for FolderEntry { name, is_folder, size } in &entries {
        let slash = if *is_folder { "/" } else { "" };
        let size = if *is_folder { String::new() } else { format!("{size} bytes") };
        let shown = page::escape(&visible(&String::from_utf8_lossy(name)));
        let link = percent::encode(name);
        body.push_str(&format!("<tr><td><a href=\"{link}{slash}\">{shown}{slash}</a></td><td>{size}</td></tr>\n"));
    }
    body.push_str("</table>\n");
    if is_cut {
        body.push_str("<p>There is more than is listed here.</p>\n");
    } else if entries.is_empty() {
        body.push_str("<p>The folder is empty.</p>\n");
    }
    page::page(&title, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, is_folder: bool) -> FolderEntry {
        FolderEntry { name: name.as_bytes().to_vec(), is_folder, size: 7 }
    }

    #[test]
    fn names_are_shown_and_never_obeyed() {
        let entries =
            vec![entry("<script>.txt", false), entry("javascript:x", false), entry("z", true), entry(".env", false)];
        let page = listing(&[b"a\"b".to_vec()], FolderList { entries, is_cut: false });
        assert!(page.contains("<title>/a&quot;b/</title>"), "{page}");
        assert!(page.contains("<a href=\"%3Cscript%3E.txt\">&lt;script&gt;.txt</a></td><td>7 bytes"), "{page}");
        assert!(page.contains("href=\"javascript%3Ax\""), "{page}");
        assert!(!page.contains(".env") && page.contains("href=\"../\""), "{page}");
        assert!(page.find("z/</a>") < page.find("javascript"), "folders first: {page}");
        assert!(listing(&[], FolderList { entries: Vec::new(), is_cut: true }).contains("more than is listed"));
    }
}
