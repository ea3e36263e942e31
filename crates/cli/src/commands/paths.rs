//! `sutra paths`: the ways from one concept to another.

use std::path::Path as FilePath;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Extent, PathsOptions, Snapshot};

use super::get::{is_node, missing};
use super::path::{Shown, show};
use super::ways::{Question, share, warn_if_incomplete};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, plain};
use crate::store::reading;

/// Find several paths from one concept to another
///
/// All with the fewest hops; with --longer also longer ones; with --best those whose product of confidences is highest. None
/// meets a concept twice.
#[derive(Args, Debug)]
pub(crate) struct PathsBetween {
    /// Key or id of the concept they start from
    from: String,
    /// Key or id of the concept they lead to
    to: String,
    /// The paths of the highest confidence, the best first
    #[arg(long)]
    best: bool,
    /// Also longer paths than the shortest, by hops
    #[arg(long, conflicts_with = "best")]
    longer: bool,
    /// So many paths at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// With --best: what each hop multiplies the confidence by, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0, requires = "best", value_parser = share::<f32>)]
    decay: f32,
    #[command(flatten)]
    question: Question,
}

impl PathsBetween {
    pub(crate) fn run(&self, store: &FilePath) -> Result<Outcome, Failure> {
        reading(store, |snapshot| self.answer(snapshot))
    }

    fn answer(&self, snapshot: &Snapshot) -> Result<Outcome, Failure> {
        let Question { ways, max_depth, json } = &self.question;
        let types = ways.types(snapshot);
        let options = PathsOptions {
            path: self.question.options(&types, self.decay),
            limit: self.limit,
            extent: if self.longer { Extent::Longer } else { Extent::Shortest },
            budget: ways.budget(),
        };
        let answer = if self.best {
            snapshot.find_best_paths(&self.from, &self.to, options)?
        } else {
            snapshot.find_paths(&self.from, &self.to, options)?
        };
        let mut out = Output::new();
        if *json {
            let paths = answer.found.iter().map(Shown::of).collect();
            out.json(&Found { paths, complete: answer.complete })?;
        } else {
            for (number, path) in answer.found.iter().enumerate() {
                if number > 0 {
                    out.line("")?;
                }
                show(snapshot, path, "", &mut out)?;
            }
        }
        out.end()?;
        warn_if_incomplete(answer.complete);
        if !answer.found.is_empty() {
            return Ok(Outcome::Done);
        }
        let mut known = true;
        for key in [&self.from, &self.to] {
            if !is_node(snapshot, key)? {
                missing(snapshot, key)?;
                known = false;
            }
        }
        if known && answer.complete {
            let (from, to) = (plain(&self.from), plain(&self.to));
            note(format_args!("no path of at most {} hops leads from {from} to {to}", max_depth));
        }
        Ok(Outcome::NotFound)
    }
}

#[derive(Serialize)]
struct Found<'a> {
    paths: Vec<Shown<'a>>,
    complete: bool,
}
