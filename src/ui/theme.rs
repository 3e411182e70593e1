//! Colours, sizes and spacings: the only place that has any.

use egui::Color32;

/// The looks of one theme. Sizes are in points.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    pub dark: bool,
    pub window: Color32,
    pub surface: Color32,
    pub surface_raised: Color32,
    pub border: Color32,
    pub text: Color32,
    pub text_muted: Color32,
    pub accent: Color32,
    pub on_accent: Color32,
    pub incoming: Color32,
    pub outgoing: Color32,
    pub error: Color32,
    pub warning: Color32,
    pub success: Color32,
    pub selection: Color32,
    pub row_hover: Color32,
    pub space_small: f32,
    pub space: f32,
    pub space_large: f32,
    pub radius: u8,
    pub row_height: f32,
    pub control_height: f32,
    pub text_small: f32,
    pub text_size: f32,
    pub heading_size: f32,
}
