//! Draws egui's shapes on the processor, the same everywhere: pictures of the window need no display and no GPU.
//!
//! It does what egui's glow shader does: colours are multiplied and blended as they are, in gamma space, with
//! premultiplied alpha; a triangle covers the pixels whose centre is inside it, those on its top and left edges included.

use std::collections::HashMap;

use egui::epaint::{ImageData, ImageDelta, Mesh, Primitive, Vertex};
use egui::{Color32, ColorImage, TextureFilter, TextureId, TextureOptions, TexturesDelta};
use image::RgbaImage;

/// A renderer for `egui_kittest::HarnessBuilder::renderer`.
#[derive(Default)]
pub(crate) struct Raster {
    textures: HashMap<TextureId, Texture>,
}

struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
    options: TextureOptions,
}

impl Texture {
    fn apply(&mut self, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let image: &ColorImage = image;
        self.options = delta.options;
        let Some([left, top]) = delta.pos else {
            self.size = image.size;
            self.pixels.clone_from(&image.pixels);
            return;
        };
        for (row, pixels) in image.pixels.chunks_exact(image.size[0]).enumerate() {
            let start = (top + row) * self.size[0] + left;
            self.pixels[start..start + pixels.len()].copy_from_slice(pixels);
        }
    }

    /// The colour at a place, in units of texels.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        if self.options.magnification == TextureFilter::Nearest {
            return self.texel(u.floor() as isize, v.floor() as isize);
        }
        let (u, v) = (u - 0.5, v - 0.5);
        let (left, top) = (u.floor(), v.floor());
        let (x, y) = (left as isize, top as isize);
        let (right, below) = (u - left, v - top);
        // Glyphs stand on whole pixels, so that most samples hit one texel.
        if right < 1e-3 && below < 1e-3 {
            return self.texel(x, y);
        }
        let across = |y| mix(self.texel(x, y), self.texel(x + 1, y), right);
        mix(across(y), across(y + 1), below)
    }

    fn texel(&self, x: isize, y: isize) -> [f32; 4] {
        let x = x.clamp(0, self.size[0] as isize - 1) as usize;
        let y = y.clamp(0, self.size[1] as isize - 1) as usize;
        self.pixels[y * self.size[0] + x].to_array().map(f32::from)
    }
}

fn mix(from: [f32; 4], to: [f32; 4], share: f32) -> [f32; 4] {
    std::array::from_fn(|at| from[at] + (to[at] - from[at]) * share)
}

/// Positions count in 256ths of a pixel, as on a GPU, so that neighbours share their edges exactly.
const SUBPIXEL: i64 = 256;

/// Pixels from the origin beyond which corners (egui has rectangles that cover everything) are brought back, so that
/// products of positions fit.
const FARTHEST: f32 = 1e6;

struct Corner {
    x: i64,
    y: i64,
    u: f32,
    v: f32,
    color: Color32,
}

/// Pixels from `x0` to below `x1`, rows from `y0` to below `y1`.
#[derive(Clone, Copy)]
struct Clip {
    x0: i64,
    y0: i64,
    x1: i64,
    y1: i64,
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

impl Canvas {
    fn blend(&mut self, x: usize, y: usize, source: [u8; 4]) {
        let pixel = &mut self.pixels[y * self.width + x];
        if source[3] == 255 {
            *pixel = source;
        } else if source != [0; 4] {
            let keep = 255 - u32::from(source[3]);
            for (under, over) in pixel.iter_mut().zip(source) {
                *under = (u32::from(over) + (u32::from(*under) * keep + 127) / 255).min(255) as u8;
            }
        }
    }

