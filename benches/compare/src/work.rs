//! What is written: concepts of 100 bytes, with or without vectors; associations, uniform or skewed; lists, or without end.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use sutra_benches::load;
use sutra_benches::random::Random;

use crate::engine::{Id, Source, Write};

/// Bytes of a content.
pub(crate) const CONTENT: usize = 100;

/// Kinds of associations, from 0: all engines know them.
const KINDS: usize = 4;

/// Source, target and kind.
pub(crate) type Pair = (Id, Id, u8);

/// The ids of keys of these numbers.
pub(crate) fn ids(numbers: Range<usize>) -> Vec<Id> {
    load::ids(numbers.start as u64..numbers.end as u64).iter().map(|id| *id.as_bytes()).collect()
}

/// Vectors of a dimension: numbers in [-1, 1).
pub(crate) fn vectors(random: &mut Random, count: usize, dimension: usize) -> Vec<Vec<f32>> {
    (0..count).map(|_| (0..dimension).map(|_| random.signed()).collect()).collect()
}

fn pair(random: &mut Random, source: Id, ids: &[Id]) -> Pair {
    (source, *random.choose(ids), u8::try_from(random.below(KINDS)).unwrap_or(0))
}

/// Pairs of which both ends are drawn uniformly.
pub(crate) fn pairs(random: &mut Random, ids: &[Id], count: usize) -> Vec<Pair> {
    (0..count).map(|_| *random.choose(ids)).collect::<Vec<_>>().into_iter().map(|id| pair(random, id, ids)).collect()
}

/// Pairs whose sources are hubs: the one of rank r is drawn with a probability of about 1/r. Targets are uniform.
pub(crate) fn skewed_pairs(random: &mut Random, ids: &[Id], count: usize) -> Vec<Pair> {
    let all = ids.len() as f64;
    let draw = |random: &mut Random| {
        let rank = all.powf(f64::from(random.signed()).mul_add(0.5, 0.5));
        // At least 1; what is cut off makes it a position.
        ids[(rank as usize - 1).min(ids.len() - 1)]
    };
    (0..count)
        .map(|_| {
            let source = draw(random);
            pair(random, source, ids)
        })
        .collect()
}

/// Changes the order of pairs.
pub(crate) fn shuffle(random: &mut Random, pairs: &mut [Pair]) {
    for at in (1..pairs.len()).rev() {
        pairs.swap(at, random.below(at + 1));
    }
}

/// Learns concepts, each with a content of random bytes.
pub(crate) struct Concepts<'a> {
    ids: std::slice::Iter<'a, Id>,
    vectors: std::iter::Cycle<std::slice::Iter<'a, Vec<f32>>>,
    random: Random,
    content: [u8; CONTENT],
}

impl<'a> Concepts<'a> {
    /// Vectors are taken round and round; without any, the concepts have none.
    pub(crate) fn new(ids: &'a [Id], vectors: &'a [Vec<f32>], seed: u64) -> Self {
        Self { ids: ids.iter(), vectors: vectors.iter().cycle(), random: Random::new(seed), content: [0; CONTENT] }
    }
}

fn fill(bytes: &mut [u8], random: &mut Random) {
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&random.number().to_le_bytes()[..part.len()]);
    }
}

impl Source for Concepts<'_> {
    #[inline]
    fn next(&mut self) -> Option<Write<'_>> {
        let id = self.ids.next()?;
        fill(&mut self.content, &mut self.random);
        Some(Write::Learn { id, content: &self.content, vector: self.vectors.next().map(Vec::as_slice) })
    }
}

/// Learns new concepts without end, each with an id and a content of random bytes.
pub(crate) struct Fresh<'a> {
    vectors: std::iter::Cycle<std::slice::Iter<'a, Vec<f32>>>,
    random: Random,
    id: Id,
    content: [u8; CONTENT],
}

impl<'a> Fresh<'a> {
    /// Vectors are taken round and round; without any, the concepts have none.
    pub(crate) fn new(vectors: &'a [Vec<f32>], seed: u64) -> Self {
        Self { vectors: vectors.iter().cycle(), random: Random::new(seed), id: [0; 16], content: [0; CONTENT] }
    }
}

impl Source for Fresh<'_> {
    #[inline]
    fn next(&mut self) -> Option<Write<'_>> {
        fill(&mut self.id, &mut self.random);
        fill(&mut self.content, &mut self.random);
        Some(Write::Learn { id: &self.id, content: &self.content, vector: self.vectors.next().map(Vec::as_slice) })
    }
}

