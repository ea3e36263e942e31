//! fjall: one write batch for each window, with whose commit the journal is synced.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Snapshot};
use sutra_benches::Outcome;

use super::{CACHE, Kind};
use crate::edge::{edge, end};
use crate::engine::{Engine, Id, Reader, Source, Targets, Write};
use crate::value;
use crate::windows::Windows;

pub(crate) const KIND: Kind = Kind {
    name: "fjall",
    durable: "each write batch of 10 ms, its journal synced by the commit (PersistMode::SyncData)",
    open: |folder| Ok(Box::new(Fjall::open(folder)?)),
    on_disk: true,
};

struct Fjall {
    database: Database,
    concepts: Keyspace,
    edges: Keyspace,
    back: Keyspace,
}

struct Held<'e> {
    engine: &'e Fjall,
    snapshot: Snapshot,
}

impl Fjall {
    fn open(folder: &Path) -> Outcome<Self> {
        let database = Database::builder(folder).cache_size(CACHE as u64).open()?;
        let keyspace = |name| database.keyspace(name, KeyspaceCreateOptions::default);
        let (concepts, edges, back) = (keyspace("concepts")?, keyspace("edges")?, keyspace("back")?);
        Ok(Self { database, concepts, edges, back })
    }
}

impl Engine for Fjall {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        let mut buffer = Vec::new();
        let mut windows = Windows::new(writes);
        while let Some(mut window) = windows.next() {
            let time = window.time;
            let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
            while let Some(write) = window.next() {
                match write {
                    Write::Learn { id, content, vector } => {
                        value::concept(&mut buffer, content, vector, time);
                        batch.insert(&self.concepts, id, buffer.as_slice());
                    }
                    Write::Associate { source, target, kind, confidence } => {
                        batch.insert(&self.edges, value::key(source, kind, target), edge(confidence, time));
                        batch.insert(&self.back, value::key(target, kind, source), []);
                    }
                }
            }
            batch.commit()?;
        }
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(self))
    }

    fn hold(&self) -> Outcome<Option<Box<dyn Reader + '_>>> {
        Ok(Some(Box::new(Held { engine: self, snapshot: self.database.snapshot() })))
    }

    fn rest(&self) -> Outcome {
        while self.database.outstanding_flushes() > 0 || self.database.active_compactions() > 0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
        Ok(())
    }

    fn close(self: Box<Self>) -> Outcome {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}

/// Each read by itself sees what is newest: cheaper than a snapshot for each.
impl Reader for &Fjall {
    fn newest(&mut self) -> Outcome {
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        let value = self.concepts.get(id)?;
        let parts = value.as_deref().and_then(value::parts);
        Ok(parts.map(|(content, vector)| value::touch(content, vector)))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let mut targets = Targets::default();
        for edge in self.edges.prefix(id) {
            targets.add(end(&edge.key()?));
        }
        Ok(targets)
    }
}

impl Reader for Held<'_> {
    fn newest(&mut self) -> Outcome {
        self.snapshot = self.engine.database.snapshot();
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        let value = self.snapshot.get(&self.engine.concepts, id)?;
        let parts = value.as_deref().and_then(value::parts);
        Ok(parts.map(|(content, vector)| value::touch(content, vector)))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let mut targets = Targets::default();
        for edge in self.snapshot.prefix(&self.engine.edges, id) {
            targets.add(end(&edge.key()?));
        }
        Ok(targets)
    }
}
