//! The part `instructions`: what one operation of each hot path costs, without a clock.
//!
//! callgrind counts the instructions of a path and the cache lines that a simulated cache has to fetch. Both are the same in
//! every run of one build but for a few in a thousand, on a busy machine as on a quiet one. A path that takes a tenth more
//! than is written here fails: lower the figure when a change makes it cheaper, raise it only with a reason in the commit. One
//! that takes less than half fails, too: most likely it does not do its work any more, or not all of it was counted.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Setting;
use crate::programs;
use crate::steps::{Outcome, Step, cargo, quiet};

/// Operations of one run.
const TIMES: u32 = 5_000;

/// A path of benches/hot_paths.rs, and what one operation may take.
struct Limit {
    name: &'static str,
    instructions: f64,
    /// Lines that are not in the first cache of 32 KiB.
    lines: f64,
}

const fn path(name: &'static str, instructions: f64, lines: f64) -> Limit {
    Limit { name, instructions, lines }
}

const PATHS: [Limit; 11] = [
    path("get", 305.0, 4.2),
    path("content", 379.0, 6.2),
    path("miss", 192.0, 2.2),
    path("neighbours", 1272.0, 9.5),
    path("snapshot", 107.0, 0.1),
    path("path", 4700.0, 44.0),
    path("accept-learn", 1730.0, 6.2),
    path("accept-associate", 1600.0, 4.2),
    path("learn", 1405.0, 13.5),
    path("associate", 2582.0, 19.8),
    path("associate-again", 3772.0, 25.8),
];

/// How much more than its figure a path may take.
const SLACK: f64 = 1.1;
/// Less than this part of its instructions is not the same work.
const LEAST: f64 = 0.5;

impl Limit {
    /// What is wrong with a path that took as much, if anything is.
    fn fault(&self, instructions: f64, lines: f64) -> Option<&'static str> {
        if instructions > self.instructions * SLACK || lines > self.lines * SLACK {
            return Some("more than a tenth above its figure");
        }
        (instructions < self.instructions * LEAST).then_some("less than half of its figure: does it still do its work?")
    }
}

pub(super) fn steps(setting: &Setting, checking: &mut Vec<Step>) {
    let root = setting.root.clone();
    checking.push(Step::new("instructions", move || check(&root)));
}

fn check(root: &Path) -> Outcome {
    if !quiet(Command::new("valgrind").arg("--version")) {
        return Outcome::LeftOut("valgrind is not installed: get it from the system's packages".to_owned());
    }
    let mut bench = cargo(root);
    bench.args(["bench", "--package", "sutra-benches", "--bench", "hot_paths"]);
    let program = match programs::build(&mut bench).map(|programs| programs.into_iter().next()) {
        Ok(Some(program)) => program,
        Ok(None) => return failed("cargo named no program"),
        Err(error) => return failed(&error),
    };
    let listed = programs::output(&mut Command::new(&program)).unwrap_or_default();
    if listed.lines().ne(PATHS.iter().map(|path| path.name)) {
        return failed("benches/hot_paths.rs has other paths than are listed here");
    }
    println!("   {:16} {:>12} {:>8}  of {TIMES} operations, each", "path", "instructions", "lines");
    let mut failures = 0;
    let counted = count_all(&program);
    if counted.len() != PATHS.len() {
        return failed("a thread that counted panicked");
    }
    for (path, counted) in PATHS.iter().zip(counted) {
        let (instructions, lines) = match counted {
            Ok(counted) => counted,
            Err(error) => return failed(&error),
        };
        let fault = path.fault(instructions, lines);
        println!("   {:16} {instructions:>12.0} {lines:>8.1}  {}", path.name, fault.unwrap_or_default());
        failures += u64::from(fault.is_some());
    }
    let cases = PATHS.len() as u64;
    if failures == 0 { Outcome::Checked(cases) } else { Outcome::Failed { code: 1, cases, failures } }
}

fn failed(why: &str) -> Outcome {
    println!("   {why}");
    Outcome::failed(1)
}

/// All paths, two at a time: what one takes is not changed by another.
fn count_all(program: &Path) -> Vec<Result<(f64, f64), String>> {
    let half = PATHS.len().div_ceil(2);
    std::thread::scope(|scope| {
        let count = |paths: &[Limit]| paths.iter().map(|path| count(program, path.name)).collect::<Vec<_>>();
        let threads: Vec<_> = PATHS.chunks(half).map(|paths| scope.spawn(move || count(paths))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

/// Instructions and lines of one operation.
fn count(program: &Path, path: &str) -> Result<(f64, f64), String> {
    let file = OutFile(std::env::temp_dir().join(format!("sutra-callgrind-{}-{path}", std::process::id())));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--cache-sim=yes", "--toggle-collect=*hot_paths*measured*"]);
    // The caches of the machine would make it another figure on each.
    valgrind.args(["--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64"]);
    valgrind.arg(format!("--callgrind-out-file={}", file.0.display())).arg(program).args([path, &TIMES.to_string()]);
    let ended = valgrind.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !ended.is_ok_and(|status| status.success()) {
        return Err(format!("valgrind failed on the path `{path}`"));
    }
    let text = std::fs::read_to_string(&file.0).map_err(|error| format!("{}: {error}", file.0.display()))?;
    summary(&text).ok_or_else(|| format!("callgrind wrote no summary of the path `{path}`"))
}

/// Removed when it is dropped.
struct OutFile(PathBuf);

impl Drop for OutFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The line of sums, as the line of events names them. One of nothing is none.
fn summary(text: &str) -> Option<(f64, f64)> {
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::split_whitespace);
    let sums: Vec<(&str, f64)> = line("events:")?
        .zip(line("summary:")?)
        .map(|(name, sum)| Some((name, sum.parse().ok()?)))
        .collect::<Option<_>>()?;
    let sum = |name: &str| sums.iter().find(|(event, _)| *event == name).map(|(_, sum)| *sum);
    let (instructions, lines) = (sum("Ir")?, sum("D1mr")? + sum("D1mw")?);
    (instructions > 0.0).then(|| (instructions / f64::from(TIMES), lines / f64::from(TIMES)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_take_a_tenth_more_and_not_less_than_half() {
        let limit = path("", 100.0, 10.0);
        assert_eq!(
            [(100.0, 10.0), (109.0, 10.9), (51.0, 0.0)].map(|(took, lines)| limit.fault(took, lines)),
            [None; 3]
        );
        assert!(limit.fault(111.0, 10.0).is_some() && limit.fault(100.0, 11.5).is_some());
        assert!(limit.fault(49.0, 10.0).is_some(), "it did nothing");
    }

    #[test]
    fn sums_are_found_by_the_names_of_their_events() {
        let text = "events: Ir Dr Dw I1mr D1mr D1mw\nfn=(1) x\nsummary: 10000 7 7 7 2500 2500\n";
        assert_eq!(summary(text), Some((2.0, 1.0)));
        assert_eq!(summary("events: Ir D1mr D1mw\nsummary: 0 0 0\n"), None, "nothing was collected");
        assert_eq!(summary("events: Ir\nsummary: 5\n"), None);
    }
}
