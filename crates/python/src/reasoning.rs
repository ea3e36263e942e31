//! Several paths, conclusions, recall, neighbourhoods and overviews, the same for a snapshot and for the newest one of a
//! storage. All release the interpreter's lock while they search.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use sutra_storage::{
    Budget, ConceptId, Extent, NeighborhoodOptions, OverviewOptions, PathNode, PathOptions, PathsOptions, RankOptions,
    ReasonOptions, Recall, RecallOptions, Snapshot, TypeRef,
};

use crate::answers::{Answer, Conclusion, Link, Neighborhood, Recalled};
use crate::failure::{Answer as Outcome, Failure};
use crate::links::Path;
use crate::metadata::decimal;
use crate::name::{concept, type_refs};
use crate::read::Narrowed;

/// What bounds every question.
pub(crate) struct Limits<'py> {
    narrowed: Narrowed<'py>,
    budget: Budget,
}

impl<'py> Limits<'py> {
    pub(crate) fn new(
        direction: &str,
        types: Option<&Bound<'py, PyAny>>,
        min_confidence: f32,
        (max_visited, timeout): (Option<u64>, Option<f64>),
    ) -> Outcome<Self> {
        let narrowed = Narrowed::new(direction, types, min_confidence)?;
        if timeout.is_some_and(|timeout| timeout.is_nan() || timeout < 0.0) {
            return Err(Failure::invalid("timeout", "a number of seconds, at least 0"));
        }
        // A time too far to be told is none.
        let timeout = timeout.and_then(|timeout| Duration::try_from_secs_f64(timeout).ok());
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Ok(Self { narrowed, budget: Budget { max_visited: max_visited.unwrap_or(u64::MAX), deadline } })
    }

    fn types(&self) -> Outcome<Option<Vec<TypeRef<'_>>>> {
        type_refs(self.narrowed.types.as_deref())
    }

    fn path<'a>(&self, types: Option<&'a [TypeRef<'a>]>, max_depth: Option<u32>, decay: f32) -> PathOptions<'a> {
        let Narrowed { direction, min_confidence, .. } = self.narrowed;
        PathOptions { direction, max_depth: max_depth.unwrap_or(u32::MAX), min_confidence, types, decay }
    }
}

/// Which paths are wanted.
pub(crate) enum Which {
    ByHops(Extent),
    Best(f32),
}

impl Which {
    pub(crate) fn by_hops(longer: bool) -> Self {
        Self::ByHops(if longer { Extent::Longer } else { Extent::Shortest })
    }
}

fn answer<T>(
    py: Python<'_>,
    answer: sutra_storage::Answer<Vec<T>>,
    each: impl FnMut(T) -> Outcome<Py<PyAny>>,
) -> Outcome<Answer> {
    let found: Vec<_> = answer.found.into_iter().map(each).collect::<Outcome<_>>()?;
    Ok(Answer { found: PyList::new(py, found)?.unbind(), complete: answer.complete })
}

fn path_list<'a>(py: Python<'_>, paths: impl Iterator<Item = &'a sutra_storage::Path>) -> Outcome<Py<PyList>> {
    let paths: Vec<_> = paths.map(|path| Ok(Py::new(py, Path::new(py, path)?)?)).collect::<Outcome<_>>()?;
    Ok(PyList::new(py, paths)?.unbind())
}

fn pair<'py, T: IntoPyObject<'py>>(py: Python<'py>, node: &PathNode, value: T) -> Outcome<Py<PyAny>> {
    Ok((node.name(), value).into_pyobject(py)?.into_any().unbind())
}

pub(crate) fn paths(
    py: Python<'_>,
    snapshot: &Snapshot,
    ends: (&Bound<'_, PyAny>, &Bound<'_, PyAny>),
    limit: usize,
    max_depth: Option<u32>,
    limits: &Limits<'_>,
    which: Which,
) -> Outcome<Answer> {
    let (start, end) = (concept(ends.0)?, concept(ends.1)?);
    let types = limits.types()?;
    let (extent, decay) = match which {
        Which::ByHops(extent) => (Some(extent), 1.0),
        Which::Best(decay) => (None, decay),
    };
    let path = limits.path(types.as_deref(), max_depth, decay);
    let options = PathsOptions { path, limit, extent: extent.unwrap_or_default(), budget: limits.budget };
    let found = py.detach(|| match extent {
        Some(_) => snapshot.find_paths(start, end, options),
        None => snapshot.find_best_paths(start, end, options),
    })?;
    answer(py, found, |path| Ok(Py::new(py, Path::new(py, &path)?)?.into_any()))
}

