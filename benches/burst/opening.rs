//! How long an open takes: after a clean close, and after a kill.
//!
//! What a kill leaves is a copy of the folder, taken while the store is open and nothing is being written. There are two kinds:
//! that of a store that was filled since it was opened, whose image is old or missing, so that rows and adjacency are made anew;
//! and that of a store that was opened with its image and has learned a little since, which is replayed. All of it is in the
//! page cache: this is the engine's work, not the disk's.

use std::fs;
use std::path::Path;
use std::time::Instant;

use sutra_benches::random::Random;
use sutra_benches::store::{Folder, Opened, patient, rest};
use sutra_benches::{Outcome, load, median};
use sutra_storage::{ConcurrentConfig, ConcurrentMemory};

use crate::Scale;
use crate::table::{Table, count};

/// Associations for each concept.
const DEGREE: usize = 5;

/// Writes that no checkpoint covers when the store is killed, but for those that come by themselves.
const TAIL: usize = 20_000;

pub(crate) fn run(scale: Scale) -> Outcome {
    let (size, rounds) = (scale.size(1_000_000), scale.rounds(5));
    let tail = TAIL.min(size);
    let store = Opened::new(|_| ())?;
    let ids = load::ids(0..size as u64);
    load::fill(&store.memory, &ids)?;
    load::connect(&store.memory, &load::uniform_pairs(&mut Random::new(12), &ids, DEGREE * size))?;
    store.memory.flush()?;
    let filled = copy_of(store.folder.path())?;
    let started = Instant::now();
    let Opened { memory, folder } = store;
    memory.close()?;
    println!("close, with an image if one was due: {:.3} s", started.elapsed().as_secs_f64());

    let closed = copy_of(folder.path())?;
    let memory = ConcurrentMemory::new(patient(folder.path()))?;
    let new = load::ids(size as u64..(size + tail) as u64);
    memory.wait_durable(load::learn(&memory, &new)?)?;
    rest(&memory);
    let replayed = copy_of(folder.path())?;
    memory.close()?;
    drop(folder);

    let mut table =
        Table::new(&["concepts", "associations", "after", "replayed", "cut bytes", "open ms", "first get us"]);
    let mut row = |what: &str, concepts: usize, left: &Folder| -> Outcome {
        let (mut opens, mut gets, mut report) = (Vec::new(), Vec::new(), (0, 0));
        for _ in 0..rounds {
            // An open changes what it finds: each gets a copy of its own.
            let folder = copy_of(left.path())?;
            let (open, get, recovery) = measure(folder.path(), &ids)?;
            opens.push(open);
            gets.push(get);
            report = recovery;
        }
        table.row(vec![
            count(concepts),
            count(DEGREE * size),
            what.into(),
            report.0.to_string(),
            report.1.to_string(),
            format!("{:.2}", median(&opens)),
            format!("{:.1}", median(&gets)),
        ]);
        Ok(())
    };
    row("clean close", size, &closed)?;
    row("kill, filled since the open", size, &filled)?;
    row("kill, a little since the open", size + tail, &replayed)?;
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
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    // The log comes first: what a checkpoint covers meanwhile is in the file then, and not the other way round.
    entries.sort_by_key(|entry| entry.file_name() == "storage.dat");
    for entry in entries {
        let path = copy.path().join(entry.file_name());
        fs::copy(entry.path(), &path)?;
        // Else the first sync of an open would wait for the copy.
        fs::File::open(&path)?.sync_all()?;
    }
    Ok(copy)
}
