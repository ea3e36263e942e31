//! The whole engine against a naive model: thousands of short lives, each a random list of writes, waits, held snapshots,
//! closes, kills and power cuts. What a reopened store holds must be what some sequence had made of it, no earlier one than
//! the last that was acknowledged.
//!
//! `SUTRA_CASES` says how many lives of each kind, `SUTRA_SEED` which is the first. A life that fails prints its steps: to
//! shorten it, put the list into a test of its own and take steps away.

mod support;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use support::check::{check, check_accesses, check_paths};
use support::model::Model;
use support::operation::{Name, Operation};
use support::{Random, cases, config, open_log, seed};
use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Error, Snapshot};
use sutra_vfs::sim::{Policy, SimDirectory};

/// A step of a life.
#[derive(Clone, Debug)]
enum Step {
    Write(Operation),
    WaitVisible,
    WaitDurable,
    Flush,
    /// Takes the newest snapshot, checks it, and holds it.
    Hold,
    /// Checks a held snapshot again and lets it go.
    Release(u64),
    /// Waits for everything and checks it, with counts of accesses and some paths.
    Check(u64),
    Close(Settings),
    Kill(Settings),
    PowerCut(Option<u64>, Settings),
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
struct Settings {
    threshold: usize,
    interval: u64,
    /// Bytes of the write-ahead log: with few, writers wait for checkpoints.
    log: u64,
}

impl Settings {
    fn random(random: &mut Random) -> Self {
        Self {
            threshold: random.pick(&[1, 3, 10, 1000]),
            interval: random.pick(&[1, 1, 2, 5]),
            log: random.pick(&[1, 100_000, 1 << 30]),
        }
    }

    fn open(self, disk: &SimDirectory, durability: Durability) -> ConcurrentMemory {
        let config = ConcurrentConfig {
            memory_threshold: self.threshold,
            reconcile_interval_ms: self.interval,
            ..config(durability)
        };
        open_log(disk, config, self.log).unwrap()
    }
}

impl Step {
    fn random(random: &mut Random) -> Self {
        match random.below(100) {
            0..=62 => Self::Write(Operation::random(random)),
            63..=66 => Self::WaitVisible,
            67..=70 => Self::WaitDurable,
            71..=74 => Self::Flush,
            75..=79 => Self::Hold,
            80..=82 => Self::Release(random.next()),
            83..=89 => Self::Check(random.next()),
            90..=92 => Self::Close(Settings::random(random)),
            93..=95 => Self::Kill(Settings::random(random)),
            _ => Self::PowerCut((!random.one_in(4)).then(|| random.next()), Settings::random(random)),
        }
    }
}

/// A life under way.
struct Life {
    disk: SimDirectory,
    memory: ConcurrentMemory,
    durability: Durability,
    /// What each sequence made of the store, from 0.
    models: Vec<Arc<Model>>,
    /// The last sequence that was acknowledged.
    acknowledged: u64,
    held: Vec<(Snapshot, Arc<Model>)>,
}

impl Life {
    fn new(durability: Durability) -> Self {
        let disk = SimDirectory::new();
        let memory = Settings { threshold: 10, interval: 1, log: 1 << 30 }.open(&disk, durability);
        assert!(memory.recovery().created);
        Self { disk, memory, durability, models: vec![Arc::default()], acknowledged: 0, held: Vec::new() }
    }

    fn accepted(&self) -> u64 {
        self.models.len() as u64 - 1
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Write(operation) => self.write(operation),
            Step::WaitVisible => self.memory.wait_visible(self.accepted()).unwrap(),
            Step::WaitDurable => {
                self.memory.wait_durable(self.accepted()).unwrap();
                self.acknowledged = self.accepted();
            }
            Step::Flush => {
                self.memory.flush().unwrap();
                self.acknowledged = self.accepted();
            }
            Step::Hold => {
                let (snapshot, model) = self.newest();
                check(&snapshot, &model);
                self.held.push((snapshot, model));
            }
            Step::Release(which) => {
                if !self.held.is_empty() {
                    let (snapshot, model) = self.held.swap_remove(*which as usize % self.held.len());
                    check(&snapshot, &model);
                }
            }
            Step::Check(seed) => self.check_all(*seed),
            Step::Close(settings) => {
                self.memory.close().unwrap();
                assert!(matches!(self.memory.record_access("otter"), Err(Error::Closed)));
                self.acknowledged = self.accepted();
                self.reopen(self.disk.clone(), *settings);
            }
            Step::Kill(settings) => {
                self.newest();
                self.reopen(self.disk.kill_image(), *settings);
            }
            Step::PowerCut(policy, settings) => {
                self.newest();
                self.reopen(self.disk.image(policy.map_or(Policy::DropAll, Policy::Random)), *settings);
            }
        }
    }

