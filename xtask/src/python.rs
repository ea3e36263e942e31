//! `cargo xtask python`: the Python package, from its wheel to its tests.
//!
//! It needs a Python of at least 3.11 and, for the packages that `tests/requirements.txt` pins, an index or pip's cache. The
//! wheel is built by maturin in an environment that stays; it is tested in one that is made anew each time, with nothing in
//! it but the wheel and those packages. What cannot be had is left out by name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{Outcome, Step, cargo, quiet, run, target_dir};

/// The package, from the root.
const PACKAGE: &str = "crates/python";
const REQUIREMENTS: &str = "crates/python/tests/requirements.txt";
pub(crate) const NO_PYTHON: &str = "python3, of version 3.11 or later and with venv, is not installed";
/// The build of Python without the global lock that is tested; PyO3 refuses to build for 3.13t.
const FREE_THREADED: &str = "python3.14t";
/// What the tests need at least, where wheels of the others are rare.
const LEAST: [&str; 2] = ["numpy", "pytest"];

/// The steps in their order; one left out if there is no interpreter.
pub(crate) fn steps(root: &Path) -> Vec<Step> {
    let Some(python) = interpreter() else {
        return vec![Step::new("python", || Outcome::LeftOut(NO_PYTHON.to_owned()))];
    };
    let at = |work: fn(&Place) -> Outcome| {
        let place = Place::new(root, &python);
        move || work(&place)
    };
    vec![
        Step::new("python: lints", at(lints)),
        Step::new("python: wheel", at(|place| wheel(place, &place.python, &place.folder.join("wheels")))),
        Step::new("python: environment", at(environment)),
        Step::new("python: tests", at(|place| tests(place, &place.venv(), &[]))),
        Step::new("python: types", at(types)),
        Step::new("python: stubs", at(stubs)),
        Step::new("python: quickstart example", at(quickstart)),
        Step::new("python: without the global lock", at(free_threaded)),
    ]
}

/// Where things are.
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    /// What is made here.
    pub(crate) folder: PathBuf,
    /// The interpreter that is there.
    pub(crate) python: PathBuf,
}

impl Place {
    pub(crate) fn new(root: &Path, python: &Path) -> Self {
        let folder = target_dir(root).join("python");
        Self { root: root.to_path_buf(), folder, python: python.to_path_buf() }
    }

    fn venv(&self) -> PathBuf {
        self.folder.join("venv")
    }

    pub(crate) fn program(&self, venv: &Path, name: &str) -> Command {
        let mut command = Command::new(venv.join("bin").join(name));
        command.current_dir(self.root.join(PACKAGE)).stdin(std::process::Stdio::null());
        // What is set for another interpreter is not meant for this one.
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// The path of a Python that can build and test the package.
pub(crate) fn interpreter() -> Option<PathBuf> {
    let check = "import sys, venv, ensurepip; print(sys.executable) if sys.version_info >= (3, 11) else sys.exit(1)";
    let output = Command::new("python3").args(["-c", check]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !path.trim().is_empty()).then(|| PathBuf::from(path.trim()))
}

/// The crate is left out of the workspace's own lints, which need no interpreter.
fn lints(place: &Place) -> Outcome {
    let mut command = cargo(&place.root);
    command.env("PYO3_PYTHON", &place.python);
    if !quiet(cargo(&place.root).args(["clippy", "--version"])) {
        return Outcome::LeftOut("clippy is not installed: rustup component add clippy".to_owned());
    }
    run(command.args(["clippy", "--package", "sutra-python", "--", "-D", "warnings"]))
}

/// Builds one wheel for an interpreter into a folder of its own.
pub(crate) fn wheel(place: &Place, python: &Path, folder: &Path) -> Outcome {
    let tools = place.folder.join("tools");
    let maturin: Vec<_> = requirements(&place.root).into_iter().filter(|line| line.starts_with("maturin")).collect();
    if let Err(outcome) = made(place, &place.python, &tools).and_then(|()| install(place, &tools, &maturin)) {
        return outcome;
    }
    // One that is left from before would be installed for the one that failed.
    let _ = std::fs::remove_dir_all(folder);
    let mut command = place.program(&tools, "maturin");
    command.env("CARGO_TARGET_DIR", target_dir(&place.root)).env("CARGO", cargo(&place.root).get_program());
    command.args(["build", "--locked", "--interpreter"]).arg(python).arg("--out").arg(folder);
    run(&mut command)
}

/// Makes the environment of the tests anew.
fn environment(place: &Place) -> Outcome {
    let others: Vec<_> = requirements(&place.root).into_iter().filter(|line| !line.starts_with("maturin")).collect();
    fresh(place, &place.python, &place.venv(), &place.folder.join("wheels"), &others)
}

fn fresh(place: &Place, python: &Path, venv: &Path, wheels: &Path, packages: &[String]) -> Outcome {
    let _ = std::fs::remove_dir_all(venv);
    let Some(wheel) = wheel_in(wheels) else {
        eprintln!("there is no wheel to install");
        return Outcome::failed(1);
    };
    if let Err(outcome) = made(place, python, venv).and_then(|()| install(place, venv, packages)) {
        return outcome;
    }
    run(pip(place, venv).args(["--no-index", "--no-deps"]).arg(wheel))
}

pub(crate) fn wheel_in(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|file| file.path());
    files.into_iter().find(|path| path.extension() == Some(OsStr::new("whl")))
}

/// Makes an environment if there is none.
pub(crate) fn made(place: &Place, python: &Path, venv: &Path) -> Result<(), Outcome> {
    if venv.join("bin/python").exists() {
        return Ok(());
    }
    let mut command = Command::new(python);
    command.current_dir(&place.root).args(["-m", "venv"]).arg(venv);
    match run(&mut command) {
        Outcome::Passed => Ok(()),
        other => Err(other),
    }
}

pub(crate) fn pip(place: &Place, venv: &Path) -> Command {
    let mut command = place.program(venv, "python");
    command.args(["-m", "pip", "install", "--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"]);
    command
}

pub(crate) fn install(place: &Place, venv: &Path, packages: &[String]) -> Result<(), Outcome> {
    match run(pip(place, venv).args(packages)) {
        Outcome::Passed => Ok(()),
        _ => Err(Outcome::LeftOut(format!("pip could not install {}: is there a network?", packages.join(" ")))),
    }
}

/// The packages of the one file that pins them.
fn requirements(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join(REQUIREMENTS)).unwrap_or_default();
    pinned(&text)
}

