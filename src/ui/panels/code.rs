//! The window that shows a tab, or the other end of a session, as a program of its own.

use egui::style::ScrollStyle;
use egui::text::LayoutJob;
use egui::{Context, Frame, Id, Key, Modifiers, Pos2, Rect, RichText, ScrollArea, Stroke};
use egui::{TextBuffer, TextEdit, Ui, UiBuilder, Window, vec2};

use super::server::peer_name;
use crate::model::{Program, Role, SessionId, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::app::App;
use crate::ui::context::Cx;
use crate::ui::tabs::NoCode;
use crate::ui::widgets::button::{Weight, button};

/// Of what, and written for what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodeWindow {
    pub role: Role,
    pub socket: SocketId,
    /// The listener's session whose other end it shows, and not the tab.
    peer: Option<SessionId>,
    program: Program,
    /// Not drawn yet: the keyboard goes into it first.
    is_new: bool,
    /// Where it was drawn.
    rect: Rect,
}

/// Around the window as it opens, in points.
const MARGIN: f32 = 16.0;

impl CodeWindow {
    #[must_use]
    pub fn new(role: Role, socket: SocketId) -> Self {
        Self { role, socket, peer: None, program: Program::default(), is_new: true, rect: Rect::NOTHING }
    }

    /// With the client at the other end of a listener's session.
    #[must_use]
    pub fn of_peer(socket: SocketId, session: SessionId) -> Self {
        Self { peer: Some(session), ..Self::new(Role::Server, socket) }
    }

    /// Whether it is what is seen at this place.
    #[must_use]
    pub fn covers(&self, at: Pos2) -> bool {
        self.rect.contains(at)
    }

    /// Beside the panel that it follows.
    fn default_rect(&self, ctx: &Context) -> Rect {
        let (left, right) = ctx.content_rect().split_left_right_at_fraction(0.5);
        let beside = match self.role {
            Role::Server => right,
            Role::Client => left,
        };
        beside.shrink2(vec2(MARGIN, MARGIN + 24.0))
    }

    /// Draws it over everything else; false once it was closed. `code` writes the tab or the peer of this name down.
    pub fn show(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        name: &str,
        code: impl Fn(Program) -> Result<String, NoCode>,
    ) -> bool {
        let mut open = true;
        let title = match (self.role, self.peer) {
            (Role::Server, Some(_)) => tr!(cx.language, "code.title_peer", peer = name),
            (Role::Server, None) => tr!(cx.language, "code.title_server", tab = name),
            (Role::Client, _) => tr!(cx.language, "code.title_client", tab = name),
        };
        let frame = Frame::window(&ctx.style_of(ctx.theme())).inner_margin(cx.tokens.window_padding);
        let window = Window::new(RichText::new(title).font(cx.tokens.strong_font()))
            .id(Id::unique(("code", self.role)))
            .frame(frame)
            .collapsible(false)
            .default_rect(self.default_rect(ctx))
            .min_size(vec2(360.0, 200.0))
            .show(ctx, |ui| {
                self.programs(ui);
                ui.add_space(cx.tokens.space);
                let text = code(self.program);
                // The buttons have their place at the bottom before the text has its own: whatever it takes, they stay.
                let room = ui.available_rect_before_wrap();
                let border = room.bottom() - cx.tokens.control_height;
                let above = UiBuilder::new().max_rect(room.with_max_y(border - cx.tokens.space));
                ui.scope_builder(above, |ui| self.text(ui, cx, &text));
                let layout = egui::Layout::right_to_left(egui::Align::Center);
                ui.scope_builder(UiBuilder::new().max_rect(room.with_min_y(border)).layout(layout), |ui| {
                    let label = tr!(cx.language, "action.close");
                    open = !button(ui, cx.tokens, Weight::Plain, &label, 80.0, None).clicked();
                    let reason = text.as_ref().err().map(|problem| problem.words(cx.language).into());
                    let label = tr!(cx.language, "action.copy");
                    let copy = button(ui, cx.tokens, Weight::Primary, &label, 80.0, reason).clicked();
                    if let Ok(text) = text
                        && copy
                    {
                        cx.act(UiCommand::CopyText(text));
                    }
                });
            });
        self.rect = window.map_or(Rect::NOTHING, |window| window.response.rect);
        self.is_new = false;
        // An open list takes the key for itself.
        let escaped =
            !egui::Popup::is_any_open(ctx) && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        open && !escaped
    }

