//! `cargo xtask tidy`: the rules about the source tree that the compiler does not know.
//!
//! Every rule is one file with one function from [`File`]s to [`Finding`]s, so that it can be shown on a few lines of
//! input that it holds and that it can fail. Nothing here touches the disk except [`tree`].
//!
//! The rules read Rust with a scanner that knows comments, literals and brackets ([`source`]), not with a parser: they
//! check conventions of this tree, and code built to escape them would.

mod ascii;
mod banned;
mod edges;
mod example;
mod length;
mod opening;
mod pages;
mod panics;
mod source;
mod tree;
mod unsafety;

mod layout_doc;
mod layouts;

use std::path::Path;

/// One text file: its path from the workspace root with forward slashes, and what it says.
#[derive(Debug)]
pub(crate) struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// For `crates/log/src/queue.rs`: `("log", "src/queue.rs")`.
    fn in_crate(&self) -> Option<(&str, &str)> {
        self.path.strip_prefix("crates/")?.split_once('/')
    }
}

/// Something that breaks a rule, or (with `fatal` unset) comes near it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// From 1; 0 means the file as a whole.
    line: usize,
    message: String,
    fatal: bool,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into(), fatal: true }
    }

    fn warning(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { fatal: false, ..Self::new(path, line, message) }
    }
}

type Rule = fn(&[File]) -> Vec<Finding>;

const RULES: [(&str, Rule); 10] = [
    ("edges", edges::check),
    ("opening", opening::check),
    ("ascii", ascii::check),
    ("unsafe", unsafety::check),
    ("layout", layout_doc::check),
    ("panics", panics::check),
    ("length", length::check),
    ("banned", banned::check),
    ("example", example::check),
    ("pages", pages::check),
];

/// Checks the tree, prints what was found, and says whether it may stay as it is.
pub(crate) fn run(root: &Path) -> bool {
    let files = match tree::read(root) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("tidy could not read the tree: {error}");
            return false;
        }
    };
    let (mut fatal, mut warnings) = (0, 0);
    for (name, rule) in RULES {
        for finding in rule(&files) {
            *if finding.fatal { &mut fatal } else { &mut warnings } += 1;
            let kind = if finding.fatal { "" } else { "warning: " };
            let Finding { path, line, message, .. } = finding;
            match line {
                0 => println!("{path}: {kind}{message} [{name}]"),
                line => println!("{path}:{line}: {kind}{message} [{name}]"),
            }
        }
    }
    println!("tidy: {} files, {} rules, {fatal} findings, {warnings} warnings", files.len(), RULES.len());
    fatal == 0
}

/// Tells which lines of a Rust file, from 1, belong to its tests.
pub(crate) fn is_test_line(text: &str) -> impl Fn(usize) -> bool {
    let code = source::code_only(text);
    let kept = source::without_tests(&code);
    let tests: Vec<bool> = code.lines().zip(kept.lines()).map(|(before, after)| before != after).collect();
    move |line| line.checked_sub(1).and_then(|at| tests.get(at)).copied().unwrap_or(false)
}

/// Builds a file for the tests of the rules.
#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
