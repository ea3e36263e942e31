//! The part `mutants`: the checks can fail.
//!
//! Each mutant is one small fault, put into a copy of the tree: an ordering made weaker, a sync dropped, a checksum
//! skipped. The named tests must go red. A mutant that survives, that does not build, or whose place is not found any
//! more is a failure: a check that cannot fail is none.

mod damage;
mod faults;
mod models;
mod power;
mod tree;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Setting, loom};
use crate::steps::{Outcome, Step, cargo, target_dir};
use tree::Tree;

/// A fault, and the tests that find it.
#[derive(Debug)]
pub(super) struct Mutant {
    /// What is broken, in a few words.
    name: &'static str,
    /// From the root.
    file: &'static str,
    /// Text that stands once in the file.
    find: &'static str,
    replace: &'static str,
    package: &'static str,
    /// The test program.
    test: &'static str,
    /// What of the test program is run: tests whose names contain this.
    filter: &'static str,
}

/// Of the workspace's manifest: quick to build again after a change of one line, optimised enough to run.
const PROFILE: &str = "mutants";

/// Mutants that make threads wait for ever, in tests that have no clock of their own and take ten seconds otherwise.
const WAITS_FOR_EVER: [&str; 2] = [
    "A writer is let in without taking room",
    "What follows a gap is not held back: entries leave in the order of their arrival",
];

/// How long a build or the tests of a mutant may take; the same tests of the tree as it is take seconds.
const PATIENCE: Duration = Duration::from_secs(300);
/// The same for the tests of [`WAITS_FOR_EVER`].
const PATIENCE_WITH_WAITS: Duration = Duration::from_secs(100);

pub(super) fn steps(setting: &Setting, checking: &mut Vec<Step>) {
    let named = |table: &[Mutant]| table.iter().any(|mutant| mutant.name.contains(&setting.only));
    let engine: [&'static [Mutant]; 3] = [damage::MUTANTS, faults::MUTANTS, power::MUTANTS];
    let with_engine = setting.engine && engine.iter().any(|table| named(table));
    if named(models::MUTANTS) || !with_engine {
        let setting = setting.clone();
        checking.push(Step::new("mutants loom", move || check(&setting, &[models::MUTANTS])));
    }
    if with_engine {
        let setting = setting.clone();
        checking.push(Step::new("mutants engine", move || check(&setting, &engine)));
    }
}

/// Of the copy, and of what is built of it: cargo takes the copy's crates for those of the tree itself, and a test of the
/// tree that shared a folder with it could run a mutant.
fn folder(setting: &Setting) -> PathBuf {
    target_dir(&setting.root).join("mutants")
}

fn check(setting: &Setting, tables: &[&'static [Mutant]]) -> Outcome {
    let mutants: Vec<&Mutant> =
        tables.iter().copied().flatten().filter(|mutant| mutant.name.contains(&setting.only)).collect();
    if mutants.is_empty() {
        println!("   none of these has `{}` in its name", setting.only);
        return Outcome::failed(1);
    }
    let tree = match Tree::copy(&setting.root, &folder(setting)) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("the tree cannot be copied to {}: {error}", folder(setting).display());
            return Outcome::failed(1);
        }
    };
    if let Err(red) = green(setting, &tree, &mutants) {
        println!("   without a mutant: {red}");
        return Outcome::failed(1);
    }
    let mut survivors = 0;
    for mutant in &mutants {
        let start = Instant::now();
        let verdict = judge(setting, &tree, mutant);
        let seconds = start.elapsed().as_secs_f64();
        match verdict {
            Ok(how) => println!(
                "   caught   {:7.1} s  {}: {how} by {} {}",
                seconds, mutant.name, mutant.package, mutant.filter
            ),
            Err(why) => {
                println!("   SURVIVED {:7.1} s  {}: {why}", seconds, mutant.name);
                survivors += 1;
            }
        }
    }
    match survivors {
        0 => Outcome::Checked(mutants.len() as u64),
        failures => Outcome::Failed { code: 1, cases: mutants.len() as u64, failures },
    }
}

