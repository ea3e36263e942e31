//! One line that says how it goes: rewritten in place on a terminal, else a new one each time.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;
use crate::output::Output;

/// The status line, on the standard output.
#[derive(Debug)]
pub(super) struct Live {
    line: ProgressBar,
}

impl Live {
    pub(super) fn new() -> Self {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
        // Cut at the width of the terminal: a line that wraps cannot be rewritten.
        let style = ProgressStyle::with_template("   {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { line: line.with_style(style) }
    }

    /// How often it should be told.
    pub(super) fn every(&self) -> Duration {
        if self.line.is_hidden() { Duration::from_secs(1) } else { Duration::from_millis(250) }
    }

    pub(super) fn tell(&self, status: String, out: &mut Output) -> Result<(), Failure> {
        if self.line.is_hidden() {
            out.line(format_args!("   {status}"))?;
            return out.show();
        }
        self.line.set_message(status);
        self.line.tick();
        Ok(())
    }

    /// Leaves the last status as a line of its own.
    pub(super) fn end(self, out: &mut Output) -> Result<(), Failure> {
        if self.line.is_hidden() {
            return Ok(());
        }
        self.line.abandon();
        out.line("")
    }
}
