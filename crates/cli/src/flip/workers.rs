//! Those who make the load: one writes, one reads, one watches.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use sutra_storage::{Association, Concept, ConceptId, ConceptRef, ConcurrentMemory, Error};

use super::latency::{Latency, Times};
use super::pace::Pace;
use crate::failure::Failure;

/// Between two looks at whether a write is visible. A look costs well below a microsecond.
const LOOK: Duration = Duration::from_micros(100);

/// A write that is not visible after this long never will be.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes without a rate of which one is timed and watched: asking the clock at each would slow them down.
const TIMED: u64 = 64;

/// What the threads of a flip share.
pub(super) struct Shared {
    writes: AtomicU64,
    write: Times,
    read: Times,
    stale: Times,
    /// It ended before its time, or one of them has failed: the others need not go on.
    over: AtomicBool,
}

impl Shared {
    pub(super) fn new() -> Result<Self, Failure> {
        let (write, read, stale) = (Times::new()?, Times::new()?, Times::new()?);
        Ok(Self { writes: AtomicU64::new(0), write, read, stale, over: AtomicBool::new(false) })
    }

    // Relaxed, here and below: nothing else is passed on with it.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Writes that were accepted.
    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Times of writes, reads and staleness: since the last look, and all.
    pub(super) fn look(&self) -> Result<[(Latency, Latency); 3], Failure> {
        Ok([self.write.look()?, self.read.look()?, self.stale.look()?])
    }

    /// All times.
    pub(super) fn all(&self) -> Result<[Latency; 3], Failure> {
        Ok(self.look()?.map(|(_, all)| all))
    }
}

/// Learns new concepts, and associates each with a known one.
pub(super) struct Writer {
    made: u64,
    known: Vec<ConceptId>,
    random: Random,
    key: String,
    text: String,
}

impl Writer {
    pub(super) fn new(known: &[ConceptId]) -> Self {
        Self { made: 0, known: known.to_vec(), random: Random(1), key: String::new(), text: String::new() }
    }

    pub(super) fn known(&self) -> Vec<ConceptId> {
        self.known.clone()
    }

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

pub(super) fn write(
    memory: &ConcurrentMemory,
    mut pace: Pace,
    writer: &mut Writer,
    shared: &Shared,
    accepted: &SyncSender<(u64, Instant)>,
) -> Result<(), Failure> {
    let mut made = 0_u64;
    while pace.next() && !shared.is_over() {
        let timed = (pace.is_rated() || made.is_multiple_of(TIMED)).then(Instant::now);
        let sequence = writer.write(memory)?;
        made += 1;
        shared.writes.store(made, Ordering::Relaxed);
        if let Some(begun) = timed {
            let now = Instant::now();
            shared.write.record(now - begun);
            // While another write is watched this one is not.
            let _ = accepted.try_send((sequence, now));
        }
    }
    Ok(())
}

/// Reads known concepts at random. The time of a read is that of the call, whenever it came to be made.
pub(super) fn read(
    memory: &ConcurrentMemory,
    mut pace: Pace,
    known: &[ConceptId],
    shared: &Shared,
) -> Result<(), Failure> {
    let mut random = Random(2);
    while pace.next() && !shared.is_over() {
        let id = random.pick(known);
        let begun = Instant::now();
        let snapshot = memory.snapshot();
        let concept = snapshot.query_concept(id)?;
        let content = concept.as_ref().map(|concept| concept.content()).transpose()?;
        let neighbors = snapshot.neighbors(id)?;
        std::hint::black_box((content, neighbors.len()));
        let elapsed = begun.elapsed();
        if content.is_none() {
            return Err(Failure::Load(format!("the concept {id} was learned and is not there")));
        }
        shared.read.record(elapsed);
    }
    Ok(())
}

/// Watches accepted writes until they are visible. It looks instead of waiting, because a waiting call would make the
/// reconciler close its group early, and so change what is measured.
pub(super) fn watch(
    memory: &ConcurrentMemory,
    accepted: &Receiver<(u64, Instant)>,
    shared: &Shared,
) -> Result<(), Failure> {
    while let Ok((sequence, since)) = accepted.recv() {
        while memory.sequence() < sequence {
            if since.elapsed() > PATIENCE {
                return Err(Failure::Load(format!("write {sequence} is not visible after {PATIENCE:?}")));
            }
            thread::sleep(LOOK);
        }
        shared.stale.record(since.elapsed());
    }
    Ok(())
}

/// Marsaglia's xorshift: which concepts are read need not surprise anybody.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One of some.
    pub(crate) fn pick(&mut self, from: &[ConceptId]) -> ConceptId {
        from[(self.next() % from.len() as u64) as usize]
    }
}
