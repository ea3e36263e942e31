//! Code that reads what a disk gives it does not panic: damage is an error there.

use super::source::{code_only, line_of, test_modules, without_tests};
use super::{File, Finding};

/// Crates whose every line may meet damaged bytes.
const CRATES: [&str; 3] = ["format", "wal", "store"];

/// Elsewhere, files and folders whose names start like this do.
const NAMES: [&str; 3] = ["recover", "replay", "restore"];

const CALLS: [&str; 6] = [".unwrap()", ".expect(", "panic!", "unreachable!", "todo!", "unimplemented!"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let only_tests = files_of_tests(files);
    let meets_damage = |file: &&File| match file.in_crate() {
        Some((name, inside)) if file.is_rust() && inside.starts_with("src/") => {
            let named = inside.split('/').any(|part| NAMES.iter().any(|start| part.starts_with(start)));
            CRATES.contains(&name) || named
        }
        _ => false,
    };
    let checked =
        files.iter().filter(meets_damage).filter(|file| !only_tests.iter().any(|path| file.path.starts_with(path)));
    checked.flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let code = without_tests(&code_only(&file.text));
    let places = CALLS.iter().flat_map(|call| code.match_indices(call));
    let mut findings: Vec<_> = places
        .map(|(at, call)| {
            Finding::new(&file.path, line_of(&code, at), format!("`{call}` where damage must be an error"))
        })
        .collect();
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// Beginnings of the paths that `#[cfg(test)] mod name;` may stand for.
fn files_of_tests(files: &[File]) -> Vec<String> {
    let mut paths = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let folder = match file.path.strip_suffix("/lib.rs").or(file.path.strip_suffix("/mod.rs")) {
            Some(folder) => folder,
            None => file.path.trim_end_matches(".rs"),
        };
        for name in test_modules(&code_only(&file.text)) {
            paths.push(format!("{folder}/{name}.rs"));
            paths.push(format!("{folder}/{name}/"));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&[file(path, text)]).into_iter().map(|finding| finding.line).collect()
    }

    const PANICS: &str = "fn f() {\n a.unwrap();\n b.expect(\"c\");\n panic!();\n unreachable!();\n}\n";

    #[test]
    fn each_call_is_found() {
        assert_eq!(lines("crates/format/src/lib.rs", PANICS), [2, 3, 4, 5]);
        assert_eq!(lines("crates/reconciler/src/recovery/mod.rs", PANICS).len(), 4);
        assert_eq!(lines("crates/reconciler/src/replay.rs", PANICS).len(), 4);
    }

    #[test]
    fn tests_comments_and_other_crates_are_free() {
        assert!(lines("crates/wal/src/lib.rs", &format!("#[cfg(test)]\nmod tests {{\n{PANICS}}}\n")).is_empty());
        assert!(lines("crates/wal/src/lib.rs", "//! x.unwrap() and panic!\nfn f() { a.unwrap_or(1); }\n").is_empty());
        assert!(lines("crates/wal/tests/torn.rs", PANICS).is_empty());
        assert!(lines("crates/log/src/lib.rs", PANICS).is_empty());
    }

    #[test]
    fn a_file_of_tests_is_free_and_its_neighbour_is_not() {
        let root = file("crates/wal/src/lib.rs", "mod segment;\n#[cfg(test)]\nmod torn;\n");
        let files = [root, file("crates/wal/src/torn.rs", PANICS), file("crates/wal/src/segment.rs", PANICS)];
        let findings = check(&files);
        assert_eq!(findings.len(), 4);
        assert!(findings.iter().all(|finding| finding.path.ends_with("segment.rs")));
    }
}
