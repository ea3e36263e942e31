//! `cargo xtask verify`: the checks that search for faults instead of trying examples.
//!
//! A part is listed only when the tests behind it exist; naming one that does not is an error, not a pass.

use std::path::Path;

use crate::steps::{Outcome, Step, cargo, run, target_dir};
use crate::suite::tidy_step;

/// One thing to run: `name` is what the command line calls it, `label` what the table shows.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    name: &'static str,
    label: String,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// tests/loom.rs of this package, built with `--cfg loom`.
    Loom(String),
    /// The integration tests named crash* of the facade.
    Crash,
    Tidy,
}

/// The parts to run: all that exist, or those named. The error names the parts there are.
pub(crate) fn steps(root: &Path, wanted: &[String]) -> Result<Vec<Step>, String> {
    let parts = selected(existing(root), wanted)?;
    let step = |part: Part| {
        let root = root.to_path_buf();
        Step::new(part.label, move || work(&root, &part.kind))
    };
    Ok(parts.into_iter().map(step).collect())
}

fn existing(root: &Path) -> Vec<Part> {
    let mut parts: Vec<Part> = folders(&root.join("crates"))
        .into_iter()
        .filter(|name| root.join("crates").join(name).join("tests/loom.rs").is_file())
        .map(|name| Part { name: "loom", label: format!("loom {name}"), kind: Kind::Loom(format!("sutra-{name}")) })
        .collect();
    if files(&root.join("crates/storage/tests")).iter().any(|name| name.starts_with("crash") && name.ends_with(".rs")) {
        parts.push(Part { name: "crash", label: "crash".to_owned(), kind: Kind::Crash });
    }
    parts.push(Part { name: "tidy", label: "tidy".to_owned(), kind: Kind::Tidy });
    parts
}

fn selected(parts: Vec<Part>, wanted: &[String]) -> Result<Vec<Part>, String> {
    if let Some(unknown) = wanted.iter().find(|name| parts.iter().all(|part| part.name != **name)) {
        let mut names: Vec<_> = parts.iter().map(|part| part.name).collect();
        names.dedup();
        return Err(format!("there is no part `{unknown}`; there are: {}", names.join(", ")));
    }
    Ok(parts.into_iter().filter(|part| wanted.is_empty() || wanted.iter().any(|name| name == part.name)).collect())
}

fn work(root: &Path, kind: &Kind) -> Outcome {
    match kind {
        Kind::Loom(package) => {
            let flags = match std::env::var("RUSTFLAGS") {
                Ok(flags) if !flags.is_empty() => format!("{flags} --cfg loom"),
                _ => "--cfg loom".to_owned(),
            };
            let mut command = cargo(root);
            // A folder of its own: other flags would otherwise rebuild everything here and at the next plain build.
            command.env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", target_dir(root).join("loom"));
            run(command.args(["test", "--release", "--package", package, "--test", "loom"]))
        }
        Kind::Crash => run(cargo(root).args(["test", "--package", "sutra-storage", "--test", "crash*"])),
        Kind::Tidy => tidy_step(root),
    }
}

fn folders(path: &Path) -> Vec<String> {
    entries(path, Path::is_dir)
}

fn files(path: &Path) -> Vec<String> {
    entries(path, Path::is_file)
}

/// Sorted names; a folder that is not there has none.
fn entries(path: &Path, wanted: fn(&Path) -> bool) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| wanted(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str, files: &[&str]) -> std::path::PathBuf {
        let root = std::env::temp_dir().join(format!("sutra-xtask-{}-{name}", std::process::id()));
        for file in files {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        root
    }

    fn labels(parts: Vec<Part>) -> Vec<String> {
        parts.into_iter().map(|part| part.label).collect()
    }

    #[test]
    fn only_parts_that_exist_are_listed() {
        let root = tree("parts", &["crates/log/tests/loom.rs", "crates/storage/tests/reads.rs"]);
        assert_eq!(labels(existing(&root)), ["loom log", "tidy"]);
        std::fs::write(root.join("crates/storage/tests/crash_points.rs"), "").unwrap();
        assert_eq!(labels(existing(&root)), ["loom log", "crash", "tidy"]);
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_part_can_be_named_and_an_absent_one_is_refused() {
        let root = tree("named", &["crates/log/tests/loom.rs", "crates/snapshot/tests/loom.rs"]);
        let chosen = selected(existing(&root), &["loom".to_owned()]).unwrap();
        assert_eq!(labels(chosen), ["loom log", "loom snapshot"]);
        let refused = selected(existing(&root), &["crash".to_owned()]).unwrap_err();
        assert!(refused.contains("`crash`") && refused.contains("loom, tidy"), "{refused}");
        std::fs::remove_dir_all(root).unwrap();
    }
}
