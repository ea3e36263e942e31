//! Many at once: producers, readers, held snapshots; processes that race for one store; a process that forks while it writes;
//! a folder that is moved away under an open store. Real threads and real processes, the real queue and snapshot pointer.
//!
//! What this does not show: orderings that this machine's processor and scheduler do not produce (the models do that), and
//! what a power cut leaves of it (the crash tests do that). The large run has no write-ahead log, whose syncs would take all
//! of its time; a smaller one has.

#[path = "../support/mod.rs"]
mod support;

mod child;
mod folder;
mod fork;
mod held;
mod producers;
mod race;
mod steps;

use std::process::Command;

/// Names, in a child, what it is to do.
const ROLE: &str = "SUTRA_STRESS_ROLE";

/// This program again, to do one thing only, in a process of its own.
fn child(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child::role", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command
}
