//! Eight producers through a small queue, with readers, held snapshots, checkpoints and hubs. What was accepted is applied, each
//! producer's writes in their order and without a hole, batches whole, in every snapshot.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability};

use crate::held::hold;
use crate::steps::{CYCLE, PAIR, check_end, held, last_pair, step};
use crate::support::seed;
use crate::support::tier::{Tier, checked};

pub(crate) const PRODUCERS: u64 = 8;
/// Producers that would rather be refused than wait.
const IMPATIENT: u64 = 2;

/// What a producer has to tell.
#[derive(Default)]
struct Told {
    last: u64,
    sum: u128,
    refused: u64,
    /// The sequences of its batches.
    pairs: Vec<u64>,
}

/// What a reader has to tell.
#[derive(Default)]
struct Seen {
    snapshots: u64,
    /// Of each producer, the numbers of the batches that it saw and the sequences that they have in the store.
    pairs: [Vec<(u64, u64)>; PRODUCERS as usize],
}

/// A write is applied under the sequence that its producer was told.
fn check_sequences(told: &[Told], seen: &Seen) {
    for (producer, (told, seen)) in told.iter().zip(&seen.pairs).enumerate() {
        for (number, sequence) in seen {
            let cycle = (number / CYCLE) as usize;
            assert_eq!(told.pairs[cycle], *sequence, "step {number} of producer {producer}: told, and in the store");
        }
    }
}

fn produce(memory: &ConcurrentMemory, producer: u64, steps: u64) -> Told {
    let mut told = Told::default();
    for number in 0..steps {
        let sequence = step(memory, producer, number, producer >= IMPATIENT, &mut told.refused);
        assert!(sequence > told.last, "a producer's sequences ascend: {sequence} after {}", told.last);
        told.last = sequence;
        told.sum += u128::from(sequence);
        if number % CYCLE == PAIR {
            told.pairs.push(sequence);
        }
    }
    told
}

/// Reads the newest snapshot over and over: time does not go back, and no snapshot has a hole.
fn read(memory: &ConcurrentMemory, ended: impl Fn() -> bool) -> Seen {
    let (mut before, mut steps, mut seen) = (0, [0; PRODUCERS as usize], Seen::default());
    while !ended() {
        let snapshot = memory.snapshot();
        assert!(snapshot.sequence() >= before, "time does not go back");
        before = snapshot.sequence();
        let (mut least, mut most) = (0, 0);
        for (producer, steps) in (0..).zip(&mut steps) {
            let held = held(&snapshot, producer);
            assert!(held.end() >= steps, "producer {producer} had {steps} steps, now {held:?}");
            *steps = *held.start();
            let pairs = &mut seen.pairs[producer as usize];
            pairs.extend(last_pair(&snapshot, producer).filter(|pair| pairs.last() != Some(pair)));
            least += held.start();
            most += held.end();
        }
        // One sequence for each step: the snapshot holds as many as it says.
        assert!((least..=most).contains(&before), "{before} of {least} to {most} steps");
        seen.snapshots += 1;
    }
    seen
}

fn all_at_once(folder: &Path, durability: Durability, queue: usize, entries: u64) {
    let seed = seed(1);
    println!("SUTRA_SEED={seed}");
    let steps = entries / PRODUCERS;
    let config = || ConcurrentConfig {
        queue_capacity: queue,
        durability,
        reconcile_interval_ms: 1,
        memory_threshold: 20_000,
        write_timeout: Duration::from_secs(3600),
        ..ConcurrentConfig::new(folder)
    };
    let memory = ConcurrentMemory::new(config()).expect("created");
    let ended = AtomicBool::new(false);
    let told: Vec<Told> = std::thread::scope(|scope| {
        let memory = &memory;
        // Acquire: what the producers did before the end is seen in the last round.
        let ended_now = || ended.load(Ordering::Acquire);
        let reader = scope.spawn(move || read(memory, ended_now));
        let holder = scope.spawn(move || hold(memory, seed, ended_now));
        let produce = |producer| scope.spawn(move || produce(memory, producer, steps));
        let producers: Vec<_> = (0..PRODUCERS).map(produce).collect();
        // Whoever fails must not leave the others waiting for the end.
        let told: Vec<_> = producers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        ended.store(true, Ordering::Release);
        let told: Vec<Told> = told.into_iter().map(|told| told.expect("it produced")).collect();
        let (seen, held) = (reader.join().expect("it read"), holder.join().expect("it held"));
        println!("{} snapshots read, {held} held", seen.snapshots);
        check_sequences(&told, &seen);
        told
    });
    let all = steps * PRODUCERS;
    let last = told.iter().map(|told| told.last).max().expect("eight");
    memory.wait_visible(last).expect("visible");
    // Different numbers from 1 on whose greatest and whose sum are those of all of them: there is no hole.
    assert_eq!(last, all);
    assert_eq!(told.iter().map(|told| told.sum).sum::<u128>(), u128::from(all) * (u128::from(all) + 1) / 2);
    (0..PRODUCERS).for_each(|producer| check_end(&memory.snapshot(), producer, steps));
    memory.close().expect("closed");
    let stats = memory.stats();
    println!("{stats:?}");
    assert_eq!((stats.write_log.written, stats.reconciler.entries_processed), (all, all), "accepted is applied");
    assert_eq!(memory.sequence(), all);
    assert_eq!((stats.write_log.pending, stats.write_log.pending_bytes), (0, 0));
    assert_eq!(stats.write_log.dropped, told.iter().map(|told| told.refused).sum::<u64>(), "refused is counted");
    drop(memory);
    let memory = ConcurrentMemory::new(config()).expect("opened");
    (0..PRODUCERS).for_each(|producer| check_end(&memory.snapshot(), producer, steps));
    checked(all, &format!("entries of eight producers, {durability:?}"));
}

#[test]
fn eight_producers_through_a_small_queue() {
    // Not a whole number of cycles, so that the end is seen in the midst of one.
    let entries = Tier::get().pick(100_000, 10_000_000, 10_000_000) + PRODUCERS * 7;
    // In all, a hundred million: with queues of several lengths.
    for queue in Tier::get().pick(&[256][..], &[256], &[256, 64, 1024, 128, 512, 32, 2048, 96, 384, 4096]) {
        let folder = tempfile::tempdir().expect("a folder");
        all_at_once(folder.path(), Durability::None, *queue, entries);
    }
}

#[test]
fn eight_producers_through_a_tiny_queue_and_the_write_ahead_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let entries = Tier::get().pick(4_000, 200_000, 2_000_000);
    all_at_once(folder.path(), Durability::Group, 16, entries);
}
