//! What several independent ways together say of a target.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::best::find_best_path;
use crate::budget::{Answer, Budget, Metered, Stop};
use crate::graph::Graph;
use crate::path::{Path, PathOptions};
use crate::ranked::order;
use crate::scratch::Scratch;
use crate::without::{EdgeSet, Unused};

/// Bounds of a [`reason`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReasonOptions {
    /// Bounds of each path; its decay counts in a path's confidence.
    pub path: PathOptions,
    /// So many paths to each target at most; 8 by default.
    pub max_paths: usize,
}

impl Default for ReasonOptions {
    fn default() -> Self {
        Self { path: PathOptions::default(), max_paths: 8 }
    }
}

/// What is concluded of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// The target.
    pub target: u32,
    /// That at least one of the paths holds, if they hold independently: 1 less the product of what each leaves open,
    /// 1 - [`Path::score`]. 0 without a path.
    pub confidence: f64,
    /// The share of this confidence in that of all targets together: 1 if it is the only one that is reached, 0 if it is
    /// not reached.
    pub agreement: f64,
    /// The paths that carry it, the best first; no two of them share an edge.
    pub paths: Vec<Path>,
}

/// For each target what the paths from any of the sources say of it, in the order of falling confidence, then of the
/// targets.
///
/// The paths to a target are taken one by one: the best one from any source (product, hops and edges in the order of
/// [`find_best_paths`](crate::find_best_paths), then the order of the sources), without the edges of those before. Each is
/// exactly the best that is left; other choices of disjoint paths may add up to more. A path of product 0 says nothing and
/// is not taken. A source that is a target is a path without hops, which is certain. Sources and targets given twice count
/// once; unknown ones are on no path.
///
/// A best-path search for each source, and another one each time its path is used up. Where the budget ends, the targets
/// looked at until then have what was found.
///
/// # Errors
/// The first error of the graph. The scratch stays usable.
pub fn reason<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    sources: &[u32],
    targets: &[u32],
    options: &ReasonOptions,
    budget: &Budget,
) -> Result<Answer<Vec<Conclusion>>, G::Error> {
    let conclusion = |target| Conclusion { target, confidence: 0.0, agreement: 0.0, paths: Vec::new() };
    let found = distinct(targets).map(conclusion).collect::<Vec<_>>();
    let mut used = std::mem::take(&mut scratch.used);
    let answer = Metered::new(graph, budget).answer(found, |graph, found| {
        let mut ways: Vec<_> = distinct(sources).map(|source| Way { source, best: None }).collect();
        found.iter_mut().try_for_each(|conclusion| conclude(graph, scratch, &mut used, &mut ways, options, conclusion))
    });
    scratch.used = used;
    let mut answer = answer?;
    let decay = options.path.decay();
    for conclusion in &mut answer.found {
        let open = conclusion.paths.iter().fold(1.0, |open, path| open * (1.0 - path.score(decay)));
        conclusion.confidence = 1.0 - open;
    }
    let all: f64 = answer.found.iter().map(|conclusion| conclusion.confidence).sum();
    for conclusion in answer.found.iter_mut().filter(|conclusion| conclusion.confidence > 0.0) {
        conclusion.agreement = conclusion.confidence / all;
    }
    // Stable: of equal ones the first stays the first.
    answer.found.sort_by(|left, right| right.confidence.total_cmp(&left.confidence));
    Ok(answer)
}

/// In the order in which they are first named.
fn distinct(nodes: &[u32]) -> impl Iterator<Item = u32> + '_ {
    let mut there = HashSet::new();
    nodes.iter().copied().filter(move |node| there.insert(*node))
}

/// The best path from a source with what is left.
struct Way {
    source: u32,
    best: Option<Path>,
}

fn conclude<G: Graph>(
    graph: &Metered<'_, G>,
    scratch: &mut Scratch,
    used: &mut EdgeSet,
    ways: &mut [Way],
    options: &ReasonOptions,
    conclusion: &mut Conclusion,
) -> Result<(), Stop<G::Error>> {
    used.clear();
    let (target, decay) = (conclusion.target, options.path.decay());
    let mut best_of = |used: &EdgeSet, source| {
        let left = Unused { graph, used };
        let found = find_best_path(&left, scratch, source, target, &options.path)?;
        Ok(found.filter(|path| path.score(decay) > 0.0))
    };
    if options.max_paths == 0 {
        return Ok(());
    }
    for way in ways.iter_mut() {
        way.best = best_of(used, way.source)?;
    }
    loop {
        let mut best: Option<&mut Way> = None;
        for way in ways.iter_mut().filter(|way| way.best.is_some()) {
            // Of equal ones the first stays.
            if best.as_ref().is_none_or(|best| compare(way, best, decay) == Ordering::Greater) {
                best = Some(way);
            }
        }
        let Some(path) = best.and_then(|way| way.best.take()) else { return Ok(()) };
        for hop in &path.hops {
            used.insert(hop.edge);
        }
        let source = path.nodes.first().copied();
        let is_whole = path.hops.is_empty();
        conclusion.paths.push(path);
        if conclusion.paths.len() >= options.max_paths {
            return Ok(());
        }
        for way in ways.iter_mut() {
            let is_used_up = match &way.best {
                Some(path) => path.hops.iter().any(|hop| used.contains(hop.edge)),
                // The one just taken; another path without hops there is not.
                None => Some(way.source) == source && !is_whole,
            };
            if is_used_up {
                way.best = best_of(used, way.source)?;
            }
        }
    }
}

fn compare(left: &Way, right: &Way, decay: f32) -> Ordering {
    let key = |way: &Way| way.best.as_ref().map(|path| path.score(decay));
    match (&left.best, &right.best) {
        (Some(a), Some(b)) => order((a.score(decay), &a.hops), (b.score(decay), &b.hops)),
        _ => key(left).is_some().cmp(&key(right).is_some()),
    }
}
