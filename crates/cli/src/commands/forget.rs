//! `sutra forget`: a concept with its associations, or one association.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::ConceptRef;

use super::get::{is_node, missing};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, plain};
use crate::progress::grouped;
use crate::store::open_existing;
use crate::style;

/// Forget a concept with its associations, or one association
///
/// With one name it forgets the concept, or stub, and every association from and to it; with two, the association between them.
/// What is forgotten is gone from all reads at once; the file keeps its history.
#[derive(Args, Debug)]
pub(crate) struct Forget {
    /// Key or id of the concept, or of the one that the association starts from
    key: String,
    /// Key or id of the concept that the association leads to
    #[arg(requires = "kind")]
    target: Option<String>,
    /// The association's type
    #[arg(long = "type", value_name = "TYPE", requires = "target")]
    kind: Option<String>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Forgotten<'a> {
    forgotten: &'a str,
    associations: u64,
    sequence: u64,
}

impl Forget {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let memory = open_existing(store)?;
        let snapshot = memory.snapshot();
        let before = snapshot.edge_count();
        let written = match (&self.target, &self.kind) {
            (Some(target), Some(kind)) => match snapshot.association(&self.key, target, kind)? {
                Some(_) => Some(memory.forget_association(&self.key, target, kind)?),
                None => {
                    let (key, target, kind) = (plain(&self.key), plain(target), plain(kind));
                    note(format_args!("no association of type {kind} leads from {key} to {target}"));
                    None
                }
            },
            _ if is_node(&snapshot, &self.key)? => Some(memory.forget_concept(ConceptRef::from(&self.key))?),
            _ => {
                missing(&snapshot, &self.key)?;
                None
            }
        };
        let Some(sequence) = written else {
            memory.close()?;
            return Ok(Outcome::NotFound);
        };
        memory.wait_visible(sequence)?;
        let associations = before.saturating_sub(memory.snapshot().edge_count());
        let mut out = Output::new();
        if self.json {
            out.json(&Forgotten { forgotten: &self.key, associations, sequence })?;
        } else if let Some(target) = &self.target {
            let (key, target) = (plain(&self.key), plain(target));
            out.line(format_args!("forgot the association from {} to {}", style::name(key), style::name(target)))?;
        } else {
            let name = plain(&self.key);
            out.line(format_args!("forgot {} and {} associations", style::name(name), grouped(associations)))?;
        }
        memory.close()?;
        out.end()?;
        Ok(Outcome::Done)
    }
}
