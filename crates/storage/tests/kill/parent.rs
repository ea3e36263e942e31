//! The process that kills, holds what was promised, and looks.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use sutra_storage::{Durability, verify};
use tempfile::TempDir;

use crate::child::Orders;
use crate::steps::{Steps, THREADS};
use crate::support::Random;

/// How long a child may say nothing: no step takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a child is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many microseconds after it began to open the store.
    Opening(u64),
    /// When it has promised something so often.
    Promised(u64),
    /// So many microseconds after it began to close the store, or to open it again.
    Closing(u64),
}

impl Moment {
    fn random(random: &mut Random) -> Self {
        match random.below(6) {
            0 | 1 => Self::Opening(random.below(4000)),
            2 => Self::Closing(random.below(6000)),
            _ => Self::Promised(1 + random.below(100)),
        }
    }
}

/// A store that lives through several kills.
pub(crate) struct Victim {
    folder: TempDir,
    durability: Durability,
    /// By thread: all steps below this number were promised.
    promised: Vec<u64>,
    /// By thread: the steps that were found at the last look.
    found: Vec<Steps>,
    pub(crate) kills: u64,
    /// Looks at which groups of the log were replayed.
    pub(crate) replays: u64,
}

impl Victim {
    pub(crate) fn new(durability: Durability) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let found = (0..THREADS).map(Steps::of).collect();
        Self { folder, durability, promised: vec![0; THREADS as usize], found, kills: 0, replays: 0 }
    }

    /// A child, killed; perhaps more of them, the recovery of each cut short by the next kill; then a look.
    pub(crate) fn cycle(&mut self, random: &mut Random) {
        loop {
            self.kill(random);
            if !random.one_in(4) {
                break;
            }
        }
        self.look(random);
    }

    fn orders(&self, folder: &Path, random: &mut Random) -> Orders {
        Orders { folder: folder.to_owned(), seed: random.next(), durability: self.durability }
    }

    fn kill(&mut self, random: &mut Random) {
        let moment = Moment::random(random);
        let child = Running::start(&self.orders(self.folder.path(), random));
        let mut said = 0;
        loop {
            let line = child.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("the child has ended by itself, or waits for ever: {error}"));
            said += u64::from(self.hear(&line));
            match (moment, line.as_str()) {
                (Moment::Opening(wait), "opening") | (Moment::Closing(wait), "closing") => {
                    // The moment is to be any; no state is waited for.
                    thread::sleep(Duration::from_micros(wait));
                    break;
                }
                (Moment::Promised(count), _) if said >= count => break,
                // It may never come to close.
                (Moment::Closing(_), _) if said >= 200 => break,
                _ => {}
            }
        }
        let rest = child.kill();
        rest.iter().for_each(|line| {
            self.hear(line);
        });
        self.kills += 1;
    }

    /// Takes down what the child says; says whether it was a promise.
    fn hear(&mut self, line: &str) -> bool {
        let Some(promise) = line.strip_prefix("promised ") else { return false };
        let (thread, next) = promise.split_once(' ').unwrap();
        let promised = &mut self.promised[thread.parse::<usize>().unwrap()];
        *promised = (*promised).max(next.parse().unwrap());
        true
    }

    /// Looks at the store itself, or at a copy of it: then the next child recovers from what this one left.
    fn look(&mut self, random: &mut Random) {
        if random.one_in(2) {
            self.look_at(&self.orders(self.folder.path(), random));
            return;
        }
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        self.look_at(&self.orders(copy.path(), random));
    }

    fn look_at(&mut self, orders: &Orders) {
        let sound = || {
            let verified = verify(&orders.folder);
            // A child that was killed before there was a store has left none.
            assert!(verified.as_ref().is_ok_and(sutra_storage::Verified::is_sound), "{verified:?}");
        };
        if orders.folder.join("storage.dat").exists() {
            sound();
        } else {
            assert!(self.promised.iter().all(|promised| *promised == 0), "the store is gone");
        }
        let memory = orders.open().unwrap();
        self.replays += u64::from(memory.recovery().replayed_groups > 0);
        let snapshot = memory.snapshot();
        for (steps, promised) in self.found.iter_mut().zip(&mut self.promised) {
            steps.catch_up(&snapshot);
            assert!(steps.next >= *promised, "thread {}: {promised} promised, {} found", steps.thread, steps.next);
            steps.check(&snapshot);
            // What was found is on the disk, and stays there.
            *promised = steps.next;
        }
        // Nothing beside it: no half of a step, none of which an earlier one is missing, no sequence without a step.
        let sum = |what: fn(&Steps) -> u64| self.found.iter().map(what).sum::<u64>();
        assert_eq!(snapshot.sequence(), sum(|steps| steps.next), "sequences");
        assert_eq!(snapshot.concept_count(), sum(|steps| steps.expected.concepts.len() as u64), "concepts");
        assert_eq!(snapshot.stub_count(), sum(|steps| steps.expected.stubs), "stubs");
        assert_eq!(snapshot.edge_count(), sum(|steps| steps.expected.edges), "associations");
        drop(snapshot);
        memory.close().unwrap();
        let left: Vec<_> = fs::read_dir(&orders.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["storage.dat"]);
        sound();
    }
}

/// A child that does not outlive what holds it.
struct Running {
    process: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(orders: &Orders) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture", "--test-threads=1"]).envs(orders.variables());
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = process.stdout.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || read_lines(out, |line| sender.send(line).is_ok()));
        Self { process, lines }
    }

    /// Kills it by SIGKILL, and gives what it had said until then and nobody had heard.
    fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        let status = self.process.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "the child ended by itself: {status}");
        // Ends when the pipe does.
        self.lines.iter().collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After a failure; else it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read_lines(out: ChildStdout, mut take: impl FnMut(String) -> bool) {
    let mut out = BufReader::new(out);
    let mut line = String::new();
    // A line without its end was cut by the kill: it promises nothing.
    while out.read_line(&mut line).is_ok() && line.ends_with('\n') {
        line.truncate(line.len() - 1);
        if !line.is_empty() && !take(std::mem::take(&mut line)) {
            return;
        }
        line.clear();
    }
}
