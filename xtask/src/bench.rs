//! `cargo xtask bench`: our engine beside others, by the program of `benches/compare`.
//!
//! The others are behind features of that program, so that nothing but this builds them.

use std::path::Path;
use std::process::ExitCode;

use crate::flags::Bench;
use crate::steps::{self, Outcome, cargo};

pub(crate) fn run(root: &Path, asked: &Bench) -> ExitCode {
    if asked.python {
        return crate::python_bench::run(root, &asked.arguments);
    }
    let mut command = cargo(root);
    // A relative `--output` is meant from where the command was typed.
    if let Ok(here) = std::env::current_dir() {
        command.current_dir(here);
    }
    command.args(["run", "--release", "--package", "sutra-compare", "--features"]);
    command.arg(if asked.rocksdb { "rocksdb" } else { "peers" });
    command.arg("--manifest-path").arg(root.join("Cargo.toml")).arg("--").args(&asked.arguments);
    match steps::run(&mut command) {
        Outcome::Failed { code, .. } => ExitCode::from(code),
        _ => ExitCode::SUCCESS,
    }
}
