//! A crate uses only crates above it, and five use none.

use super::{File, Finding};

/// From the top down; crates of one row do not use each other.
const ORDER: [&[&str]; 12] = [
    &["sync"],
    &["format"],
    &["vfs"],
    &["log"],
    &["wal"],
    &["snapshot"],
    &["store"],
    &["graph"],
    &["vector"],
    &["reconciler"],
    &["storage"],
    &["cli", "python"],
];

/// Crates that use no other crate of the engine.
const ALONE: [&str; 5] = ["sync", "format", "vfs", "graph", "vector"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let Some((folder, "Cargo.toml")) = file.in_crate() else {
            continue;
        };
        let Some(rank) = rank(folder) else {
            let message = format!("crates/{folder} has no place in the order of crates: add it to the edges rule");
            findings.push(Finding::new(&file.path, 0, message));
            continue;
        };
        for (line, used) in uses(&file.text) {
            let message = match self::rank(&used) {
                None => format!("sutra-{used} has no place in the order of crates"),
                Some(_) if ALONE.contains(&folder) => {
                    format!("sutra-{folder} uses no crate of the engine, but names sutra-{used}")
                }
                Some(other) if other >= rank => {
                    format!("sutra-{folder} may use only crates above it, not sutra-{used}")
                }
                Some(_) => continue,
            };
            findings.push(Finding::new(&file.path, line, message));
        }
    }
    findings
}

fn rank(name: &str) -> Option<usize> {
    ORDER.iter().position(|row| row.contains(&name))
}

/// The engine's crates that a manifest names as dependencies of any kind, without their prefix, with the line.
fn uses(manifest: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (at, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        let named = if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies");
            // `[dependencies.sutra-log]` names a crate itself.
            section.rsplit_once("dependencies.").map(|(_, name)| name)
        } else if inside {
            // A renamed crate says its own name in `package`.
            let renamed = line.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1));
            renamed.or_else(|| line.split(['.', '=', ' ']).next())
        } else {
            None
        };
        if let Some(name) = named.and_then(|name| name.trim().trim_matches('"').strip_prefix("sutra-")) {
            found.push((at + 1, name.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn messages(folder: &str, manifest: &str) -> Vec<String> {
        let findings = check(&[file(&format!("crates/{folder}/Cargo.toml"), manifest)]);
        findings.into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn a_crate_may_use_those_above_it() {
        let manifest = "[package]\nname = \"sutra-wal\"\n[dependencies]\nsutra-format.workspace = true\n\
                        sutra-vfs = { path = \"../vfs\" }\nthiserror.workspace = true\n";
        assert!(messages("wal", manifest).is_empty());
    }

    #[test]
    fn a_crate_below_or_beside_is_refused() {
        let below = messages("wal", "[dependencies]\nsutra-snapshot.workspace = true\n");
        assert_eq!(below, ["2: sutra-wal may use only crates above it, not sutra-snapshot"]);
        assert_eq!(messages("cli", "[dependencies]\nsutra-python = \"0.1\"\n").len(), 1);
        assert_eq!(messages("cli", "[dependencies]\nsutra-storage.workspace = true\n").len(), 0);
    }

    #[test]
    fn every_kind_of_dependency_counts() {
        for manifest in [
            "[dev-dependencies]\nsutra-storage.workspace = true\n",
            "[target.\"cfg(loom)\".dependencies]\nsutra-storage = { workspace = true }\n",
            "[dependencies.sutra-storage]\nworkspace = true\n",
            "[dependencies]\nfacade = { package = \"sutra-storage\", path = \"../storage\" }\n",
        ] {
            assert_eq!(messages("log", manifest).len(), 1, "{manifest}");
        }
        assert!(messages("log", "[package]\nsutra-storage = 1\n# sutra-storage\n").is_empty());
    }

    #[test]
    fn some_crates_stand_alone() {
        for folder in ALONE {
            let used = if folder == "sync" { "sutra-format" } else { "sutra-sync" };
            assert_eq!(messages(folder, &format!("[dependencies]\n{used}.workspace = true\n")).len(), 1, "{folder}");
        }
    }

    #[test]
    fn an_unknown_crate_is_refused() {
        assert_eq!(messages("query", "[package]\n").len(), 1);
        assert_eq!(messages("storage", "[dependencies]\nsutra-query.workspace = true\n").len(), 1);
    }
}
