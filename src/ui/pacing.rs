//! How often what the engine tells has the window drawn.

use std::ops::Range;
use std::time::{Duration, Instant};

/// What comes after a pause is drawn so soon: sixty times a second.
const FRAME: Duration = Duration::from_millis(16);

/// What comes without a pause is drawn so often. Nobody reads faster, a flood is left the processor, and a screen
/// reader is told of every change of every frame.
const BUSY_FRAME: Duration = Duration::from_millis(66);

/// And no less often, whatever it takes.
const SLOWEST_FRAME: Duration = Duration::from_millis(300);

/// Of one processor, drawing included: a program that takes more draws less often by and by, and one that takes less
/// more often again.
const SHARE: Range<f64> = 0.36..0.45;

/// Without anything told for so many intervals there is a pause. More than one, as the next thing is told only when the
/// frame of the one before is drawn.
const PAUSE: u32 = 2;

/// Tells when to draw, from the times at which the engine told something. Input has the window drawn whatever this
/// says.
#[derive(Debug)]
pub(super) struct Pacing {
    told: Option<Instant>,
    /// The frame that was drawn last.
    latest: Option<Frame>,
    interval: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    number: u64,
    /// When it was first seen, and the processor time that the program had taken by then.
    seen: Instant,
    taken: Duration,
}

impl Pacing {
    pub(super) fn new() -> Self {
        Self { told: None, latest: None, interval: BUSY_FRAME }
    }

    /// How long after `now`, when something is told, so many frames have been drawn, and the program has `taken` so much
    /// processor time. Each call asks for a frame of its own: one that was drawn meanwhile, for other reasons, may have
    /// taken the place of an earlier one's.
    pub(super) fn told(&mut self, now: Instant, number: u64, taken: Duration) -> Duration {
        let pause =
            self.told.replace(now).is_none_or(|told| now.saturating_duration_since(told) > PAUSE * self.interval);
        if self.latest.is_none_or(|latest| latest.number != number) {
            let before = self.latest.replace(Frame { number, seen: now, taken });
            self.interval = before.filter(|_| !pause).map_or(BUSY_FRAME, |before| {
                let taken = taken.saturating_sub(before.taken).as_secs_f64();
                let share = taken / now.saturating_duration_since(before.seen).as_secs_f64().max(1e-3);
                let interval = match share {
                    share if share >= SHARE.end => self.interval * 5 / 4,
                    share if share < SHARE.start => self.interval * 4 / 5,
                    _ => self.interval,
                };
                interval.clamp(BUSY_FRAME, SLOWEST_FRAME)
            });
        }
        let drawn = self.latest.filter(|_| !pause).map(|latest| latest.seen);
        drawn.map_or(FRAME, |drawn| (drawn + self.interval).saturating_duration_since(now).max(FRAME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_comes_after_a_pause_is_drawn_soon() {
        let (mut pacing, begun) = (Pacing::new(), Instant::now());
        for frame in 0..4 {
            assert_eq!(pacing.told(begun + frame * 150 * MS, frame.into(), frame * 140 * MS), FRAME);
        }
    }

    /// Drawn so often while something is told in each of these milliseconds, `once_a_frame` or always, the last included.
    /// The program takes this much of a processor's time, and so many milliseconds more for each frame.
    fn frames(told: impl Iterator<Item = u32>, once_a_frame: bool, (share, a_frame): (f64, u32)) -> u64 {
        let (mut pacing, begun) = (Pacing::new(), Instant::now());
        let (mut frames, mut due): (u64, Option<Instant>) = (0, None);
        for ms in told {
            let now = begun + ms * MS;
            // Drawn at the earliest time that was asked for, and asked for again by whatever comes later.
            if due.is_some_and(|due| due <= now) {
                frames += 1;
                due = None;
            }
            if !once_a_frame || due.is_none() {
                let asked = now + pacing.told(now, frames, (ms * MS).mul_f64(share) + frames as u32 * a_frame * MS);
                due = Some(due.map_or(asked, |due| due.min(asked)));
            }
        }
        frames + u64::from(due.is_some())
    }

    #[test]
    fn a_flood_is_drawn_less_often_and_never_forgotten() {
        for once_a_frame in [false, true] {
            let frames = frames(0..1000, once_a_frame, (0.2, 2));
            assert!((13..=17).contains(&frames), "{frames} frames in a second, {once_a_frame}");
        }
        assert_eq!(frames(0..1, true, (0.2, 2)), 1, "the last is drawn as well");
    }

    #[test]
    fn what_takes_much_of_the_processor_is_drawn_less_often_and_goes_on() {
        // With 70 ms for each, three or so a second leave it below the share; beyond that there is a bound.
        for (cost, expected) in [((0.2, 70), 33..=45), ((2.0, 70), 33..=40), ((0.2, 3), 145..=155)] {
            let frames = frames(0..10_000, false, cost);
            assert!(expected.contains(&frames), "{frames} frames in ten seconds at {cost:?}");
        }
    }
}
