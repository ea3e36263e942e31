//! Sources and documents are ASCII: what is on the screen is what the compiler reads.

use super::{File, Finding};

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| is_text_of_ours(&file.path)).flat_map(in_file).collect()
}

/// Cargo writes the lock file; the inputs of the fuzz targets are bytes.
fn is_text_of_ours(path: &str) -> bool {
    path.rsplit('/').next() != Some("Cargo.lock") && !path.starts_with("fuzz/corpus/")
}

fn in_file(file: &File) -> Vec<Finding> {
    let wrong = |(at, line): (usize, &str)| {
        // Tab and line end are the only control characters that belong in a text.
        let found = line.chars().find(|c| !c.is_ascii() || (c.is_ascii_control() && *c != '\t'))?;
        Some(Finding::new(&file.path, at + 1, format!("U+{:04X} is not plain ASCII text", u32::from(found))))
    };
    file.text.lines().enumerate().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn other_characters_are_found_with_their_line() {
        let findings = check(&[file("README.md", "plain\n\ttab\r\ncaf\u{e9}\n\u{7}bell\n")]);
        let seen: Vec<_> = findings.iter().map(|finding| (finding.line, finding.message.as_str())).collect();
        assert_eq!(seen, [(3, "U+00E9 is not plain ASCII text"), (4, "U+0007 is not plain ASCII text")]);
    }

    #[test]
    fn plain_text_passes() {
        assert!(check(&[file("a.rs", "//! All ~ is \"well\".\n"), file("Cargo.lock", "\u{e9}")]).is_empty());
        assert!(check(&[file("fuzz/corpus/open/seed-1", "\u{1}")]).is_empty());
        assert!(!check(&[file("fuzz/src/seeds.rs", "\u{1}")]).is_empty());
    }
}
