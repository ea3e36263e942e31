//! `sutra path`: how one concept leads to another.

use std::path::Path as FilePath;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Hop, Path, PathNode, PathOptions, Snapshot};

use super::Direction;
use super::get::{is_node, missing};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, brief, note, plain};
use crate::store::reading;

/// Characters of a concept's content that its line has room for.
const BRIEF: usize = 60;

/// Find a path from one concept to another
///
/// One with the fewest hops, or with --best the one whose product of confidences is highest.
#[derive(Args, Debug)]
pub(crate) struct PathBetween {
    /// Key or id of the concept it starts from
    from: String,
    /// Key or id of the concept it leads to
    to: String,
    /// The path of the highest confidence instead of the fewest hops
    #[arg(long)]
    best: bool,
    /// Follow outgoing associations, incoming ones, or both
    #[arg(long, value_enum, default_value_t = Direction::Out)]
    direction: Direction,
    /// Hops at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    max_depth: u32,
    /// With --best: what each hop multiplies the confidence by, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0, requires = "best")]
    decay: f32,
    /// As one JSON object: `path`, the names, and `hops`, one object each
    #[arg(long)]
    json: bool,
}

impl PathBetween {
    pub(crate) fn run(&self, store: &FilePath) -> Result<Outcome, Failure> {
        reading(store, |snapshot| self.answer(snapshot))
    }

    fn answer(&self, snapshot: &Snapshot) -> Result<Outcome, Failure> {
        let options = PathOptions {
            direction: self.direction.into(),
            max_depth: self.max_depth,
            decay: self.decay,
            ..PathOptions::default()
        };
        let found = if self.best {
            snapshot.find_best_path(&self.from, &self.to, options)?
        } else {
            snapshot.find_path_with(&self.from, &self.to, options)?
        };
        let Some(path) = found else {
            let mut known = true;
            for key in [&self.from, &self.to] {
                if !is_node(snapshot, key)? {
                    missing(snapshot, key)?;
                    known = false;
                }
            }
            if known {
                let (from, to) = (plain(&self.from), plain(&self.to));
                note(format_args!("no path of at most {} hops leads from {from} to {to}", self.max_depth));
            }
            return Ok(Outcome::NotFound);
        };
        let mut out = Output::new();
        if self.json {
            out.json(&Shown::of(&path))?;
        } else {
            show(snapshot, &path, "", &mut out)?;
        }
        out.end()?;
        Ok(Outcome::Done)
    }
}

/// The path as lines: a concept, then for each hop the type and confidence of its association and the next concept.
pub(super) fn show(snapshot: &Snapshot, path: &Path, indent: &str, out: &mut Output) -> Result<(), Failure> {
    let mut nodes = path.nodes.iter();
    if let Some(first) = nodes.next() {
        out.line(format_args!("{indent}{}", described(snapshot, first)?))?;
    }
    for (hop, node) in path.hops.iter().zip(nodes) {
        let (open, close) = if hop.reversed { ("<-", "--") } else { ("--", "->") };
        let kind = plain(&hop.type_name);
        out.line(format_args!("{indent}{open} {kind} {} {close} {}", hop.confidence, described(snapshot, node)?))?;
    }
    let hops = path.hops.len();
    out.line(format_args!("{indent}{hops} hop{}, confidence {:.4}", if hops == 1 { "" } else { "s" }, path.confidence))
}

fn described(snapshot: &Snapshot, node: &PathNode) -> Result<String, Failure> {
    let content = match snapshot.query_concept(node.id)? {
        Some(concept) => brief(concept.content()?, BRIEF),
        None => "(stub)".to_owned(),
    };
    Ok(format!("{}  {content}", plain(&node.name())))
}

#[derive(Serialize)]
pub(super) struct Shown<'a> {
    path: Vec<String>,
    hops: Vec<ShownHop<'a>>,
    confidence: f64,
}

#[derive(Serialize)]
struct ShownHop<'a> {
    from: String,
    to: String,
    #[serde(rename = "type")]
    kind: &'a str,
    confidence: f32,
    weight: f32,
    created: u64,
    sequence: u64,
    reversed: bool,
}

impl<'a> Shown<'a> {
    pub(super) fn of(path: &'a Path) -> Self {
        let names: Vec<String> = path.nodes.iter().map(|node| node.name().into_owned()).collect();
        let hop = |(hop, ends): (&'a Hop, &[String])| ShownHop {
            from: ends.first().cloned().unwrap_or_default(),
            to: ends.last().cloned().unwrap_or_default(),
            kind: &hop.type_name,
            confidence: hop.confidence,
            weight: hop.weight,
            created: hop.created,
            sequence: hop.sequence,
            reversed: hop.reversed,
        };
        let hops = path.hops.iter().zip(names.windows(2)).map(hop).collect();
        Self { path: names, hops, confidence: path.confidence }
    }
}
