//! What can go wrong with the file.

use std::io;

use sutra_format::DecodeError;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file does not begin as a store does.
    #[error("storage.dat is not a Sutra store: give another directory, or move the file away")]
    NotOurs,
    /// The file was written by a newer version of the program.
    #[error("storage.dat has format version {found}, this program reads up to {supported}: use a newer program")]
    NewerVersion {
        /// The version in the file.
        found: u32,
        /// The newest version that this program reads.
        supported: u32,
    },
    /// Bytes are not what was written there.
    #[error(
        "damaged bytes in {region} at {offset} ({problem}): run `sutra verify`, then restore the store from a copy"
    )]
    Corrupt {
        /// What stands there.
        region: &'static str,
        /// Byte offset in the file.
        offset: u64,
        /// What was found.
        problem: String,
    },
    /// The checkpoint could not write. Nothing was committed; the store goes on and a later checkpoint may succeed.
    #[error("the checkpoint could not be written and was given up: make room on the disk, it will be tried again")]
    GivenUp {
        /// What the system reported.
        source: io::Error,
    },
    /// A sync failed: what was written since the last one may be lost, and no later sync can say otherwise.
    #[error("storage.dat could not be synced: check the disk, then open the store again")]
    SyncFailed {
        /// What the system reported.
        source: io::Error,
    },
    /// An earlier sync failed.
    #[error("an earlier sync of storage.dat failed: check the disk, then open the store again")]
    Poisoned,
    /// There is a store already.
    #[error("the directory holds a store already: open it, or give another directory")]
    Exists,
    /// There is no store.
    #[error("the directory holds no storage.dat: give the directory of a store")]
    Absent,
    /// The snapshot does not follow the last commit.
    #[error(
        "the snapshot does not continue the last commit: checkpoint the newest snapshot of the store that was opened"
    )]
    Stale,
    /// Memory could not be mapped, or a file not opened, read or renamed.
    #[error("{doing} failed: check the disk and its permissions")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system reported.
        source: io::Error,
    },
}

impl StoreError {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn corrupt(region: &'static str, offset: u64, problem: impl ToString) -> Self {
        Self::Corrupt { region, offset, problem: problem.to_string() }
    }

    /// For a structure that does not decode.
    pub(crate) fn decode(region: &'static str, offset: u64) -> impl FnOnce(DecodeError) -> Self {
        move |error| match error {
            DecodeError::Version { found, supported, .. } => Self::NewerVersion { found, supported },
            other => Self::corrupt(region, offset, other),
        }
    }
}
