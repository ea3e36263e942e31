//! Learning associations between known concepts: all of them new, then the same ones again in another order.

use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::{Opened, generator, rate, seconds, subtracted, turns};
use crate::engine::Id;
use crate::options::Options;
use crate::report::{Measure, Unit, table};
use crate::work::{Associations, Concepts, Pair, ids, pairs, shuffle, skewed_pairs};

pub(crate) fn uniform(options: &Options) -> Outcome<String> {
    measure(options, "Associate, uniform", "Both ends are drawn uniformly.", pairs)
}

pub(crate) fn skewed(options: &Options) -> Outcome<String> {
    let about = "The source of rank r is drawn with a probability of about 1/r, targets uniformly.";
    measure(options, "Associate, skewed", about, skewed_pairs)
}

fn measure(
    options: &Options,
    title: &str,
    drawn: &str,
    draw: fn(&mut Random, &[Id], usize) -> Vec<Pair>,
) -> Outcome<String> {
    let (concepts, count) = (options.concepts / 4, options.associations);
    let ids = ids(0..concepts);
    let mut random = Random::new(3);
    let pairs = draw(&mut random, &ids, count);
    let mut again = pairs.clone();
    shuffle(&mut random, &mut again);
    let generator = generator(|| Associations::new(&pairs, 0.5))?;
    let engines = options.engines.len();
    let mut new = Measure::new("new", Unit::Rate, engines);
    let mut learned_again = Measure::new("learned again", Unit::Rate, engines);
    for (_, engine) in turns(options) {
        let opened = Opened::new(options.engines[engine])?;
        opened.store.write(&mut Concepts::new(&ids, &[], 2))?;
        opened.store.rest()?;
        let spent = seconds(&*opened.store, &mut Associations::new(&pairs, 0.5))?;
        new.add(engine, rate(count, spent, generator));
        opened.store.rest()?;
        let spent = seconds(&*opened.store, &mut Associations::new(&again, 0.7))?;
        learned_again.add(engine, rate(count, spent, generator));
        opened.close()?;
    }
    let about = format!(
        "{count} associations among {concepts} concepts, by one thread, until all are durable and visible; then the same \
         ones with another confidence. {drawn} {}",
        subtracted(generator, count)
    );
    Ok(table(title, &about, &options.engines, &[new, learned_again]))
}
