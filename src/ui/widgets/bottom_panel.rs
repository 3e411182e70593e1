//! What stands along the lower edge.

use egui::{Frame, Id, Panel, Ui};

/// A panel along the lower edge, as high as what is in it.
///
/// egui places such a panel by the height of the frame before. One whose height changes is laid out anew before the
/// frame is shown: else what it gained would lie beyond the edge for a frame, and a click on it would meet another thing.
pub fn bottom_panel(ui: &mut Ui, id: Id, frame: Frame, content: impl FnOnce(&mut Ui)) {
    let shown = Panel::bottom(id).resizable(false).show_separator_line(false).frame(frame).show(ui, content);
    let height = shown.response.rect.height();
    let before = ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or(id, f32::NAN), height));
    if before.is_nan() || (height - before).abs() > 0.5 {
        ui.ctx().request_discard("a panel at the bottom has another height");
    }
}

#[cfg(test)]
mod tests {
    use egui::{Context, RawInput, Rect, pos2, vec2};

    use super::*;

    const SCREEN: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(300.0, 200.0) };

    #[test]
    fn it_ends_at_the_edge_in_the_first_frame_that_is_shown() {
        let ctx = Context::default();
        for height in [90.0, 90.0, 150.0, 30.0] {
            let mut drawn = Rect::NOTHING;
            let input = RawInput { screen_rect: Some(SCREEN), ..RawInput::default() };
            let mut output = ctx.run_ui(input, |ui| {
                bottom_panel(ui, Id::unique("below"), Frame::new(), |ui| {
                    drawn = ui.allocate_space(vec2(100.0, height)).1;
                });
            });
            output.textures_delta.clear();
            assert_eq!((drawn.height(), drawn.bottom()), (height, SCREEN.bottom()));
        }
    }
}
