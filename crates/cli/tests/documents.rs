//! The commands that the documents show, run in the order in which they stand, and what they print.
//!
//! In a fence of `console`, a line that begins with `$ ` is a command, with `> ` its continuation; the lines below are what it
//! prints, on both streams. `...` on a line of its own stands for any lines, within a line for any text. All commands of a
//! document are run by one shell in an empty folder.

mod support;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use support::Place;

/// A command as it stands in a document, and what it is to print.
struct Step {
    line: usize,
    command: String,
    expected: Vec<String>,
}

fn steps(document: &str) -> Vec<Step> {
    let (mut steps, mut inside) = (Vec::<Step>::new(), false);
    for (number, line) in document.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { line: number + 1, command: format!("{command}\n"), expected: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            match line.strip_prefix("> ") {
                Some(more) if step.expected.is_empty() => writeln!(step.command, "{more}").unwrap(),
                _ => step.expected.push(line.to_owned()),
            }
        }
    }
    steps
}

/// Stands between what two commands print.
const END: &str = "@@end-of-step@@";

/// What each command prints.
fn run(place: &Place, steps: &[Step]) -> Vec<String> {
    let mut script = String::from("exec 2>&1\n");
    for step in steps {
        // The next command may ask for the exit code.
        writeln!(script, "{}code=$?; printf '{END}\\n'; (exit $code)", step.command).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_sutra"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.current_dir(place.path("")).env_remove("SUTRA_STORE").env("LC_ALL", "C");
    shell.env("PATH", format!("{}:{path}", program.parent().unwrap().display()));
    let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = shell.stdin.take().unwrap();
    // A script on the standard input would be read by commands too: they are given none.
    place.write(".script", script);
    input.write_all(b"exec < /dev/null; . ./.script\n").unwrap();
    drop(input);
    let output = String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap();
    output.split(&format!("{END}\n")).map(str::to_owned).collect()
}

/// Whether a line is as it is said to be, with `...` for any text.
fn line_matches(said: &str, printed: &str) -> bool {
    let mut parts = said.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether lines are as they are said to be, with a line of `...` for any of them.
fn matches(said: &[String], printed: &[&str]) -> bool {
    match said.split_first() {
        None => printed.is_empty(),
        Some((any, more)) if any == "..." => (0..=printed.len()).any(|skipped| matches(more, &printed[skipped..])),
        Some((line, more)) => {
            printed.split_first().is_some_and(|(first, rest)| line_matches(line, first) && matches(more, rest))
        }
    }
}

fn check(name: &str, least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    let steps = steps(&std::fs::read_to_string(path).unwrap());
    assert!(steps.len() >= least, "{name} has {} commands", steps.len());
    let printed = run(&Place::new(), &steps);
    assert_eq!(printed.len(), steps.len() + 1, "{name}: the shell ended early: {printed:?}");
    let wrong: Vec<String> = steps
        .iter()
        .zip(&printed)
        .filter(|(step, printed)| !matches(&step.expected, &printed.lines().map(str::trim_end).collect::<Vec<_>>()))
        .map(|(step, printed)| {
            format!(
                "{name}:{}: {}--- said\n{}\n--- printed\n{printed}",
                step.line,
                step.command,
                step.expected.join("\n")
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_tutorial_prints_what_it_says() {
    check("docs/tutorial.md", 20);
}

#[test]
fn the_page_on_tuning_prints_what_it_says() {
    check("docs/tuning.md", 5);
}

/// An array of numpy: rows of three 32-bit floats.
fn array(rows: usize) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 3), }}");
    let start = [b"\x93NUMPY\x01\x00", &(u16::try_from(header.len()).unwrap().to_le_bytes())[..]].concat();
    [start, header.into_bytes(), [0x3f_u8; 12].repeat(rows)].concat()
}

#[test]
fn the_commands_of_the_readme_run_in_their_order() {
    let place = Place::new();
    place.write("concepts.jsonl", support::CONCEPTS);
    place.write("associations.tsv", support::ASSOCIATIONS);
    place.write("vectors.npy", array(4));
    let commands: Vec<_> =
        include_str!("../README.md").lines().filter_map(|line| line.strip_prefix("    sutra ")).collect();
    assert!(commands.len() > 14, "{commands:?}");
    let mut script = String::new();
    for command in &commands {
        let short = match *command {
            "demo" => " --seconds 1",
            _ if command.starts_with("bench") => " --seconds 1 --concepts 5000",
            _ => "",
        };
        // Advice is for the machine that it is run on.
        let well = if *command == "doctor" { " || [ $? = 5 ]" } else { "" };
        writeln!(script, "sutra {command}{short} > out{well} || echo 'failed: {command}'").unwrap();
    }
    let steps = [Step { line: 0, command: script, expected: Vec::new() }];
    let printed = run(&place, &steps).concat();
    assert!(!printed.contains("failed: "), "{printed}");
    assert!(place.path("chart.svg").is_file() && place.path("copy.jsonl").is_file());
}

#[test]
fn what_differs_is_noticed() {
    let said = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(matches(&said(&["a ... c", "...", "z"]), &["a b c", "x", "y", "z"]));
    assert!(matches(&said(&["..."]), &[]));
    for (expected, printed) in
        [(&["a ... c"][..], &["a b d"][..]), (&["a"], &["a", "b"]), (&["a", "..."], &["b"]), (&["ab...ba"], &["aba"])]
    {
        assert!(!matches(&said(expected), printed), "{expected:?} {printed:?}");
    }
    let steps = steps("```console\n$ cat <<E\n> x\n> E\nx\n$ b\n```\n$ c\n");
    assert_eq!((steps.len(), steps[0].command.as_str(), steps[0].line), (2, "cat <<E\nx\nE\n", 2));
    assert_eq!(steps[0].expected, ["x"]);
}
