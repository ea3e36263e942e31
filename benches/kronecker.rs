//! A Kronecker graph as Graph 500 makes it: few nodes with very many edges, many with few.

use std::collections::HashSet;

use sutra_storage::{Association, Batch, ConceptId, ConcurrentMemory};

use crate::Outcome;
use crate::load::BATCH;
use crate::random::Random;

/// A graph of 2^scale nodes.
#[derive(Debug)]
pub struct Kronecker {
    /// The number of nodes.
    pub nodes: u32,
    /// Pairs of nodes, without repetition, in random order. A store has one association for each.
    pub edges: Vec<(u32, u32)>,
}

impl Kronecker {
    /// The graph of a seed, of 2^scale nodes and at most `degree` edges a node: pairs drawn again are left out.
    #[must_use]
    pub fn new(scale: u32, degree: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let nodes = 1_u32 << scale;
        // So that a node's number says nothing of its degree.
        let mut names: Vec<u32> = (0..nodes).collect();
        for last in (1..names.len()).rev() {
            names.swap(last, random.below(last + 1));
        }
        let mut seen = HashSet::with_capacity(degree << scale);
        let mut edges = Vec::with_capacity(degree << scale);
        for _ in 0..degree << scale {
            let (mut source, mut target) = (0_usize, 0_usize);
            for _ in 0..scale {
                // Quadrants of 57, 19, 19 and 5 in a hundred.
                let (down, right) = match random.below(100) {
                    0..=56 => (0, 0),
                    57..=75 => (0, 1),
                    76..=94 => (1, 0),
                    _ => (1, 1),
                };
                (source, target) = (source << 1 | down, target << 1 | right);
            }
            let edge = (names[source], names[target]);
            if seen.insert(edge) {
                edges.push(edge);
            }
        }
        Self { nodes, edges }
    }

    /// The id of a node.
    #[must_use]
    pub fn id(node: u32) -> ConceptId {
        let mut bytes = [0x4b; 16];
        bytes[..4].copy_from_slice(&node.to_le_bytes());
        ConceptId::from_bytes(bytes)
    }

    /// What an edge is believed: 0.5 to 1, by its place.
    #[must_use]
    pub fn confidence(place: usize) -> f32 {
        0.5 + (place % 64) as f32 / 128.0
    }

    /// Learns all of it, nodes first so that node and slot are one; visible at the end.
    ///
    /// # Errors
    /// What the store reports.
    pub fn learn(&self, memory: &ConcurrentMemory) -> Outcome {
        let mut last = 0;
        for first in (0..self.nodes).step_by(BATCH) {
            let mut batch = Batch::new();
            for node in first..self.nodes.min(first + BATCH as u32) {
                batch.concept(sutra_storage::Concept::new(Self::id(node)).content("node"));
            }
            last = memory.learn_batch(&batch)?;
        }
        let places = self.edges.iter().enumerate().collect::<Vec<_>>();
        for edges in places.chunks(BATCH) {
            let mut batch = Batch::new();
            for (place, (source, target)) in edges {
                let association = Association::new(Self::id(*source), Self::id(*target), 0);
                batch.association(association.confidence(Self::confidence(*place)));
            }
            last = memory.learn_batch(&batch)?;
        }
        Ok(memory.wait_visible(last)?)
    }
}
