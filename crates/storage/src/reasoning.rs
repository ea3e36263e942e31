//! Several paths, what they together say, and what comes to mind: the graph crate's answers, explained.

use std::collections::HashSet;

use sutra_graph::{Answer, Budget, Extent, Recall, with_scratch};

use crate::Result;
use crate::error::Error;
use crate::memory::ConcurrentMemory;
use crate::name::ConceptRef;
use crate::path::{Path, PathNode, PathOptions, View, checked};
use crate::snapshot::Snapshot;

/// Which paths are wanted, how many, and what they may cost.
#[derive(Clone, Copy, Debug)]
pub struct PathsOptions<'a> {
    /// What a path may be.
    pub path: PathOptions<'a>,
    /// So many at most; 10 by default.
    pub limit: usize,
    /// Of [`Snapshot::find_paths`]: only those of fewest hops, the default, or longer ones too.
    pub extent: Extent,
    /// What the search may cost; no bound by default.
    pub budget: Budget,
}

impl Default for PathsOptions<'_> {
    fn default() -> Self {
        Self { path: PathOptions::default(), limit: 10, extent: Extent::Shortest, budget: Budget::UNLIMITED }
    }
}

/// Bounds of [`Snapshot::reason`].
#[derive(Clone, Copy, Debug)]
pub struct ReasonOptions<'a> {
    /// What a path may be; its decay counts in what is concluded.
    pub path: PathOptions<'a>,
    /// So many paths to each target at most; 8 by default.
    pub max_paths: usize,
    /// What it may cost; no bound by default.
    pub budget: Budget,
}

impl Default for ReasonOptions<'_> {
    fn default() -> Self {
        Self { path: PathOptions::default(), max_paths: 8, budget: Budget::UNLIMITED }
    }
}

/// What is concluded of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// The target. One that is not known has the key that it was asked by, and no path.
    pub target: PathNode,
    /// That at least one of the paths holds, if they hold independently: 1 less the product of what each leaves open.
    pub confidence: f64,
    /// The share of this confidence in that of all targets together.
    pub agreement: f64,
    /// The paths that carry it, the best first; no two of them share an association.
    pub paths: Vec<Path>,
}

/// Bounds of [`Snapshot::recall`].
#[derive(Clone, Copy, Debug)]
pub struct RecallOptions<'a> {
    /// Which associations are followed, and how far. Its decay is of spreading activation: walks, which end by `restart`, have none.
    pub path: PathOptions<'a>,
    /// Walks (personalised PageRank), the default, or spreading activation.
    pub how: Recall,
    /// So many answers at most; 10 by default.
    pub limit: usize,
    /// Whether the seeds themselves are answers; not by default.
    pub with_seeds: bool,
    /// What it may cost; no bound by default.
    pub budget: Budget,
}

impl Default for RecallOptions<'_> {
    fn default() -> Self {
        let (path, how) = (PathOptions::default(), Recall::default());
        Self { path, how, limit: 10, with_seeds: false, budget: Budget::UNLIMITED }
    }
}

/// A concept that came to mind.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalled {
    /// The concept or stub.
    pub concept: PathNode,
    /// With walks the share of them that ends here; with spreading its activation.
    pub score: f64,
    /// The way from a seed by which it came to mind.
    pub path: Path,
}

