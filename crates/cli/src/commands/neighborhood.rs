//! `sutra neighborhood`: what is around a concept, as text, JSON, GraphML, DOT or a picture.

mod dot;
mod svg;

use std::path::Path as FilePath;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Neighborhood, NeighborhoodOptions, Snapshot};

use super::Direction;
use super::get::missing;
use super::ways::{Ways, warn_if_incomplete};
use crate::export::{GraphMl, Writer};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, brief, note, plain};
use crate::store::reading;

/// Characters of a content that a line of text has room for, and a label in a picture.
const BRIEF: usize = 60;
const LABEL: usize = 26;

/// Show what is around a concept
///
/// The concepts within some hops of it, and the associations between them. As text, one line each: hops, name and the
/// beginning of the content, then source, type, confidence and target, with tabs between them.
#[derive(Args, Debug)]
pub(crate) struct Around {
    /// The concept's key or id
    key: String,
    /// How far it reaches
    #[arg(long, value_name = "N", default_value_t = 1)]
    hops: u32,
    /// So many concepts at most: the nearest, and of these those with the most believed associations
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_concepts: usize,
    /// So many associations at most: the most believed
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_associations: usize,
    #[command(flatten)]
    ways: Ways,
    #[command(flatten)]
    form: Form,
}

/// How it is written.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct Form {
    /// As one JSON object
    #[arg(long)]
    json: bool,
    /// As GraphML, which graph programs read, and `sutra import`
    #[arg(long)]
    graphml: bool,
    /// As DOT, which Graphviz draws
    #[arg(long)]
    dot: bool,
    /// As a picture
    #[arg(long)]
    svg: bool,
}

impl Around {
    pub(crate) fn run(&self, store: &FilePath) -> Result<Outcome, Failure> {
        reading(store, |snapshot| self.answer(snapshot))
    }

    fn answer(&self, snapshot: &Snapshot) -> Result<Outcome, Failure> {
        let types = self.ways.types(snapshot);
        let options = NeighborhoodOptions {
            path: self.ways.options(&types, self.hops, Direction::Both),
            max_concepts: self.max_concepts,
            max_associations: self.max_associations,
            budget: self.ways.budget(),
        };
        let answer = snapshot.neighborhood(&self.key, options)?;
        let around = &answer.found;
        if around.nodes.is_empty() {
            missing(snapshot, &self.key)?;
            return Ok(Outcome::NotFound);
        }
        let contents = contents(snapshot, around)?;
        let mut out = Output::new();
        if self.form.json {
            out.json(&Shown::of(around, &contents, answer.complete))?;
        } else if self.form.graphml {
            out.line(graphml(snapshot, around)?.trim_end())?;
        } else if self.form.dot {
            out.line(dot::of(around, &contents).trim_end())?;
        } else if self.form.svg {
            out.line(svg::of(around, &contents).trim_end())?;
        } else {
            text(around, &contents, &mut out)?;
        }
        out.end()?;
        warn_if_incomplete(answer.complete);
        if !around.whole {
            let (concepts, associations) = (around.nodes.len(), around.links.len());
            note(format_args!(
                "there is more than the {concepts} concepts and {associations} associations shown: see --max-concepts and --max-associations"
            ));
        }
        Ok(Outcome::Done)
    }
}

/// The contents, in the order of the nodes; of a stub none.
fn contents(snapshot: &Snapshot, around: &Neighborhood) -> Result<Vec<Option<Vec<u8>>>, Failure> {
    let content = |node: &sutra_storage::PathNode| match snapshot.query_concept(node.id)? {
        Some(concept) => Ok(Some(concept.content()?.to_vec())),
        None => Ok(None),
    };
    around.nodes.iter().map(content).collect()
}

/// As an export of these concepts and associations alone would have it.
fn graphml(snapshot: &Snapshot, around: &Neighborhood) -> Result<String, Failure> {
    let mut document = Vec::new();
    let mut writer = GraphMl::new(&mut document, Failure::Output);
    for node in &around.nodes {
        // A stub is written with the first association that names it, or at the end.
        if let Some(concept) = snapshot.query_concept(node.id)? {
            writer.concept(&concept)?;
        }
    }
    for link in &around.links {
        let (source, target) = (around.nodes[link.source].id, around.nodes[link.target].id);
        if let Some(association) = snapshot.association(source, target, link.kind)? {
            writer.association(&association)?;
        }
    }
    for node in around.nodes.iter().filter(|node| node.is_stub) {
        writer.lone_stub(node)?;
    }
    writer.end()?;
    Ok(String::from_utf8_lossy(&document).into_owned())
}

fn text(around: &Neighborhood, contents: &[Option<Vec<u8>>], out: &mut Output) -> Result<(), Failure> {
    for ((node, hops), content) in around.nodes.iter().zip(&around.hops).zip(contents) {
        let content = content.as_ref().map_or_else(|| "(stub)".to_owned(), |content| brief(content, BRIEF));
        out.line(format_args!("{hops}\t{}\t{content}", plain(&node.name())))?;
    }
    for link in &around.links {
        let name = |at: usize| plain(&around.nodes[at].name());
        let (kind, confidence) = (plain(&link.type_name), link.confidence);
        out.line(format_args!("{}\t{kind}\t{confidence}\t{}", name(link.source), name(link.target)))?;
    }
    Ok(())
}

/// What a person reads in a picture: the beginning of the content, else the name.
fn label(node: &sutra_storage::PathNode, content: Option<&Vec<u8>>) -> String {
    let text = content.map(|content| brief(content, LABEL)).unwrap_or_default();
    if text.trim().is_empty() { brief(node.name().as_bytes(), LABEL) } else { text }
}

#[derive(Serialize)]
struct Shown<'a> {
    concepts: Vec<ShownNode>,
    associations: Vec<ShownLink<'a>>,
    whole: bool,
    complete: bool,
}

#[derive(Serialize)]
struct ShownNode {
    name: String,
    id: String,
    hops: u32,
    stub: bool,
    content: Option<String>,
}

#[derive(Serialize)]
struct ShownLink<'a> {
    source: String,
    target: String,
    #[serde(rename = "type")]
    kind: &'a str,
    confidence: f32,
    weight: f32,
    created: u64,
    sequence: u64,
}

impl<'a> Shown<'a> {
    fn of(around: &'a Neighborhood, contents: &[Option<Vec<u8>>], complete: bool) -> Self {
        let nodes = around.nodes.iter().zip(&around.hops).zip(contents);
        let concepts = nodes.map(|((node, hops), content)| ShownNode {
            name: node.name().into_owned(),
            id: node.id.to_string(),
            hops: *hops,
            stub: node.is_stub,
            content: content.as_ref().map(|content| String::from_utf8_lossy(content).into_owned()),
        });
        let associations = around.links.iter().map(|link| ShownLink {
            source: around.nodes[link.source].name().into_owned(),
            target: around.nodes[link.target].name().into_owned(),
            kind: &link.type_name,
            confidence: link.confidence,
            weight: link.weight,
            created: link.created,
            sequence: link.sequence,
        });
        Self { concepts: concepts.collect(), associations: associations.collect(), whole: around.whole, complete }
    }
}
