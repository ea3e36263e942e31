//! The same work on a small and on a large store: what grows with the store, and what does not.
//!
//! Each round learns so many new concepts and then associates so many uniform pairs of known ones, one call each, and waits
//! until they are durable and visible. The small store is a fresh one in each round, or it would not stay small. Commit and
//! apply are what the engine says of its groups; a single write shows what a group costs besides them.

use std::time::Instant;

use sutra_benches::random::Random;
use sutra_benches::store::{Opened, rest, settle};
use sutra_benches::{Outcome, load, median};
use sutra_storage::{ConceptId, ConcurrentMemory, Durability, Sequence};

use crate::Scale;
use crate::table::{Table, count, rounded};

/// Writes of a round.
const WRITES: usize = 10_000;
/// Writes of a round that go alone.
const SINGLE: usize = 50;

/// Rates and costs of all rounds with one kind of write at one size.
#[derive(Default)]
struct Costs {
    rate: Vec<f64>,
    commit_ns: Vec<f64>,
    apply_ns: Vec<f64>,
    group: Vec<f64>,
}

/// All that is measured at one size.
#[derive(Default)]
struct Size {
    learn: Costs,
    associate: Costs,
    /// Microseconds from the call of a write that goes alone to its visibility.
    single: Vec<f64>,
    single_without_log: Vec<f64>,
}

/// Commit and apply times of the groups that were seen.
#[derive(Default)]
struct Groups {
    seen: u64,
    entries: f64,
    groups: f64,
    commit_us: f64,
    apply_us: f64,
}

impl Groups {
    fn look(&mut self, memory: &ConcurrentMemory) {
        let before = memory.stats().reconciler;
        if before.reconciliations == self.seen {
            return;
        }
        let stats = memory.stats().reconciler;
        // The count comes last: if it stands still, the numbers are of one group.
        if memory.stats().reconciler.reconciliations != before.reconciliations {
            return;
        }
        self.seen = before.reconciliations;
        self.entries += stats.last_batch as f64;
        self.groups += 1.0;
        self.commit_us += stats.commit_us as f64;
        self.apply_us += stats.apply_us as f64;
    }
}

pub(crate) fn run(scale: Scale) -> Outcome {
    let (small, large, rounds) = (10_000, scale.size(1_000_000), scale.rounds(7));
    let mut sizes = Vec::new();
    for size in [small, large] {
        let mut measured = Size::default();
        for durability in [Durability::Group, Durability::None] {
            let mut store = None;
            for round in 0..rounds {
                if size == small {
                    store = None;
                }
                let (store, ids) = match &store {
                    Some(kept) => kept,
                    None => store.insert(filled(size, durability)?),
                };
                measured.round(&store.memory, ids, round as u64, durability)?;
            }
        }
        sizes.push(measured);
    }
    let [at_small, at_large] = &sizes[..] else { return Err("two sizes".into()) };
    print(rounds, small, large, at_small, at_large);
    Ok(())
}

fn filled(size: usize, durability: Durability) -> Outcome<(Opened, Vec<ConceptId>)> {
    // Checkpoints would be in one round and not in the other.
    let store = Opened::new(|config| {
        config.durability = durability;
        config.memory_threshold = usize::MAX;
    })?;
    let ids = load::ids(0..size as u64);
    load::fill(&store.memory, &ids)?;
    store.memory.flush()?;
    rest(&store.memory);
    Ok((store, ids))
}

impl Size {
    fn round(&mut self, memory: &ConcurrentMemory, ids: &[ConceptId], round: u64, durability: Durability) -> Outcome {
        let mut random = Random::new(round);
        let first = ids.len() as u64 + round * (WRITES + SINGLE) as u64;
        let new = load::ids(first..first + (WRITES + SINGLE) as u64);
        let (new, alone) = new.split_at(WRITES);
        if durability == Durability::None {
            self.single_without_log.push(single(memory, alone)?);
            return Ok(());
        }
        self.single.push(single(memory, alone)?);
        self.learn.measure(memory, new, |id| load::learn(memory, std::slice::from_ref(id)))?;
        let pairs = load::uniform_pairs(&mut random, ids, WRITES);
        self.associate.measure(memory, &pairs, |pair| load::associate(memory, std::slice::from_ref(pair)))
    }
}

impl Costs {
    fn measure<W>(
        &mut self,
        memory: &ConcurrentMemory,
        writes: &[W],
        write: impl Fn(&W) -> Outcome<Sequence>,
    ) -> Outcome {
        counted(memory);
        let mut groups = Groups { seen: memory.stats().reconciler.reconciliations, ..Groups::default() };
        let (start, mut last) = (Instant::now(), 0);
        for writes in writes.chunks(32) {
            for one in writes {
                last = write(one)?;
            }
            groups.look(memory);
        }
        settle(memory, last)?;
        self.rate.push(writes.len() as f64 / start.elapsed().as_secs_f64());
        counted(memory);
        groups.look(memory);
        if groups.entries > 0.0 {
            self.commit_ns.push(groups.commit_us * 1000.0 / groups.entries);
            self.apply_ns.push(groups.apply_us * 1000.0 / groups.entries);
            self.group.push(groups.entries / groups.groups);
        }
        Ok(())
    }
}

/// Waits until the last group, which is visible a little before, is counted too.
fn counted(memory: &ConcurrentMemory) {
    while memory.stats().reconciler.entries_processed < memory.stats().write_log.written {
        std::thread::yield_now();
    }
}

/// The median of microseconds from call to visibility, one write after the other.
fn single(memory: &ConcurrentMemory, ids: &[ConceptId]) -> Outcome<f64> {
    let mut took = Vec::new();
    for id in ids {
        let start = Instant::now();
        let sequence = load::learn(memory, std::slice::from_ref(id))?;
        memory.wait_visible(sequence)?;
        took.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(&took))
}

fn print(rounds: usize, small: usize, large: usize, at_small: &Size, at_large: &Size) {
    let (few, many) = (format!("{} concepts", count(small)), format!("{} concepts", count(large)));
    let mut table = Table::new(&["what", &few, &many, "ratio"]);
    let mut row = |what: &str, values: fn(&Size) -> &Vec<f64>| {
        let (small, large) = (median(values(at_small)), median(values(at_large)));
        table.row(vec![what.into(), rounded(small), rounded(large), format!("{:.2}", large / small)]);
    };
    row("learn, concepts/s", |size| &size.learn.rate);
    row("learn, commit ns/entry", |size| &size.learn.commit_ns);
    row("learn, apply ns/entry", |size| &size.learn.apply_ns);
    row("learn, entries/group", |size| &size.learn.group);
    row("associate, associations/s", |size| &size.associate.rate);
    row("associate, commit ns/entry", |size| &size.associate.commit_ns);
    row("associate, apply ns/entry", |size| &size.associate.apply_ns);
    row("associate, entries/group", |size| &size.associate.group);
    row("one write alone, us to visible", |size| &size.single);
    row("one write alone without a log, us to visible", |size| &size.single_without_log);
    table.print(&format!("Growth: rounds of {} writes, medians of {rounds} rounds", count(WRITES)));
}
