//! A store, the disk below it, and what is known of it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Error, Snapshot};
use sutra_vfs::sim::{Policy, SimDirectory};

use super::step::{End, Settings, Step};
use super::support::check::{check, check_accesses};
use super::support::model::Model;
use super::support::operation::Operation;
use crate::disk::Disk;
use crate::memory::counted;

/// A life under way.
pub(super) struct Life {
    disk: SimDirectory,
    /// One store at a time: `None` only while one gives way to the next.
    memory: Option<ConcurrentMemory>,
    durability: Durability,
    /// What each sequence made of the store, from 0.
    models: Vec<Arc<Model>>,
    /// The last sequence that was acknowledged.
    acknowledged: u64,
    held: Vec<(Snapshot, Arc<Model>)>,
    /// Something was set to fail: errors are no surprise any more, and the first one ends in this.
    doom: Option<End>,
    story: Vec<Step>,
}

impl Life {
    pub(super) fn new(durability: Durability) -> Self {
        let disk = SimDirectory::new();
        let memory = open(&disk, durability, Settings::PLAIN).expect("an empty disk");
        assert!(memory.recovery().created);
        Self {
            disk,
            memory: Some(memory),
            durability,
            models: vec![Arc::default()],
            acknowledged: 0,
            held: Vec::new(),
            doom: None,
            story: Vec::new(),
        }
    }

    pub(super) fn step(&mut self, step: Step) {
        let outcome = self.attempt(&step);
        self.story.push(step);
        self.survive(outcome);
    }

    /// Closes, and opens what a power cut leaves of a closed store.
    pub(super) fn end(mut self) {
        let outcome = self.close();
        self.survive(outcome);
        // Snapshots outlive the store.
        self.held.iter().for_each(|(snapshot, model)| check(snapshot, model));
        self.end_with(End::PowerCut(Policy::DropAll), Settings::PLAIN);
        self.release();
    }

    fn attempt(&mut self, step: &Step) -> Result<(), Error> {
        match step {
            Step::Write(operation) => self.write(operation)?,
            Step::WaitVisible => counted(|| self.memory().wait_visible(self.accepted()))?,
            Step::WaitDurable => {
                counted(|| self.memory().wait_durable(self.accepted()))?;
                self.acknowledged = self.accepted();
            }
            Step::Flush => {
                counted(|| self.memory().flush())?;
                self.acknowledged = self.accepted();
            }
            Step::Hold => {
                let newest = self.newest();
                self.held.push(newest);
            }
            Step::Release(which) => {
                if !self.held.is_empty() {
                    let (snapshot, model) = self.held.swap_remove(which % self.held.len());
                    check(&snapshot, &model);
                    counted(|| drop(snapshot));
                }
            }
            Step::Compare => self.compare()?,
            Step::Close(settings) => {
                self.close()?;
                self.release();
                self.reopen(*settings);
            }
            Step::End(end, settings) => self.end_with(*end, *settings),
            Step::EndLater { operations, end } => {
                self.disk.crash_at(self.disk.operations() + u64::from(*operations));
                self.doom = Some(*end);
            }
            Step::FailLater { operations, fault, end } => {
                self.disk.fail_at(self.disk.operations() + u64::from(*operations), *fault);
                self.doom = Some(*end);
            }
        }
        Ok(())
    }

    /// An error is the end of the session, if something had been set to fail.
    fn survive(&mut self, outcome: Result<(), Error>) {
        let Err(error) = outcome else { return };
        let end = self.doom.unwrap_or_else(|| panic!("nothing had been set to fail, and yet: {error:?}"));
        assert!(!matches!(error, Error::Corrupt { .. }), "{error:?}");
        self.end_with(end, Settings::PLAIN);
    }

    fn memory(&self) -> &ConcurrentMemory {
        self.memory.as_ref().expect("a store is open")
    }

    fn accepted(&self) -> u64 {
        self.models.len() as u64 - 1
    }

    fn write(&mut self, operation: &Operation) -> Result<(), Error> {
        let newest = self.models.last().expect("the empty one is there");
        let before = now();
        let outcome = counted(|| operation.perform(self.memory()));
        if newest.refuses(operation) {
            return match outcome {
                Err(Error::DimensionMismatch { .. }) => Ok(()),
                Ok(sequence) => panic!("{sequence} was accepted with a vector of another dimension"),
                Err(error) => Err(error),
            };
        }
        let next = newest.after(operation, (before, now()));
        match outcome {
            Ok(sequence) => assert_eq!(sequence, next.sequence, "sequences run on, refusals take none"),
            // It was accepted before the disk failed: it may be found.
            Err(_) if self.durability == Durability::Always => {}
            Err(error) => return Err(error),
        }
        self.models.push(Arc::new(next));
        if self.durability == Durability::Always {
            outcome?;
            self.acknowledged = self.accepted();
        }
        Ok(())
    }

