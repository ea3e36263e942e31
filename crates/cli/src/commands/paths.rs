//! `sutra paths`: the ways from one concept to another.

use std::path::Path as FilePath;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Extent, PathOptions, PathsOptions, Snapshot};

use super::Direction;
use super::get::{is_node, missing};
use super::path::{Shown, show};
use super::ways::{Ways, share, warn_if_incomplete};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, plain};
use crate::store::open_existing;

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
    /// Hops at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    max_depth: u32,
    /// With --best: what each hop multiplies the confidence by, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0, requires = "best", value_parser = share)]
    decay: f32,
    #[command(flatten)]
    ways: Ways,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl PathsBetween {
    pub(crate) fn run(&self, store: &FilePath) -> Result<Outcome, Failure> {
        let memory = open_existing(store)?;
        let outcome = self.answer(&memory.snapshot())?;
        memory.close()?;
        Ok(outcome)
    }

    fn answer(&self, snapshot: &Snapshot) -> Result<Outcome, Failure> {
        let types = self.ways.types(snapshot);
        let path = self.ways.options(&types, self.max_depth, Direction::Out);
        let options = PathsOptions {
            path: PathOptions { decay: self.decay, ..path },
            limit: self.limit,
            extent: if self.longer { Extent::Longer } else { Extent::Shortest },
            budget: self.ways.budget(),
        };
        let answer = if self.best {
            snapshot.find_best_paths(&self.from, &self.to, options)?
        } else {
            snapshot.find_paths(&self.from, &self.to, options)?
        };
        let mut out = Output::new();
        if self.json {
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
            note(format_args!("no path of at most {} hops leads from {from} to {to}", self.max_depth));
        }
        Ok(Outcome::NotFound)
    }
}

#[derive(Serialize)]
struct Found<'a> {
    paths: Vec<Shown<'a>>,
    complete: bool,
}
