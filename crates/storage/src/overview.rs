//! Questions about all concepts of a snapshot. They use all cores; the answers hold the snapshot.

use std::collections::HashMap;

use sutra_graph::{Answer, Budget};

use crate::Result;
use crate::error::Error;
use crate::memory::ConcurrentMemory;
use crate::name::ConceptRef;
use crate::path::{PathNode, PathOptions, View, checked};
use crate::snapshot::Snapshot;

/// Which associations count, and what it may cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct OverviewOptions<'a> {
    /// Direction, types and least confidence count.
    pub path: PathOptions<'a>,
    /// What it may cost; no bound by default.
    pub budget: Budget,
}

/// Bounds of a [`Snapshot::pagerank`].
#[derive(Clone, Copy, Debug)]
pub struct RankOptions<'a> {
    /// Which associations count, and what it may cost.
    pub over: OverviewOptions<'a>,
    /// The probability to go on by an association, from 0 to below 1; 0.85 by default.
    pub damping: f64,
    /// Ends when all ranks together change by less than this times their number; 1e-6 by default.
    pub tolerance: f64,
    /// So many rounds at most; 100 by default.
    pub max_rounds: u32,
    /// Whether associations are chosen by their confidence, not evenly; they are by default.
    pub weighted: bool,
}

impl Default for RankOptions<'_> {
    fn default() -> Self {
        let over = OverviewOptions::default();
        Self { over, damping: 0.85, tolerance: 1e-6, max_rounds: 100, weighted: true }
    }
}

/// The rank of every concept and stub; all together 1.
#[derive(Clone, Debug)]
pub struct Ranks {
    snapshot: Snapshot,
    ranks: sutra_graph::Ranks,
}

/// Which concepts and stubs hang together, whichever way associations lead.
#[derive(Clone, Debug)]
pub struct Components {
    snapshot: Snapshot,
    components: sutra_graph::Components,
}

/// A concept with many associations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// The concept or stub.
    pub concept: PathNode,
    /// How many associations it has.
    pub degree: u32,
}

impl Ranks {
    /// The rank of a concept or stub; `None` if it is not known, or if the budget ended before there were ranks, while the
    /// associations were first gone over: then [`top`](Self::top) is empty too. O(1).
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`].
    pub fn rank<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Option<f64>> {
        let slot = self.snapshot.slot(id.into())?;
        Ok(slot.and_then(|slot| self.ranks.ranks.get(slot as usize).copied()))
    }

    /// The concepts and stubs of highest rank, falling; of equal ones the one that was named first. O(concepts).
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn top(&self, limit: usize) -> Result<Vec<(PathNode, f64)>> {
        let mut order: Vec<(u32, f64)> =
            (0..).zip(self.ranks.ranks.iter().copied()).filter(|(_, rank)| *rank > 0.0).collect();
        let by_rank = |left: &(u32, f64), right: &(u32, f64)| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0));
        if limit < order.len() {
            order.select_nth_unstable_by(limit, by_rank);
            order.truncate(limit);
        }
        order.sort_unstable_by(by_rank);
        order.into_iter().map(|(slot, rank)| Ok((PathNode::of(&self.snapshot, slot)?, rank))).collect()
    }

    /// Rounds that were made.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.ranks.rounds
    }

    /// Whether the last round changed less than the tolerance.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.ranks.converged
    }
}

impl Components {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.components.sizes.len()
    }

    /// How many concepts and stubs each has, the largest first. Its place here is a component's number.
    pub fn sizes(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.components.sizes.iter().map(|(_, size)| *size)
    }

    /// The number of the component of a concept or stub; `None` if it is not known. O(components).
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`].
    pub fn component<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Option<usize>> {
        let Some(slot) = self.snapshot.slot(id.into())? else { return Ok(None) };
        let Some(lowest) = self.components.of.get(slot as usize) else { return Ok(None) };
        Ok(self.components.sizes.iter().position(|(other, _)| other == lowest))
    }

    /// The concepts and stubs of each component, the largest first; in each in the order in which they were first named.
    /// O(concepts), as is what it gives.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn groups(&self) -> Result<Vec<Vec<PathNode>>> {
        let sizes = &self.components.sizes;
        let number: HashMap<u32, usize> = sizes.iter().enumerate().map(|(at, (lowest, _))| (*lowest, at)).collect();
        let mut groups: Vec<Vec<PathNode>> = sizes.iter().map(|(_, size)| Vec::with_capacity(*size as usize)).collect();
        for (slot, lowest) in (0..).zip(&self.components.of) {
            if let Some(group) = number.get(lowest).and_then(|at| groups.get_mut(*at)) {
                group.push(PathNode::of(&self.snapshot, slot)?);
            }
        }
        Ok(groups)
    }

    /// Up to `limit` concepts and stubs of a component, in the order in which they were first named. O(concepts).
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn members(&self, component: usize, limit: usize) -> Result<Vec<PathNode>> {
        let Some((lowest, _)) = self.components.sizes.get(component) else { return Ok(Vec::new()) };
        let slots = (0..).zip(&self.components.of).filter(|(_, other)| *other == lowest).take(limit);
        slots.map(|(slot, _)| PathNode::of(&self.snapshot, slot)).collect()
    }
}

