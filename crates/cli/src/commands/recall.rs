//! `sutra recall`: what some concepts bring to mind.

use std::path::Path as FilePath;

use clap::Args;
use serde::Serialize;
use sutra_storage::{ConceptRef, Recall as How, RecallOptions, Recalled, Snapshot};

use super::fraction;
use super::get::{is_node, missing};
use super::path::Shown;
use super::ways::{Question, share, warn_if_incomplete};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, brief, note, plain};
use crate::store::reading;

/// Characters of a concept's content that its line has room for.
const BRIEF: usize = 60;

/// Show what some concepts bring to mind
///
/// By walks that start from them (personalised PageRank), or with --spread by activation that spreads from them. One line each:
/// score, name, the beginning of the content, and the way by which it came, with tabs between them.
#[derive(Args, Debug)]
pub(crate) struct Recall {
    /// Keys or ids of the concepts to start from
    #[arg(required = true, value_name = "SEED")]
    seeds: Vec<String>,
    /// Weights of the seeds, in their order, at most one each; 1 for those without
    #[arg(long, value_name = "X,..", value_delimiter = ',')]
    weights: Vec<f64>,
    /// So many answers at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Spreading activation: each concept passes on what it has, times --decay, shared by the confidences of its associations
    #[arg(long)]
    spread: bool,
    /// With --spread: what each hop multiplies activation by, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 0.5, requires = "spread", value_parser = share::<f32>)]
    decay: f32,
    /// With --spread: activation below this is not passed on
    #[arg(long, value_name = "X", default_value_t = 0.0001, requires = "spread", value_parser = fraction::<f64>)]
    threshold: f64,
    /// Of walks: the probability that one ends at each concept, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 0.15, conflicts_with = "spread", value_parser = share::<f64>)]
    restart: f64,
    /// Whether the seeds themselves are shown
    #[arg(long)]
    with_seeds: bool,
    #[command(flatten)]
    question: Question,
}

impl Recall {
    pub(crate) fn run(&self, store: &FilePath) -> Result<Outcome, Failure> {
        let (weights, seeds) = (self.weights.len(), self.seeds.len());
        if weights > seeds {
            return Err(Failure::Usage(format!("{weights} weights and {seeds} seeds: give at most one for each")));
        }
        reading(store, |snapshot| self.answer(snapshot))
    }

    fn answer(&self, snapshot: &Snapshot) -> Result<Outcome, Failure> {
        let Question { ways, json, .. } = &self.question;
        let types = ways.types(snapshot);
        let how = if self.spread {
            How::Spreading { threshold: self.threshold }
        } else {
            How::Walks { restart: self.restart, precision: 1e-6 }
        };
        let options = RecallOptions {
            path: self.question.options(&types, if self.spread { self.decay } else { 1.0 }),
            how,
            limit: self.limit,
            with_seeds: self.with_seeds,
            budget: ways.budget(),
        };
        let weights = self.weights.iter().copied().chain(std::iter::repeat(1.0));
        let seeds: Vec<_> = self.seeds.iter().map(ConceptRef::from).zip(weights).collect();
        let answer = snapshot.recall(&seeds, options)?;
        let mut out = Output::new();
        if *json {
            let recalled = answer.found.iter().map(ShownRecalled::of).collect();
            out.json(&Found { recalled, complete: answer.complete })?;
        } else {
            for recalled in &answer.found {
                line(snapshot, recalled, &mut out)?;
            }
        }
        out.end()?;
        warn_if_incomplete(answer.complete);
        let mut known = true;
        for key in &self.seeds {
            if !is_node(snapshot, key)? {
                missing(snapshot, key)?;
                known = false;
            }
        }
        if answer.found.is_empty() && known && answer.complete {
            note("nothing comes to mind");
        }
        Ok(if answer.found.is_empty() { Outcome::NotFound } else { Outcome::Done })
    }
}

fn line(snapshot: &Snapshot, recalled: &Recalled, out: &mut Output) -> Result<(), Failure> {
    let content = match snapshot.query_concept(recalled.concept.id)? {
        Some(concept) => brief(concept.content()?, BRIEF),
        None => "(stub)".to_owned(),
    };
    let mut way = String::new();
    for (hop, node) in recalled.path.hops.iter().zip(recalled.path.nodes.iter()) {
        let (open, close) = if hop.reversed { ("<-", "--") } else { ("--", "->") };
        way += &format!("{} {open} {} {close} ", plain(&node.name()), plain(&hop.type_name));
    }
    out.line(format_args!(
        "{:.5}\t{name}\t{content}\t{way}{name}",
        recalled.score,
        name = plain(&recalled.concept.name())
    ))
}

#[derive(Serialize)]
struct Found<'a> {
    recalled: Vec<ShownRecalled<'a>>,
    complete: bool,
}

#[derive(Serialize)]
struct ShownRecalled<'a> {
    name: String,
    id: String,
    stub: bool,
    score: f64,
    path: Shown<'a>,
}

impl<'a> ShownRecalled<'a> {
    fn of(recalled: &'a Recalled) -> Self {
        Self {
            name: recalled.concept.name().into_owned(),
            id: recalled.concept.id.to_string(),
            stub: recalled.concept.is_stub,
            score: recalled.score,
            path: Shown::of(&recalled.path),
        }
    }
}
