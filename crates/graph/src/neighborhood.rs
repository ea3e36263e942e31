//! The part of a graph around a node.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use crate::budget::{Answer, Budget, Metered, Stop};
use crate::graph::{Graph, Side};
use crate::marks::{Mark, Marks};
use crate::path::{Filter, PathOptions};
use crate::scratch::Scratch;

/// Bounds of a [`neighborhood`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeighborhoodOptions {
    /// Which edges are followed and shown; its depth is how far the neighbourhood reaches.
    pub path: PathOptions,
    /// So many nodes at most, the centre among them; 1000 by default.
    pub max_nodes: usize,
    /// So many edges at most; 10,000 by default.
    pub max_links: usize,
}

impl Default for NeighborhoodOptions {
    fn default() -> Self {
        let path = PathOptions { max_depth: 1, ..PathOptions::default() };
        Self { path, max_nodes: 1000, max_links: 10_000 }
    }
}

/// A part of a graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighborhood {
    /// The nodes, the centre first, then by hops, within these by falling confidence of the edge they were reached by,
    /// then by its id.
    pub nodes: Vec<Member>,
    /// All edges between these nodes that the options admit, by id.
    pub links: Vec<Link>,
    /// The limits on nodes and edges left nothing out.
    pub whole: bool,
}

/// A node of a [`Neighborhood`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The node.
    pub node: u32,
    /// Its hops from the centre.
    pub hops: u32,
}

/// An edge of a [`Neighborhood`], in its own direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Where it begins.
    pub source: u32,
    /// Where it ends.
    pub target: u32,
    /// The edge's id.
    pub edge: u32,
    /// Its confidence.
    pub confidence: f32,
    /// Its type.
    pub kind: u8,
}

/// A node that the next level may get.
#[derive(Clone, Copy, Debug)]
struct Next {
    node: u32,
    confidence: f32,
    edge: u32,
}

impl Next {
    /// The greatest is the first. Confidences are not negative: their bits have their order.
    fn rank(&self) -> (u32, Reverse<u32>) {
        (self.confidence.max(0.0).to_bits(), Reverse(self.edge))
    }
}

/// The nodes within `options.path.max_depth` hops of `center`, and the edges between them; nothing for a node that is not
/// in the graph.
///
/// Where there are more than `max_nodes`, the nearest stay, and of one level those that are reached by the most believed
/// edges; of too many edges the most believed ones stay. [`Neighborhood::whole`] says so. O(edges of the nodes).
///
/// # Errors
/// The first error of the graph. The scratch stays usable.
pub fn neighborhood<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    center: u32,
    options: &NeighborhoodOptions,
    budget: &Budget,
) -> Result<Answer<Neighborhood>, G::Error> {
    let bound = graph.node_bound();
    let mut found = Neighborhood { whole: true, ..Neighborhood::default() };
    if center >= bound {
        return Ok(Answer { found, complete: true });
    }
    if options.max_nodes == 0 {
        found.whole = false;
        return Ok(Answer { found, complete: true });
    }
    let marks = &mut scratch.marks;
    let stamp = marks.begin(bound);
    found.nodes.push(Member { node: center, hops: 0 });
    let filter = options.path.filter();
    Metered::new(graph, budget).answer(found, |graph, found| {
        let mut around = Around { graph, marks, stamp, filter, options };
        around.collect_nodes(found)?;
        around.collect_links(found)
    })
}

struct Around<'s, G> {
    graph: &'s G,
    marks: &'s mut Marks,
    stamp: u32,
    filter: Filter,
    options: &'s NeighborhoodOptions,
}

impl<G: Graph> Around<'_, Metered<'_, G>> {
    fn collect_nodes(&mut self, found: &mut Neighborhood) -> Result<(), Stop<G::Error>> {
        let mut next: Vec<Next> = Vec::new();
        let mut level = 0;
        let mut hops = 0;
        // Taken nodes have the first stamp, those of the level being made the second, with their place in it.
        self.marks.set(found.nodes[0].node, self.stamp, 0);
        while hops < self.options.path.max_depth && level < found.nodes.len() {
            hops += 1;
            next.clear();
            let spent = self.reach(found, level, &mut next);
            level = found.nodes.len();
            let room = self.options.max_nodes.saturating_sub(level);
            if next.len() > room {
                found.whole = false;
            }
            if room > 0 && next.len() > room {
                next.select_nth_unstable_by_key(room, |next| Reverse(next.rank()));
            }
            next.truncate(room);
            next.sort_unstable_by_key(|next| Reverse(next.rank()));
            for next in &next {
                self.marks.set(next.node, self.stamp, 0);
                found.nodes.push(Member { node: next.node, hops });
            }
            spent?;
            if !found.whole {
                break;
            }
        }
        Ok(())
    }

    fn reach(&mut self, found: &Neighborhood, level: usize, next: &mut Vec<Next>) -> Result<(), Stop<G::Error>> {
        let Self { graph, marks, stamp, filter, options } = self;
        for member in &found.nodes[level..] {
            for &side in options.path.direction.sides() {
                graph.edges(member.node, side, |edge| {
                    if !filter.admits(&edge) {
                        return ControlFlow::Continue(());
                    }
                    let new = Next { node: edge.target, confidence: edge.confidence, edge: edge.id };
                    match marks.get(*stamp, edge.target) {
                        Some(Mark::Fresh) => {
                            marks.set(edge.target, *stamp + 1, next.len() as u32);
                            next.push(new);
                        }
                        Some(Mark::Seen(seen, at)) if seen != *stamp => {
                            let known = &mut next[at as usize];
                            if new.rank() > known.rank() {
                                *known = new;
                            }
                        }
                        _ => {}
                    }
                    ControlFlow::Continue(())
                })?;
            }
        }
        Ok(())
    }

    fn collect_links(&mut self, found: &mut Neighborhood) -> Result<(), Stop<G::Error>> {
        let Self { graph, marks, stamp, filter, options } = self;
        let Neighborhood { nodes, links, whole } = found;
        let mut spent = Ok(());
        for member in nodes.iter() {
            spent = graph.edges(member.node, Side::Out, |edge| {
                let inside = matches!(marks.get(*stamp, edge.target), Some(Mark::Seen(seen, _)) if seen == *stamp);
                if inside && filter.admits(&edge) {
                    links.push(Link {
                        source: member.node,
                        target: edge.target,
                        edge: edge.id,
                        confidence: edge.confidence,
                        kind: edge.kind,
                    });
                }
                ControlFlow::Continue(())
            });
            if spent.is_err() {
                break;
            }
        }
        if links.len() > options.max_links {
            *whole = false;
            links.sort_unstable_by_key(|link| (Reverse(link.confidence.to_bits()), link.edge));
            links.truncate(options.max_links);
        }
        links.sort_unstable_by_key(|link| link.edge);
        spent
    }
}
