//! Bursts of learning and bursts of reading on one store, and what they do to each other.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use sutra_storage::{Association, Concept, ConceptId, ConceptRef, ConcurrentMemory, Error};

use super::live::Live;
use super::load::{FLIPS, Load};
use super::pace::Pace;
use super::summary::{duration, quantile};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::{grouped, rate};

/// How one flip went.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) load: Load,
    pub(super) elapsed: Duration,
    /// Writes that were accepted.
    pub(super) writes: u64,
    /// Nanoseconds of each read.
    pub(super) reads: Histogram<u64>,
    /// Nanoseconds from accepted to visible, of some writes.
    pub(super) staleness: Histogram<u64>,
    /// The most operations that were seen waiting in the write log.
    pub(super) deepest_queue: u64,
}

/// Between two looks at whether a write is visible. A look costs well below a microsecond.
const LOOK: Duration = Duration::from_micros(100);

/// A write that is not visible after this long never will be.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest time that is told from longer ones.
const LONGEST_NANOS: u64 = 3_600_000_000_000;

/// Nanoseconds, to two digits: more is not shown.
fn histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_bounds(1, LONGEST_NANOS, 2).map_err(|error| Failure::Demo(error.to_string()))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Counts stay counts when whoever held them panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays all flips, one after the other without a pause.
pub(super) fn play(
    memory: &ConcurrentMemory,
    known: &[ConceptId],
    length: Duration,
    out: &mut Output,
) -> Result<Vec<Measured>, Failure> {
    let mut writer =
        Writer { made: 0, known: known.to_vec(), random: Random(1), key: String::new(), text: String::new() };
    FLIPS.iter().map(|load| flip(memory, *load, length, &mut writer, out)).collect()
}

/// What the threads of a flip share.
struct Shared {
    writes: AtomicU64,
    reads: Mutex<Histogram<u64>>,
    staleness: Mutex<Histogram<u64>>,
    /// One of them has failed: the others need not go on.
    failed: AtomicBool,
}

fn flip(
    memory: &ConcurrentMemory,
    load: Load,
    length: Duration,
    writer: &mut Writer,
    out: &mut Output,
) -> Result<Measured, Failure> {
    out.line(format_args!("   {}: {}", load.name, load.asked()))?;
    out.show()?;
    let shared = Shared {
        writes: AtomicU64::new(0),
        reads: Mutex::new(histogram()?),
        staleness: Mutex::new(histogram()?),
        failed: AtomicBool::new(false),
    };
    let known = writer.known.clone();
    let begun = Instant::now();
    let end = begun + length;
    let deepest_queue = thread::scope(|scope| {
        let (accepted, to_watch) = sync_channel(1);
        let shared = &shared;
        let guarded = |result: Result<(), Failure>| {
            if result.is_err() {
                // Relaxed: nothing else is passed on with it.
                shared.failed.store(true, Ordering::Relaxed);
            }
            result
        };
        let threads = [
            scope.spawn(move || guarded(write(memory, Pace::new(load.writes, end), writer, shared, &accepted))),
            scope.spawn(move || guarded(read(memory, Pace::new(load.reads, end), &known, shared))),
            scope.spawn(move || guarded(watch(memory, &to_watch, shared))),
        ];
        let told = tell(memory, end, shared, out);
        if told.is_err() {
            shared.failed.store(true, Ordering::Relaxed);
        }
        for thread in threads {
            thread.join().map_err(|_| Failure::Demo("a thread of the demo panicked".to_owned()))??;
        }
        told
    })?;
    let unshared = |mutex: Mutex<_>| mutex.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Measured {
        load,
        elapsed: begun.elapsed(),
        writes: shared.writes.into_inner(),
        reads: unshared(shared.reads),
        staleness: unshared(shared.staleness),
        deepest_queue,
    })
}

