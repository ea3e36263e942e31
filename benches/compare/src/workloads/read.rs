//! Single reads of one thread while nothing is written.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::{Opened, turns};
use crate::engine::{Engine, Id, Reader};
use crate::engines::black_hole::BlackHole;
use crate::options::Options;
use crate::report::{Measure, Unit, table};
use crate::work::{Associations, CONTENT, Concepts, ids, pairs};

/// Reads between two looks at the clock.
const READS_A_LOOK: u32 = 256;

pub(super) type Read = fn(&mut dyn Reader, &Id) -> Outcome;

const READS: [(&str, Read); 3] = [("get, a known id", hit), ("get, an unknown id", miss), ("neighbours", neighbours)];
/// Ids that are asked for together.
const TOGETHER: usize = 64;

pub(super) fn hit(reader: &mut dyn Reader, id: &Id) -> Outcome {
    black_box(reader.get(id)?.ok_or("a concept that was learned is not there")?);
    Ok(())
}

pub(super) fn miss(reader: &mut dyn Reader, id: &Id) -> Outcome {
    black_box(reader.get(id)?);
    Ok(())
}

pub(super) fn neighbours(reader: &mut dyn Reader, id: &Id) -> Outcome {
    black_box(reader.neighbours(id)?);
    Ok(())
}

/// Stores of all engines with the same concepts and associations, at rest.
pub(super) fn filled(options: &Options, ids: &[Id]) -> Outcome<Vec<Opened>> {
    let pairs = pairs(&mut Random::new(3), ids, options.associations);
    let mut all = Vec::new();
    for kind in &options.engines {
        let opened = Opened::new(*kind)?;
        opened.store.write(&mut Concepts::new(ids, &[], 2))?;
        opened.store.write(&mut Associations::new(&pairs, 0.5))?;
        all.push(opened);
    }
    for opened in &all {
        opened.store.rest()?;
    }
    Ok(all)
}

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let (known, unknown) = (ids(0..options.concepts), ids(options.concepts..options.concepts * 2));
    let stores = filled(options, &known)?;
    let time = Duration::from_secs_f64(options.seconds);
    let mut measures = READS.map(|(name, _)| Measure::new(name, Unit::Nanos, stores.len()));
    let mut together = Measure::new("get, 64 known ids together, each", Unit::Nanos, stores.len());
    let asked = [&known, &unknown, &known];
    let mut generators = Vec::new();
    for _ in 0..5 {
        generators.push(nanos(&BlackHole, &known, hit, time / 5)?);
    }
    let generator = generators.into_iter().fold(f64::INFINITY, f64::min);
    for (_, engine) in turns(options) {
        for ((measure, (_, read)), ids) in measures.iter_mut().zip(READS).zip(asked) {
            let spent = nanos(&*stores[engine].store, ids, read, time)?;
            measure.add(engine, (spent - generator).max(0.0));
        }
        let spent = nanos_together(&*stores[engine].store, &known, time)?;
        together.add(engine, (spent - generator).max(0.0));
    }
    let [get, miss, neighbours] = measures;
    let measures = [get, together, miss, neighbours];
    for opened in stores {
        opened.close()?;
    }
    let about = format!(
        "{} concepts of {CONTENT} bytes, {} associations with uniform ends, written in this session; random ids, one thread, \
         mean of {} s. A transaction or snapshot is held for all of them. Choosing an id takes {generator:.1} ns, which is \
         subtracted. A get reads from each 64 bytes, neighbours the ids of all targets. Ours has a call for many gets \
         (`query_concepts`); the others' are made one after the other.",
        options.concepts, options.associations, options.seconds
    );
    Ok(table("Reads", &about, &options.engines, &measures))
}

/// Nanoseconds of a read of one among [`TOGETHER`] ids that are asked for in one call, where the engine has such a call.
fn nanos_together(store: &dyn Engine, ids: &[Id], time: Duration) -> Outcome<f64> {
    let (mut reader, mut random) = (store.reader()?, Random::new(8));
    let mut asked = [[0; 16]; TOGETHER];
    let (start, mut reads) = (Instant::now(), 0.0);
    while start.elapsed() < time {
        asked.fill_with(|| *random.choose(ids));
        black_box(reader.get_all(&asked)?);
        reads += TOGETHER as f64;
    }
    Ok(start.elapsed().as_nanos() as f64 / reads)
}

/// Reads every concept and its neighbours: from a file that was opened, the first reading of each also checks it.
pub(super) fn all_once(store: &dyn Engine, ids: &[Id]) -> Outcome {
    let mut reader = store.reader()?;
    ids.iter().try_for_each(|id| hit(&mut *reader, id).and_then(|()| neighbours(&mut *reader, id)))
}

/// Nanoseconds of a read, the mean over a time.
pub(super) fn nanos(store: &dyn Engine, ids: &[Id], read: Read, time: Duration) -> Outcome<f64> {
    let mut reader = store.reader()?;
    let mut random = Random::new(7);
    for _ in 0..READS_A_LOOK {
        read(&mut *reader, random.choose(ids))?;
    }
    let (start, mut reads) = (Instant::now(), 0.0);
    loop {
        for _ in 0..READS_A_LOOK {
            read(&mut *reader, random.choose(ids))?;
        }
        reads += f64::from(READS_A_LOOK);
        let spent = start.elapsed();
        if spent >= time {
            return Ok(spent.as_nanos() as f64 / reads);
        }
    }
}
