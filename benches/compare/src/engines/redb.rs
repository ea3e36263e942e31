//! redb: one write transaction for each window, which its commit syncs.

use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, TableDefinition};
use std::path::Path;
use sutra_benches::Outcome;

use super::{CACHE, Kind};
use crate::edge::{Edge, edge, end};
use crate::engine::{Engine, Id, Reader, Source, Targets, Write};
use crate::value::{self, Key};
use crate::windows::Windows;

pub(crate) const KIND: Kind = Kind {
    name: "redb",
    durable: "each write transaction of 10 ms, synced by its commit (Durability::Immediate)",
    open: |folder| Ok(Box::new(Redb::open(folder)?)),
    on_disk: true,
};

const CONCEPTS: TableDefinition<'_, &Id, &[u8]> = TableDefinition::new("concepts");
const EDGES: TableDefinition<'_, &Key, &Edge> = TableDefinition::new("edges");
const BACK: TableDefinition<'_, &Key, ()> = TableDefinition::new("back");

struct Redb {
    database: Database,
}

struct Tables<'e> {
    database: &'e Database,
    concepts: ReadOnlyTable<&'static Id, &'static [u8]>,
    edges: ReadOnlyTable<&'static Key, &'static Edge>,
}

impl Redb {
    fn open(folder: &Path) -> Outcome<Self> {
        let database = Database::builder().set_cache_size(CACHE).create(folder.join("store.redb"))?;
        let transaction = database.begin_write()?;
        // A reader finds only tables that were opened for writing once.
        transaction.open_table(CONCEPTS)?;
        transaction.open_table(EDGES)?;
        transaction.open_table(BACK)?;
        transaction.commit()?;
        Ok(Self { database })
    }
}

impl Engine for Redb {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        let mut buffer = Vec::new();
        let mut windows = Windows::new(writes);
        while let Some(mut window) = windows.next() {
            let time = window.time;
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            {
                let mut concepts = transaction.open_table(CONCEPTS)?;
                let mut edges = transaction.open_table(EDGES)?;
                let mut back = transaction.open_table(BACK)?;
                while let Some(write) = window.next() {
                    match write {
                        Write::Learn { id, content, vector } => {
                            value::concept(&mut buffer, content, vector, time);
                            concepts.insert(id, buffer.as_slice())?;
                        }
                        Write::Associate { source, target, kind, confidence } => {
                            edges.insert(&value::key(source, kind, target), &edge(confidence, time))?;
                            back.insert(&value::key(target, kind, source), ())?;
                        }
                    }
                }
            }
            transaction.commit()?;
        }
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(Tables::open(&self.database)?))
    }

    fn close(self: Box<Self>) -> Outcome {
        Ok(self.database.close()?)
    }
}

impl<'e> Tables<'e> {
    fn open(database: &'e Database) -> Outcome<Self> {
        let transaction = database.begin_read()?;
        let (concepts, edges) = (transaction.open_table(CONCEPTS)?, transaction.open_table(EDGES)?);
        Ok(Self { database, concepts, edges })
    }
}

impl Reader for Tables<'_> {
    fn newest(&mut self) -> Outcome {
        *self = Self::open(self.database)?;
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        let Some(value) = self.concepts.get(id)? else { return Ok(None) };
        Ok(value::parts(value.value()).map(|(content, vector)| value::touch(content, vector)))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let (first, last) = (value::key(id, 0, &[0; 16]), value::key(id, u8::MAX, &[u8::MAX; 16]));
        let mut targets = Targets::default();
        for edge in self.edges.range::<&Key>(&first..=&last)? {
            targets.add(end(edge?.0.value()));
        }
        Ok(targets)
    }
}