    fn write(&mut self, operation: &Operation) {
        let newest = self.models.last().expect("the empty one is there");
        let before = now();
        let outcome = operation.perform(&self.memory);
        if newest.refuses(operation) {
            assert!(matches!(outcome, Err(Error::DimensionMismatch { .. })), "{outcome:?}");
            return;
        }
        let next = newest.after(operation, (before, now()));
        assert_eq!(outcome.unwrap(), next.sequence, "sequences run on, refusals take none");
        self.models.push(Arc::new(next));
        if self.durability == Durability::Always {
            self.acknowledged = self.accepted();
        }
    }

    /// The newest snapshot, which acknowledges what it shows, and what it should show.
    fn newest(&mut self) -> (Snapshot, Arc<Model>) {
        let snapshot = self.memory.snapshot();
        if self.durability != Durability::None {
            self.acknowledged = self.acknowledged.max(snapshot.sequence());
        }
        let model = self.models.get(snapshot.sequence() as usize).expect("what is visible was accepted");
        (snapshot, model.clone())
    }

    fn check_all(&mut self, seed: u64) {
        self.memory.wait_visible(self.accepted()).unwrap();
        let (snapshot, model) = self.newest();
        assert_eq!(snapshot.sequence(), self.accepted());
        check(&snapshot, &model);
        check_accesses(&snapshot, &model);
        let mut random = Random(seed);
        for _ in 0..4 {
            let [start, end] = [0; 2].map(|_| Name(random.below(8) as u8));
            check_paths(&snapshot, &model, start, end, random.pick(&[0, 1, 2, 6, u32::MAX]));
        }
    }

    /// Opens what is on `disk`. The old store ends meanwhile, on a disk that nobody looks at any more (or, after a close,
    /// has ended).
    fn reopen(&mut self, disk: SimDirectory, settings: Settings) {
        self.memory = settings.open(&disk, self.durability);
        self.disk = disk;
        let found = self.memory.sequence();
        assert!(!self.memory.recovery().created || self.acknowledged == 0);
        assert_eq!(self.memory.recovery().last_sequence, found);
        assert!(found >= self.acknowledged, "{} was acknowledged, {found} is there", self.acknowledged);
        assert!(found <= self.accepted(), "only {} were accepted, {found} is there", self.accepted());
        self.models.truncate(found as usize + 1);
        // Without a log too: what an open shows is in the file, or the open has synced it.
        self.acknowledged = found;
        self.check_all(found);
    }
}

/// Prints the steps of a life that fails.
struct Story<'a> {
    seed: u64,
    durability: Durability,
    steps: &'a [Step],
    done: usize,
}

impl Drop for Story<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{:?} SUTRA_SEED={} failed at the last of these steps:", self.durability, self.seed);
            for step in &self.steps[..self.done.min(self.steps.len())] {
                println!("    {step:?}");
            }
        }
    }
}

fn live(seed: u64, durability: Durability) {
    let mut random = Random(seed);
    let steps: Vec<_> = (0..5 + random.below(60)).map(|_| Step::random(&mut random)).collect();
    let mut story = Story { seed, durability, steps: &steps, done: 0 };
    let mut life = Life::new(durability);
    for step in &steps {
        story.done += 1;
        life.step(step);
    }
    story.done += 1;
    life.check_all(seed);
    life.memory.close().unwrap();
    // Snapshots outlive the store.
    for (snapshot, model) in &life.held {
        check(snapshot, model);
    }
    life.acknowledged = life.accepted();
    let after = life.disk.image(Policy::DropAll);
    life.reopen(after, Settings { threshold: 1000, interval: 1, log: 1 << 30 });
}

fn lives(first: u64, durability: Durability) {
    let first = seed(first);
    println!("{durability:?}: SUTRA_SEED={first} and {} lives from there on", cases(100));
    for case in first..first + cases(100) {
        live(case, durability);
    }
    println!("cases: {} (lives, {durability:?})", cases(100));
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros() as u64
}

#[test]
fn lives_that_are_durable_in_groups() {
    lives(1, Durability::Group);
}

#[test]
fn lives_that_are_always_durable() {
    lives(1_000_001, Durability::Always);
}

#[test]
fn lives_without_a_log() {
    lives(2_000_001, Durability::None);
}
