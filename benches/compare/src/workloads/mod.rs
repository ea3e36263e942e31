//! What is measured. Every workload goes round over all engines, each round beginning with another one; those that are long
//! have one round, and those that are about the growth of ours, or about its threads, have no other engine.

mod associate;
mod burst;
mod checkpoint;
mod disk;
mod flip;
mod growth;
mod held;
mod learn;
mod memory;
mod open;
mod open_loop;
mod read;
mod sustained;

use std::time::Instant;

use sutra_benches::Outcome;
use sutra_benches::store::Folder;

use crate::child::Role;
use crate::engine::{Engine, Id, Source};
use crate::engines::Kind;
use crate::engines::black_hole::BlackHole;
use crate::options::Options;
use crate::work::{Concepts, Drawn};

/// Its name and what measures it: a section in Markdown.
pub(crate) type Workload = (&'static str, fn(&Options) -> Outcome<String>);

/// In the order in which they run.
pub(crate) const WORKLOADS: &[Workload] = &[
    ("learn", learn::without_vectors),
    ("learn-384", |options| learn::with_vectors(options, 384)),
    ("learn-768", |options| learn::with_vectors(options, 768)),
    ("associate", associate::uniform),
    ("associate-skewed", associate::skewed),
    ("read", read::run),
    ("burst", burst::run),
    ("open-loop", open_loop::run),
    ("flip", flip::run),
    ("checkpoint", checkpoint::run),
    ("held", held::run),
    ("open", open::run),
    ("disk", disk::run),
    ("memory", memory::run),
    ("growth", growth::run),
    ("ten-seconds", sustained::ten_seconds),
    ("sustained", sustained::run),
];

/// What processes of their own do for them.
pub(crate) const ROLES: &[Role] =
    &[(held::ROLE, held::child), (memory::ROLE, memory::child), (open::ROLE, open::child)];

/// A store in a folder of its own.
struct Opened {
    // Before the folder: fields are dropped in their order.
    store: Box<dyn Engine>,
    folder: Folder,
}

impl Opened {
    fn new(kind: Kind) -> Outcome<Self> {
        let folder = Folder::new()?;
        Ok(Self { store: (kind.open)(folder.path())?, folder })
    }

    /// Closes the store and keeps its folder.
    fn close(self) -> Outcome<Folder> {
        self.store.close()?;
        Ok(self.folder)
    }
}

/// Learns concepts, some of the first ones with vectors, and associations between them.
fn fill(store: &dyn Engine, ids: &[Id], vectors: (usize, &[Vec<f32>]), associations: usize) -> Outcome {
    let (with, without) = ids.split_at(vectors.0.min(ids.len()));
    store.write(&mut Concepts::new(with, vectors.1, 1))?;
    store.write(&mut Concepts::new(without, &[], 2))?;
    store.write(&mut Drawn::new(ids, associations, 3))
}

/// Rounds and the engines of each, by position.
fn turns(options: &Options) -> impl Iterator<Item = (usize, usize)> + use<> {
    let (rounds, engines) = (options.rounds, options.engines.len());
    (0..rounds).flat_map(move |round| (0..engines).map(move |at| (round, (round + at) % engines)))
}

/// Seconds that a write takes.
fn seconds(store: &dyn Engine, writes: &mut dyn Source) -> Outcome<f64> {
    let start = Instant::now();
    store.write(writes)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Seconds that making the writes takes, the least of some: what is subtracted from every engine's.
fn generator<S: Source>(mut writes: impl FnMut() -> S) -> Outcome<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        least = least.min(seconds(&BlackHole, &mut writes())?);
    }
    Ok(least)
}

/// How a table says what was subtracted.
fn subtracted(seconds: f64, count: usize) -> String {
    format!("Making them takes {:.0} ns each, which is subtracted.", seconds * 1e9 / count as f64)
}

/// Elements a second without the generator's part.
fn rate(count: usize, seconds: f64, generator: f64) -> f64 {
    // An engine that is all but free may be within the noise of the generator.
    count as f64 / (seconds - generator).max(seconds / 100.0)
}
