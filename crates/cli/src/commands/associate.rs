//! `sutra associate`: one association.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Association, ConceptRef};

use super::fraction;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, plain};
use crate::store::open_or_create;
use crate::style;

/// Associate two concepts, or do it again with other numbers
///
/// An end that nobody has learned becomes a stub: a node of paths, not a concept until it is learned. The store is made if
/// there is none.
#[derive(Args, Debug)]
pub(crate) struct Associate {
    /// Key or id of the concept it starts from
    source: String,
    /// Key or id of the concept it leads to
    target: String,
    /// semantic, causal, temporal, hierarchical, compositional, or a name of your own
    #[arg(long = "type", value_name = "TYPE", default_value = "semantic")]
    kind: String,
    /// How sure it is, from 0 to 1
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = fraction::<f32>)]
    confidence: f32,
    /// Any number; 1 if it is not given and was not before
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    weight: Option<f32>,
    /// What else there is to say of it, as JSON
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Associated<'a> {
    source: String,
    target: String,
    #[serde(rename = "type")]
    kind: &'a str,
    confidence: f32,
    weight: f32,
    sequence: u64,
    /// The ends that nobody has learned yet.
    stubs: Vec<String>,
}

impl Associate {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let (source, target) = (ConceptRef::from(&self.source), ConceptRef::from(&self.target));
        // A name that can be none should not leave a new store behind.
        source.id()?;
        target.id()?;
        let mut association = Association::new(source, target, &self.kind).confidence(self.confidence);
        if let Some(weight) = self.weight {
            association = association.weight(weight);
        }
        if let Some(metadata) = &self.metadata {
            association = association.metadata(metadata);
        }
        let memory = open_or_create(store)?;
        let sequence = memory.associate(&association)?;
        memory.wait_visible(sequence)?;
        let snapshot = memory.snapshot();
        let mut out = Output::new();
        if let Some(found) = snapshot.association(source, target, &self.kind)? {
            let ends = [found.source()?, found.target()?];
            let [source, target] = [ends[0].name()?.into_owned(), ends[1].name()?.into_owned()];
            let stub = |(end, name): (&sutra_storage::ConceptView<'_>, &String)| end.is_stub().then(|| name.clone());
            let stubs: Vec<String> = ends.iter().zip([&source, &target]).filter_map(stub).collect();
            if self.json {
                let (confidence, weight) = (found.confidence(), found.weight());
                out.json(&Associated { source, target, kind: found.type_name(), confidence, weight, sequence, stubs })?;
            } else {
                out.line(format_args!(
                    "{} -- {} {} -> {}",
                    style::name(plain(&source)),
                    style::kind(plain(found.type_name())),
                    found.confidence(),
                    style::name(plain(&target)),
                ))?;
                for stub in stubs {
                    note(format_args!("{} is a stub until it is learned", plain(&stub)));
                }
            }
        }
        memory.close()?;
        out.end()?;
        Ok(Outcome::Done)
    }
}
