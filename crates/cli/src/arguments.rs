//! The whole command surface.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands;

/// What the program was called with.
#[derive(Debug, Parser)]
#[command(
    name = "sutra",
    version,
    about = "Learn, query and check a Sutra Storage store",
    after_help = crate::failure::CODES
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        Arguments::command().debug_assert();
    }
}
