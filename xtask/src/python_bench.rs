//! `cargo xtask bench --python`: the Python package beside other packages, by the script of `benches/python`.
//!
//! The wheel is built as for the tests, and installed into an environment of its own beside what `requirements.txt` pins. A
//! package that cannot be had is said and left out; the report says so too.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::python::{self, NO_PYTHON, Place};
use crate::steps::{self, Outcome};

const REQUIREMENTS: &str = "benches/python/requirements.txt";

pub(crate) fn run(root: &Path, arguments: &[String]) -> ExitCode {
    let Some(interpreter) = python::interpreter() else {
        eprintln!("{NO_PYTHON}");
        return ExitCode::FAILURE;
    };
    let place = Place::new(root, &interpreter);
    let outcome = match environment(&place) {
        Ok(venv) => measure(&place, &venv, arguments),
        Err(outcome) => outcome,
    };
    match outcome {
        Outcome::Passed | Outcome::Checked(_) => ExitCode::SUCCESS,
        Outcome::Failed { code, .. } => ExitCode::from(code),
        Outcome::LeftOut(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// An environment with the wheel, and with as many of the packages as there are. It stays, so that only the first run is long.
fn environment(place: &Place) -> Result<PathBuf, Outcome> {
    let (wheels, venv) = (place.folder.join("wheels"), place.folder.join("bench"));
    passed(python::wheel(place, &place.python, &wheels))?;
    python::made(place, &place.python, &venv)?;
    let text = std::fs::read_to_string(place.root.join(REQUIREMENTS)).unwrap_or_default();
    for package in python::pinned(&text) {
        let asked = std::slice::from_ref(&package);
        match python::install(place, &venv, asked) {
            Err(outcome) if package.starts_with("numpy==") => return Err(outcome),
            Err(Outcome::LeftOut(why)) => eprintln!("{why}; it is left out"),
            _ => {}
        }
    }
    let wheel = python::wheel_in(&wheels).ok_or_else(|| Outcome::LeftOut("there is no wheel to install".to_owned()))?;
    passed(steps::run(python::pip(place, &venv).args(["--no-index", "--no-deps", "--force-reinstall"]).arg(wheel)))?;
    Ok(venv)
}

fn passed(outcome: Outcome) -> Result<(), Outcome> {
    if outcome == Outcome::Passed { Ok(()) } else { Err(outcome) }
}

fn measure(place: &Place, venv: &Path, arguments: &[String]) -> Outcome {
    let mut command = place.program(venv, "python");
    // A relative `--output` is meant from where the command was typed.
    if let Ok(here) = std::env::current_dir() {
        command.current_dir(here);
    }
    steps::run(command.arg(place.root.join("benches/python")).args(arguments))
}