    fn triangle(&mut self, corners: [&Corner; 3], texture: &Texture, clip: Clip) {
        let [a, mut b, mut c] = corners;
        let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        if area == 0 {
            return;
        }
        if area < 0 {
            std::mem::swap(&mut b, &mut c);
        }
        let area = area.abs() as f32;
        let flat = a.color == b.color && b.color == c.color && a.u == b.u && b.u == c.u && a.v == b.v && b.v == c.v;
        let flat = flat.then(|| multiply(texture.sample(a.u, a.v), a.color.to_array().map(f32::from)));
        let edges = [(b, c), (c, a), (a, b)];
        let rows = |y: i64| y.div_euclid(SUBPIXEL);
        let y0 = rows(a.y.min(b.y).min(c.y)).max(clip.y0);
        let y1 = (rows(a.y.max(b.y).max(c.y)) + 1).min(clip.y1);
        for y in y0..y1 {
            let center = y * SUBPIXEL + SUBPIXEL / 2;
            let (mut x0, mut x1) = (clip.x0, clip.x1);
            for (from, to) in edges {
                (x0, x1) = narrow(from, to, center, x0, x1);
            }
            if x0 >= x1 {
                continue;
            }
            if let Some(color) = flat {
                if color[3] == 255 {
                    let start = y as usize * self.width;
                    self.pixels[start + x0 as usize..start + x1 as usize].fill(color);
                } else {
                    (x0..x1).for_each(|x| self.blend(x as usize, y as usize, color));
                }
                continue;
            }
            for x in x0..x1 {
                let at = x * SUBPIXEL + SUBPIXEL / 2;
                let share = edges.map(|(from, to)| {
                    ((to.x - from.x) * (center - from.y) - (to.y - from.y) * (at - from.x)) as f32 / area
                });
                let of = |part: fn(&Corner) -> f32| part(a) * share[0] + part(b) * share[1] + part(c) * share[2];
                let color = [
                    of(|corner| f32::from(corner.color.r())),
                    of(|corner| f32::from(corner.color.g())),
                    of(|corner| f32::from(corner.color.b())),
                    of(|corner| f32::from(corner.color.a())),
                ];
                let texel = texture.sample(of(|corner| corner.u), of(|corner| corner.v));
                self.blend(x as usize, y as usize, multiply(texel, color));
            }
        }
    }
}

fn multiply(texel: [f32; 4], color: [f32; 4]) -> [u8; 4] {
    std::array::from_fn(|at| (texel[at] * color[at] / 255.0 + 0.5) as u8)
}

/// The part of the span `x0..x1` whose pixel centres, on the line `y`, lie on the inner side of an edge.
fn narrow(from: &Corner, to: &Corner, y: i64, x0: i64, x1: i64) -> (i64, i64) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    // The corners run clockwise on a screen whose y points down: a top edge runs right, a left edge runs up.
    let inclusive = dy < 0 || (dy == 0 && dx > 0);
    let least = i64::from(!inclusive);
    // Inside is dx·(y − from.y) − dy·(x − from.x) ≥ least, with x at the pixel's centre.
    let constant = dx * (y - from.y) + dy * from.x - dy * (SUBPIXEL / 2);
    let step = dy * SUBPIXEL;
    match step {
        0 if constant >= least => (x0, x1),
        0 => (x0, x0),
        // x ≤ (constant − least) / step
        1.. => (x0, x1.min((constant - least).div_euclid(step) + 1)),
        // x ≥ (least − constant) / −step, rounded up
        _ => (x0.max(-(constant - least).div_euclid(-step)), x1),
    }
}

impl egui_kittest::TestRenderer for Raster {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            let texture = self.textures.entry(id).or_insert_with(|| Texture {
                size: [0, 0],
                pixels: Vec::new(),
                options: TextureOptions::default(),
            });
            for delta in &deltas {
                texture.apply(delta);
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, ctx: &egui::Context, output: &egui::FullOutput) -> Result<RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let size = ctx.content_rect().size() * scale;
        let (width, height) = (size.x.round() as usize, size.y.round() as usize);
        let mut canvas = Canvas { width, height, pixels: vec![[0; 4]; width * height] };
        for primitive in ctx.tessellate(output.shapes.clone(), scale) {
            let clip = primitive.clip_rect * scale;
            let within = |edge: f32, most: usize| (edge.round().max(0.0) as i64).min(most as i64);
            let clip = Clip {
                x0: within(clip.min.x, canvas.width),
                y0: within(clip.min.y, canvas.height),
                x1: within(clip.max.x, canvas.width),
                y1: within(clip.max.y, canvas.height),
            };
            let Primitive::Mesh(mesh) = primitive.primitive else {
                return Err("a paint callback can't be drawn without a GPU".to_owned());
            };
            let texture = self.textures.get(&mesh.texture_id).ok_or("a mesh uses a texture that was never set")?;
            draw(&mut canvas, &mesh, texture, clip, scale);
        }
        RgbaImage::from_raw(width as u32, height as u32, canvas.pixels.into_flattened())
            .ok_or_else(|| "the picture has the wrong size".to_owned())
    }
}

fn draw(canvas: &mut Canvas, mesh: &Mesh, texture: &Texture, clip: Clip, scale: f32) {
    let fixed = |points: f32| ((points * scale).clamp(-FARTHEST, FARTHEST) * SUBPIXEL as f32).round() as i64;
    let corner = |vertex: &Vertex| Corner {
        x: fixed(vertex.pos.x),
        y: fixed(vertex.pos.y),
        u: vertex.uv.x * texture.size[0] as f32,
        v: vertex.uv.y * texture.size[1] as f32,
        color: vertex.color,
    };
    let corners: Vec<Corner> = mesh.vertices.iter().map(corner).collect();
    for triangle in mesh.indices.chunks_exact(3) {
        canvas.triangle([0, 1, 2].map(|at: usize| &corners[triangle[at] as usize]), texture, clip);
    }
}
