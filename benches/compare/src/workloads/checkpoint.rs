//! Reads and writes of ours while a checkpoint runs, and while none does. One thread reads in a closed loop, one writes at a
//! fixed rate, and a third looks when checkpoints end; when one began follows from the time that it took.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use sutra_benches::Outcome;
use sutra_benches::random::Random;
use sutra_benches::store::Folder;
use sutra_storage::ConcurrentMemory;

use super::burst::{one, times};
use super::fill;
use crate::engine::{Engine, Id};
use crate::engines::sutra::Sutra;
use crate::options::Options;
use crate::pace::{Paced, Schedule};
use crate::report::{rounded, section};
use crate::work::{Burst, ids};

/// Writes a second.
const RATE: f64 = 50_000.0;

/// What happened when, from the beginning on.
struct Watched {
    /// Ends of reads, and how long each took.
    reads: Vec<(Duration, Duration)>,
    /// When writes were accepted.
    writes: Vec<Duration>,
    checkpoints: Vec<(Duration, Duration)>,
}

/// What was seen while a checkpoint ran, or while none did.
struct Seen {
    seconds: f64,
    reads: Histogram<u64>,
    writes: usize,
}

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let known = ids(0..options.concepts);
    let seconds = options.seconds * 10.0;
    let folder = Folder::new()?;
    // So that there are some: a short run is over before one is due by the defaults.
    let threshold = (RATE * seconds) as usize / 5;
    let store = Sutra::open(folder.path(), |config| config.memory_threshold = config.memory_threshold.min(threshold))?;
    fill(&store, &known, (0, &[]), options.associations)?;
    store.rest()?;
    let watched = watch(&store, &known, Duration::from_secs_f64(seconds))?;
    store.memory.close()?;
    let mut rows = vec![["while", "seconds", "reads", "p50", "p99.9", "writes/s"].map(str::to_owned)];
    for (name, running) in [("no checkpoint runs", false), ("a checkpoint runs", true)] {
        let seen = watched.seen(running, seconds)?;
        let micros = |share| format!("{} us", rounded(seen.reads.value_at_quantile(share) as f64 / 1e3));
        rows.push([
            name.to_owned(),
            rounded(seen.seconds),
            rounded(seen.reads.len() as f64),
            micros(0.5),
            micros(0.999),
            rounded(seen.writes as f64 / seen.seconds),
        ]);
    }
    let about = format!(
        "Ours alone: {} concepts and {} associations to begin with, then {} checkpoints within {seconds} s. \
         One thread gets a random concept and goes over the neighbours of another in turns, on the newest state; one writes \
         {RATE} times a second, a new concept and an association in turns. One round.",
        options.concepts,
        options.associations,
        watched.checkpoints.len()
    );
    Ok(section("Checkpoint under load", &about, &rows))
}

fn watch(store: &Sutra, known: &[Id], time: Duration) -> Outcome<Watched> {
    let (over, never) = (AtomicBool::new(false), AtomicBool::new(false));
    let start = Instant::now();
    std::thread::scope(|scope| {
        let looker = scope.spawn(|| checkpoints(&store.memory, start, &over));
        let writer = scope.spawn(|| {
            let schedule = Schedule::new(&[(RATE, time.as_secs_f64())]);
            let mut paced = Paced::new(Burst::new(known, &never, 5), schedule, start);
            store.write(&mut paced).expect("writes");
            paced.given.into_iter().map(|(_, given)| given).collect()
        });
        let reads = reads(store, known, start, time);
        let writes = writer.join().expect("writes");
        // One that runs is not lost, but known by its end.
        let flushed = store.memory.flush();
        // Relaxed: it says when to stop, nothing else.
        over.store(true, Ordering::Relaxed);
        let checkpoints = looker.join().expect("looks");
        flushed?;
        Ok(Watched { reads: reads?, writes, checkpoints })
    })
}

fn reads(store: &Sutra, known: &[Id], start: Instant, time: Duration) -> Outcome<Vec<(Duration, Duration)>> {
    let (mut random, mut reader) = (Random::new(6), store.reader()?);
    let (mut reads, mut gets, mut before) = (Vec::new(), false, start.elapsed());
    while before < time {
        let id = random.choose(known);
        gets = !gets;
        let begun = start.elapsed();
        one(&mut *reader, id, gets)?;
        before = start.elapsed();
        reads.push((before, before - begun));
    }
    Ok(reads)
}

/// Begin and end of each, until it is over.
fn checkpoints(memory: &ConcurrentMemory, start: Instant, over: &AtomicBool) -> Vec<(Duration, Duration)> {
    let (mut all, mut count) = (Vec::new(), memory.stats().storage.checkpoints);
    loop {
        // Before the look: the last one sees what had ended by then.
        let last = over.load(Ordering::Relaxed);
        let storage = memory.stats().storage;
        if storage.checkpoints != count {
            let ended = start.elapsed();
            count = storage.checkpoints;
            all.push((ended.saturating_sub(Duration::from_micros(storage.checkpoint_us)), ended));
        }
        if last {
            return all;
        }
        sleep(Duration::from_millis(1));
    }
}

impl Watched {
    fn running(&self, from: Duration, to: Duration) -> bool {
        self.checkpoints.iter().any(|(began, ended)| from <= *ended && *began <= to)
    }

    fn seen(&self, running: bool, seconds: f64) -> Outcome<Seen> {
        let total = Duration::from_secs_f64(seconds);
        let busy =
            self.checkpoints.iter().map(|(began, ended)| ended.min(&total).saturating_sub(*began)).sum::<Duration>();
        let mut reads = times()?;
        for (ended, took) in self.reads.iter().filter(|(ended, took)| self.running(*ended - *took, *ended) == running) {
            debug_assert!(took <= ended);
            reads.saturating_record(u64::try_from(took.as_nanos())?);
        }
        let writes = self.writes.iter().filter(|at| self.running(**at, **at) == running).count();
        let seconds = if running { busy.as_secs_f64() } else { seconds - busy.as_secs_f64() };
        Ok(Seen { seconds, reads, writes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_a_checkpoint_is_counted_with_it() {
        let at = Duration::from_millis;
        let watched = Watched {
            reads: vec![(at(10), at(1)), (at(21), at(2)), (at(25), at(1)), (at(40), at(1))],
            writes: vec![at(5), at(22), at(99)],
            checkpoints: vec![(at(20), at(30)), (at(90), at(120))],
        };
        let (idle, busy) = (watched.seen(false, 0.1).unwrap(), watched.seen(true, 0.1).unwrap());
        assert_eq!((idle.reads.len(), busy.reads.len(), idle.writes, busy.writes), (2, 2, 1, 2));
        assert!((busy.seconds - 0.02).abs() < 1e-9 && (idle.seconds - 0.08).abs() < 1e-9);
    }
}
