//! The `sutra` program: learns from files, answers questions about a store, checks it, and shows in a demo what the engine does.
//!
//! ```text
//! sutra import concepts.jsonl associations.tsv
//! sutra get rain
//! sutra path rain flood --best
//! ```
//!
//! - Answers go to the standard output, everything else (progress, notes, errors) to the standard error.
//! - The exit codes are those of [`failure::CODES`], which the help shows.
//! - A reader that goes away (`sutra ... | head`) ends the program quietly.
//! - Only `import`, `learn`, `associate`, `demo` and `bench` make a store; a command that reads refuses a folder that holds none.
//!
//! It holds no logic of the engine: what it does, a program does with the `sutra-storage` crate. It is no server: each call
//! opens the store, for itself alone, and closes it again.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod export;
mod failure;
mod flip;
mod import;
mod interrupt;
mod learn;
mod matching;
mod output;
mod playground;
mod progress;
mod resume;
mod store;
mod style;
mod terminal;
mod time;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.command.ends_in_order() {
        interrupt::listen();
    }
    let failure = match commands::run(&arguments) {
        Ok(outcome) => return ExitCode::from(outcome.code()),
        Err(failure) => failure,
    };
    if failure.is_reader_gone() {
        return ExitCode::SUCCESS;
    }
    // Nobody may be left to read this either.
    let _ = writeln!(std::io::stderr(), "{} {failure}", style::error("sutra:"));
    ExitCode::from(failure.code())
}
