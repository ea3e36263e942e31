//! The parts that are plain test programs of the workspace, built with optimisation.

use std::process::Command;

use super::Setting;
use super::count::run_tests;
use crate::programs;
use crate::steps::{Outcome, Step, cargo, run};

/// Part, package, its test programs.
type Suite = (&'static str, &'static str, &'static [&'static str]);

const SUITES: [Suite; 12] = [
    ("order", "sutra-storage", &["order"]),
    ("order", "sutra-store", &["order"]),
    ("crash", "sutra-storage", &["crash"]),
    ("crash", "sutra-wal", &["crash"]),
    ("crash", "sutra-store", &["crash"]),
    ("faults", "sutra-storage", &["faults"]),
    ("faults", "sutra-store", &["faults"]),
    ("kill", "sutra-storage", &["kill"]),
    ("flip", "sutra-storage", &["flip"]),
    ("flip", "sutra-store", &["damage"]),
    ("stress", "sutra-storage", &["stress"]),
    ("model", "sutra-storage", &["model"]),
];

/// `cargo test` of a suite, up to what is added.
fn test(setting: &Setting, package: &str, tests: &[&str]) -> Command {
    let mut command = cargo(&setting.root);
    command.args(["test", "--release", "--package", package]);
    command.args(tests.iter().flat_map(|test| ["--test", test]));
    command
}

/// One step for each package that builds what the parts need.
pub(super) fn build(setting: &Setting, parts: &[&str], steps: &mut Vec<Step>) {
    let suites = SUITES.iter().filter(|(part, ..)| parts.contains(part));
    let mut packages: Vec<(&str, Vec<&str>)> = Vec::new();
    for (_, package, tests) in suites {
        match packages.iter_mut().find(|(name, _)| name == package) {
            Some((_, all)) => all.extend(*tests),
            None => packages.push((package, tests.to_vec())),
        }
    }
    for (package, tests) in packages {
        let setting = setting.clone();
        let name = format!("build {}", package.trim_start_matches("sutra-"));
        steps.push(Step::new(name, move || run(test(&setting, package, &tests).arg("--no-run"))));
    }
}

/// The steps of one part.
pub(super) fn steps(setting: &Setting, part: &str, steps: &mut Vec<Step>) {
    let suites: Vec<_> = SUITES.iter().filter(|(name, ..)| *name == part).collect();
    for (_, package, tests) in &suites {
        let name = match suites.len() {
            1 => part.to_owned(),
            _ => format!("{part} {}", package.trim_start_matches("sutra-")),
        };
        let setting = setting.clone();
        steps.push(Step::new(name, move || check(&setting, package, tests)));
    }
}

fn check(setting: &Setting, package: &str, tests: &[&str]) -> Outcome {
    let programs = match programs::build(&mut test(setting, package, tests)) {
        Ok(programs) => programs,
        Err(error) => {
            println!("   {error}");
            return Outcome::failed(1);
        }
    };
    let folder = setting.root.join("crates").join(package.trim_start_matches("sutra-"));
    run_tests(&programs, |program| {
        let mut command = Command::new(program);
        // As cargo would start it.
        command.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder);
        // The model counts its lives by itself.
        command.env("SUTRA_CASES", if setting.full { "3334" } else { "100" });
        command.env("SUTRA_TIER", setting.tier()).env("SUTRA_SEED", setting.seed.to_string());
        command
    })
}
