//! The README shows the quickstart example as it is, and every example is built.

use super::{File, Finding};

const README: &str = "README.md";
const QUICKSTART: &str = "examples/quickstart.rs";
const FACADE: &str = "crates/storage/Cargo.toml";

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let mut findings = Vec::new();
    match (text(README).and_then(rust_block), text(QUICKSTART)) {
        (Some((_, shown)), Some(example)) if shown == body(example) => {}
        (Some((line, _)), Some(_)) => {
            let message = format!("the rust block differs from {QUICKSTART} without its opening comment");
            findings.push(Finding::new(README, line, message));
        }
        (None, _) => findings.push(Finding::new(README, 0, "no rust block that shows the quickstart")),
        (_, None) => findings.push(Finding::new(QUICKSTART, 0, "the example that the README shows is missing")),
    }
    let manifest = text(FACADE).unwrap_or_default();
    for file in files.iter().filter(|file| file.path.starts_with("examples/") && file.is_rust()) {
        if !manifest.contains(&format!("path = \"../../{}\"", file.path)) {
            findings.push(Finding::new(&file.path, 0, format!("not registered as an [[example]] in {FACADE}")));
        }
    }
    findings
}

/// The line of the first rust block and what it holds.
fn rust_block(text: &str) -> Option<(usize, String)> {
    let mut lines = text.lines().enumerate();
    let (start, _) = lines.find(|(_, line)| line.trim_end() == "```rust")?;
    let block: Vec<&str> = lines.map(|(_, line)| line).take_while(|line| line.trim_end() != "```").collect();
    Some((start + 1, block.join("\n")))
}

/// An example without the `//!` lines it opens with.
fn body(text: &str) -> String {
    let opening = |line: &&str| line.starts_with("//!") || line.trim().is_empty();
    text.lines().skip_while(opening).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn tree(readme: &str, example: &str, manifest: &str) -> Vec<String> {
        let files = [file(README, readme), file(QUICKSTART, example), file(FACADE, manifest)];
        check(&files).into_iter().map(|finding| finding.path).collect()
    }

    const EXAMPLE: &str = "//! Shows it.\n\nfn main() {\n}\n";
    const MANIFEST: &str = "[[example]]\nname = \"quickstart\"\npath = \"../../examples/quickstart.rs\"\n";

    #[test]
    fn the_same_text_passes() {
        assert!(tree("# A\n```sh\nx\n```\n```rust\nfn main() {\n}\n```\n", EXAMPLE, MANIFEST).is_empty());
    }

    #[test]
    fn another_text_or_none_is_found() {
        assert_eq!(tree("```rust\nfn main() {}\n```\n", EXAMPLE, MANIFEST), [README]);
        assert_eq!(tree("# A\n", EXAMPLE, MANIFEST), [README]);
        assert_eq!(check(&[file(README, "```rust\n```\n")]).len(), 1);
    }

    #[test]
    fn an_example_that_nothing_builds_is_found() {
        assert_eq!(tree("```rust\nfn main() {\n}\n```\n", EXAMPLE, "[package]\n"), [QUICKSTART]);
    }
}
