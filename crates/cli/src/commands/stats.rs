//! `sutra stats`: what a store holds.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::{AssociationType, ConcurrentMemory, RecoveryReport, Stats};

use crate::failure::{Failure, Outcome};
use crate::output::{Output, plain};
use crate::progress::grouped;
use crate::store::{close_read, open_existing};
use crate::time::utc;

/// Show what a store holds
#[derive(Args, Debug)]
pub(crate) struct StatsOf {
    /// As one JSON object, with the counts of the engine since it was opened
    #[arg(long)]
    json: bool,
}

impl StatsOf {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let memory = open_existing(store)?;
        let shown = Shown::of(&memory);
        let mut out = Output::new();
        if self.json {
            out.json(&shown)?;
        } else {
            shown.show(store, &mut out)?;
        }
        out.end()?;
        close_read(&memory)?;
        Ok(Outcome::Done)
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    stats: Stats,
    recovery: Recovery,
    vector_dimension: Option<usize>,
    types: Vec<String>,
}

#[derive(Serialize)]
struct Recovery {
    replayed_groups: u64,
    replayed_entries: u64,
    cut_bytes: u64,
    repaired_header: bool,
}

impl Shown {
    fn of(memory: &ConcurrentMemory) -> Self {
        let RecoveryReport { replayed_groups, replayed_entries, cut_bytes, repaired_header, .. } = *memory.recovery();
        let newest = memory.snapshot();
        let name = |code| newest.type_name(AssociationType(code)).filter(|name| !name.is_empty()).map(str::to_owned);
        Self {
            stats: memory.stats(),
            recovery: Recovery { replayed_groups, replayed_entries, cut_bytes, repaired_header },
            vector_dimension: newest.vector_dimension(),
            types: (0..=u8::MAX).filter_map(name).collect(),
        }
    }

    /// Counts since opening say nothing about a store that was opened just now, so they are left to the JSON.
    fn show(&self, store: &Path, out: &mut Output) -> Result<(), Failure> {
        let Stats { snapshot, storage, .. } = &self.stats;
        let mut row = |name: &str, value: &str| out.line(format_args!("{name:<14}{value}"));
        row("store", &store.display().to_string())?;
        row("concepts", &grouped(snapshot.concept_count))?;
        row("associations", &grouped(snapshot.edge_count))?;
        row("stubs", &grouped(snapshot.stub_count))?;
        row("types", &plain(&self.types.join(", ")))?;
        if let Some(dimension) = self.vector_dimension {
            row("vectors", &format!("{dimension} dimensions"))?;
        }
        row("sequence", &grouped(snapshot.sequence))?;
        if snapshot.timestamp > 0 {
            row("last write", &utc(snapshot.timestamp))?;
        }
        row("file", &format!("{} bytes, {} of them dead", grouped(storage.file_bytes), grouped(storage.dead_bytes)))?;
        row("memory", &format!("{} bytes beside the mapped file", grouped(storage.heap_bytes)))
    }
}
