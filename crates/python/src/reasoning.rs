//! Several paths, conclusions, recall, neighbourhoods and overviews, the same for a snapshot and for the newest one of a
//! storage. All release the interpreter's lock while they search.

mod methods;

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::{PyList, PyMapping, PyString};
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

pub(crate) use methods::reasoning;

/// What bounds every question.
pub(crate) struct Limits<'py> {
    narrowed: Narrowed<'py>,
    max_visited: u64,
    timeout: Option<Duration>,
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
        Ok(Self { narrowed, max_visited: max_visited.unwrap_or(u64::MAX), timeout })
    }

    /// What the search may cost that begins now: what was waited for before it, a write that had to be visible, does not count.
    fn budget(&self) -> Budget {
        let deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Budget { max_visited: self.max_visited, deadline }
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

fn pair<'py, T: IntoPyObject<'py>>(py: Python<'py>, (name, value): (String, T)) -> Outcome<Py<PyAny>> {
    Ok((name, value).into_pyobject(py)?.into_any().unbind())
}

fn name(node: &PathNode) -> String {
    node.name().into_owned()
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
    let options = PathsOptions { path, limit, extent: extent.unwrap_or_default(), budget: limits.budget() };
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
    let options = ReasonOptions { path, max_paths, budget: limits.budget() };
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

/// The seeds that an argument names: one name; several, each alone or in a pair with its weight; or a mapping to weights.
fn weighted(seeds: &Bound<'_, PyAny>) -> Outcome<Vec<(ConceptId, f64)>> {
    let id = |seed: &Bound<'_, PyAny>| Ok::<_, Failure>(concept(seed)?.id()?);
    let pair = |(seed, weight): (Bound<'_, PyAny>, f64)| Ok((id(&seed)?, weight));
    if concept(seeds).is_ok() {
        return Ok(vec![(id(seeds)?, 1.0)]);
    }
    if let Ok(mapping) = seeds.cast::<PyMapping>() {
        return mapping.items()?.iter().map(|item| pair(item.extract()?)).collect();
    }
    let each = |seed: PyResult<Bound<'_, PyAny>>| {
        let seed = seed?;
        match seed.extract() {
            Ok(weighted) if concept(&seed).is_err() => pair(weighted),
            _ => Ok((id(&seed)?, 1.0)),
        }
    };
    seeds.try_iter()?.map(each).collect()
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
    let from = weighted(seeds)?;
    let seeds: Vec<_> = from.iter().map(|(id, weight)| (id.into(), *weight)).collect();
    let types = limits.types()?;
    // Of walks a decay is none of their options.
    let decay = if matches!(how, Recall::Walks { .. }) { 1.0 } else { decay };
    let path = limits.path(types.as_deref(), max_depth, decay);
    let options = RecallOptions { path, how, limit, with_seeds, budget: limits.budget() };
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
    let options = NeighborhoodOptions { path, max_concepts, max_associations, budget: limits.budget() };
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
    let over = OverviewOptions { path: limits.path(types.as_deref(), None, 1.0), budget: limits.budget() };
    let options = RankOptions { over, damping, tolerance, max_rounds, weighted };
    let found = py.detach(|| {
        let answer = snapshot.pagerank(options)?;
        let top = answer.found.top(limit.unwrap_or(usize::MAX))?;
        let found: Vec<_> = top.iter().map(|(node, rank)| (name(node), *rank)).collect();
        Ok::<_, sutra_storage::Error>(sutra_storage::Answer { found, complete: answer.complete })
    })?;
    answer(py, found, |ranked| pair(py, ranked))
}

pub(crate) fn components(py: Python<'_>, snapshot: &Snapshot, limits: &Limits<'_>) -> Outcome<Answer> {
    let types = limits.types()?;
    let options = OverviewOptions { path: limits.path(types.as_deref(), None, 1.0), budget: limits.budget() };
    let found = py.detach(|| {
        let answer = snapshot.components(options)?;
        let groups = answer.found.groups()?.into_iter();
        let found: Vec<Vec<_>> = groups.map(|group| group.iter().map(name).collect()).collect();
        Ok::<_, sutra_storage::Error>(sutra_storage::Answer { found, complete: answer.complete })
    })?;
    answer(py, found, |group| Ok(PyList::new(py, group)?.into_any().unbind()))
}

pub(crate) fn hubs(py: Python<'_>, snapshot: &Snapshot, limit: usize, limits: &Limits<'_>) -> Outcome<Answer> {
    let types = limits.types()?;
    let options = OverviewOptions { path: limits.path(types.as_deref(), None, 1.0), budget: limits.budget() };
    let found = py.detach(|| snapshot.hubs(limit, options))?;
    answer(py, found, |hub| pair(py, (name(&hub.concept), hub.degree)))
}
