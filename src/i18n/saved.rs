use std::path::Path;

use super::Language;
use crate::codec::visible::visible;
use crate::model::Saved;
use crate::tr;

/// How many rows went where.
#[must_use]
pub fn saved(language: Language, saved: &Saved, path: &Path) -> String {
    let path = visible(&path.display().to_string());
    match saved.rows {
        1 => tr!(language, "journal.saved_one", path = path),
        rows => tr!(language, "journal.saved", rows = super::grouped(rows), path = path),
    }
    .into_owned()
}

/// Which other files there are, and what is in none of them; `None` where there is nothing to say.
#[must_use]
pub fn saved_details(language: Language, saved: &Saved) -> Option<String> {
    let beside = saved.beside.iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        tr!(language, "journal.saved_beside", name = visible(&name)).into_owned()
    });
    let left_out = match saved.left_out {
        0 => None,
        1 => Some(tr!(language, "journal.left_out_one").into_owned()),
        rows => Some(tr!(language, "journal.left_out", rows = super::grouped(rows)).into_owned()),
    };
    let of_another_kind = match saved.of_another_kind {
        0 => None,
        1 => Some(tr!(language, "journal.of_another_kind_one").into_owned()),
        rows => Some(tr!(language, "journal.of_another_kind", rows = super::grouped(rows)).into_owned()),
    };
    let details: Vec<String> = beside.chain(of_another_kind).chain(left_out).collect();
    (!details.is_empty()).then(|| details.join(language.between_sentences()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_elsewhere_or_nowhere_is_said() {
        let all = Saved { rows: 1, ..Saved::default() };
        assert_eq!(saved(Language::English, &all, Path::new("a\n.pcapng")), "1 row saved to a␊.pcapng");
        assert_eq!(saved_details(Language::English, &all), None);
        let part = Saved { rows: 1200, left_out: 3, beside: vec!["/x/a.can.pcapng".into()], ..Saved::default() };
        assert!(saved(Language::English, &part, Path::new("a")).starts_with("1,200 rows"));
        let details = saved_details(Language::English, &part).unwrap();
        assert!(details.contains("a.can.pcapng. 3 rows are left out"), "{details}");
        let details = saved_details(Language::Chinese, &part).unwrap();
        assert!(details.contains("a.can.pcapng") && details.contains("有 3 行未写入"), "{details}");
        let piped = Saved { rows: 1, of_another_kind: 2, left_out: 1, ..Saved::default() };
        let details = saved_details(Language::English, &piped).unwrap();
        assert!(details.starts_with("2 rows are left out: their packets") && details.contains(". 1 row"), "{details}");
    }
}