pub(crate) fn pinned(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Whether the step that makes an environment has made it; if it was left out, so is what needs it.
fn needs(venv: &Path, then: impl FnOnce() -> Outcome) -> Outcome {
    if venv.join("bin/pytest").exists() {
        return then();
    }
    Outcome::LeftOut("the environment of the tests was not made".to_owned())
}

fn tests(place: &Place, venv: &Path, arguments: &[&str]) -> Outcome {
    needs(venv, || {
        let cache = place.folder.join("pytest");
        let mut command = place.program(venv, "python");
        // Of the environment, not of the sources: what is tested is what was installed.
        command.args(["-m", "pytest", "-o"]).arg(format!("cache_dir={}", cache.display())).args(arguments);
        run(&mut command)
    })
}

fn types(place: &Place) -> Outcome {
    needs(&place.venv(), || {
        let (package, example) = ("python/sutra_storage", "../../examples/quickstart.py");
        let mut mypy = place.program(&place.venv(), "mypy");
        mypy.arg("--cache-dir").arg(place.folder.join("mypy")).args([package, example]);
        let mut pyright = place.program(&place.venv(), "pyright");
        pyright.arg("--pythonpath").arg(place.venv().join("bin/python")).args([package, example]);
        // It fetches itself when it is first called.
        if !quiet(place.program(&place.venv(), "pyright").arg("--version")) {
            let missing = "pyright could not be fetched: is there a network? mypy found no fault";
            return first_failure([run(&mut mypy), Outcome::LeftOut(missing.to_owned())]);
        }
        first_failure([run(&mut mypy), run(&mut pyright)])
    })
}

/// The stubs say of each class, method, argument and default what the compiled module says.
fn stubs(place: &Place) -> Outcome {
    needs(&place.venv(), || {
        let mut command = place.program(&place.venv(), "python");
        // Elsewhere than in the sources, so that what is installed is found.
        command.current_dir(&place.folder).args(["-m", "mypy.stubtest", "sutra_storage", "--mypy-config-file"]);
        run(command.arg(place.root.join(PACKAGE).join("pyproject.toml")))
    })
}

fn first_failure<const N: usize>(outcomes: [Outcome; N]) -> Outcome {
    outcomes.into_iter().find(|outcome| *outcome != Outcome::Passed).unwrap_or(Outcome::Passed)
}

/// Runs the example twice in one folder: the second run opens what the first one left.
fn quickstart(place: &Place) -> Outcome {
    needs(&place.venv(), || {
        let folder = place.folder.join("quickstart");
        let _ = std::fs::remove_dir_all(&folder);
        if let Err(error) = std::fs::create_dir_all(&folder) {
            eprintln!("could not create {}: {error}", folder.display());
            return Outcome::failed(1);
        }
        let once = || {
            let mut command = place.program(&place.venv(), "python");
            run(command.current_dir(&folder).arg(place.root.join("examples/quickstart.py")))
        };
        first_failure([once(), once()])
    })
}

/// Builds and tests for an interpreter without the global lock.
fn free_threaded(place: &Place) -> Outcome {
    if !quiet(Command::new(FREE_THREADED).arg("--version")) {
        return Outcome::LeftOut(format!("{FREE_THREADED} is not installed"));
    }
    let (wheels, venv) = (place.folder.join("free-threaded/wheels"), place.folder.join("free-threaded/venv"));
    let least = |line: &String| LEAST.iter().any(|name| line.starts_with(&format!("{name}==")));
    let packages: Vec<_> = requirements(&place.root).into_iter().filter(least).collect();
    let python = Path::new(FREE_THREADED);
    for work in [
        &(|| wheel(place, python, &wheels)) as &dyn Fn() -> Outcome,
        &|| fresh(place, python, &venv, &wheels, &packages),
        &|| tests(place, &venv, &[]),
    ] {
        match work() {
            Outcome::Passed => {}
            other => return other,
        }
    }
    Outcome::Passed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_pin_nothing() {
        let text = "# What is needed.\n\nnumpy==2.0.0\n  pyright[nodejs]==1.1  # types\n";
        assert_eq!(pinned(text), ["numpy==2.0.0", "pyright[nodejs]==1.1"]);
    }

    #[test]
    fn every_requirement_is_pinned_and_what_is_asked_for_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let packages = requirements(root);
        assert!(packages.iter().all(|line| line.contains("==")), "{packages:?}");
        for name in LEAST.iter().chain(&["maturin", "mypy"]) {
            assert!(packages.iter().any(|line| line.starts_with(&format!("{name}=="))), "{name}");
        }
    }

    #[test]
    fn the_first_failure_is_the_outcome() {
        assert_eq!(first_failure([Outcome::Passed, Outcome::Passed]), Outcome::Passed);
        assert_eq!(first_failure([Outcome::Passed, Outcome::failed(3), Outcome::failed(4)]), Outcome::failed(3));
    }
}
