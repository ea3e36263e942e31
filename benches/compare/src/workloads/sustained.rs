//! Writing for ten seconds, and for minutes: what is left of a rate when memory tables are full, when logs have gone round and
//! when compactions and checkpoints go on all the time.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::disk::allocated;
use super::{Opened, generator};
use crate::engine::{Id, Source, Write};
use crate::engines::Kind;
use crate::options::Options;
use crate::report::{Measure, Unit, rounded, table};
use crate::work::{CONTENT, Concepts, Drawn, Fresh, ids, vectors};

/// Concepts, or associations, at which it ends.
const MOST: [u64; 2] = [10_000_000, 50_000_000];
/// Bytes of a store, and of what it was given, at which it ends.
const BYTES: u64 = 12_000_000_000;
/// Vectors that are made; they are taken round and round.
const VECTORS: usize = 4_000;
/// A burst.
const BURST: Duration = Duration::from_secs(10);
/// Writes between two looks at the clock.
const WRITES_A_LOOK: u64 = 16;

/// What is written.
#[derive(Clone, Copy)]
enum Kinds {
    Concepts,
    /// With vectors of so many dimensions.
    Vectors(usize),
    Associations,
}

const ALL: [(&str, Kinds); 4] = [
    ("learn", Kinds::Concepts),
    ("learn with 384-d vectors", Kinds::Vectors(384)),
    ("learn with 768-d vectors", Kinds::Vectors(768)),
    ("associate", Kinds::Associations),
];

/// What all engines are given.
struct Given {
    time: Duration,
    known: Vec<Id>,
    vectors: usize,
}

/// `--sustain` seconds.
pub(crate) fn run(options: &Options) -> Outcome<String> {
    measure(options, "Sustained", Duration::from_secs_f64(options.sustain))
}

/// A burst of ten seconds.
pub(crate) fn ten_seconds(options: &Options) -> Outcome<String> {
    measure(options, "Ten seconds", if options.quick { BURST / 20 } else { BURST })
}

fn measure(options: &Options, title: &str, time: Duration) -> Outcome<String> {
    let given = Given { time, known: ids(0..options.concepts * 5), vectors: VECTORS.min(options.vectors) };
    let engines = options.engines.len();
    let mut measures = Vec::new();
    for (name, kinds) in ALL {
        let parts = ["all", "last third", "seconds"];
        let mut rates = parts.map(|part| Measure::new(format!("{name}, {part}"), unit(part), engines));
        for (engine, kind) in options.engines.iter().enumerate() {
            let marks = sustain(*kind, kinds, &given)?;
            let Some(&(end, count)) = marks.last() else { continue };
            let end = end.as_secs_f64();
            rates[0].add(engine, count / end);
            rates[1].add(engine, (count - at(&marks, end * 2.0 / 3.0)) / (end / 3.0));
            rates[2].add(engine, end);
            // What the engine before has left to the disk to do is not the next one's to wait for.
            sleep((given.time / 60).min(Duration::from_secs(5)));
        }
        measures.extend(rates);
    }
    let sample = 100_000;
    let drawn = generator(|| Drawn::new(&given.known, sample, 4))? * 1e9 / sample as f64;
    let about = format!(
        "By one thread for {} s, or until there are {} concepts or {} associations, or until the store, or what it was given, \
         has {} GB: whichever comes first. The seconds are how long it was, until all was durable and visible. The last third \
         is the rate of the last third of that time. Concepts have {CONTENT} random bytes and are learned into an empty store; \
         associations are uniform among {} concepts. Making one takes {drawn:.0} ns, which is not subtracted.",
        time.as_secs_f64(),
        rounded(MOST[0] as f64),
        rounded(MOST[1] as f64),
        BYTES / 1_000_000_000,
        rounded(given.known.len() as f64)
    );
    Ok(table(title, &about, &options.engines, &measures))
}

fn unit(part: &str) -> Unit {
    if part == "seconds" { Unit::Seconds } else { Unit::Rate }
}

