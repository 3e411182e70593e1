//! Times as people read them.

/// The time of day of a moment in a zone, `10:21:04`; empty when the moment can't be told.
#[must_use]
pub fn time_of_day(wall_ns: i64, zone: &jiff::tz::TimeZone) -> String {
    written(wall_ns, zone, "%H:%M:%S")
}

/// Date and time of a moment in a zone, `2031-01-31 10:21:04`; empty when the moment can't be told.
#[must_use]
pub fn date_and_time(wall_ns: i64, zone: &jiff::tz::TimeZone) -> String {
    written(wall_ns, zone, "%Y-%m-%d %H:%M:%S")
}

/// The same to the millisecond, `2031-01-31 10:21:04.120`.
#[must_use]
pub fn to_milliseconds(wall_ns: i64, zone: &jiff::tz::TimeZone) -> String {
    written(wall_ns, zone, "%Y-%m-%d %H:%M:%S%.3f")
}

/// A moment in a zone as strftime(3) and jiff have it; empty when the moment can't be told.
#[must_use]
pub fn written(wall_ns: i64, zone: &jiff::tz::TimeZone, format: &str) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(wall_ns))
        .map(|moment| moment.to_zoned(zone.clone()).strftime(format).to_string())
        .unwrap_or_default()
}

/// The local date and time as a part of a file's name, `2031-01-31-102104`.
#[must_use]
pub fn file_stamp() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%d-%H%M%S").to_string()
}
