//! What every panel gets to draw with.

use jiff::tz::TimeZone;

use super::action::UiCommand;
use super::theme::Tokens;
use super::view::Sessions;
use crate::i18n::Language;

#[derive(Debug)]
pub struct Cx<'a> {
    pub language: Language,
    pub tokens: &'a Tokens,
    pub sessions: &'a Sessions,
    /// That times are shown in.
    pub zone: &'a TimeZone,
    /// Carried out after the frame, in order.
    pub actions: &'a mut Vec<UiCommand>,
}

impl Cx<'_> {
    pub fn act(&mut self, action: UiCommand) {
        self.actions.push(action);
    }
}
