//! The table at the end.

use std::path::Path;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::flips::Measured;
use super::kill::Killed;
use crate::failure::Failure;
use crate::output::{Output, plain};
use crate::progress::{grouped, rate};

/// How learning went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Learned {
    pub(super) concepts: u64,
    pub(super) associations: u64,
    pub(super) elapsed: Duration,
}

impl Learned {
    /// Writes a second.
    pub(super) fn rate(&self) -> u64 {
        rate(self.concepts + self.associations, self.elapsed)
    }
}

/// All that was measured.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) learned: Learned,
    pub(super) flips: Vec<Measured>,
    pub(super) killed: Killed,
    pub(super) closing: Duration,
}

impl Summary {
    pub(super) fn show(&self, place: &Path, example: (&str, &str), out: &mut Output) -> Result<(), Failure> {
        out.line("")?;
        out.line(format_args!(
            "{:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}{:>12}{:>10}",
            "", "writes/s", "reads/s", "read p50", "p99", "p99.9", "stale p50", "stale max", "queue"
        ))?;
        out.line(format_args!("{:<14}{:>10}", "WordNet", grouped(self.learned.rate())))?;
        for flip in &self.flips {
            out.line(format_args!(
                "{:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}{:>12}{:>10}",
                flip.load.name,
                grouped(rate(flip.writes, flip.elapsed)),
                grouped(rate(flip.reads.len(), flip.elapsed)),
                quantile(&flip.reads, 0.5),
                quantile(&flip.reads, 0.99),
                quantile(&flip.reads, 0.999),
                quantile(&flip.staleness, 0.5),
                duration(flip.staleness.max()),
                grouped(flip.deepest_queue),
            ))?;
        }
        out.line("stale: from accepted to visible, and by then durable; queue: the most operations seen waiting")?;
        out.line(format_args!("kill check: {}", self.killed))?;
        out.line(format_args!("closing took {:.2} s", self.closing.as_secs_f64()))?;
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

/// A quantile of times; `-` if there are none, or, beyond p99, too few to tell it from the slowest.
pub(super) fn quantile(times: &Histogram<u64>, quantile: f64) -> String {
    let too_few = quantile > 0.99 && (times.len() as f64) * (1.0 - quantile) < 1.0;
    if too_few || times.is_empty() { "-".to_owned() } else { duration(times.value_at_quantile(quantile)) }
}

/// Nanoseconds in three digits or so.
pub(super) fn duration(nanos: u64) -> String {
    let scaled = |unit: f64, name: &str| {
        let value = nanos as f64 / unit;
        if value < 10.0 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
    };
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => scaled(1e3, "us"),
        1_000_000..10_000_000_000 => scaled(1e6, "ms"),
        _ => scaled(1e9, "s"),
    }
}
