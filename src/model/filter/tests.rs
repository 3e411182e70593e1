//! Texts and what they ask for.

use jiff::civil::time;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Option<Condition>, FilterError> {
    Filter::parse(text, &TimeZone::UTC).map(|filter| filter.condition)
}

fn read(text: &str) -> Condition {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).unwrap_or_else(|| panic!("{text}: nothing"))
}

fn text(text: &str) -> Condition {
    Condition::Text(text.to_owned())
}

fn len(operator: Operator, value: u64) -> Condition {
    Condition::Len(Comparison { operator, value })
}

fn mistake(text: &str) -> (&str, FilterProblem) {
    let error = parse(text).expect_err(text);
    (&text[error.at], error.problem)
}

#[test]
fn words_are_conditions_and_all_else_is_text() {
    let conditions = [
        ("in", Condition::Direction(Direction::In)),
        ("out", Condition::Direction(Direction::Out)),
        ("error", Condition::Error),
        ("session:3", Condition::Session(SessionId(3))),
        ("peer:127.0.0.1", Condition::Peer("127.0.0.1".to_owned())),
        ("peer:127.0.0.1:*", Condition::PeerLike("127.0.0.1:*".to_owned())),
        ("peer=127.0.0.1:*", Condition::PeerIs("127.0.0.1:*".to_owned())),
        ("peer=\"/a b\"", Condition::PeerIs("/a b".to_owned())),
        ("peer:\"/a b*\"", Condition::Peer("/a b*".to_owned())),
        ("hex:E4bd", Condition::Bytes(BytePattern::parse("e4bd").unwrap())),
        ("hex:\"e4 ?? a0\"", Condition::Bytes(BytePattern::parse("e4??a0").unwrap())),
        ("len>100", len(Operator::Greater, 100)),
        ("len >= 100", len(Operator::AtLeast, 100)),
        ("len!=0", len(Operator::NotEqual, 0)),
        ("row<=7", Condition::Row(Comparison { operator: Operator::AtMost, value: 7 })),
        ("text:你好", text("你好")),
        ("text:\"in out\"", text("in out")),
        ("text:in", text("in")),
        ("你好", text("你好")),
        ("http://x", text("http://x")),
        ("length", text("length")),
        ("f(x)", text("f(x)")),
        (":)", text(":)")),
        ("!=", text("!=")),
        ("\"say \\\"hi\\\" \\\\ \\n\"", text("say \"hi\" \\ \\n")),
    ];
    for (written, condition) in conditions {
        assert_eq!(read(written), condition, "{written}");
    }
    for nothing in ["not \"\"", "! peer: (\"\")", "not (\"\")", "", "  ", "\"\"", "peer:", "peer=", " \"\" text: "] {
        assert_eq!(parse(nothing), Ok(None), "{nothing}");
    }
}

#[test]
fn expressions_are_between_slashes_and_paths_are_text() {
    let regex = |pattern: &str| Condition::Regex(pattern.to_owned());
    assert_eq!(read("/GET|POST/"), regex("GET|POST"));
    assert_eq!(read("/a\\sb/is"), regex("(?is)a\\sb"));
    assert_eq!(read("/a or /b/"), Condition::Any(vec![text("/a"), regex("b")]));
    assert_eq!(read("/a\\/[/]\\d/"), regex("a/[/]\\d"));
    assert_eq!(read("/api/"), regex("api"), "whoever means the path writes it between quotes");
    for path in ["/", "/etc/passwd", "/index.html", "//x", "/tmp/ii"] {
        assert_eq!(read(path), text(path), "{path}");
    }
    assert_eq!(read("(/a/)"), regex("a"));
}

#[test]
fn a_session_is_chosen_only_where_no_other_passes() {
    for (text, chooses) in [
        ("session:1", true),
        ("in session:1 hello", true),
        ("in (session:1 or session:2)", true),
        ("session:3 or error", false),
        ("not session:1", false),
        ("in", false),
    ] {
        assert_eq!(read(text).chooses_session(), chooses, "{text}");
    }
}

