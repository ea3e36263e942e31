//! Checking a closed store: the file, and the write-ahead log of one that was killed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use sutra_format::entry::Ops;
use sutra_reconciler::EngineError;
use sutra_store::{Problem, Store, StoreError, VerifyReport};
use sutra_vfs::{Directory, DirectoryLock, File, LockError, Map, MapMut, RealDirectory};
use sutra_wal::{Wal, WalError, WalOptions};

use crate::Result;
use crate::error::Error;

/// What [`verify`] read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// What stands in `storage.dat`, and all problems, those of the write-ahead log among them.
    pub file: VerifyReport,
    /// Entries of the write-ahead log that no checkpoint covers: the next open replays them. 0 after a clean close.
    pub log_entries: u64,
    /// Bytes at the end of the write-ahead log that were never acknowledged: the next open cuts them.
    pub log_tail_bytes: u64,
}

impl Verified {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.file.is_sound()
    }

    fn problem(&mut self, region: &'static str, offset: u64, what: String) {
        self.file.problems.push(Problem { region, offset, what });
        self.file.problem_count += 1;
    }
}

/// Reads and checks every byte of a closed store: headers, footers, records, blobs, indexes, image, and the write-ahead log if
/// one is left from a process that was killed. O(size of the store). Damage is no error but a problem in the report.
/// Changes nothing.
///
/// # Errors
/// [`Error::Locked`] if the store is open, [`Error::NotOurs`], [`Error::NewerVersion`], [`Error::Io`].
pub fn verify(path: impl AsRef<Path>) -> Result<Verified> {
    let path = path.as_ref();
    if !path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} is no folder", path.display())).into());
    }
    verify_in(Arc::new(RealDirectory::open(path)?))
}

/// Like [`verify`], of a directory that is given: for tests with the simulated disk of `sutra-vfs`. No part of the public
/// contract.
///
/// # Errors
/// As [`verify`].
#[doc(hidden)]
pub fn verify_in(directory: Arc<dyn Directory>) -> Result<Verified> {
    let _lock = directory.lock("lock").map_err(EngineError::from)?;
    let mut verified = Verified { file: Store::verify(directory.clone())?, ..Verified::default() };
    if sutra_wal::has_segments(&*directory)? {
        verify_log(directory, &mut verified)?;
    }
    Ok(verified)
}

/// Recovers from a directory that takes no changes: what recovery would replay and cut, it reads and reports.
fn verify_log(directory: Arc<dyn Directory>, verified: &mut Verified) -> Result<()> {
    let frozen: Arc<dyn Directory> = Arc::new(Frozen(directory));
    let store = match Store::open(frozen.clone()) {
        Ok(Some((store, _))) => store,
        // A log without its file: the next open refuses it.
        Ok(None) => return Err(EngineError::LogWithoutStore.into()),
        // So damaged that it does not open: its log cannot be told from another store's. Reported already, most likely.
        Err(StoreError::Corrupt { region, offset, problem }) => {
            if verified.is_sound() {
                verified.problem(region, offset, problem);
            }
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let options = WalOptions::new(store.store_id());
    let recovered = Wal::recover(frozen, options, store.sequence(), &mut |group| {
        for entry in group.entries() {
            Ops::new(entry)?.try_for_each(|op| op.map(drop))?;
        }
        Ok(())
    });
    match recovered {
        Ok((_, recovery)) => {
            verified.log_entries = recovery.entries;
            verified.log_tail_bytes = recovery.cut_bytes;
        }
        Err(WalError::Corrupt { file, offset, what, .. }) => {
            verified.problem("write-ahead log", offset, format!("{file}: {what}"));
        }
        Err(WalError::Replay { sequence, source }) => {
            verified.problem("write-ahead log", sequence, source.to_string());
        }
        Err(WalError::ForeignStore { file }) => {
            verified.problem("write-ahead log", 0, format!("{file} belongs to another store"));
        }
        Err(error) => return Err(Error::from(error)),
    }
    Ok(())
}

/// A directory that shows another one and takes no changes: it says that they were made.
#[derive(Debug)]
struct Frozen(Arc<dyn Directory>);

#[derive(Debug)]
struct FrozenFile(Arc<dyn File>);

impl Directory for Frozen {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>> {
        Ok(self.0.open(name)?.map(|file| Arc::new(FrozenFile(file)) as Arc<dyn File>))
    }

    fn create(&self, _name: &str) -> io::Result<Arc<dyn File>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, name: &str) -> Result<DirectoryLock, LockError> {
        self.0.lock(name)
    }
}

impl File for FrozenFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buf, offset)
    }

    fn write_all_at(&self, _buf: &[u8], _offset: u64) -> io::Result<()> {
        Ok(())
    }

    fn reserve(&self, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn allocate(&self, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&self, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        self.0.map(offset, len)
    }

    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut> {
        self.0.map_private(offset, len)
    }
}
