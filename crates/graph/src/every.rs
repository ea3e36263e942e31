//! All paths of fewest hops.
//!
//! Two balls grow by whole levels, as in [`find_path`](crate::find_path), until they touch. Then every node of the forward
//! ball is on a way from the start, and what the touches lead to in the backward ball is marked, level by level down to
//! the end. So a walk from the end back to the start, that goes only where hops fall by one and marks stand, has no dead
//! end: a path costs its hops and their degrees. Taking the edges of each node in the order of their ids gives the paths
//! in the order of the tie rule.

use std::ops::{ControlFlow, Range};

use crate::budget::{Metered, Stop};
use crate::graph::{Direction, Graph, Side};
use crate::marks::{Mark, Marks};
use crate::path::{Filter, Path, PathOptions, Step};
use crate::scratch::Scratch;

/// How many nodes ahead of the one being read the graph is told of.
const PREFETCH_AHEAD: usize = 8;

/// The lists of such a search, kept for their capacity.
#[derive(Debug, Default)]
pub(crate) struct EveryScratch {
    forward: Vec<Reached>,
    backward: Vec<Reached>,
    steps: Vec<Arrival>,
    stack: Vec<Frame>,
    touched: Vec<u32>,
}

impl EveryScratch {
    pub(crate) fn bytes(&self) -> usize {
        (self.forward.capacity() + self.backward.capacity()) * size_of::<Reached>()
            + self.steps.capacity() * size_of::<Arrival>()
            + self.stack.capacity() * size_of::<Frame>()
            + self.touched.capacity() * size_of::<u32>()
    }
}

/// A node of a ball.
#[derive(Clone, Copy, Debug)]
struct Reached {
    node: u32,
    hops: u32,
    /// Of the backward ball: it is on a path.
    on_a_path: bool,
}

/// A step to a node that is nearer to the end, from one that is nearer to the start.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    step: Step,
    from: u32,
}

/// A node of the walk: its arrivals lie from `next` (those before have been taken) to the beginning of the next frame's.
#[derive(Clone, Copy, Debug)]
struct Frame {
    node: u32,
    first: usize,
    next: usize,
}

struct Balls<'s, G> {
    graph: &'s G,
    marks: &'s mut Marks,
    first: u32,
    direction: Direction,
    filter: Filter,
    forward: &'s mut Vec<Reached>,
    backward: &'s mut Vec<Reached>,
    touched: &'s mut Vec<u32>,
}

pub(crate) fn every_shortest<G: Graph>(
    graph: &Metered<'_, G>,
    scratch: &mut Scratch,
    start: u32,
    end: u32,
    options: &PathOptions,
    limit: usize,
    found: &mut Vec<Path>,
) -> Result<(), Stop<G::Error>> {
    let bound = graph.node_bound();
    if limit == 0 || start >= bound || end >= bound {
        return Ok(());
    }
    if start == end {
        found.push(Path::of_one(start));
        return Ok(());
    }
    let Scratch { marks, every, .. } = scratch;
    let EveryScratch { forward, backward, steps, stack, touched } = every;
    let first = marks.begin(bound);
    forward.clear();
    backward.clear();
    forward.push(Reached { node: start, hops: 0, on_a_path: true });
    backward.push(Reached { node: end, hops: 0, on_a_path: false });
    marks.set(start, first, 0);
    marks.set(end, first + 1, 0);
    let (direction, filter) = (options.direction, options.filter());
    let mut balls = Balls { graph, marks, first, direction, filter, forward, backward, touched };
    let Some((near, far)) = balls.meet(options.max_depth)? else { return Ok(()) };
    balls.mark_ways(far)?;

    steps.clear();
    stack.clear();
    stack.push(balls.frame(end, (near, far), steps)?);
    while let Some(frame) = stack.last_mut() {
        let Some(&arrival) = steps.get(frame.next) else {
            steps.truncate(frame.first);
            stack.pop();
            continue;
        };
        frame.next += 1;
        if arrival.from != start {
            let next = balls.frame(arrival.from, (near, far), steps)?;
            stack.push(next);
            continue;
        }
        let hops = stack.iter().rev().filter_map(|frame| {
            let arrival = steps.get(frame.next.checked_sub(1)?)?;
            Some(arrival.step.hop(arrival.from, frame.node))
        });
        found.push(Path::of_hops(hops.collect()));
        if found.len() >= limit {
            break;
        }
    }
    Ok(())
}