/// Whether the tests that are to catch mutants are green in the tree as it is: one that is always red catches nothing.
fn green(setting: &Setting, tree: &Tree, mutants: &[&Mutant]) -> Result<(), String> {
    for (at, mutant) in mutants.iter().enumerate() {
        let same =
            |other: &&Mutant| (other.package, other.test, other.filter) == (mutant.package, mutant.test, mutant.filter);
        if !mutants[..at].iter().any(same) {
            match run_tests(setting, tree.root(), mutant)? {
                Verdict::Green => {}
                Verdict::Red | Verdict::Hung => return Err(format!("{} {} is red", mutant.package, mutant.filter)),
            }
        }
    }
    Ok(())
}

/// How a mutant was caught, or why it was not.
fn judge(setting: &Setting, tree: &Tree, mutant: &Mutant) -> Result<&'static str, String> {
    tree.change(mutant.file, mutant.find, mutant.replace)?;
    let verdict = run_tests(setting, tree.root(), mutant);
    tree.restore(mutant.file)?;
    match verdict? {
        Verdict::Green => Err(format!("{} {} stayed green", mutant.package, mutant.filter)),
        Verdict::Red => Ok("red"),
        Verdict::Hung if WAITS_FOR_EVER.contains(&mutant.name) => Ok("waits for ever"),
        Verdict::Hung => Err("the test has no end".to_owned()),
    }
}

enum Verdict {
    Green,
    Red,
    Hung,
}

fn run_tests(setting: &Setting, root: &Path, mutant: &Mutant) -> Result<Verdict, String> {
    let log = |what: &str| folder(setting).join(what);
    let built = ended(tests(setting, root, mutant).arg("--no-run"), &log("build.log"), PATIENCE);
    if !matches!(built, Ok(Verdict::Green)) {
        return Err(format!("it does not build, see {}", log("build.log").display()));
    }
    let patience = if WAITS_FOR_EVER.contains(&mutant.name) { PATIENCE_WITH_WAITS } else { PATIENCE };
    let tested = ended(tests(setting, root, mutant).args(["--", mutant.filter]), &log("test.log"), patience);
    tested.map_err(|error| error.to_string())
}

fn tests(setting: &Setting, root: &Path, mutant: &Mutant) -> Command {
    if mutant.test == "loom" {
        let mut command = loom::loom_test(setting, root, mutant.package, PROFILE);
        command.env("CARGO_TARGET_DIR", folder(setting).join("loom"));
        // Also in a full run: a mutant must be found where every change is checked.
        command.env("SUTRA_TIER", "quick");
        return command;
    }
    let mut command = cargo(root);
    command.env("CARGO_TARGET_DIR", folder(setting).join("build"));
    // A flipped bit shows in any part of the store, and all the quick tier's bits take minutes where the mutant is not found.
    match mutant.test {
        "flip" => command.env_remove("SUTRA_TIER"),
        _ => command.env("SUTRA_TIER", "quick"),
    };
    command.env("SUTRA_SEED", "1");
    command.args(["test", "--profile", PROFILE, "--package", mutant.package, "--test", mutant.test]);
    command
}

/// Runs a command to its end, or ends it with all that it started when `patience` is over.
fn ended(command: &mut Command, log: &Path, patience: Duration) -> std::io::Result<Verdict> {
    let said = std::fs::File::create(log)?;
    // A group of its own: the test program is a child of cargo, and would outlive it.
    let mut child = command.stdout(said.try_clone()?).stderr(said).process_group(0).spawn()?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { Verdict::Green } else { Verdict::Red });
        }
        if start.elapsed() > patience {
            Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status()?;
            child.wait()?;
            return Ok(Verdict::Hung);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Said at once, not only when the mutants are run.
    #[test]
    fn every_mutant_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for mutant in [models::MUTANTS, damage::MUTANTS, faults::MUTANTS, power::MUTANTS].into_iter().flatten() {
            let text = std::fs::read_to_string(root.join(mutant.file)).unwrap();
            assert_eq!(text.matches(mutant.find).count(), 1, "{}: {}", mutant.file, mutant.name);
            assert_ne!(mutant.find, mutant.replace, "{}", mutant.name);
        }
    }
}
