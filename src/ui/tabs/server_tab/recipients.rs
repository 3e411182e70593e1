//! To whom a listener's messages go.

use super::ServerTabState;
use crate::model::{Recipients, SessionId};
use crate::ui::widgets::message_line::Message;

/// To whom "Send" sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecipientChoice {
    #[default]
    All,
    /// Those that are ticked.
    Chosen,
    One(SessionId),
    /// The addresses that are typed.
    Addresses,
}

impl ServerTabState {
    /// The sessions that "Send" reaches now; `None` when there is nobody, or nobody is left of those who were chosen.
    #[must_use]
    pub fn recipients(&self) -> Option<Recipients> {
        match self.recipients {
            RecipientChoice::All => (!self.open.is_empty()).then_some(Recipients::All),
            RecipientChoice::Chosen => {
                (!self.chosen.is_empty()).then(|| Recipients::Sessions(self.chosen.iter().copied().collect()))
            }
            RecipientChoice::Addresses => self.udp.addresses(&self.form)?.ok().map(Recipients::Addresses),
            RecipientChoice::One(session) => self.open.contains(&session).then(|| Recipients::Sessions(vec![session])),
        }
    }

    /// Whether those who were chosen have left, so that the user has to choose again.
    #[must_use]
    pub fn recipients_left(&self) -> bool {
        match self.recipients {
            RecipientChoice::Chosen => self.chosen.is_empty(),
            RecipientChoice::One(session) => !self.open.contains(&session),
            RecipientChoice::All | RecipientChoice::Addresses => false,
        }
    }

    /// Those of earlier recipients that are still there; `None` when nobody is.
    #[must_use]
    pub fn still_there(&self, to: Recipients) -> Option<Recipients> {
        match to {
            Recipients::Sessions(sessions) => {
                let open: Vec<_> = sessions.into_iter().filter(|session| self.open.contains(session)).collect();
                (!open.is_empty()).then_some(Recipients::Sessions(open))
            }
            Recipients::All => (!self.open.is_empty()).then_some(Recipients::All),
            Recipients::Addresses(_) => Some(to),
        }
    }

    /// Ticks or unticks a session; the first tick turns the choice to the ticked ones, the last untick back to all.
    pub fn toggle_chosen(&mut self, session: SessionId) {
        if !self.chosen.remove(&session) {
            self.chosen.insert(session);
            self.recipients = RecipientChoice::Chosen;
        } else if self.chosen.is_empty() && self.recipients == RecipientChoice::Chosen {
            self.recipients = RecipientChoice::All;
        }
        self.chosen_again();
    }

    /// To be called after the choice was changed: who left is no longer meant.
    pub fn chosen_again(&mut self) {
        self.message.take_if(|message| *message == Message::RecipientLeft);
    }

    /// To be called after the addresses to send to were changed: what is typed there is meant.
    pub fn addresses_changed(&mut self) {
        if self.udp.addresses(&self.form).is_some() {
            self.recipients = RecipientChoice::Addresses;
            self.chosen_again();
        } else if self.recipients == RecipientChoice::Addresses {
            self.recipients = RecipientChoice::All;
        }
    }
}