impl<G: Graph> Balls<'_, G> {
    /// Grows the balls until they touch: the radii that do.
    fn meet(&mut self, max_depth: u32) -> Result<Option<(u32, u32)>, G::Error> {
        let (mut near, mut far) = (0, 0);
        let (mut near_from, mut far_from) = (0, 0);
        while near + far < max_depth && near_from < self.forward.len() && far_from < self.backward.len() {
            let near_work = self.work(&self.forward[near_from..], false);
            let far_work = self.work(&self.backward[far_from..], true);
            let backward = near_work > far_work;
            let from = if backward { &mut far_from } else { &mut near_from };
            let level = if backward { self.backward.len() } else { self.forward.len() };
            let begin = std::mem::replace(from, level);
            if self.grow(begin..level, backward)? {
                return Ok(Some((near, far)));
            }
            *(if backward { &mut far } else { &mut near }) += 1;
        }
        Ok(None)
    }

    fn work(&self, frontier: &[Reached], backward: bool) -> usize {
        let mut work = 0_usize;
        for reached in frontier {
            for &side in self.direction.sides() {
                work = work.saturating_add(self.graph.degree(reached.node, read_side(side, backward)));
            }
        }
        work
    }

    /// Grows a ball by the nodes next to its outermost level; marks what is touched of the backward one.
    fn grow(&mut self, level: Range<usize>, backward: bool) -> Result<bool, G::Error> {
        let Self { graph, marks, first, direction, filter, touched, .. } = self;
        let (ball, stamp) = if backward { (&mut *self.backward, *first + 1) } else { (&mut *self.forward, *first) };
        touched.clear();
        for index in level.clone() {
            let Reached { node, hops, .. } = ball[index];
            if let Some(ahead) = ball[..level.end].get(index + PREFETCH_AHEAD) {
                for &side in direction.sides() {
                    graph.prefetch(ahead.node, read_side(side, backward));
                }
            }
            for &side in direction.sides() {
                graph.edges(node, read_side(side, backward), |edge| {
                    if !filter.admits(&edge) {
                        return ControlFlow::Continue(());
                    }
                    match marks.get(*first, edge.target) {
                        None => {}
                        Some(Mark::Fresh) => {
                            marks.set(edge.target, stamp, ball.len() as u32);
                            ball.push(Reached { node: edge.target, hops: hops + 1, on_a_path: false });
                        }
                        Some(Mark::Seen(seen, _)) if seen == stamp => {}
                        // One label a node, so indices fit u32.
                        Some(Mark::Seen(_, other)) => touched.push(if backward { index as u32 } else { other }),
                    }
                    ControlFlow::Continue(())
                })?;
            }
        }
        for &index in touched.iter() {
            self.backward[index as usize].on_a_path = true;
        }
        Ok(!touched.is_empty())
    }

    /// Marks what the touched nodes, `far` hops from the end, lead to.
    fn mark_ways(&mut self, far: u32) -> Result<(), G::Error> {
        let Self { graph, marks, first, direction, filter, backward, .. } = self;
        // Labels lie by rising hops: all that lead to a node have been looked at before it.
        for index in (1..backward.len()).rev() {
            let Reached { node, hops, on_a_path } = backward[index];
            if !on_a_path || hops > far {
                continue;
            }
            for &side in direction.sides() {
                graph.edges(node, side, |edge| {
                    if filter.admits(&edge)
                        && let Some(Mark::Seen(stamp, next)) = marks.get(*first, edge.target)
                        && stamp == *first + 1
                        && backward[next as usize].hops + 1 == hops
                    {
                        backward[next as usize].on_a_path = true;
                    }
                    ControlFlow::Continue(())
                })?;
            }
        }
        Ok(())
    }

    /// The steps that come to a node on a path, in the order of their edges.
    fn frame(&self, node: u32, (near, far): (u32, u32), steps: &mut Vec<Arrival>) -> Result<Frame, G::Error> {
        let first = steps.len();
        let wanted = |from: u32| {
            let from_start = self.label(from)?;
            let here = self.label(node)?;
            Some(match (from_start, here) {
                ((true, from), (true, here)) => from.hops + 1 == here.hops,
                ((true, from), (false, here)) => from.hops == near && here.hops == far,
                ((false, from), (false, here)) => from.on_a_path && from.hops == here.hops + 1 && from.hops <= far,
                ((false, _), (true, _)) => false,
            })
        };
        for &side in self.direction.sides() {
            self.graph.edges(node, side.opposite(), |edge| {
                if self.filter.admits(&edge) && wanted(edge.target) == Some(true) {
                    steps.push(Arrival { step: Step::over(&edge, side == Side::In), from: edge.target });
                }
                ControlFlow::Continue(())
            })?;
        }
        steps[first..].sort_unstable_by_key(|arrival| arrival.step.edge);
        Ok(Frame { node, first, next: first })
    }

    /// A node's label, and whether it is of the forward ball.
    fn label(&self, node: u32) -> Option<(bool, Reached)> {
        match self.marks.get(self.first, node)? {
            Mark::Fresh => None,
            Mark::Seen(stamp, index) if stamp == self.first => Some((true, self.forward[index as usize])),
            Mark::Seen(_, index) => Some((false, self.backward[index as usize])),
        }
    }
}

/// The adjacency in which a ball finds its steps: the backward one stands at their far ends.
fn read_side(side: Side, backward: bool) -> Side {
    if backward { side.opposite() } else { side }
}
