//! `sutra neighbors`: what a concept is associated with.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Neighbor, NeighborOptions, TypeRef};

use super::get::{is_node, missing};
use super::{Direction, fraction};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, brief, note, plain};
use crate::store::reading;

/// Characters of a neighbour's content that its line has room for.
const BRIEF: usize = 60;

/// Show the neighbours of a concept
///
/// One line each: direction, name, type, confidence, and the beginning of the content, with tabs between them.
#[derive(Args, Debug)]
pub(crate) struct NeighborsOf {
    /// The concept's key or id
    key: String,
    /// Along outgoing associations, incoming ones, or both
    #[arg(long, value_enum, default_value_t = Direction::Out)]
    direction: Direction,
    /// Only associations of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only associations of at least this confidence
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = fraction::<f32>)]
    min_confidence: f32,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl NeighborsOf {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        reading(store, |snapshot| self.answer(snapshot))
    }

    fn answer(&self, snapshot: &sutra_storage::Snapshot) -> Result<Outcome, Failure> {
        if !is_node(snapshot, &self.key)? {
            missing(snapshot, &self.key)?;
            return Ok(Outcome::NotFound);
        }
        for name in &self.types {
            if snapshot.association_type(name).is_none() {
                note(format_args!("no association of this store has the type {}", plain(name)));
            }
        }
        let types: Vec<TypeRef<'_>> = self.types.iter().map(TypeRef::from).collect();
        let options = NeighborOptions {
            direction: self.direction.into(),
            types: (!types.is_empty()).then_some(&types),
            min_confidence: self.min_confidence,
        };
        let neighbors = snapshot.neighbors_with(&self.key, options)?;
        let mut out = Output::new();
        if self.json {
            let neighbors = neighbors.iter().map(|neighbor| Shown::of(&neighbor)).collect::<Result<Vec<_>, _>>()?;
            out.json(&Answer { concept: &self.key, neighbors })?;
        } else {
            for neighbor in neighbors.iter() {
                line(&neighbor, &mut out)?;
            }
            if neighbors.is_empty() {
                note("no neighbours");
            }
        }
        out.end()?;
        Ok(Outcome::Done)
    }
}

fn line(neighbor: &Neighbor<'_>, out: &mut Output) -> Result<(), Failure> {
    let concept = neighbor.concept()?;
    let arrow = if neighbor.direction() == sutra_storage::Direction::In { "<-" } else { "->" };
    out.line(format_args!(
        "{arrow}\t{}\t{}\t{}\t{}",
        plain(&concept.name()?),
        plain(neighbor.type_name()),
        neighbor.confidence(),
        brief(concept.content()?, BRIEF),
    ))
}

#[derive(Serialize)]
struct Answer<'a> {
    concept: &'a str,
    neighbors: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    name: String,
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
    direction: &'static str,
    confidence: f32,
    weight: f32,
    created: u64,
    stub: bool,
}

impl<'a> Shown<'a> {
    fn of(neighbor: &Neighbor<'a>) -> Result<Self, Failure> {
        let (concept, association) = (neighbor.concept()?, neighbor.association()?);
        Ok(Self {
            name: concept.name()?.into_owned(),
            id: concept.id().to_string(),
            kind: neighbor.type_name(),
            direction: if neighbor.direction() == sutra_storage::Direction::In { "in" } else { "out" },
            confidence: neighbor.confidence(),
            weight: association.weight(),
            created: association.created(),
            stub: concept.is_stub(),
        })
    }
}
