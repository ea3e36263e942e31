//! The part `fuzz`: every target of the folder `fuzz`, under the address sanitizer, two at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::Setting;
use crate::steps::{Outcome, Step, announce, cargo, quiet, run, target_dir};

/// Fuzzers that run at the same time.
const TOGETHER: usize = 2;

pub(super) fn steps(setting: &Setting, building: &mut Vec<Step>, checking: &mut Vec<Step>) {
    if let Some(missing) = missing(&setting.root) {
        checking.push(Step::new("fuzz", move || Outcome::LeftOut(missing)));
        return;
    }
    let (build, check) = (setting.clone(), setting.clone());
    building.push(Step::new("build fuzz", move || run(fuzz(&build).arg("build"))));
    checking.push(Step::new("fuzz", move || fuzz_all(&check)));
}

/// What this machine lacks, and how to get it.
fn missing(root: &Path) -> Option<String> {
    if !quiet(cargo(root).args(["fuzz", "--version"])) {
        return Some("cargo-fuzz is not installed: cargo install cargo-fuzz --locked".to_owned());
    }
    let nightly = quiet(Command::new("rustup").args(["run", "nightly", "rustc", "--version"]));
    (!nightly).then(|| "no nightly toolchain: rustup toolchain install nightly".to_owned())
}

/// `cargo fuzz` by nightly: the sanitizer is not in stable Rust.
fn fuzz(setting: &Setting) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]).current_dir(&setting.root).stdin(Stdio::null());
    command.env("CARGO_TARGET_DIR", work_folder(&setting.root).join("build"));
    // What cargo hands to its children names the stable tools.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
    command
}

fn work_folder(root: &Path) -> PathBuf {
    target_dir(root).join("fuzz")
}

fn fuzz_all(setting: &Setting) -> Outcome {
    let targets = match std::fs::read_to_string(setting.root.join("fuzz/Cargo.toml")) {
        Ok(manifest) => targets(&manifest),
        Err(error) => {
            eprintln!("fuzz/Cargo.toml cannot be read: {error}");
            return Outcome::failed(1);
        }
    };
    let (mut cases, mut failures) = (0, 0);
    for pair in targets.chunks(TOGETHER) {
        let started: Vec<_> = pair.iter().map(|target| (target, start(setting, target))).collect();
        for (target, child) in started {
            let (ended, log) = match child {
                Ok((mut child, log)) => (child.wait().is_ok_and(|status| status.success()), log),
                Err(error) => {
                    eprintln!("{target}: {error}");
                    failures += 1;
                    continue;
                }
            };
            let said = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
            let executed = executed(&said);
            println!("   {target}: {} inputs", executed.unwrap_or(0));
            cases += executed.unwrap_or(0);
            // One that did not say how many it tried did not come to its end.
            if !ended || executed.is_none() {
                println!("{}\n   all it said: {}", tail(&said, 60), log.display());
                failures += 1;
            }
        }
    }
    match failures {
        0 if cases > 0 => Outcome::Checked(cases),
        _ => Outcome::Failed { code: 1, cases, failures: failures.max(1) },
    }
}

/// Names of the programs that a manifest declares.
fn targets(manifest: &str) -> Vec<String> {
    let bins = manifest.split("[[bin]]").skip(1);
    let name =
        |bin: &str| bin.lines().find_map(|line| Some(line.strip_prefix("name = \"")?.trim_end_matches('"').to_owned()));
    bins.filter_map(name).collect()
}

fn start(setting: &Setting, target: &str) -> std::io::Result<(Child, PathBuf)> {
    let folder = work_folder(&setting.root).join(target);
    let (corpus, findings) = (folder.join("corpus"), folder.join("findings"));
    // From the repository's seeds alone, so that a seed begins the same run again.
    if corpus.exists() {
        std::fs::remove_dir_all(&corpus)?;
    }
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&findings)?;
    let log = folder.join("log");
    let said = File::create(&log)?;
    let seconds = if setting.full { 600 } else { 30 };
    let mut command = fuzz(setting);
    // What it learns goes to the first folder; the seeds of the repository stay as they are.
    command.args(["run", target]).arg(corpus).arg(setting.root.join("fuzz/corpus").join(target));
    command.args(["--", "-print_final_stats=1", "-rss_limit_mb=4096", "-timeout=60"]);
    if target == "operations" {
        // Lives of whole engines: which counters changed says little of threads, and costs a third of the time.
        command.args(["-entropic=0", "-use_counters=0", "-detect_leaks=0"]);
    }
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-seed={}", (setting.seed as u32).max(1)));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    announce(&command);
    let child = command.stdout(said.try_clone()?).stderr(said).spawn()?;
    Ok((child, log))
}

/// The number of inputs that a fuzzer says it tried.
fn executed(said: &str) -> Option<u64> {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}

/// The last lines.
fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_from_the_manifest() {
        let manifest = "name = \"fuzz\"\n[[bin]]\nname = \"header\"\npath = \"a.rs\"\n\n[[bin]]\nname = \"open\"\n";
        assert_eq!(targets(manifest), ["header", "open"]);
    }

    #[test]
    fn the_number_of_inputs_is_found() {
        assert_eq!(executed("Done 7\nstat::number_of_executed_units: 1234\nstat::x: 1\n"), Some(1234));
        assert_eq!(executed("==1==ERROR: AddressSanitizer"), None);
    }
}
