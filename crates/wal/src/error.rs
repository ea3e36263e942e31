//! What can go wrong with a log.

use std::io;
use std::sync::Arc;

use sutra_format::wal::GroupError;

/// Why a replayed group could not be applied: whatever the callback of [`crate::Wal::recover`] says.
pub type ReplayError = Box<dyn std::error::Error + Send + Sync>;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalError {
    /// The system refused an operation.
    #[error("the write-ahead log could not {action} {file:?}: check the disk and its free space, then open again")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file, empty for the directory.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier write or sync failed, so nothing more can be promised.
    #[error("the write-ahead log has failed and takes no more writes: open the store again; the cause: {cause}")]
    Poisoned {
        /// The first error.
        cause: Arc<str>,
    },
    /// All segments hold groups that are not released.
    #[error("the write-ahead log is full: commit a checkpoint and release it first")]
    Full,
    /// The group does not follow the last one.
    #[error("a group must begin at sequence {expected}, not {got}")]
    OutOfOrder {
        /// The sequence that comes next.
        expected: u64,
        /// The sequence that was given.
        got: u64,
    },
    /// The entries cannot form a group.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A segment of another store.
    #[error("{file:?} belongs to another store: move it out of the directory")]
    ForeignStore {
        /// The segment.
        file: String,
    },
    /// A segment written by a newer version.
    #[error("{file:?} has log version {found}, this program reads up to {supported}: open it with a newer program")]
    NewerVersion {
        /// The segment.
        file: String,
        /// Its version.
        found: u32,
        /// The newest version that this program reads.
        supported: u32,
    },
    /// Something that had been acknowledged is damaged or missing.
    #[error(
        "{file:?} is damaged at byte {offset}: {what} (next expected sequence {sequence}); restore the store from a \
         backup, or remove the log's files to go on without what it holds"
    )]
    Corrupt {
        /// The segment.
        file: String,
        /// Where in it.
        offset: u64,
        /// The first sequence that is missing.
        sequence: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The callback refused a group.
    #[error("the group of the log that begins at sequence {sequence} could not be applied")]
    Replay {
        /// The group's first sequence.
        sequence: u64,
        /// What the callback said.
        source: ReplayError,
    },
    /// The log still holds groups that no checkpoint covers.
    #[error("the log still holds {bytes} bytes that are not released: commit a checkpoint and release it first")]
    NotReleased {
        /// How many bytes of groups.
        bytes: u64,
    },
}

impl WalError {
    /// For `map_err`: names the operation that failed.
    pub(crate) fn io(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, file: file.to_owned(), source }
    }
}
