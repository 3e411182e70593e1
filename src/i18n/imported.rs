use super::{Language, grouped};
use crate::model::Imported;
use crate::tr;

/// How many rows of how many conversations came out of a capture.
#[must_use]
pub fn imported(language: Language, imported: &Imported) -> String {
    let [rows, packets] = [imported.rows, imported.packets].map(grouped);
    match imported.sessions {
        1 => tr!(language, "import.done_one", rows = rows, packets = packets),
        sessions => tr!(language, "import.done", rows = rows, sessions = grouped(sessions), packets = packets),
    }
    .into_owned()
}

/// What is in no row, or was never captured; `None` where there is nothing to say.
#[must_use]
pub fn imported_details(language: Language, imported: &Imported) -> Option<String> {
    let counted = |count: u64| (count > 0).then(|| grouped(count));
    let details: Vec<String> = [
        counted(imported.left_out).map(|count| tr!(language, "import.left_out", count = count)),
        counted(imported.repeated).map(|count| tr!(language, "import.repeated", count = count)),
        counted(imported.late).map(|count| tr!(language, "import.late", count = count)),
        counted(imported.gaps).map(|count| tr!(language, "import.gaps", count = count)),
        imported.cut.then(|| tr!(language, "import.cut")),
    ]
    .into_iter()
    .flatten()
    .map(std::borrow::Cow::into_owned)
    .collect();
    (!details.is_empty()).then(|| details.join(language.between_sentences()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_and_what_is_not_is_not() {
        let all = Imported { packets: 1200, rows: 7, sessions: 2, ..Imported::default() };
        assert_eq!(super::imported(Language::English, &all), "7 rows in 2 sessions out of 1,200 packets");
        assert_eq!(imported_details(Language::English, &all), None);
        let part = Imported { left_out: 3, gaps: 2, repeated: 1, late: 1, cut: true, ..all };
        let details = imported_details(Language::English, &part).unwrap();
        assert_eq!(details.matches(". ").count(), 4, "{details}");
        assert!(imported_details(Language::Chinese, &part).is_some_and(|details| details.contains('3')));
    }
}
