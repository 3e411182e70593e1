//! The words that a line begins with.

use std::borrow::Cow;

use crate::i18n::Language;
use crate::tr;

/// A command by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Send,
    SendHex,
    To,
    ToHex,
    SendFile,
    Join,
    Leave,
    Set,
    Finish,
    Disconnect,
    Help,
    Quit,
}

impl Verb {
    /// In the order of the help.
    pub const ALL: [Self; 12] = [
        Self::Send,
        Self::SendHex,
        Self::To,
        Self::ToHex,
        Self::SendFile,
        Self::Join,
        Self::Leave,
        Self::Set,
        Self::Finish,
        Self::Disconnect,
        Self::Help,
        Self::Quit,
    ];

    /// How it is written: its word, and what follows it.
    #[must_use]
    pub fn usage(self) -> &'static str {
        match self {
            Self::Send => "send TEXT",
            Self::SendHex => "send-hex HEX",
            Self::To => "to PEER TEXT",
            Self::ToHex => "to-hex PEER HEX",
            Self::SendFile => "send-file PATH [to PEER]",
            Self::Join => "join GROUP",
            Self::Leave => "leave GROUP",
            Self::Set => "set OPTION=VALUE [of PEER]",
            Self::Finish => "finish [PEER]",
            Self::Disconnect => "disconnect PEER",
            Self::Help => "help",
            Self::Quit => "quit",
        }
    }

    /// The word that the line begins with.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.usage().split(' ').next().unwrap_or_default()
    }

    /// The command of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }

    /// What it does, as a part of a list.
    #[must_use]
    pub fn explained(self, language: Language) -> Cow<'static, str> {
        match self {
            Self::Send => tr!(language, "command.send"),
            Self::SendHex => tr!(language, "command.send_hex"),
            Self::To => tr!(language, "command.to"),
            Self::ToHex => tr!(language, "command.to_hex"),
            Self::SendFile => tr!(language, "command.send_file"),
            Self::Join => tr!(language, "command.join"),
            Self::Leave => tr!(language, "command.leave"),
            Self::Set => tr!(language, "command.set"),
            Self::Finish => tr!(language, "command.finish"),
            Self::Disconnect => tr!(language, "command.disconnect"),
            Self::Help => tr!(language, "command.help"),
            Self::Quit => tr!(language, "command.quit"),
        }
    }
}
