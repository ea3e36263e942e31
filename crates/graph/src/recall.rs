//! What some weighted nodes bring to mind.
//!
//! Both ways go level by level from the seeds. At each level the nodes that have something to pass on pass it on, and what
//! arrives is added up before the next level. Amounts are whole numbers of a fixed unit: sums do not depend on the order
//! of edges, so neither does the ranking.
//!
//! - **Walks** (personalised PageRank, by forward push): a walker starts at a seed, chosen by weight, ends at each node with
//!   the probability `restart`, and else goes on by an edge chosen by its confidence. The score of a node is the share of
//!   walks that end there. A walker that cannot go on begins anew: its walks count for nothing, and the others are scaled.
//!   What is less than `precision` an edge is not passed on (Andersen, Chung and Lang, 2006), but a seed passes on what it
//!   begins with, among however many edges.
//! - **Spreading**: a wave goes out from the seeds and meets each node once, at its fewest hops. A node shares what it has,
//!   times the decay, among its edges by their confidences; what goes back is lost. A node gets what the nodes one hop nearer
//!   give, added up. (Were it not shared, a few levels of nodes with many edges would bring everything to mind.)

use std::ops::ControlFlow;

use crate::budget::{Answer, Budget, Metered};
use crate::graph::{Graph, Side};
use crate::marks::{Mark, Marks};
use crate::path::{Filter, Hop, Path, PathOptions, Step};
use crate::scratch::Scratch;

/// How it is recalled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recall {
    /// Personalised PageRank.
    Walks {
        /// The probability that a walk ends at each node, from [`LEAST_RESTART`] to 1; 0.15 is usual. Another value counts as
        /// 0.15.
        restart: f64,
        /// How much there must be for each edge that is admitted to be passed on, in (0, 1); a smaller one reaches further. 0
        /// passes on all that can be told from nothing. What a seed begins with is passed on whatever this is.
        precision: f64,
    },
    /// Spreading activation; the decay is that of the path options.
    Spreading {
        /// What is less is not passed on; with seeds heavier than 1, less than this part of the heaviest.
        threshold: f64,
    },
}

impl Default for Recall {
    fn default() -> Self {
        Self::Walks { restart: 0.15, precision: 1e-6 }
    }
}

/// Bounds of a [`recall`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecallOptions {
    /// Which edges are followed, and how many hops: walks of so many hops at most. The decay is of spreading: walks have none.
    pub path: PathOptions,
    /// How.
    pub how: Recall,
    /// So many answers at most; 10 by default.
    pub limit: usize,
    /// Whether the seeds themselves are answers; not by default.
    pub with_seeds: bool,
}

impl Default for RecallOptions {
    fn default() -> Self {
        Self { path: PathOptions::default(), how: Recall::default(), limit: 10, with_seeds: false }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalled {
    /// The node.
    pub node: u32,
    /// With [`Recall::Walks`] the share of walks that end here, all nodes reached together 1; with [`Recall::Spreading`] the
    /// activation: a level has no more than the one before.
    pub score: f64,
    /// A way from a seed by which it came to mind: where a node was first reached, the hop that brought most (of equal ones
    /// the lowest edge id).
    pub path: Path,
}

/// The least probability that a walk ends: with less, what goes round in a circle would not get less for ages.
pub const LEAST_RESTART: f64 = 1e-6;

/// The unit of amounts. What walks is at most 1 at a time; of a wave each seed has at most 1, and u64 holds millions of them.
const ONE: f64 = (1_u64 << 60) as f64;
const WAVE_ONE: f64 = (1_u64 << 40) as f64;

/// The unit of confidences.
const WEIGHT_ONE: f64 = (1_u64 << 31) as f64;

/// A node that was reached.
#[derive(Clone, Copy, Debug)]
struct Reached {
    node: u32,
    /// Index of the label it was first reached from; its own for a seed.
    parent: u32,
    step: Step,
    /// Hops from the seed.
    level: u32,
    /// All that came. Walks may come again and again, `1 / restart` times what there is.
    total: u128,
    /// What has come and was not yet passed on.
    pending: u64,
    /// What of it is being passed on at this level.
    taken: u64,
    /// The most that came by one edge when it was first reached.
    most: u64,
    is_next: bool,
}

/// An edge by which something can be passed on.
#[derive(Clone, Copy, Debug)]
struct Out {
    node: u32,
    step: Step,
    weight: u64,
}

/// The lists of a recall, kept for their capacity.
#[derive(Debug, Default)]
pub(crate) struct RecallScratch {
    reached: Vec<Reached>,
    now: Vec<u32>,
    next: Vec<u32>,
    out: Vec<Out>,
}

impl RecallScratch {
    /// Bytes of a node reached.
    #[cfg(test)]
    pub(crate) const NODE_BYTES: usize = size_of::<Reached>() + 2 * size_of::<u32>();

    pub(crate) fn bytes(&self) -> usize {
        self.reached.capacity() * size_of::<Reached>()
            + (self.now.capacity() + self.next.capacity()) * size_of::<u32>()
            + self.out.capacity() * size_of::<Out>()
    }
}

/// The nodes that the seeds bring to mind, ranked by falling score, then by node, each with a way that carries it.
///
/// Weights are above 0; others are passed over, as are unknown nodes, and the weights of a seed given twice add up. Edges of
/// confidence 0 carry nothing. A complete answer does not depend on the order of edges, to the last bit.
///
/// Memory O(nodes reached), so a seed of very many edges takes it for all of their ends: bound the readings.
/// Time O(edges passed over): with walks those of the seeds and at most 1 / (restart * precision) times a constant, whatever
/// the size of the graph; with spreading each edge reached once. Edges that are not admitted are read too, and count in the
/// budget. Where the budget ends, the answer is of what was passed on until then.
///
/// # Errors
/// The first error of the graph. The scratch stays usable.
pub fn recall<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    seeds: &[(u32, f64)],
    options: &RecallOptions,
    budget: &Budget,
) -> Result<Answer<Vec<Recalled>>, G::Error> {
    let Scratch { marks, recall: RecallScratch { reached, now, next, out }, .. } = scratch;
    let bound = graph.node_bound();
    let stamp = marks.begin(bound);
    reached.clear();
    now.clear();
    next.clear();
    let (one, only_outwards) = match options.how {
        Recall::Walks { .. } => (ONE, false),
        Recall::Spreading { .. } => (WAVE_ONE, true),
    };
    let mut wave = Wave { marks, stamp, reached, next, one, only_outwards, unit: 1.0 };
    wave.seed(seeds.iter().filter(|seed| seed.0 < bound), options.how);
    let answer = Metered::new(graph, budget).answer((), |graph, ()| {
        let (sides, filter) = (options.path.direction.sides(), options.path.filter());
        let push = Push { graph, bound, sides, filter, options };
        let mut level = 0;
        while level < options.path.max_depth && !wave.next.is_empty() {
            level += 1;
            std::mem::swap(now, wave.next);
            wave.next.clear();
            push.level(&mut wave, now, level, out)?;
        }
        Ok(())
    })?;
    Ok(Answer { found: wave.ranked(options), complete: answer.complete })
}

struct Wave<'s> {
    marks: &'s mut Marks,
    stamp: u32,
    reached: &'s mut Vec<Reached>,
    next: &'s mut Vec<u32>,
    one: f64,
    /// The weight that is taken as 1.
    unit: f64,
    /// What comes to a node that an earlier level has reached is lost.
    only_outwards: bool,
}

