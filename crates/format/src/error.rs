//! What a decoder says of bytes that are not what they should be.

/// Bytes that do not decode. Says which structure and what is wrong with it; where it lies, the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Fewer bytes than the structure needs.
    #[error("{structure} is cut short")]
    Truncated {
        /// The structure that was read.
        structure: &'static str,
    },
    /// The checksum does not match the bytes.
    #[error("the checksum of {structure} does not match its bytes")]
    Checksum {
        /// The structure that was read.
        structure: &'static str,
    },
    /// The magic number is another one: this is not a file of ours.
    #[error("{structure} does not begin with its magic number")]
    Magic {
        /// The structure that was read.
        structure: &'static str,
    },
    /// Written by a newer version of the format.
    #[error("{structure} has format version {found}, this program reads up to {supported}")]
    Version {
        /// The structure that was read.
        structure: &'static str,
        /// The version in the file.
        found: u32,
        /// The newest version that this program reads.
        supported: u32,
    },
    /// A field holds a value that no writer writes.
    #[error("{structure} holds an impossible {field}")]
    Field {
        /// The structure that was read.
        structure: &'static str,
        /// The field.
        field: &'static str,
    },
}
