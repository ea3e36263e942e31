//! How a command ends, and the exit code that says so.

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
    /// It came to its end, and left out what was wrong.
    Remarks,
    /// It was interrupted and ended in order.
    Interrupted,
}

/// What the exit codes mean, for the help and the documents.
pub(crate) const CODES: &str = "\
Exit codes:
  0    done
  1    nothing found: no such concept, association, path or text
  2    wrong use, a file that cannot be learned, or another error
  3    the store is damaged, or is no store of this version
  4    another process has the store open
  5    done with remarks: `import` left lines out, `doctor` has advice
  130  interrupted; what was accepted is in the store";

impl Outcome {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotFound => 1,
            Self::Remarks => 5,
            Self::Interrupted => crate::interrupt::CODE,
        }
    }
}

/// Why a command could not come to its end. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// The engine said no.
    #[error("{}", told(.0))]
    Engine(#[from] sutra_storage::Error),
    /// A file that is to be learned is not as it should be.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Two inputs are to be read from one stream.
    #[error("the standard input can be read once only: give the others as files")]
    StandardInputTwice,
    /// What was given does not fit together.
    #[error("{0}")]
    Usage(String),
    /// A file could not be written.
    #[error("cannot write {file}: {source}; check the folder, its free space and its permissions")]
    Write {
        /// As the user named it.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds no store.
    #[error("{path} holds no store: name its folder with --store or SUTRA_STORE, or make one with `sutra import`", path = .0.display())]
    NoStore(PathBuf),
    /// The system did not let the engine have a store's folder.
    #[error("the store {path}: {error}", path = path.display())]
    Store {
        /// The folder.
        path: PathBuf,
        /// The engine's words.
        error: sutra_storage::Error,
    },
    /// The standard output was not writable.
    #[error("cannot write the answer: {0}")]
    Output(#[source] io::Error),
    /// `sutra verify` found damage.
    #[error("{0} problems: restore the store from a copy, or import its sources anew into another folder")]
    Damaged(u64),
    /// The demo could not go on.
    #[error("demo: {0}")]
    Demo(String),
    /// The load of a demo or a bench could not go on.
    #[error("the load: {0}")]
    Load(String),
    /// It was interrupted in the middle of something that has no result by halves.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// The exit code, as [`CODES`] has it.
    pub(crate) fn code(&self) -> u8 {
        use sutra_storage::Error;
        match self {
            Self::Engine(Error::Corrupt { .. } | Error::NotOurs { .. } | Error::NewerVersion { .. })
            | Self::Damaged(_) => 3,
            Self::Engine(Error::Locked { .. }) => 4,
            Self::Interrupted => crate::interrupt::CODE,
            _ => 2,
        }
    }

    /// Whether it is only that nobody reads the output any more.
    pub(crate) fn is_reader_gone(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The engine's own words, but for a time, which it gives as programs read it.
fn told(error: &sutra_storage::Error) -> String {
    match error {
        sutra_storage::Error::Locked { pid, host, since } if *since > 0 => {
            let since = crate::time::utc(*since);
            format!("the store is open in process {pid} on {host} since {since}: close it there first")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn the_readme_has_the_exit_codes_of_the_help() {
        let readme = include_str!("../README.md");
        let rows: Vec<_> = readme.lines().filter(|line| line.starts_with("| ")).collect();
        for code in CODES.lines().skip(1) {
            let (code, meaning) = code.trim().split_once(' ').unwrap();
            let row = format!("| {code} | {} |", meaning.trim());
            assert!(rows.contains(&row.as_str()), "{row}");
        }
    }
}
