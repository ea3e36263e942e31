//! The part of the store around a concept.

use std::collections::HashMap;

use sutra_format::AssociationType;
use sutra_graph::{Answer, Budget, with_scratch};

use crate::Result;
use crate::error::Error;
use crate::memory::ConcurrentMemory;
use crate::name::ConceptRef;
use crate::path::{PathNode, PathOptions, View, checked};
use crate::snapshot::Snapshot;

/// Bounds of a [`Snapshot::neighborhood`].
#[derive(Clone, Copy, Debug)]
pub struct NeighborhoodOptions<'a> {
    /// Which associations are followed and shown, either way by default; its depth, 1 by default, is how far the neighbourhood
    /// reaches.
    pub path: PathOptions<'a>,
    /// So many concepts at most, the centre among them; 1000 by default. The nearest stay, of one distance those reached by the most believed
    /// associations.
    pub max_concepts: usize,
    /// So many associations at most; 10,000 by default. The most believed stay.
    pub max_associations: usize,
    /// What it may cost; no bound by default.
    pub budget: Budget,
}

impl Default for NeighborhoodOptions<'_> {
    fn default() -> Self {
        let path = PathOptions { direction: sutra_graph::Direction::Both, max_depth: 1, ..PathOptions::default() };
        Self { path, max_concepts: 1000, max_associations: 10_000, budget: Budget::UNLIMITED }
    }
}

/// A part of the store: concepts, and all associations between them that were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighborhood {
    /// The concepts and stubs, the centre first, then by hops from it.
    pub nodes: Vec<PathNode>,
    /// For each of them its hops from the centre.
    pub hops: Vec<u32>,
    /// The associations, in the order in which they were last learned.
    pub links: Vec<Link>,
    /// The limits on concepts and associations left nothing out.
    pub whole: bool,
}

/// An association of a [`Neighborhood`].
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Position of its source among the nodes.
    pub source: usize,
    /// Position of its target among the nodes.
    pub target: usize,
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
}

impl Snapshot {
    /// The concepts within some hops of one, and the associations between them; empty if it is not known.
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn neighborhood<'a>(
        &self,
        center: impl Into<ConceptRef<'a>>,
        options: NeighborhoodOptions<'_>,
    ) -> Result<Answer<Neighborhood>> {
        let asked = sutra_graph::NeighborhoodOptions {
            path: checked(self, options.path)?,
            max_nodes: options.max_concepts,
            max_links: options.max_associations,
        };
        let Some(center) = self.slot(center.into())? else {
            return Ok(Answer { found: Neighborhood { whole: true, ..Neighborhood::default() }, complete: true });
        };
        let graph = View(&self.inner);
        let answer =
            with_scratch(|scratch| sutra_graph::neighborhood(&graph, scratch, center, &asked, &options.budget))?;
        let place: HashMap<u32, usize> =
            answer.found.nodes.iter().enumerate().map(|(place, member)| (member.node, place)).collect();
        let at = |slot: u32| {
            let lost = || Error::Corrupt { region: "slot rows".into(), offset: slot.into(), detail: String::new() };
            place.get(&slot).copied().ok_or_else(lost)
        };
        let link = |link: &sutra_graph::Link| {
            let record = self.inner.association(link.edge)?;
            let kind = AssociationType(link.kind);
            Ok(Link {
                source: at(link.source)?,
                target: at(link.target)?,
                kind,
                type_name: self.type_name(kind).unwrap_or_default().to_owned(),
                confidence: link.confidence,
                weight: record.weight.get(),
                created: record.created.get(),
                sequence: record.sequence.get(),
            })
        };
        let members = &answer.found.nodes;
        let found = Neighborhood {
            nodes: members.iter().map(|member| PathNode::of(self, member.node)).collect::<Result<_>>()?,
            hops: members.iter().map(|member| member.hops).collect(),
            links: answer.found.links.iter().map(link).collect::<Result<_>>()?,
            whole: answer.found.whole,
        };
        Ok(Answer { found, complete: answer.complete })
    }
}

impl ConcurrentMemory {
    /// [`Snapshot::neighborhood`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn neighborhood<'a>(
        &self,
        center: impl Into<ConceptRef<'a>>,
        options: NeighborhoodOptions<'_>,
    ) -> Result<Answer<Neighborhood>> {
        self.snapshot().neighborhood(center, options)
    }
}
