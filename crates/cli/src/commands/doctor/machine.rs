//! What the machine gives the store: cores, the disk's sync, free space.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::failure::Failure;

/// Syncs of which the median is taken.
const SYNCS: usize = 16;

#[derive(Debug)]
pub(super) struct Machine {
    pub(super) cores: usize,
    /// Microseconds of a write of 4 KiB and its sync; none on a disk that is full.
    pub(super) sync_us: Option<u64>,
    pub(super) free_bytes: u64,
}

impl Machine {
    /// Measures it where the store is. Writes a file of 64 KiB there and removes it.
    pub(super) fn at(store: &Path) -> Result<Self, Failure> {
        let path = store.join(format!("doctor-probe-{}", std::process::id()));
        let failed = |source: io::Error| Failure::Write { file: path.display().to_string(), source };
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        let probe = Probe(path.clone());
        let sync_us = match sync_us(&file) {
            Err(error) if is_full(&error) => None,
            took => Some(took.map_err(failed)?),
        };
        drop(probe);
        let space = rustix::fs::statvfs(store).map_err(|error| failed(error.into()))?;
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            sync_us,
            free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
        })
    }
}

/// Whether there is no room for more bytes.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// A file that is removed, whatever happens.
struct Probe(PathBuf);

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn sync_us(mut file: &File) -> io::Result<u64> {
    let page = [0x5a_u8; 4096];
    let mut took = [0; SYNCS];
    for took in &mut took {
        let begun = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        *took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    }
    took.sort_unstable();
    Ok(took[SYNCS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_measured_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine::at(folder.path()).unwrap();
        assert!(machine.cores > 0 && machine.free_bytes > 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(matches!(Machine::at(&folder.path().join("missing")), Err(Failure::Write { .. })));
    }
}
