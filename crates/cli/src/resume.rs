//! How far an import has come, kept beside the store until the import is done, so that it can go on after an interruption.
//!
//! What the file says is durable in the store when it is written. It may say less than the store holds: then some records are
//! learned twice, with the same result.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::learn::Counts;

/// The file's name, in the store's folder.
const NAME: &str = "import-progress.json";

/// Where an import stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// What is imported, with the bytes of each file: another list is another import.
    pub(crate) inputs: Vec<(String, u64)>,
    /// The input that is being read.
    pub(crate) input: usize,
    /// Its line or row that was learned last; 0 before the first.
    pub(crate) position: u64,
    /// Rows of the embeddings that were used.
    pub(crate) row: u64,
    pub(crate) concepts: u64,
    pub(crate) associations: u64,
    pub(crate) rejected: u64,
}

impl Progress {
    pub(crate) fn counts(&self) -> Counts {
        Counts { concepts: self.concepts, associations: self.associations, rejected: self.rejected }
    }
}

/// The bytes of each input as they are now; 0 for what has no length.
pub(crate) fn inputs(paths: &[&Path]) -> Vec<(String, u64)> {
    let bytes = |path: &&Path| fs::metadata(path).map_or(0, |about| if about.is_file() { about.len() } else { 0 });
    paths.iter().map(|path| (path.display().to_string(), bytes(path))).collect()
}

fn place(store: &Path) -> PathBuf {
    store.join(NAME)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
    let file = path.display().to_string();
    move |source| Failure::Write { file, source }
}

/// What an unfinished import has left, if there is one.
pub(crate) fn left(store: &Path) -> Option<Progress> {
    serde_json::from_slice(&fs::read(place(store)).ok()?).ok()
}

/// Replaces what was kept. A crash leaves the old text or the new one.
pub(crate) fn keep(store: &Path, progress: &Progress) -> Result<(), Failure> {
    let path = place(store);
    let draft = path.with_extension("json.new");
    let text = serde_json::to_vec(progress).map_err(|error| failed(&path)(error.into()))?;
    fs::write(&draft, text).map_err(failed(&draft))?;
    fs::rename(&draft, &path).map_err(failed(&path))
}

/// The import is done, or is to begin anew.
pub(crate) fn forget(store: &Path) -> Result<(), Failure> {
    let path = place(store);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_left_and_what_is_forgotten_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(left(folder.path()), None);
        forget(folder.path()).unwrap();
        let progress = Progress { inputs: inputs(&[folder.path()]), input: 1, position: 7, ..Progress::default() };
        keep(folder.path(), &progress).unwrap();
        assert_eq!(left(folder.path()), Some(progress));
        forget(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // What nobody can read is as good as nothing.
        fs::write(place(folder.path()), "{").unwrap();
        assert_eq!(left(folder.path()), None);
    }
}
