//! `sutra show`: a concept and what is around it, as a tree.

use std::collections::HashSet;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::{ConceptId, ConceptRef, Direction as Way, NeighborOptions, Neighbors, Snapshot, TypeRef};

use super::Direction;
use super::get::{is_node, missing};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, brief, plain};
use crate::store::reading;
use crate::style;
use crate::terminal;

/// Show a concept with its neighbourhood, as a tree
///
/// Associations stand under their type; an arrow back (<-) is before those that lead to the concept. What stood higher in the
/// tree is not opened again.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Its key or id
    key: String,
    /// How many hops away
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=6))]
    depth: u32,
    /// How many of each type
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,
    /// Along outgoing associations, incoming ones, or both
    #[arg(long, value_enum, default_value_t = Direction::Both)]
    direction: Direction,
    /// Only associations of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// As one JSON object, the tree in it
    #[arg(long)]
    json: bool,
}

/// A node of the tree.
#[derive(Debug, Serialize)]
struct Node {
    name: String,
    id: String,
    stub: bool,
    content: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
}

/// The neighbours along one type in one direction.
#[derive(Debug, Serialize)]
struct Group {
    #[serde(rename = "type")]
    kind: String,
    direction: &'static str,
    total: usize,
    neighbors: Vec<Branch>,
}

#[derive(Debug, Serialize)]
struct Branch {
    confidence: f32,
    #[serde(flatten)]
    node: Node,
}

impl Show {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        reading(store, |snapshot| self.answer(snapshot))
    }

    fn answer(&self, snapshot: &Snapshot) -> Result<Outcome, Failure> {
        if !is_node(snapshot, &self.key)? {
            missing(snapshot, &self.key)?;
            return Ok(Outcome::NotFound);
        }
        let id = ConceptRef::from(&self.key).id()?;
        let node = match snapshot.query_concept(id)? {
            Some(concept) => Node {
                name: concept.name()?.into_owned(),
                id: id.to_string(),
                stub: false,
                content: String::from_utf8_lossy(concept.content()?).into_owned(),
                groups: Vec::new(),
            },
            // A stub's name is known to its neighbours only; it was asked for by one.
            None => Node {
                name: self.key.clone(),
                id: id.to_string(),
                stub: true,
                content: String::new(),
                groups: Vec::new(),
            },
        };
        let mut seen = HashSet::from([id]);
        let node = Node { groups: self.groups(snapshot, id, self.depth, &mut seen)?, ..node };
        let mut out = Output::new();
        if self.json {
            out.json(&node)?;
        } else {
            out.line(described(&node, 0))?;
            draw(&node.groups, "", &mut out)?;
        }
        out.end()?;
        Ok(Outcome::Done)
    }

    fn groups(
        &self,
        snapshot: &Snapshot,
        id: ConceptId,
        depth: u32,
        seen: &mut HashSet<ConceptId>,
    ) -> Result<Vec<Group>, Failure> {
        if depth == 0 {
            return Ok(Vec::new());
        }
        let types: Vec<TypeRef<'_>> = self.types.iter().map(TypeRef::from).collect();
        let types = (!types.is_empty()).then_some(&types[..]);
        let direction = self.direction.into();
        let neighbors = snapshot.neighbors_with(id, NeighborOptions { direction, types, min_confidence: 0.0 })?;
        let mut groups = self.first(&neighbors)?;
        for branch in groups.iter_mut().flat_map(|group| &mut group.neighbors) {
            let id = ConceptId::parse(&branch.node.id).map_err(sutra_storage::Error::from)?;
            if seen.insert(id) {
                branch.node.groups = self.groups(snapshot, id, depth - 1, seen)?;
            }
        }
        Ok(groups)
    }

    /// The neighbours by type and direction, in the order in which they are met; of each the first few.
    fn first(&self, neighbors: &Neighbors<'_>) -> Result<Vec<Group>, Failure> {
        let mut groups: Vec<Group> = Vec::new();
        for neighbor in neighbors.iter() {
            let kind = neighbor.type_name();
            let direction = if neighbor.direction() == Way::In { "in" } else { "out" };
            let known = groups.iter().position(|group| group.kind == kind && group.direction == direction);
            let at = known.unwrap_or_else(|| {
                groups.push(Group { kind: kind.to_owned(), direction, total: 0, neighbors: Vec::new() });
                groups.len() - 1
            });
            let group = &mut groups[at];
            group.total += 1;
            if group.neighbors.len() == self.limit {
                continue;
            }
            let concept = neighbor.concept()?;
            group.neighbors.push(Branch {
                confidence: neighbor.confidence(),
                node: Node {
                    name: concept.name()?.into_owned(),
                    id: concept.id().to_string(),
                    stub: concept.is_stub(),
                    content: String::from_utf8_lossy(concept.content()?).into_owned(),
                    groups: Vec::new(),
                },
            });
        }
        Ok(groups)
    }
}

fn described(node: &Node, indent: usize) -> String {
    let name = plain(&node.name);
    let room = terminal::width().saturating_sub(indent + name.chars().count() + 2).max(10);
    let content = if node.stub { "(stub)".to_owned() } else { brief(node.content.as_bytes(), room) };
    format!("{}  {content}", style::name(name)).trim_end().to_owned()
}

fn draw(groups: &[Group], indent: &str, out: &mut Output) -> Result<(), Failure> {
    for (at, group) in groups.iter().enumerate() {
        let (fork, below) = lines(at + 1 == groups.len());
        let arrow = if group.direction == "in" { "<- " } else { "" };
        let kind = plain(&group.kind);
        out.line(format_args!("{}{arrow}{}", style::faint(format_args!("{indent}{fork}")), style::kind(kind)))?;
        let indent = format!("{indent}{below}");
        let more = group.total - group.neighbors.len();
        for (at, branch) in group.neighbors.iter().enumerate() {
            let (fork, below) = lines(at + 1 == group.neighbors.len() && more == 0);
            let head = format!("{indent}{fork}");
            out.line(format_args!("{}{}", style::faint(&head), described(&branch.node, head.len())))?;
            draw(&branch.node.groups, &format!("{indent}{below}"), out)?;
        }
        if more > 0 {
            out.line(style::faint(format_args!("{indent}`-- ... {more} more")))?;
        }
    }
    Ok(())
}

/// What leads to a branch, and what stands below it.
fn lines(last: bool) -> (&'static str, &'static str) {
    if last { ("`-- ", "    ") } else { ("|-- ", "|   ") }
}
