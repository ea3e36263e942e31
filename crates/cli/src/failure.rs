//! How a command ends.

use std::io;
use std::path::PathBuf;

use crate::import::ImportError;

/// A command that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what was asked.
    Done,
    /// What was asked for is not there.
    NotFound,
}

/// Why a command could not come to its end. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// The engine said no.
    #[error(transparent)]
    Engine(#[from] sutra_storage::Error),
    /// A file that is to be learned is not as it should be.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Two inputs are to be read from one stream.
    #[error("concepts and associations cannot both come from the standard input: give one of them as a file")]
    StandardInputTwice,
    /// The folder holds no store.
    #[error("{path} holds no store: name its folder with --store or SUTRA_STORE, or make one with `sutra import`", path = .0.display())]
    NoStore(PathBuf),
    /// The standard output was not writable.
    #[error("cannot write the answer: {0}")]
    Output(#[source] io::Error),
    /// `sutra verify` found damage.
    #[error("{0} problems: restore the store from a copy, or import its sources anew into another folder")]
    Damaged(u64),
    /// The demo could not go on.
    #[error("demo: {0}")]
    Demo(String),
}

impl Failure {
    /// Whether it is only that nobody reads the output any more.
    pub(crate) fn is_reader_gone(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
