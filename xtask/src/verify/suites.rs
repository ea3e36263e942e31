//! The parts that are plain test programs of the workspace, built with optimisation.

use std::process::Command;

use super::Setting;
use super::count::run_tests;
use crate::steps::{Outcome, Step, cargo, run};

/// Test programs of a package that belong to a part, and how many cases they check at least, in the quick tier and in the
/// full one: fewer means that something is left out in silence. How writes fall into groups differs from run to run, and with it
/// the number; so these are some percent below what is usual.
struct Suite {
    part: &'static str,
    package: &'static str,
    tests: &'static [&'static str],
    least: [u64; 2],
}

const fn suite(part: &'static str, package: &'static str, test: &'static [&'static str], least: [u64; 2]) -> Suite {
    Suite { part, package, tests: test, least }
}

const SUITES: [Suite; 12] = [
    suite("order", "sutra-storage", &["order"], [3_000, 100_000]),
    suite("order", "sutra-store", &["order"], [4, 4]),
    suite("crash", "sutra-storage", &["crash"], [100_000, 1_000_000]),
    suite("crash", "sutra-wal", &["crash"], [6, 6]),
    suite("crash", "sutra-store", &["crash"], [3, 3]),
    suite("faults", "sutra-storage", &["faults"], [18_000, 100_000]),
    suite("faults", "sutra-store", &["faults"], [6, 6]),
    suite("kill", "sutra-storage", &["kill"], [300, 2_000]),
    suite("flip", "sutra-storage", &["flip"], [150_000, 2_500_000]),
    suite("flip", "sutra-store", &["damage"], [11, 11]),
    suite("stress", "sutra-storage", &["stress"], [10_000_000, 100_000_000]),
    suite("model", "sutra-storage", &["model"], [300, 10_000]),
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
    let suites = SUITES.iter().filter(|suite| parts.contains(&suite.part));
    let mut packages: Vec<(&str, Vec<&str>)> = Vec::new();
    for Suite { package, tests, .. } in suites {
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
    let suites: Vec<_> = SUITES.iter().filter(|suite| suite.part == part).collect();
    for suite in &suites {
        let name = match suites.len() {
            1 => part.to_owned(),
            _ => format!("{part} {}", suite.package.trim_start_matches("sutra-")),
        };
        let (setting, suite) = (setting.clone(), *suite);
        steps.push(Step::new(name, move || match check(&setting, suite) {
            Outcome::Checked(cases) if cases < suite.least[usize::from(setting.full)] => {
                println!("   {cases} cases are fewer than there must be");
                Outcome::Failed { code: 1, cases, failures: 1 }
            }
            outcome => outcome,
        }));
    }
}

fn check(setting: &Setting, &Suite { package, tests, .. }: &Suite) -> Outcome {
    let folder = setting.root.join("crates").join(package.trim_start_matches("sutra-"));
    run_tests(&mut test(setting, package, tests), |program| {
        let mut command = Command::new(program);
        // As cargo would start it.
        command.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder);
        // The model counts its lives by itself.
        command.env("SUTRA_CASES", if setting.full { "3334" } else { "100" });
        command.env("SUTRA_TIER", setting.tier()).env("SUTRA_SEED", setting.seed.to_string());
        command
    })
}
