//! The parts that are plain test programs of the workspace, built with optimisation.

use std::process::Command;

use super::Setting;
use super::count::run_counted;
use crate::steps::{Step, cargo, run};

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
    command.args(["test", "--release", "--no-fail-fast", "--package", package]);
    command.args(tests.iter().flat_map(|test| ["--test", test]));
    // The model counts its lives by itself.
    command.env("SUTRA_CASES", if setting.full { "3334" } else { "100" });
    command.env("SUTRA_TIER", setting.tier()).env("SUTRA_SEED", setting.seed.to_string());
    command
}

/// One step that builds what the parts need.
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
        let work = move || run_counted(test(&setting, package, tests).args(["--", "--show-output"]));
        steps.push(Step::new(name, work));
    }
}