/// The concepts that an argument names: one, or several.
fn several<'py>(value: &Bound<'py, PyAny>) -> Outcome<Vec<Bound<'py, PyAny>>> {
    if concept(value).is_ok() {
        return Ok(vec![value.clone()]);
    }
    Ok(value.try_iter()?.collect::<PyResult<_>>()?)
}

pub(crate) fn reason(
    py: Python<'_>,
    snapshot: &Snapshot,
    (sources, targets): (&Bound<'_, PyAny>, &Bound<'_, PyAny>),
    max_paths: usize,
    max_depth: Option<u32>,
    decay: f32,
    limits: &Limits<'_>,
) -> Outcome<Answer> {
    let (sources, targets) = (several(sources)?, several(targets)?);
    let sources: Vec<_> = sources.iter().map(concept).collect::<Outcome<_>>()?;
    let targets: Vec<_> = targets.iter().map(concept).collect::<Outcome<_>>()?;
    let types = limits.types()?;
    let path = limits.path(types.as_deref(), max_depth, decay);
    let options = ReasonOptions { path, max_paths, budget: limits.budget };
    let found = py.detach(|| snapshot.reason(&sources, &targets, options))?;
    answer(py, found, |found| {
        let paths = path_list(py, found.paths.iter())?;
        let target = found.target.name().into_owned();
        let (confidence, agreement) = (found.confidence, found.agreement);
        Ok(Py::new(py, Conclusion { target, confidence, agreement, paths })?.into_any())
    })
}

pub(crate) fn how(word: &str, (restart, precision): (f64, f64), threshold: f64) -> Outcome<Recall> {
    match word {
        "walks" => Ok(Recall::Walks { restart, precision }),
        "spreading" => Ok(Recall::Spreading { threshold }),
        _ => Err(Failure::invalid("how", format!("{word:?} is neither \"walks\" nor \"spreading\""))),
    }
}

pub(crate) fn recall(
    py: Python<'_>,
    snapshot: &Snapshot,
    seeds: &Bound<'_, PyAny>,
    (how, decay): (Recall, f32),
    (limit, with_seeds): (usize, bool),
    max_depth: Option<u32>,
    limits: &Limits<'_>,
) -> Outcome<Answer> {
    let mut from: Vec<(ConceptId, f64)> = Vec::new();
    if let Ok(weights) = seeds.cast::<PyDict>() {
        for (seed, weight) in weights {
            from.push((concept(&seed)?.id()?, weight.extract()?));
        }
    } else {
        for seed in several(seeds)? {
            from.push((concept(&seed)?.id()?, 1.0));
        }
    }
    let seeds: Vec<_> = from.iter().map(|(id, weight)| (id.into(), *weight)).collect();
    let types = limits.types()?;
    // Of walks a decay is none of their options.
    let decay = if matches!(how, Recall::Walks { .. }) { 1.0 } else { decay };
    let path = limits.path(types.as_deref(), max_depth, decay);
    let options = RecallOptions { path, how, limit, with_seeds, budget: limits.budget };
    let found = py.detach(|| snapshot.recall(&seeds, options))?;
    answer(py, found, |found| {
        let path = Py::new(py, Path::new(py, &found.path)?)?;
        let name = found.concept.name().into_owned();
        Ok(Py::new(py, Recalled { name, is_stub: found.concept.is_stub, score: found.score, path })?.into_any())
    })
}

pub(crate) fn neighborhood(
    py: Python<'_>,
    snapshot: &Snapshot,
    center: &Bound<'_, PyAny>,
    hops: u32,
    (max_concepts, max_associations): (usize, usize),
    limits: &Limits<'_>,
) -> Outcome<Neighborhood> {
    let center = concept(center)?;
    let types = limits.types()?;
    let path = limits.path(types.as_deref(), Some(hops), 1.0);
    let options = NeighborhoodOptions { path, max_concepts, max_associations, budget: limits.budget };
    let sutra_storage::Answer { found, complete } = py.detach(|| snapshot.neighborhood(center, options))?;
    let name = |at: usize| found.nodes.get(at).map(|node| node.name().into_owned()).unwrap_or_default();
    let link = |link: &sutra_storage::Link| {
        let link = Link {
            source: name(link.source),
            target: name(link.target),
            assoc_type: link.kind.0,
            type_name: link.type_name.clone(),
            confidence: decimal(link.confidence),
            weight: decimal(link.weight),
            created: link.created,
            sequence: link.sequence,
        };
        Py::new(py, link)
    };
    let links: Vec<_> = found.links.iter().map(link).collect::<PyResult<_>>()?;
    let nodes = found.nodes.iter().map(|node| PyString::new(py, &node.name()));
    Ok(Neighborhood {
        nodes: PyList::new(py, nodes)?.unbind(),
        hops: found.hops.clone(),
        links: PyList::new(py, links)?.unbind(),
        whole: found.whole,
        complete,
    })
}

