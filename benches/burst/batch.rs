//! How long applying one batch of 10,000 associations takes, on a store of a million concepts.

use std::time::Duration;

use sutra_benches::store::{Opened, settle};
use sutra_benches::{Outcome, load, median, random::Random};
use sutra_storage::{Association, AssociationType, Batch};

use crate::Scale;
use crate::table::{Table, count};

/// Associations of a batch.
const SIZE: usize = 10_000;

pub(crate) fn run(scale: Scale) -> Outcome {
    let (concepts, rounds) = (scale.size(1_000_000), scale.rounds(200));
    let store = Opened::new(|_| {})?;
    let ids = load::ids(0..concepts as u64);
    load::fill(&store.memory, &ids)?;
    store.memory.flush()?;
    let mut random = Random::new(1);
    let (mut apply, mut commit) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
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
    let mut table = Table::new(&["concepts", "batches", "what", "shortest ms", "median ms", "nine in ten below ms"]);
    for (what, times) in [("apply", &mut apply), ("write and sync", &mut commit)] {
        times.sort_by(f64::total_cmp);
        let nine = times[times.len() * 9 / 10];
        table.row(vec![
            count(concepts),
            count(rounds),
            what.to_owned(),
            format!("{:.2}", times[0]),
            format!("{:.2}", median(times)),
            format!("{nine:.2}"),
        ]);
    }
    table.print("A batch of 10,000 associations between random concepts");
    Ok(())
}
