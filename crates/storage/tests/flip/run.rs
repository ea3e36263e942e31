//! Many damages, two at a time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::damage::Damage;
use crate::judge::{Outcome, judge};
use crate::subject::Subject;
use crate::support::panics::engine_panics;
use crate::support::tier::checked;

/// Threads for each test: while one waits for the engine's threads to start or end, another one goes on.
const WORKERS: usize = 2;
/// Of so many stores that open, one is closed in order, opened again, and read again.
const GO_ON: usize = 61;
/// A store that neither opens nor closes for so long hangs. Only a test that fails waits for this.
const HANG: Duration = Duration::from_secs(120);
/// Problems that are named before giving up.
const NAMED: usize = 20;

/// Names the damage at hand when a panic passes.
struct AtHand<'s>(Damage, &'s Subject);

impl Drop for AtHand<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{:?} of {}", self.0, self.1.files[self.0.file()].0);
        }
    }
}

/// Does each damage to a copy of the subject, and fails if one has an outcome that it must not have.
pub(crate) fn run(subject: &Subject, damages: &[Damage], what: &str) -> BTreeMap<Outcome, u64> {
    assert_eq!(engine_panics(), 0);
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::new());
    let wrong = Mutex::new(Vec::new());
    let (ended, end) = channel::<()>();
    std::thread::scope(|scope| {
        let all = &next;
        scope.spawn(move || watch(all, &end, damages));
        for _ in 0..WORKERS {
            let ended = ended.clone();
            let (next, outcomes, wrong) = (&next, &outcomes, &wrong);
            scope.spawn(move || {
                let mut own = BTreeMap::new();
                while let Some(damage) = damages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let at_hand = AtHand(*damage, subject);
                    let go_on = next.load(Ordering::Relaxed).is_multiple_of(GO_ON);
                    match judge(*damage, subject, go_on) {
                        Ok(outcome) => *own.entry(outcome).or_insert(0) += 1,
                        Err(problem) => {
                            let mut wrong = wrong.lock().unwrap();
                            let name = &subject.files[damage.file()].0;
                            wrong.push(format!("{damage:?} of {name}: {problem}"));
                            if wrong.len() >= NAMED {
                                next.store(damages.len(), Ordering::Relaxed);
                            }
                        }
                    }
                    drop(at_hand);
                }
                let mut all = outcomes.lock().unwrap();
                own.into_iter().for_each(|(outcome, count)| *all.entry(outcome).or_insert(0) += count);
                drop(ended);
            });
        }
        drop(ended);
    });
    let (outcomes, wrong) = (outcomes.into_inner().unwrap(), wrong.into_inner().unwrap());
    println!("{what}: {outcomes:?}");
    assert!(wrong.is_empty(), "{} wrong, the first of them:\n{}", wrong.len(), wrong.join("\n"));
    checked(outcomes.values().sum(), what);
    outcomes
}

/// Ends the process when nothing moves any more, naming what was at hand.
fn watch(next: &AtomicUsize, end: &std::sync::mpsc::Receiver<()>, damages: &[Damage]) {
    let mut before = usize::MAX;
    while end.recv_timeout(HANG) == Err(RecvTimeoutError::Timeout) {
        let now = next.load(Ordering::Relaxed);
        if now == before {
            let near = now.saturating_sub(WORKERS)..now.min(damages.len());
            eprintln!("it hangs at one of {:?}", &damages[near]);
            std::process::abort();
        }
        before = now;
    }
}