pub(crate) fn pagerank(
    py: Python<'_>,
    snapshot: &Snapshot,
    limit: Option<usize>,
    (damping, tolerance): (f64, f64),
    (max_rounds, weighted): (u32, bool),
    limits: &Limits<'_>,
) -> Outcome<Answer> {
    let types = limits.types()?;
    let over = OverviewOptions { path: limits.path(types.as_deref(), None, 1.0), budget: limits.budget };
    let options = RankOptions { over, damping, tolerance, max_rounds, weighted };
    let found = py.detach(|| {
        let answer = snapshot.pagerank(options)?;
        let found = answer.found.top(limit.unwrap_or(usize::MAX))?;
        Ok::<_, sutra_storage::Error>(sutra_storage::Answer { found, complete: answer.complete })
    })?;
    answer(py, found, |(node, rank)| pair(py, &node, rank))
}

pub(crate) fn components(py: Python<'_>, snapshot: &Snapshot, limits: &Limits<'_>) -> Outcome<Answer> {
    let types = limits.types()?;
    let options = OverviewOptions { path: limits.path(types.as_deref(), None, 1.0), budget: limits.budget };
    let found = py.detach(|| {
        let answer = snapshot.components(options)?;
        let found = answer.found.groups()?;
        Ok::<_, sutra_storage::Error>(sutra_storage::Answer { found, complete: answer.complete })
    })?;
    answer(py, found, |group| {
        let names = group.iter().map(|node| PyString::new(py, &node.name()));
        Ok(PyList::new(py, names)?.into_any().unbind())
    })
}

pub(crate) fn hubs(py: Python<'_>, snapshot: &Snapshot, limit: usize, limits: &Limits<'_>) -> Outcome<Answer> {
    let types = limits.types()?;
    let options = OverviewOptions { path: limits.path(types.as_deref(), None, 1.0), budget: limits.budget };
    let found = py.detach(|| snapshot.hubs(limit, options))?;
    answer(py, found, |hub| pair(py, &hub.concept, hub.degree))
}

