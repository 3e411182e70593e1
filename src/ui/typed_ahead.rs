//! What is typed after Enter within one frame waits for the next frame.

use egui::{Context, Event, Key, Plugin, RawInput, Ui};

/// Ends a frame's events with an Enter, where more is typed after it: barcode scanners and slow frames bring whole lines at
/// once, and what follows Enter must find the field as Enter has left it. Events stay in their order, and none is lost.
#[derive(Debug, Default)]
pub(super) struct TypedAhead {
    waiting: Vec<Event>,
}

impl Plugin for TypedAhead {
    fn debug_name(&self) -> &'static str {
        "typed ahead"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        input.events.splice(0..0, self.waiting.drain(..));
        let is_held = ctx.input(|input| input.key_down(Key::Enter));
        if let Some(end) = end_of_line(&input.events, is_held) {
            self.waiting = input.events.split_off(end);
        }
    }

    fn on_end_pass(&mut self, ui: &mut Ui) {
        if !self.waiting.is_empty() {
            ui.ctx().request_repaint();
        }
    }
}

/// Where the events after the first Enter begin, if anything is typed after it. An Enter that breaks a line (Shift) or
/// repeats itself, being held down, ends none.
fn end_of_line(events: &[Event], mut is_held: bool) -> Option<usize> {
    let enter = events.iter().position(|event| match event {
        Event::Key { key: Key::Enter, pressed, modifiers, .. } => {
            let repeats = std::mem::replace(&mut is_held, *pressed);
            *pressed && !repeats && !modifiers.shift && !modifiers.alt
        }
        // egui lets go of all keys then.
        Event::WindowFocused(false) => {
            is_held = false;
            false
        }
        _ => false,
    })?;
    let after = enter + 1;
    events[after..].iter().any(types).then_some(after)
}

fn types(event: &Event) -> bool {
    matches!(event, Event::Text(_) | Event::Paste(_) | Event::Cut | Event::Ime(_) | Event::Key { pressed: true, .. })
}

#[cfg(test)]
mod tests {
    use egui::Modifiers;

    use super::*;

    fn enter(pressed: bool, modifiers: Modifiers) -> Event {
        Event::Key { key: Key::Enter, physical_key: None, pressed, repeat: false, modifiers }
    }

    fn text() -> Event {
        Event::Text("x".to_owned())
    }

    #[test]
    fn a_line_ends_with_an_enter_that_something_is_typed_after() {
        let (down, up) = (enter(true, Modifiers::NONE), enter(false, Modifiers::NONE));
        let shifted = enter(true, Modifiers::SHIFT);
        for (events, is_held, end) in [
            (vec![text(), down.clone(), up.clone(), text(), down.clone(), up.clone()], false, Some(2)),
            (vec![down.clone(), up.clone(), down.clone()], false, Some(1)),
            (vec![text(), down.clone(), up.clone(), Event::PointerGone], false, None),
            (vec![text(), shifted.clone(), text()], false, None),
            (vec![shifted, up.clone(), down.clone(), text()], false, Some(3)),
            // Held down: it repeats itself until it is let go, or until the window is left.
            (vec![down.clone(), text()], true, None),
            (vec![down.clone(), up, down.clone(), text()], true, Some(3)),
            (vec![Event::WindowFocused(false), down, text()], true, Some(2)),
        ] {
            assert_eq!(end_of_line(&events, is_held), end, "{events:?}");
        }
    }
}
