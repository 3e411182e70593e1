use std::ops::RangeInclusive;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::tests::{Journal, journal, received};
use super::*;

fn request(condition: &str, from: Option<u64>, backward: bool, wraps: bool) -> FindRequest {
    let condition = Filter::parse(condition, &TimeZone::UTC).unwrap().condition;
    let condition = condition.unwrap_or(Condition::All(Vec::new()));
    FindRequest { id: 1, filter: Filter::default(), condition, from, backward, wraps }
}

/// The end of it, and how many steps of so many rows it took.
fn find(journal: &mut Journal, request: FindRequest, rows: usize) -> (Finding, usize) {
    let mut find = Find::new(request, &[]);
    let mut passed = 0;
    for steps in 1.. {
        match journal.reader.find(&mut find, rows).unwrap() {
            Finding::Looking { done, of } => {
                assert!(done > passed && done < of, "{done} of {of} after {passed}");
                passed = done;
            }
            finding => return (finding, steps),
        }
    }
    unreachable!("it ends")
}

fn journal_of(words: &[&str]) -> Journal {
    journal(&words.iter().map(|word| received(0, word.as_bytes())).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn agrees_with_going_through_a_list(
        hits in prop::collection::vec(any::<bool>(), 1..40),
        from in prop::option::of(0_u64..42),
        backward: bool,
        wraps: bool,
        rows in 1_usize..9,
    ) {
        let words: Vec<_> = hits.iter().map(|hit| if *hit { "needle" } else { "hay" }).collect();
        let mut journal = journal_of(&words);
        let is_hit = |number: &u64| hits[*number as usize - 1];
        let last = hits.len() as u64;
        let pick = |numbers: RangeInclusive<u64>| {
            let mut numbers = numbers.filter(is_hit);
            if backward { numbers.next_back() } else { numbers.next() }
        };
        let (ahead, behind) = match (from, backward) {
            (None, _) => (1..=last, RangeInclusive::new(1, 0)),
            (Some(from), false) => (from + 1..=last, 1..=from.min(last)),
            (Some(from), true) => (1..=from.saturating_sub(1).min(last), from.max(1)..=last),
        };
        let expected = match (pick(ahead), pick(behind).filter(|_| wraps)) {
            (Some(number), _) => Finding::Found { number, wrapped: false },
            (None, Some(number)) => Finding::Found { number, wrapped: true },
            (None, None) => Finding::NotFound,
        };
        let (finding, _) = find(&mut journal, request("needle", from, backward, wraps), rows);
        prop_assert_eq!(finding, expected);
    }
}

#[test]
fn the_filter_holds_as_well() {
    let mut journal = journal_of(&["one", "two", "one two", "two"]);
    let two = Filter::parse("two", &TimeZone::UTC).unwrap();
    let wanted = FindRequest { filter: two, ..request("one", None, false, false) };
    assert_eq!(find(&mut journal, wanted, 100), (Finding::Found { number: 3, wrapped: false }, 1));
}

#[test]
fn no_step_goes_through_all_of_a_long_journal() {
    let mut journal = journal_of(&["hay"; 1000]);
    let (finding, steps) = find(&mut journal, request("needle", Some(500), false, true), 100);
    assert_eq!((finding, steps), (Finding::NotFound, 10));
}

#[test]
fn rows_that_were_cleared_meanwhile_are_not_found() {
    let mut journal = journal_of(&["hay", "hay", "needle", "hay"]);
    let mut find = Find::new(request("needle", None, false, false), &[]);
    assert_eq!(journal.reader.find(&mut find, 2).unwrap(), Finding::Looking { done: 2, of: 4 });
    journal.writer.clear().unwrap();
    journal.writer.append(&[received(0, b"hay")]).unwrap();
    assert_eq!(journal.reader.find(&mut find, 2).unwrap(), Finding::NotFound);
}

#[test]
fn a_journal_without_rows_has_none() {
    let mut journal = journal(&[]);
    for from in [None, Some(0), Some(u64::MAX)] {
        for backward in [false, true] {
            assert_eq!(find(&mut journal, request("", from, backward, true), 10).0, Finding::NotFound);
        }
    }
}
