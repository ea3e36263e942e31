//! Ours, with its defaults: groups of 10 ms, each with one sync.

use std::path::Path;

use sutra_benches::Outcome;
use sutra_benches::store::{patient, rest};
use sutra_storage::{ConceptId, ConcurrentConfig, ConcurrentMemory, Snapshot};

use super::{Kind, OURS};
use crate::engine::{Engine, Id, Log, Reader, Source, Targets, Write};
use crate::value::{CONFIDENCE, STRENGTH, touch_numbers};

pub(crate) const KIND: Kind = Kind {
    name: OURS,
    durable: "each group, one fdatasync in at most 10 ms, before it is visible",
    open: |folder| Ok(Box::new(Sutra::open(folder, |_| {})?)),
    on_disk: true,
};

pub(crate) struct Sutra {
    pub(crate) memory: ConcurrentMemory,
}

struct SnapshotReader<'e> {
    memory: &'e ConcurrentMemory,
    snapshot: Snapshot,
}

impl Sutra {
    /// Opens the store of a folder, or makes one; `configure` changes the defaults.
    pub(crate) fn open(folder: &Path, configure: impl FnOnce(&mut ConcurrentConfig)) -> Outcome<Self> {
        let mut config = patient(folder);
        configure(&mut config);
        Ok(Self { memory: ConcurrentMemory::new(config)? })
    }
}

impl Engine for Sutra {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        let mut last = 0;
        while let Some(write) = writes.next() {
            last = match write {
                Write::Learn { id, content, vector } => {
                    self.memory.learn_concept(ConceptId::from_bytes(*id), content, vector, STRENGTH, CONFIDENCE)?
                }
                Write::Associate { source, target, kind, confidence } => {
                    let (source, target) = (ConceptId::from_bytes(*source), ConceptId::from_bytes(*target));
                    self.memory.learn_association(source, target, kind, confidence)?
                }
            };
        }
        self.memory.wait_durable(last)?;
        Ok(self.memory.wait_visible(last)?)
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(SnapshotReader { memory: &self.memory, snapshot: self.memory.snapshot() }))
    }

    fn log(&self) -> Option<Log> {
        let storage = self.memory.stats().storage;
        Some(Log { bytes: storage.wal_bytes, replayed: storage.recovered })
    }

    fn rest(&self) -> Outcome {
        self.memory.flush()?;
        rest(&self.memory);
        Ok(())
    }

    fn close(self: Box<Self>) -> Outcome {
        Ok(self.memory.close()?)
    }
}

impl Reader for SnapshotReader<'_> {
    fn newest(&mut self) -> Outcome {
        self.snapshot = self.memory.snapshot();
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        let Some(concept) = self.snapshot.query_concept(ConceptId::from_bytes(*id))? else { return Ok(None) };
        Ok(Some(touch_numbers(concept.content()?, concept.embedding()?.unwrap_or_default())))
    }

    fn get_all(&mut self, ids: &[Id]) -> Outcome<u64> {
        let mut sum = 0_u64;
        for concept in self.snapshot.query_concepts(ids.iter().map(|id| ConceptId::from_bytes(*id)))? {
            let concept = concept.ok_or("a concept that was learned is not there")?;
            sum = sum.wrapping_add(touch_numbers(concept.content()?, concept.embedding()?.unwrap_or_default()));
        }
        Ok(sum)
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let mut targets = Targets::default();
        for neighbour in self.snapshot.neighbors(ConceptId::from_bytes(*id))?.iter() {
            targets.add(neighbour.id()?.as_bytes());
        }
        Ok(targets)
    }
}
