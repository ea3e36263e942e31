//! Running tests and counting: how many cases they checked, how many tests failed.
//!
//! A test that searches for faults ends with a line `cases: 123 (what they are)`; where none says so, each test counts as
//! one. A run that counts nothing at all has checked nothing, and fails.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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

/// Runs tests, shows what they counted, and all they said if one failed.
pub(super) fn run_counted(command: &mut Command) -> Outcome {
    announce(command);
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return could_not_start(command, &error),
    };
    let (mut count, mut said) = (Count::default(), String::new());
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
        Err(error) => return could_not_start(command, &error),
    };
    if code != 0 {
        print!("{said}");
        // A test program that was killed says no result.
        return Outcome::Failed { code, cases: count.cases, failures: count.failures.max(1) };
    }
    match if count.cases > 0 { count.cases } else { count.passed } {
        0 => {
            println!("   nothing was checked");
            Outcome::failed(1)
        }
        cases => Outcome::Checked(cases),
    }
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
    fn a_seed_is_shown_once() {
        let mut count = Count::default();
        assert!(count.line("SUTRA_SEED=3"));
        assert!(!count.line("SUTRA_SEED=3"));
        assert!(count.line("SUTRA_SEED=4"));
    }
}
