//! Where the demo plays. It deletes only what bears its mark.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Error};

use crate::failure::Failure;
use crate::store::{DATA, is_log};

/// The file that says that a folder is the demo's own.
const MARK: &str = "made-by-sutra-demo";

const MARK_TEXT: &str = "Made by `sutra demo`, which replaces the stores in this folder when it runs again.\n";

/// The folder of the store whose writer is killed.
pub(super) fn of_child(place: &Path) -> PathBuf {
    place.join("killed")
}

/// Makes the folder, or empties it of what an earlier demo left there, and says whether it did. A folder with anything else
/// in it is refused.
pub(super) fn prepare(place: &Path) -> Result<bool, Failure> {
    let failed = |error: io::Error| Failure::Demo(format!("{}: {error}", place.display()));
    fs::create_dir_all(place).map_err(failed)?;
    let mark = place.join(MARK);
    let ours = mark.try_exists().map_err(failed)?;
    if !ours && fs::read_dir(place).map_err(failed)?.next().is_some() {
        let place = place.display();
        return Err(Failure::Demo(format!(
            "{place} holds files that are not the demo's: name another folder with --store"
        )));
    }
    // The mark comes first: what is left after a crash is known as the demo's.
    fs::write(&mark, MARK_TEXT).map_err(failed)?;
    let child = of_child(place);
    let earlier = remove_store(place)? | remove_store(&child)?;
    if child.is_dir() {
        // If something else was put there, it stays.
        let _ = fs::remove_dir(&child);
    }
    Ok(earlier)
}

/// Removes the files of a store that nobody has open; says whether there was one.
fn remove_store(place: &Path) -> Result<bool, Failure> {
    if !place.join(DATA).exists() {
        return Ok(false);
    }
    // A damaged store can be replaced, one that is in use cannot.
    match ConcurrentMemory::new(ConcurrentConfig::new(place)) {
        Err(locked @ Error::Locked { .. }) => return Err(locked.into()),
        Ok(memory) => drop(memory),
        Err(_) => {}
    }
    let failed = |error: io::Error| Failure::Demo(format!("{}: {error}", place.display()));
    for entry in fs::read_dir(place).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if name == DATA || name == "lock" || name.to_str().is_some_and(is_log) {
            fs::remove_file(place.join(name)).map_err(failed)?;
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        fs::write(place.join(DATA), b"precious").unwrap();
        assert!(prepare(place).is_err());
        assert_eq!(fs::read(place.join(DATA)).unwrap(), b"precious");
        assert!(!place.join(MARK).exists());
    }

    #[test]
    fn an_earlier_demo_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a/b");
        assert!(!prepare(&place).unwrap());
        assert!(!prepare(&place).unwrap());
        for place in [place.clone(), of_child(&place)] {
            drop(ConcurrentMemory::new(ConcurrentConfig::new(&place)).unwrap());
            assert!(place.join(DATA).exists());
        }
        fs::write(place.join("notes.txt"), b"mine").unwrap();
        fs::write(place.join("wal-00000001.log"), b"damaged").unwrap();
        assert!(prepare(&place).unwrap());
        assert_eq!(fs::read(place.join("notes.txt")).unwrap(), b"mine");
        for gone in [place.join(DATA), place.join("wal-00000001.log"), of_child(&place)] {
            assert!(!gone.exists(), "{}", gone.display());
        }
    }

    #[test]
    fn a_store_in_use_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        prepare(place).unwrap();
        let _memory = ConcurrentMemory::new(ConcurrentConfig::new(place)).unwrap();
        assert!(matches!(prepare(place), Err(Failure::Engine(Error::Locked { .. }))));
        assert!(place.join(DATA).exists());
    }
}
