//! Classes of service by name: the code points (DSCP) of RFC 2474 and those that came after it.

/// The bits of a code point.
pub(super) const BITS: u32 = 6;

/// Class selectors (RFC 2474), assured forwarding (RFC 2597), expedited forwarding (RFC 3246), voice that was admitted
/// (RFC 5865), lower effort (RFC 8622).
const CLASSES: [(&str, u32); 23] = [
    ("CS0", 0),
    ("CS1", 8),
    ("CS2", 16),
    ("CS3", 24),
    ("CS4", 32),
    ("CS5", 40),
    ("CS6", 48),
    ("CS7", 56),
    ("AF11", 10),
    ("AF12", 12),
    ("AF13", 14),
    ("AF21", 18),
    ("AF22", 20),
    ("AF23", 22),
    ("AF31", 26),
    ("AF32", 28),
    ("AF33", 30),
    ("AF41", 34),
    ("AF42", 36),
    ("AF43", 38),
    ("EF", 46),
    ("VA", 44),
    ("LE", 1),
];

/// The code point of a class, whose name may be in any case.
pub(super) fn code_point(name: &str) -> Option<u32> {
    CLASSES.into_iter().find(|(class, _)| class.eq_ignore_ascii_case(name)).map(|(_, code_point)| code_point)
}

/// The class that a code point stands for.
pub(super) fn name(code_point: u32) -> Option<&'static str> {
    CLASSES.into_iter().find(|(_, number)| *number == code_point).map(|(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_code_point() {
        for (class, expected) in CLASSES {
            let digits: Vec<u32> = class.chars().filter_map(|c| c.to_digit(10)).collect();
            let computed = match digits[..] {
                // Three bits for the class and, of assured forwarding, two for what is dropped first.
                [class] => class << 3,
                [class, drop] => class << 3 | drop << 1,
                _ => expected,
            };
            assert_eq!(expected, computed, "{class}");
            assert_eq!((code_point(&class.to_lowercase()), name(expected)), (Some(expected), Some(class)));
        }
        assert_eq!((code_point("EF"), code_point("va"), code_point("Le")), (Some(46), Some(44), Some(1)));
        assert_eq!((code_point("AF14"), code_point("CS8"), code_point(""), name(63)), (None, None, None, None));
    }
}
