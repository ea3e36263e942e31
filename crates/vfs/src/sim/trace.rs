//! The record of what was done to the disk.

/// One operation that changes something, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceOp {
    /// Counted from 0, without holes.
    pub number: u64,
    /// What was asked.
    pub kind: TraceKind,
    /// Whether it reported that all of it was done.
    pub succeeded: bool,
}

/// The kinds of operation that change something. Files go by the name they have at that time; offsets and lengths
/// are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what the line above says")]
pub enum TraceKind {
    Create { name: String },
    Write { name: String, offset: u64, len: u64 },
    Reserve { name: String, len: u64 },
    Allocate { name: String, len: u64 },
    Truncate { name: String, len: u64 },
    Sync { name: String },
    Rename { from: String, to: String },
    Remove { name: String },
    SyncDirectory,
}
