//! The part `miri`: tests of the crates with raw memory, run by the interpreter that knows what is undefined.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Setting;
use super::count::run_counted;
use crate::steps::{Outcome, Step, quiet, target_dir};

pub(super) fn steps(setting: &Setting, checking: &mut Vec<Step>) {
    let setting = setting.clone();
    checking.push(Step::new("miri", move || match quiet(miri(&setting.root).arg("--version")) {
        true => run_counted(&mut tests(&setting)),
        false => {
            Outcome::LeftOut("Miri is not installed: rustup component add miri rust-src --toolchain nightly".to_owned())
        }
    }));
}

fn miri(root: &Path) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "miri"]).current_dir(root).stdin(Stdio::null());
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
    command.env("CARGO_TARGET_DIR", target_dir(root).join("miri"));
    command
}

fn tests(setting: &Setting) -> Command {
    let mut command = miri(&setting.root);
    // Each seed is another schedule of the threads, and other old values for the loads that may see them.
    let seeds = if setting.full { 16 } else { 2 };
    let first = setting.seed % (1 << 31);
    let range = format!("-Zmiri-many-seeds={first}..{}", first + seeds);
    let flags = format!("-Zmiri-disable-isolation -Zmiri-permissive-provenance {range}");
    command.env("MIRIFLAGS", flags);
    command.env("SUTRA_ENTRIES", "60").env("SUTRA_SEED", setting.seed.to_string());
    command.args(["test", "--package", "sutra-snapshot", "--test", "concurrent_readers"]);
    command.args(["--", "--show-output", "readers_see_whole_groups"]);
    command
}
