//! What a source tree does not say: where one machine keeps its folders, and where packages come from.

use super::{File, Finding};

// Put together from halves, so that this file passes its own rule.
const BANNED: [(&str, &str); 6] = [
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/tmp/ta", "rget"), "a path of one machine"),
    (concat!("crates", ".io"), "the host name of a registry"),
    (concat!("py", "pi.org"), "the host name of a registry"),
    (concat!("pythonhosted", ".org"), "the host name of a registry"),
];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| file.path.rsplit('/').next() != Some("Cargo.lock")).flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let line = line.to_ascii_lowercase();
        for (word, what) in BANNED.iter().filter(|(word, _)| line.contains(word)) {
            findings.push(Finding::new(&file.path, at + 1, format!("`{word}` is {what}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn each_word_is_found_in_any_case() {
        for (word, _) in BANNED {
            let text = format!("fine\nsee {} here\n", word.to_ascii_uppercase());
            let findings = check(&[file("docs/a.md", &text)]);
            assert_eq!(findings.len(), 1, "{word}");
            assert_eq!(findings[0].line, 2);
        }
    }

    #[test]
    fn lock_files_and_plain_words_pass() {
        let lock = file("fuzz/Cargo.lock", BANNED[3].0);
        assert!(check(&[lock, file("a.md", "a network/root of crates, working in /tmp/sutra\n")]).is_empty());
    }
}
