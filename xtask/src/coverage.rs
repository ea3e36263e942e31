//! `cargo xtask coverage`: which lines of the storage crates their tests reach.
//!
//! All tests of the workspace run with counters in every region of the code. Lines within test modules do not count. A
//! process that is killed says nothing of what it reached, so what only the killed ones do is missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::programs::{build, output};
use crate::steps::{announce, cargo, quiet, target_dir};
use crate::tidy::is_test_line;

/// Crates of which at least [`LEAST`] percent of the lines must be reached.
const CRATES: [&str; 6] = ["format", "wal", "log", "snapshot", "store", "reconciler"];
const LEAST: f64 = 95.0;

/// For each file, its lines that are code and how often each was reached.
type Lines = BTreeMap<PathBuf, BTreeMap<usize, u64>>;

pub(crate) fn run(root: &Path) -> ExitCode {
    match measure(root) {
        Ok(lines) if report(root, &lines) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn measure(root: &Path) -> Result<Lines, String> {
    let (merge, export) = (tool(root, "llvm-profdata")?, tool(root, "llvm-cov")?);
    let folder = target_dir(root).join("coverage");
    let counts = folder.join("counts");
    // Counts of an earlier run would be counted again.
    let _ = std::fs::remove_dir_all(&counts);
    let programs = test(root, &folder)?;
    let merged = folder.join("merged");
    let mut raw: Vec<_> = std::fs::read_dir(&counts).into_iter().flatten().flatten().map(|file| file.path()).collect();
    raw.sort();
    let list = folder.join("list");
    let names: Vec<_> = raw.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    std::fs::write(&list, names.join("\n")).map_err(|error| format!("{}: {error}", list.display()))?;
    // A child that was killed while it wrote leaves a torn file: left out, not fatal.
    let mut command = Command::new(merge);
    command.args(["merge", "--sparse", "--failure-mode=all", "--output"]).arg(&merged);
    output(command.arg(format!("--input-files={}", list.display())))?;
    let mut command = Command::new(export);
    command.args(["export", "--format=lcov"]).arg(format!("--instr-profile={}", merged.display()));
    programs.iter().for_each(|program| _ = command.arg("--object").arg(program));
    Ok(lines(&output(&mut command)?))
}

/// A tool of the compiler's own LLVM; others may not read its counts.
fn tool(root: &Path, name: &str) -> Result<PathBuf, String> {
    let sysroot = output(Command::new("rustc").current_dir(root).args(["--print", "sysroot"]))?;
    let version = output(Command::new("rustc").current_dir(root).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let path = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin").join(name);
    let install = || quiet(Command::new("rustup").current_dir(root).args(["component", "add", "llvm-tools"]));
    if path.is_file() || install() && path.is_file() {
        return Ok(path);
    }
    Err(format!("{name} is not installed: rustup component add llvm-tools"))
}

/// Builds and runs all tests; gives the test programs.
fn test(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let instrumented = || {
        let mut command = cargo(root);
        command.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", "-C instrument-coverage");
        // By process: children and forks write counts of their own.
        command.env("LLVM_PROFILE_FILE", folder.join("counts/%p-%m.profraw"));
        command.args(["test", "--workspace", "--tests"]);
        for other in ["xtask", "sutra-benches", "sutra-compare", "sutra-python"] {
            command.args(["--exclude", other]);
        }
        command
    };
    let programs = build(&mut instrumented())?;
    let mut run = instrumented();
    announce(run.arg("--no-fail-fast"));
    match run.status() {
        Ok(status) if status.success() => Ok(programs),
        Ok(_) => Err("tests failed".to_owned()),
        Err(error) => Err(format!("cargo test: {error}")),
    }
}

/// Reads the lcov format: `SF:<file>`, then `DA:<line>,<times>`.
fn lines(lcov: &str) -> Lines {
    let mut lines = Lines::new();
    let mut file = PathBuf::new();
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = PathBuf::from(path);
        } else if let Some((number, times)) = line.strip_prefix("DA:").and_then(|rest| rest.split_once(','))
            && let (Ok(number), Ok(times)) = (number.parse(), times.parse::<u64>())
        {
            *lines.entry(file.clone()).or_default().entry(number).or_insert(0) += times;
        }
    }
    lines
}

/// Prints a table of the crates and what is missing; says whether each has enough.
fn report(root: &Path, lines: &Lines) -> bool {
    let mut enough = true;
    println!("\ncrate        lines  reached  percent");
    let mut missed = Vec::new();
    for name in CRATES {
        let source = root.join("crates").join(name).join("src");
        let (mut all, mut reached) = (0_usize, 0_usize);
        for (path, counts) in lines.iter().filter(|(path, _)| path.starts_with(&source)) {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let is_test = is_test_line(&text);
            let code: Vec<_> = counts.iter().filter(|(line, _)| !is_test(**line)).collect();
            all += code.len();
            reached += code.iter().filter(|(_, times)| **times > 0).count();
            let not: Vec<_> = code.iter().filter(|(_, times)| **times == 0).map(|(line, _)| line.to_string()).collect();
            if !not.is_empty() {
                missed.push(format!("{}: {}", path.strip_prefix(root).unwrap_or(path).display(), not.join(" ")));
            }
        }
        let percent = 100.0 * reached as f64 / all.max(1) as f64;
        println!("{name:10}  {all:6}  {reached:7}  {percent:7.1}");
        enough &= all > 0 && percent >= LEAST;
    }
    println!("\nlines that no test reaches:\n{}", missed.join("\n"));
    println!("\nat least {LEAST} percent are asked for: {}", if enough { "reached" } else { "NOT reached" });
    enough
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lcov_is_read() {
        let read =
            lines("SF:/a/b.rs\nFN:1,f\nDA:3,0\nDA:4,17\nend_of_record\nSF:/a/c.rs\nDA:1,1\nSF:/a/b.rs\nDA:3,2\n");
        assert_eq!(read[Path::new("/a/b.rs")], BTreeMap::from([(3, 2), (4, 17)]));
        assert_eq!(read[Path::new("/a/c.rs")], BTreeMap::from([(1, 1)]));
    }

    #[test]
    fn too_little_is_not_enough() {
        let root = std::env::temp_dir().join(format!("sutra-xtask-{}-coverage", std::process::id()));
        let mut counted = Lines::new();
        for name in CRATES {
            counted.insert(root.join("crates").join(name).join("src/lib.rs"), (1..=20).map(|line| (line, 1)).collect());
        }
        assert!(report(&root, &counted));
        counted.get_mut(&root.join("crates/wal/src/lib.rs")).unwrap().extend([(1, 0), (2, 0)]);
        assert!(!report(&root, &counted));
        assert!(!report(&root, &Lines::new()), "nothing measured is not enough");
    }
}
