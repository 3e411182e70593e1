//! A display without a screen, whose pixels lie in a file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sockeye::model::Settings;

use super::child::Running;
use super::{Measured, SOCKEYE};

/// Lines of the screen that are looked at.
const LINES: u64 = 60;
/// A blank screen has one colour, one with a pointer three. Text alone brings more shades than this.
const COLOURS_OF_A_WINDOW: usize = 16;

/// An Xvfb of our own, gone when dropped.
pub(crate) struct Display {
    _server: Running,
    name: String,
    pixels: File,
    /// Of the file, in bytes: where the pixels begin, and how far a line is from the next.
    start: u64,
    stride: u64,
    height: u64,
    /// What the programs on it write goes here.
    home: tempfile::TempDir,
}

impl Display {
    /// Blocks until the server takes clients.
    pub(crate) fn start() -> Measured<Self> {
        let home = tempfile::Builder::new().prefix("sockeye-bench-").tempdir()?;
        let mut command = Command::new("Xvfb");
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x900x24",
            "-nolisten",
            "tcp",
            "-br",
            "-noreset",
            "-fbdir",
        ]);
        command.arg(home.path()).stdin(Stdio::null()).stderr(Stdio::null());
        let (server, output) = Running::with_output(command)?;
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        let pixels = File::open(home.path().join("Xvfb_screen0"))?;
        // An XWD file: a header of 32-bit words, most significant byte first, then the colour map, then the pixels.
        let word = |index: u64| -> std::io::Result<u64> {
            let mut bytes = [0; 4];
            pixels.read_exact_at(&mut bytes, index * 4)?;
            Ok(u32::from_be_bytes(bytes).into())
        };
        let (header, height, stride, colours) = (word(0)?, word(5)?, word(12)?, word(19)?);
        let name = format!(":{}", number.trim());
        Ok(Self { _server: server, name, start: header + colours * 12, stride, height, pixels, home })
    }

    /// The window, on this display, with settings of its own that are as new.
    pub(crate) fn open_window(&self) -> Measured<Running> {
        Running::spawn(self.window_command()?)
    }

    fn window_command(&self) -> Measured<Command> {
        let home: PathBuf = tempfile::tempdir_in(self.home.path())?.keep();
        let mut command = Command::new(SOCKEYE);
        command.env("DISPLAY", &self.name).env("LIBGL_ALWAYS_SOFTWARE", "1").env_remove("WAYLAND_DISPLAY");
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMPDIR"] {
            command.env(variable, &home);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        Ok(command)
    }

    /// The window with these settings, its journal in a folder under `journals`.
    pub(crate) fn open_window_with(&self, settings: &Settings, journals: &Path) -> Measured<Running> {
        let mut command = self.window_command()?;
        let config = tempfile::tempdir_in(self.home.path())?.keep();
        fs::write(config.join("settings.toml"), toml::to_string(settings)?)?;
        command.env("SOCKEYE_CONFIG_DIR", config).env("TMPDIR", journals);
        Running::spawn(command)
    }

    /// What X clients know it by.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The pixels of a part of the screen, four bytes each.
    pub(crate) fn part(&self, x: Range<u64>, y: Range<u64>) -> Measured<Vec<u8>> {
        let width = usize::try_from((x.end - x.start) * 4)?;
        let mut pixels = vec![0; width * usize::try_from(y.end - y.start)?];
        for (line, row) in y.zip(pixels.chunks_exact_mut(width)) {
            self.pixels.read_exact_at(row, self.start + line * self.stride + x.start * 4)?;
        }
        Ok(pixels)
    }

    /// Whether a window is to be seen, contents and all.
    pub(crate) fn shows_a_window(&self) -> Measured<bool> {
        let mut line = vec![0; usize::try_from(self.stride)?];
        let mut colours = std::collections::HashSet::new();
        for index in 0..LINES {
            self.pixels.read_exact_at(&mut line, self.start + index * self.height / LINES * self.stride)?;
            colours.extend(line.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]));
            if colours.len() >= COLOURS_OF_A_WINDOW {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether nothing is on it, so that the next window can be waited for.
    pub(crate) fn is_blank(&self) -> Measured<bool> {
        Ok(!self.shows_a_window()?)
    }
}

/// Says which programs a window needs and lacks; none if it can be opened.
pub(crate) fn missing() -> Option<&'static str> {
    (!super::machine::has("Xvfb")).then_some("Xvfb")
}