/// Says how it goes until the end; gives the deepest queue that it saw.
fn tell(memory: &ConcurrentMemory, end: Instant, shared: &Shared, out: &mut Output) -> Result<u64, Failure> {
    let live = Live::new();
    let (mut deepest, mut before) = (0, (Instant::now(), 0, 0));
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || shared.failed.load(Ordering::Relaxed) {
            live.end(out)?;
            return Ok(deepest);
        }
        thread::sleep(left.min(live.every()));
        let pending = memory.stats().write_log.pending;
        deepest = deepest.max(pending);
        let now = (Instant::now(), shared.writes.load(Ordering::Relaxed), locked(&shared.reads).len());
        let since = now.0 - before.0;
        // A last look a moment before the end would tell the rate of nothing.
        if since < live.every() / 2 {
            continue;
        }
        let status = {
            let reads = locked(&shared.reads);
            let staleness = locked(&shared.staleness).max();
            format!(
                "{:>9} writes/s {:>9} reads/s  read p50 {}, p99 {}, p99.9 {}  stale {}  queue {}",
                grouped(rate(now.1 - before.1, since)),
                grouped(rate(now.2 - before.2, since)),
                quantile(&reads, 0.5),
                quantile(&reads, 0.99),
                quantile(&reads, 0.999),
                duration(staleness),
                grouped(pending),
            )
        };
        live.tell(status, out)?;
        before = now;
    }
}

/// Learns new concepts, and associates each with a known one.
struct Writer {
    made: u64,
    known: Vec<ConceptId>,
    random: Random,
    key: String,
    text: String,
}

impl Writer {
    fn write(&mut self, memory: &ConcurrentMemory) -> Result<u64, Error> {
        let number = self.made;
        self.made += 1;
        // Writing to a string cannot fail.
        if number.is_multiple_of(2) {
            self.key.clear();
            let _ = write!(self.key, "flip-{number}");
            self.text.clear();
            let _ = write!(self.text, "observation {number}, made while others were reading");
            memory.learn(&Concept::new(ConceptRef::key(&self.key)).content(&self.text).confidence(0.8))
        } else {
            let known = self.random.pick(&self.known);
            memory.associate(&Association::new(ConceptRef::key(&self.key), known, "semantic").confidence(0.5))
        }
    }
}

fn write(
    memory: &ConcurrentMemory,
    mut pace: Pace,
    writer: &mut Writer,
    shared: &Shared,
    accepted: &SyncSender<(u64, Instant)>,
) -> Result<(), Failure> {
    while pace.next() && !shared.failed.load(Ordering::Relaxed) {
        let sequence = writer.write(memory)?;
        let made = shared.writes.fetch_add(1, Ordering::Relaxed);
        // Without a rate, asking the clock at each write would slow them down.
        if pace.is_rated() || made.is_multiple_of(64) {
            // While another write is watched this one is not.
            let _ = accepted.try_send((sequence, Instant::now()));
        }
    }
    Ok(())
}

/// Reads known concepts at random. The time of a read is that of the call, whenever it came to be made.
fn read(memory: &ConcurrentMemory, mut pace: Pace, known: &[ConceptId], shared: &Shared) -> Result<(), Failure> {
    let mut random = Random(2);
    while pace.next() && !shared.failed.load(Ordering::Relaxed) {
        let id = random.pick(known);
        let begun = Instant::now();
        let snapshot = memory.snapshot();
        let concept = snapshot.query_concept(id)?;
        let content = concept.as_ref().map(|concept| concept.content()).transpose()?;
        let neighbors = snapshot.neighbors(id)?;
        std::hint::black_box((content, neighbors.len()));
        let elapsed = begun.elapsed();
        if content.is_none() {
            return Err(Failure::Demo(format!("the concept {id} was learned and is not there")));
        }
        locked(&shared.reads).saturating_record(nanos(elapsed));
    }
    Ok(())
}

/// Watches accepted writes until they are visible. It looks instead of waiting, because a waiting call would make the
/// reconciler close its group early, and so change what is measured.
fn watch(memory: &ConcurrentMemory, accepted: &Receiver<(u64, Instant)>, shared: &Shared) -> Result<(), Failure> {
    while let Ok((sequence, since)) = accepted.recv() {
        while memory.sequence() < sequence {
            if since.elapsed() > PATIENCE {
                return Err(Failure::Demo(format!("write {sequence} is not visible after {PATIENCE:?}")));
            }
            thread::sleep(LOOK);
        }
        locked(&shared.staleness).saturating_record(nanos(since.elapsed()));
    }
    Ok(())
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Marsaglia's xorshift: which concepts are read need not surprise anybody.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One of some.
    fn pick(&mut self, from: &[ConceptId]) -> ConceptId {
        from[(self.next() % from.len() as u64) as usize]
    }
}
