//! Every module says first what it is for.

use super::{File, Finding};

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let findings = files.iter().filter(|file| is_module(file) && !file.text.starts_with("//!"));
    findings.map(|file| Finding::new(&file.path, 1, "open the file with `//!`: what it is for")).collect()
}

fn is_module(file: &File) -> bool {
    file.is_rust()
        && (file.path.contains("src/") || file.path.starts_with("examples/") || file.path.starts_with("benches/"))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_module_without_an_opening_is_found() {
        let files = [
            file("crates/log/src/lib.rs", "//! The log.\n"),
            file("crates/log/src/queue.rs", "use std::io;\n//! Too late.\n"),
            file("crates/log/src/empty.rs", ""),
            file("crates/log/tests/order.rs", "use std::io;\n"),
            file("examples/quickstart.rs", "fn main() {}\n"),
        ];
        let paths: Vec<_> = check(&files).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/log/src/queue.rs", "crates/log/src/empty.rs", "examples/quickstart.rs"]);
    }
}
