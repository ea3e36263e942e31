//! A workload being lived, beside what it must leave behind.

use std::sync::Arc;

use sutra_storage::{ConcurrentMemory, Durability, Error};
use sutra_vfs::Directory;

use super::check::{check, check_accesses};
use super::model::Model;
use super::operation::{Name, Operation, associate};
use super::workload::{Act, Workload, learn};

/// What was accepted and acknowledged so far.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    durability: Durability,
    /// What each sequence made of the store.
    models: Vec<Arc<Model>>,
    acknowledged: u64,
}

impl Known {
    pub(crate) fn nothing(durability: Durability) -> Self {
        Self { durability, models: vec![Arc::default()], acknowledged: 0 }
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.models.len() as u64 - 1
    }

    /// Lives a workload from its start, up to the first error.
    pub(crate) fn live(&mut self, workload: &Workload, directory: &Arc<dyn Directory>) -> Result<(), Error> {
        let memory = workload.open(directory.clone())?;
        self.go_on(workload, directory, memory, &workload.acts)
    }

    /// Does `acts` to a store and closes it, up to the first error.
    pub(crate) fn go_on(
        &mut self,
        workload: &Workload,
        directory: &Arc<dyn Directory>,
        mut memory: ConcurrentMemory,
        acts: &[Act],
    ) -> Result<(), Error> {
        for act in acts {
            let outcome = self.act(workload, directory, &mut memory, act);
            self.see(&memory);
            outcome?;
        }
        memory.close()?;
        self.acknowledged = self.accepted();
        Ok(())
    }

    fn act(
        &mut self,
        workload: &Workload,
        directory: &Arc<dyn Directory>,
        memory: &mut ConcurrentMemory,
        act: &Act,
    ) -> Result<(), Error> {
        match act {
            Act::Write(operation) => self.write(memory, operation)?,
            Act::Durable => {
                memory.wait_durable(self.accepted())?;
                self.acknowledged = self.accepted();
            }
            Act::Flush => {
                memory.flush()?;
                self.acknowledged = self.accepted();
            }
            Act::Reopen => {
                memory.close()?;
                self.acknowledged = self.accepted();
                *memory = workload.open(directory.clone())?;
            }
        }
        Ok(())
    }

    /// Writes, or gives the error of a disk without power.
    fn write(&mut self, memory: &ConcurrentMemory, operation: &Operation) -> Result<(), Error> {
        // The time is the call's, which no model can know: any will do.
        let next = self.models[self.models.len() - 1].after(operation, (0, u64::MAX));
        let outcome = operation.perform(memory);
        // Under Always the write is accepted before the disk fails: it may be found.
        if outcome.is_ok() || self.durability == Durability::Always {
            self.models.push(Arc::new(next));
        }
        let sequence = outcome?;
        assert_eq!(sequence, self.accepted());
        if self.durability == Durability::Always {
            self.acknowledged = sequence;
        }
        Ok(())
    }

    /// What a reader sees is acknowledged, but without a log.
    fn see(&mut self, memory: &ConcurrentMemory) {
        if self.durability != Durability::None {
            self.acknowledged = self.acknowledged.max(memory.sequence());
        }
    }

    /// Compares a store that was recovered with what it must hold, and takes what it shows as acknowledged. Says how many
    /// of the accepted writes are gone.
    pub(crate) fn check(&mut self, memory: &ConcurrentMemory) -> u64 {
        let snapshot = memory.snapshot();
        let found = snapshot.sequence();
        let bounds = (self.acknowledged, self.accepted());
        assert!((bounds.0..=bounds.1).contains(&found), "found sequence {found}, which is not within {bounds:?}");
        self.models.truncate(found as usize + 1);
        check(&snapshot, &self.models[found as usize]);
        check_accesses(&snapshot, &self.models[found as usize]);
        // Without a log too: what an open finds is in the file, or the open has synced it.
        self.acknowledged = found;
        bounds.1 - found
    }

    /// Writes to a store that was recovered, and waits for it.
    pub(crate) fn write_on(&mut self, memory: &ConcurrentMemory) {
        let operation = Operation::Batch(vec![learn(2, 1), associate(2, 0, "rhymes with"), Operation::Access(Name(2))]);
        // The vectors of some workloads have another dimension than this one's.
        let refused = self.models[self.models.len() - 1].refuses(&operation);
        let operation = if refused { associate(2, 0, "rhymes with") } else { operation };
        self.write(memory, &operation).expect("a recovered store takes writes");
        memory.wait_durable(self.accepted()).expect("and makes them durable");
        self.acknowledged = self.accepted();
    }
}
