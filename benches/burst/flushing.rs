//! How long `flush` takes for what is new, on a small and on a large store.
//!
//! A flush that finds the image outgrown writes a new one, which takes time in proportion to the store; that is the longest
//! one of a row, if it fell among them.

use std::time::Instant;

use sutra_benches::store::{Opened, rest, settle};
use sutra_benches::{Outcome, load, median};

use crate::Scale;
use crate::table::{Table, count};

pub(crate) fn run(scale: Scale) -> Outcome {
    let (new, rounds) = (scale.size(50_000), scale.rounds(7));
    let mut table = Table::new(&["concepts before", "new", "median ms", "shortest ms", "longest ms", "file bytes"]);
    for base in [scale.size(100_000), scale.size(1_000_000)] {
        let store = Opened::new(|config| config.memory_threshold = usize::MAX)?;
        load::fill(&store.memory, &load::ids(0..base as u64))?;
        store.memory.flush()?;
        let mut took = Vec::new();
        for round in 0..rounds {
            let first = (base + round * new) as u64;
            let last = load::learn(&store.memory, &load::ids(first..first + new as u64))?;
            settle(&store.memory, last)?;
            rest(&store.memory);
            let start = Instant::now();
            store.memory.flush()?;
            took.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let longest = took.iter().copied().fold(0.0, f64::max);
        let shortest = took.iter().copied().fold(f64::INFINITY, f64::min);
        table.row(vec![
            count(base),
            count(new),
            format!("{:.1}", median(&took)),
            format!("{shortest:.1}"),
            format!("{longest:.1}"),
            count(usize::try_from(store.memory.stats().storage.file_bytes)?),
        ]);
    }
    table.print(&format!("Flush of new concepts of 100 bytes, {rounds} rounds"));
    Ok(())
}
