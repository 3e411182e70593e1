//! How often what the engine tells has the window drawn.

use std::time::{Duration, Instant};

/// What comes after a pause is drawn so soon: sixty times a second.
const FRAME: Duration = Duration::from_millis(16);

/// What comes without a pause is drawn so often. Nobody reads faster, a flood is left the processor, and a screen
/// reader is told of every change of every frame.
const BUSY_FRAME: Duration = Duration::from_millis(66);

/// Without anything told for so long there is a pause. Longer than a frame of a flood, as the next thing is told only
/// when that is drawn.
const PAUSE: Duration = BUSY_FRAME.saturating_mul(2);

/// Tells when to draw, from the times at which the engine told something. Input has the window drawn whatever this
/// says.
#[derive(Debug)]
pub(super) struct Pacing {
    told: Option<Instant>,
    /// The number of the frame that was drawn last, and when it was first seen.
    frame: (u64, Option<Instant>),
}

impl Pacing {
    pub(super) fn new() -> Self {
        Self { told: None, frame: (0, None) }
    }

    /// How long after `now`, when something is told and so many frames have been drawn. Each call asks for a frame of
    /// its own: one that was drawn meanwhile, for other reasons, may have taken the place of an earlier one's.
    pub(super) fn told(&mut self, now: Instant, frames: u64) -> Duration {
        let pause = self.told.replace(now).is_none_or(|told| now.saturating_duration_since(told) > PAUSE);
        if frames != self.frame.0 {
            self.frame = (frames, Some(now));
        }
        let drawn = self.frame.1.filter(|_| !pause);
        drawn.map_or(FRAME, |drawn| (drawn + BUSY_FRAME).saturating_duration_since(now).max(FRAME))
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
            assert_eq!(pacing.told(begun + frame * 150 * MS, frame.into()), FRAME);
        }
    }

    /// Drawn so often in a second in which something is told in each of these milliseconds, `once_a_frame` or always,
    /// the last included.
    fn frames(told: impl Iterator<Item = u32>, once_a_frame: bool) -> u64 {
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
                let asked = now + pacing.told(now, frames);
                due = Some(due.map_or(asked, |due| due.min(asked)));
            }
        }
        frames + u64::from(due.is_some())
    }

    #[test]
    fn a_flood_is_drawn_less_often_and_never_forgotten() {
        for once_a_frame in [false, true] {
            let frames = frames(0..1000, once_a_frame);
            assert!((13..=17).contains(&frames), "{frames} frames in a second, {once_a_frame}");
        }
        assert_eq!(frames(0..1, true), 1, "the last is drawn as well");
    }
}
