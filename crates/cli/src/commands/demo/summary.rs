//! What is said at the end.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::kill::Killed;
use crate::failure::Failure;
use crate::flip::{Measured, table};
use crate::output::{Output, plain};
use crate::progress::{grouped, rate};

/// How learning went.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Learned {
    pub(super) concepts: u64,
    pub(super) associations: u64,
    pub(super) seconds: f64,
}

impl Learned {
    /// Writes a second.
    pub(super) fn rate(&self) -> u64 {
        rate(self.concepts + self.associations, Duration::from_secs_f64(self.seconds))
    }
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) learned: Learned,
    pub(super) flips: Vec<Measured>,
    pub(super) killed: Killed,
    pub(super) closing_seconds: f64,
}

impl Summary {
    pub(super) fn show(&self, place: &Path, example: (&str, &str), out: &mut Output) -> Result<(), Failure> {
        out.line("")?;
        table::show(&self.flips, out)?;
        out.line(format_args!(
            "\nWordNet: {} writes a second until durable and visible",
            grouped(self.learned.rate())
        ))?;
        out.line(format_args!("kill check: {}", self.killed))?;
        out.line(format_args!("closing took {:.2} s", self.closing_seconds))?;
        let (place, (from, to)) = (place.display(), example);
        // As it was called: after `cargo run` it is in no search path.
        let program = std::env::args().next().unwrap_or_else(|| "sutra".to_owned());
        let program = plain(&program);
        out.line(format_args!("\nThe store is in {place}. Try next:"))?;
        for command in [
            format!("get {from}"),
            format!("neighbors {from} --direction both"),
            format!("path {from} {to} --best"),
            "verify".to_owned(),
        ] {
            out.line(format_args!("  {program} {command} --store {place}"))?;
        }
        Ok(())
    }
}
