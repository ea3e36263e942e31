//! What this program does when a test has started it again.

use std::io::{BufRead, Write};

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Error};

use crate::{ROLE, fork};

/// What a child says begins with this; the rest of its output is the test harness's.
pub(crate) const SAYS: &str = "child says: ";

pub(crate) fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{SAYS}{what}").and_then(|()| out.flush()).expect("the parent listens");
}

/// Not a test of its own: does nothing unless it is a child.
#[test]
fn role() {
    match std::env::var(ROLE).as_deref() {
        Ok("racer") => racer(),
        Ok("forker") => fork::forker(),
        Ok(other) => panic!("no role {other:?}"),
        Err(_) => {}
    }
}

/// At each line, which is a path, tries to open the store there. The one that gets it writes once and keeps it.
fn racer() {
    let mut kept = Vec::new();
    say("ready");
    for path in std::io::stdin().lock().lines() {
        let path = path.expect("the parent speaks text");
        match ConcurrentMemory::new(ConcurrentConfig::new(&path)) {
            Ok(memory) => {
                let found = memory.concept_count();
                let sequence = memory.learn_concept(&format!("win {found}"), "", None, 0.5, 0.5).expect("accepted");
                memory.wait_durable(sequence).expect("durable");
                say(&format!("won {found}"));
                kept.push(memory);
            }
            Err(Error::Locked { pid, .. }) => say(&format!("held {pid}")),
            Err(error) => say(&format!("error {error:?}")),
        }
    }
}
