//! How far a long command is.
//!
//! One rule: on standard error only: a bar where a person looks, else a line for every tenth of what is long.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

const BAR: &str = "{msg} {wide_bar} {human_pos} of {human_len}, {eta} left";
const BYTES: &str = "{msg} {wide_bar} {bytes} of {total_bytes}";
/// Where nobody knows how much is to come.
const UNKNOWN: &str = "{spinner} {msg} {bytes}";

/// One stretch of work.
pub(super) struct Progress {
    what: &'static str,
    all: u64,
    bar: ProgressBar,
    /// No terminal: lines instead.
    lines: bool,
    tenths: u64,
}

impl Progress {
    /// Through so many bytes, if that is known.
    pub(super) fn through_bytes(what: &'static str, all: Option<u64>) -> Self {
        let bar = all.map_or_else(ProgressBar::no_length, ProgressBar::new);
        Self {
            bar: styled(bar, if all.is_some() { BYTES } else { UNKNOWN }, what),
            lines: false,
            what,
            all: 0,
            tenths: 0,
        }
    }

    /// Through so many things; a short way is gone without lines.
    pub(super) fn through(what: &'static str, all: u64, short: u64) -> Self {
        Self {
            bar: styled(ProgressBar::new(all), BAR, what),
            lines: all > short && !stderr().is_terminal(),
            what,
            all,
            tenths: 0,
        }
    }

    pub(super) fn is_at(&mut self, now: u64) {
        self.bar.set_position(now);
        let tenths = now * 10 / self.all.max(1);
        if self.lines && tenths > self.tenths {
            self.tenths = tenths;
            eprintln!("{} {now} of {}", self.what, self.all);
        }
    }

    /// For those who only tell of bytes.
    pub(super) fn bytes(&self, now: u64) {
        self.bar.set_position(now);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar draws nothing where standard error is no terminal.
fn styled(bar: ProgressBar, template: &str, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(what)
}
