//! Learning new concepts into a store of one, from the first call until all are durable and visible.

use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::{Opened, generator, rate, seconds, subtracted, turns};
use crate::options::Options;
use crate::report::{Measure, Unit, table};
use crate::work::{CONTENT, Concepts, ids, vectors};

/// Vectors that are made; they are taken round and round.
const VECTORS: usize = 1_000;

pub(crate) fn without_vectors(options: &Options) -> Outcome<String> {
    measure(options, options.concepts, None)
}

pub(crate) fn with_vectors(options: &Options, dimension: usize) -> Outcome<String> {
    measure(options, (options.vectors * 384 / dimension).max(1), Some(dimension))
}

fn measure(options: &Options, count: usize, dimension: Option<usize>) -> Outcome<String> {
    let ids = ids(0..count + 1);
    let (first, ids) = ids.split_at(1);
    let vectors = dimension.map_or(Vec::new(), |dimension| vectors(&mut Random::new(1), VECTORS, dimension));
    let generator = generator(|| Concepts::new(ids, &vectors, 2))?;
    let mut rates = Measure::new("learn", Unit::Rate, options.engines.len());
    for (_, engine) in turns(options) {
        let opened = Opened::new(options.engines[engine])?;
        // Files that a first write makes are made.
        opened.store.write(&mut Concepts::new(first, &vectors, 1))?;
        let spent = seconds(&*opened.store, &mut Concepts::new(ids, &vectors, 2))?;
        rates.add(engine, rate(count, spent, generator));
        opened.close()?;
    }
    let what = dimension.map_or("without vectors".to_owned(), |dimension| format!("with {dimension}-d vectors"));
    let about = format!(
        "{count} new concepts of {CONTENT} random bytes, by one thread, until all are durable and visible. {}",
        subtracted(generator, count)
    );
    Ok(table(&format!("Learn {what}"), &about, &options.engines, &[rates]))
}
