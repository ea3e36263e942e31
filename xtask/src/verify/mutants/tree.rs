//! A copy of the source tree in which mutants live.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a build of the workspace needs, and nothing that it leaves behind.
const COPIED: [&str; 7] = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "crates", "xtask", "benches", "examples"];

/// The copy, and what it is a copy of.
#[derive(Debug)]
pub(super) struct Tree {
    original: PathBuf,
    copy: PathBuf,
}

impl Tree {
    /// Copies `original` into `folder`. What is there already and is the same stays untouched, so that it is not built again.
    pub(super) fn copy(original: &Path, folder: &Path) -> io::Result<Self> {
        let tree = Self { original: original.to_path_buf(), copy: folder.join("tree") };
        fs::create_dir_all(&tree.copy)?;
        for name in COPIED.into_iter().filter(|name| original.join(name).exists()) {
            copy(&original.join(name), &tree.copy.join(name))?;
        }
        Ok(tree)
    }

    pub(super) fn root(&self) -> &Path {
        &self.copy
    }

    /// Replaces a text that must stand exactly once in a file of the copy.
    pub(super) fn change(&self, file: &str, find: &str, replace: &str) -> Result<(), String> {
        let path = self.copy.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        match text.matches(find).count() {
            1 => fs::write(&path, text.replacen(find, replace, 1)).map_err(|error| format!("{file}: {error}")),
            times => Err(format!("{file} has its place {times} times, not once")),
        }
    }

    /// Makes a file of the copy what it was.
    pub(super) fn restore(&self, file: &str) -> Result<(), String> {
        copy(&self.original.join(file), &self.copy.join(file)).map_err(|error| format!("{file}: {error}"))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        let bytes = fs::read(from)?;
        return if fs::read(to).is_ok_and(|there| there == bytes) { Ok(()) } else { fs::write(to, bytes) };
    }
    fs::create_dir_all(to)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
        names.push(name);
    }
    // What is no longer in the original: a test program that was renamed would still be built.
    for entry in fs::read_dir(to)?.flatten().filter(|entry| !names.contains(&entry.file_name())) {
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_its_place_once_and_is_taken_back() {
        let folder = std::env::temp_dir().join(format!("sutra-xtask-{}-tree", std::process::id()));
        let (original, work) = (folder.join("original"), folder.join("work"));
        fs::create_dir_all(original.join("crates/a")).unwrap();
        fs::write(original.join("crates/a/lib.rs"), "sync(); write(); write();").unwrap();
        let tree = Tree::copy(&original, &work).unwrap();
        let read = || fs::read_to_string(work.join("tree/crates/a/lib.rs")).unwrap();
        assert!(tree.change("crates/a/lib.rs", "write();", "").unwrap_err().contains("2 times"));
        assert!(tree.change("crates/a/lib.rs", "fsync", "").unwrap_err().contains("0 times"));
        tree.change("crates/a/lib.rs", "sync(); ", "").unwrap();
        assert_eq!(read(), "write(); write();");
        tree.restore("crates/a/lib.rs").unwrap();
        assert_eq!(read(), "sync(); write(); write();");
        fs::write(work.join("tree/crates/a/old.rs"), "").unwrap();
        Tree::copy(&original, &work).unwrap();
        assert!(!work.join("tree/crates/a/old.rs").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