/// What one engine takes: so many writes at so many moments, the last when all was durable. The store is gone then.
fn sustain(kind: Kind, kinds: Kinds, given: &Given) -> Outcome<Vec<(Duration, f64)>> {
    let opened = Opened::new(kind)?;
    if matches!(kinds, Kinds::Associations) {
        opened.store.write(&mut Concepts::new(&given.known, &[], 2))?;
        opened.store.rest()?;
    }
    let vectors = match kinds {
        Kinds::Vectors(dimension) => vectors(&mut Random::new(1), given.vectors, dimension),
        Kinds::Concepts | Kinds::Associations => Vec::new(),
    };
    let mut fresh = Fresh::new(&vectors, 3);
    let mut drawn = Drawn::new(&given.known, usize::MAX, 4);
    let (writes, most): (&mut dyn Source, _) = match kinds {
        Kinds::Associations => (&mut drawn, MOST[1]),
        Kinds::Concepts | Kinds::Vectors(_) => (&mut fresh, MOST[0]),
    };
    let mut counted = Counted::new(writes, opened.folder.path(), most, given.time);
    opened.store.write(&mut counted)?;
    counted.mark();
    let marks = counted.marks;
    opened.close()?;
    Ok(marks)
}

/// Writes until one of the bounds is met, counted against the clock.
struct Counted<'a> {
    writes: &'a mut dyn Source,
    folder: &'a Path,
    most: u64,
    time: Duration,
    start: Instant,
    given: u64,
    bytes: u64,
    /// When, and how many were given by then.
    marks: Vec<(Duration, f64)>,
    looked_at_disk: Duration,
}

impl<'a> Counted<'a> {
    fn new(writes: &'a mut dyn Source, folder: &'a Path, most: u64, time: Duration) -> Self {
        let start = Instant::now();
        let (given, bytes, marks) = (0, 0, vec![(Duration::ZERO, 0.0)]);
        Self { writes, folder, most, time, start, given, bytes, marks, looked_at_disk: Duration::ZERO }
    }

    fn mark(&mut self) {
        self.marks.push((self.start.elapsed(), self.given as f64));
    }

    fn over(&mut self) -> bool {
        /// Between two counts.
        const MARK: Duration = Duration::from_millis(20);
        /// Between two looks at how large the store is.
        const LOOK: Duration = Duration::from_millis(500);
        let now = self.start.elapsed();
        if self.marks.last().is_none_or(|(then, _)| now - *then >= MARK) {
            self.marks.push((now, self.given as f64));
        }
        if now >= self.time || self.bytes >= BYTES {
            return true;
        }
        if now - self.looked_at_disk < LOOK {
            return false;
        }
        self.looked_at_disk = now;
        // What cannot be seen now can be the next time.
        allocated(self.folder).is_ok_and(|bytes| bytes >= BYTES)
    }
}

impl Source for Counted<'_> {
    fn next(&mut self) -> Option<Write<'_>> {
        if self.given == self.most || self.given.is_multiple_of(WRITES_A_LOOK) && self.over() {
            return None;
        }
        let write = self.writes.next()?;
        self.given += 1;
        self.bytes += match &write {
            Write::Learn { content, vector, .. } => 16 + content.len() + size_of_val(vector.unwrap_or_default()),
            Write::Associate { .. } => 2 * 16,
        } as u64;
        Some(write)
    }
}

/// How many were given by a second, between two marks in proportion.
fn at(marks: &[(Duration, f64)], second: f64) -> f64 {
    let after = marks.partition_point(|(then, _)| then.as_secs_f64() < second);
    let Some((end, to)) = marks.get(after) else { return marks.last().map_or(0.0, |(_, count)| *count) };
    let Some((begin, from)) = after.checked_sub(1).and_then(|before| marks.get(before)) else { return *to };
    let share = (second - begin.as_secs_f64()) / (end.as_secs_f64() - begin.as_secs_f64());
    from + (to - from) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_between_marks_are_in_proportion() {
        let marks = [(0, 0.0), (1, 10.0), (3, 50.0)].map(|(second, count)| (Duration::from_secs(second), count));
        for (second, count) in [(0.0, 0.0), (0.5, 5.0), (1.0, 10.0), (2.0, 30.0), (3.0, 50.0), (9.0, 50.0)] {
            assert_eq!(at(&marks, second), count, "{second}");
        }
    }

    #[test]
    fn writes_end_at_their_bound() {
        let folder = sutra_benches::store::Folder::new().unwrap();
        let mut fresh = Fresh::new(&[], 1);
        let mut counted = Counted::new(&mut fresh, folder.path(), 40, Duration::from_secs(3600));
        assert_eq!(std::iter::from_fn(|| counted.next().map(|_| ())).count(), 40);
        assert_eq!(counted.bytes, 40 * (16 + CONTENT as u64));
        let mut timeless = Counted::new(&mut fresh, folder.path(), 40, Duration::ZERO);
        assert!(timeless.next().is_none());
    }
}
