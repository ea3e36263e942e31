//! The one error of the public API.

use std::io;
use std::sync::Arc;

use sutra_format::IdError;
use sutra_log::LogError;
use sutra_reconciler::EngineError;
use sutra_snapshot::{ApplyError, Damage, RestoreError};
use sutra_store::StoreError;
use sutra_vfs::LockError;
use sutra_wal::WalError;

/// What can go wrong. Each message says what to do next. Nothing is written by a call that failed, except
/// [`Error::Poisoned`] and [`Error::Io`] after acceptance: then the outcome is known at the next open.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument is out of its range.
    #[error("{field}: {reason}")]
    InvalidArgument {
        /// The argument.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// An embedding has another dimension than the store's vectors.
    #[error("the embedding has {got} dimensions, the store's vectors have {expected}: use the same model for all")]
    DimensionMismatch {
        /// Dimensions of the store's vectors.
        expected: usize,
        /// Dimensions of the given one.
        got: usize,
    },
    /// The write log is full and stayed so for as long as the call may wait.
    #[error("the write log is full: write again later, raise write_timeout, queue_capacity or queue_bytes")]
    Backpressure,
    /// A write is larger than the write log.
    #[error(
        "a write of {operations} operations and {bytes} bytes is larger than the write log: split the batch, or raise queue_capacity or queue_bytes"
    )]
    TooLarge {
        /// Its operations.
        operations: usize,
        /// Its bytes.
        bytes: u64,
    },
    /// The 32-bit numbers of records are used up.
    #[error("the store is full: its 32-bit record numbers are used up; compact it offline")]
    Full,
    /// Another process, or this one, has the store open.
    #[error(
        "the store is open in process {pid} on host {host:?} since {since} (us of the Unix epoch): close it there first"
    )]
    Locked {
        /// The process, 0 if unknown.
        pid: u32,
        /// Its machine, empty if unknown.
        host: String,
        /// Since when, microseconds since the Unix epoch, 0 if unknown.
        since: u64,
    },
    /// Bytes on the disk are not what was written there.
    #[error("damaged bytes in {region} at {offset}{}: run `sutra verify`, then restore the store from a copy", note(.detail))]
    Corrupt {
        /// The part of the store.
        region: String,
        /// Byte offset in it.
        offset: u64,
        /// What was found, empty if there is no more to say.
        detail: String,
    },
    /// `storage.dat` is no store, or the write-ahead log belongs to another one.
    #[error("{detail}: give another directory, or move the files away")]
    NotOurs {
        /// What was found.
        detail: String,
    },
    /// Written by a newer version of the program.
    #[error("the store has format version {found}, this program reads up to {supported}: use a newer program")]
    NewerVersion {
        /// The version in the file.
        found: u32,
        /// The newest version that this program reads.
        supported: u32,
    },
    /// The configuration contradicts what is fixed for the life of the store.
    #[error(
        "{field} is {stored} in this store and fixed for its life, not {given}: leave it out, or use another directory"
    )]
    ConfigMismatch {
        /// The field of the configuration.
        field: &'static str,
        /// What the store has.
        stored: String,
        /// What was given.
        given: String,
    },
    /// Writing has stopped for good.
    #[error("writing has stopped ({cause}): remove the cause and open the store again; reading goes on")]
    Poisoned {
        /// Why.
        cause: String,
    },
    /// The store was closed.
    #[error("the store is closed: open it again")]
    Closed,
    /// The process was forked after the store was opened.
    #[error("the store was opened before this process was forked: open it anew in the child, or write in the parent")]
    Forked,
    /// The system refused something.
    #[error("the system refused: {source}; check the disk, its free space and its permissions")]
    Io {
        /// What it said.
        source: Arc<io::Error>,
    },
}

fn note(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

impl Error {
    pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidArgument { field, reason: reason.into() }
    }

    fn corrupt(region: impl Into<String>, offset: u64, detail: impl Into<String>) -> Self {
        Self::Corrupt { region: region.into(), offset, detail: detail.into() }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io { source: Arc::new(error) }
    }
}

impl From<IdError> for Error {
    fn from(error: IdError) -> Self {
        Self::invalid("id", error.to_string())
    }
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Self {
        Self::corrupt(damage.region, damage.offset, "")
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Backpressure => Self::Backpressure,
            LogError::TooLarge { cost, .. } => Self::TooLarge { operations: cost.entries, bytes: cost.bytes },
            LogError::Closed => Self::Closed,
            LogError::Poisoned { cause } => Self::Poisoned { cause: cause.to_string() },
            LogError::NotAccepted { .. } | LogError::TimedOut { .. } => Self::invalid("sequence", error.to_string()),
            other => Self::invalid("thread", other.to_string()),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotOurs => Self::NotOurs { detail: "storage.dat is not a Sutra store".into() },
            StoreError::NewerVersion { found, supported } => Self::NewerVersion { found, supported },
            StoreError::Corrupt { region, offset, problem } => Self::corrupt(region, offset, problem),
            StoreError::GivenUp { source } | StoreError::SyncFailed { source } | StoreError::Io { source, .. } => {
                source.into()
            }
            StoreError::Absent => io::Error::new(io::ErrorKind::NotFound, error.to_string()).into(),
            other => Self::Poisoned { cause: other.to_string() },
        }
    }
}

impl From<WalError> for Error {
    fn from(error: WalError) -> Self {
        match error {
            WalError::Io { source, .. } => source.into(),
            WalError::ForeignStore { file } => Self::NotOurs { detail: format!("{file} belongs to another store") },
            WalError::NewerVersion { found, supported, .. } => Self::NewerVersion { found, supported },
            WalError::Corrupt { file, offset, what, .. } => Self::corrupt(file, offset, what),
            // A group that is intact can fail to apply only for a damaged record that it builds on.
            WalError::Replay { sequence, source } => match source.downcast_ref::<ApplyError>() {
                Some(ApplyError::Damage(damage)) => {
                    let detail =
                        format!("met while replaying sequence {sequence} of the write-ahead log, which is kept");
                    Self::corrupt(damage.region, damage.offset, detail)
                }
                Some(ApplyError::Full) => Self::Full,
                _ => Self::corrupt("write-ahead log", sequence, source.to_string()),
            },
            other => Self::Poisoned { cause: other.to_string() },
        }
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Lock(LockError::Held { pid, host, since }) => Self::Locked { pid, host, since },
            EngineError::Lock(LockError::Io(error)) | EngineError::System(error) => error.into(),
            EngineError::Store(error) => error.into(),
            EngineError::Wal(error) => error.into(),
            EngineError::Log(error) => error.into(),
            EngineError::Damage(damage)
            | EngineError::Restore(RestoreError::Damage(damage))
            | EngineError::Apply(ApplyError::Damage(damage)) => damage.into(),
            EngineError::Restore(RestoreError::Memory(error)) | EngineError::Apply(ApplyError::Memory(error)) => {
                error.into()
            }
            EngineError::Apply(ApplyError::Decode(error)) => Self::corrupt("log entry", 0, error.to_string()),
            EngineError::LogWithoutStore => Self::NotOurs { detail: error.to_string() },
            EngineError::Forked => Self::Forked,
            EngineError::Checkpoint { cause } => io::Error::other(cause.to_string()).into(),
            EngineError::Full | EngineError::Restore(RestoreError::Full) | EngineError::Apply(ApplyError::Full) => {
                Self::Full
            }
            other => Self::Poisoned { cause: other.to_string() },
        }
    }
}
