//! Running tests and counting: how many cases they checked, how many tests failed.
//!
//! A test that searches for faults ends with a line `cases: 123 (what they are)`; where none says so, each test counts as
//! one. A run that counts nothing at all has checked nothing, and fails.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::programs::{self, tests_of};
use crate::steps::{Outcome, announce, code_of, could_not_start};

/// Bytes of output that are kept to be shown after a failure: the last ones.
const KEPT: usize = 1 << 20;

/// What the output of tests says.
#[derive(Debug, Default)]
struct Count {
    cases: u64,
    failures: u64,
    /// Tests that ended well.
    passed: u64,
    seeds: Vec<String>,
}

impl Count {
    /// Takes one line; true if it is worth showing at once.
    fn line(&mut self, line: &str) -> bool {
        if let Some(rest) = line.strip_prefix("cases: ") {
            self.cases += rest.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
            return true;
        }
        if line.starts_with("SUTRA_SEED=") {
            let seen = self.seeds.iter().any(|seed| seed == line);
            self.seeds.push(line.to_owned());
            return !seen;
        }
        if let Some(rest) = line.strip_prefix("test result: ok. ") {
            self.passed += rest.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
        }
        if let Some(rest) = line.strip_prefix("test result: FAILED. ") {
            let failed = rest.split("; ").find_map(|part| part.strip_suffix(" failed"));
            self.failures += failed.and_then(|number| number.parse().ok()).unwrap_or(1);
            return true;
        }
        false
    }
}

/// Builds what a `cargo test` would run, and runs it, each test in a process of its own, as many at a time as there are cores: what unmaps memory stops all
/// threads of its process, and the parts do little else. `program` gives the command of a program, up to its arguments.
pub(super) fn run_tests(test: &mut Command, program: impl Fn(&Path) -> Command + Sync) -> Outcome {
    match programs::build(test) {
        Ok(built) => run_each(&built, program),
        Err(error) => {
            println!("   {error}");
            Outcome::failed(1)
        }
    }
}

fn run_each(programs: &[PathBuf], program: impl Fn(&Path) -> Command + Sync) -> Outcome {
    let mut tests = Vec::new();
    for path in programs {
        match tests_of(&mut program(path)) {
            Ok(names) => tests.extend(names.into_iter().map(|name| (path, name))),
            Err(error) => {
                println!("   {}: {error}", path.display());
                return Outcome::failed(1);
            }
        }
    }
    let (tests, total) = (Mutex::new(tests.into_iter()), Mutex::new(Ended::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let next = || tests.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some((path, name)) = next() {
                    let mut ended = run_one(program(path).args(["--show-output", "--exact", &name]));
                    if ended.code == 0 && ended.count.passed != 1 {
                        println!("   {name} was not run");
                        (ended.code, ended.count.failures) = (1, 1);
                    }
                    total.lock().unwrap_or_else(PoisonError::into_inner).add(ended);
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner).outcome()
}

/// Runs tests, shows what they counted, and all they said if one failed.
pub(super) fn run_counted(command: &mut Command) -> Outcome {
    announce(command);
    run_one(command).outcome()
}

/// What tests have counted, and the first exit code that is not zero.
#[derive(Debug, Default)]
struct Ended {
    count: Count,
    code: u8,
}

impl Ended {
    fn add(&mut self, other: Self) {
        self.count.cases += other.count.cases;
        self.count.failures += other.count.failures;
        self.count.passed += other.count.passed;
        self.code = if self.code == 0 { other.code } else { self.code };
    }

    fn outcome(&self) -> Outcome {
        let Count { cases, failures, passed, .. } = self.count;
        if self.code != 0 {
            return Outcome::Failed { code: self.code, cases, failures };
        }
        match if cases > 0 { cases } else { passed } {
            0 => {
                println!("   nothing was checked");
                Outcome::failed(1)
            }
            cases => Outcome::Checked(cases),
        }
    }
}

fn run_one(command: &mut Command) -> Ended {
    let (mut count, mut said) = (Count::default(), String::new());
    let mut child = match command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => {
            could_not_start(command, &error);
            count.failures = 1;
            return Ended { count, code: 1 };
        }
    };
    for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).split(b'\n')) {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        if count.line(&line) {
            println!("   {line}");
        }
        said.push_str(&line);
        said.push('\n');
        if said.len() > 2 * KEPT {
            let from = (said.len() - KEPT..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(0);
            said.drain(..from);
        }
    }
    let code = match child.wait() {
        Ok(status) if status.success() => 0,
        Ok(status) => code_of(status),
        Err(_) => 1,
    };
    if code != 0 {
        print!("{said}");
        // A test program that was killed says no result.
        count.failures = count.failures.max(1);
    }
    Ended { count, code }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Outcome {
        run_counted(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn cases_are_added_up() {
        assert_eq!(shell("echo cases: 40 '(cuts)'; echo noise; echo cases: 2 '(more)'"), Outcome::Checked(42));
        assert_eq!(shell("echo 'test result: ok. 3 passed; 0 failed; 0 ignored'"), Outcome::Checked(3));
    }

    #[test]
    fn failed_tests_are_counted() {
        let script = "echo cases: 7 '(cuts)'; echo 'test result: FAILED. 3 passed; 2 failed; 0 ignored'; exit 101";
        assert_eq!(shell(script), Outcome::Failed { code: 101, cases: 7, failures: 2 });
    }

    #[test]
    fn a_run_without_cases_and_one_that_is_killed_fail() {
        assert_eq!(shell("echo ok"), Outcome::failed(1));
        assert_eq!(shell("echo cases: 1 '(cut)'; kill -9 $$"), Outcome::Failed { code: 1, cases: 1, failures: 1 });
    }

    #[test]
    fn each_test_runs_alone_and_what_they_say_is_added_up() {
        // Lists three tests; run alone, the first counts 3 cases, the second fails after 4, and the third is not run.
        let script = "case \"$*\" in
            *--list*) echo 'a: test'; echo 'b: test'; echo 'c: test';;
            *'--exact a'*) echo 'cases: 3 (of a)'; echo 'test result: ok. 1 passed; 0 failed; 0 ignored';;
            *'--exact c'*) echo 'test result: ok. 0 passed; 0 failed; 1 ignored';;
            *) echo 'cases: 4 (of b)'; echo 'test result: FAILED. 0 passed; 1 failed; 0 ignored'; exit 101;;
        esac";
        let program = |_: &Path| {
            let mut command = Command::new("sh");
            command.args(["-c", script, "test"]);
            command
        };
        let Outcome::Failed { code: 1 | 101, cases: 7, failures: 2 } = run_each(&["t".into()], program) else {
            panic!("one fails and one is not run")
        };
        assert_eq!(run_each(&[], program), Outcome::failed(1), "nothing was checked");
    }

    #[test]
    fn a_seed_is_shown_once() {
        let mut count = Count::default();
        assert!(count.line("SUTRA_SEED=3"));
        assert!(!count.line("SUTRA_SEED=3"));
        assert!(count.line("SUTRA_SEED=4"));
    }
}
