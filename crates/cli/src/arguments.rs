//! The whole command surface.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands;

/// Where to begin.
const EXAMPLES: &str = "\
Examples:
  sutra demo                                    learns WordNet, shows the engine
  sutra import concepts.jsonl associations.tsv  learns files, into ./sutra-store
  sutra find rain                               which concepts speak of it
  sutra path rain flood --best                  how one leads to the other";

/// What the program was called with.
#[derive(Debug, Parser)]
#[command(
    name = "sutra",
    version,
    about = "Learn, query and check a Sutra Storage store",
    after_help = format!("{EXAMPLES}\n\n{}", crate::failure::CODES)
)]
pub(crate) struct Arguments {
    /// The store's folder; if not given, the environment's SUTRA_STORE, else ./sutra-store.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(commands::import::Import),
    Export(commands::export::Export),
    Learn(commands::learn::Learn),
    Associate(commands::associate::Associate),
    Forget(commands::forget::Forget),
    Find(commands::find::Find),
    Show(commands::show::Show),
    Get(commands::get::Get),
    Neighbors(commands::neighbors::NeighborsOf),
    Neighborhood(commands::neighborhood::Around),
    Path(commands::path::PathBetween),
    Paths(commands::paths::PathsBetween),
    Reason(commands::reason::Reason),
    Recall(commands::recall::Recall),
    Stats(commands::stats::StatsOf),
    Verify(commands::verify::Verify),
    Doctor(commands::doctor::Doctor),
    Bench(commands::bench::Bench),
    Demo(commands::demo::Demo),
    Completions(commands::completions::Completions),
    #[command(hide = true)]
    DemoChild(commands::demo_child::DemoChild),
}

impl Command {
    /// Whether it ends in order when it is interrupted, because it writes or because it says how far it came. The others only
    /// read: they may be ended at any moment, and at once.
    pub(crate) fn ends_in_order(&self) -> bool {
        match self {
            Self::Show(_) | Self::Get(_) | Self::Neighbors(_) | Self::Path(_) => false,
            Self::Neighborhood(_) | Self::Paths(_) | Self::Reason(_) | Self::Recall(_) => false,
            Self::Stats(_) | Self::Verify(_) | Self::Doctor(_) | Self::Completions(_) => false,
            Self::Import(_) | Self::Export(_) | Self::Find(_) | Self::Learn(_) | Self::Associate(_) => true,
            Self::Forget(_) | Self::Bench(_) | Self::Demo(_) | Self::DemoChild(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        Arguments::command().debug_assert();
    }
}
