//! What a search is asked, and what it answers.

use crate::graph::{Direction, Edge};
use crate::types::TypeSet;

/// Bounds of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathOptions {
    /// Which way edges may be walked; [`Direction::Out`] by default.
    pub direction: Direction,
    /// The most hops a path may have; 6 by default, `u32::MAX` for no bound.
    pub max_depth: u32,
    /// Edges below this confidence are not walked; it bounds each edge, not the product. 0 by default. NaN admits no
    /// edge.
    pub min_confidence: f32,
    /// The types that may be walked; `None`, the default, for all.
    pub types: Option<TypeSet>,
    /// A factor in (0, 1] that [`find_best_path`](crate::find_best_path) applies once a hop, so that short paths gain;
    /// 1, the default, for none. Any other value counts as 1: check it where a user gives it.
    pub decay: f32,
}

impl Default for PathOptions {
    fn default() -> Self {
        Self { direction: Direction::Out, max_depth: 6, min_confidence: 0.0, types: None, decay: 1.0 }
    }
}

impl PathOptions {
    pub(crate) fn filter(&self) -> Filter {
        // `f32::max` would drop a NaN bound; it has to admit nothing, as documented.
        let min_confidence = if self.min_confidence < 0.0 { 0.0 } else { self.min_confidence };
        Filter { min_confidence, types: self.types.unwrap_or(TypeSet::ALL) }
    }

    pub(crate) fn decay(&self) -> f32 {
        usable_decay(self.decay)
    }
}

fn usable_decay(decay: f32) -> f32 {
    if decay > 0.0 && decay <= 1.0 { decay } else { 1.0 }
}

/// The edges a search may walk.
pub(crate) struct Filter {
    min_confidence: f32,
    types: TypeSet,
}

impl Filter {
    /// False for a NaN confidence, because no comparison with it holds.
    #[inline]
    pub(crate) fn admits(&self, edge: &Edge) -> bool {
        edge.confidence >= self.min_confidence && self.types.contains(edge.kind)
    }
}

/// What one hop multiplies a product by. The product of two `f32` is exact in `f64`, so a path is rounded once a hop;
/// and it is at most 1, on which the order of the best-path search rests.
#[inline]
pub(crate) fn factor(confidence: f32, decay: f32) -> f64 {
    f64::from(confidence.min(1.0)) * f64::from(decay)
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hop {
    /// The node the step leaves, in walking order.
    pub from: u32,
    /// The node the step reaches.
    pub to: u32,
    /// The [id](Edge::id) of the edge walked.
    pub edge: u32,
    /// Its confidence, as the graph gave it.
    pub confidence: f32,
    /// Its type.
    pub kind: u8,
    /// The edge leads from `to` to `from`: it was walked against its direction.
    pub reversed: bool,
}

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The nodes from start to end, one more than hops.
    pub nodes: Vec<u32>,
    /// The steps between them.
    pub hops: Vec<Hop>,
    /// The product of the confidences of the hops, multiplied from the start; 1 for a path without hops. Decay is not
    /// in it.
    pub confidence: f64,
}

impl Path {
    /// The path that stays where it is.
    pub(crate) fn of_one(node: u32) -> Self {
        Self { nodes: vec![node], hops: Vec::new(), confidence: 1.0 }
    }

    pub(crate) fn of_hops(hops: Vec<Hop>) -> Self {
        let mut nodes = Vec::with_capacity(hops.len() + 1);
        nodes.extend(hops.first().map(|hop| hop.from));
        nodes.extend(hops.iter().map(|hop| hop.to));
        let mut path = Self { nodes, hops, confidence: 1.0 };
        path.confidence = path.score(1.0);
        path
    }

    /// The product of the confidences with `decay` applied once a hop: what [`find_best_path`](crate::find_best_path)
    /// maximises. A decay outside (0, 1] counts as 1. O(hops).
    #[must_use]
    pub fn score(&self, decay: f32) -> f64 {
        score(1.0, &self.hops, usable_decay(decay))
    }
}

/// What a product becomes over these hops, rounded once each.
pub(crate) fn score(from: f64, hops: &[Hop], decay: f32) -> f64 {
    hops.iter().fold(from, |product, hop| product * factor(hop.confidence, decay))
}

/// How a search came to a node: all of a [`Hop`] but its ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) edge: u32,
    pub(crate) confidence: f32,
    pub(crate) kind: u8,
    pub(crate) reversed: bool,
}

impl Step {
    /// Stands in the label of a node where a search begins; no hop is made of it.
    pub(crate) const NONE: Self = Self { edge: 0, confidence: 1.0, kind: 0, reversed: false };

    #[inline]
    pub(crate) fn over(edge: &Edge, reversed: bool) -> Self {
        Self { edge: edge.id, confidence: edge.confidence, kind: edge.kind, reversed }
    }

    pub(crate) fn hop(self, from: u32, to: u32) -> Hop {
        let Self { edge, confidence, kind, reversed } = self;
        Hop { from, to, edge, confidence, kind, reversed }
    }
}