    fn programs(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            for program in Program::ALL {
                let response = ui.selectable_value(&mut self.program, program, program.title());
                if self.is_new && program == self.program {
                    response.request_focus();
                }
            }
        });
    }

    /// The program, or why there is none.
    fn text(&self, ui: &mut Ui, cx: &Cx<'_>, text: &Result<String, NoCode>) {
        match text {
            Ok(text) => {
                // A line of a shell is broken where the window ends; Python's lines mean something.
                let wraps = self.program != Program::Python;
                let area = if wraps { ScrollArea::vertical() } else { ScrollArea::both() };
                // What is cut off at an edge is seen to go on: the bars stand beside the text and don't hide.
                let fade = ui.spacing().scroll.fade;
                ui.spacing_mut().scroll = ScrollStyle { bar_width: 8.0, fade, ..ScrollStyle::solid() };
                ui.visuals_mut().widgets.inactive.bg_fill = cx.tokens.text_muted.gamma_multiply(0.5);
                let area = area.id_salt(("code", self.program.name())).auto_shrink([false, false]);
                let tokens = cx.tokens;
                let frame = Frame::new().fill(tokens.field).corner_radius(tokens.radius);
                let frame = frame.stroke(Stroke::new(1.0, tokens.outline)).inner_margin(tokens.scroll_padding);
                frame.show(ui, |ui| {
                    area.show(ui, |ui| {
                        let (font, colour) = (cx.tokens.mono_font(), cx.tokens.text);
                        let mut layout = |ui: &Ui, text: &dyn TextBuffer, width: f32| {
                            let width = if wraps { width } else { f32::INFINITY };
                            let job = LayoutJob::simple(text.as_str().to_owned(), font.clone(), colour, width);
                            ui.fonts_mut(|fonts| fonts.layout_job(job))
                        };
                        // An immutable text: to be selected and copied, and not written in.
                        TextEdit::multiline(&mut text.as_str())
                            .id(Id::unique("code text"))
                            .frame(Frame::new().inner_margin(tokens.text_padding))
                            .layouter(&mut layout)
                            .desired_width(f32::INFINITY)
                            .desired_rows(4)
                            .show(ui)
                            .response
                            .response
                            .accessible_name(tr!(cx.language, "code.text"));
                    })
                });
            }
            Err(problem) => {
                let words = RichText::new(problem.words(cx.language)).color(cx.tokens.text_muted);
                ui.add(egui::Label::new(words).wrap().selectable(true));
            }
        }
    }
}

/// The button that opens the window, for the area under "More".
pub fn code_button(ui: &mut Ui, cx: &mut Cx<'_>, role: Role, socket: SocketId) {
    let action = UiCommand::ShowCode(role, socket);
    let label = action.label(cx.language);
    let tooltip = action.tooltip(cx.language).unwrap_or_default();
    if button(ui, cx.tokens, Weight::Plain, &label, 0.0, None).on_hover_text(tooltip).clicked() {
        cx.act(action);
    }
}

impl App {
    /// The window with a tab as a program, until it or the tab is closed.
    pub(in crate::ui) fn show_code(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(mut window) = self.code else { return };
        let (role, socket) = (window.role, window.socket);
        let server = self.servers.iter().find(|tab| role == Role::Server && tab.socket == socket);
        let client = self.clients.iter().find(|tab| role == Role::Client && tab.socket == socket);
        let open = match (server, client) {
            // Until it is forgotten, as a closed one is in time.
            (Some(tab), _) if let Some(session) = window.peer => cx.sessions.by_id.get(&session).is_some_and(|view| {
                let name = peer_name(cx.language, cx.sessions, session);
                window.show(ui.ctx(), cx, &name, |program| tab.peer_code(view, program))
            }),
            (Some(tab), _) => window.show(ui.ctx(), cx, &tab.title().title, |program| tab.code(program)),
            (_, Some(tab)) => window.show(ui.ctx(), cx, &tab.title().title, |program| tab.code(program)),
            (None, None) => false,
        };
        self.code = open.then_some(window);
    }
}
