//! The part `loom`: tests/loom.rs of each crate that has one, built with `--cfg loom`.

use std::path::Path;
use std::process::Command;

use super::Setting;
use super::count::run_tests;
use crate::steps::{Step, cargo, run, target_dir};

pub(super) fn steps(setting: &Setting, building: &mut Vec<Step>, checking: &mut Vec<Step>) {
    for name in crates(&setting.root) {
        let (build, check, package) = (setting.clone(), setting.clone(), format!("sutra-{name}"));
        let test = {
            let package = package.clone();
            move || {
                run_tests(&mut loom_test(&check, &check.root, &package, "release"), |program| {
                    let mut command = Command::new(program);
                    command.env("SUTRA_TIER", check.tier());
                    unbounded(&mut command);
                    command
                })
            }
        };
        building.push(Step::new(format!("build loom {name}"), move || {
            run(loom_test(&build, &build.root, &package, "release").arg("--no-run"))
        }));
        checking.push(Step::new(format!("loom {name}"), test));
    }
}

/// `cargo test` of a package's models in a tree, up to what is added.
pub(super) fn loom_test(setting: &Setting, tree: &Path, package: &str, profile: &str) -> Command {
    let flags = match std::env::var("RUSTFLAGS") {
        Ok(flags) if !flags.is_empty() => format!("{flags} --cfg loom"),
        _ => "--cfg loom".to_owned(),
    };
    let mut command = cargo(tree);
    // A folder of its own: other flags would otherwise rebuild everything here and at the next plain build.
    command.env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", target_dir(&setting.root).join("loom"));
    unbounded(&mut command);
    command.args(["test", "--profile", profile, "--package", package, "--test", "loom"]);
    command
}

/// Without the bounds that loom would read from the environment, at which it ends early and green.
fn unbounded(command: &mut Command) {
    for bound in ["PERMUTATIONS", "DURATION", "PREEMPTIONS", "BRANCHES", "THREADS"] {
        command.env_remove(format!("LOOM_MAX_{bound}"));
    }
}

/// Crates that have models, sorted.
fn crates(root: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(root.join("crates")).into_iter().flatten().flatten();
    let mut names: Vec<_> = folders
        .filter(|folder| folder.path().join("tests/loom.rs").is_file())
        .filter_map(|folder| folder.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_with_models_is_listed() {
        let root = std::env::temp_dir().join(format!("sutra-xtask-{}-loom", std::process::id()));
        for file in ["crates/snapshot/tests/loom.rs", "crates/log/tests/loom.rs", "crates/wal/tests/crash.rs"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        assert_eq!(crates(&root), ["log", "snapshot"]);
        std::fs::remove_dir_all(root).unwrap();
    }
}
