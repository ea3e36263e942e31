//! What narrows the ways that a question may follow, and what it may cost: the same options for several commands.

use std::str::FromStr;
use std::time::{Duration, Instant};

use clap::Args;
use sutra_storage::{Budget, PathOptions, Snapshot, TypeRef};

use super::{Direction, fraction};
use crate::output::{note, plain};

/// Options of a question that is answered by paths.
#[derive(Args, Debug)]
pub(super) struct Question {
    /// Hops of a path at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) max_depth: u32,
    #[command(flatten)]
    pub(super) ways: Ways,
    /// As one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

impl Question {
    /// The options, with what [`Ways::types`] has given.
    pub(super) fn options<'a>(&self, types: &'a [TypeRef<'a>], decay: f32) -> PathOptions<'a> {
        PathOptions { decay, ..self.ways.options(types, self.max_depth, Direction::Out) }
    }
}

/// Options of every command that follows associations.
#[derive(Args, Debug)]
pub(super) struct Ways {
    /// Along outgoing associations, incoming ones, or both
    #[arg(long, value_enum)]
    direction: Option<Direction>,
    /// Only associations of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only associations of at least this confidence
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = fraction::<f32>)]
    min_confidence: f32,
    /// Read the associations of so many concepts at most; the answer may then miss something, and says so
    #[arg(long, value_name = "N")]
    max_visited: Option<u64>,
    /// Search for so many milliseconds at most; the answer may then miss something, and says so
    #[arg(long, value_name = "MS")]
    time_limit: Option<u64>,
}

impl Ways {
    pub(super) fn types(&self, snapshot: &Snapshot) -> Vec<TypeRef<'_>> {
        for name in &self.types {
            if snapshot.association_type(name).is_none() {
                note(format_args!("no association of this store has the type {}", plain(name)));
            }
        }
        self.types.iter().map(TypeRef::from).collect()
    }

    /// The options, with what [`Ways::types`] has given.
    pub(super) fn options<'a>(&self, types: &'a [TypeRef<'a>], max_depth: u32, usual: Direction) -> PathOptions<'a> {
        PathOptions {
            direction: self.direction.unwrap_or(usual).into(),
            max_depth,
            min_confidence: self.min_confidence,
            types: (!types.is_empty()).then_some(types),
            ..PathOptions::default()
        }
    }

    /// What the question may cost from now on.
    pub(super) fn budget(&self) -> Budget {
        let within = |limit| Instant::now().checked_add(Duration::from_millis(limit));
        Budget { max_visited: self.max_visited.unwrap_or(u64::MAX), deadline: self.time_limit.and_then(within) }
    }
}

/// Says that an answer is not whole.
pub(super) fn warn_if_incomplete(complete: bool) {
    if !complete {
        note("the search was ended by its limit on visits or time: something may be missing");
    }
}

/// A number above 0 and at most 1.
pub(super) fn share<T: FromStr + PartialOrd + From<f32>>(text: &str) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if number > T::from(0.0) && number <= T::from(1.0) => Ok(number),
        _ => Err("give a number above 0 and at most 1".to_owned()),
    }
}
