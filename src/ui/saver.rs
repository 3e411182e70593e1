//! When settings are worth saving.

use crate::model::{Damage, Settings};

/// Seconds that settings have to stay the same before they are saved.
const QUIET: f64 = 1.0;

/// Compares settings with the saved ones, about once a second while something happens.
#[derive(Debug)]
pub(super) struct Saver {
    saved: Settings,
    seen: Option<Settings>,
    next: f64,
    /// The file holds what is nowhere else and could not be read: nothing may take its place.
    spares_the_file: bool,
}

/// What to do after a look at the settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Look again in so many seconds.
    LookAgainIn(f64),
    Save(Box<Settings>),
    Nothing,
}

impl Saver {
    #[must_use]
    pub(super) fn new(saved: Settings, damage: &[Damage]) -> Self {
        let spares_the_file = damage.iter().any(|one| matches!(one, Damage::NotKept(_)));
        Self { saved, seen: None, next: 0.0, spares_the_file }
    }

    /// Whether it is time for a look; `now` in seconds. If not, in how many seconds it is.
    pub(super) fn is_due(&self, now: f64) -> Result<(), f64> {
        if now < self.next { Err(self.next - now) } else { Ok(()) }
    }

    /// Looks at the settings as they are now; `now` in seconds.
    pub(super) fn look(&mut self, now: f64, current: Settings) -> Verdict {
        self.next = now + QUIET;
        if self.spares_the_file || current == self.saved {
            self.seen = None;
            return Verdict::Nothing;
        }
        if self.seen.as_ref() == Some(&current) {
            self.seen = None;
            self.saved = current.clone();
            return Verdict::Save(Box::new(current));
        }
        self.seen = Some(current);
        Verdict::LookAgainIn(QUIET)
    }

    /// What still has to be saved when the window closes.
    #[must_use]
    pub(super) fn last(&self, current: Settings) -> Option<Box<Settings>> {
        (current != self.saved && !self.spares_the_file).then(|| Box::new(current))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;

    fn zoomed(zoom: f32) -> Settings {
        Settings { zoom, ..Settings::default() }
    }

    #[test]
    fn settings_are_saved_once_they_rest() {
        let mut saver = Saver::new(zoomed(1.0), &[]);
        assert_eq!(saver.look(0.0, zoomed(1.0)), Verdict::Nothing);
        assert_eq!(saver.is_due(0.25), Err(0.75));
        assert_eq!(saver.is_due(1.0), Ok(()));
        assert_eq!(saver.look(1.0, zoomed(1.1)), Verdict::LookAgainIn(1.0));
        assert_eq!(saver.look(2.0, zoomed(1.2)), Verdict::LookAgainIn(1.0));
        assert_eq!(saver.look(3.0, zoomed(1.2)), Verdict::Save(Box::new(zoomed(1.2))));
        assert_eq!(saver.look(4.0, zoomed(1.2)), Verdict::Nothing);
    }

    #[test]
    fn what_changed_last_is_not_lost_on_closing() {
        let saver = Saver::new(zoomed(1.0), &[]);
        assert_eq!(saver.last(zoomed(1.0)), None);
        assert_eq!(saver.last(zoomed(2.0)), Some(Box::new(zoomed(2.0))));
    }

    #[test]
    fn a_file_whose_damage_is_kept_nowhere_is_left_alone() {
        let mut saver = Saver::new(zoomed(1.0), &[Damage::NotKept(Cause::StorageFull)]);
        assert_eq!([0.0, 1.0, 2.0].map(|now| saver.look(now, zoomed(2.0))), [const { Verdict::Nothing }; 3]);
        assert_eq!(saver.last(zoomed(2.0)), None);
    }
}
