//! Times as people read them.

/// The local time of day of a moment, `10:21:04`; empty when the moment can't be told.
#[must_use]
pub fn time_of_day(wall_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(wall_ns))
        .map(|moment| moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string())
        .unwrap_or_default()
}
