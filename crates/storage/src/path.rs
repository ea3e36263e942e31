//! Paths: the graph crate's searches over a snapshot, with answers that explain themselves.

use std::borrow::Cow;
use std::ops::ControlFlow;

use sutra_format::{AssociationType, ConceptId};
use sutra_graph::{Direction, Edge, Graph, TypeSet, with_scratch};
use sutra_snapshot::{Damage, Side};

use crate::Result;
use crate::check::unit;
use crate::error::Error;
use crate::name::{ConceptRef, TypeRef, key_text};
use crate::snapshot::Snapshot;
use crate::view;
use crate::write::type_code;

/// What a path may be.
#[derive(Clone, Copy, Debug)]
pub struct PathOptions<'a> {
    /// Along outgoing associations by default.
    pub direction: Direction,
    /// Hops at most; 6 by default, `u32::MAX` for no bound.
    pub max_depth: u32,
    /// Only associations of at least this confidence, in [0, 1]; 0 by default.
    pub min_confidence: f32,
    /// Only associations of these types; all by default.
    pub types: Option<&'a [TypeRef<'a>]>,
    /// What each hop multiplies a path's confidence by in [`Snapshot::find_best_path`], in (0, 1]; 1 by default.
    pub decay: f32,
}

impl Default for PathOptions<'_> {
    fn default() -> Self {
        Self { direction: Direction::Out, max_depth: 6, min_confidence: 0.0, types: None, decay: 1.0 }
    }
}

/// A path: its concepts, and each hop with its association.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The concepts and stubs from start to end, one more than hops.
    pub nodes: Vec<PathNode>,
    /// The hops between them.
    pub hops: Vec<Hop>,
    /// The product of the hops' confidences; 1 for a path of one node.
    pub confidence: f64,
}

/// A concept or stub on a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathNode {
    /// Its id.
    pub id: ConceptId,
    /// Its key, if it was ever named by one.
    pub key: Option<String>,
    /// Whether it is a stub.
    pub is_stub: bool,
}

impl PathNode {
    /// The key as it is printed, else the id.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.key.as_deref().map_or_else(|| self.id.to_string().into(), key_text)
    }
}

/// One hop of a path: the association that it follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// The type.
    pub kind: AssociationType,
    /// The name of the type.
    pub type_name: String,
    /// The confidence.
    pub confidence: f32,
    /// The weight.
    pub weight: f32,
    /// When the association was created: microseconds since the Unix epoch.
    pub created: u64,
    /// The write that made it.
    pub sequence: u64,
    /// Whether it was followed against its direction.
    pub reversed: bool,
}

/// A snapshot as the searches see it.
pub(crate) struct View<'s>(pub(crate) &'s sutra_snapshot::Snapshot);

fn side(side: sutra_graph::Side) -> Side {
    match side {
        sutra_graph::Side::Out => Side::Out,
        sutra_graph::Side::In => Side::In,
    }
}

impl Graph for View<'_> {
    type Error = Damage;

    fn node_bound(&self) -> u32 {
        self.0.lengths().slots
    }

    fn contains(&self, node: u32) -> Result<bool, Damage> {
        Ok(self.0.newest(node)?.is_some_and(|record| !record.is_tombstone()))
    }

    #[inline]
    fn degree(&self, node: u32, from: sutra_graph::Side) -> usize {
        self.0.edges(node, side(from)).map_or(0, |edges| edges.upper_bound())
    }

    #[inline]
    fn edges<F: FnMut(Edge) -> ControlFlow<()>>(
        &self,
        node: u32,
        from: sutra_graph::Side,
        mut visit: F,
    ) -> Result<(), Damage> {
        let edges = self.0.edges(node, side(from))?;
        // The visitor's break says that it has seen enough.
        let _ = edges.visit(|edge| {
            visit(Edge { target: edge.target, id: edge.ordinal, confidence: edge.confidence, kind: edge.kind })
        });
        Ok(())
    }

    #[inline]
    fn prefetch(&self, node: u32, _side: sutra_graph::Side) {
        self.0.prefetch(node);
    }

    #[inline]
    fn prefetch_edges(&self, node: u32, from: sutra_graph::Side) {
        self.0.prefetch_edges(node, side(from));
    }

    #[inline]
    fn has_edge(&self, source: u32, target: u32) -> Result<bool, Damage> {
        self.0.has_edge(source, target)
    }
}

impl Path {
    pub(crate) fn find(
        snapshot: &Snapshot,
        start: ConceptRef<'_>,
        end: ConceptRef<'_>,
        options: PathOptions<'_>,
        best: bool,
    ) -> Result<Option<Self>> {
        let options = checked(snapshot, options)?;
        let (Some(start), Some(end)) = (snapshot.slot(start)?, snapshot.slot(end)?) else { return Ok(None) };
        let graph = View(&snapshot.inner);
        let found = with_scratch(|scratch| {
            if best {
                sutra_graph::find_best_path(&graph, scratch, start, end, &options)
            } else {
                sutra_graph::find_path(&graph, scratch, start, end, &options)
            }
        })?;
        found.map(|path| Self::explained(snapshot, &path)).transpose()
    }

    pub(crate) fn explained(snapshot: &Snapshot, path: &sutra_graph::Path) -> Result<Self> {
        Ok(Self {
            nodes: path.nodes.iter().map(|slot| PathNode::of(snapshot, *slot)).collect::<Result<_>>()?,
            hops: path.hops.iter().map(|hop| Hop::of(snapshot, hop)).collect::<Result<_>>()?,
            confidence: path.confidence,
        })
    }
}

impl PathNode {
    pub(crate) fn of(snapshot: &Snapshot, slot: u32) -> Result<Self> {
        let lost = || Error::Corrupt { region: "slot rows".into(), offset: slot.into(), detail: String::new() };
        let record = snapshot.inner.newest(slot)?.ok_or_else(lost)?;
        let key = view::key(&snapshot.inner, record)?.map(str::to_owned);
        Ok(Self { id: ConceptId::from_bytes(record.id), key, is_stub: record.is_stub() })
    }
}

impl Hop {
    fn of(snapshot: &Snapshot, hop: &sutra_graph::Hop) -> Result<Self> {
        let record = snapshot.inner.association(hop.edge)?;
        let kind = AssociationType(hop.kind);
        Ok(Self {
            kind,
            type_name: snapshot.type_name(kind).unwrap_or_default().to_owned(),
            confidence: hop.confidence,
            weight: record.weight.get(),
            created: record.created.get(),
            sequence: record.sequence.get(),
            reversed: hop.reversed,
        })
    }
}

pub(crate) fn checked(snapshot: &Snapshot, options: PathOptions<'_>) -> Result<sutra_graph::PathOptions> {
    if !(options.decay > 0.0 && options.decay <= 1.0) {
        return Err(Error::invalid("decay", format!("{} is not above 0 and at most 1", options.decay)));
    }
    let names = snapshot.inner.catalogue();
    let types = options.types.map(|types| {
        // A type that nobody has named yet is the type of no association.
        types.iter().filter_map(|kind| type_code(*kind, names).ok()).map(|code| code.0).collect::<TypeSet>()
    });
    Ok(sutra_graph::PathOptions {
        direction: options.direction,
        max_depth: options.max_depth,
        min_confidence: unit("min_confidence", options.min_confidence)?,
        types,
        decay: options.decay,
    })
}
