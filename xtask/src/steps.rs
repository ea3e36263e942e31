//! Running named steps one after the other and summing up.
//!
//! A step that fails does not stop the ones after it: one run tells everything that is wrong. A step whose tool is not
//! installed is *left out*: named in the table, and counted neither as passed nor as failed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// With the number of cases that were checked.
    Checked(u64),
    Failed {
        /// To hand on, never 0.
        code: u8,
        /// Cases that were counted before or beside the failures; 0 if the step counts none.
        cases: u64,
        failures: u64,
    },
    /// With what is missing, and how to get it.
    LeftOut(String),
}

impl Outcome {
    /// A failure without figures.
    pub(crate) fn failed(code: u8) -> Self {
        Self::Failed { code: code.max(1), cases: 0, failures: 1 }
    }

    fn cases(&self) -> u64 {
        match self {
            Self::Checked(cases) | Self::Failed { cases, .. } => *cases,
            Self::Passed | Self::LeftOut(_) => 0,
        }
    }
}

/// A name for the table and the work behind it.
pub(crate) struct Step {
    name: String,
    work: Box<dyn FnOnce() -> Outcome>,
}

impl Step {
    pub(crate) fn new(name: impl Into<String>, work: impl FnOnce() -> Outcome + 'static) -> Self {
        Self { name: name.into(), work: Box::new(work) }
    }
}

/// Runs every step, prints a table, and returns the exit code of the first step that failed.
pub(crate) fn run_all(steps: Vec<Step>) -> ExitCode {
    let count = steps.len();
    let mut rows = Vec::with_capacity(count);
    for (at, step) in steps.into_iter().enumerate() {
        println!("\n== step {} of {count}: {}", at + 1, step.name);
        let start = Instant::now();
        let outcome = (step.work)();
        rows.push((step.name, outcome, start.elapsed()));
    }
    print!("\n{}", table(&rows));
    ExitCode::from(exit_code(&rows))
}

fn exit_code(rows: &[(String, Outcome, Duration)]) -> u8 {
    rows.iter()
        .find_map(|(_, outcome, _)| if let Outcome::Failed { code, .. } = outcome { Some(*code) } else { None })
        .unwrap_or(0)
}

fn table(rows: &[(String, Outcome, Duration)]) -> String {
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0).max(4);
    let mut text = format!("{:width$}  result         cases  failures  seconds\n", "part");
    for (name, outcome, elapsed) in rows {
        let (result, failures, note) = match outcome {
            Outcome::Passed | Outcome::Checked(_) => ("passed", 0, String::new()),
            Outcome::Failed { code, failures, .. } => ("FAILED", *failures, format!("  exit code {code}")),
            Outcome::LeftOut(missing) => ("left out", 0, format!("  {missing}")),
        };
        let cases = match outcome.cases() {
            0 => "-".to_owned(),
            cases => cases.to_string(),
        };
        let seconds = elapsed.as_secs_f64();
        text.push_str(&format!("{name:width$}  {result:8}  {cases:>10}  {failures:>8}  {seconds:7.1}{note}\n"));
    }
    let count = |wanted: fn(&Outcome) -> bool| rows.iter().filter(|(_, outcome, _)| wanted(outcome)).count();
    text.push_str(&format!(
        "{} passed, {} failed, {} left out\n",
        count(|outcome| matches!(outcome, Outcome::Passed | Outcome::Checked(_))),
        count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        count(|outcome| matches!(outcome, Outcome::LeftOut(_))),
    ));
    text
}

/// The cargo that runs this tool, started in the workspace root and without input.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// Runs a command with its output passed through.
pub(crate) fn run(command: &mut Command) -> Outcome {
    announce(command);
    match command.status() {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(status) => Outcome::failed(code_of(status)),
        Err(error) => could_not_start(command, &error),
    }
}

/// Says what is about to run.
pub(crate) fn announce(command: &Command) {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words: Vec<_> = command.get_args().map(std::ffi::OsStr::to_string_lossy).collect();
    println!("   {} {}", program.to_string_lossy(), words.join(" "));
}

pub(crate) fn could_not_start(command: &Command, error: &std::io::Error) -> Outcome {
    eprintln!("could not start {}: {error}", command.get_program().to_string_lossy());
    Outcome::failed(1)
}

/// No code means killed by a signal; codes are a byte on every system we build for.
pub(crate) fn code_of(status: std::process::ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0).unwrap_or(1)
}

/// Whether a command that only asks something succeeds.
pub(crate) fn quiet(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Where cargo puts what it builds, absolute, so that a step may run in another folder.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("target"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, outcome: Outcome) -> (String, Outcome, Duration) {
        (name.to_owned(), outcome, Duration::from_millis(1_250))
    }

    #[test]
    fn the_first_failure_gives_the_exit_code() {
        let rows = [
            row("a", Outcome::Passed),
            row("b", Outcome::LeftOut("no b".into())),
            row("c", Outcome::failed(101)),
            row("d", Outcome::failed(2)),
        ];
        assert_eq!(exit_code(&rows), 101);
        assert_eq!(exit_code(&rows[..2]), 0);
    }

    #[test]
    fn a_left_out_step_is_named_and_not_counted_as_passed() {
        let text = table(&[row("fmt", Outcome::LeftOut("no rustfmt".into())), row("tidy", Outcome::Passed)]);
        assert!(text.contains("fmt   left out"), "{text}");
        assert!(text.contains("no rustfmt"), "{text}");
        assert!(text.contains("1 passed, 0 failed, 1 left out"), "{text}");
    }

    #[test]
    fn cases_and_failures_have_columns() {
        let failed = Outcome::Failed { code: 101, cases: 90, failures: 3 };
        let text = table(&[row("crash", Outcome::Checked(100_001)), row("flip", failed)]);
        assert!(text.contains("crash  passed        100001         0      1.2\n"), "{text}");
        assert!(text.contains("flip   FAILED            90         3      1.2  exit code 101\n"), "{text}");
    }

    #[test]
    fn a_command_that_cannot_start_fails() {
        assert_eq!(run(&mut Command::new("no-such-program-of-this-name")), Outcome::failed(1));
    }
}
