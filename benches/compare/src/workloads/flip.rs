//! Learning and reasoning in turns: many writes and few reads, then few writes and many reads, and the same again, on one
//! open store. Both come at their own times.

use std::time::Instant;

use hdrhistogram::Histogram;
use sutra_benches::Outcome;

use super::burst::{SHARES, record, times};
use super::open_loop::{Reads, read, share};
use super::read::filled;
use crate::engine::{Engine, Id};
use crate::options::Options;
use crate::pace::{Paced, Schedule};
use crate::report::{Measure, Unit, table};
use crate::work::{Burst, ids};

/// A name, writes and reads a second.
const KINDS: [(&str, f64, f64); 2] = [("learning", 2_000.0, 10.0), ("reasoning", 10.0, 3_000.0)];

/// Each kind so often.
const TIMES: usize = 2;

/// Of one phase kind.
struct Phase {
    reads: Histogram<u64>,
    /// In per cent of those offered.
    reads_made: f64,
    writes_made: f64,
}

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let known = ids(0..options.concepts);
    let stores = filled(options, &known)?;
    let mut measures = KINDS.map(|(kind, ..)| {
        let percentiles =
            SHARES.map(|(_, share)| Measure::new(format!("{kind}: read {share}"), Unit::Micros, stores.len()));
        let made = |what: &str| Measure::new(format!("{kind}: {what} made"), Unit::Share, stores.len());
        (percentiles, made("reads"), made("writes"))
    });
    let seconds = options.flip / (TIMES * KINDS.len()) as f64;
    for (engine, opened) in stores.iter().enumerate() {
        opened.store.rest()?;
        for ((percentiles, reads, writes), phase) in measures.iter_mut().zip(flip(&*opened.store, &known, seconds)?) {
            record(percentiles, engine, &phase.reads);
            reads.add(engine, phase.reads_made);
            writes.add(engine, phase.writes_made);
        }
    }
    for opened in stores {
        opened.close()?;
    }
    let kinds = KINDS.map(|(kind, writes, reads)| format!("{kind}, {writes} writes/s and {reads} reads/s"));
    let about = format!(
        "{} concepts and {} associations to begin with. {} times in turns, {seconds} s each: {}. Both are due at fixed times: a \
         new concept and an association between known ones in turns; a get and the neighbours of random concepts in turns, on \
         the newest state. Latencies of reads count from when they were due; a write is made if the engine took it before its \
         phase was over.",
        options.concepts,
        options.associations,
        TIMES,
        kinds.join("; ")
    );
    let measures: Vec<_> =
        measures.into_iter().flat_map(|(p, reads, writes)| p.into_iter().chain([reads, writes])).collect();
    Ok(table("Flip", &about, &options.engines, &measures))
}

fn schedule(seconds: f64, rate: fn(&(&str, f64, f64)) -> f64) -> Schedule {
    let phases: Vec<_> = std::iter::repeat_n(KINDS, TIMES).flatten().map(|kind| (rate(&kind), seconds)).collect();
    Schedule::new(&phases)
}

/// All phases; what was measured by their kinds.
fn flip(store: &dyn Engine, known: &[Id], seconds: f64) -> Outcome<Vec<Phase>> {
    let writes = schedule(seconds, |(_, writes, _)| *writes);
    let over = std::sync::atomic::AtomicBool::new(false);
    let start = Instant::now();
    let (reads, made) = std::thread::scope(|scope| -> Outcome<_> {
        let writer = scope.spawn(|| {
            let mut paced = Paced::new(Burst::new(known, &over, 5), writes.clone(), start);
            store.write(&mut paced).expect("writes");
            paced.given
        });
        let reads = read(store, known, schedule(seconds, |(_, _, reads)| *reads), TIMES * KINDS.len(), 6);
        Ok((reads?, writer.join().expect("writes")))
    })?;
    (0..KINDS.len())
        .map(|kind| {
            let of_kind: Vec<&Reads> = reads.iter().skip(kind).step_by(KINDS.len()).collect();
            let mut all = times()?;
            for reads in &of_kind {
                all.add(&reads.times)?;
            }
            let offered = writes.clone().filter(|(phase, _)| phase % KINDS.len() == kind).count();
            let in_time = made.iter().filter(|((phase, _), given)| {
                phase % KINDS.len() == kind && given.as_secs_f64() < seconds * (phase + 1) as f64
            });
            let writes_made = 100.0 * in_time.count() as f64 / offered as f64;
            Ok(Phase { reads: all, reads_made: share(of_kind.iter().copied()), writes_made })
        })
        .collect()
}
