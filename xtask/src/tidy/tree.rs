//! Which files are checked: what git tracks or would track; without git, everything but what is built.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::File;

/// Endings of files that are not text.
const BINARY: [&str; 6] = [".zst", ".gz", ".npy", ".png", ".dat", ".bin"];

pub(super) fn read(root: &Path) -> io::Result<Vec<File>> {
    let mut paths = match tracked(root) {
        Some(paths) => paths,
        None => walked(root)?,
    };
    paths.sort();
    paths.dedup();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let full = root.join(&path);
        // Listed by git and deleted in the tree, or a link out of it: nothing to check.
        if BINARY.iter().any(|ending| path.ends_with(ending)) || !full.is_file() {
            continue;
        }
        let bytes = std::fs::read(&full)?;
        if !bytes.contains(&0) {
            // What is not UTF-8 becomes a replacement character, which the ASCII rule then finds.
            files.push(File { path, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    Ok(files)
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let mut command = Command::new("git");
    command.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let listing = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    // An empty answer means that the tree lies in a repository that ignores it: look for ourselves.
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walked(root: &Path) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_file() {
                paths.push(path);
            } else if kind.is_dir() && !matches!(name.as_str(), "target" | ".git" | "artifacts" | "__pycache__") {
                open.push(path);
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_without_git_is_walked_without_what_is_built() {
        let root = std::env::temp_dir().join(format!("sutra-tidy-tree-{}", std::process::id()));
        for (path, bytes) in [
            ("a/b.rs", &b"text"[..]),
            ("a/c.zst", b"text"),
            ("a/d.md", b"\xff"),
            ("e", b"nul\0"),
            ("target/f.rs", b"text"),
        ] {
            let full = root.join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, bytes).unwrap();
        }
        let files = read(&root).unwrap();
        std::fs::remove_dir_all(root).unwrap();
        let seen: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        assert_eq!(seen, [("a/b.rs", "text"), ("a/d.md", "\u{fffd}")]);
    }
}
