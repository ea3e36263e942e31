//! How long an open takes: after a clean close, and after a kill.
//!
//! What a kill leaves is a copy of the folder, taken while the store is open and nothing is being written: the last
//! checkpoint, and a write-ahead log that holds what came after it. All of it is in the page cache: this is the engine's
//! work, not the disk's.

use std::fs;
use std::path::Path;
use std::time::Instant;

use sutra_benches::random::Random;
use sutra_benches::store::{Folder, Opened, patient, rest};
use sutra_benches::{Outcome, load, median};
use sutra_storage::{ConcurrentConfig, ConcurrentMemory};

use crate::Scale;
use crate::table::{Table, count};

/// Writes that no checkpoint covers when the store is killed, but for those that come by themselves.
const TAIL: usize = 20_000;

pub(crate) fn run(scale: Scale) -> Outcome {
    let (size, rounds) = (scale.size(1_000_000), scale.rounds(5));
    let tail = TAIL.min(size);
    let store = Opened::new(|_| ())?;
    let ids = load::ids(0..size as u64);
    load::fill(&store.memory, &ids)?;
    load::connect(&store.memory, &load::uniform_pairs(&mut Random::new(12), &ids, size))?;
    store.memory.flush()?;
    let new = load::ids(size as u64..(size + tail) as u64);
    store.memory.wait_durable(load::learn(&store.memory, &new)?)?;
    rest(&store.memory);

    let killed: Vec<Folder> = (0..rounds).map(|_| copy_of(store.folder.path())).collect::<Outcome<_>>()?;
    let started = Instant::now();
    store.memory.close()?;
    println!("close, with an image if one was due: {:.3} s", started.elapsed().as_secs_f64());

    let mut table =
        Table::new(&["concepts", "associations", "after", "replayed", "cut bytes", "open ms", "first get us"]);
    let (mut opens, mut gets) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (open, get, _) = measure(store.folder.path(), &ids)?;
        opens.push(open);
        gets.push(get);
    }
    let mut row = |what: &str, report: (u64, u64), opens: Vec<f64>, gets: Vec<f64>| {
        table.row(vec![
            count(size + tail),
            count(size),
            what.into(),
            report.0.to_string(),
            report.1.to_string(),
            format!("{:.2}", median(&opens)),
            format!("{:.1}", median(&gets)),
        ]);
    };
    row("clean close", (0, 0), opens, gets);
    let (mut opens, mut gets, mut report) = (Vec::new(), Vec::new(), (0, 0));
    for folder in &killed {
        let (open, get, recovery) = measure(folder.path(), &ids)?;
        opens.push(open);
        gets.push(get);
        report = recovery;
    }
    row("kill", report, opens, gets);
    table.print(&format!("Open, medians of {rounds}"));
    Ok(())
}

/// Milliseconds of an open, microseconds of the first read, entries replayed and bytes cut.
fn measure(path: &Path, ids: &[sutra_storage::ConceptId]) -> Outcome<(f64, f64, (u64, u64))> {
    let config: ConcurrentConfig = patient(path);
    let start = Instant::now();
    let memory = ConcurrentMemory::new(config)?;
    let opened = start.elapsed();
    let start = Instant::now();
    let found = memory.query_concept(ids[ids.len() / 2])?.ok_or("a concept that was learned is not there")?;
    let got = start.elapsed();
    if found.content()?.len() != load::CONTENT_BYTES {
        return Err("another content".into());
    }
    drop(found);
    let report = *memory.recovery();
    memory.close()?;
    Ok((opened.as_secs_f64() * 1e3, got.as_secs_f64() * 1e6, (report.replayed_entries, report.cut_bytes)))
}

fn copy_of(folder: &Path) -> Outcome<Folder> {
    let copy = Folder::new()?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
    }
    Ok(copy)
}
