//! unsafe stays where the design allows it, and every use is argued.

use super::source::{code_only, line_of, words};
use super::{File, Finding};

/// Crates that may hold unsafe code; everywhere else the compiler forbids it.
const ALLOWED: [&str; 4] = ["snapshot", "vfs", "vector", "python"];

/// How far above a use its `SAFETY:` may begin, unless an unbroken comment leads up to it.
const REACH: usize = 6;

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| file.is_rust()).flat_map(|file| [forbidden(file), argued(file)]).flatten().collect()
}

/// The root of a crate that may not hold unsafe code says so to the compiler.
fn forbidden(file: &File) -> Vec<Finding> {
    let name = match file.in_crate() {
        Some((name, "src/lib.rs" | "src/main.rs")) => name,
        None if matches!(file.path.as_str(), "xtask/src/main.rs") => "xtask",
        _ => return Vec::new(),
    };
    let code: String = code_only(&file.text).split_whitespace().collect();
    // The stand-ins that loom explores need it, the ones that users run do not.
    let only_outside_loom = name == "sync" && code.contains("#![cfg_attr(not(loom),forbid(unsafe_code))]");
    if ALLOWED.contains(&name) || code.contains("#![forbid(unsafe_code)]") || only_outside_loom {
        return Vec::new();
    }
    vec![Finding::new(&file.path, 1, "this crate must say #![forbid(unsafe_code)]")]
}

/// Each `unsafe` block, impl and extern has its argument above it.
fn argued(file: &File) -> Vec<Finding> {
    let code = code_only(&file.text);
    let lines: Vec<&str> = file.text.lines().collect();
    let opens = |at: usize| {
        let next = code[at + "unsafe".len()..].trim_start();
        ["{", "impl ", "impl<", "extern "].iter().any(|start| next.starts_with(start))
    };
    let uses = words(&code).into_iter().filter(|(at, word)| *word == "unsafe" && opens(*at));
    let bare = uses.map(|(at, _)| line_of(&code, at)).filter(|line| !has_argument(&lines, *line));
    bare.map(|line| Finding::new(&file.path, line, format!("no `SAFETY:` within {REACH} lines above"))).collect()
}

/// `line` counts from 1.
fn has_argument(lines: &[&str], line: usize) -> bool {
    let above = &lines[..line.min(lines.len())];
    let near = above.iter().rev().take(REACH + 1);
    let comment = above.iter().rev().skip(1).take_while(|text| text.trim_start().starts_with("//"));
    near.chain(comment).any(|text| text.contains("SAFETY:"))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&[file(path, text)]).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn crates_forbid_it_unless_the_design_allows() {
        assert_eq!(lines("crates/wal/src/lib.rs", "//! Wal.\n"), [1]);
        assert_eq!(lines("crates/wal/src/lib.rs", "//! #![forbid(unsafe_code)]\n"), [1]);
        assert_eq!(lines("crates/wal/src/lib.rs", "//! Wal.\n#![forbid(unsafe_code)]\n"), []);
        assert_eq!(lines("crates/cli/src/main.rs", "//! Cli.\n"), [1]);
        assert_eq!(lines("crates/vfs/src/lib.rs", "//! Vfs.\n"), []);
        let outside_loom = "#![cfg_attr(not(loom), forbid(unsafe_code))]\n";
        assert_eq!(lines("crates/sync/src/lib.rs", outside_loom), []);
        assert_eq!(lines("crates/wal/src/lib.rs", outside_loom), [1]);
    }

    #[test]
    fn a_use_without_argument_is_found() {
        assert_eq!(lines("crates/vfs/src/map.rs", "fn f() {\n    unsafe { g() }\n}\n"), [2]);
        assert_eq!(
            lines("crates/vfs/src/map.rs", "unsafe impl Send for A {}\nunsafe impl<T> Send for B<T> {}\n"),
            [1, 2]
        );
        assert_eq!(lines("crates/vfs/src/map.rs", "// SAFETY: far\n\n\n\n\n\n\nunsafe\n{ g() }\n"), [8]);
    }

    #[test]
    fn an_argued_use_passes() {
        assert_eq!(lines("crates/vfs/src/map.rs", "// SAFETY: g takes anything.\nlet x =\n    unsafe { g() };\n"), []);
        let long = "// SAFETY: one\n".to_owned() + &"// more\n".repeat(9) + "unsafe { g() }\n";
        assert_eq!(lines("crates/vfs/src/map.rs", &long), []);
        assert_eq!(
            lines("crates/vfs/src/map.rs", "// unsafe { no }\nlet s = \"unsafe { no }\";\nunsafe fn f() {}\n"),
            []
        );
    }
}
