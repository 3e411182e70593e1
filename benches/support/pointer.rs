//! A mouse on a display.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use egui::Rect;

use super::child::Running;
use super::display::Display;
use super::{Measured, Trouble};

/// The program that a display's pointer is moved by: one for all, since starting it takes as long as what is measured.
pub(crate) struct Pointer {
    _program: Running,
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Pointer {
    pub(crate) fn on(display: &Display) -> Measured<Self> {
        let mut command = Command::new("xdotool");
        command.arg("-").env("DISPLAY", display.name()).stdin(Stdio::piped());
        let (mut program, answers) = Running::with_output(command)?;
        let words = program.input().ok_or_else(|| Trouble("no standard input".to_owned()))?;
        Ok(Self { _program: program, words, answers: BufReader::new(answers) })
    }

    /// Blocks until it is there.
    pub(crate) fn move_to(&mut self, at: Rect) -> Measured<()> {
        let at = at.center().round();
        writeln!(self.words, "mousemove {} {}\ngetmouselocation", at.x, at.y)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        if answer.starts_with(&format!("x:{} y:{} ", at.x, at.y)) { Ok(()) } else { Err(Trouble(answer)) }
    }

    /// Presses and, some ms later, releases; does not wait for either.
    pub(crate) fn click(&mut self) -> Measured<()> {
        Ok(writeln!(self.words, "click 1")?)
    }
}