#[test]
fn not_binds_most_and_or_least() {
    let [a, b, c] = ["a", "b", "c"].map(text);
    let not = |condition: &Condition| Condition::Not(Box::new(condition.clone()));
    let all = |conditions: &[&Condition]| Condition::All(conditions.iter().copied().cloned().collect());
    let any = |conditions: &[&Condition]| Condition::Any(conditions.iter().copied().cloned().collect());
    for (written, condition) in [
        ("a b", all(&[&a, &b])),
        ("a and b", all(&[&a, &b])),
        ("a && b c", all(&[&a, &b, &c])),
        ("a or b c", any(&[&a, &all(&[&b, &c])])),
        ("a || b || c", any(&[&a, &b, &c])),
        ("(a or b) c", all(&[&any(&[&a, &b]), &c])),
        ("not a b", all(&[&not(&a), &b])),
        ("!a or ! (b c)", any(&[&not(&a), &not(&all(&[&b, &c]))])),
        ("not not a", not(&not(&a))),
        ("((a))", a.clone()),
        ("\"or\" a", all(&[&text("or"), &a])),
    ] {
        assert_eq!(read(written), condition, "{written}");
    }
}

#[test]
fn times_are_of_a_day_or_of_each() {
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let read = |text: &str| Filter::parse(text, &zone).unwrap().condition.unwrap();
    let daily = |time| Moment::Daily { time, zone: zone.clone() };
    assert_eq!(read("since:10:21"), Condition::Since(daily(time(10, 21, 0, 0))));
    assert_eq!(read("until:10:21:30.5"), Condition::Until(daily(time(10, 21, 30, 500_000_000))));
    // As date(1) has it.
    let at = Moment::At(1_785_522_060_000_000_000 - 8 * 3_600_000_000_000);
    assert_eq!(read("since:2026-07-31T18:21"), Condition::Since(at.clone()));
    assert_eq!(read("since:\"2026-07-31 18:21\""), Condition::Since(at.clone()));
    // Their own offset counts.
    assert_eq!(read("since:2026-07-31T10:21Z"), Condition::Since(at.clone()));
    assert_eq!(read("since:2026-07-31T12:21+02:00"), Condition::Since(at));
    let midnight = Moment::At((1_785_522_060 - 18 * 3600 - 21 * 60 - 8 * 3600) * 1_000_000_000);
    assert_eq!(read("until:2026-07-31"), Condition::Until(midnight));
}

#[test]
fn mistakes_have_their_place() {
    use FilterProblem::{
        BadHex, BadNumber, BadSession, BadTime, CloseParenthesis, NoCondition, OpenParenthesis, OpenQuote,
    };
    for (written, at, problem) in [
        ("in hex:e4b out", "hex:e4b", BadHex),
        ("hex:", "hex:", BadHex),
        ("你 \"好", "\"好", OpenQuote),
        ("text:\"", "\"", OpenQuote),
        ("session:x", "session:x", BadSession),
        ("in len>x", "len>x", BadNumber),
        ("len >", "len >", BadNumber),
        ("row=-1", "row=-1", BadNumber),
        ("since:25:00", "since:25:00", BadTime),
        ("since:10", "since:10", BadTime),
        ("since:10:21+02:00", "since:10:21+02:00", BadTime),
        ("until:", "until:", BadTime),
        ("a and", "and", NoCondition),
        ("a or or b", "or", NoCondition),
        ("or a", "or", NoCondition),
        ("and a", "and", NoCondition),
        ("not", "not", NoCondition),
        ("a !", "!", NoCondition),
        ("()", "(", NoCondition),
        ("(a or )", "or", NoCondition),
        ("(a", "(", OpenParenthesis),
        ("a )", ")", CloseParenthesis),
        (")", ")", CloseParenthesis),
        ("(a))", ")", CloseParenthesis),
    ] {
        assert_eq!(mistake(written), (at, problem), "{written}");
    }
    let (at, problem) = mistake("in /a(/");
    assert_eq!(at, "/a(/");
    assert!(matches!(&problem, FilterProblem::BadRegex(reason) if reason.contains("group")), "{problem}");
}

#[test]
fn depth_has_an_end() {
    for opening in ["(", "!", "not "] {
        let deep =
            |depth: usize| format!("{}a{}", opening.repeat(depth), if opening == "(" { ")" } else { "" }.repeat(depth));
        assert!(parse(&deep(Filter::DEPTH_MAX)).is_ok());
        assert_eq!(parse(&deep(Filter::DEPTH_MAX + 1)).unwrap_err().problem, FilterProblem::TooDeep);
        assert!(parse(&deep(100_000)).is_err());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_its_mistake_has_a_place_in_it(
        text in prop_oneof![
            ".{0,40}",
            "(in|or|and|not|!|\\(|\\)|error|len[<>=!]{0,2}[0-9]{0,3}|session:[0-9x]|hex:[0-9a-g?]{0,4}|/[a(/]{0,3}|since:[0-9:]{0,5}|\"[a-z ]*|你| ){0,10}",
        ],
    ) {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.at.clone()).is_some_and(|word| !word.is_empty()), "{:?}", error);
        }
    }
}
