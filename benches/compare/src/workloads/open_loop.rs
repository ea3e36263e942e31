//! Reads that come at a fixed rate, whether or not those before have ended, in a full burst of writes. A latency is counted
//! from when its read was due, so that a read that had to wait for others shows it.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::burst::{SHARES, one, record, times, while_writing};
use super::read::filled;
use super::turns;
use crate::engine::{Engine, Id};
use crate::engines::black_hole::BlackHole;
use crate::options::Options;
use crate::pace::{Schedule, precisely};
use crate::report::{Measure, Unit, table};
use crate::work::ids;

/// Reads a second.
const RATES: [f64; 2] = [2_000.0, 57_000.0];

/// Reads of one phase of a schedule.
pub(super) struct Reads {
    /// Nanoseconds from when each was due to its end. One that was not made counts up to the end of the schedule.
    pub(super) times: Histogram<u64>,
    pub(super) offered: u64,
    pub(super) made: u64,
}

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let known = ids(0..options.concepts);
    let stores = filled(options, &known)?;
    let seconds = options.seconds * 2.0;
    let measures = |rate: f64| {
        let name = |what: &str| format!("{what}, {rate} reads/s");
        let percentiles = SHARES.map(|(_, share)| Measure::new(name(share), Unit::Micros, stores.len()));
        let made = Measure::new(name("reads made"), Unit::Share, stores.len());
        (percentiles, made, Measure::new(name("writes"), Unit::Rate, stores.len()))
    };
    let mut measures = RATES.map(measures);
    for (round, engine) in turns(options) {
        let store = &*stores[engine].store;
        for (rate, (percentiles, made, writes)) in RATES.into_iter().zip(&mut measures) {
            store.rest()?;
            let schedule = Schedule::new(&[(rate, seconds)]);
            let (reads, wrote) = while_writing(store, &known, round, || read(store, &known, schedule, 1, round))?;
            record(percentiles, engine, &reads[0].times);
            made.add(engine, share(&reads));
            writes.add(engine, wrote);
        }
    }
    for opened in stores {
        opened.close()?;
    }
    let itself = RATES.map(|rate| -> Outcome<_> {
        let alone = read(&BlackHole, &known, Schedule::new(&[(rate, seconds / 5.0)]), 1, 0)?;
        Ok(alone[0].times.value_at_quantile(0.999) as f64 / 1e3)
    });
    let [slow, fast] = itself;
    let about = format!(
        "{} concepts and {} associations to begin with. For {seconds} s a read is due at fixed times, on the newest state: a get \
         and the neighbours of random concepts in turns; meanwhile another thread writes as fast as the engine takes it, a new \
         concept and an association in turns. Latencies count from when a read was due; one that the time did not suffice for \
         counts up to its end. Waiting for a processor counts: where the engine has a busy thread besides the writer, three share the \
         machine's cores. Reads that do nothing, without a writer, are late by {:.1} us and {:.1} us (p99.9), which is \
         not subtracted.",
        options.concepts, options.associations, slow?, fast?
    );
    let measures: Vec<_> =
        measures.into_iter().flat_map(|(p, made, writes)| p.into_iter().chain([made, writes])).collect();
    Ok(table("Reads at a fixed rate in a burst of writes", &about, &options.engines, &measures))
}

/// Reads made of those offered, in per cent.
pub(super) fn share<'r>(reads: impl IntoIterator<Item = &'r Reads>) -> f64 {
    let (made, offered) = reads.into_iter().fold((0, 0), |(made, all), reads| (made + reads.made, all + reads.offered));
    100.0 * made as f64 / offered as f64
}

/// Makes the reads of a schedule until its time is over, by phase.
pub(super) fn read(
    store: &dyn Engine,
    ids: &[Id],
    schedule: Schedule,
    phases: usize,
    seed: usize,
) -> Outcome<Vec<Reads>> {
    let mut all =
        (0..phases).map(|_| Ok(Reads { times: times()?, offered: 0, made: 0 })).collect::<Outcome<Vec<_>>>()?;
    let mut reader = store.reader()?;
    let mut random = Random::new(seed as u64);
    let (start, total, mut gets) = (Instant::now(), schedule.total(), false);
    for (phase, due) in schedule {
        let reads = &mut all[phase];
        reads.offered += 1;
        precisely(start + due);
        let mut ended = start.elapsed();
        if ended < total {
            gets = !gets;
            one(&mut *reader, random.choose(ids), gets)?;
            ended = start.elapsed();
            reads.made += 1;
        }
        reads.times.saturating_record(nanos(ended.saturating_sub(due)));
    }
    Ok(all)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_counts_whether_made_or_not() {
        let ids = ids(0..10);
        let schedule = Schedule::new(&[(1000.0, 0.01), (100.0, 0.05)]);
        let reads = read(&BlackHole, &ids, schedule, 2, 1).unwrap();
        assert_eq!((reads[0].offered, reads[1].offered), (10, 5));
        assert!(reads.iter().all(|reads| reads.times.len() == reads.offered && reads.made <= reads.offered));
        assert!(share(&reads) <= 100.0);
    }
}