impl Wave<'_> {
    fn seed<'a>(&mut self, seeds: impl Iterator<Item = &'a (u32, f64)> + Clone, how: Recall) {
        let usable = seeds.filter(|seed| seed.1 > 0.0 && seed.1.is_finite());
        // The heaviest first taken as 1: no sum of weights is too large for a number. Lighter waves are as they are.
        let heaviest = usable.clone().map(|seed| seed.1).fold(0.0, f64::max);
        let unit = match how {
            Recall::Walks { .. } => heaviest,
            Recall::Spreading { .. } => heaviest.max(1.0),
        };
        self.unit = unit;
        let all = match how {
            Recall::Walks { .. } => usable.clone().map(|seed| seed.1 / unit).sum(),
            Recall::Spreading { .. } => 1.0,
        };
        for &(node, weight) in usable {
            let amount = ((weight / unit / all).min(1.0) * self.one) as u64;
            if amount > 0 {
                let label = self.reached.len() as u32;
                self.arrive(node, Reached { node, parent: label, step: Step::NONE, level: 0, ..Reached::new(amount) });
            }
        }
    }

    /// Something arrives at a node.
    #[inline]
    fn arrive(&mut self, node: u32, arrival: Reached) {
        let amount = arrival.pending;
        let index = match self.marks.get(self.stamp, node) {
            None => return,
            Some(Mark::Fresh) => {
                // One label a node, so indices fit u32.
                let index = self.reached.len() as u32;
                self.marks.set(node, self.stamp, index);
                self.reached.push(Reached { is_next: true, ..arrival });
                self.next.push(index);
                return;
            }
            Some(Mark::Seen(_, index)) => index,
        };
        let label = &mut self.reached[index as usize];
        if self.only_outwards && label.level != arrival.level {
            return;
        }
        label.total = label.total.saturating_add(amount.into());
        label.pending = label.pending.saturating_add(amount);
        let better = (amount, std::cmp::Reverse(arrival.step.edge)) > (label.most, std::cmp::Reverse(label.step.edge));
        if label.level == arrival.level && label.level > 0 && better {
            (label.parent, label.step, label.most) = (arrival.parent, arrival.step, amount);
        }
        if !label.is_next {
            label.is_next = true;
            self.next.push(index);
        }
    }

    fn ranked(&mut self, options: &RecallOptions) -> Vec<Recalled> {
        let all = match options.how {
            Recall::Walks { .. } => self.reached.iter().map(|label| label.total).sum::<u128>() as f64,
            Recall::Spreading { .. } => self.one / self.unit,
        };
        let score = |label: &Reached| label.total as f64 / all;
        // The list of what comes next is of no more use.
        let mut order = std::mem::take(self.next);
        order.clear();
        let answers = (0_u32..).zip(self.reached.iter());
        order.extend(answers.filter(|(_, label)| options.with_seeds || label.level > 0).map(|(index, _)| index));
        let by_rank = |left: &u32, right: &u32| {
            let (left, right) = (&self.reached[*left as usize], &self.reached[*right as usize]);
            score(right).total_cmp(&score(left)).then(left.node.cmp(&right.node))
        };
        if options.limit < order.len() {
            order.select_nth_unstable_by(options.limit, by_rank);
            order.truncate(options.limit);
        }
        order.sort_unstable_by(by_rank);
        let recalled = |&index: &u32| {
            let label = self.reached[index as usize];
            Recalled { node: label.node, score: score(&label), path: self.way(index) }
        };
        let found = order.iter().map(recalled).collect();
        *self.next = order;
        found
    }

    fn way(&self, index: u32) -> Path {
        let mut label = self.reached[index as usize];
        if label.level == 0 {
            return Path::of_one(label.node);
        }
        let mut hops: Vec<Hop> = Vec::new();
        // A parent was reached at an earlier level.
        while label.level > 0 {
            let parent = self.reached[label.parent as usize];
            hops.push(label.step.hop(parent.node, label.node));
            label = parent;
        }
        hops.reverse();
        Path::of_hops(hops)
    }
}

