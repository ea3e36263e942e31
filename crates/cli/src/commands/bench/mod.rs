//! `sutra bench`: bursts of learning and of reading on this machine.

mod prepare;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use sutra_storage::ConcurrentMemory;

use crate::failure::{Failure, Outcome};
use crate::flip::{self, Load, Measured, Played, Sample, chart, table};
use crate::interrupt;
use crate::output::{Output, note};
use crate::playground::Playground;
use crate::progress::{Spinner, grouped};
use crate::store::{Preset, open_or_create_as};

/// Where the bench plays if no folder is named.
const FOLDER: &str = "./sutra-bench";

const PLACE: Playground = Playground("bench");

/// Flip between bursts of learning and bursts of reading on this machine, and measure both
///
/// It learns concepts with three associations each, then plays flips of equal length without a pause: 2,000 writes and 10 reads a
/// second, 10 and 3,000, 1,500 and 20, and at last one writer and one reader as fast as they go, which may write a gigabyte in
/// five seconds. --flip names other ones. A read is a concept with its content and its neighbours.
///
/// The store lies in the folder named with --store, else in ./sutra-bench (SUTRA_STORE is left alone), so that the disk is
/// the one that is meant; a folder in memory (tmpfs) has syncs that cost nothing. It is removed in the end. A folder with
/// anything else in it is refused. Ctrl-C ends it in order and tells what was measured until then.
#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// How long each flip lasts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// A flip of so many writes and reads a second, `max` for as many as there can be; may be given several times
    #[arg(long = "flip", value_name = "WRITES:READS")]
    flips: Vec<Load>,
    /// Concepts that are learned before
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    concepts: u64,
    /// Settings of the engine
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// Also write a chart of rates, latencies, queue, file and memory over time
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Leave the store where it is
    #[arg(long)]
    keep: bool,
    /// The result, with all samples, as one JSON object; the rest is told on the standard error
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    cores: usize,
    system: &'static str,
    concepts: u64,
    associations: u64,
    preset: Option<String>,
    flips: &'a [Measured],
    samples: &'a [Sample],
    /// Present when it was interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

impl Bench {
    pub(crate) fn run(&self, named: Option<&Path>) -> Result<Outcome, Failure> {
        let place = named.map_or_else(|| PathBuf::from(FOLDER), Path::to_path_buf);
        PLACE.prepare(&place)?;
        let played = self.play(&place);
        // Also after an error: what lies there is of no use.
        if !self.keep {
            PLACE.clear(&place)?;
        }
        played
    }

    fn play(&self, place: &Path) -> Result<Outcome, Failure> {
        let mut out = Output::telling(self.json);
        let memory = open_or_create_as(place, self.preset)?;
        let outcome = self.measure(&memory, place, &mut out);
        {
            let _spinner = Spinner::new("closing the store");
            memory.close()?;
        }
        let outcome = outcome?;
        out.end()?;
        Ok(outcome)
    }

    fn measure(&self, memory: &ConcurrentMemory, place: &Path, out: &mut Output) -> Result<Outcome, Failure> {
        out.line(format_args!("Learning {} concepts in {}.", grouped(self.concepts), place.display()))?;
        out.show()?;
        let known = prepare::learn(memory, self.concepts)?;
        if interrupt::requested() {
            note("stopped before the first flip: nothing was measured");
            return Ok(Outcome::Interrupted);
        }
        let loads = if self.flips.is_empty() { Load::of_bench() } else { self.flips.clone() };
        out.line(format_args!("{} flips of {} s:", loads.len(), self.seconds))?;
        let associations = memory.edge_count();
        let played = flip::play(memory, &known, &loads, Duration::from_secs(self.seconds), out)?;
        out.line("")?;
        if self.json {
            out.json(&Answer {
                cores: std::thread::available_parallelism().map_or(1, usize::from),
                system: std::env::consts::OS,
                concepts: self.concepts,
                associations,
                preset: self.preset.map(Preset::name),
                flips: &played.flips,
                samples: &played.samples,
                stopped: played.stopped(),
            })?;
        } else {
            table::show(&played.flips, out)?;
        }
        self.chart(&played, out)?;
        out.show()?;
        match played.stopped() {
            None => Ok(Outcome::Done),
            Some(stopped) => {
                note(stopped);
                Ok(Outcome::Interrupted)
            }
        }
    }

    fn chart(&self, played: &Played, out: &mut Output) -> Result<(), Failure> {
        let Some(file) = &self.svg else { return Ok(()) };
        chart::write(played, file)?;
        out.line(format_args!("chart: {}", file.display()))
    }
}