/// The methods of reasoning, for a class with a method `view` that gives the snapshot to read.
macro_rules! reasoning {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            /// The paths from one concept to another that have the fewest hops, at most ``limit``; with ``longer`` also longer ones, by
            /// hops. None meets a concept twice; parallel associations make different paths. The first is that of ``find_path``.
            ///
            /// An ``Answer`` of ``Path``. Like all that follow, it is bounded by ``direction``, ``types`` and ``min_confidence`` as
            /// ``find_path`` is, by ``max_visited`` readings of a concept's associations and by ``timeout`` seconds: when one of
            /// these ends the search, ``complete`` is false and something may be missing. All release the interpreter's lock.
            #[pyo3(signature = (
                                start_id, end_id, limit=10, *, longer=false, max_depth=6, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn find_paths(
                &self,
                py: Python<'_>,
                start_id: &Bound<'_, PyAny>,
                end_id: &Bound<'_, PyAny>,
                limit: usize,
                longer: bool,
                max_depth: Option<u32>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::paths(
                    py,
                    &*self.view(py)?,
                    (start_id, end_id),
                    limit,
                    max_depth,
                    &limits,
                    $crate::reasoning::Which::by_hops(longer),
                )
            }

            /// The ``limit`` paths whose product of confidences is highest, each hop multiplied by ``decay`` in (0, 1] as well, the best
            /// first; none meets a concept twice. Exact, also within ``max_depth`` hops (``None`` for no bound). An ``Answer`` of
            /// ``Path``.
            #[pyo3(signature = (
                                start_id, end_id, limit=10, *, max_depth=6, decay=1.0, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn find_best_paths(
                &self,
                py: Python<'_>,
                start_id: &Bound<'_, PyAny>,
                end_id: &Bound<'_, PyAny>,
                limit: usize,
                max_depth: Option<u32>,
                decay: f32,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::paths(
                    py,
                    &*self.view(py)?,
                    (start_id, end_id),
                    limit,
                    max_depth,
                    &limits,
                    $crate::reasoning::Which::Best(decay),
                )
            }

            /// For each target the confidence that at least one of up to ``max_paths`` paths from the sources holds: 1 less the product
            /// of what each leaves open. The paths are the best one, then the best that shares no association with those before. An
            /// ``Answer`` of ``Conclusion``, by falling confidence; targets that are not known come last.
            ///
            /// ``sources`` and ``targets`` are one name or several.
            #[pyo3(signature = (
                                sources, targets, *, max_paths=8, max_depth=6, decay=1.0, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn reason(
                &self,
                py: Python<'_>,
                sources: &Bound<'_, PyAny>,
                targets: &Bound<'_, PyAny>,
                max_paths: usize,
                max_depth: Option<u32>,
                decay: f32,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::reason(
                    py,
                    &*self.view(py)?,
                    (sources, targets),
                    max_paths,
                    max_depth,
                    decay,
                    &limits,
                )
            }

            /// What some concepts bring to mind, ranked, each with the way by which it came: an ``Answer`` of ``Recalled``.
            ///
            /// ``seeds`` are one name, several, or a mapping from names to weights above 0. ``how`` is ``"walks"`` (personalised
            /// PageRank: walks start at the seeds, end at each concept with the probability ``restart``, and go on by confidence; what
            /// is less than ``precision`` an association is not followed) or ``"spreading"`` (each concept, when it is first reached,
            /// shares what it has, times ``decay``, among its associations by confidence; less than ``threshold`` is not passed on).
            /// ``with_seeds`` to have the seeds themselves in the answer.
            #[pyo3(signature = (
                                seeds, limit=10, *, how="walks", restart=0.15, precision=1e-6, threshold=1e-4,
                                decay=0.5, with_seeds=false, max_depth=6, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn recall(
                &self,
                py: Python<'_>,
                seeds: &Bound<'_, PyAny>,
                limit: usize,
                how: &str,
                restart: f64,
                precision: f64,
                threshold: f64,
                decay: f32,
                with_seeds: bool,
                max_depth: Option<u32>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                let how = $crate::reasoning::how(how, (restart, precision), threshold)?;
                $crate::reasoning::recall(
                    py,
                    &*self.view(py)?,
                    seeds,
                    (how, decay),
                    (limit, with_seeds),
                    max_depth,
                    &limits,
                )
            }

            /// The concepts within ``hops`` of one, and the associations between them: a ``Neighborhood``, empty if the concept is not
            /// known. The nearest ``max_concepts`` (of one distance those with the most believed associations) and the most believed
            /// ``max_associations``.
            #[pyo3(signature = (
                                concept_id, hops=1, *, max_concepts=1000, max_associations=10_000, direction="both",
                                types=None, min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn neighborhood(
                &self,
                py: Python<'_>,
                concept_id: &Bound<'_, PyAny>,
                hops: u32,
                max_concepts: usize,
                max_associations: usize,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Neighborhood> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::neighborhood(
                    py,
                    &*self.view(py)?,
                    concept_id,
                    hops,
                    (max_concepts, max_associations),
                    &limits,
                )
            }

            /// PageRank of all concepts and stubs by the power method, on all cores: an ``Answer`` of pairs of name and rank, falling, at
            /// most ``limit`` (``None`` for all; ``dict()`` makes a table of it). Associations are chosen by their confidence unless
            /// ``weighted`` is false; what has none goes on anywhere. Ends when all ranks change by less than ``tolerance`` times
            /// their number, or after ``max_rounds``.
            #[pyo3(signature = (
                                limit=None, *, damping=0.85, tolerance=1e-6, max_rounds=100, weighted=true,
                                direction="out", types=None, min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn pagerank(
                &self,
                py: Python<'_>,
                limit: Option<usize>,
                damping: f64,
                tolerance: f64,
                max_rounds: u32,
                weighted: bool,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::pagerank(
                    py,
                    &*self.view(py)?,
                    limit,
                    (damping, tolerance),
                    (max_rounds, weighted),
                    &limits,
                )
            }

            /// The weakly connected components: an ``Answer`` of lists of names, the largest first. The direction does not matter.
            #[pyo3(signature = (
                                *, direction="out", types=None, min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            fn components(
                &self,
                py: Python<'_>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::components(py, &*self.view(py)?, &limits)
            }

            /// The ``limit`` concepts and stubs with the most associations: an ``Answer`` of pairs of name and number, falling.
            #[pyo3(signature = (
                                limit=10, *, direction="out", types=None, min_confidence=0.0, max_visited=None,
                                timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn hubs(
                &self,
                py: Python<'_>,
                limit: usize,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::hubs(py, &*self.view(py)?, limit, &limits)
            }
        }
    };
}

pub(crate) use reasoning;
