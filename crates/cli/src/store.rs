//! Which store, and opening it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Error, Snapshot};

use crate::failure::Failure;
use crate::output::note;
use crate::progress::grouped;

/// The file that makes a folder a store.
pub(crate) const DATA: &str = "storage.dat";

/// The folder that was named, by option or by environment, or the usual one.
pub(crate) fn location(named: Option<&Path>) -> PathBuf {
    let from_environment = || std::env::var_os("SUTRA_STORE").filter(|value| !value.is_empty()).map(PathBuf::from);
    named.map(Path::to_path_buf).or_else(from_environment).unwrap_or_else(|| PathBuf::from("./sutra-store"))
}

/// Asks a store that must be there. A close that cannot write takes nothing from an answer, nor from the store, whose log holds
/// what was not written: it is only told.
pub(crate) fn reading<T>(path: &Path, ask: impl FnOnce(&Snapshot) -> Result<T, Failure>) -> Result<T, Failure> {
    let memory = open_existing(path)?;
    let answer = ask(&memory.snapshot())?;
    close_read(&memory)?;
    Ok(answer)
}

/// Closes a store that was only read, as [`reading`] has it.
pub(crate) fn close_read(memory: &ConcurrentMemory) -> Result<(), Failure> {
    match memory.close() {
        Err(error @ Error::Io { .. }) => note(error),
        closed => closed?,
    }
    Ok(())
}

/// Opens a store that must be there. Opening the folder itself would make one.
pub(crate) fn open_existing(path: &Path) -> Result<ConcurrentMemory, Failure> {
    must_exist(path)?;
    open_or_create(path)
}

/// A store, or what a store without its file has left: about that the engine knows more to say.
pub(crate) fn must_exist(path: &Path) -> Result<(), Failure> {
    let left = |name: &std::ffi::OsStr| name == DATA || name.to_str().is_some_and(is_log);
    let entries = match std::fs::read_dir(path) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(refused(path)(error.into()));
        }
        entries => entries,
    };
    if entries.into_iter().flatten().filter_map(Result::ok).any(|entry| left(&entry.file_name())) {
        Ok(())
    } else {
        Err(Failure::NoStore(path.to_path_buf()))
    }
}

/// Whether a file of this name is a segment of a write-ahead log.
pub(crate) fn is_log(name: &str) -> bool {
    let number = name.strip_prefix("wal-").and_then(|rest| rest.strip_suffix(".log"));
    number.is_some_and(|number| number.len() >= 8 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Settings of the engine for a kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// Long bursts of learning: groups of 50 ms, checkpoints at 100,000 records
    WriteHeavy,
    /// Reading what was just learned: groups of 5 ms, checkpoints at 10,000 records
    ReadHeavy,
    /// Little memory: checkpoints at 5,000 records
    MemoryConstrained,
}

impl Preset {
    /// As it is given.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// The configuration of a preset, or the default one.
pub(crate) fn config(path: &Path, preset: Option<Preset>) -> ConcurrentConfig {
    let config = match preset {
        None => ConcurrentConfig::new(path),
        Some(Preset::WriteHeavy) => ConcurrentConfig::write_heavy(path),
        Some(Preset::ReadHeavy) => ConcurrentConfig::read_heavy(path),
        Some(Preset::MemoryConstrained) => ConcurrentConfig::memory_constrained(path),
    };
    // A busy disk is no reason to give up in the middle of a file.
    ConcurrentConfig { write_timeout: Duration::from_secs(60), ..config }
}

/// Opens a store, or makes one.
pub(crate) fn open_or_create(path: &Path) -> Result<ConcurrentMemory, Failure> {
    open_or_create_as(path, None)
}

/// Opens a store, or makes one, with the settings of a preset.
pub(crate) fn open_or_create_as(path: &Path, preset: Option<Preset>) -> Result<ConcurrentMemory, Failure> {
    let config = config(path, preset);
    let memory = ConcurrentMemory::new(config).map_err(refused(path))?;
    let recovery = memory.recovery();
    if recovery.replayed_entries > 0 || recovery.cut_bytes > 0 {
        let (replayed, cut) = (grouped(recovery.replayed_entries), grouped(recovery.cut_bytes));
        note(format_args!(
            "the store was not closed: {replayed} writes were replayed, {cut} bytes that nobody was promised were cut"
        ));
    }
    Ok(memory)
}

/// What the engine says of a folder, with its name where the system does not name it.
pub(crate) fn refused(path: &Path) -> impl Fn(Error) -> Failure + '_ {
    |error| match error {
        Error::Io { .. } => Failure::Store { path: path.to_path_buf(), error },
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_traces_of_a_store_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(matches!(must_exist(&path.join("missing")), Err(Failure::NoStore(_))));
        for name in ["other.dat", "wal-1.log", "wal-0000000x.log"] {
            std::fs::write(path.join(name), b"").unwrap();
            assert!(matches!(must_exist(path), Err(Failure::NoStore(_))), "{name}");
        }
        std::fs::write(path.join("wal-00000001.log"), b"").unwrap();
        assert!(must_exist(path).is_ok());
    }
}
