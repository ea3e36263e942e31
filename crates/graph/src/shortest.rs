//! The path of fewest hops: breadth-first from both ends.
//!
//! Two balls grow by whole levels, always the one whose frontier has fewer edges. A node belongs to the ball that
//! reached it first, so the balls are disjoint until the level in which they touch. All touching edges of that level
//! lie on shortest paths: were one end nearer to its origin than its ball's radius, the other end would have been in
//! that ball already.
//!
//! **The tie rule costs nothing.** Shortest paths are compared by the ids of their edges, the last hop first. The
//! labels of the backward ball are kept in the order of that comparison: each level is made in the order of the level
//! before it, and the nodes that one node adds are put in the order of their edges (which they mostly have already).
//! So the index of a backward label is the rank of its way to the end, and the first node that reaches a label is the
//! right one. A forward label takes, of all edges that reach it in its level, the lowest. Both choices are those that
//! the whole path would make, wherever the balls touch; so the answer does not depend on degrees, on the order of
//! edges, or on which ball grew.

use std::ops::ControlFlow;

use crate::graph::{Direction, Graph, Side};
use crate::marks::{Mark, Marks};
use crate::path::{Filter, Hop, Path, PathOptions, Step};
use crate::scratch::Scratch;

/// How many nodes ahead of the one being read the graph is told of.
const PREFETCH_AHEAD: usize = 8;

/// A node of a ball.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    node: u32,
    /// Index of the label one hop nearer to the origin.
    parent: u32,
    step: Step,
}

/// An edge from a forward label to a backward label.
struct Touch {
    forward: u32,
    backward: u32,
    step: Step,
}

/// A ball around one end.
struct Ball<'s> {
    /// In the order of discovery, the origin first; levels lie one after another.
    labels: &'s mut Vec<Label>,
    /// Where the outermost level begins.
    frontier: usize,
    /// Edges of the outermost level, as an upper bound.
    work: usize,
    stamp: u32,
    backward: bool,
}

/// The path of fewest hops from `start` to `end` within `options`, or `None`.
///
/// Of several, the one whose last hop has the lowest edge id; if these are the same edge, the one before decides, and
/// so on. This also chooses among parallel edges. It is a property of the graph alone: see [`Graph`].
///
/// `start == end` is a path of one node without hops, at any depth. A node that is not below
/// [`Graph::node_bound`] is on no path. Edges of confidence 0 are walked.
///
/// Time O(nodes + edges reached), at most the graph; usually far less, because both ends are searched. Memory: see
/// [`Scratch`]. Never blocks, unless the graph does.
///
/// # Errors
/// The first error of the graph. The scratch stays usable.
pub fn find_path<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    start: u32,
    end: u32,
    options: &PathOptions,
) -> Result<Option<Path>, G::Error> {
    let bound = graph.node_bound();
    if start >= bound || end >= bound {
        return Ok(None);
    }
    if start == end {
        return Ok(Some(Path::of_one(start)));
    }
    let Scratch { marks, forward, backward, .. } = scratch;
    let first = marks.begin(bound);
    let mut search =
        Search { graph, marks, first, direction: options.direction, filter: options.filter(), last_level: false };
    let mut forward = search.ball(forward, start, first, false);
    let mut backward = search.ball(backward, end, first + 1, true);

    let mut depth = 0;
    loop {
        if depth == options.max_depth || forward.is_exhausted() || backward.is_exhausted() {
            return Ok(None);
        }
        depth += 1;
        search.last_level = depth == options.max_depth;
        let touch =
            if forward.work <= backward.work { search.grow(&mut forward)? } else { search.grow(&mut backward)? };
        if let Some(touch) = touch {
            return Ok(Some(join(forward.labels, backward.labels, &touch)));
        }
    }
}

impl Ball<'_> {
    fn is_exhausted(&self) -> bool {
        self.frontier == self.labels.len()
    }
}

struct Search<'s, G> {
    graph: &'s G,
    marks: &'s mut Marks,
    first: u32,
    direction: Direction,
    filter: Filter,
    /// Of this level only touches count: what it reaches first is not written down.
    last_level: bool,
}

