//! Running the program, and stores to run it on.

// Each test file uses some of it.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) const CONCEPTS: &str = concat!(
    "{\"key\":\"rain\",\"content\":\"water that falls from clouds\",\"confidence\":0.9,\"metadata\":{\"words\": [\"rain\"]}}\n",
    "{\"key\":\"flood\",\"content\":\"water where it should not be\",\"strength\":0.5,\"embedding\":[0.25,-1,3e2]}\n",
    "\n",
    "{\"key\":\"a1b2c3d4e5f67890\",\"content\":\"a key that looks like an id\"}\n",
    "{\"id\":\"00112233445566778899aabbccddeeff\",\"content\":\"a concept without a key\"}\n",
);

pub(crate) const ASSOCIATIONS: &str = concat!(
    "rain\tcausal\tflood\t0.8\n",
    "rain\thypernym\tweather\t0.95\n",
    "flood\tcausal\tkey:a1b2c3d4e5f67890\t0.5\n",
    "rain\tsemantic\tkey:a1b2c3d4e5f67890\t0.25\n",
);

/// A folder of its own for each test, in which the program runs.
pub(crate) struct Place {
    folder: TempDir,
}

/// What the program said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder whose `sutra-store` holds [`CONCEPTS`] and [`ASSOCIATIONS`].
    pub(crate) fn with_store() -> Self {
        let place = Self::new();
        place.write("concepts.jsonl", CONCEPTS);
        place.write("associations.tsv", ASSOCIATIONS);
        place.sutra(["import", "concepts.jsonl", "associations.tsv"]).done();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sutra"));
        command.current_dir(self.folder.path()).env_remove("SUTRA_STORE").stdin(Stdio::null()).args(arguments);
        command
    }

    pub(crate) fn sutra(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// The JSON that a command prints.
    pub(crate) fn json(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> serde_json::Value {
        serde_json::from_str(&self.sutra(arguments).done()).unwrap()
    }
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        // A process that was ended by a signal, an abort for one, has no code.
        let code = output.status.code().unwrap_or(-1);
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        Self { code, out, err }
    }

    /// What was printed by a command that succeeded.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// What was said on the standard error by a command that ended with a code, and printed nothing.
    #[track_caller]
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        self.err
    }
}

/// A process that does not outlive its test.
pub(crate) struct Running(pub Child);

impl Running {
    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn files_of(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
