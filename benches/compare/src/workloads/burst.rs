//! Reads in a closed loop, while nothing is written and in a full burst of writes.
//!
//! One thread takes the newest state, gets a random concept, takes the newest state, goes over its neighbours; each of the
//! two is a sample. In a burst another thread writes as fast as the engine takes it.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::read::filled;
use super::turns;
use crate::engine::{Engine, Id, Reader};
use crate::engines::black_hole::BlackHole;
use crate::options::Options;
use crate::report::{Measure, Unit, table};
use crate::work::{Burst, ids};

pub(super) const SHARES: [(f64, &str); 3] = [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")];

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let known = ids(0..options.concepts);
    let stores = filled(options, &known)?;
    let (idle_time, burst_time) =
        (Duration::from_secs_f64(options.seconds), Duration::from_secs_f64(options.seconds * 2.0));
    let columns =
        |when: &str| SHARES.map(|(_, share)| Measure::new(format!("{share} {when}"), Unit::Micros, stores.len()));
    let (mut idle, mut busy) = (columns("idle"), columns("in the burst"));
    let mut writes = Measure::new("writes in the burst", Unit::Rate, stores.len());
    for (round, engine) in turns(options) {
        let store = &*stores[engine].store;
        store.rest()?;
        record(&mut idle, engine, &read(store, &known, round, idle_time)?);
        let (times, rate) = while_writing(store, &known, round, || read(store, &known, round, burst_time))?;
        record(&mut busy, engine, &times);
        writes.add(engine, rate);
    }
    for opened in stores {
        opened.close()?;
    }
    let clock = read(&BlackHole, &known, 0, idle_time / 5)?.value_at_quantile(0.5);
    let about = format!(
        "{} concepts and {} associations to begin with; a burst is a new concept and an association between known ones, in \
         turns, for {} s, and each round adds to the store. A sample is one read on the newest state; the clock takes about \
         {clock} ns of each and is not subtracted.",
        options.concepts,
        options.associations,
        burst_time.as_secs_f64()
    );
    let measures: Vec<_> = idle.into_iter().chain(busy).chain([writes]).collect();
    Ok(table("Reads in a burst of writes", &about, &options.engines, &measures))
}

/// Reads while another thread writes as fast as the engine takes it; and its writes a second.
pub(super) fn while_writing<T>(
    store: &dyn Engine,
    known: &[Id],
    seed: usize,
    reads: impl FnOnce() -> Outcome<T>,
) -> Outcome<(T, f64)> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut burst = Burst::new(known, &over, seed as u64);
            let start = Instant::now();
            store.write(&mut burst).expect("writes");
            burst.given as f64 / start.elapsed().as_secs_f64()
        });
        let times = reads();
        // Relaxed: it says when to stop, nothing else.
        over.store(true, Ordering::Relaxed);
        Ok((times?, writer.join().expect("writes")))
    })
}

/// Adds the percentiles of a round.
pub(super) fn record(columns: &mut [Measure; 3], engine: usize, times: &Histogram<u64>) {
    for (measure, (share, _)) in columns.iter_mut().zip(SHARES) {
        measure.add(engine, times.value_at_quantile(share) as f64 / 1e3);
    }
}

/// Times in nanoseconds up to a hundred seconds, to three digits.
pub(super) fn times() -> Outcome<Histogram<u64>> {
    Ok(Histogram::new_with_max(100_000_000_000, 3)?)
}

/// A get or, in turns with it, the neighbours of a concept, on what is newest.
pub(super) fn one(reader: &mut dyn Reader, id: &Id, gets: bool) -> Outcome {
    reader.newest()?;
    if gets {
        black_box(reader.get(id)?);
    } else {
        black_box(reader.neighbours(id)?);
    }
    Ok(())
}

/// Nanoseconds of each read.
fn read(store: &dyn Engine, ids: &[Id], seed: usize, time: Duration) -> Outcome<Histogram<u64>> {
    let mut times = times()?;
    let mut reader = store.reader()?;
    let mut random = Random::new(seed as u64);
    let start = Instant::now();
    let (mut before, mut gets) = (start, false);
    while before - start < time {
        let id = random.choose(ids);
        gets = !gets;
        let begun = Instant::now();
        one(&mut *reader, id, gets)?;
        before = Instant::now();
        times.saturating_record(u64::try_from((before - begun).as_nanos())?);
    }
    Ok(times)
}
