//! Reads while nothing is written, and reads in a full burst of writes, in turns.
//!
//! One thread reads in a closed loop: takes the newest snapshot, gets a random concept, looks at its strength; what is
//! recorded is the time that this took. In a burst another thread writes as fast as the engine takes it.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sutra_benches::random::Random;
use sutra_benches::store::{Opened, rest};
use sutra_benches::{Outcome, load, median};
use sutra_storage::{AssociationType, ConceptId, ConcurrentMemory};

use crate::Scale;
use crate::table::{Table, count, micros, rounded};
use crate::times::Times;

/// Writes of a burst between two looks at whether it is over.
const WRITES_A_LOOK: usize = 64;

#[derive(Clone, Copy, PartialEq)]
enum Burst {
    Concepts,
    Associations,
}

/// Percentiles of one round, in nanoseconds, and writes a second.
#[derive(Default)]
struct Rounds {
    p50: Vec<f64>,
    p99: Vec<f64>,
    p999: Vec<f64>,
    max: Vec<f64>,
    reads: Vec<f64>,
    writes: Vec<f64>,
}

pub(crate) fn run(scale: Scale) -> Outcome {
    let (size, rounds, time) = (scale.size(1_000_000), scale.rounds(5), scale.time(2.0));
    let mut table = Table::new(&[
        "burst of",
        "concepts from",
        "to",
        "while",
        "p50 us",
        "p99 us",
        "p99.9 us",
        "max us",
        "reads/s",
        "writes/s",
    ]);
    for burst in [Burst::Concepts, Burst::Associations] {
        let store = Opened::new(|_| ())?;
        let ids = load::ids(0..size as u64);
        load::fill(&store.memory, &ids)?;
        let (mut idle, mut busy) = (Rounds::default(), Rounds::default());
        let mut next = size as u64;
        for round in 0..rounds as u64 {
            store.memory.flush()?;
            rest(&store.memory);
            idle.add(read(&store.memory, &ids, round, time)?, time, 0);
            // About as many as can be written in the time, or more.
            let new = load::ids(next..next + (1.5e6 * time.as_secs_f64()) as u64);
            let over = AtomicBool::new(false);
            let (times, wrote) = std::thread::scope(|scope| -> Outcome<_> {
                let writer = scope.spawn(|| write(&store.memory, burst, &ids, &new, &over).expect("writes"));
                let times = read(&store.memory, &ids, round, time);
                // Relaxed: it says when to stop, nothing else.
                over.store(true, Ordering::Relaxed);
                Ok((times?, writer.join().expect("writes")))
            })?;
            busy.add(times, time, wrote);
            next += if burst == Burst::Concepts { wrote as u64 } else { 0 };
        }
        let name = if burst == Burst::Concepts { "concepts" } else { "associations" };
        for (state, rounds) in [("idle", &idle), ("in the burst", &busy)] {
            table.row(rounds.cells(vec![name.into(), count(size), rounded(next as f64), state.into()]));
        }
        println!("p99.9 in a burst of {name} / idle: {:.1}", median(&busy.p999) / median(&idle.p999));
    }
    println!();
    table.print(&format!("Reads in a closed loop, medians of {rounds} rounds of {:.1} s in turns", time.as_secs_f64()));
    Ok(())
}

impl Rounds {
    fn add(&mut self, times: Times, time: Duration, wrote: usize) {
        self.p50.push(times.at(0.5) as f64);
        self.p99.push(times.at(0.99) as f64);
        self.p999.push(times.at(0.999) as f64);
        self.max.push(times.max() as f64);
        self.reads.push(times.count() as f64 / time.as_secs_f64());
        self.writes.push(wrote as f64 / time.as_secs_f64());
    }

    fn cells(&self, mut cells: Vec<String>) -> Vec<String> {
        for nanos in [&self.p50, &self.p99, &self.p999, &self.max] {
            cells.push(micros(median(nanos) as u64));
        }
        cells.push(rounded(median(&self.reads)));
        cells.push(rounded(median(&self.writes)));
        cells
    }
}

fn read(memory: &ConcurrentMemory, ids: &[ConceptId], seed: u64, time: Duration) -> Outcome<Times> {
    let (mut times, mut random) = (Times::new()?, Random::new(seed));
    let start = Instant::now();
    let mut before = start;
    while before - start < time {
        let id = random.choose(ids);
        let begun = Instant::now();
        let snapshot = memory.snapshot();
        let concept = snapshot.query_concept(id)?.ok_or("a concept that was learned is not there")?;
        black_box(concept.strength());
        before = Instant::now();
        times.record(before - begun);
    }
    Ok(times)
}

fn write(
    memory: &ConcurrentMemory,
    burst: Burst,
    known: &[ConceptId],
    new: &[ConceptId],
    over: &AtomicBool,
) -> Outcome<usize> {
    let (mut wrote, mut random) = (0, Random::new(9));
    for ids in new.chunks(WRITES_A_LOOK) {
        if over.load(Ordering::Relaxed) {
            break;
        }
        match burst {
            Burst::Concepts => load::learn(memory, ids)?,
            Burst::Associations => {
                let mut last = 0;
                for _ in ids {
                    let (source, target) = (random.choose(known), random.choose(known));
                    last = memory.learn_association(source, target, AssociationType::SEMANTIC, 0.8)?;
                }
                last
            }
        };
        wrote += ids.len();
    }
    Ok(wrote)
}