impl Snapshot {
    /// PageRank of all concepts and stubs. Each round O(concepts and associations), on all cores.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn pagerank(&self, options: RankOptions<'_>) -> Result<Answer<Ranks>> {
        if !(0.0..1.0).contains(&options.damping) {
            return Err(Error::invalid("damping", format!("{} is not from 0 to below 1", options.damping)));
        }
        if options.tolerance.is_nan() || options.tolerance < 0.0 {
            return Err(Error::invalid("tolerance", format!("{} is not a number of at least 0", options.tolerance)));
        }
        let asked = sutra_graph::RankOptions {
            path: checked(self, options.over.path)?,
            damping: options.damping,
            tolerance: options.tolerance,
            max_rounds: options.max_rounds,
            weighted: options.weighted,
        };
        let answer = sutra_graph::pagerank(&View(&self.inner), &asked, &options.over.budget)?;
        let found = Ranks { snapshot: self.clone(), ranks: answer.found };
        Ok(Answer { found, complete: answer.complete })
    }

    /// The weakly connected components. O(concepts and associations), on all cores.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn components(&self, options: OverviewOptions<'_>) -> Result<Answer<Components>> {
        let path = checked(self, options.path)?;
        let answer = sutra_graph::components(&View(&self.inner), &path, &options.budget)?;
        let found = Components { snapshot: self.clone(), components: answer.found };
        Ok(Answer { found, complete: answer.complete })
    }

    /// The concepts and stubs with the most associations in a direction, falling. O(concepts and associations), on all cores.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn hubs(&self, limit: usize, options: OverviewOptions<'_>) -> Result<Answer<Vec<Hub>>> {
        let path = checked(self, options.path)?;
        let answer = sutra_graph::hubs(&View(&self.inner), &path, limit, &options.budget)?;
        crate::reasoning::explain(answer, |(slot, degree)| Ok(Hub { concept: PathNode::of(self, slot)?, degree }))
    }
}

impl ConcurrentMemory {
    /// [`Snapshot::pagerank`] of the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn pagerank(&self, options: RankOptions<'_>) -> Result<Answer<Ranks>> {
        self.snapshot().pagerank(options)
    }

    /// [`Snapshot::components`] of the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn components(&self, options: OverviewOptions<'_>) -> Result<Answer<Components>> {
        self.snapshot().components(options)
    }

    /// [`Snapshot::hubs`] of the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn hubs(&self, limit: usize, options: OverviewOptions<'_>) -> Result<Answer<Vec<Hub>>> {
        self.snapshot().hubs(limit, options)
    }
}
