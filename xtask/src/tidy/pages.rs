//! Every crate has a page of its own, its README, and one place leads to all of them.

use super::{File, Finding};

/// The page that leads to the others.
const INDEX: &str = "docs/crates.md";

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let index = files.iter().find(|file| file.path == INDEX).map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    for file in files {
        let Some((folder, "Cargo.toml")) = file.in_crate() else {
            continue;
        };
        let page = format!("crates/{folder}/README.md");
        if !files.iter().any(|file| file.path == page) {
            findings.push(Finding::new(&page, 0, "missing: what the crate is for, and how to use it alone"));
        }
        if !index.contains(&format!("](../{page})")) {
            findings.push(Finding::new(INDEX, 0, format!("no link to {page}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_crate_without_a_page_or_without_a_link_is_found() {
        let manifest = || file("crates/log/Cargo.toml", "");
        let page = || file("crates/log/README.md", "# sutra-log\n");
        let index = || file(INDEX, "[sutra-log](../crates/log/README.md)\n");
        assert!(check(&[manifest(), page(), index()]).is_empty());
        assert_eq!(check(&[manifest(), index()])[0].path, "crates/log/README.md");
        assert_eq!(check(&[manifest(), page()])[0].path, INDEX);
        // What is no crate needs no page.
        assert!(check(&[file("xtask/Cargo.toml", "")]).is_empty());
    }
}
