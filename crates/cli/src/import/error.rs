//! What can be wrong with a file that is to be learned.

use std::io;

/// Says which file, which line, what is wrong, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ImportError {
    /// The file is not there or may not be read.
    #[error("cannot open {file}: {source}")]
    Open {
        /// As the user named it.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The name promises a compression that the content does not have.
    #[error(
        "{file} does not start as a {format} file: rename it if it is plain text, or fetch it again if it is damaged"
    )]
    NotCompressed {
        /// As the user named it.
        file: String,
        /// "zstd" or "gzip".
        format: &'static str,
    },
    /// Reading or decompressing stopped.
    #[error(
        "{file}: cannot read on after line {line}: {source}; if the file is compressed, it may be cut short or damaged"
    )]
    Read {
        /// As the user named it.
        file: String,
        /// The last line that was read whole, from 1; 0 before the first.
        line: u64,
        /// What the system or the decoder said.
        source: io::Error,
    },
    /// A line beyond the bound on the memory for one.
    #[error("{file}:{line}: the line has more than {limit} bytes: is this one record a line?")]
    LineTooLong {
        /// As the user named it.
        file: String,
        /// From 1.
        line: u64,
        /// The bound in bytes.
        limit: usize,
    },
    /// A file that as a whole is not what it should be.
    #[error("{file} {reason}")]
    Form {
        /// As the user named it.
        file: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A line or row that is not what it should be.
    #[error("{file}:{line}: {reason}")]
    Rejected {
        /// As the user named it.
        file: String,
        /// From 1.
        line: u64,
        /// What is wrong and what would be right.
        reason: String,
    },
}