impl Snapshot {
    /// All paths of fewest hops, or with [`Extent::Longer`] also longer ones by hops, none with a concept twice; of equally long
    /// ones in a fixed order, of which the first is that of [`Snapshot::find_path_with`]. Parallel associations make different
    /// paths.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn find_paths<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        options: PathsOptions<'_>,
    ) -> Result<Answer<Vec<Path>>> {
        self.several(start.into(), end.into(), options, false)
    }

    /// The paths whose product of confidences (with the decay of each hop) is highest, the best first, none with a concept twice.
    /// Exact, also within a bound on hops.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn find_best_paths<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        options: PathsOptions<'_>,
    ) -> Result<Answer<Vec<Path>>> {
        self.several(start.into(), end.into(), options, true)
    }

    /// The snapshot as the graph crate sees it, whose nodes are slots: for measuring its searches beside other graphs.
    #[doc(hidden)]
    pub fn graph(&self) -> impl sutra_graph::Graph<Error = impl std::fmt::Debug + Send + use<>> + Sync + '_ {
        View(&self.inner)
    }

    fn several(
        &self,
        start: ConceptRef<'_>,
        end: ConceptRef<'_>,
        options: PathsOptions<'_>,
        best: bool,
    ) -> Result<Answer<Vec<Path>>> {
        let PathsOptions { path, limit, extent, budget } = options;
        let path = checked(self, path)?;
        let (Some(start), Some(end)) = (self.slot(start)?, self.slot(end)?) else {
            return Ok(Answer { found: Vec::new(), complete: true });
        };
        let graph = View(&self.inner);
        let answer = with_scratch(|scratch| {
            if best {
                sutra_graph::find_best_paths(&graph, scratch, start, end, &path, limit, &budget)
            } else {
                sutra_graph::find_paths(&graph, scratch, start, end, &path, extent, limit, &budget)
            }
        })?;
        explain(answer, |path| Path::explained(self, &path))
    }

    /// For each target what the paths from any of the sources say of it together: their confidences combined, as they share no
    /// association, and the paths themselves. By falling confidence; targets that are not known come last. Sources and targets
    /// given twice count once.
    ///
    /// The paths are taken one by one, each the best of what those before have left.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn reason(
        &self,
        sources: &[ConceptRef<'_>],
        targets: &[ConceptRef<'_>],
        options: ReasonOptions<'_>,
    ) -> Result<Answer<Vec<Conclusion>>> {
        let path = checked(self, options.path)?;
        let mut from = Vec::with_capacity(sources.len());
        for source in sources {
            from.extend(self.slot(*source)?);
        }
        let (mut to, mut unknown) = (Vec::with_capacity(targets.len()), Vec::new());
        for target in targets {
            match self.slot(*target)? {
                Some(slot) => to.push(slot),
                None => unknown.push(named(*target)?),
            }
        }
        let asked = sutra_graph::ReasonOptions { path, max_paths: options.max_paths };
        let graph = View(&self.inner);
        let answer = with_scratch(|scratch| sutra_graph::reason(&graph, scratch, &from, &to, &asked, &options.budget))?;
        let mut answer = explain(answer, |conclusion| {
            Ok(Conclusion {
                target: PathNode::of(self, conclusion.target)?,
                confidence: conclusion.confidence,
                agreement: conclusion.agreement,
                paths: conclusion.paths.iter().map(|path| Path::explained(self, path)).collect::<Result<_>>()?,
            })
        })?;
        let mut there: HashSet<_> = answer.found.iter().map(|conclusion| conclusion.target.id).collect();
        for target in unknown {
            if there.insert(target.id) {
                answer.found.push(Conclusion { target, confidence: 0.0, agreement: 0.0, paths: Vec::new() });
            }
        }
        Ok(answer)
    }

    /// What some concepts, each with a weight above 0, bring to mind: the nearest by associations, ranked, each with the way by
    /// which it came. Seeds that are not known bring nothing.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn recall(&self, seeds: &[(ConceptRef<'_>, f64)], options: RecallOptions<'_>) -> Result<Answer<Vec<Recalled>>> {
        let asked = sutra_graph::RecallOptions {
            path: checked(self, options.path)?,
            how: checked_recall(options.how)?,
            limit: options.limit,
            with_seeds: options.with_seeds,
        };
        let mut from = Vec::with_capacity(seeds.len());
        for (seed, weight) in seeds {
            if !(*weight > 0.0 && weight.is_finite()) {
                return Err(Error::invalid("seeds", format!("the weight {weight} is not a number above 0")));
            }
            from.extend(self.slot(*seed)?.map(|slot| (slot, *weight)));
        }
        let graph = View(&self.inner);
        let answer = with_scratch(|scratch| sutra_graph::recall(&graph, scratch, &from, &asked, &options.budget))?;
        explain(answer, |recalled| {
            Ok(Recalled {
                concept: PathNode::of(self, recalled.node)?,
                score: recalled.score,
                path: Path::explained(self, &recalled.path)?,
            })
        })
    }
}

fn checked_recall(how: Recall) -> Result<Recall> {
    match how {
        Recall::Walks { restart, .. } if !(sutra_graph::LEAST_RESTART..=1.0).contains(&restart) => {
            let least = sutra_graph::LEAST_RESTART;
            Err(Error::invalid("restart", format!("{restart} is not a number from {least} to 1")))
        }
        Recall::Walks { precision, .. } if !(0.0..1.0).contains(&precision) => {
            Err(Error::invalid("precision", format!("{precision} is not from 0 to below 1")))
        }
        Recall::Spreading { threshold } if !(0.0..=1.0).contains(&threshold) => {
            Err(Error::invalid("threshold", format!("{threshold} is not a number from 0 to 1")))
        }
        how => Ok(how),
    }
}

/// A concept as it was asked for.
fn named(concept: ConceptRef<'_>) -> Result<PathNode> {
    let named = concept.resolve()?;
    let key = (!named.key.is_empty()).then(|| named.key.to_owned());
    Ok(PathNode { id: named.id, key, is_stub: false })
}

pub(crate) fn explain<S, T>(answer: Answer<Vec<S>>, explained: impl FnMut(S) -> Result<T>) -> Result<Answer<Vec<T>>> {
    let found = answer.found.into_iter().map(explained).collect::<Result<_>>()?;
    Ok(Answer { found, complete: answer.complete })
}

impl ConcurrentMemory {
    /// [`Snapshot::find_paths`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn find_paths<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        options: PathsOptions<'_>,
    ) -> Result<Answer<Vec<Path>>> {
        self.snapshot().find_paths(start, end, options)
    }

    /// [`Snapshot::find_best_paths`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn find_best_paths<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        options: PathsOptions<'_>,
    ) -> Result<Answer<Vec<Path>>> {
        self.snapshot().find_best_paths(start, end, options)
    }

    /// [`Snapshot::reason`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn reason(
        &self,
        sources: &[ConceptRef<'_>],
        targets: &[ConceptRef<'_>],
        options: ReasonOptions<'_>,
    ) -> Result<Answer<Vec<Conclusion>>> {
        self.snapshot().reason(sources, targets, options)
    }

    /// [`Snapshot::recall`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn recall(&self, seeds: &[(ConceptRef<'_>, f64)], options: RecallOptions<'_>) -> Result<Answer<Vec<Recalled>>> {
        self.snapshot().recall(seeds, options)
    }
}
