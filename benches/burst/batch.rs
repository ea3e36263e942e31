//! How long applying one batch of 10,000 associations takes, on a store of a million concepts, by one thread and by two.

use std::time::Duration;

use sutra_benches::store::{Opened, settle};
use sutra_benches::{Outcome, load, median, random::Random};
use sutra_storage::{Association, AssociationType, Batch};

use crate::Scale;
use crate::table::{Table, count};

/// Associations of a batch.
const SIZE: usize = 10_000;
/// `reconcile_threads` of the stores, which take turns.
const THREADS: [usize; 2] = [1, 2];

/// A store and the times of its batches, in milliseconds.
struct Measured {
    store: Opened,
    apply: Vec<f64>,
    commit: Vec<f64>,
}

pub(crate) fn run(scale: Scale) -> Outcome {
    let (concepts, rounds) = (scale.size(1_000_000), scale.rounds(100));
    let ids = load::ids(0..concepts as u64);
    let mut measured = Vec::new();
    for threads in THREADS {
        let store = Opened::new(|config| config.reconcile_threads = threads)?;
        load::fill(&store.memory, &ids)?;
        store.memory.flush()?;
        measured.push(Measured { store, apply: Vec::new(), commit: Vec::new() });
    }
    let mut random = Random::new(1);
    for _ in 0..rounds {
        for Measured { store, apply, commit } in &mut measured {
            let mut batch = Batch::new();
            for _ in 0..SIZE {
                let (source, target) = (ids[random.below(concepts)], ids[random.below(concepts)]);
                batch.association(Association::new(source, target, AssociationType(0)));
            }
            settle(&store.memory, store.memory.learn_batch(&batch)?)?;
            let stats = store.memory.stats().reconciler;
            apply.push(stats.apply_us as f64 / 1e3);
            commit.push(stats.commit_us as f64 / 1e3);
            // A checkpoint that it has triggered runs beside the next one otherwise, as would be in a burst.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let headings = ["concepts", "batches", "threads", "what", "shortest ms", "median ms", "nine in ten below ms"];
    let mut table = Table::new(&headings);
    for (threads, measured) in THREADS.iter().zip(&mut measured) {
        for (what, times) in [("apply", &mut measured.apply), ("write and sync", &mut measured.commit)] {
            times.sort_by(f64::total_cmp);
            let nine = times[times.len() * 9 / 10];
            table.row(vec![
                count(concepts),
                count(rounds),
                threads.to_string(),
                what.to_owned(),
                format!("{:.2}", times[0]),
                format!("{:.2}", median(times)),
                format!("{nine:.2}"),
            ]);
        }
    }
    table.print("A batch of 10,000 associations between random concepts");
    Ok(())
}
