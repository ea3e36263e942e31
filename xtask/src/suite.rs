//! `cargo xtask test`: what every change must pass.

use std::path::Path;
use std::process::Command;

use crate::steps::{Outcome, Step, cargo, quiet, run, target_dir};
use crate::{python, tidy};

/// The steps in the order of how soon they tell something.
pub(crate) fn steps(root: &Path) -> Vec<Step> {
    let root = root.to_path_buf();
    let at = |work: fn(&Path) -> Outcome| {
        let root = root.clone();
        move || work(&root)
    };
    let mut steps = vec![
        Step::new("tidy", at(tidy_step)),
        Step::new("format", at(format)),
        Step::new("lints", at(lints)),
        // Plain `cargo test` builds libraries, programs, tests and examples, and runs the doc tests as well.
        // The Python package has steps of its own, which need an interpreter.
        Step::new("tests and doc tests", at(tests)),
        Step::new("fuzz corpus", at(corpus)),
        Step::new("quickstart example", at(quickstart)),
    ];
    steps.extend(python::steps(&root));
    steps
}

pub(crate) fn tidy_step(root: &Path) -> Outcome {
    if tidy::run(root) { Outcome::Passed } else { Outcome::failed(1) }
}

fn format(root: &Path) -> Outcome {
    match component(root, "fmt", "rustfmt") {
        true => run(cargo(root).args(["fmt", "--all", "--check"])),
        false => Outcome::LeftOut("rustfmt is not installed: rustup component add rustfmt".to_owned()),
    }
}

fn tests(root: &Path) -> Outcome {
    run(cargo(root).args(["test", "--workspace", "--exclude", "sutra-python", "--no-fail-fast"]))
}

fn lints(root: &Path) -> Outcome {
    match component(root, "clippy", "clippy") {
        true => {
            let mut command = cargo(root);
            command.args(["clippy", "--workspace", "--exclude", "sutra-python", "--all-targets"]);
            run(command.args(["--", "-D", "warnings"]))
        }
        false => Outcome::LeftOut("clippy is not installed: rustup component add clippy".to_owned()),
    }
}

/// Whether a cargo subcommand is there, after one attempt to install its component.
fn component(root: &Path, subcommand: &str, name: &str) -> bool {
    let present = || quiet(cargo(root).args([subcommand, "--version"]));
    present() || (quiet(Command::new("rustup").current_dir(root).args(["component", "add", name])) && present())
}

/// Tries every input of the corpus, without a fuzzer: `fuzz` is a workspace of its own.
fn corpus(root: &Path) -> Outcome {
    let mut command = cargo(root);
    command.env("CARGO_TARGET_DIR", target_dir(root).join("corpus"));
    run(command.args(["test", "--no-default-features", "--manifest-path"]).arg(root.join("fuzz/Cargo.toml")))
}

/// Runs the example in a folder of its own, twice: the second run opens what the first one left.
fn quickstart(root: &Path) -> Outcome {
    let folder = std::env::temp_dir().join(format!("sutra-quickstart-{}", std::process::id()));
    let outcome = match std::fs::create_dir_all(&folder) {
        Ok(()) => match example(root, &folder) {
            Outcome::Passed => example(root, &folder),
            other => other,
        },
        Err(error) => {
            eprintln!("could not create {}: {error}", folder.display());
            Outcome::failed(1)
        }
    };
    // A leftover in the temporary folder is no reason to fail.
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

fn example(root: &Path, folder: &Path) -> Outcome {
    let mut command = cargo(root);
    command.current_dir(folder).env("CARGO_TARGET_DIR", target_dir(root));
    command.args(["run", "--quiet", "--package", "sutra-storage", "--example", "quickstart", "--manifest-path"]);
    run(command.arg(root.join("Cargo.toml")))
}
