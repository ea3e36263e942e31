//! `sutra reason`: what independent paths together say of some targets.

use std::path::Path as FilePath;

use clap::Args;
use serde::Serialize;
use sutra_storage::{ConceptRef, Conclusion, ReasonOptions, Snapshot};

use super::get::{is_node, missing};
use super::path::{Shown, show};
use super::ways::{Question, share, warn_if_incomplete};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, plain};
use crate::store::reading;

/// Weigh targets by the paths that lead to them
///
/// For each target the confidence that at least one of the best paths from the sources holds, of paths that share no
/// association; the share of that confidence in that of all targets; and the paths.
#[derive(Args, Debug)]
pub(crate) struct Reason {
    /// Keys or ids of the concepts to reason from
    #[arg(required = true, value_name = "FROM")]
    from: Vec<String>,
    /// Key or id of a target; may be given several times
    #[arg(long, required = true, value_name = "TARGET")]
    to: Vec<String>,
    /// So many paths to each target at most
    #[arg(long, value_name = "N", default_value_t = 8)]
    max_paths: usize,
    /// What each hop multiplies the confidence by, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = share::<f32>)]
    decay: f32,
    #[command(flatten)]
    question: Question,
}

impl Reason {
    pub(crate) fn run(&self, store: &FilePath) -> Result<Outcome, Failure> {
        reading(store, |snapshot| self.answer(snapshot))
    }

    fn answer(&self, snapshot: &Snapshot) -> Result<Outcome, Failure> {
        let Question { ways, json, .. } = &self.question;
        let types = ways.types(snapshot);
        let options = ReasonOptions {
            path: self.question.options(&types, self.decay),
            max_paths: self.max_paths,
            budget: ways.budget(),
        };
        let sources: Vec<ConceptRef<'_>> = self.from.iter().map(ConceptRef::from).collect();
        let targets: Vec<ConceptRef<'_>> = self.to.iter().map(ConceptRef::from).collect();
        let answer = snapshot.reason(&sources, &targets, options)?;
        let mut out = Output::new();
        if *json {
            let targets = answer.found.iter().map(ShownConclusion::of).collect();
            out.json(&Found { targets, complete: answer.complete })?;
        } else {
            for (number, conclusion) in answer.found.iter().enumerate() {
                if number > 0 {
                    out.line("")?;
                }
                let name = plain(&conclusion.target.name());
                let (confidence, agreement) = (conclusion.confidence, conclusion.agreement);
                out.line(format_args!("{name}  confidence {confidence:.4}, agreement {agreement:.4}"))?;
                for path in &conclusion.paths {
                    show(snapshot, path, "    ", &mut out)?;
                }
            }
        }
        out.end()?;
        warn_if_incomplete(answer.complete);
        for key in self.from.iter().chain(&self.to) {
            if !is_node(snapshot, key)? {
                missing(snapshot, key)?;
            }
        }
        let is_found = answer.found.iter().any(|conclusion| !conclusion.paths.is_empty());
        Ok(if is_found { Outcome::Done } else { Outcome::NotFound })
    }
}

#[derive(Serialize)]
struct Found<'a> {
    targets: Vec<ShownConclusion<'a>>,
    complete: bool,
}

#[derive(Serialize)]
struct ShownConclusion<'a> {
    name: String,
    id: String,
    confidence: f64,
    agreement: f64,
    paths: Vec<Shown<'a>>,
}

impl<'a> ShownConclusion<'a> {
    fn of(conclusion: &'a Conclusion) -> Self {
        Self {
            name: conclusion.target.name().into_owned(),
            id: conclusion.target.id.to_string(),
            confidence: conclusion.confidence,
            agreement: conclusion.agreement,
            paths: conclusion.paths.iter().map(Shown::of).collect(),
        }
    }
}
