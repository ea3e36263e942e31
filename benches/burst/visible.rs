//! From accepted to visible: how long after its call has returned a write is in the newest snapshot.
//!
//! One thread writes at a given rate and, between writes, looks at the newest snapshot's sequence; so a latency is known to
//! about the time between two looks. Nobody waits for a write, since that would close its group at once. Latencies of
//! writes that were pending while a checkpoint ran are kept apart: when one has ended is seen by its count, when it began
//! follows from the time that it took.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sutra_benches::store::{Opened, rest};
use sutra_benches::{Outcome, load};
use sutra_storage::{ConceptId, ConcurrentConfig, ConcurrentMemory};

use crate::Scale;
use crate::table::{Table, count, micros, rounded};
use crate::times::Times;

/// Writes of a thread that never pauses between two looks.
const WRITES_A_LOOK: usize = 16;

struct Sample {
    accepted: Duration,
    visible: Duration,
}

/// A watch over one run.
struct Watch<'a> {
    memory: &'a ConcurrentMemory,
    start: Instant,
    pending: VecDeque<(u64, Duration)>,
    samples: Vec<Sample>,
    checkpoints: u64,
    /// Begin and end of each.
    checkpointing: Vec<(Duration, Duration)>,
}

impl Watch<'_> {
    fn look(&mut self) {
        let sequence = self.memory.sequence();
        let visible = self.start.elapsed();
        while let Some((_, accepted)) = self.pending.pop_front_if(|(written, _)| *written <= sequence) {
            self.samples.push(Sample { accepted, visible });
        }
        let storage = self.memory.stats().storage;
        if storage.checkpoints != self.checkpoints {
            self.checkpoints = storage.checkpoints;
            let took = Duration::from_micros(storage.checkpoint_us);
            self.checkpointing.push((visible.saturating_sub(took), visible));
        }
    }

    fn write(&mut self, id: &ConceptId) -> Outcome {
        let sequence = self.memory.learn_concept(id, load::content(id), None, 1.0, 0.9)?;
        self.pending.push_back((sequence, self.start.elapsed()));
        Ok(())
    }

    fn within_checkpoint(&self, sample: &Sample) -> bool {
        self.checkpointing.iter().any(|(began, ended)| sample.accepted <= *ended && *began <= sample.visible)
    }
}

pub(crate) fn run(scale: Scale) -> Outcome {
    let base = scale.size(100_000);
    let mut table = Table::new(&[
        "writes/s wanted",
        "memory_threshold",
        "writes/s",
        "concepts from",
        "to",
        "checkpoints",
        "pending",
        "samples",
        "p50 us",
        "p99 us",
        "max us",
    ]);
    for (rate, seconds) in [(Some(2_000), 8.0), (Some(50_000), 8.0), (None, 8.0)] {
        // At least one checkpoint every two seconds, or there would be none to see at a low rate.
        let threshold =
            rate.map_or(usize::MAX, |rate| 2 * rate as usize).min(ConcurrentConfig::new("").memory_threshold);
        let store = Opened::new(|config| config.memory_threshold = threshold)?;
        load::fill(&store.memory, &load::ids(0..base as u64))?;
        rest(&store.memory);
        let time = scale.time(seconds);
        let most = rate.map_or(2_000_000.0, f64::from) * time.as_secs_f64();
        let ids = load::ids(base as u64..base as u64 + most as u64);
        let watch = watch(&store.memory, &ids, rate, time)?;
        let wrote = watch.samples.len();
        let wanted = rate.map_or("as many as go".into(), |rate| rounded(rate.into()));
        let achieved = rounded(wrote as f64 / watch.samples.last().map_or(1.0, |last| last.visible.as_secs_f64()));
        for within in [false, true] {
            let mut times = Times::new()?;
            for sample in watch.samples.iter().filter(|sample| watch.within_checkpoint(sample) == within) {
                times.record(sample.visible - sample.accepted);
            }
            table.row(vec![
                wanted.clone(),
                count(threshold),
                achieved.clone(),
                count(base),
                count(base + wrote),
                watch.checkpointing.len().to_string(),
                if within { "during a checkpoint" } else { "between checkpoints" }.into(),
                rounded(times.count() as f64),
                micros(times.at(0.5)),
                micros(times.at(0.99)),
                micros(times.max()),
            ]);
        }
    }
    table.print("Accepted to visible: learn_concept, 100 bytes, groups of 10 ms, one thread");
    Ok(())
}

fn watch<'a>(memory: &'a ConcurrentMemory, ids: &[ConceptId], rate: Option<u32>, time: Duration) -> Outcome<Watch<'a>> {
    let mut watch = Watch {
        memory,
        start: Instant::now(),
        pending: VecDeque::new(),
        samples: Vec::with_capacity(ids.len()),
        checkpoints: memory.stats().storage.checkpoints,
        checkpointing: Vec::new(),
    };
    let mut left = ids.iter();
    let mut due = Duration::ZERO;
    while watch.start.elapsed() < time {
        match rate {
            Some(rate) => {
                if watch.start.elapsed() >= due {
                    let Some(id) = left.next() else { break };
                    watch.write(id)?;
                    due += Duration::from_secs(1) / rate;
                }
                // The engine's threads have as much right to this processor.
                std::thread::yield_now();
            }
            None => {
                for id in left.by_ref().take(WRITES_A_LOOK) {
                    watch.write(id)?;
                }
            }
        }
        watch.look();
        if left.len() == 0 {
            break;
        }
    }
    while !watch.pending.is_empty() {
        std::thread::yield_now();
        watch.look();
    }
    // Should one be under way: it counts.
    memory.flush()?;
    watch.look();
    Ok(watch)
}
