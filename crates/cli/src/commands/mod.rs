//! The commands, one a file.

pub(crate) mod associate;
pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod demo_child;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod forget;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod learn;
pub(crate) mod neighborhood;
pub(crate) mod neighbors;
pub(crate) mod path;
pub(crate) mod paths;
pub(crate) mod reason;
pub(crate) mod recall;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod verify;
mod ways;

use std::str::FromStr;

use clap::ValueEnum;

use crate::arguments::{Arguments, Command};
use crate::failure::{Failure, Outcome};
use crate::store::location;

/// Runs what was asked for.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let store = location(arguments.store.as_deref());
    match &arguments.command {
        Command::Import(import) => import.run(&store),
        Command::Export(export) => export.run(&store),
        Command::Learn(learn) => learn.run(&store),
        Command::Associate(associate) => associate.run(&store),
        Command::Forget(forget) => forget.run(&store),
        Command::Find(find) => find.run(&store),
        Command::Show(show) => show.run(&store),
        Command::Get(get) => get.run(&store),
        Command::Neighbors(neighbors) => neighbors.run(&store),
        Command::Neighborhood(around) => around.run(&store),
        Command::Path(path) => path.run(&store),
        Command::Paths(paths) => paths.run(&store),
        Command::Reason(reason) => reason.run(&store),
        Command::Recall(recall) => recall.run(&store),
        Command::Stats(stats) => stats.run(&store),
        Command::Verify(verify) => verify.run(&store),
        Command::Doctor(doctor) => doctor.run(&store),
        Command::Completions(completions) => completions.run(),
        // What the environment names is a store of the user's own, not one to play with.
        Command::Bench(bench) => bench.run(arguments.store.as_deref()),
        Command::Demo(demo) => demo.run(arguments.store.as_deref()),
        Command::DemoChild(child) => child.run(&store),
    }
}

/// Which way associations are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    /// From source to target.
    Out,
    /// From target to source.
    In,
    /// Either way.
    Both,
}

impl From<Direction> for sutra_storage::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Out => Self::Out,
            Direction::In => Self::In,
            Direction::Both => Self::Both,
        }
    }
}

/// A number from 0 to 1.
fn fraction<T: FromStr + PartialOrd + From<f32>>(text: &str) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if (T::from(0.0)..=T::from(1.0)).contains(&number) => Ok(number),
        _ => Err("give a number from 0 to 1".to_owned()),
    }
}