impl Reached {
    fn new(amount: u64) -> Self {
        Self {
            node: 0,
            parent: 0,
            step: Step::NONE,
            level: 0,
            total: amount.into(),
            pending: amount,
            taken: 0,
            most: amount,
            is_next: false,
        }
    }
}

struct Push<'s, G> {
    graph: &'s G,
    bound: u32,
    sides: &'static [Side],
    filter: Filter,
    options: &'s RecallOptions,
}

/// How many nodes ahead of the one being read the graph is told of.
const PREFETCH_AHEAD: usize = 8;

impl<G: Graph> Push<'_, G> {
    fn level(&self, wave: &mut Wave<'_>, now: &[u32], level: u32, out: &mut Vec<Out>) -> Result<(), G::Error> {
        // What arrives at this level is passed on at the next one: what there is is taken before anything arrives.
        for &index in now {
            let label = &mut wave.reached[index as usize];
            label.taken = std::mem::take(&mut label.pending);
            label.is_next = false;
        }
        for (at, &index) in now.iter().enumerate() {
            if let Some(&ahead) = now.get(at + PREFETCH_AHEAD) {
                for &side in self.sides {
                    self.graph.prefetch(wave.reached[ahead as usize].node, side);
                }
            }
            self.pass_on(wave, index, level, out)?;
        }
        Ok(())
    }

    fn pass_on(&self, wave: &mut Wave<'_>, index: u32, level: u32, out: &mut Vec<Out>) -> Result<(), G::Error> {
        let Reached { node, taken, .. } = wave.reached[index as usize];
        // Of so much and among no more edges than there is room for, or it stays where it is.
        let (kept, room) = match self.options.how {
            Recall::Walks { restart, precision } => {
                let restart = if (LEAST_RESTART..=1.0).contains(&restart) { restart } else { 0.15 };
                let is_bounded = precision > 0.0 && level > 1;
                let room = if is_bounded { (taken as f64 / (precision * ONE)) as usize } else { usize::MAX };
                (1.0 - restart, room)
            }
            Recall::Spreading { threshold } => {
                let is_enough = taken as f64 >= threshold * WAVE_ONE;
                (f64::from(self.options.path.decay()), if is_enough { usize::MAX } else { 0 })
            }
        };
        let mut all = 0_u64;
        out.clear();
        if room > 0 {
            // No more edges are read than it takes to know.
            self.read(node, |step, target, confidence| {
                let weight = (f64::from(confidence) * WEIGHT_ONE) as u64;
                all += weight;
                if weight > 0 {
                    out.push(Out { node: target, step, weight });
                }
                if out.len() > room { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        if room == 0 || out.len() > room {
            let label = &mut wave.reached[index as usize];
            label.pending = label.pending.saturating_add(taken);
            return Ok(());
        }
        let share = kept * taken as f64 / all as f64;
        for &Out { node, step, weight } in &*out {
            let amount = (share * weight as f64) as u64;
            if amount > 0 {
                wave.arrive(node, Reached { node, parent: index, step, level, ..Reached::new(amount) });
            }
        }
        Ok(())
    }

    /// The edges that can be followed from a node; a loop that is read from both sides is one.
    fn read(&self, node: u32, mut visit: impl FnMut(Step, u32, f32) -> ControlFlow<()>) -> Result<(), G::Error> {
        let mut flow = ControlFlow::Continue(());
        for &side in self.sides {
            if flow.is_break() {
                break;
            }
            self.graph.edges(node, side, |edge| {
                let again = edge.target == node && side == Side::In && self.sides.len() > 1;
                if again || edge.target >= self.bound || !self.filter.admits(&edge) {
                    return ControlFlow::Continue(());
                }
                flow = visit(Step::over(&edge, side == Side::In), edge.target, edge.confidence.min(1.0));
                flow
            })?;
        }
        Ok(())
    }
}