    /// The newest snapshot, which acknowledges what it shows, and what it should show.
    fn newest(&mut self) -> (Snapshot, Arc<Model>) {
        let snapshot = self.memory().snapshot();
        if self.durability != Durability::None {
            self.acknowledged = self.acknowledged.max(snapshot.sequence());
        }
        let place = usize::try_from(snapshot.sequence()).expect("a short life");
        let model = self.models.get(place).expect("what is visible was accepted");
        (snapshot, model.clone())
    }

    fn compare(&mut self) -> Result<(), Error> {
        counted(|| self.memory().wait_visible(self.accepted()))?;
        let (snapshot, model) = self.newest();
        assert_eq!(snapshot.sequence(), self.accepted());
        check(&snapshot, &model);
        check_accesses(&snapshot, &model);
        counted(|| drop(snapshot));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        counted(|| self.memory().close())?;
        self.acknowledged = self.accepted();
        Ok(())
    }

    /// Ends the session and begins another with what is left. The old store goes on for a moment, on a disk that has failed and
    /// that nobody looks at any more.
    fn end_with(&mut self, end: End, settings: Settings) {
        let _ = self.newest();
        let disk = end.leaves(&self.disk);
        self.disk.crash_at(self.disk.operations());
        self.release();
        self.disk = disk;
        self.doom = None;
        self.reopen(settings);
    }

    /// Lets go of the store and of its snapshots.
    fn release(&mut self) {
        let (held, memory) = (std::mem::take(&mut self.held), self.memory.take());
        counted(|| {
            held.into_iter().for_each(|(snapshot, _)| drop(snapshot));
            drop(memory);
        });
    }

    fn reopen(&mut self, settings: Settings) {
        if let Some((operations, end)) = settings.again {
            self.disk.crash_at(self.disk.operations() + u64::from(operations));
            self.doom = Some(end);
        }
        let memory = open(&self.disk, self.durability, settings).or_else(|error| {
            let end = self.doom.take().unwrap_or_else(|| panic!("a store cannot be opened any more: {error:?}"));
            self.disk = end.leaves(&self.disk);
            open(&self.disk, self.durability, settings)
        });
        let memory = memory.unwrap_or_else(|error| panic!("a store cannot be opened after a cut recovery: {error:?}"));
        let snapshot = memory.snapshot();
        let (found, recovery) = (snapshot.sequence(), *memory.recovery());
        self.memory = Some(memory);
        assert!(!recovery.created || self.acknowledged == 0);
        assert_eq!(recovery.last_sequence, found);
        assert!(found >= self.acknowledged, "{} was acknowledged, {found} is there", self.acknowledged);
        assert!(found <= self.accepted(), "only {} were accepted, {found} is there", self.accepted());
        self.models.truncate(usize::try_from(found).expect("a short life") + 1);
        // Without a log too: what an open shows is in the file, or the open has synced it.
        self.acknowledged = found;
        let model = self.models.last().expect("that of the sequence found");
        check(&snapshot, model);
        check_accesses(&snapshot, model);
        counted(|| drop(snapshot));
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // Under a fuzzer a panic ends the process before this: the input in a test prints its story.
        if std::thread::panicking() {
            println!("{:?} failed in or after the last of these steps:", self.durability);
            self.story.iter().for_each(|step| println!("    {step:?}"));
        }
    }
}

fn open(disk: &SimDirectory, durability: Durability, settings: Settings) -> Result<ConcurrentMemory, Error> {
    let config = ConcurrentConfig {
        reconcile_interval_ms: 1,
        memory_threshold: settings.threshold,
        queue_capacity: 64,
        durability,
        initial_size: 0,
        ..ConcurrentConfig::default()
    };
    counted(|| {
        ConcurrentMemory::open_adjusted(Disk(disk.clone()).shared(), config, |options| {
            options.wal_segment_bytes = settings.segment;
            options.wal_bytes = settings.log;
        })
    })
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_micros()).expect("for some time to come")
}
