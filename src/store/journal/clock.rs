//! Whether a row's time has reached one that a filter names.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::model::Moment;

pub(super) const NS: i64 = 1_000_000_000;
const QUARTER: i64 = 15 * 60;
const DAY: i64 = 24 * 60 * 60;

/// A moment to compare times with.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    At(i64),
    Daily {
        time: Time,
        zone: TimeZone,
        /// A quarter of an hour and the zone's offset in it, in seconds: no zone has changed within one since 1972.
        offset: Cell<Option<(i64, i64)>>,
    },
}

impl Clock {
    pub(super) fn new(moment: &Moment) -> Self {
        match moment {
            Moment::At(ns) => Self::At(*ns),
            Moment::Daily { time, zone } => Self::Daily { time: *time, zone: zone.clone(), offset: Cell::new(None) },
        }
    }

    pub(super) fn has_reached(&self, wall_ns: i64) -> bool {
        match self {
            Self::At(ns) => wall_ns >= *ns,
            Self::Daily { time, zone, offset } => {
                let (seconds, ns) = (wall_ns.div_euclid(NS), wall_ns.rem_euclid(NS));
                let quarter = seconds.div_euclid(QUARTER);
                let seconds_east = match offset.get() {
                    Some((of, seconds_east)) if of == quarter => seconds_east,
                    _ => {
                        let Ok(timestamp) = Timestamp::from_second(seconds) else { return false };
                        let seconds_east = i64::from(zone.to_offset(timestamp).seconds());
                        offset.set(Some((quarter, seconds_east)));
                        seconds_east
                    }
                };
                let of_day = (seconds + seconds_east).rem_euclid(DAY) * NS + ns;
                let named = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
                of_day >= named * NS + i64::from(time.subsec_nanosecond())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_day_is_of_its_zone() {
        // The clocks went from 2 to 3 at that time, and the hour before and after is known.
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let change = 1_774_746_000 * NS;
        for (offset, hour, minute) in [(-1, 1, 59), (0, 3, 0)] {
            let clock = Clock::new(&Moment::Daily { time: Time::constant(hour, minute, 0, 0), zone: zone.clone() });
            // Asked of another quarter before, it does not keep that one's offset.
            assert!(!clock.has_reached(change - 3600 * NS), "{hour}");
            assert!(clock.has_reached(change + offset), "{hour}");
        }
    }
}
