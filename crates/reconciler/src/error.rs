//! What can go wrong with the engine.

use std::io;
use std::sync::Arc;

use sutra_log::LogError;
use sutra_snapshot::{ApplyError, Damage, RestoreError};
use sutra_store::StoreError;
use sutra_vfs::LockError;
use sutra_wal::WalError;

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Another process, or this one, has the store open.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The write-ahead log.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// The write log: no room, closed, poisoned.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Damaged records.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The arenas could not be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// An entry could not be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// Segments of a write-ahead log without the file that they belong to.
    #[error("the directory holds a write-ahead log but no storage.dat: put the file back, or move the log away")]
    LogWithoutStore,
    /// Ordinals are nearly used up.
    #[error("the store is full: 32-bit ordinals are used up; compact it offline")]
    Full,
    /// The process was forked after the store was opened.
    #[error("the store was opened before this process was forked: open it anew in the child, or write in the parent")]
    Forked,
    /// A checkpoint that somebody waited for failed.
    #[error(
        "the checkpoint failed ({cause}); what was accepted stays in the write-ahead log: remove the cause and flush again"
    )]
    Checkpoint {
        /// Why.
        cause: Arc<str>,
    },
    /// A thread could not be started, or the fork handler not be installed.
    #[error("the system refused a thread or a handler")]
    System(#[from] io::Error),
}
