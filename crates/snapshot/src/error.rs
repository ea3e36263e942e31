//! What can be wrong with mapped bytes, and with applying to them.

/// Bytes that were damaged after they had been written: a checksum does not match, or a position points nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("damaged bytes in {region} at {offset}: run `sutra verify`, then restore the store from a copy")]
pub struct Damage {
    /// The arena or image section.
    pub region: &'static str,
    /// Byte offset in it; for blobs, the blob position.
    pub offset: u64,
}

impl Damage {
    pub(crate) fn new(region: &'static str, offset: u64) -> Self {
        Self { region, offset }
    }
}

/// Why an entry could not be applied. None of these follows from what a user wrote: entries are checked when accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The entry does not decode.
    #[error("a log entry does not decode")]
    Decode(#[from] sutra_format::DecodeError),
    /// A record or image block that the entry builds on is damaged.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// Memory could not be had.
    #[error("the system gave no memory")]
    Memory(#[from] std::io::Error),
    /// Ordinals, slots or handles are used up.
    #[error("the store is full: 32-bit ordinals are used up; compact it offline")]
    Full,
}

/// Why arenas could not be restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// A record or blob is damaged, or records contradict each other or the header.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// Memory could not be had.
    #[error("the system gave no memory")]
    Memory(#[from] std::io::Error),
    /// More records than this engine addresses.
    #[error("the store is full: 32-bit ordinals are used up")]
    Full,
}

impl From<ApplyError> for RestoreError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Damage(damage) => Self::Damage(damage),
            ApplyError::Memory(error) => Self::Memory(error),
            ApplyError::Full => Self::Full,
            ApplyError::Decode(_) => Self::Damage(Damage::new("log entry", 0)),
        }
    }
}