/// Learns associations of one confidence.
pub(crate) struct Associations<'a> {
    pairs: std::slice::Iter<'a, Pair>,
    confidence: f32,
}

impl<'a> Associations<'a> {
    pub(crate) fn new(pairs: &'a [Pair], confidence: f32) -> Self {
        Self { pairs: pairs.iter(), confidence }
    }
}

impl Source for Associations<'_> {
    #[inline]
    fn next(&mut self) -> Option<Write<'_>> {
        let (source, target, kind) = self.pairs.next()?;
        Some(Write::Associate { source, target, kind: *kind, confidence: self.confidence })
    }
}

/// Learns so many associations, of which both ends are drawn uniformly as they are asked for.
pub(crate) struct Drawn<'a> {
    known: &'a [Id],
    random: Random,
    left: usize,
    pair: Pair,
}

impl<'a> Drawn<'a> {
    pub(crate) fn new(known: &'a [Id], count: usize, seed: u64) -> Self {
        Self { known, random: Random::new(seed), left: count, pair: ([1; 16], [1; 16], 0) }
    }
}

impl Source for Drawn<'_> {
    #[inline]
    fn next(&mut self) -> Option<Write<'_>> {
        self.left = self.left.checked_sub(1)?;
        let source = *self.random.choose(self.known);
        self.pair = pair(&mut self.random, source, self.known);
        let (source, target, kind) = &self.pair;
        Some(Write::Associate { source, target, kind: *kind, confidence: 0.5 })
    }
}

/// A new concept and an association between known ones, in turns, until it is over; then it knows how many it gave.
pub(crate) struct Burst<'a> {
    known: &'a [Id],
    over: &'a AtomicBool,
    random: Random,
    pair: Pair,
    content: [u8; CONTENT],
    pub(crate) given: u64,
    /// Those that it gives at most.
    pub(crate) most: u64,
}

impl<'a> Burst<'a> {
    pub(crate) fn new(known: &'a [Id], over: &'a AtomicBool, seed: u64) -> Self {
        let (pair, content) = (([1; 16], [1; 16], 0), [b'b'; CONTENT]);
        Self { known, over, random: Random::new(seed), pair, content, given: 0, most: u64::MAX }
    }
}

impl Source for Burst<'_> {
    fn next(&mut self) -> Option<Write<'_>> {
        // Relaxed: it says when to stop, nothing else.
        if self.over.load(Ordering::Relaxed) || self.given == self.most {
            return None;
        }
        self.given += 1;
        if self.given.is_multiple_of(2) {
            let source = *self.random.choose(self.known);
            self.pair = pair(&mut self.random, source, self.known);
            let (source, target, kind) = &self.pair;
            return Some(Write::Associate { source, target, kind: *kind, confidence: 0.8 });
        }
        let id = &mut self.pair.0;
        id[..8].copy_from_slice(&self.random.number().to_le_bytes());
        id[8..].copy_from_slice(&self.random.number().to_le_bytes());
        self.content[..16].copy_from_slice(id);
        Some(Write::Learn { id, content: &self.content, vector: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_are_skewed_and_the_rest_is_not() {
        let ids = ids(0..1000);
        let of_the_first = |pairs: &[Pair]| pairs.iter().filter(|(source, ..)| *source == ids[0]).count();
        let mut random = Random::new(1);
        let (even, skewed) = (pairs(&mut random, &ids, 10_000), skewed_pairs(&mut random, &ids, 10_000));
        assert!(of_the_first(&even) < 50);
        // ln 2 / ln 1000 of them.
        assert!((800..1200).contains(&of_the_first(&skewed)), "{}", of_the_first(&skewed));
    }

    #[test]
    fn a_burst_ends_when_it_is_over() {
        let (ids, over) = (ids(0..10), AtomicBool::new(false));
        let mut burst = Burst::new(&ids, &over, 1);
        assert!(matches!(burst.next(), Some(Write::Learn { .. })));
        assert!(matches!(burst.next(), Some(Write::Associate { .. })));
        over.store(true, Ordering::Relaxed);
        assert!(burst.next().is_none());
        assert_eq!(burst.given, 2);
        over.store(false, Ordering::Relaxed);
        burst.most = 3;
        assert!(burst.next().is_some() && burst.next().is_none());
    }

    #[test]
    fn drawn_associations_come_to_an_end() {
        let ids = ids(0..10);
        let mut drawn = Drawn::new(&ids, 3, 1);
        let given = std::iter::from_fn(|| drawn.next().map(|write| matches!(write, Write::Associate { .. })));
        assert_eq!(given.collect::<Vec<_>>(), [true; 3]);
    }
}
