//! The renderer of the window's pictures draws as a GPU would.

#[path = "support/raster.rs"]
mod renderer;

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Pos2, Rect, Shape, pos2};
use egui_kittest::Harness;

fn picture(paint: impl Fn(&egui::Painter) + 'static) -> image::RgbaImage {
    let mut harness = Harness::builder()
        .with_size(egui::vec2(40.0, 40.0))
        .renderer(renderer::Raster::default())
        .build_ui(move |ui| {
            let painter = ui.ctx().layer_painter(egui::LayerId::debug());
            painter.rect_filled(Rect::EVERYTHING, 0.0, Color32::BLACK);
            paint(&painter);
        });
    harness.run();
    harness.set_render_cursor(false);
    harness.render().expect("no picture")
}

fn fan(corners: &[Pos2], color: Color32) -> Mesh {
    let vertices = corners.iter().map(|pos| Vertex { pos: *pos, uv: WHITE_UV, color }).collect();
    let indices = (2..corners.len() as u32).flat_map(|at| [0, at - 1, at]).collect();
    Mesh { vertices, indices, ..Mesh::default() }
}

#[test]
fn triangles_that_share_an_edge_leave_no_gap_and_blend_once() {
    let half = Color32::from_rgba_premultiplied(100, 0, 0, 128);
    let corners = [pos2(20.0, 3.5), pos2(35.25, 14.0), pos2(31.0, 36.0), pos2(9.5, 33.0), pos2(4.0, 12.75)];
    let image = picture(move |painter| {
        painter.add(Shape::mesh(fan(&corners, half)));
    });
    let mut reds: Vec<u8> = image.pixels().map(|pixel| pixel[0]).collect();
    assert_eq!(image.get_pixel(20, 20)[0], 100);
    reds.sort_unstable();
    reds.dedup();
    assert_eq!(reds, [0, 100]);
    // The polygon's area, by the shoelace formula, in pixels.
    let inside = image.pixels().filter(|pixel| pixel[0] == 100).count();
    assert!((690..=750).contains(&inside), "{inside} pixels");
}

#[test]
fn a_rectangle_covers_the_pixels_whose_centre_it_covers() {
    let corners = [pos2(10.5, 10.5), pos2(20.5, 10.5), pos2(20.5, 20.5), pos2(10.5, 20.5)];
    let image = picture(move |painter| {
        painter.add(Shape::mesh(fan(&corners, Color32::WHITE)));
    });
    let lit = |x, y| image.get_pixel(x, y)[1] == 255;
    assert!(lit(10, 10) && lit(19, 19));
    assert!(!lit(20, 10) && !lit(10, 20) && !lit(9, 10));
}

#[test]
fn colours_blend_in_gamma_space_and_stay_within_the_clip() {
    let image = picture(|painter| {
        let painter = painter.with_clip_rect(Rect::from_min_max(pos2(5.0, 5.0), pos2(15.0, 15.0)));
        painter.rect_filled(Rect::EVERYTHING, 0.0, Color32::from_rgb(200, 100, 0));
        painter.rect_filled(Rect::EVERYTHING, 0.0, Color32::from_black_alpha(128));
    });
    assert_eq!(image.get_pixel(10, 10).0, [100, 50, 0, 255]);
    assert_eq!(image.get_pixel(5, 14).0, [100, 50, 0, 255]);
    assert_eq!(image.get_pixel(15, 14).0, [0, 0, 0, 255]);
}

#[test]
fn text_is_drawn_from_the_font_texture() {
    let image = picture(|painter| {
        let font = egui::FontId::monospace(30.0);
        painter.text(pos2(20.0, 20.0), egui::Align2::CENTER_CENTER, "I", font, Color32::from_rgb(0, 200, 0));
    });
    let brightest = image.pixels().map(|pixel| pixel[1]).max();
    assert_eq!(brightest, Some(200));
    let lit = image.pixels().filter(|pixel| pixel[1] > 100).count();
    assert!((40..300).contains(&lit), "{lit} pixels");
    assert!(image.pixels().all(|pixel| pixel[0] == 0 && pixel[2] == 0));
}
