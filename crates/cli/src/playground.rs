//! Where demo and bench play. Only what bears their mark is deleted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Error};

use crate::failure::Failure;
use crate::store::{DATA, is_log};

/// Whose folder it is: the command's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playground(pub(crate) &'static str);

/// The folder of the store whose writer is killed.
pub(crate) fn of_child(place: &Path) -> PathBuf {
    place.join("killed")
}

impl Playground {
    /// The file that says that a folder is the command's own.
    fn mark(self, place: &Path) -> PathBuf {
        place.join(format!("made-by-sutra-{}", self.0))
    }

    /// Makes the folder, or empties it of what an earlier run left there, and says whether it did. A folder with anything
    /// else in it is refused.
    pub(crate) fn prepare(self, place: &Path) -> Result<bool, Failure> {
        let (name, mark) = (self.0, self.mark(place));
        fs::create_dir_all(place).map_err(failed(place))?;
        let ours = mark.try_exists().map_err(failed(place))?;
        if !ours && fs::read_dir(place).map_err(failed(place))?.next().is_some() {
            let place = place.display();
            return Err(Failure::Usage(format!(
                "{place} holds files that are not the {name}'s: name another folder with --store"
            )));
        }
        // The mark comes first: what is left after a crash is known as the command's.
        let text = format!("Made by `sutra {name}`, which replaces the stores in this folder when it runs again.\n");
        fs::write(&mark, text).map_err(failed(place))?;
        let child = of_child(place);
        let earlier = remove_store(place)? | remove_store(&child)?;
        if child.is_dir() {
            // If something else was put there, it stays.
            let _ = fs::remove_dir(&child);
        }
        Ok(earlier)
    }

    /// Removes the store, the mark, and the folder, if nothing else is in it.
    pub(crate) fn clear(self, place: &Path) -> Result<(), Failure> {
        remove_store(place)?;
        fs::remove_file(self.mark(place)).map_err(failed(place))?;
        let _ = fs::remove_dir(place);
        Ok(())
    }
}

fn failed(place: &Path) -> impl Fn(io::Error) -> Failure + Copy {
    move |source| Failure::Write { file: place.display().to_string(), source }
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
    for entry in fs::read_dir(place).map_err(failed(place))? {
        let name = entry.map_err(failed(place))?.file_name();
        if name == DATA || name == "lock" || name.to_str().is_some_and(is_log) {
            fs::remove_file(place.join(name)).map_err(failed(place))?;
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Playground = Playground("demo");

    #[test]
    fn what_is_cleared_is_gone_and_what_was_put_beside_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("bench");
        for notes in [true, false] {
            OURS.prepare(&place).unwrap();
            drop(ConcurrentMemory::new(ConcurrentConfig::new(&place)).unwrap());
            if notes {
                fs::write(place.join("notes.txt"), b"mine").unwrap();
            }
            OURS.clear(&place).unwrap();
            assert_eq!(place.join("notes.txt").exists(), notes);
            assert!(!place.join(DATA).exists());
            // Another command does not take it for its own.
            assert_eq!(Playground("bench").prepare(&place).is_err(), notes);
            let _ = fs::remove_dir_all(&place);
        }
        assert!(!place.exists());
    }

    #[test]
    fn a_foreign_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        fs::write(place.join(DATA), b"precious").unwrap();
        assert!(OURS.prepare(place).is_err());
        assert_eq!(fs::read(place.join(DATA)).unwrap(), b"precious");
        assert!(!OURS.mark(place).exists());
    }

    #[test]
    fn an_earlier_demo_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a/b");
        assert!(!OURS.prepare(&place).unwrap());
        assert!(!OURS.prepare(&place).unwrap());
        for place in [place.clone(), of_child(&place)] {
            drop(ConcurrentMemory::new(ConcurrentConfig::new(&place)).unwrap());
            assert!(place.join(DATA).exists());
        }
        fs::write(place.join("notes.txt"), b"mine").unwrap();
        fs::write(place.join("wal-00000001.log"), b"damaged").unwrap();
        assert!(OURS.prepare(&place).unwrap());
        assert_eq!(fs::read(place.join("notes.txt")).unwrap(), b"mine");
        for gone in [place.join(DATA), place.join("wal-00000001.log"), of_child(&place)] {
            assert!(!gone.exists(), "{}", gone.display());
        }
    }

    #[test]
    fn a_store_in_use_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        OURS.prepare(place).unwrap();
        let _memory = ConcurrentMemory::new(ConcurrentConfig::new(place)).unwrap();
        assert!(matches!(OURS.prepare(place), Err(Failure::Engine(Error::Locked { .. }))));
        assert!(place.join(DATA).exists());
    }
}
