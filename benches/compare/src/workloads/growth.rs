//! What every figure of ours does while one store grows, with five associations for each concept.

use std::time::Instant;

use sutra_benches::store::{Folder, rest};
use sutra_benches::{Outcome, median};

use super::read::{self, Read, nanos};
use super::seconds;
use crate::engine::{Engine, Id};
use crate::engines::sutra::Sutra;
use crate::options::Options;
use crate::report::{rounded, section};
use crate::work::{Concepts, Drawn, ids};

/// Associations of a concept.
const DEGREE: usize = 5;
/// Writes that are measured.
const WRITES: usize = 20_000;
/// Concepts that a flush finds new.
const NEW: usize = 10_000;
/// The size that the others are compared with, if it is reached.
const COMMON: usize = 1_000_000;

const FIGURES: [&str; 7] = ["learn/s", "associate/s", "get ns", "miss ns", "neighbours ns", "flush ms", "open ms"];

/// A store that grows.
struct Growing<'a> {
    folder: Folder,
    store: Sutra,
    /// Of all concepts that there will ever be.
    ids: &'a [Id],
    concepts: usize,
    associations: usize,
}

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let sizes = sizes(options.growth_to);
    let ids = ids(0..options.growth_to + sizes.len() * options.rounds * (WRITES + NEW));
    let unknown = crate::work::ids(ids.len()..ids.len() + options.growth_to.min(COMMON));
    let folder = Folder::new()?;
    let store = Sutra::open(folder.path(), |_| {})?;
    let mut growing = Growing { folder, store, ids: &ids, concepts: 0, associations: 0 };
    let mut measured = Vec::new();
    for &size in &sizes {
        growing.grow(size)?;
        let began = (growing.concepts, growing.associations);
        let reads: [(Read, &[Id]); 3] = [
            (read::hit, &ids[..growing.concepts]),
            (read::miss, &unknown),
            (read::neighbours, &ids[..growing.concepts]),
        ];
        let mut rounds = [const { Vec::new() }; FIGURES.len()];
        for _ in 0..options.rounds {
            read::all_once(&growing.store, &ids[..growing.concepts])?;
            for (at, (read, ids)) in reads.into_iter().enumerate() {
                let time = std::time::Duration::from_secs_f64(options.seconds);
                rounds[2 + at].push(nanos(&growing.store, ids, read, time)?);
            }
            rounds[0].push(growing.learn(WRITES)?);
            rounds[1].push(growing.associate(WRITES)?);
            rounds[5].push(growing.flush()?);
            growing = growing.opened_again(&mut rounds[6])?;
        }
        measured.push((size, began, rounds.map(|rounds| median(&rounds))));
    }
    growing.store.memory.close()?;
    let about = format!(
        "Ours alone: one store that grows, with {DEGREE} associations for each concept; behind each figure its ratio to the \
         row of {} concepts. Learn and associate are the next {WRITES} writes, until they are durable and visible; get, miss \
         and neighbours the mean of {} s, of random ids, after each concept was read once; flush is of {NEW} new concepts; open is after a clean close, with the \
         first get. What was written to measure a row counts to the next one. Medians of {} round(s).",
        rounded(base(&measured).1.0 as f64),
        options.seconds,
        options.rounds
    );
    Ok(section("Growth", &about, &rows(&measured)))
}

/// Sizes in tens, and the largest one.
fn sizes(most: usize) -> Vec<usize> {
    let tens = std::iter::successors(Some(10_000), |size| Some(size * 10));
    let mut sizes: Vec<_> = tens.take_while(|size| *size < most).collect();
    sizes.push(most);
    sizes
}

type Measured = (usize, (usize, usize), [f64; FIGURES.len()]);

/// What the others are compared with.
fn base(measured: &[Measured]) -> &Measured {
    measured.iter().find(|(size, ..)| *size == COMMON).unwrap_or(&measured[0])
}

fn rows(measured: &[Measured]) -> Vec<[String; 2 + FIGURES.len()]> {
    let cells = |first: [String; 2], figures: [String; FIGURES.len()]| {
        let mut cells = first.into_iter().chain(figures);
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    };
    let (_, _, compared) = base(measured);
    let mut rows = vec![cells(["concepts", "associations"].map(str::to_owned), FIGURES.map(str::to_owned))];
    for (_, (concepts, associations), figures) in measured {
        let figures = std::array::from_fn(|at| format!("{} ({:.2})", rounded(figures[at]), figures[at] / compared[at]));
        rows.push(cells([concepts, associations].map(|count| rounded(*count as f64)), figures));
    }
    rows
}

impl Growing<'_> {
    /// Grows to so many concepts, if there are fewer.
    fn grow(&mut self, size: usize) -> Outcome {
        self.learn(size.saturating_sub(self.concepts))?;
        self.associate((DEGREE * self.concepts).saturating_sub(self.associations))?;
        self.store.rest()
    }

    /// Concepts a second.
    fn learn(&mut self, count: usize) -> Outcome<f64> {
        self.store.rest()?;
        let new = &self.ids[self.concepts..self.concepts + count];
        self.concepts += count;
        Ok(count as f64 / seconds(&self.store, &mut Concepts::new(new, &[], 2))?)
    }

    /// Associations a second.
    fn associate(&mut self, count: usize) -> Outcome<f64> {
        self.store.rest()?;
        let known = &self.ids[..self.concepts];
        self.associations += count;
        // Others each time: the seed is how many there are.
        let mut drawn = Drawn::new(known, count, self.associations as u64);
        Ok(count as f64 / seconds(&self.store, &mut drawn)?)
    }

    /// Milliseconds of a flush.
    fn flush(&mut self) -> Outcome<f64> {
        self.learn(NEW)?;
        rest(&self.store.memory);
        let start = Instant::now();
        self.store.memory.flush()?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }

    /// Closes it and opens it again; adds the milliseconds that took until the first get.
    fn opened_again(self, millis: &mut Vec<f64>) -> Outcome<Self> {
        self.store.memory.close()?;
        drop(self.store);
        let start = Instant::now();
        let store = Sutra::open(self.folder.path(), |_| {})?;
        read::hit(&mut *store.reader()?, &self.ids[self.concepts / 2])?;
        millis.push(start.elapsed().as_secs_f64() * 1e3);
        Ok(Self { store, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_end_with_the_largest() {
        assert_eq!(sizes(20_000), [10_000, 20_000]);
        assert_eq!(sizes(1_000_000), [10_000, 100_000, 1_000_000]);
        assert_eq!(sizes(10_000), [10_000]);
    }

    #[test]
    fn a_row_is_compared_with_the_common_size() {
        let row = |size, figure| (size, (size, 5 * size), [figure; FIGURES.len()]);
        let rows = rows(&[row(100_000, 1.0), row(COMMON, 4.0)]);
        assert_eq!(rows[1][..3], ["100,000", "500,000", "1.00 (0.25)"].map(str::to_owned));
        assert_eq!(rows[2][8], "4.00 (1.00)");
    }
}
