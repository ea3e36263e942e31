//! `sutra doctor`: what troubles a store, by its counters, and what to change.

mod checks;
mod counters;
mod machine;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sutra_storage::{ConcurrentConfig, Error};

use self::checks::Check;
use self::counters::{Counters, Recovery};
use self::machine::Machine;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, plain, wrapped};
use crate::progress::Spinner;
use crate::store::{Preset, config, must_exist, open_existing, refused};
use crate::{style, terminal};

/// Check a store's counters, its disk and its machine, and say what to change
///
/// Counters begin anew at each open, so those of a program that has trouble are its own: have it write the JSON of `stats()`
/// (serde in Rust, json.dumps in Python) and give the file with --stats. Without it the store is opened, and its disk and
/// machine are checked too, with a file of 64 KiB that is written and removed.
///
/// The bounds follow the settings that the store is used with: the defaults, those of --preset, or those that are named. The
/// exit code is 5 if there is advice. docs/tuning.md has the same table with the reasons.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// The JSON that a running program wrote of stats(), or `-` for the standard input; the store is not opened then
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
    /// Also read and check every byte of the store, as `sutra verify` does
    #[arg(long, conflicts_with = "stats")]
    verify: bool,
    /// The settings that the store is used with
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// The store is used with another interval
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    reconcile_interval_ms: Option<u64>,
    /// The store is used with another threshold of records
    #[arg(long, value_name = "N")]
    memory_threshold: Option<usize>,
    /// The store is used with another capacity of the write log
    #[arg(long, value_name = "N")]
    queue_capacity: Option<usize>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let config = self.config(store);
        let checks = match &self.stats {
            Some(file) => checks::of_counters(&Counters::parse(&file.display().to_string(), &read(file)?)?, &config),
            None => self.examine(store, &config)?,
        };
        let advised = checks.iter().filter(|check| check.advice.is_some()).count();
        let mut out = Output::new();
        if self.json {
            out.json(&Shown { advised, checks: &checks })?;
        } else {
            for check in &checks {
                show(check, &mut out)?;
            }
            out.line(match advised {
                0 => format!("{} checks, all well", checks.len()),
                advised => format!("{advised} of {} checks have advice", checks.len()),
            })?;
        }
        out.end()?;
        Ok(if advised == 0 { Outcome::Done } else { Outcome::Remarks })
    }

    fn config(&self, store: &Path) -> ConcurrentConfig {
        let mut config = config(store, self.preset);
        config.reconcile_interval_ms = self.reconcile_interval_ms.unwrap_or(config.reconcile_interval_ms);
        config.memory_threshold = self.memory_threshold.unwrap_or(config.memory_threshold);
        config.queue_capacity = self.queue_capacity.unwrap_or(config.queue_capacity);
        config
    }

    /// Of a store that nobody else has open.
    fn examine(&self, store: &Path, config: &ConcurrentConfig) -> Result<Vec<Check>, Failure> {
        must_exist(store)?;
        let mut checks = Vec::new();
        if self.verify {
            let _spinner = Spinner::new("reading the store");
            let report = sutra_storage::verify(store).map_err(refused(store))?;
            if !report.is_sound() {
                for problem in &report.file.problems {
                    note(plain(&problem.to_string()));
                }
                return Err(Failure::Damaged(report.file.problem_count));
            }
            checks.push(Check { name: "bytes", found: "every one read, none damaged".to_owned(), advice: None });
        }
        let memory = open_existing(store)?;
        let recovery = memory.recovery();
        let recovery = Recovery { cut_bytes: recovery.cut_bytes, repaired_header: recovery.repaired_header };
        let counters = Counters::of(&memory.stats(), recovery)?;
        match memory.close() {
            Err(error @ Error::Io { .. }) => {
                let advice = "mend the disk: what is in the log alone keeps every open busy with it".to_owned();
                checks.push(Check { name: "close", found: error.to_string(), advice: Some(advice) });
            }
            closed => closed?,
        }
        let machine = Machine::at(store)?;
        checks.extend(checks::of_counters(&counters, config));
        checks.extend(checks::of_machine(&machine, &counters, config));
        Ok(checks)
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let read =
        if file == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(file) };
    read.map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))
}

/// Columns before what a check found: the verdict and the name.
const MARGIN: usize = 21;

fn show(check: &Check, out: &mut Output) -> Result<(), Failure> {
    let room = terminal::width().saturating_sub(MARGIN);
    let verdict = if check.advice.is_some() { style::found("advice  ") } else { style::well("ok      ") };
    let mut name = check.name;
    let mut verdict = Some(verdict);
    for line in wrapped(&check.found, room) {
        match verdict.take() {
            Some(verdict) => out.line(format_args!("{verdict}{name:<13}{line}"))?,
            None => out.line(format_args!("{:MARGIN$}{line}", ""))?,
        }
        name = "";
    }
    for line in check.advice.iter().flat_map(|advice| wrapped(advice, room)) {
        out.line(format_args!("{:MARGIN$}{}", "", style::name(line)))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    advised: usize,
    checks: &'a [Check],
}
