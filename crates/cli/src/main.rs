//! The `sutra` program: learns from files, answers questions about a store, checks it, and shows in a demo what the engine does.
//!
//! ```text
//! sutra import concepts.jsonl associations.tsv
//! sutra get rain
//! sutra path rain flood --best
//! ```
//!
//! - Answers go to the standard output, everything else (progress, notes, errors) to the standard error.
//! - The exit code is 0 when it was done, 1 when nothing was found, 2 for wrong use and for errors.
//! - A reader that goes away (`sutra ... | head`) ends the program quietly.
//! - Only `import` and `demo` make a store; a command that reads refuses a folder that holds none.
//!
//! It holds no logic of the engine: what it does, a program does with the `sutra-storage` crate. It is no server: each call
//! opens the store, for itself alone, and closes it again.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod failure;
mod import;
mod learn;
mod output;
mod progress;
mod store;
mod time;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::failure::Outcome;

fn main() -> ExitCode {
    let failure = match commands::run(&Arguments::parse()) {
        Ok(Outcome::Done) => return ExitCode::SUCCESS,
        Ok(Outcome::NotFound) => return ExitCode::from(1),
        Err(failure) => failure,
    };
    if failure.is_reader_gone() {
        return ExitCode::SUCCESS;
    }
    // Nobody may be left to read this either.
    let _ = writeln!(std::io::stderr(), "sutra: {failure}");
    ExitCode::from(2)
}