impl<G: Graph> Search<'_, G> {
    fn ball<'l>(&mut self, labels: &'l mut Vec<Label>, origin: u32, stamp: u32, backward: bool) -> Ball<'l> {
        labels.clear();
        labels.push(Label { node: origin, parent: 0, step: Step::NONE });
        self.marks.set(origin, stamp, 0);
        let mut ball = Ball { labels, frontier: 0, work: 0, stamp, backward };
        ball.work = self.work(&ball);
        ball
    }

    /// The adjacency that a step over `side` is found in: the backward ball stands at the far end of it.
    fn read_side(ball: &Ball<'_>, side: Side) -> Side {
        if ball.backward { side.opposite() } else { side }
    }

    fn work(&self, ball: &Ball<'_>) -> usize {
        let mut work = 0_usize;
        let labels = &ball.labels[ball.frontier..];
        for (index, label) in labels.iter().enumerate() {
            for &side in self.direction.sides() {
                let side = Self::read_side(ball, side);
                if let Some(ahead) = labels.get(index + PREFETCH_AHEAD) {
                    self.graph.prefetch(ahead.node, side);
                }
                if let Some(next) = labels.get(index + PREFETCH_AHEAD / 2) {
                    self.graph.prefetch_edges(next.node, side);
                }
                work = work.saturating_add(self.graph.degree(label.node, side));
            }
        }
        work
    }

    /// Grows a ball by one level. If it touches the other ball, gives the touch the tie rule chooses; the level may
    /// then be incomplete.
    fn grow(&mut self, ball: &mut Ball<'_>) -> Result<Option<Touch>, G::Error> {
        let level = ball.labels.len();
        let mut touch = None;
        for index in ball.frontier..level {
            if let Some(ahead) = ball.labels[..level].get(index + PREFETCH_AHEAD) {
                for &side in self.direction.sides() {
                    self.graph.prefetch(ahead.node, Self::read_side(ball, side));
                }
            }
            if let Some(next) = ball.labels[..level].get(index + PREFETCH_AHEAD / 2) {
                for &side in self.direction.sides() {
                    self.graph.prefetch_edges(next.node, Self::read_side(ball, side));
                }
            }
            let added = ball.labels.len();
            let mut ascending = true;
            for &side in self.direction.sides() {
                self.read(ball, index, side, level, &mut ascending, &mut touch)?;
            }
            if ball.backward {
                // Nodes are read in rank order: no later one can give a better touch.
                if touch.is_some() {
                    break;
                }
                if !ascending {
                    self.put_in_order(ball, added);
                }
            }
        }
        ball.frontier = level;
        if touch.is_none() && !self.last_level {
            ball.work = self.work(ball);
        }
        Ok(touch)
    }

    /// Reads one adjacency of the label at `index`; labels from `level` on are of the level being made.
    #[inline]
    fn read(
        &mut self,
        ball: &mut Ball<'_>,
        index: usize,
        side: Side,
        level: usize,
        ascending: &mut bool,
        touch: &mut Option<Touch>,
    ) -> Result<(), G::Error> {
        let Self { graph, marks, filter, first, last_level, .. } = self;
        let (first, last_level) = (*first, *last_level);
        let backward = ball.backward;
        let node = ball.labels[index].node;
        // A ball has at most one label a node, so indices fit u32.
        let parent = index as u32;
        let mut last = match ball.labels.last() {
            Some(label) if label.parent == parent && ball.labels.len() > level => label.step.edge,
            _ => 0,
        };
        graph.edges(node, Self::read_side(ball, side), |edge| {
            if !filter.admits(&edge) {
                return ControlFlow::Continue(());
            }
            let step = || Step::over(&edge, side == Side::In);
            match marks.get(first, edge.target) {
                None => {}
                Some(Mark::Fresh) if last_level => {}
                Some(Mark::Fresh) => {
                    marks.set(edge.target, ball.stamp, ball.labels.len() as u32);
                    ball.labels.push(Label { node: edge.target, parent, step: step() });
                    *ascending &= edge.id >= last;
                    last = edge.id;
                }
                Some(Mark::Seen(stamp, seen)) if stamp == ball.stamp => {
                    let seen = seen as usize;
                    if seen >= level {
                        let label = &mut ball.labels[seen];
                        if edge.id < label.step.edge && (!backward || label.parent == parent) {
                            *label = Label { node: edge.target, parent, step: step() };
                            *ascending = false;
                        }
                    }
                }
                Some(Mark::Seen(_, other)) => {
                    let (forward, backward) = if backward { (other, parent) } else { (parent, other) };
                    let better =
                        touch.as_ref().is_none_or(|best| (backward, edge.id) < (best.backward, best.step.edge));
                    if better {
                        *touch = Some(Touch { forward, backward, step: step() });
                    }
                }
            }
            ControlFlow::Continue(())
        })
    }

    /// Sorts the labels that one node added by their edges, so that index is rank again.
    #[cold]
    fn put_in_order(&mut self, ball: &mut Ball<'_>, added: usize) {
        ball.labels[added..].sort_unstable_by_key(|label| label.step.edge);
        for (index, label) in ball.labels.iter().enumerate().skip(added) {
            self.marks.set(label.node, ball.stamp, index as u32);
        }
    }
}

/// The path through a touch. A label's parents have lower indices, so both walks end at index 0.
fn join(forward: &[Label], backward: &[Label], touch: &Touch) -> Path {
    let mut hops: Vec<Hop> =
        Vec::with_capacity(hops_to_origin(forward, touch.forward) + hops_to_origin(backward, touch.backward) + 1);
    let mut label = forward[touch.forward as usize];
    let near = label.node;
    while label.node != forward[0].node {
        let parent = forward[label.parent as usize];
        hops.push(label.step.hop(parent.node, label.node));
        label = parent;
    }
    hops.reverse();
    let mut label = backward[touch.backward as usize];
    hops.push(touch.step.hop(near, label.node));
    while label.node != backward[0].node {
        let parent = backward[label.parent as usize];
        hops.push(label.step.hop(label.node, parent.node));
        label = parent;
    }
    Path::of_hops(hops)
}

fn hops_to_origin(labels: &[Label], mut index: u32) -> usize {
    let mut hops = 0;
    while index != 0 {
        index = labels[index as usize].parent;
        hops += 1;
    }
    hops
}
