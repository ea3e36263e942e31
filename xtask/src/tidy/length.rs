//! One idea, one file: a file that grows past what one reads in a sitting holds two.

use super::source::{code_only, without_tests};
use super::{File, Finding};

const MOST: usize = 800;
const MANY: usize = 500;

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| file.is_rust()).filter_map(in_file).collect()
}

fn in_file(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    if lines <= MANY {
        return None;
    }
    if file.path.contains("/tests/") {
        return (lines > MOST).then(|| Finding::warning(&file.path, 0, format!("{lines} lines in one file of tests")));
    }
    let lines = lines - lines_of_tests(&file.text);
    let message = format!("{lines} lines without tests; {MANY} are many, {MOST} the most");
    match lines {
        0..=MANY => None,
        lines if lines <= MOST => Some(Finding::warning(&file.path, 0, message)),
        _ => Some(Finding::new(&file.path, 0, message)),
    }
}

/// Lines from the first to the last of each item for tests, comments within them included.
fn lines_of_tests(text: &str) -> usize {
    let code = code_only(text);
    let kept = without_tests(&code);
    let (mut total, mut run, mut inside) = (0, 0, false);
    for (before, after) in code.lines().zip(kept.lines()) {
        if before != after {
            // Blank lines and comments between two lines that went belong to the same item.
            total += 1 + if inside { run } else { 0 };
            (run, inside) = (0, true);
        } else if after.trim().is_empty() {
            run += 1;
        } else {
            (run, inside) = (0, false);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn outcome(path: &str, text: &str) -> Option<bool> {
        check(&[file(path, text)]).pop().map(|finding| finding.fatal)
    }

    #[test]
    fn long_files_warn_and_longer_ones_fail() {
        assert_eq!(outcome("a/src/b.rs", &"x();\n".repeat(500)), None);
        assert_eq!(outcome("a/src/b.rs", &"x();\n".repeat(501)), Some(false));
        assert_eq!(outcome("a/src/b.rs", &"x();\n".repeat(801)), Some(true));
        assert_eq!(outcome("a/tests/b.rs", &"x();\n".repeat(801)), Some(false));
    }

    #[test]
    fn tests_do_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// why\n\nx();\n".repeat(300));
        let text = "x();\n".repeat(450) + &tests;
        assert_eq!(lines_of_tests(&text), 903);
        assert_eq!(outcome("a/src/b.rs", &text), None);
    }
}
