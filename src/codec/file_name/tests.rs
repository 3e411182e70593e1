use proptest::prelude::*;

use super::*;

fn safe(raw: impl AsRef<[u8]>) -> String {
    SafeName::new(raw.as_ref()).as_str().to_owned()
}

#[test]
fn a_good_name_is_kept() {
    for name in ["a", "move_info7.txt", "报告 2024.docx", "a..b", "archive.tar.gz", "COM10", "console.txt", "-rf", "🚀"]
    {
        let kept = SafeName::new(name.as_bytes());
        assert_eq!((kept.as_str(), kept.as_sent(), kept.is_changed()), (name, name, false));
    }
}

#[test]
fn a_path_keeps_its_last_component_only() {
    for raw in [
        "a.txt",
        "/a.txt",
        "../../a.txt",
        "..\\..\\a.txt",
        "/etc/../a.txt",
        "C:\\dir\\a.txt",
        "C:a.txt",
        "\\\\server\\share\\a.txt",
        "\\\\?\\C:\\a.txt",
        "dir\\b/a.txt",
        "a.txt/",
        "a.txt\\",
    ] {
        assert_eq!(safe(raw), "a.txt", "{raw}");
    }
}

#[test]
fn names_of_nothing() {
    for raw in ["", ".", "..", "...", " ", "/", "\\", "C:", "C:\\", "../..", ". .", "a/.. ", "\u{3000}"] {
        assert_eq!(safe(raw), "unnamed", "{raw:?}");
    }
}

#[test]
fn what_deceives_is_replaced() {
    assert_eq!(safe("a\0b.txt"), "a_b.txt");
    assert_eq!(safe("a\r\nb"), "a__b");
    assert_eq!(safe("photo\u{202e}gpj.exe"), "photo_gpj.exe");
    assert_eq!(safe("a\u{200b}b\u{feff}"), "a_b_");
    assert_eq!(safe("a<b>c:d\"e|f?g*h"), "a_b_c_d_e_f_g_h");
    assert_eq!(safe("file.txt:stream"), "file.txt_stream");
    assert_eq!(safe("a.txt. . "), "a.txt");
    assert_eq!(safe("  a.txt"), "a.txt");
    assert_eq!(safe(".profile"), "_.profile");
    assert_eq!(safe("...x"), "_...x");
}

#[test]
fn devices_are_no_files() {
    for device in
        ["NUL", "nul.txt", "CON", "con.tar.gz", "Aux .c", "COM1", "com9.log", "COM¹", "LPT³.x", "CONIN$", "CONOUT$"]
    {
        assert_eq!(safe(device), format!("_{device}"));
    }
    // A cut must not make one.
    assert_eq!(safe(format!("NUL{}x.txt", " ".repeat(300))), format!("_NUL{}.txt", " ".repeat(SafeName::MAX - 8)));
    assert_eq!(safe(format!("NUL{}x", " ".repeat(300))), "_NUL");
}

#[test]
fn encodings_of_names() {
    let gbk = SafeName::new(&Encoding::Gbk.encode("报告.txt").unwrap());
    assert_eq!((gbk.as_str(), gbk.is_changed()), ("报告.txt", false));
    // Its second byte is that of a backslash.
    assert_eq!(safe(Encoding::Gbk.encode("誠.txt").unwrap()), "誠.txt");
    let neither = SafeName::new(b"a\xff.txt");
    assert_eq!((neither.as_str(), neither.as_sent(), neither.is_changed()), ("a_.txt", "a\u{fffd}.txt", true));
    assert_eq!(safe("cafe\u{301}.txt"), "café.txt");
}

#[test]
fn a_long_name_keeps_its_extension() {
    let long = SafeName::new(format!("{}.txt", "好".repeat(200)).as_bytes());
    assert_eq!(long.as_str(), format!("{}.txt", "好".repeat(73)));
    assert_eq!(safe(format!("a.{}", "b".repeat(300))).len(), SafeName::MAX);
    assert!(safe(format!("{}.txt", "x".repeat(9000))).ends_with("x.txt"));
    assert_eq!(safe(format!("{} .{}", "a".repeat(SafeName::MAX - 1), "b".repeat(50))), "a".repeat(SafeName::MAX - 1));
}

#[test]
fn a_number_goes_before_the_extension() {
    assert_eq!(SafeName::new(b"name.txt").numbered(2).as_str(), "name (2).txt");
    assert_eq!(SafeName::new(b"name").numbered(3).as_str(), "name (3)");
    assert_eq!(SafeName::new(b".profile").numbered(2).as_str(), "_ (2).profile");
    let long = SafeName::new("x".repeat(400).as_bytes()).numbered(u32::MAX);
    assert!(long.as_str().len() + ".incomplete".len() <= 255);
}

/// Text that is likely to meet the rules.
fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => prop::sample::select(
            &[
                "..", ".", " ", "/", "\\", ":", "C:", "NUL", "con", "COM", "1", "¹", "LPT9", "CONIN$", "\0", "\u{202e}",
                "\u{200d}", "\u{301}", "e", "<", "\u{338}", "\u{3000}", "\u{1100}", "\u{1161}", "\u{37e}", ".txt", "好",
                "\u{fffd}", "\u{212a}",
            ][..],
        )
        .prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => (prop::sample::select(&["x", " ", ".", "好", "e\u{301}"][..]), 1..300_usize).prop_map(|(one, n)| one.repeat(n)),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn check(raw: &[u8]) -> Result<(), TestCaseError> {
    let name = SafeName::new(raw);
    let text = name.as_str();
    let again = SafeName::new(text.as_bytes());
    prop_assert_eq!(again.as_str(), text);
    prop_assert!(!again.is_changed());

    prop_assert!(!text.is_empty() && text.len() <= SafeName::MAX);
    prop_assert!(!text.chars().any(|c| c.is_control() || "<>:\"/\\|?*".contains(c)), "{:?}", text);
    prop_assert!(!text.starts_with(['.', ' ']) && !text.ends_with(['.', ' ']), "{:?}", text);
    let components: Vec<_> = std::path::Path::new(text).components().collect();
    prop_assert!(matches!(components[..], [std::path::Component::Normal(one)] if one == text), "{:?}", text);
    prop_assert_eq!(name.is_changed(), text.as_bytes() != raw && sender_text(raw).as_deref() != Some(text));
    Ok(())
}

proptest! {
    #[test]
    fn any_text_becomes_one_safe_component(text in nasty()) {
        check(text.as_bytes())?;
    }

    #[test]
    fn any_bytes_become_one_safe_component(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes)?;
    }
}
