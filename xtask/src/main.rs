//! The workspace's own tool: `cargo xtask <command>`.
//!
//! Everything that a change must pass runs from here, on a machine that has Rust and nothing else: no shell, no
//! third-party program, no dependency of its own. [`flags`] declares the commands, [`suite`] is `test`, [`python`] its part
//! that needs an interpreter, [`verify`] the slower checks, [`coverage`] what the tests reach, [`bench`] the comparison with
//! other engines, [`tidy`] the rules about the source tree itself.
//!
//! It holds nothing of the engine, and no crate of the engine depends on it.
#![forbid(unsafe_code)]

mod bench;
mod coverage;
mod flags;
mod programs;
mod python;
mod python_bench;
mod steps;
mod suite;
mod tidy;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flags::Command;

fn main() -> ExitCode {
    let command = match flags::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("{message}\n\n{}", flags::HELP);
            return ExitCode::from(2);
        }
    };
    let root = workspace_root();
    match command {
        Command::Help => {
            println!("{}", flags::HELP);
            ExitCode::SUCCESS
        }
        Command::Test => steps::run_all(suite::steps(&root)),
        Command::Tidy => match tidy::run(&root) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
        Command::Coverage => coverage::run(&root),
        Command::Bench(asked) => bench::run(&root, &asked),
        Command::Python => steps::run_all(python::steps(&root)),
        Command::Verify(asked) => match verify::steps(&root, &asked) {
            Ok(steps) => steps::run_all(steps),
            Err(message) => {
                eprintln!("{message}");
                ExitCode::from(2)
            }
        },
    }
}

/// The folder of the root Cargo.toml. Known at compile time: the tool is always built inside the tree it checks.
fn workspace_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}
